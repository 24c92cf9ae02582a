"""Cohorts that the study file declares, evaluated on the committed state and written to the ledger."""

from __future__ import annotations

from datetime import datetime

from doselink.progress import Progress
from doselink.run.workspace import Workspace
from doselink.study import Study
from doselink.study.models import CohortDefinition as Declared
from graph_schema.ledger import Manifest
from provenance import open_study
from provenance.cohort.definition import CohortDefinition, defined

__all__ = ["register_cohorts"]


def register_cohorts(study: Study, space: Workspace, *, now: datetime, progress: Progress) -> bool:
    """
    Write every declared cohort whose definition, members or members' state have changed.

    Returns:
        Whether anything was written. Nothing is evaluated where the last commit is that of the cohorts.
    """
    before = space.ledger.head()
    if not study.cohorts or before is None or _is_of_cohort(space, before.run_id, study):
        return False
    with progress.step("select cohorts", total=len(study.cohorts), unit="cohorts") as step:
        for declared in study.cohorts:
            opened = open_study(space.root)
            opened.register(opened.evaluate(_definition(declared)), now=_not_before(now, opened.head))
            step.advance(1)
    after = space.ledger.head()
    return after is not None and after.number != before.number


def _not_before(now: datetime, head: Manifest | None) -> datetime:
    """The run's moment, or that of the last commit where a stopped run is taken up with an earlier one."""
    return now if head is None else max(now, head.recorded_at)


def _is_of_cohort(space: Workspace, run_id: str, study: Study) -> bool:
    """Whether the ledger's last commit is of the last declared cohort as it is declared now."""
    runs = space.ledger.nodes("Run", ["id", "run_type"]).to_pylist()
    if not any(run["id"] == run_id and run["run_type"] == "cohort" for run in runs):
        return False
    stored = space.ledger.current("Cohort", ["name", "definition_json"]).to_pylist()
    texts = {row["name"]: row["definition_json"] for row in stored}
    return all(texts.get(declared.name) == _definition(declared).to_json() for declared in study.cohorts)


def _definition(declared: Declared) -> CohortDefinition:
    between = None if declared.from_ is None or declared.to is None else (declared.from_, declared.to)
    return defined(
        name=declared.name,
        ops=declared.ops,
        age_under_years=declared.age_under_years,
        performed_between=between,
        link_probability=declared.link_probability,
        lag_years=dict(declared.lag_years),
    )
