"""The graph of a study, opened for questions and standing where the ledger stands. Starts or reaches the server."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doselink.cli.where import resolve
from graph_schema.errors import ExitCode, UserError

if TYPE_CHECKING:
    from doselink.run.workspace import Workspace
    from graph_schema.graph.bolt import Graph

__all__ = ["ParamOption", "ParameterText", "TimeoutOption", "parameters", "reading"]

TimeoutOption = Annotated[float, typer.Option("--timeout", help="End the query after so many seconds.", min=0.1)]
ParamOption = Annotated[
    list[str] | None, typer.Option("--param", "-p", help="A parameter; may be given again.", metavar="NAME=VALUE")
]


class ParameterText(UserError):
    """A `--param` is not NAME=VALUE."""

    exit_code = ExitCode.USAGE


def parameters(given: Sequence[str] | None) -> dict[str, object]:
    """
    What `--param NAME=VALUE` said, given any number of times.

    Raises:
        ParameterText: If one is not of this form; what was typed is not repeated.

    >>> parameters(["person=per_1", "organ=lung"])
    {'person': 'per_1', 'organ': 'lung'}
    """
    found: dict[str, object] = {}
    for place, text in enumerate(given or (), start=1):
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ParameterText(f"parameter {place}: expected NAME=VALUE, for example --param organ=lung")
        found[name.strip()] = value
    return found


@contextmanager
def reading(study: Path) -> Iterator[Graph]:
    """
    The study's graph, opened for questions.

    Where commits were made since it was last loaded (a cohort registered from Python, a run without graph) it
    is brought up first: an audit of yesterday's state would be no audit.

    Raises:
        NotAWorkspace: If no study was run there.
        GraphServerError: If the server cannot be started or reached.
    """
    from doselink.study import read_study
    from graph_schema.graph.load import standing
    from graph_schema.graph.opening import open_graph

    space = resolve(study)
    url = read_study(space.study_file).graph.url
    with open_graph(url, space.graph_dir, reader=True) as graph:
        head = space.ledger.head()
        now = standing(graph)
        if head is not None and (now is None or now.manifest_sha256 != head.sha256):
            _bring_up(space, url)
        yield graph


def _bring_up(space: Workspace, url: str) -> None:
    from graph_schema.graph.load import apply
    from graph_schema.graph.opening import open_graph

    with open_graph(url, space.graph_dir, reader=False) as writer:
        report = apply(writer, space.ledger)
    sys.stderr.write(f"graph brought to commit {report.head}\n")
