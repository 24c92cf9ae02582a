"""`doselink export links|persons|doses`: the result in the deliveries' own identifiers, for the data steward alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doselink.cli import show
from doselink.cli.where import StudyOption, resolve

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Give the result in the deliveries' own identifiers.")

Out = Annotated[Path, typer.Option("--out", "-o", help="File to write: .csv or .parquet.", metavar="FILE")]

_NOTE = """
The identifiers are rebuilt from the deliveries with the study key and stored nowhere else: without the key
the command is refused, and the file is as confidential as the deliveries.
"""


@app.command("links", epilog="Example: doselink export links --study results --out links.csv")
def links(out: Out, study: StudyOption = Path()) -> None:
    """Linked stays: claims case, hospital and case, probability, decision, run."""
    from doselink.run.export import export_links

    _write(export_links, out, study)
