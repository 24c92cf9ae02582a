"""
The graph as a projection of the ledger: bring it up to the last commit, or make it anew. Opens nothing itself.

Every batch of rows is one transaction that also moves a counter on the `Projection` node. A loader that
was killed goes on where the counter stands, and a batch whose commit was lost in the network is not
written twice, so that plain `CREATE` is enough and the end is the same as without disturbance.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph_schema.graph.bolt import Graph, Transaction
from graph_schema.graph.ddl import PROJECTION, statements
from graph_schema.graph.faults import GraphConflict, GraphServerError
from graph_schema.graph.rows import Chunk, closure_chunks, edge_chunks, node_chunks
from graph_schema.ledger.manifest import SCHEMA_VERSION, Manifest
from graph_schema.ledger.store import Ledger
from graph_schema.nodes import NODES

__all__ = ["BATCH_ROWS", "LoadReport", "Progress", "ProjectionForeign", "Standing", "apply", "rebuild", "standing"]

BATCH_ROWS = 10_000
_DELETE_ROWS = 20_000
_TRIES = 5
_PAUSE_S = 0.3

Progress = Callable[[int, int], None]

_READ_STANDING = f"MATCH (p:{PROJECTION} {{id: 'projection'}}) RETURN properties(p) AS p"
_FIRST_STANDING = (
    f"MERGE (p:{PROJECTION} {{id: 'projection'}}) "
    "SET p.ledger = $ledger, p.applied_commit = 0, p.manifest_sha256 = '', p.schema_version = $schema_version, "
    "p.position = 0, p.clearing = $clearing RETURN 1 AS n"
)
_MOVE = (
    f"MATCH (p:{PROJECTION} {{id: 'projection'}}) WHERE p.applied_commit = $commit AND p.position = $before "
    "SET p.position = $after RETURN count(p) AS n"
)
_POSITION = f"MATCH (p:{PROJECTION} {{id: 'projection'}}) RETURN p.applied_commit AS commit, p.position AS position"
_APPLIED = (
    f"MATCH (p:{PROJECTION} {{id: 'projection'}}) WHERE p.applied_commit = $number - 1 "
    "SET p.applied_commit = $number, p.manifest_sha256 = $sha256, p.position = 0 RETURN count(p) AS n"
)


class ProjectionForeign(GraphServerError):
    """The graph holds the projection of another study."""


class _Moved(GraphConflict):
    """The counter is not where this loader left it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where the projection stands.

    Attributes:
        ledger: Digest of the first manifest: says which study.
        applied_commit: Last commit that is there in whole; 0 for none.
        manifest_sha256: Digest of that commit's manifest.
        schema_version: Version of the registry it was made with.
        position: Rows of the next commit that are there already.
        clearing: Whether it is being emptied.
    """

    ledger: str
    applied_commit: int
    manifest_sha256: str
    schema_version: int
    position: int
    clearing: bool


@dataclass(frozen=True, slots=True)
class LoadReport:
    """
    What a load did.

    Attributes:
        commits: Numbers of the commits brought in.
        n_nodes: Nodes written.
        n_edges: Edges written.
        n_closed: Nodes that got `system_to`.
        rebuilt: Whether the graph was emptied first.
        head: The commit it stands at now; 0 in an empty ledger.
    """

    commits: tuple[int, ...]
    n_nodes: int
    n_edges: int
    n_closed: int
    rebuilt: bool
    head: int


def standing(graph: Graph) -> Standing | None:
    """Where the graph's projection stands; None where it never held one."""
    found = graph.read(_READ_STANDING)
    if not found:
        return None
    return Standing(**{name: found[0]["p"].get(name) for name in Standing.__slots__})


