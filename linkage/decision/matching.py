"""
The heaviest admissible set of pairs where every node has limited room (b-matching), by component. Opens nothing.

Two-sided problems with room for one are linear assignment; all others are linear programs, whose corners are whole
numbers when the graph is two-sided (the incidence matrix is totally unimodular). Within one source odd cycles can
leave halves; such components are solved as integer programs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.decision.components import NOWHERE, Components, alike, components, places_within, rank_within

__all__ = ["MAX_CELLS", "Assignment", "greedy", "heaviest"]

MAX_CELLS = 25_000_000  # of one component's cost matrix (200 MB); larger ones are assigned greedily and counted
_SMALL = 4  # most records on a side of components whose permutations are gone through together
_MOST_SETS = 10  # pairs of a component whose sets are gone through
_DENSE_CELLS = 1_000_000  # of a cost matrix; wider components with few pairs are solved as linear programs
_CELLS_A_PAIR = 100  # what a pair of a linear program costs beside a cell of a cost matrix
_CHUNK = 4_000  # pairs of one linear program
_TIE_BITS = 1e-6  # what a tie is broken by, from the heaviest pair to the lightest
_MAX_NODES = 20_000  # branches of an integer program before it is given up
_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Assignment:
    """
    Attributes:
        chosen: `(n_pairs,)` whether a pair stands.
        n_components: Groups of two or more pairs that compete.
        n_greedy: Such groups too large for the optimum, assigned best pair first.
        by_greed: `(n_pairs,)` the pairs of those groups.
    """

    chosen: BoolArray
    n_components: int
    n_greedy: int
    by_greed: BoolArray


def heaviest(
    a: IntArray, b: IntArray, bits: FloatArray, *, room: IntArray, one_sided: BoolArray, max_cells: int = MAX_CELLS
) -> Assignment:
    """
    The admissible pairs with the largest sum of bits.

    Args:
        a: `(n_pairs,)` node of one end; the pairs are distinct and come heaviest first.
        b: `(n_pairs,)` node of the other.
        bits: `(n_pairs,)` weights above 0.
        room: `(n_nodes,)` most pairs at a node.
        one_sided: `(n_pairs,)` whether a pair's ends are of one kind, so that odd cycles can occur.
        max_cells: Largest component solved: records times records, or pairs of a linear program.
    """
    tight = np.bincount(np.concatenate([a, b]), minlength=len(room)) > room
    chosen = ~(tight[a] | tight[b])
    rest = np.flatnonzero(~chosen)
    a, b, bits, one_sided = a[rest], b[rest], bits[rest], one_sided[rest]
    loose = np.arange(len(rest)) + len(room)  # a place nobody competes for
    a, b = np.where(tight[a], a, loose), np.where(tight[b], b, loose + len(rest))
    found = components(a, b)
    room = np.concatenate([room, np.ones(2 * len(rest), dtype=np.int64)])
    picked, open_ = _single(a, b, found, room=room, n_nodes=len(tight))
    two_sided = np.ones(found.n, dtype=bool)
    two_sided[found.of_pair[one_sided | (room[a] > 1) | (room[b] > 1)]] = False
    small = open_ & ~two_sided & (found.size <= _MOST_SETS)
    picked |= _enumerated(a, b, bits, found, small, room=room, n_nodes=len(tight))
    matched, wide = _assign(a, b, bits, found, open_ & two_sided, max_cells=max_cells)
    solved, large = _programme(a, b, bits, found, (open_ & ~two_sided & ~small) | wide, room=room, max_cells=max_cells)
    members = np.flatnonzero(found.spread(large))
    picked[members] = greedy(a[members], b[members], room=room)
    chosen[rest] = picked | matched | solved
    by_greed = np.zeros(len(chosen), dtype=bool)
    by_greed[rest] = found.spread(large)
    return Assignment(chosen, found.n, int(large.sum()), by_greed)


def _single(
    a: IntArray, b: IntArray, found: Components, *, room: IntArray, n_nodes: int
) -> tuple[BoolArray, BoolArray]:
    """Components with one contested node, whose heaviest pairs stand; and which components are left, `(n,)`."""
    ends = np.concatenate([a, b])
    contested = np.unique(ends[ends < n_nodes])
    of_node = np.zeros(n_nodes, dtype=np.int64)
    both = np.concatenate([found.of_pair, found.of_pair])
    of_node[ends[ends < n_nodes]] = both[ends < n_nodes]
    number = np.bincount(of_node[contested], minlength=found.n)
    single = found.spread(number == 1)
    centre = np.where(a < n_nodes, a, b)
    picked = np.zeros(len(a), dtype=bool)
    picked[single] = rank_within(centre[single]) < room[centre[single]]
    return picked, number > 1


def _enumerated(
    a: IntArray, b: IntArray, bits: FloatArray, found: Components, mine: BoolArray, *, room: IntArray, n_nodes: int
) -> BoolArray:
    """Components of few pairs: all their admissible sets, those of one structure together."""
    picked = np.zeros(len(a), dtype=bool)
    ends = (np.where(a < n_nodes, a, NOWHERE), np.where(b < n_nodes, b, NOWHERE))
    for group in alike(found, mine, a=ends[0], b=ends[1], room=room):
        sets = (np.arange(1 << len(group.a))[:, None] >> np.arange(len(group.a))) & 1
        for node, limit in enumerate(group.room.tolist()):
            sets = sets[sets[:, (group.a == node) | (group.b == node)].sum(axis=1) <= limit]
        for begin in range(0, len(group.pairs), _CHUNK):
            pairs = group.pairs[begin : begin + _CHUNK]
            best = np.argmax(np.round(bits[pairs] @ sets.T, 6), axis=1)
            picked[pairs] = sets[best] == 1
    return picked


def _assign(
    a: IntArray, b: IntArray, bits: FloatArray, found: Components, mine: BoolArray, *, max_cells: int
) -> tuple[BoolArray, BoolArray]:
    """Two-sided components with room for one everywhere: chosen pairs, and components too wide for this `(n,)`."""
    picked = np.zeros(len(a), dtype=bool)
    row, n_rows = places_within(a, found.of_pair, n=found.n)
    column, n_columns = places_within(b, found.of_pair, n=found.n)
    cells = n_rows * n_columns
    wide = mine & ((cells > max_cells) | ((cells > _DENSE_CELLS) & (found.size <= max_cells // _CELLS_A_PAIR)))
    small = mine & ~wide & (np.maximum(n_rows, n_columns) <= _SMALL)
    members = np.flatnonzero(found.spread(small))
    picked[members] = _permuted(row[members], column[members], bits[members], found.of_pair[members])
    for pairs in found.members(np.flatnonzero(mine & ~wide & ~small)):
        picked[pairs[_optimal(row[pairs], column[pairs], bits[pairs])]] = True
    return picked, wide


def _permuted(row: IntArray, column: IntArray, bits: FloatArray, of_pair: IntArray) -> BoolArray:
    """The best permutation of every small component; a cell without a pair weighs 0, which is staying unlinked."""
    if not len(row):
        return np.zeros(0, dtype=bool)
    _, component = np.unique(of_pair, return_inverse=True)
    table = np.zeros((int(component.max()) + 1, _SMALL, _SMALL))
    table[component, row, column] = bits
    ways = np.array(list(permutations(range(_SMALL))))
    best, which = np.full(len(table), -1.0), np.zeros(len(table), dtype=np.int64)
    for number, way in enumerate(ways):
        total = table[:, np.arange(_SMALL), way].sum(axis=1)
        better = total > best + 1e-12
        best[better], which[better] = total[better], number
    return np.asarray(ways[which[component], row] == column, dtype=bool)


def _optimal(row: IntArray, column: IntArray, bits: FloatArray) -> IntArray:
    """Pairs of the heaviest matching of one component."""
    from scipy.optimize import linear_sum_assignment  # takes half a second to load, and most components need none

    table = np.zeros((int(row.max()) + 1, int(column.max()) + 1))
    table[row, column] = bits
    where = np.full(table.shape, -1, dtype=np.int64)
    where[row, column] = np.arange(len(row))
    picked = where[linear_sum_assignment(table, maximize=True)]
    return np.asarray(picked[picked >= 0], dtype=np.int64)


def _programme(
    a: IntArray, b: IntArray, bits: FloatArray, found: Components, mine: BoolArray, *, room: IntArray, max_cells: int
) -> tuple[BoolArray, BoolArray]:
    """All other components, by linear programs of many at a time, and integer programs where halves are left."""
    picked = np.zeros(len(a), dtype=bool)
    large = mine & (found.size > max_cells // _CELLS_A_PAIR)
    for pairs in _chunks(found, np.flatnonzero(mine & ~large)):
        share = _solve(a[pairs], b[pairs], bits[pairs], room=room, whole=False)
        assert share is not None  # noqa: S101 - a linear program with bounded variables has an optimum
        halves = found.of_pair[pairs[np.abs(share - np.rint(share)) > 1e-6]]
        done = ~np.isin(found.of_pair[pairs], halves)
        picked[pairs[done]] = share[done] > 0.5
        for odd in found.members(np.unique(halves)):
            whole = _solve(a[odd], b[odd], bits[odd], room=room, whole=True)
            if whole is None:
                large[found.of_pair[odd[0]]] = True
            else:
                picked[odd] = whole > 0.5
    return picked & ~found.spread(large), large


def _chunks(found: Components, which: IntArray) -> Iterator[IntArray]:
    """The pairs of many small components together, or of one large one."""
    held = found.size[which]
    bins = np.cumsum(held) // _CHUNK
    for cut in np.split(which, np.flatnonzero(np.diff(bins)) + 1) if len(which) else ():
        yield np.concatenate(list(found.members(cut)))


def _solve(a: IntArray, b: IntArray, bits: FloatArray, *, room: IntArray, whole: bool) -> FloatArray | None:
    """How much of each pair the optimum takes; None if an integer program is given up."""
    n = len(a)
    nodes, place = np.unique(np.concatenate([a, b]), return_inverse=True)
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    taken = csr_array((np.ones(2 * n), (place, np.tile(np.arange(n), 2))), shape=(len(nodes), n))
    cost = -bits + _TIE_BITS * np.arange(n) / n
    found = milp(
        cost,
        constraints=LinearConstraint(taken, ub=room[nodes].astype(np.float64)),
        bounds=Bounds(0, 1),
        integrality=np.full(n, int(whole)),
        options={"node_limit": _MAX_NODES},
    )
    return np.asarray(found.x, dtype=np.float64) if found.status == 0 else None


def greedy(a: IntArray, b: IntArray, *, room: IntArray) -> BoolArray:
    """
    Best pair first, while there is room at both ends: fast, and not the optimum.

    Args:
        a: `(n_pairs,)` node of one end; heaviest first.
        b: `(n_pairs,)` node of the other.
        room: `(n_nodes,)` most pairs at a node.
    """
    picked, room = np.zeros(len(a), dtype=bool), room.copy()
    left = np.arange(len(a))
    for _ in range(_ROUNDS):  # a pair among the best at both its ends is chosen whatever happens elsewhere
        if not len(left):
            return picked
        ends = np.concatenate([a[left], b[left]])
        place = rank_within_first(ends, np.tile(np.arange(len(left)), 2))
        sure = (place < room[ends]).reshape(2, -1).all(axis=0)
        picked[left[sure]] = True
        np.subtract.at(room, np.concatenate([a[left[sure]], b[left[sure]]]), 1)
        left = left[~sure]
        left = left[(room[a[left]] > 0) & (room[b[left]] > 0)]
    for pair in left.tolist():
        if room[a[pair]] > 0 and room[b[pair]] > 0:
            picked[pair] = True
            room[a[pair]] -= 1
            room[b[pair]] -= 1
    return picked


def rank_within_first(groups: IntArray, position: IntArray) -> IntArray:
    """`(n,)` how many members of a member's group have an earlier position."""
    order = np.lexsort((position, groups))
    out = np.empty(len(groups), dtype=np.int64)
    out[order] = rank_within(groups[order])
    return out
