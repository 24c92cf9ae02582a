"""Which scored pairs may stand together: optimal one-to-one, best partner of each right record. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from linkage.arrays import BoolArray, FloatArray, IntArray

__all__ = ["Assignment", "assign", "best_of_right", "one_to_one"]

MAX_CELLS = 25_000_000  # of one component's cost matrix (200 MB); larger ones are assigned greedily and counted


@dataclass(frozen=True, slots=True)
class Assignment:
    """
    Attributes:
        chosen: `(n_pairs,)` whether a pair stands.
        n_components: Components of records that compete.
        n_greedy: Components too large for the optimum, assigned best pair first.
    """

    chosen: BoolArray
    n_components: int
    n_greedy: int


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


def assign(left: IntArray, right: IntArray, bits: FloatArray, *, max_cells: int = MAX_CELLS) -> Assignment:
    """`one_to_one`, with what it had to do."""
    chosen = np.zeros(len(left), dtype=bool)
    order = _best_first(left, right, bits)
    if not len(order):
        return Assignment(chosen, 0, 0)
    a, b, weight = left[order], right[order], bits[order]
    component, n_components = _components(a, b)
    picked, n_greedy = np.zeros(len(order), dtype=bool), 0
    simple = _stars(a, b, component, n_components)
    picked[_first_of(component[simple], np.flatnonzero(simple))] = True
    for members in _groups(component, np.flatnonzero(~simple)):
        rows, columns = np.unique(a[members], return_inverse=True)[1], np.unique(b[members], return_inverse=True)[1]
        if (int(rows.max()) + 1) * (int(columns.max()) + 1) > max_cells:
            n_greedy += 1
            picked[members[_greedy(rows, columns)]] = True
        else:
            picked[members[_optimal(rows, columns, weight[members])]] = True
    chosen[order[picked]] = True
    return Assignment(chosen, n_components, n_greedy)


def best_of_right(left: IntArray, right: IntArray, bits: FloatArray) -> BoolArray:
    """Each right record's best left record; a left record may have several. `(n_pairs,)`, ties to the lower row."""
    chosen = np.zeros(len(left), dtype=bool)
    order = _best_first(left, right, bits)
    chosen[order[_first_of(right[order], np.arange(len(order)))]] = True
    return chosen


def _best_first(left: IntArray, right: IntArray, bits: FloatArray) -> IntArray:
    """Pairs above 0, heaviest first, ties by rows; of a pair given twice only the heavier."""
    order = np.lexsort((right, left, -bits))
    order = order[bits[order] > 0]
    pairs = np.stack([left[order], right[order]], axis=1)
    _, firsts = np.unique(pairs, axis=0, return_index=True) if len(order) else (None, np.zeros(0, np.int64))
    return np.asarray(order[np.sort(firsts)], dtype=np.int64)


def _components(a: IntArray, b: IntArray) -> tuple[IntArray, int]:
    """Component of each pair in the graph whose nodes are left and right records."""
    rows, columns = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    n_rows, n_columns = int(rows.max()) + 1, int(columns.max()) + 1
    size = n_rows + n_columns
    graph = coo_matrix((np.ones(len(a), np.int8), (rows, columns + n_rows)), shape=(size, size))
    n_components, label = connected_components(graph, directed=False)
    return label[rows].astype(np.int64), int(n_components)


def _stars(a: IntArray, b: IntArray, component: IntArray, n_components: int) -> BoolArray:
    """Pairs of components with a single record on a side: there the heaviest pair is the optimum."""
    several = np.zeros((2, n_components), dtype=bool)
    for side, records in enumerate((a, b)):
        lowest = np.full(n_components, np.iinfo(np.int64).max)
        np.minimum.at(lowest, component, records)
        several[side, component[records != lowest[component]]] = True
    return np.asarray(~(several[0] & several[1])[component], dtype=bool)


def _first_of(groups: IntArray, members: IntArray) -> IntArray:
    """The first member of each group."""
    return members[np.unique(groups, return_index=True)[1]] if len(groups) else members[:0]


def _groups(component: IntArray, members: IntArray) -> Iterator[IntArray]:
    """Members of each component, best first."""
    ordered = members[np.argsort(component[members], kind="stable")]
    cuts = np.flatnonzero(np.diff(component[ordered])) + 1
    yield from (np.split(ordered, cuts) if len(ordered) else ())


def _optimal(rows: IntArray, columns: IntArray, weight: FloatArray) -> IntArray:
    """Pairs of the maximum-weight matching; an empty cell weighs 0, which is staying unlinked."""
    table = np.zeros((int(rows.max()) + 1, int(columns.max()) + 1))
    table[rows, columns] = weight
    where = np.full(table.shape, -1, dtype=np.int64)
    where[rows, columns] = np.arange(len(rows))
    picked = where[linear_sum_assignment(table, maximize=True)]
    return np.asarray(picked[picked >= 0], dtype=np.int64)


def _greedy(rows: IntArray, columns: IntArray) -> IntArray:
    """Best pair first, both records then taken."""
    row_free, column_free = np.ones(rows.max() + 1, bool), np.ones(columns.max() + 1, bool)
    picked = []
    for pair, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        if row_free[row] and column_free[column]:
            row_free[row] = column_free[column] = False
            picked.append(pair)
    return np.array(picked, dtype=np.int64)
