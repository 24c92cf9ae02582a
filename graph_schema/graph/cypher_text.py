"""What can be said of a Cypher text before any server sees it. Opens nothing."""

from __future__ import annotations

import re

from graph_schema.graph.faults import CypherRefused

__all__ = ["bare", "refuse_imports"]

_QUOTED = re.compile(
    r"""'(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" | `(?:``|[^`])*` | //[^\n]* | /\*.*?\*/""",
    re.VERBOSE | re.DOTALL,
)
_LOAD_CSV = re.compile(r"\bLOAD\s+CSV\b", re.IGNORECASE)


def bare(cypher: str) -> str:
    """
    The text with strings, quoted names and comments blanked out.

    >>> bare("RETURN 'LOAD CSV' // LOAD CSV").split()
    ['RETURN']
    """
    return _QUOTED.sub(" ", cypher)


def refuse_imports(cypher: str) -> None:
    """
    A question reads the graph and nothing else.

    `LOAD CSV` would let a question read files of the server's machine, or carry data away in an address;
    whether a server forbids that is its own setting, so it is refused here already.

    Raises:
        CypherRefused: If the text loads a file or an address.
    """
    if _LOAD_CSV.search(bare(cypher)):
        raise CypherRefused("LOAD CSV is not allowed in a question: questions read the graph and nothing else")
