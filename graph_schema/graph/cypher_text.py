"""What can be said of a Cypher text before any server sees it. Opens nothing."""

from __future__ import annotations

import re

from graph_schema.graph.faults import CypherRefused

__all__ = ["bare", "refuse_reaching_out"]

_QUOTED = re.compile(
    r"""'(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" | `(?:``|[^`])*` | //[^\n]* | /\*.*?\*/""",
    re.VERBOSE | re.DOTALL,
)
_LOAD_CSV = re.compile(r"\bLOAD\s+CSV\b", re.IGNORECASE)
# A subquery, or a procedure that describes the database; everything else may reach files, settings or other sessions.
_OTHER_CALL = re.compile(r"\bCALL\b(?!\s*[{(])(?!\s+db\.)", re.IGNORECASE)
_OTHER_SESSIONS = re.compile(r"^\s*TERMINATE\b", re.IGNORECASE)


def bare(cypher: str) -> str:
    """
    The text with strings, quoted names and comments blanked out.

    >>> bare("RETURN 'LOAD CSV' // LOAD CSV").split()
    ['RETURN']
    """
    return _QUOTED.sub(" ", cypher)


def refuse_reaching_out(cypher: str) -> None:
    """
    A question reads the graph and nothing else.

    `LOAD CSV` would let it read files of the server's machine or carry data away in an address, procedures
    may change settings or end other people's queries; whether a server forbids that is its own setting, and
    one with a single role forbids little. So it is refused here, before any server sees it.

    Raises:
        CypherRefused: If the text loads something, calls a procedure outside `db.`, or ends other queries.
    """
    text = bare(cypher)
    if _LOAD_CSV.search(text):
        raise CypherRefused("LOAD CSV is not allowed in a question: questions read the graph and nothing else")
    if _OTHER_CALL.search(text):
        raise CypherRefused("a question may call subqueries and procedures of `db.`, and no other procedures")
    if _OTHER_SESSIONS.search(text):
        raise CypherRefused("a question may not end other queries")
