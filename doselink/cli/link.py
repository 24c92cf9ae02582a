"""`doselink link`: link any tables, or find the duplicates of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from doselink.cli import show
from doselink.progress import progress_for
from linkage.evaluation.ceilings import Reachable
from linkage.evaluation.intervals import Share
from linkage.evaluation.quality import Estimated
from linkage.files import LinkRequest, link_files, plan_files
from linkage.linker.plan import LinkPlan
from linkage.outcome import LinkSummary

__all__ = ["link"]


def link(
    tables: Annotated[list[Path], Argument(metavar="TABLE...", help="CSV or Parquet files; one alone: duplicates.")],
    *,
    out: Annotated[Path, Option("--out", metavar="DIR", help="Folder for links, model, settings and report.")],
    settings: Annotated[
        Path | None, Option(metavar="FILE", help="Settings as JSON, or a Splink model; else proposed from the data.")
    ] = None,
    model: Annotated[Path | None, Option(metavar="FILE", help="A model.json to use as it is; else trained.")] = None,
    cardinality: Annotated[
        str | None,
        Option(metavar="WORD", help="one_to_one, one_to_many, many_to_one, many_to_many, or most left:right, as 2:3."),
    ] = None,
    threshold: Annotated[float | None, Option(min=0.0, max=1.0, help="Probability to link from.")] = None,
    id_column: Annotated[
        list[str] | None, Option("--id", metavar="COLUMN", help="Column that names the records; again for each table.")
    ] = None,
    truth: Annotated[Path | None, Option(metavar="FILE", help="Known pairs (two id columns) to score against.")] = None,
    plan: Annotated[bool, Option("--plan", help="Count the cost, write settings.json, link nothing.")] = False,
    json: Annotated[bool, Option("--json", help="Print the summary as JSON.")] = False,
    quiet: Annotated[bool, Option("--quiet", help="Lines instead of progress bars.")] = False,
) -> None:
    """
    Link tables without any truth, or find the duplicates of one.

    Example: doselink link registry.csv clinic.csv --out linked
    """
    request = LinkRequest(
        tables=tuple(tables),
        out=out,
        settings=settings,
        model=model,
        truth=truth,
        cardinality=cardinality,
        threshold=threshold,
        ids=tuple(id_column or ()),
    )
    progress = progress_for(quiet=quiet, json=json)
    found = plan_files(request, progress=progress) if plan else link_files(request, progress=progress)
    if json:
        show.as_json(found)
        return
    for line in _planned(found, out) if isinstance(found, LinkPlan) else _lines(found, out):
        show.text(line)


def _lines(summary: LinkSummary, out: Path) -> list[str]:
    """The summary for people."""
    tables = " and ".join(f"{part.file} ({part.n_rows:,} rows)" for part in summary.inputs)
    rejected = sum(part.n_rejected for part in summary.inputs)
    lines = [
        f"tables      {tables}" + (f", {rejected:,} rows rejected" if rejected else ""),
        f"compared    {summary.n_compared_pairs:,} of {summary.n_possible_pairs:,} possible pairs",
        f"links       {summary.n_links:,} at probability {summary.threshold:g} or more{_doubtful(summary)}",
    ]
    if summary.n_groups is not None:
        lines.append(f"duplicates  {summary.n_groups:,} groups of records that are one")
    lines.append(f"to look at  {summary.n_possible_links:,} pairs below that, {summary.n_near_ties:,} links near a tie")
    if summary.quality is not None:
        overall = summary.quality.overall
        lines.append(f"estimated   precision {_told(overall.precision)}, recall {_told(overall.recall)}")
        lines += [f"not known   {text}" for text in overall.cannot_say]
    if summary.truth is not None:
        truth = summary.truth
        lines.append(f"truth       {truth.n_right:,} right, {truth.n_wrong:,} wrong, {truth.n_missed:,} missed")
    lines += [f"doubt       {warning}" for warning in summary.warnings]
    return [*lines, f"report      {out / 'report.html'}"]


def _planned(plan: LinkPlan, out: Path) -> list[str]:
    """The plan for people."""
    tables = " and ".join(f"{name} ({n:,} records)" for name, n in plan.tables)
    budget = "within" if plan.within_budget else "OVER"
    lines = [f"tables      {tables}, {plan.link_type}, {plan.cardinality}"]
    lines += [
        f"rule        {rule.rule}: {rule.n_pairs:,} pairs, largest block {rule.largest_block:,}" for rule in plan.rules
    ]
    lines += [f"compare     {part.name}: {len(part.levels)} levels, by {part.work}" for part in plan.comparisons]
    lines.append(
        f"cost        at most {plan.n_pairs:,} of {plan.n_possible:,} possible pairs, "
        f"{plan.n_comparisons:,} comparisons of two values"
    )
    lines.append(f"budget      {budget} max_pairs = {plan.max_pairs:,}")
    for side, part in plan.identifiability.items():
        lines.append(f"unique      {side}: {_share(part.unique)} of the complete records by {', '.join(plan.columns)}")
    if plan.ceiling is not None:
        lines += [
            f"ceiling     recall {_recall(at)} at a precision of {at.precision:g}, if no value errs"
            for at in plan.ceiling.reachable
        ]
    return [*lines, f"settings    {out / 'settings.json'}"]


def _share(share: Share) -> str:
    return "not known" if share.share is None else f"{100 * share.share:.1f} %"


def _recall(at: Reachable) -> str:
    return "not known" if at.recall is None else f"{100 * at.recall:.1f} %"


def _doubtful(summary: LinkSummary) -> str:
    n = summary.n_doubtful_links
    return f", {n:,} of them below 0.9: look at these" if n else ""


def _told(estimate: Estimated) -> str:
    share = estimate.share
    best = "not known" if share.share is None else f"{100 * share.share:.1f} %"
    return f"{best} ({100 * share.low:.1f}-{100 * share.high:.1f})"
