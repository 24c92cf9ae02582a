"""`report.html`: one file that opens offline, made from a summary alone. Reads `summary.json`, writes the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from doselink.report.charts import m_u_chart, organ_dose_chart, weight_histogram
from doselink.report.summary import NamedCount, RejectCount, StepTime, Summary
from graph_schema.errors import ExitCode, UserError
from graph_schema.ledger.blocks import write_atomically

if TYPE_CHECKING:
    from doselink.run.workspace import Workspace

__all__ = ["NoSummary", "read_summary", "render_page", "write_page", "write_summary"]

SUMMARY = "summary.json"


class NoSummary(UserError):
    """The run asked for has left no summary."""

    exit_code = ExitCode.NOT_FOUND


def read_summary(workspace: Workspace, run_id: str | None = None) -> Summary:
    """
    The summary of a run.

    Args:
        workspace: The study's folder.
        run_id: Which run; the last that took in deliveries unless told.

    Raises:
        NoSummary: If that run does not exist, was stopped before its end, or wrote another version's summary.
    """
    with_summary = [run for run in _runs(workspace) if (workspace.run_dir(run) / SUMMARY).is_file()]
    if not with_summary:
        raise NoSummary(f"no run has ended in {workspace.root.name}: run `doselink run` first")
    found = with_summary[-1] if run_id is None else run_id
    if found not in with_summary:
        raise NoSummary(f"no such run in {workspace.root.name}: expected one of {', '.join(with_summary)}")
    path = workspace.run_dir(found) / SUMMARY
    try:
        return Summary.model_validate_json(path.read_bytes())
    except ValidationError as error:
        fields = ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]}))
        raise NoSummary(f"{path} is of another version ({fields}): run `doselink run` again to write it anew") from None


def _runs(workspace: Workspace) -> list[str]:
    """Runs that committed, each once, in the order of the ledger."""
    return list(dict.fromkeys(manifest.run_id for manifest in workspace.ledger.manifests()))


def write_summary(summary: Summary, path: Path) -> None:
    """Write the summary as JSON: equal summaries, equal bytes."""
    write_atomically(path, (summary.model_dump_json(indent=1) + "\n").encode())


def write_page(summary: Summary, path: Path) -> None:
    """Write the page: equal summaries, equal bytes."""
    write_atomically(path, render_page(summary).encode())


def render_page(summary: Summary) -> str:
    """The page as HTML: no script, no file beside it, nothing fetched."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("doselink.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(n=_count, share=_share, mgy=_mgy, words=lambda found: str(found).replace("_", " "))
    linkage, doses = summary.linkage, summary.doses
    return environment.get_template("report.html.j2").render(
        summary=summary,
        weights=weight_histogram(linkage) if linkage is not None and linkage.weights else None,
        levels=m_u_chart(linkage.comparisons) if linkage is not None and linkage.comparisons else None,
        organs=organ_dose_chart(doses.organs) if doses is not None else None,
        rejects=_rejects(summary.rejects),
        most_rejects=max((reject.n_rows for reject in summary.rejects), default=1),
        flags=_by_size(doses.flags) if doses is not None else (),
        slowest=_slowest(summary.run.steps),
    )


def _rejects(rejects: Sequence[RejectCount]) -> list[RejectCount]:
    return sorted(rejects, key=lambda reject: (-reject.n_rows, reject.source, reject.reason))


def _by_size(counts: Sequence[NamedCount]) -> list[NamedCount]:
    return sorted(counts, key=lambda count: (-count.n, count.name))


def _slowest(steps: Sequence[StepTime]) -> float:
    return max((step.seconds for step in steps), default=0.0) or 1.0


def _count(found: int | None) -> str:
    return "not known" if found is None else f"{found:,}"


def _share(found: float | None) -> str:
    """
    A share in per cent; the space before the sign never breaks.

    >>> _share(0.98765).split(), _share(None)
    (['98.8', '%'], 'not known')
    """
    return "not known" if found is None else f"{100.0 * found:.1f}\N{NO-BREAK SPACE}%"


def _mgy(found: float | None) -> str:
    """
    >>> _mgy(0.012345), _mgy(1234.5), _mgy(None)
    ('0.0123', '1,234', 'not known')
    """
    if found is None:
        return "not known"
    return f"{found:,.0f}" if found >= 100 else f"{found:.3g}"
