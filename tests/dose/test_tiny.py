"""The hand-made study: every dose event against its truth."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from graph_schema.delivery import TextFormat
from graph_schema.ids import Keyring
from graph_schema.rooms import RoomFacts
from provenance.dose.dicom import read_report
from provenance.dose.events import SourcedReport, SourcedRow, standardise
from provenance.dose.keyed import keyed
from provenance.dose.register import read_register
from provenance.dose.report import LeftAlone, Report

TINY = Path(__file__).parents[2] / "fixtures" / "tiny"
A, B = "heart-centre-a", "heart-centre-b"
RING = Keyring(bytes(32))
ROOMS = (
    RoomFacts(hospital=A, room="HK1", clock_offset_s=3600, valid_from=date(2018, 1, 1), valid_to=date(2019, 1, 1)),
    RoomFacts(hospital=A, room="HK3", kap_unit="uGy.m2"),
)


@pytest.fixture(scope="module")
def events() -> dict[str, dict[str, Any]]:
    """Dose events by accession key."""
    found = [read_report(path) for path in sorted((TINY / "rdsr_a").rglob("*")) if path.is_file()]
    reports = [
        SourcedReport("rdsr-a", A, keyed(one, keyring=RING, hospital=A)) for one in found if isinstance(one, Report)
    ]
    rows = [
        SourcedRow(hospital, hospital, row)
        for hospital, name in ((A, "dose_register_a.csv"), (B, "hospital_b/dose_register.csv"))
        for row in read_register(TINY / name, format=TextFormat()).rows
    ]
    table = standardise(reports, rows, keyring=RING, rooms=ROOMS).events
    return {row["accession_key"]: row for row in table.to_pylist()}


@pytest.fixture(scope="module")
def truth() -> dict[str, dict[str, str]]:
    """Truth by examination, those that only the cath-lab register knows left out."""
    with (TINY / "truth" / "doses.csv").open(encoding="utf-8") as stream:
        return {row["exam_id"]: row for row in csv.DictReader(stream) if row["reported_by"] != "cath_lab"}


def event_of(events: dict[str, dict[str, Any]], row: dict[str, str]) -> dict[str, Any]:
    return events[RING.key("acc", row["hospital"], row["accession_number"])]


def test_there_is_one_event_an_examination(events: dict[str, dict[str, Any]], truth: dict[str, dict[str, str]]) -> None:
    assert len(events) == len(truth) == 27


def test_every_dose_is_the_true_one_but_for_the_wrong_unit_and_the_missing_dose(
    events: dict[str, dict[str, Any]], truth: dict[str, dict[str, str]]
) -> None:
    wrong = {}
    for exam_id, row in truth.items():
        event = event_of(events, row)
        if event["kap_gycm2"] != pytest.approx(float(row["kap_gycm2"]), rel=1e-3):
            wrong[exam_id] = (event["kap_gycm2"], event["flags"])
        assert event["n_irradiation_events"] == int(row["n_irradiation_events"]), exam_id
        assert event["kerma_ref_mgy"] == pytest.approx(float(row["kerma_ref_mgy"]), rel=1e-3), exam_id
        assert str(event["started_at"] or row["performed_on"]).startswith(row["performed_on"]), exam_id
    assert wrong == {
        "B-4019": (245.0, ["field_area_implausible", "start_missing"]),
        "HK21-0121": (None, ["events_without_kap", "kap_missing"]),
    }


def test_the_missing_plane_is_flagged_and_both_figures_are_kept(
    events: dict[str, dict[str, Any]], truth: dict[str, dict[str, str]]
) -> None:
    event = event_of(events, truth["HK21-0118"])
    assert (event["kap_a_gycm2"], event["kap_b_gycm2"], event["planes"]) == (4.46, None, ["A"])
    assert event["flags"] == ["plane_b_missing", "total_differs_from_sum"]


def test_the_clock_of_2018_is_put_right(events: dict[str, dict[str, Any]], truth: dict[str, dict[str, str]]) -> None:
    assert str(event_of(events, truth["HK18-0202"])["started_at"]) == "2018-09-11 09:15:00"


def test_the_placeholder_number_joins_no_children(
    events: dict[str, dict[str, Any]], truth: dict[str, dict[str, str]]
) -> None:
    both = [event_of(events, truth[exam]) for exam in ("HK20-0114", "HK20-0115")]
    assert [event["person_key"] for event in both] == [None, None]


def test_the_report_that_is_cut_off_is_told_as_damaged() -> None:
    found = read_report(TINY / "rdsr_a/2019/HK1/IM79999.dcm")
    assert isinstance(found, LeftAlone)
    assert (found.damaged, found.reason) == (True, "cut off before its end: ask the sender for it again")
