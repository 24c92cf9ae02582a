"""`doselink explain PERSON`, `doselink trace ID`: where a result comes from, told from the ledger alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doselink.cli import show
from doselink.cli.where import StudyOption, resolve

__all__ = ["explain", "trace"]

Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else.")]


def explain(
    person: Annotated[str, typer.Argument(help="Key of the person, or of one of its records.", metavar="PERSON")],
    study: StudyOption = Path(),
    json: Json = False,
) -> None:
    """
    Tell how one person came to be linked and dosed.

    Records, stays, every link with its weights, decision, model and run, dose events with organ doses, and the
    delivered files behind each. Needs no graph server.

    Example: doselink explain per_0123456789abcdef01234567 --study results
    """
    from provenance import open_study
    from provenance.lineage.text import explanation_lines

    story = open_study(resolve(study).root).explain(person)
    if json:
        show.as_json(story)
        return
    for line in explanation_lines(story):
        show.text(line)


def trace(
    thing: Annotated[str, typer.Argument(help="Key or id of any node, or the SHA-256 of a file.", metavar="ID")],
    study: StudyOption = Path(),
    depth: Annotated[int, typer.Option(help="How many edges to follow at most.", min=1)] = 12,
    history: Annotated[bool, typer.Option("--history", help="Follow earlier revisions too.")] = False,
    json: Json = False,
) -> None:
    """
    List what a thing was made from, down to the files.

    Example: doselink trace est_0123456789abcdef01234567 --study results
    """
    import networkx as nx

    from provenance import open_study
    from provenance.lineage.trace import tree_lines

    graph = open_study(resolve(study).root).trace(thing, max_steps=depth, history=history)
    if json:
        show.as_json(nx.node_link_data(graph, edges="edges"))
        return
    for line in tree_lines(graph):
        show.text(line)
