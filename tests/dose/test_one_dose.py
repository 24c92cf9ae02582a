"""An examination that report, register and cath lab tell of is one dose, however they were found to belong together."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest

from doselink.run import run_study
from graph_schema.ledger import Ledger

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


def test_a_report_that_linkage_alone_found_is_not_counted_beside_its_register_row(study: Path, tmp_path: Path) -> None:
    done = run_study(
        study / "study.yaml", workspace=tmp_path / "workspace", now=datetime(2026, 3, 1, tzinfo=UTC), load_graph=False
    )
    events = Ledger(done.workspace / "ledger").current("DoseEvent").to_pylist()

    found = [event["kap_gycm2"] for event in events if str(event["performed_on"]) == "2019-11-12"]
    assert found == [1.737]
    assert len(events) == 28
