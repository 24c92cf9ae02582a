"""Statements and rows that put a commit's segments into the graph, always in the same order. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from graph_schema.columns import edge_properties, node_schema
from graph_schema.edges import Triple
from graph_schema.nodes import NODES

__all__ = ["Chunk", "closure_chunks", "edge_chunks", "node_chunks"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """
    Rows that one statement takes.

    Attributes:
        cypher: The statement; takes `$rows` and `$at`, returns one row with `n`, the rows it has written.
        rows: The rows.
    """

    cypher: str
    rows: list[Any]


def node_chunks(label: str, table: pa.Table, *, size: int) -> Iterator[Chunk]:
    """New nodes of a label: its own label, the PROV class, the properties, `system_from`."""
    names = node_schema(label).names
    labels = ":".join(dict.fromkeys([label, NODES[label].prov.value]))  # an Agent is an Agent once
    properties = ", ".join(f"{name}: row[{position}]" for position, name in enumerate(names))
    cypher = f"UNWIND $rows AS row CREATE (n:{labels} {{{properties}, system_from: $at}}) RETURN count(n) AS n"
    for part in _parts(table.select(names), size):
        yield Chunk(cypher, _lists(part))


def edge_chunks(triple: Triple, table: pa.Table, *, size: int) -> Iterator[Chunk]:
    """
    New edges of a kind, sorted by the node they point to.

    Raises:
        IllegalEdge: If no rule allows the triple.
    """
    names = edge_properties(triple)
    properties = ", ".join(f"{name}: row[{position}]" for position, name in enumerate(names, start=2))
    cypher = (
        f"UNWIND $rows AS row MATCH (a:{triple.source} {{id: row[0]}}) MATCH (b:{triple.target} {{id: row[1]}}) "
        f"CREATE (a)-[r:{triple.type}{f' {{{properties}}}' if names else ''}]->(b) RETURN count(r) AS n"
    )
    ordered = table.select(["source_id", "target_id", *names]).sort_by(
        [("target_id", "ascending"), ("source_id", "ascending"), *((name, "ascending") for name in names)]
    )
    for part in _parts(ordered, size):
        yield Chunk(cypher, _lists(part))


def closure_chunks(table: pa.Table, *, size: int) -> Iterator[Chunk]:
    """Nodes that this commit closes get `system_to`."""
    for label in NODES:
        ids = sorted(
            node_id
            for closed, node_id in zip(table.column("label").to_pylist(), table.column("id").to_pylist(), strict=True)
            if closed == label
        )
        cypher = f"UNWIND $rows AS row MATCH (n:{label} {{id: row}}) SET n.system_to = $at RETURN count(n) AS n"
        for start in range(0, len(ids), size):
            yield Chunk(cypher, ids[start : start + size])


def _lists(table: pa.Table) -> list[list[object]]:
    """Rows as lists: shorter on the wire than dictionaries, and set in one write each by either engine."""
    columns = [table.column(name).to_pylist() for name in table.column_names]
    return [list(row) for row in zip(*columns, strict=True)]


def _parts(table: pa.Table, size: int) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, size):
        yield table.slice(start, size)
