"""`run_study`: deliveries in, one commit out, cohorts, the graph brought up, the report written. Reads and writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from doselink import __version__
from doselink.assemble.reuse import settle_estimates
from doselink.assemble.whole import RunRow, desired_state
from doselink.compute.stages import StageCache
from doselink.compute.steps import Computed, compute
from doselink.progress import Progress, Silent
from doselink.report.page import SUMMARY, write_page, write_summary
from doselink.report.summary import Summary
from doselink.run.cohorts import register_cohorts
from doselink.run.history import last_study_run
from doselink.run.plan import Plan, plan_run
from doselink.run.project import bring_up_graph
from doselink.run.records import keep_blocks, write_rejects
from doselink.run.result import RunResult
from doselink.run.summary import counts_of, summary_of, with_cohorts
from doselink.run.timing import Timed
from doselink.run.truth import true_stay_pairs
from doselink.run.workspace import Workspace
from doselink.study import Study, read_study
from graph_schema.errors import ExitCode, UserError
from graph_schema.ids import Keyring
from graph_schema.ledger import Ledger, Manifest, settle
from graph_schema.ledger.blocks import write_atomically

__all__ = ["InputsMoved", "run_study"]


class InputsMoved(UserError):
    """A delivered file was changed while the run was reading; nothing was committed."""

    exit_code = ExitCode.SOURCE_FILE


@dataclass(frozen=True, slots=True)
class _Task:
    """One run, ready to go."""

    study: Study
    space: Workspace
    keyring: Keyring
    ledger: Ledger
    now: datetime
    progress: Timed


def run_study(
    study_file: Path,
    *,
    workspace: Path | None = None,
    now: datetime,
    progress: Progress | None = None,
    load_graph: bool = True,
) -> RunResult:
    """
    Run a study: read what is delivered, link, derive doses, commit, bring up the graph, write the report.

    A run whose inputs, settings, key and code are those of the ledger's last run does no work. A run that was
    stopped, however, starts again from what its steps had kept, and ends with the ledger it would have had.

    Args:
        study_file: The study file.
        workspace: Where ledger, blocks, graph and runs lie; the study file's folder unless told.
        now: The run's one moment, aware, UTC.
        progress: Told of every step; nobody unless given.
        load_graph: Whether to bring up the graph.

    Raises:
        StudyFileError, SourceMissing, SourceFileError: If the study file or a delivery is wrong.
        WriterLocked: If another process is writing to this study.
        InputsMoved: If a delivered file changed meanwhile.
    """
    study = read_study(study_file)
    space = Workspace((workspace or study_file.parent).resolve())
    space.root.mkdir(parents=True, exist_ok=True)
    task = _Task(
        study=study,
        space=space,
        keyring=space.keyring(create=True),
        ledger=space.ledger,
        now=now,
        progress=Timed(progress or Silent()),
    )
    with task.ledger.writer():
        space.remember(study_file)
        space.blocks.sweep()
        run_id, did_work = _commit_if_needed(task)
    did_work |= register_cohorts(study, space, now=now, progress=task.progress)
    return _finish(task, run_id, did_work=did_work, load_graph=load_graph)


def _commit_if_needed(task: _Task) -> tuple[str, bool]:
    plan = plan_run(task.study, keyring=task.keyring, ledger=task.ledger, progress=task.progress)
    last = last_study_run(task.ledger)
    if last is not None and last[1] == plan.derivation_key and _has_summary(task.space, last[0]):
        return last[0], False
    return _compute_and_commit(task, plan, previous=None if last is None else last[0]), True


def _has_summary(space: Workspace, run_id: str) -> bool:
    return (space.run_dir(run_id) / SUMMARY).is_file()


def _compute_and_commit(task: _Task, plan: Plan, *, previous: str | None) -> str:
    study, space, ledger = task.study, task.space, task.ledger
    computed = compute(
        study,
        keyring=task.keyring,
        ledger=ledger,
        today=task.now.date(),
        cache=StageCache(space.stages, space.blocks),
        progress=task.progress,
    )
    with task.progress.step("commit", total=1, unit="commits") as step:
        estimates = settle_estimates(
            computed.derivation, n_realisations=study.dose.n_realisations, ledger=ledger, blocks=space.blocks
        )
        run = RunRow(plan.run_key, plan.derivation_key, __version__, counts_of(computed), previous)
        desired = desired_state(study, computed, estimates, run=run, keyring=task.keyring, ledger=ledger)
        kept = keep_blocks(computed, space.blocks)
        desired.blocks |= set(kept.values())
        batch = settle(desired, ledger)
        if plan.changed():
            names = ", ".join(sorted({path.parent.name for path in plan.changed()}))
            raise InputsMoved(f"files in {names} were changed while they were read: run again when they are whole")
        _keep_run(task, plan, computed, kept)
        manifest = ledger.append(
            batch, run_id=plan.run_key, recorded_at=task.now, key_fingerprint=task.keyring.fingerprint
        )
        step.advance(1)
    _complete(task, plan.run_key, manifest)
    return plan.run_key


def _keep_run(task: _Task, plan: Plan, computed: Computed, kept: dict[str, str]) -> None:
    """Everything about the run that is not in the ledger, before the commit: a commit never lacks its summary."""
    folder = task.space.run_dir(plan.run_key)
    write_rejects(computed, folder / "rejects")
    facts = {"run_id": plan.run_key, "derivation_key": plan.derivation_key, "blocks": kept}
    write_atomically(folder / "manifest.json", (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode())
    truth = true_stay_pairs(task.study, task.keyring)
    summary = summary_of(
        task.study, computed, run_id=plan.run_key, now=task.now, key_fingerprint=task.keyring.fingerprint, truth=truth
    )
    write_summary(summary, folder / SUMMARY)


def _complete(task: _Task, run_id: str, manifest: Manifest) -> None:
    """The summary's facts that are known only after the commit."""
    path = task.space.run_dir(run_id) / SUMMARY
    summary = Summary.model_validate_json(path.read_bytes())
    run = summary.run.model_copy(
        update={
            "commit_number": manifest.number,
            "commit_sha256": manifest.sha256,
            "recorded_at": manifest.recorded_at,
        }
    )
    write_summary(summary.model_copy(update={"run": run}), path)


def _finish(task: _Task, run_id: str, *, did_work: bool, load_graph: bool) -> RunResult:
    """Bring up the graph and write the report; done again where an earlier run was stopped before it."""
    folder = task.space.run_dir(run_id)
    summary = Summary.model_validate_json((folder / SUMMARY).read_bytes())
    if load_graph:
        graph = bring_up_graph(task.study, task.space, progress=task.progress, before=summary.graph)
        summary = summary.model_copy(update={"graph": graph})
    if did_work:
        run = summary.run.model_copy(update={"steps": task.progress.steps()})
        summary = summary.model_copy(update={"run": run})
    summary = with_cohorts(summary, task.ledger)
    write_summary(summary, folder / SUMMARY)
    write_page(summary, folder / "report.html")
    _log(task, folder, did_work=did_work)
    return RunResult(run_id, did_work, task.space.root, summary, folder / "report.html")


def _log(task: _Task, folder: Path, *, did_work: bool) -> None:
    """One line a step that this call took, appended: counts and seconds, nothing delivered."""
    lines = [
        json.dumps({"at": task.now.isoformat(), "step": step.name, "seconds": step.seconds, "did_work": did_work})
        for step in task.progress.steps()
    ]
    with (folder / "log.jsonl").open("a", encoding="utf-8") as stream:
        stream.write("".join(f"{line}\n" for line in lines))
