"""The state being assembled: nodes and edges by key, and the two or three shapes they are made in. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from graph_schema.edges import Triple
from graph_schema.ids import Keyring
from graph_schema.ledger import Desired

__all__ = ["Assembly"]

# What a study run knows completely: a current node of these labels that it does not name is closed.
CLOSING = frozenset(
    {
        "SourceFile", "SourceRecord", "PersonRecord", "Stay", "Procedure", "DoseEvent",
        "CandidatePair", "LinkDecision", "Person", "RealisationBlock", "DoseEstimate",
    }
)  # fmt: skip


@dataclass(slots=True)
class Assembly:
    """
    The desired state of one run.

    Attributes:
        keyring: Makes the keys.
        run_key: Key of the Run node.
        desired: What has been added so far.
    """

    keyring: Keyring
    run_key: str
    desired: Desired = field(default_factory=lambda: Desired(closing=CLOSING))

    def nodes(self, label: str, table: pa.Table, *, generated: bool = False) -> None:
        """Add nodes; where `generated`, each also WAS_GENERATED_BY the run."""
        self.desired.add_nodes(label, table)
        if generated:
            self.relate("WAS_GENERATED_BY", (label, table.column("key")), ("Run", [self.run_key] * table.num_rows))

    def relate(
        self,
        edge_type: str,
        source: tuple[str, Sequence[str | None] | pa.ChunkedArray],
        target: tuple[str, Sequence[str | None] | pa.ChunkedArray],
        **properties: Sequence[object] | pa.ChunkedArray,
    ) -> None:
        """
        Add edges `(source)-[:edge_type]->(target)`, row by row; a row with a null end is left out.

        Args:
            edge_type: Type of the edge.
            source: Label and keys, `(n,)`.
            target: Label and keys, `(n,)`.
            properties: Values of the edge's properties, each `(n,)`.
        """
        columns = {"source_key": _strings(source[1]), "target_key": _strings(target[1]), **properties}
        self.desired.add_edges(Triple(edge_type, source[0], target[0]), pa.table(columns))

    def record_keys(self, files: Iterable[str | None], rows: Iterable[int | None]) -> list[str | None]:
        """Keys of the SourceRecords at these (file digest, row) places."""
        return [
            None if sha256 is None or row is None else self.keyring.key("rec", sha256, str(row))
            for sha256, row in zip(files, rows, strict=True)
        ]


def _strings(values: Sequence[str | None] | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.ChunkedArray | pa.Array):
        return values.cast(pa.string())
    return pa.array(values, pa.string())