def apply(graph: Graph, ledger: Ledger, *, progress: Progress | None = None) -> LoadReport:
    """
    Bring the graph to the ledger's last commit. What is there already is not written again.

    Args:
        graph: Opened for writing.
        ledger: The ledger.
        progress: Called with rows done and rows in all.

    Raises:
        ProjectionForeign: If the graph holds another study.
        GraphConflict: If the graph is not what its counter says; `rebuild` puts that right.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            return _apply_once(graph, ledger, progress=progress)
        except _Moved:
            # The last batch of a loader that was killed may still arrive: look again where the counter stands.
            if attempt == _TRIES:
                raise
            time.sleep(_PAUSE_S)
    raise AssertionError  # the loop returns or raises


def _apply_once(graph: Graph, ledger: Ledger, *, progress: Progress | None) -> LoadReport:
    now = standing(graph)
    manifests = ledger.manifests()
    if now is None:
        _prepare(graph)
        _begin(graph, manifests, clearing=False)
        return _bring_up(graph, ledger, manifests, applied=0, position=0, progress=progress)
    _refuse_foreign(now, manifests)
    if now.clearing or not _fits(now, manifests):
        return rebuild(graph, ledger, progress=progress)
    return _bring_up(graph, ledger, manifests, applied=now.applied_commit, position=now.position, progress=progress)


def rebuild(graph: Graph, ledger: Ledger, *, progress: Progress | None = None) -> LoadReport:
    """Empty the graph of everything that is ours and load the whole ledger; whatever it held before."""
    manifests = ledger.manifests()
    _prepare(graph)
    _begin(graph, manifests, clearing=True)
    _clear(graph)
    _begin(graph, manifests, clearing=False)
    report = _bring_up(graph, ledger, manifests, applied=0, position=0, progress=progress)
    return LoadReport(report.commits, report.n_nodes, report.n_edges, report.n_closed, rebuilt=True, head=report.head)


def _prepare(graph: Graph) -> None:
    for statement in statements():
        graph.write(statement)


def _begin(graph: Graph, manifests: tuple[Manifest, ...], *, clearing: bool) -> None:
    values = {"ledger": _ledger_name(manifests), "schema_version": SCHEMA_VERSION, "clearing": clearing}
    graph.write(_FIRST_STANDING, values)


def _ledger_name(manifests: tuple[Manifest, ...]) -> str:
    return manifests[0].sha256 if manifests else ""


def _refuse_foreign(now: Standing, manifests: tuple[Manifest, ...]) -> None:
    if now.ledger and manifests and now.ledger != manifests[0].sha256:
        raise ProjectionForeign(
            "the graph holds another study: give this study a database of its own, "
            "or empty the graph for it with `doselink graph rebuild`"
        )


def _fits(now: Standing, manifests: tuple[Manifest, ...]) -> bool:
    """Whether what the graph has applied is a beginning of this ledger."""
    if now.schema_version != SCHEMA_VERSION or now.applied_commit > len(manifests):
        return False
    if now.applied_commit == 0:
        return now.ledger == _ledger_name(manifests) or not now.position
    return manifests[now.applied_commit - 1].sha256 == now.manifest_sha256


def _clear(graph: Graph) -> None:
    """Edges first: a file or a run may have a million of them, too many for one transaction."""
    for label in NODES:
        _repeat(graph, f"MATCH (:{label})-[r]->() WITH r LIMIT $limit DELETE r RETURN count(*) AS n")
    for label in NODES:
        _repeat(graph, f"MATCH (n:{label}) WITH n LIMIT $limit DETACH DELETE n RETURN count(*) AS n")


def _repeat(graph: Graph, cypher: str) -> None:
    while graph.write(cypher, {"limit": _DELETE_ROWS})[0]["n"]:
        pass


def _bring_up(
    graph: Graph,
    ledger: Ledger,
    manifests: tuple[Manifest, ...],
    *,
    applied: int,
    position: int,
    progress: Progress | None,
) -> LoadReport:
    missing = manifests[applied:]
    if missing and applied == 0:
        graph.write(
            f"MATCH (p:{PROJECTION} {{id: 'projection'}}) SET p.ledger = $ledger RETURN 1 AS n",
            {"ledger": _ledger_name(manifests)},
        )
    loader = _Loader(graph, ledger, total=sum(_n_rows(manifest) for manifest in missing), progress=progress)
    for manifest in missing:
        loader.load(manifest, skip=position)
        position = 0
    return LoadReport(
        commits=tuple(manifest.number for manifest in missing),
        n_nodes=loader.counts["nodes"],
        n_edges=loader.counts["edges"],
        n_closed=loader.counts["closures"],
        rebuilt=False,
        head=len(manifests),
    )


def _n_rows(manifest: Manifest) -> int:
    return sum(segment.n_rows for segment in manifest.segments)


class _Loader:
    """Loads commits one after the other and counts."""

    def __init__(self, graph: Graph, ledger: Ledger, *, total: int, progress: Progress | None) -> None:
        self._graph = graph
        self._ledger = ledger
        self._total = total
        self._progress = progress
        self._done = 0
        self.counts = {"nodes": 0, "edges": 0, "closures": 0}

    def load(self, manifest: Manifest, *, skip: int) -> None:
        """Load the commit but for its first `skip` rows, which are there; then say that it is applied."""
        position = 0
        for kind, chunk in _chunks(manifest, self._ledger):
            after = position + len(chunk.rows)
            if after > skip:
                # What was there may end in the middle of a batch: an earlier version may have cut them otherwise.
                there = max(skip - position, 0)
                rest = Chunk(chunk.cypher, chunk.rows[there:])
                self._put(rest, manifest, before=position + there, after=after)
                self.counts[kind] += len(rest.rows)
            position = after
            self._done += len(chunk.rows)
            if self._progress is not None:
                self._progress(self._done, self._total)
        moved = self._graph.transact(lambda transaction: _finish(transaction, manifest))
        if not moved:
            raise _disturbed()

    def _put(self, chunk: Chunk, manifest: Manifest, *, before: int, after: int) -> None:
        self._graph.transact(
            lambda transaction: _put_once(
                transaction, chunk, commit=manifest.number - 1, at=manifest.recorded_at, before=before, after=after
            )
        )


def _put_once(transaction: Transaction, chunk: Chunk, *, commit: int, at: datetime, before: int, after: int) -> None:
    """The counter moves first, which also locks it: a second loader waits here and then finds it moved."""
    move = {"commit": commit, "before": before, "after": after}
    if transaction.run(_MOVE, move)[0]["n"] != 1:
        if transaction.run(_POSITION) == [{"commit": commit, "position": after}]:
            return
        raise _disturbed()
    written = transaction.run(chunk.cypher, {"rows": chunk.rows, "at": at})
    if written[0]["n"] != len(chunk.rows):
        raise GraphConflict(f"the graph lacks nodes that commit {commit + 1} builds on: run `doselink graph rebuild`")


def _finish(transaction: Transaction, manifest: Manifest) -> bool:
    values: dict[str, Any] = {"number": manifest.number, "sha256": manifest.sha256}
    if transaction.run(_APPLIED, values)[0]["n"] == 1:
        return True
    return transaction.run(_POSITION) == [{"commit": manifest.number, "position": 0}]


def _disturbed() -> _Moved:
    return _Moved("another process is loading this graph: wait for it, then run the same command again")


def _chunks(manifest: Manifest, ledger: Ledger) -> Iterator[tuple[str, Chunk]]:
    """Nodes, then edges, then closures; the same chunks in the same order at every attempt."""
    for segment in manifest.nodes():
        for chunk in node_chunks(segment.label or "", ledger.segment(segment.sha256), size=BATCH_ROWS):
            yield "nodes", chunk
    for segment in manifest.edges():
        for chunk in edge_chunks(segment.triple, ledger.segment(segment.sha256), size=BATCH_ROWS):
            yield "edges", chunk
    for segment in manifest.closures():
        for chunk in closure_chunks(ledger.segment(segment.sha256), size=BATCH_ROWS):
            yield "closures", chunk
