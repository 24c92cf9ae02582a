"""What a run wants to be true, and what a commit adds for it. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.columns import CLOSURES, edge_properties, edge_schema, node_schema, property_names
from graph_schema.edges import Triple

__all__ = ["Batch", "Desired"]


@dataclass(slots=True)
class Desired:
    """
    The state a run computed: things by key, edges between keys. Revisions are not its concern.

    Attributes:
        nodes: Label to a table of `key` and the model's properties; one row a key.
        edges: Triple to a table of `source_key`, `target_key` and the rule's properties.
        closing: Labels of which the run knows everything: what is current and not in `nodes` is closed.
        blocks: Digests of blocks the nodes point to.
    """

    nodes: dict[str, pa.Table] = field(default_factory=dict)
    edges: dict[Triple, pa.Table] = field(default_factory=dict)
    closing: frozenset[str] = frozenset()
    blocks: set[str] = field(default_factory=set)

    def add_nodes(self, label: str, table: pa.Table) -> None:
        """Add rows of a label; columns beyond the model's are dropped, missing optional ones are null."""
        head = node_schema(label)
        wanted = pa.schema([head.field(name) for name in ("key", *property_names(label))])
        fitted = _fit(table, wanted)
        have = self.nodes.get(label)
        self.nodes[label] = fitted if have is None else pa.concat_tables([have, fitted])

    def add_edges(self, triple: Triple, table: pa.Table) -> None:
        """Add edges; a row with a null end is left out (the fact is not known), equal rows are kept once."""
        ends = [pa.field("source_key", pa.string()), pa.field("target_key", pa.string())]
        wanted = pa.schema(ends + [edge_schema(triple).field(name) for name in edge_properties(triple)])
        fitted = _fit(table, wanted)
        known = pc.and_(pc.is_valid(fitted.column("source_key")), pc.is_valid(fitted.column("target_key")))
        fitted = fitted.filter(known)
        have = self.edges.get(triple)
        joined = fitted if have is None else pa.concat_tables([have, fitted])
        self.edges[triple] = joined.group_by(wanted.names, use_threads=False).aggregate([])


@dataclass(frozen=True, slots=True)
class Batch:
    """
    The rows of one commit.

    Attributes:
        nodes: Label to a table with the columns of `columns.node_schema`.
        edges: Triple to a table with the columns of `columns.edge_schema`.
        closures: Nodes that are no longer current, with the revision that follows them, if any.
        blocks: Digests of blocks the nodes point to.
    """

    nodes: dict[str, pa.Table]
    edges: dict[Triple, pa.Table]
    closures: pa.Table = field(default_factory=CLOSURES.empty_table)
    blocks: frozenset[str] = frozenset()

    @property
    def n_rows(self) -> int:
        """Rows in all segments; zero means there is nothing to commit."""
        tables = [*self.nodes.values(), *self.edges.values(), self.closures]
        return sum(table.num_rows for table in tables)


def _fit(table: pa.Table, wanted: pa.Schema) -> pa.Table:
    have = set(table.column_names)
    columns = [
        table.column(field.name).cast(field.type) if field.name in have else pa.nulls(table.num_rows, field.type)
        for field in wanted
    ]
    return pa.table(columns, names=wanted.names)
