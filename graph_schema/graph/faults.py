"""What can go wrong with a graph server, in words a user can act on. Opens nothing."""

from __future__ import annotations

from graph_schema.errors import DoselinkError, ExitCode, UserError

__all__ = [
    "CredentialsRefused",
    "CypherRefused",
    "GraphConflict",
    "GraphServerError",
    "ServerUnreachable",
    "TimeLimitReached",
    "WriteRefused",
]


class GraphServerError(UserError):
    """The graph server cannot be started, found or used."""

    exit_code = ExitCode.GRAPH_SERVER


class ServerUnreachable(GraphServerError):
    """Nobody answers at the graph's address, or the server went away in the middle."""


class CredentialsRefused(GraphServerError):
    """The server does not take this user and password."""


class CypherRefused(UserError):
    """The server does not understand or does not allow this Cypher."""

    exit_code = ExitCode.QUERY


class WriteRefused(CypherRefused):
    """A question tried to change the graph."""


class TimeLimitReached(UserError):
    """The question ran longer than it may and was ended."""

    exit_code = ExitCode.TIME_LIMIT

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the question was ended after its limit of {seconds:g} s: narrow it down, or give it more time"
        )


class GraphConflict(DoselinkError):
    """The server refused a write that the ledger had allowed: the projection is not what it should be."""

    exit_code = ExitCode.GRAPH_SERVER
