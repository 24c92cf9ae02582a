"""`doselink init`, `check`: a study file to start from, and a look at what it declares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doselink.cli import show
from doselink.cli.where import study_file
from graph_schema.errors import ExitCode

if TYPE_CHECKING:
    from doselink.check import SourceProfile, StudyProfile
    from linkage.records.profile import FileProfile

__all__ = ["app", "check", "init"]

app = typer.Typer(no_args_is_help=True)


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the new study; made if needed.", metavar="DIR")],
) -> None:
    """
    Write a commented study file to start from; an existing one is never overwritten.

    Example: doselink init my-study
    """
    from doselink.study.template import write_template

    path = write_template(folder)
    show.text(f"{path} written: put in where the deliveries are, then: doselink check {path}")


@app.command("check")
def check(
    study: Annotated[Path, typer.Argument(help="Study file, or a folder with a study.yaml.", metavar="STUDY")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else.")] = False,
) -> None:
    """
    Validate a study file and profile its sources, without running: counts only, no identifying value.

    Example: doselink check study.yaml
    """
    from doselink.check import check_study
    from doselink.study import read_study

    found = check_study(read_study(study_file(study)), today=datetime.now(UTC).date())
    if json:
        show.as_json(found)
    else:
        _print_study(found)
    if found.exit_code is not ExitCode.OK:
        raise typer.Exit(int(found.exit_code))


def _print_study(found: StudyProfile) -> None:
    show.text(f"study {found.study}: the study file is valid")
    for problem in found.problems:
        show.text(f"  to put right: {problem}")
    for source in found.sources:
        _print_source(source)
    n_problems = len(found.problems) + sum(len(source.problems) for source in found.sources)
    show.text("")
    show.text("everything can be read" if not n_problems else f"{n_problems} to put right before a run")


def _print_source(source: SourceProfile) -> None:
    show.text("")
    show.text(f"source {source.name} ({source.kind}): {source.n_files:,} file{'s' if source.n_files != 1 else ''}")
    for problem in source.problems:
        show.text(f"  to put right: {problem}")
    for file in source.files:
        _print_file(file)
    _print_counts("  over all files", _beyond_files(source))
    _print_counts("  found", source.counts)


def _print_file(file: FileProfile) -> None:
    separator = f", separator {file.separator}" if file.separator else ""
    n_rejected = sum(file.rejected.values())
    show.text(
        f"  {file.table} in {file.name}: {file.n_rows:,} rows, {n_rejected:,} rejected, {file.encoding}{separator}"
    )
    columns = [
        {"column": column.header, "missing": column.n_missing, "distinct": column.n_distinct} for column in file.columns
    ]
    show.rows(columns, empty="  no column")
    _print_counts("  rejected", file.rejected)
    _print_counts("  put right or set to missing", file.repaired)
    _print_counts("  units", file.units)


def _beyond_files(source: SourceProfile) -> dict[str, int]:
    """Notes that no single file has already shown."""
    shown = {f"{file.table}.{why}" for file in source.files for why in file.repaired}
    return {what: n for what, n in source.notes.items() if what not in shown}


def _print_counts(title: str, counts: Mapping[str, int]) -> None:
    for what, n in counts.items():
        show.text(f"{title}: {n:,} x {what}")
