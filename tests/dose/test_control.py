"""The worklist of field areas that are unlike their room's."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from provenance.dose.control import WORKLIST, room_notes, room_worklist
from provenance.dose.schema import DOSE_EVENTS
from provenance.dose.settings import DoseLimits


def events(areas: list[float | None], room: str | None = "h/HK1") -> list[dict[str, Any]]:
    """One examination of 1 Gy cm2 for each field area (cm2)."""
    return [
        {
            "event_key": f"{room}-{n}",
            "room": room,
            "kap_gycm2": 1.0,
            "kerma_ref_mgy": None if cm2 is None else 1000.0 / cm2,
        }
        for n, cm2 in enumerate(areas)
    ]


def worklist(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(room_worklist(pa.Table.from_pylist(rows, schema=DOSE_EVENTS), DoseLimits()).to_pylist())


def test_a_unit_that_is_wrong_by_ten_is_unlike_its_room_though_like_some_other_room() -> None:
    (found,) = worklist(events([40.0] * 9 + [400.0]))
    assert (found["event_key"], found["room_median_cm2"]) == ("h/HK1-9", 40.0)
    assert found["ratio"] == pytest.approx(10.0)


def test_a_room_with_few_examinations_is_not_judged() -> None:
    assert worklist(events([40.0, 40.0, 400.0])) == []


def test_rooms_are_judged_by_themselves() -> None:
    assert worklist(events([40.0] * 9) + events([400.0] * 9, "h/HK2")) == []


def test_events_without_kerma_or_room_are_left_out() -> None:
    assert worklist(events([None, 1.0], None) + events([40.0] * 9 + [None])) == []


def test_no_events_give_an_empty_worklist() -> None:
    assert room_worklist(DOSE_EVENTS.empty_table(), DoseLimits()).schema == WORKLIST


def test_the_report_is_told_of_each_room_with_events_unlike_it() -> None:
    rows = events([40.0] * 9 + [400.0]) + events([40.0] * 9, "h/HK2")
    (note,) = room_notes(pa.Table.from_pylist(rows, schema=DOSE_EVENTS), DoseLimits())
    assert note.startswith("room h/HK1: the field area of 1 dose event is more than 5 times off the room's median")


def test_rooms_that_are_as_they_were_are_not_spoken_of() -> None:
    assert room_notes(pa.Table.from_pylist(events([40.0] * 9), schema=DOSE_EVENTS), DoseLimits()) == ()
