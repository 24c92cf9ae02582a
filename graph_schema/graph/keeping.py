"""What `doselink graph up`, `down` and `status` do: keep the embedded server, end it, look. Talks to the server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from graph_schema.errors import UserError
from graph_schema.graph.bolt import Graph
from graph_schema.graph.embedded import HEAP_MB, Server
from graph_schema.graph.faults import GraphServerError
from graph_schema.graph.load import Standing, standing
from graph_schema.graph.opening import is_embedded, open_graph
from graph_schema.ledger.store import Ledger

__all__ = ["down", "status", "up"]

Facts = Mapping[str, object]


def up(url: str | None, graph_dir: Path, *, port: int | None = None, heap_mb: int = HEAP_MB) -> Facts:
    """
    Start the embedded server, or find the one that runs, and let it stay.

    Raises:
        GraphServerError: If the study's graph is on a server of its own, or the server cannot be started.
    """
    _only_embedded(url)
    server = Server.start(graph_dir, heap_mb=heap_mb, port=port)
    server.keep()
    server.release()
    return {"state": "was running" if server.was_running else "started", "url": server.url}


def down(url: str | None, graph_dir: Path) -> Facts:
    """
    End the embedded server, if it runs.

    Raises:
        GraphServerError: If the study's graph is on a server of its own.
    """
    _only_embedded(url)
    server = Server.find(graph_dir)
    if server is None:
        return {"state": "was not running"}
    server.kill()
    return {"state": "ended"}


def status(url: str | None, graph_dir: Path, ledger: Ledger) -> Facts:
    """Where the graph is and where it stands. The embedded server is not started for it."""
    head = len(ledger.manifests())
    if not is_embedded(url):
        with open_graph(url, graph_dir, reader=True) as graph:
            return {"graph": url, "state": "running", "server": graph.agent(), **_standing(standing(graph), head)}
    server = Server.find(graph_dir)
    if server is None:
        return {"graph": "embedded", "state": "not running", "ledger_commit": head}
    try:
        with Graph.connect(server.url, server.reader, server.database, reader=True) as graph:
            now = standing(graph)
        facts = {"graph": "embedded", "state": "kept running" if server.kept else "running", "url": server.url}
        return {**facts, **_standing(now, head)}
    except UserError as error:
        return {"graph": "embedded", "state": f"does not answer: {error}", "ledger_commit": head}
    finally:
        server.release()


def _standing(now: Standing | None, head: int) -> Facts:
    applied = 0 if now is None else now.applied_commit
    lacks = head - applied
    return {
        "graph_commit": applied,
        "ledger_commit": head,
        "lacks": "nothing" if not lacks else f"{lacks} commits: the next run brings it up",
    }


def _only_embedded(url: str | None) -> None:
    if not is_embedded(url):
        raise GraphServerError(f"this study's graph is at {url}: start and end that server with its own tools")
