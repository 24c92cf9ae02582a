"""An examination that report, register and cath lab tell of is one dose, however they were found to belong together."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest

from doselink.run import RunResult, run_study
from graph_schema.ledger import Ledger
from tests.dose.made import PROJECTION, code, container, event, totals, write

TINY = Path(__file__).parents[2] / "fixtures" / "tiny"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The tiny study; the report that a register row doubles shares no number with anything but its patient."""
    study = Path(shutil.copytree(TINY, tmp_path / "study"))
    for path in sorted((study / "rdsr_a").rglob("IM*")):
        dataset = pydicom.dcmread(path, force=True)
        if dataset.get("AccessionNumber") == "RIS70016":
            del dataset.AccessionNumber
            dataset.StudyInstanceUID = "2.25.99"
            dataset.save_as(path)
    return study


def run(study: Path, workspace: Path) -> RunResult:
    return run_study(study / "study.yaml", workspace=workspace, now=datetime(2026, 3, 1, tzinfo=UTC), load_graph=False)


def test_a_report_that_linkage_alone_found_is_not_counted_beside_its_register_row(study: Path, tmp_path: Path) -> None:
    done = run(study, tmp_path / "workspace")
    events = Ledger(done.workspace / "ledger").current("DoseEvent").to_pylist()

    found = [event["kap_gycm2"] for event in events if str(event["performed_on"]) == "2019-11-12"]
    assert found == [1.737]
    assert len(events) == 28


def test_a_report_of_ct_or_radiography_is_counted_with_its_reason(study: Path, tmp_path: Path) -> None:
    folder = study / "rdsr_a"
    write(folder / "ct.dcm", [container("113811", []), container("113819", [])], SOPInstanceUID="2.25.7")
    still = [PROJECTION, code("122142", "113958"), totals("single", "0.0001"), event("2.25.71", "0.0001")]
    write(folder / "still.dcm", still, SOPInstanceUID="2.25.8", StudyInstanceUID="2.25.108")

    summary = run(study, tmp_path / "workspace").summary

    left = {repair.what: repair.n for repair in summary.repairs if repair.source == "rdsr-a"}
    assert left["left alone: a CT dose report: dose-length products are no catheter examination"] == 1
    (archive,) = [source for source in summary.sources if source.name == "rdsr-a"]
    assert sum(left.values()) == archive.n_left_alone
    assert "a radiography dose report: no catheter examination" in {reject.reason for reject in summary.rejects}
    assert archive.n_rejected == 2
