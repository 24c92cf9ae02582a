"""`doselink export links|persons|doses`: the result in the deliveries' own identifiers, for the data steward alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doselink.cli import show
from doselink.cli.where import StudyOption, resolve
from graph_schema.errors import ExitCode, UserError

__all__ = ["NotAnExportFile", "app"]

_SUFFIXES = (".csv", ".parquet")

app = typer.Typer(
    no_args_is_help=True,
    help="Give the result in the deliveries' own identifiers.\n\n"
    "They are rebuilt from the deliveries with the study key and kept nowhere else: without the key the command is "
    "refused, and the file it writes is as confidential as the deliveries.",
    epilog="Example: doselink export links --study results --out links.csv",
)

Out = Annotated[Path, typer.Option("--out", "-o", help="File to write, .csv or .parquet.", metavar="FILE")]


class NotAnExportFile(UserError):
    """The name of the file to write does not say which of the two formats is wanted, or its folder is missing."""

    exit_code = ExitCode.USAGE


@app.command("links")
def links(out: Out, study: StudyOption = Path()) -> None:
    """
    Linked stays: claims case, hospital and case, probability, decision, run.

    Example: doselink export links --study results --out links.csv
    """
    from doselink.run.export import export_links

    workspace = resolve(study)
    export_links(workspace, workspace.study_file, _checked(out))
    show.text(str(out))


@app.command("persons")
def persons(out: Out, study: StudyOption = Path()) -> None:
    """
    Persons: every pseudonym and patient number of one child, and how sure the link is.

    Example: doselink export persons --study results --out persons.parquet
    """
    from doselink.run.export import export_persons

    workspace = resolve(study)
    export_persons(workspace, workspace.study_file, _checked(out))
    show.text(str(out))


@app.command("doses")
def doses(out: Out, study: StudyOption = Path()) -> None:
    """
    Organ doses by exam: hospital, exam, organ, dose with its uncertainty, run.

    Example: doselink export doses --study results --out doses.csv
    """
    from doselink.run.export import export_doses

    workspace = resolve(study)
    export_doses(workspace, workspace.study_file, _checked(out))
    show.text(str(out))


def _checked(out: Path) -> Path:
    if out.suffix not in _SUFFIXES:
        raise NotAnExportFile(f"{out.name}: expected a name that ends in {' or '.join(_SUFFIXES)}")
    if not out.parent.is_dir():
        raise NotAnExportFile(f"the folder {out.parent} is not there: make it first, in a place others cannot read")
    return out
