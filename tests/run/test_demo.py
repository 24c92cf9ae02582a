"""The demonstration study, whole: it is as good as the project promises, and says so itself within three points."""

from __future__ import annotations

from pathlib import Path

import pytest

from doselink.report.page import read_summary
from doselink.report.summary import Summary
from doselink.run.workspace import Workspace
from fixtures.generate.demo import make_demo
from fixtures.make import SEED

from .conftest import run_tiny, with_key


@pytest.fixture(scope="module")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "study"
    list(make_demo(folder, seed=SEED))
    return folder


@pytest.fixture(scope="module")
def summary(study_folder: Path) -> Summary:
    ran = run_tiny(study_folder, with_key(study_folder.parent / "workspace"))
    return read_summary(Workspace(ran.workspace), ran.run_id)


def test_stays_are_linked_without_any_name_as_well_as_promised(summary: Summary) -> None:
    assert summary.linkage is not None
    assert summary.linkage.truth is not None
    assert summary.linkage.truth.precision is not None
    assert summary.linkage.truth.recall is not None
    assert summary.linkage.truth.n_true > 4000
    assert summary.linkage.truth.precision >= 0.99
    assert summary.linkage.truth.recall >= 0.90


def test_the_studys_own_estimate_lies_within_three_points_of_the_truth(summary: Summary) -> None:
    assert summary.linkage is not None
    truth, estimated = summary.linkage.truth, summary.linkage.estimated
    assert truth is not None
    assert estimated is not None
    assert estimated.precision.estimate == pytest.approx(truth.precision, abs=0.03)
    assert estimated.recall.estimate == pytest.approx(truth.recall, abs=0.03)


def test_every_dose_event_has_its_organ_doses_or_is_counted_as_without(summary: Summary) -> None:
    doses = summary.doses
    assert doses is not None
    assert doses.is_demonstration
    assert doses.n_events > 4000
    assert doses.n_estimates == 6 * (doses.n_events - doses.n_missing_kap - doses.n_without_band - doses.n_withheld)
