"""
Opens the graph that a study names: the embedded server of its workspace, or a server elsewhere.

Credentials of a server elsewhere come from the environment, never from the study file: `NEO4J_USER`,
`NEO4J_PASSWORD`, and where the server has a role that may only read, `NEO4J_READER_USER` and
`NEO4J_READER_PASSWORD`; `NEO4J_DATABASE` where it is not the usual one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from graph_schema.graph.bolt import Auth, Graph
from graph_schema.graph.embedded import Server
from graph_schema.graph.faults import CredentialsRefused, GraphServerError
from graph_schema.graph.load import LoadReport, Progress, rebuild
from graph_schema.ledger.store import Ledger

__all__ = ["EMBEDDED", "is_embedded", "open_graph", "rebuild_graph"]

EMBEDDED = "embedded"
_SCHEMES = ("bolt://", "bolt+s://", "bolt+ssc://", "neo4j://", "neo4j+s://", "neo4j+ssc://")


def is_embedded(url: str | None) -> bool:
    """Whether the study's graph URL means the embedded server."""
    return url in (None, "", EMBEDDED)


def open_graph(
    url: str | None, graph_dir: Path, *, reader: bool, environment: Mapping[str, str] | None = None
) -> Graph:
    """
    Open the graph. Close it, or use it as a context manager: the embedded server ends with its last user.

    Args:
        url: Bolt address, or `"embedded"` or None for the workspace's own server.
        graph_dir: The workspace's `graph/`; not touched where the graph is elsewhere.
        reader: For questions: the connection cannot write.
        environment: Where credentials are read from; the process's own unless told.

    Raises:
        GraphServerError: If the server cannot be started or reached.
        CredentialsRefused: If credentials are missing or refused.
    """
    if url is None or is_embedded(url):
        server = Server.start(graph_dir)
        auth = server.reader if reader else server.writer
        try:
            return Graph.connect(server.url, auth, server.database, reader=reader, on_close=server.release)
        except BaseException:
            server.release()
            raise
    if not url.startswith(_SCHEMES):
        raise GraphServerError(f"{url!r} is no graph URL: expected 'embedded' or bolt://host:port")
    found = os.environ if environment is None else environment
    return Graph.connect(url, _credentials(found, reader=reader), found.get("NEO4J_DATABASE", "neo4j"), reader=reader)


def rebuild_graph(url: str | None, graph_dir: Path, ledger: Ledger, *, progress: Progress | None = None) -> LoadReport:
    """
    Make the graph anew from the ledger.

    The embedded database's files are deleted first, so that nothing erased from the ledger stays in reused
    pages or logs. On a server elsewhere nodes and edges are deleted; its pages and logs are its operator's.

    Raises:
        GraphServerError: If the server cannot be started or reached.
    """
    with open_graph(url, graph_dir, reader=False) as graph:
        if is_embedded(url):
            server = Server.start(graph_dir)
            try:
                server.wipe()
            finally:
                server.release()
        return rebuild(graph, ledger, progress=progress)


def _credentials(environment: Mapping[str, str], *, reader: bool) -> Auth:
    names = [("NEO4J_USER", "NEO4J_PASSWORD")]
    if reader:
        names.insert(0, ("NEO4J_READER_USER", "NEO4J_READER_PASSWORD"))
    for user, password in names:
        if environment.get(password):
            return Auth(environment.get(user, "neo4j"), environment[password])
    raise CredentialsRefused(
        "the graph is on a server of its own and no password was given: "
        "set NEO4J_USER and NEO4J_PASSWORD in the environment"
    )
