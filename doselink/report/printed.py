"""The summary as lines of text, as `doselink run` ends with. Opens nothing."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from doselink.report.summary import Doses, GraphFacts, Interval, Linkage, Quality, RejectCount, Summary, Truth

__all__ = ["summary_lines"]

_LABEL = 12
_MOST_REASONS = 6


def summary_lines(
    summary: Summary, *, did_work: bool, report: Path, workspace: Path, program: str = "doselink"
) -> Iterator[str]:
    """
    The summary in about twenty lines.

    Args:
        summary: What the run found.
        did_work: False where nothing had changed since the last run.
        report: Where the page lies.
        workspace: The study's folder, as it is to be typed.
        program: The program, as it is to be typed.
    """
    if did_work:
        yield f"{summary.study}: run {summary.run.run_id} done"
    else:
        yield f"{summary.study}: nothing has changed since run {summary.run.run_id}; no work was done"
    yield ""
    yield from _deliveries(summary)
    if summary.linkage is not None:
        yield from _linkage(summary.linkage)
    if summary.doses is not None:
        yield from _doses(summary.doses)
    if summary.cohorts:
        named = ", ".join(f"{cohort.name} {cohort.n_persons:,} children" for cohort in summary.cohorts)
        yield _line("cohorts", named)
    if summary.graph is not None:
        yield _graph(summary.graph)
    yield _line("report", str(report))
    yield from _next(summary, workspace, program)


def _line(label: str, said: str) -> str:
    return f"  {label.ljust(_LABEL)}{said}".rstrip()


def _deliveries(summary: Summary) -> Iterator[str]:
    rows = sum(source.n_rows for source in summary.sources)
    used = sum(source.n_used for source in summary.sources)
    rejected = sum(source.n_rejected for source in summary.sources)
    alone = sum(source.n_left_alone for source in summary.sources)
    files = sum(source.n_files for source in summary.sources)
    tail = f" + {alone:,} left alone" if alone else ""
    yield _line("deliveries", f"{files:,} files, {rows:,} rows = {used:,} used + {rejected:,} rejected{tail}")
    yield from _rejects(summary.rejects)


def _rejects(rejects: tuple[RejectCount, ...]) -> Iterator[str]:
    reasons: dict[str, int] = defaultdict(int)
    for reject in rejects:
        reasons[reject.reason] += reject.n_rows
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    for place, (reason, n_rows) in enumerate(ordered[:_MOST_REASONS]):
        yield _line("rejected" if place == 0 else "", f"{n_rows:,} {reason}")
    if len(ordered) > _MOST_REASONS:
        rest = ordered[_MOST_REASONS:]
        yield _line("", f"{sum(n for _, n in rest):,} for {len(rest)} other reasons, all in the report")


def _linkage(linkage: Linkage) -> Iterator[str]:
    compared = f"{linkage.n_candidate_pairs:,} pairs compared"
    yield _line(
        "stays",
        f"{linkage.n_claims_stays:,} of claims, {linkage.n_hospital_stays:,} of hospitals, {compared}, "
        f"{linkage.n_links:,} linked, {linkage.n_possible:,} undecided",
    )
    kept_apart = f", {linkage.n_conflicts:,} groups of contradicting records kept apart" if linkage.n_conflicts else ""
    yield _line("children", f"{linkage.n_linked_children:,} linked of {linkage.n_children:,}{kept_apart}")
    for note in linkage.notes:
        yield _line("note", note)
    if linkage.estimated is not None:
        yield _line("estimated", _estimated(linkage.estimated))
    if linkage.truth is not None:
        yield _line("true", _truth(linkage.truth))


def _estimated(quality: Quality) -> str:
    return f"precision {_interval(quality.precision)}, recall {_interval(quality.recall)}"


def _interval(found: Interval) -> str:
    return f"{found.estimate:.3f} ({found.low:.3f} to {found.high:.3f})"


def _truth(truth: Truth) -> str:
    precision = "without a link" if truth.precision is None else f"precision {truth.precision:.3f}"
    recall = "" if truth.recall is None else f", recall {truth.recall:.3f}"
    return f"{precision}{recall} ({truth.n_right:,} right, {truth.n_wrong:,} wrong, of {truth.n_true:,})"


def _doses(doses: Doses) -> Iterator[str]:
    missing = f", {doses.n_missing_kap:,} without usable KAP (no dose, not a zero)" if doses.n_missing_kap else ""
    missing += f", {doses.n_without_band:,} without weight or age in the table" if doses.n_without_band else ""
    missing += f", {doses.n_withheld:,} withheld as not believed" if doses.n_withheld else ""
    of_linked = (
        f", {doses.n_events_of_linked_children:,} of linked children" if doses.n_events_of_linked_children else ""
    )
    yield _line("dose events", f"{doses.n_events:,}{of_linked}{missing}")
    draws = f" x {doses.n_realisations:,} realisations" if doses.n_realisations else ""
    table = f", {doses.coefficient_table}" if doses.coefficient_table else ""
    yield _line("organ doses", f"{doses.n_estimates:,}{draws}{table}")
    medians = [
        f"{organ.organ.replace('_', ' ')} {organ.median_mgy:.3g}"
        for organ in doses.organs
        if organ.median_mgy is not None
    ]
    if medians:
        yield _line("", f"median mGy an event: {', '.join(medians)}")
    if doses.is_demonstration:
        yield _line("", "demonstration coefficients: these doses are fit for no study")


def _graph(graph: GraphFacts) -> str:
    return _line("graph", f"{graph.n_nodes:,} nodes, {graph.n_edges:,} edges in {graph.engine}")


def _next(summary: Summary, workspace: Path, program: str) -> Iterator[str]:
    if not summary.next_commands:
        return
    folder = shlex.quote(str(workspace))
    typed = [
        step.command.replace("WORKSPACE", folder).replace("doselink", program, 1) for step in summary.next_commands
    ]
    width = max(map(len, typed))
    yield ""
    yield "Try next:"
    for command, step in zip(typed, summary.next_commands, strict=True):
        yield f"  {command.ljust(width)}  {step.why}"
