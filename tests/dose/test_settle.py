"""A register's dose beside the report's of the same examination, once linkage has found that it is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provenance.dose.settle import settle_exams
from tests.dose.made import plain
from tests.dose.test_events import RING, exams, register, run


def settled(folder: Path, *, register_gycm2: str, n_reports: int = 1) -> list[dict[str, Any]]:
    """Reports of 1 Gy cm2 each and a register row, all linked to one examination."""
    reports = [
        plain([f"e{n}"], sop=f"2.25.{n}", study_uid=f"2.25.9{n}", accession=f"ACC-{n}") for n in range(n_reports)
    ]
    events = run(reports, register(folder, f"X-9;ACC-9;all;{register_gycm2};Gy.cm2;;;;")).events
    assert events.num_rows == n_reports + 1
    keys = events["event_key"].to_pylist()
    table = exams({"procedure_key": "prd_1", "exam_key": "exm_1"})
    found: list[dict[str, Any]] = settle_exams(
        events, table, keyring=RING, exam_of=dict.fromkeys(keys, "prd_1")
    ).to_pylist()
    return found


@pytest.mark.parametrize(("register_gycm2", "differs"), [("1.04", False), ("1.5", True)])
def test_a_linked_register_that_differs_from_the_report_is_told(
    tmp_path: Path, register_gycm2: str, differs: bool
) -> None:
    (event,) = settled(tmp_path, register_gycm2=register_gycm2)
    assert event["kap_gycm2"] == 1.0
    assert ("register_differs_from_report" in event["flags"]) is differs


def test_the_register_of_an_examination_with_two_reports_is_compared_with_neither(tmp_path: Path) -> None:
    found = settled(tmp_path, register_gycm2="2", n_reports=2)
    assert [event["kap_gycm2"] for event in found] == [1.0, 1.0]
    assert [event for event in found if "register_differs_from_report" in event["flags"]] == []
