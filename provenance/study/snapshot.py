"""The current state of a ledger as frames, read once. Opens files through the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from graph_schema.edges import Triple
from graph_schema.ledger import Ledger, Manifest

__all__ = ["Snapshot"]


class _Pinned(Ledger):
    """The ledger as it was at one commit: later ones are not seen, so that one answer is of one state."""

    def __init__(self, folder: Path, *, last: int) -> None:
        super().__init__(folder)
        self._last = last

    def manifests(self) -> tuple[Manifest, ...]:
        return super().manifests()[: self._last]


class Snapshot:
    """
    What is current in a ledger, label by label and edge by edge, each read when first asked for.

    Frames are shared, never copied: whoever takes one must not change it. Days are `datetime64`, a day
    that is not known is `NaT`; a missing number is `NaN`, a missing text is `None`.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger: Ledger = _Pinned(ledger.folder, last=len(ledger.manifests()))
        self._nodes: dict[str, pd.DataFrame] = {}
        self._edges: dict[Triple, pd.DataFrame] = {}

    def nodes(self, label: str) -> pd.DataFrame:
        """Current nodes of a label: `id`, `key`, `revision`, `leaf` and the model's properties; one row a node."""
        found = self._nodes.get(label)
        if found is None:
            found = self._nodes[label] = self.ledger.current(label).to_pandas(date_as_object=False)
        return found

    def edges(self, edge_type: str, source: str, target: str) -> pd.DataFrame:
        """Current edges of one kind: `source_id`, `target_id` and the rule's properties; one row an edge."""
        triple = Triple(edge_type, source, target)
        found = self._edges.get(triple)
        if found is None:
            found = self._edges[triple] = self.ledger.current_edges(triple).to_pandas(date_as_object=False)
        return found

    def ends(self, edge_type: str, source: str, target: str, names: Sequence[str]) -> pd.DataFrame:
        """The same edges with their two ends renamed, for example `("stay_id", "record_id")`."""
        edges = self.edges(edge_type, source, target)[["source_id", "target_id"]]
        return edges.set_axis(list(names), axis=1)

    def keys(self, label: str) -> dict[str, str]:
        """Id to key of a label's current nodes."""
        frame = self.nodes(label)
        return dict(zip(frame["id"], frame["key"], strict=True))
