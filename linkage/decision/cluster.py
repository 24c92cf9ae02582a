"""Clusters of records from accepted pairs. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linkage.arrays import FloatArray, IntArray
from linkage.decision.connected import connected

__all__ = ["clusters", "clusters_at"]


def clusters(pairs: IntArray, *, n_records: int) -> IntArray:
    """
    Connected components of accepted pairs.

    Args:
        pairs: `(n_pairs, 2)` records.
        n_records: Records are 0 to n_records - 1.

    Returns:
        `(n_records,)` the lowest record of each record's cluster, so that labels depend on no order.
    """
    if len(pairs) == 0:
        return np.arange(n_records, dtype=np.int64)
    label = connected(pairs[:, 0], pairs[:, 1], n=n_records)
    lowest = np.full(int(label.max()) + 1, n_records, dtype=np.int64)
    np.minimum.at(lowest, label, np.arange(n_records, dtype=np.int64))
    return lowest[label]


def clusters_at(pairs: IntArray, bits: FloatArray, *, floors: Sequence[float], n_records: int) -> IntArray:
    """
    Connected components at several thresholds; lower ones only ever join what higher ones hold.

    Args:
        pairs: `(n_pairs, 2)` records.
        bits: `(n_pairs,)` weights.
        floors: Weights from which pairs count (bits), in any order.
        n_records: Records are 0 to n_records - 1.

    Returns:
        `(n_floors, n_records)` the lowest record of each record's cluster.
    """
    label = np.arange(n_records, dtype=np.int64)
    out = np.empty((len(floors), n_records), dtype=np.int64)
    above = np.inf
    for place in np.argsort(-np.asarray(floors, dtype=np.float64), kind="stable").tolist():
        fresh = (bits >= floors[place]) & (bits < above)
        label = clusters(label[pairs[fresh]], n_records=n_records)[label]
        out[place], above = label, floors[place]
    return out
