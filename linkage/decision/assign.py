"""Which scored pairs may stand together: optimal, best partner, greedy. Opens nothing."""

from __future__ import annotations

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.decision.cardinality import Cardinality
from linkage.decision.components import rank_within
from linkage.decision.matching import MAX_CELLS, Assignment, greedy, heaviest
from linkage.decision.policy import compete

__all__ = ["Assignment", "assign", "best_links", "best_of_right", "greedy_links", "one_to_one"]


def one_to_one(left: IntArray, right: IntArray, bits: FloatArray) -> BoolArray:
    """
    The one-to-one selection with the largest sum of bits.

    Args:
        left: `(n_pairs,)` left records.
        right: `(n_pairs,)` right records.
        bits: `(n_pairs,)` weights; a pair at or below 0 is never chosen, as nothing is better.

    Returns:
        `(n_pairs,)` whether a pair is chosen; independent of the order of the pairs.
    """
    return assign(left, right, bits).chosen


def assign(
    left: IntArray,
    right: IntArray,
    bits: FloatArray,
    *,
    cardinality: Cardinality = Cardinality.ONE_TO_ONE,
    within: bool = False,
    max_cells: int = MAX_CELLS,
) -> Assignment:
    """
    The selection a cardinality allows with the largest sum of bits, and what it took.

    Args:
        left: `(n_pairs,)` left records.
        right: `(n_pairs,)` right records; of the same numbering within one table.
        bits: `(n_pairs,)` weights; a pair at or below 0 is never chosen.
        cardinality: Most partners of a record.
        within: Whether both are records of one table.
        max_cells: Size of the largest component solved; larger ones are assigned best pair first and counted.
    """
    order = best_first(left, right, bits)
    places = compete(left[order], right[order], cardinality=cardinality, threshold=0.5, within=within)
    found = heaviest(places.a, places.b, bits[order], room=places.room, one_sided=places.one_sided, max_cells=max_cells)
    return spread(found, order, n=len(bits))


def spread(found: Assignment, order: IntArray, *, n: int) -> Assignment:
    """An assignment of the pairs `order` as one of all `n` pairs."""
    chosen, by_greed = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    chosen[order], by_greed[order] = found.chosen, found.by_greed
    return Assignment(chosen, found.n_components, found.n_greedy, by_greed)


def greedy_links(
    left: IntArray,
    right: IntArray,
    bits: FloatArray,
    *,
    cardinality: Cardinality = Cardinality.ONE_TO_ONE,
    within: bool = False,
) -> BoolArray:
    """The best pair first, then the best of what is left, as most programs do it: for comparison. `(n_pairs,)`."""
    order = best_first(left, right, bits)
    places = compete(left[order], right[order], cardinality=cardinality, threshold=0.5, within=within)
    chosen = np.zeros(len(left), dtype=bool)
    chosen[order[greedy(places.a, places.b, room=places.room)]] = True
    return chosen


def best_links(left: IntArray, right: IntArray, bits: FloatArray) -> BoolArray:
    """Each left record's best right record; a right record may have several. `(n_pairs,)`, ties to the lower row."""
    return best_of_right(right, left, bits)


def best_of_right(left: IntArray, right: IntArray, bits: FloatArray) -> BoolArray:
    """Each right record's best left record; a left record may have several. `(n_pairs,)`, ties to the lower row."""
    chosen = np.zeros(len(left), dtype=bool)
    order = best_first(left, right, bits)
    chosen[order[rank_within(right[order]) == 0]] = True
    return chosen


def best_first(left: IntArray, right: IntArray, bits: FloatArray) -> IntArray:
    """Pairs above 0, heaviest first, ties by rows; of a pair given twice only the heavier."""
    order = np.flatnonzero(bits > 0)
    order = order[np.lexsort((right[order], left[order], -bits[order]))]
    if not len(order):
        return order
    key = left[order].astype(np.int64) * (int(right[order].max()) + 1) + right[order]
    sorted_ = np.argsort(key, kind="stable")
    again = np.zeros(len(order), dtype=bool)
    again[sorted_[1:][np.diff(key[sorted_]) == 0]] = True
    return order[~again]
