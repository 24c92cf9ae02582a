"""`doselink cypher "…"`: a question of one's own, reading only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doselink.cli import show
from doselink.cli.ask import ParamOption, TimeoutOption, parameters, reading
from doselink.cli.where import StudyOption

__all__ = ["cypher"]


def cypher(
    query: Annotated[str, typer.Argument(help="The Cypher text, in quotes.", metavar="QUERY")],
    study: StudyOption = Path(),
    param: ParamOption = None,
    timeout: TimeoutOption = 60.0,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else.")] = False,
) -> None:
    """
    Ask the graph a question of your own, reading only.

    The same text runs on the embedded graph and on Neo4j. What is current has no system_to. Parameters are
    texts; turn them into other things in the query, with toInteger($n) or date($day).

    Example: doselink cypher "MATCH (p:Person) WHERE p.system_to IS NULL RETURN count(p) AS children"
    """
    with reading(study) as graph:
        answer = graph.query(query, parameters(param), timeout_s=timeout)
    show.rows(answer.dicts(), json=json, columns=answer.columns)
