"""`doselink link`: link any two tables, or find the duplicates of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from doselink.cli import show
from doselink.progress import progress_for
from linkage.files import LinkRequest, link_files
from linkage.outcome import LinkSummary
from linkage.settings import LinkType

__all__ = ["link"]


def link(
    left: Annotated[Path, Argument(metavar="A", help="CSV or Parquet file.")],
    right: Annotated[Path | None, Argument(metavar="B", help="The other file; without it duplicates in A.")] = None,
    *,
    out: Annotated[Path, Option("--out", metavar="DIR", help="Folder for links, model, settings and report.")],
    settings: Annotated[Path | None, Option(metavar="FILE", help="Settings as JSON; else proposed from data.")] = None,
    model: Annotated[Path | None, Option(metavar="FILE", help="A model.json to use as it is; else trained.")] = None,
    one_to_one: Annotated[
        bool | None, Option("--one-to-one/--many", help="One partner for each record, or as many as fit.")
    ] = None,
    one_to_many: Annotated[bool, Option("--one-to-many", help="A record of A may have several of B.")] = False,
    threshold: Annotated[float | None, Option(min=0.0, max=1.0, help="Probability to link from.")] = None,
    left_id: Annotated[str | None, Option(metavar="COLUMN", help="Column that names the records of A.")] = None,
    right_id: Annotated[str | None, Option(metavar="COLUMN", help="Column that names the records of B.")] = None,
    truth: Annotated[Path | None, Option(metavar="FILE", help="Known pairs (two id columns) to score against.")] = None,
    json: Annotated[bool, Option("--json", help="Print the summary as JSON.")] = False,
    quiet: Annotated[bool, Option("--quiet", help="Lines instead of progress bars.")] = False,
) -> None:
    """
    Link any two tables without any truth, or find the duplicates of one.

    Example: doselink link registry.csv clinic.csv --out linked
    """
    request = LinkRequest(
        left=left,
        right=right,
        out=out,
        settings=settings,
        model=model,
        truth=truth,
        link_type=_link_type(one_to_one=one_to_one, one_to_many=one_to_many, one_table=right is None),
        threshold=threshold,
        ids=(left_id, right_id),
    )
    summary = link_files(request, progress=progress_for(quiet=quiet, json=json))
    if json:
        show.as_json(summary)
        return
    for line in _lines(summary, out):
        show.text(line)


def _link_type(*, one_to_one: bool | None, one_to_many: bool, one_table: bool) -> LinkType | None:
    """What the options say; None where they say nothing."""
    if one_table:
        return LinkType.DEDUPE
    if one_to_many:
        return LinkType.ONE_TO_MANY
    if one_to_one is None:
        return None
    return LinkType.ONE_TO_ONE if one_to_one else LinkType.MANY_TO_MANY


def _lines(summary: LinkSummary, out: Path) -> list[str]:
    """The summary for people."""
    tables = " and ".join(f"{part.file} ({part.n_rows:,} rows)" for part in summary.inputs)
    rejected = sum(part.n_rejected for part in summary.inputs)
    lines = [
        f"tables      {tables}" + (f", {rejected:,} rows rejected" if rejected else ""),
        f"compared    {summary.n_compared_pairs:,} of {summary.n_possible_pairs:,} possible pairs",
        f"links       {summary.n_links:,} at probability {summary.threshold:g} or more",
    ]
    if summary.n_groups is not None:
        lines.append(f"duplicates  {summary.n_groups:,} groups of records that are one")
    lines.append(f"to look at  {summary.n_possible_links:,} pairs below that")
    if summary.expected_precision is not None and summary.expected_recall is not None:
        shares = (100 * summary.expected_precision, 100 * summary.expected_recall)
        lines.append(f"expected    precision {shares[0]:.1f} %, recall {shares[1]:.1f} %")
    if summary.truth is not None:
        truth = summary.truth
        lines.append(f"truth       {truth.n_right:,} right, {truth.n_wrong:,} wrong, {truth.n_missed:,} missed")
    lines += [f"doubt       {warning}" for warning in summary.warnings]
    return [*lines, f"report      {out / 'report.html'}"]
