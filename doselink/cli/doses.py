"""`doselink doses`: dose reports of any folder, without a study. Prints; writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from doselink.cli import show
from doselink.progress import progress_for
from graph_schema.delivery import find_files
from graph_schema.errors import ExitCode, UserError
from provenance.dose.describe import describe, sentences
from provenance.dose.folder import read_reports
from provenance.dose.report import LeftAlone, Report

__all__ = ["DamagedReports", "UnknownUnits", "app"]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Read dose reports from any folder.")


class DamagedReports(UserError):
    """Some files that should hold a dose report cannot be read."""

    exit_code = ExitCode.SOURCE_FILE


class UnknownUnits(UserError):
    """Some reports give a dose in a unit that is in no table."""

    exit_code = ExitCode.UNIT


@app.callback()
def _group() -> None:
    """Read dose reports from any folder."""


@app.command("read", epilog="Example: doselink doses read archive/2019 --json")
def read(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders, of any depth.", metavar="PATH...")],
    json: Annotated[bool, typer.Option("--json", help="One JSON list for programs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Lines instead of progress bars.")] = False,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes to read with.")] = 2,
) -> None:
    """
    Say of every file what it is: totals, events, units as found and converted, doubts, or why it is left alone.

    Patients, numbers, UIDs and dates are never printed. A file is called by its path below PATH: where your
    archive has names of people in its paths, keep the output as you keep the archive.
    """
    files = list(_named(paths))
    with progress_for(quiet=quiet, json=json).step("read dose reports", len(files), "files") as step:
        reader = read_reports([file for file, _ in files], n_processes=processes, advance=step.advance)
        found = list(zip((name for _, name in files), reader, strict=True))
    if json:
        show.as_json([describe(one, file=name) for name, one in found])
    else:
        for name, one in found:
            for line in sentences(one, file=name):
                show.text(line)
    _complain([one for _, one in found])


def _named(paths: Sequence[Path]) -> Iterable[tuple[Path, str]]:
    """Each file once, with its path below what was asked for; of several things asked for, the name goes before."""
    seen: set[Path] = set()
    for path in paths:
        for file in find_files(path, base=Path.cwd()):
            if file not in seen:
                seen.add(file)
                root = path if path.is_absolute() else Path.cwd() / path
                below = Path(file.name) if file == root or not file.is_relative_to(root) else file.relative_to(root)
                yield file, str(Path(path.name) / below if len(paths) > 1 and file != root else below)


def _complain(found: list[Report | LeftAlone]) -> None:
    """Raise what a batch scheduler must hear of, after everything good was printed."""
    unknown = sum("unit_unknown" in str(describe(one, file="")["flags"]) for one in found if isinstance(one, Report))
    if unknown:
        raise UnknownUnits(
            f"{unknown} of {len(found)} files give a dose in an unknown unit (flag unit_unknown above): "
            "nothing was converted; ask the device's maker what the unit is"
        )
    damaged = sum(isinstance(one, LeftAlone) and one.damaged for one in found)
    if damaged:
        raise DamagedReports(
            f"{damaged} of {len(found)} files are empty, cut off or damaged (named above): "
            "ask their sender for them again; all others were read"
        )
