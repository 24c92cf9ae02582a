"""
Clusters that break no constraint: never two records that cannot be one, never two of a source that has no duplicates.

Records that must be linked are one from the start. Connected components without a conflict stay whole. In the others
the clusters are chosen that lose the least weight: exactly, over all partitions, where at most `MOST_EXACT` records
stand together; else by joining, again and again, the two clusters with the largest weight between them that may be
joined. Nothing depends on the order of the pairs; ties go to the lower rows. Opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.decision.cluster import clusters
from linkage.decision.constraints import Constraints
from linkage.decision.partition import Knot, best_partition, joined

__all__ = ["MOST_EXACT", "Clustered", "constrained_clusters", "without_ties"]

MOST_EXACT = 9  # records of a component whose partitions are gone through


@dataclass(frozen=True, slots=True)
class Clustered:
    """
    Attributes:
        label: `(n_records,)` the lowest record of each record's cluster.
        cut: `(n_pairs,)` pairs at or above the threshold whose records are kept apart.
        n_conflicts: Components that hold records which may not be together.
        n_joined: Such components larger than `MOST_EXACT`, clustered by joining.
        n_broken: Sets of records that must be linked and yet hold two of a source without duplicates.
    """

    label: IntArray
    cut: BoolArray
    n_conflicts: int
    n_joined: int
    n_broken: int


def constrained_clusters(
    pairs: IntArray,
    bits: FloatArray,
    *,
    n_records: int,
    floor_bits: float = 0.0,
    constraints: Constraints | None = None,
    alone: IntArray | None = None,
    most_exact: int = MOST_EXACT,
) -> Clustered:
    """
    Clusters of records under constraints.

    Args:
        pairs: `(n_pairs, 2)` records.
        bits: `(n_pairs,)` weights.
        n_records: Records are 0 to n_records - 1.
        floor_bits: Weight from which a pair counts (bits); what a pair is worth is its weight over the floor.
        constraints: Of records of one numbering (`within=True`).
        alone: `(n_records,)` source of each record, of which a cluster may hold one record; -1 = any number.
        most_exact: Nodes of a component whose partitions are gone through; 0 joins everywhere.
    """
    given = constraints or Constraints(within=True)
    counted = bits >= floor_bits
    must = clusters(given.must, n_records=n_records)
    together = np.concatenate([must[pairs[counted]], given.must])
    label = clusters(together, n_records=n_records)[must]
    codes = np.full(n_records, -1, dtype=np.int64) if alone is None else np.asarray(alone, dtype=np.int64)
    n_broken = len(np.unique(must[_twice(must, codes)]))
    conflicted = np.unique(np.concatenate([label[_twice(label, codes)], _both_in(label, given.cannot)]))
    worth = bits[counted] - floor_bits + 1e-6
    knots = _knots(conflicted, label, must, (pairs[counted], worth), given.cannot, codes=codes)
    n_joined = 0
    for knot in knots:
        exact = knot.n <= most_exact
        n_joined += not exact
        part = (best_partition(knot) if exact else joined(knot))[knot.node]
        lowest = np.full(int(part.max()) + 1, n_records)
        np.minimum.at(lowest, part, knot.records)
        label[knot.records] = lowest[part]
    apart = np.asarray(label[pairs[:, 0]] != label[pairs[:, 1]], dtype=bool)
    return Clustered(label, counted & apart, len(conflicted), n_joined, n_broken)


def without_ties(pairs: IntArray, bits: FloatArray, *, alone: IntArray) -> BoolArray:
    """
    `(n_pairs,)` pairs that do not tie: where a record fits two of a source without duplicates equally best, neither
    stays (Splink's `ties_method="drop"`).
    """
    kept = np.ones(len(pairs), dtype=bool)
    for one, other in ((0, 1), (1, 0)):
        code = alone[pairs[:, other]]
        held = np.flatnonzero(code >= 0)
        group = pairs[held, one] * (int(alone.max(initial=0)) + 1) + code[held]
        order = np.lexsort((-bits[held], group))
        group, weight, held = group[order], bits[held][order], held[order]
        first = np.concatenate([[True], group[1:] != group[:-1]]) if len(group) else np.zeros(0, dtype=bool)
        best = weight[np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))]
        equal = weight == best
        number = np.cumsum(first) - 1
        tied = np.bincount(number, weights=equal, minlength=1) > 1
        kept[held[equal & tied[number]]] = False
    return kept


def _twice(label: IntArray, codes: IntArray) -> IntArray:
    """Records of clusters in which their source occurs again."""
    held = np.flatnonzero(codes >= 0)
    key = label[held] * (int(codes.max(initial=0)) + 1) + codes[held]
    _, place, number = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(held[number[place] > 1], dtype=np.int64)


def _both_in(label: IntArray, pairs: IntArray) -> IntArray:
    """The clusters that hold both records of a pair."""
    first, second = label[pairs[:, 0]], label[pairs[:, 1]]
    return np.asarray(first[first == second], dtype=np.int64)


def _knots(
    conflicted: IntArray, label: IntArray, must: IntArray, edges: tuple[IntArray, FloatArray], cannot: IntArray, *,
    codes: IntArray,
) -> list[Knot]:  # fmt: skip
    """The components with a conflict, by their lowest record."""
    pairs, worth = edges
    records = np.flatnonzero(np.isin(label, conflicted))
    inside = np.flatnonzero(np.isin(label[pairs[:, 0]], conflicted))
    banned = cannot[np.isin(label[cannot[:, 0]], conflicted) & (label[cannot[:, 0]] == label[cannot[:, 1]])]
    by = [np.argsort(label[one], kind="stable") for one in (records, pairs[inside, 0], banned[:, 0])]
    records, inside, banned = records[by[0]], inside[by[1]], banned[by[2]]
    cuts = [
        [np.searchsorted(label[one], conflicted, side=side) for side in ("left", "right")]
        for one in (records, pairs[inside, 0], banned[:, 0])
    ]
    out = []
    for number in range(len(conflicted)):
        mine, held, apart = (slice(int(begin[number]), int(end[number])) for begin, end in cuts)
        nodes, node = np.unique(must[records[mine]], return_inverse=True)
        out.append(
            Knot(
                records=records[mine],
                node=node.astype(np.int64),
                edges=np.searchsorted(nodes, must[pairs[inside[held]]]).reshape(-1, 2),
                worth=worth[inside[held]],
                apart=np.searchsorted(nodes, must[banned[apart]]).reshape(-1, 2),
                codes=codes[records[mine]],
            )
        )
    return out
