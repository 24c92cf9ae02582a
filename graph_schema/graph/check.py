"""Holds the graph against the ledger: where it stands, how much is there, and what the rows say. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from graph_schema.chance import stream
from graph_schema.edges import RULES, Triple
from graph_schema.graph.bolt import Graph
from graph_schema.graph.ddl import PROJECTION
from graph_schema.graph.load import standing
from graph_schema.ledger.manifest import SCHEMA_VERSION, Manifest
from graph_schema.ledger.store import Ledger
from graph_schema.nodes import NODES

__all__ = ["FULL_ROWS", "Finding", "check"]

FULL_ROWS = 300_000
_SAMPLE_ROWS = 2_000
_BATCH = 5_000
_AT_MOST = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing in which the graph is not the ledger.

    Attributes:
        where: Label, or edge as `(A)-[:TYPE]->(B)`, or `projection`.
        what: What is wrong, with what was expected.
    """

    where: str
    what: str


def check(
    graph: Graph, ledger: Ledger, *, full: bool | None = None, seed: int = 0, progress: Progress | None = None
) -> list[Finding]:
    """
    Everything in which the graph differs from the ledger.

    Counts of every label and every kind of edge are always compared. Rows are compared property by property:
    all of them, or a sample of each label and kind.

    Args:
        graph: The graph.
        ledger: The ledger.
        full: Compare all rows; where it is not said, up to 300,000 of them.
        seed: Seed of the sample.
        progress: Called with rows compared and rows to compare.

    Returns:
        The findings, at most 20 of one kind; empty where the graph is the ledger's projection.
    """
    manifests = ledger.manifests()
    behind = _standing(graph, manifests)
    if behind:
        return behind
    findings = _counts(graph, manifests)
    n_rows = sum(segment.n_rows for manifest in manifests for segment in manifest.segments)
    whole = n_rows <= FULL_ROWS if full is None else full
    comparison = _Comparison(graph, ledger, whole=whole, seed=seed, total=n_rows, progress=progress)
    return findings + comparison.nodes() + comparison.edges()


def _standing(graph: Graph, manifests: tuple[Manifest, ...]) -> list[Finding]:
    now = standing(graph)
    head = len(manifests)
    if now is None:
        return [Finding("projection", "the graph is empty: run `doselink graph rebuild`")] if head else []
    if now.clearing or now.schema_version != SCHEMA_VERSION:
        return [Finding("projection", "the graph was not built to its end: run `doselink graph rebuild`")]
    if now.applied_commit != head or now.position:
        return [
            Finding("projection", f"the graph stands at commit {now.applied_commit}, the ledger at {head}: "
                    "the next run brings it up, or `doselink graph rebuild`")
        ]  # fmt: skip
    if head and now.manifest_sha256 != manifests[-1].sha256:
        return [Finding("projection", "the graph was made from another ledger: run `doselink graph rebuild`")]
    return []


def _counts(graph: Graph, manifests: tuple[Manifest, ...]) -> list[Finding]:
    nodes: Counter[str] = Counter()
    edges: Counter[Triple] = Counter()
    for manifest in manifests:
        for segment in manifest.nodes():
            nodes[segment.label or ""] += segment.n_rows
        for segment in manifest.edges():
            edges[segment.triple] += segment.n_rows
    findings = []
    strange_nodes = _count(graph, "MATCH (n) RETURN count(n) AS n")
    strange_nodes -= _count(graph, f"MATCH (n:{PROJECTION}) RETURN count(n) AS n")
    for label in NODES:
        there = _count(graph, f"MATCH (n:{label}) RETURN count(n) AS n")
        strange_nodes -= there
        findings += _miscounted(label, there, nodes[label], "nodes")
    strange_edges = _count(graph, "MATCH ()-[r]->() RETURN count(r) AS n")
    for triple in RULES:
        there = _count(graph, f"MATCH (:{triple.source})-[r:{triple.type}]->(:{triple.target}) RETURN count(r) AS n")
        strange_edges -= there
        findings += _miscounted(_arrow(triple), there, edges[triple], "edges")
    # What no model and no rule knows can only have been written past the ledger.
    findings += _miscounted("any other label", strange_nodes, 0, "nodes")
    findings += _miscounted("any other kind of edge", strange_edges, 0, "edges")
    return findings


def _count(graph: Graph, cypher: str) -> int:
    return int(graph.read(cypher)[0]["n"])


def _miscounted(where: str, there: int, expected: int, noun: str) -> list[Finding]:
    return [] if there == expected else [Finding(where, f"{there} {noun}, expected {expected}")]


def _arrow(triple: Triple) -> str:
    return f"({triple.source})-[:{triple.type}]->({triple.target})"


