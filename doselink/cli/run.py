"""`doselink run`, `report`, `status`: the batch, its page, and where the study stands."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from doselink.cli import show
from doselink.cli.where import resolve, study_file

__all__ = ["report", "run", "status"]

Study = Annotated[Path, typer.Argument(help="Study file, or a folder with a study.yaml.", metavar="STUDY")]
Where = Annotated[Path, typer.Argument(help="Workspace folder, or the study file in it.", metavar="WORKSPACE")]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else.")]


def run(
    study: Study = Path(),
    workspace: Annotated[
        Path | None, typer.Option(help="Where results go; the study file's folder unless told.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Lines instead of progress bars.")] = False,
    now: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
            metavar="ISO",
            help="The run's moment; UTC unless it says.",
        ),
    ] = None,
    no_graph: Annotated[bool, typer.Option("--no-graph", help="Commit to the ledger and leave the graph.")] = False,
    json: Json = False,
) -> None:
    """
    Run the study; what is unchanged is not done again.

    Deliveries in, links and doses in the ledger and the graph, a report beside them. A run that was stopped
    carries on where it was; a run on unchanged deliveries does no work and says so.

    Example: doselink run study.yaml --workspace results
    """
    from doselink.progress import progress_for
    from doselink.report.printed import summary_lines
    from doselink.run import run_study

    moment = now or datetime.now(UTC)
    result = run_study(
        study_file(study),
        workspace=workspace,
        now=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        progress=progress_for(quiet=quiet, json=json),
        load_graph=not no_graph,
    )
    if json:
        show.as_json(result)
        return
    lines = summary_lines(
        result.summary,
        did_work=result.did_work,
        report=_typed(result.report_path),
        workspace=_typed(result.workspace),
        program=_program(),
    )
    for line in lines:
        show.text(line)


def report(
    where: Where = Path(),
    run_id: Annotated[str | None, typer.Option("--run", help="An earlier run; the last unless told.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; beside the run unless told.")] = None,
    json: Json = False,
) -> None:
    """
    Write the last run's report again and say where it is.

    The page is one file that opens offline; with --json the numbers behind it are printed instead.

    Example: doselink report results --out report.html
    """
    from doselink.report.page import read_summary, write_page

    workspace = resolve(where)
    summary = read_summary(workspace, run_id)
    if json:
        show.as_json(summary)
        return
    path = out or workspace.run_dir(summary.run.run_id) / "report.html"
    write_page(summary, path)
    show.text(str(path))


def status(where: Where = Path(), json: Json = False) -> None:
    """
    Say what is committed, what is stale, where the graph stands.

    Example: doselink status results --json
    """
    from doselink.run import status as study_status

    found = study_status(resolve(where))
    show.pairs(found.model_dump(mode="json"), json=json)


def _typed(path: Path) -> Path:
    """A path as one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _program() -> str:
    """`doselink` where the shell finds it, else the path it was called by."""
    called = Path(sys.argv[0])
    found = shutil.which("doselink")
    if called.name != "doselink" or (found is not None and Path(found).resolve() == called.resolve()):
        return "doselink"
    return str(_typed(called.absolute()))