class _Comparison:
    """Compares rows, kind by kind."""

    def __init__(
        self, graph: Graph, ledger: Ledger, *, whole: bool, seed: int, total: int, progress: Progress | None
    ) -> None:
        self._graph = graph
        self._ledger = ledger
        self._whole = whole
        self._seed = seed
        self._total = total
        self._done = 0
        self._progress = progress

    def nodes(self) -> list[Finding]:
        """Nodes whose properties or clocks differ."""
        ended = _ended(self._ledger)
        findings: list[Finding] = []
        for manifest in self._ledger.manifests():
            for segment in manifest.nodes():
                table = self._chosen(self._ledger.segment(segment.sha256), segment.sha256)
                found = self._nodes_of(segment.label or "", table, manifest.recorded_at, ended)
                findings += list(found)[:_AT_MOST]
        return findings

    def edges(self) -> list[Finding]:
        """Edges that are missing or say something else."""
        findings: list[Finding] = []
        for triple in sorted({s.triple for m in self._ledger.manifests() for s in m.edges()}):
            table = self._ledger.edges(triple)
            sources = self._chosen(pa.table({"id": table.column("source_id").unique()}), "/".join(triple))
            findings += list(self._edges_of(triple, table, sources.column("id").to_pylist()))[:_AT_MOST]
        return findings

    def _chosen(self, table: pa.Table, name: str) -> pa.Table:
        if self._whole or table.num_rows <= _SAMPLE_ROWS:
            return table
        picked = stream(f"graph-check/{name}", seed=self._seed).choice(table.num_rows, _SAMPLE_ROWS, replace=False)
        picked.sort()
        return table.take(pa.array(picked))

    def _nodes_of(self, label: str, table: pa.Table, at: datetime, ended: dict[str, datetime]) -> Iterator[Finding]:
        cypher = f"UNWIND $ids AS id MATCH (n:{label} {{id: id}}) RETURN id, properties(n) AS p, labels(n) AS l"
        labels = sorted({label, NODES[label].prov.value})
        for start in range(0, table.num_rows, _BATCH):
            rows = table.slice(start, _BATCH).to_pylist()
            found = {row["id"]: row for row in self._graph.read(cypher, {"ids": [row["id"] for row in rows]})}
            for row in rows:
                expected = {name: value for name, value in row.items() if value is not None}
                expected |= {"system_from": at}
                if row["id"] in ended:
                    expected["system_to"] = ended[row["id"]]
                yield from _differing(label, row["id"], expected, labels, found.get(row["id"]))
            self._tell(len(rows))

    def _edges_of(self, triple: Triple, table: pa.Table, sources: list[str]) -> Iterator[Finding]:
        names = [name for name in table.column_names if name not in ("source_id", "target_id")]
        values = "".join(f", r.{name} AS {name}" for name in names)
        cypher = (
            f"UNWIND $ids AS id MATCH (a:{triple.source} {{id: id}})-[r:{triple.type}]->(b:{triple.target}) "
            f"RETURN a.id AS source_id, b.id AS target_id{values}, size(keys(r)) AS n_properties"
        )
        wanted = set(sources)
        expected = Counter(
            (*row, sum(value is not None for value in row[2:]))
            for row in zip(*_columns(table.select(["source_id", "target_id", *names])), strict=True)
            if row[0] in wanted
        )
        there: Counter[tuple[Any, ...]] = Counter()
        for start in range(0, len(sources), _BATCH):
            answer = self._graph.query(cypher, {"ids": sources[start : start + _BATCH]})
            there.update(answer.rows)
            self._tell(len(answer.rows))
        for row in sorted((expected - there).keys(), key=str):
            yield Finding(_arrow(triple), f"the edge from {row[0]} to {row[1]} is missing or changed")
        for row in sorted((there - expected).keys(), key=str):
            yield Finding(_arrow(triple), f"the edge from {row[0]} to {row[1]} is not in the ledger")

    def _tell(self, n_rows: int) -> None:
        self._done += n_rows
        if self._progress is not None:
            self._progress(self._done, self._total)


def _columns(table: pa.Table) -> list[list[Any]]:
    return [table.column(name).to_pylist() for name in table.column_names]


def _ended(ledger: Ledger) -> dict[str, datetime]:
    """Id of every closed node and the time its closing was recorded."""
    return {
        node_id: manifest.recorded_at
        for manifest in ledger.manifests()
        for segment in manifest.closures()
        for node_id in ledger.segment(segment.sha256).column("id").to_pylist()
    }


def _differing(
    label: str, node_id: str, expected: dict[str, Any], labels: list[str], there: dict[str, Any] | None
) -> Iterator[Finding]:
    if there is None:
        yield Finding(label, f"{node_id} is missing")
        return
    properties = {name: _utc(found) for name, found in there["p"].items() if found is not None}
    wrong = [name for name in sorted(expected | properties) if expected.get(name) != properties.get(name)]
    if wrong:
        yield Finding(label, f"{node_id} differs from the ledger in {', '.join(wrong)}")
    if sorted(there["l"]) != labels:
        yield Finding(label, f"{node_id} has other labels, expected {' and '.join(labels)}")


def _utc(found: object) -> object:
    return found.astimezone(UTC) if isinstance(found, datetime) else found
