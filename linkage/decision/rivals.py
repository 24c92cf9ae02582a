"""
By how much each pair won or lost: the best assignment against the best one that decides this pair otherwise. Pure.

The difference is the cheapest exchange through the pair: a shortest way round in the residual network of the
assignment, found for many components of equal size at once. One-sided components (duplicates within one source) are
gone through by dynamic programming.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.decision.components import places_within
from linkage.decision.frontier import sweep
from linkage.decision.posterior import MOST_STATES, Contest, narrow

__all__ = ["Rivals", "rivals"]

_MOST_NODES = 400  # of a component whose margins are computed
_CELLS = 1 << 22  # of the tables held at once


@dataclass(frozen=True, slots=True)
class Rivals:
    """
    Attributes:
        margin_bits: `(n_pairs,)` by how many bits the best assignment beats the best that decides the pair otherwise;
            infinite where nothing competes, NaN where the component was too large.
        competitor: `(n_pairs,)` the pair that would take its place, or took it; -1 without one.
    """

    margin_bits: FloatArray
    competitor: IntArray


def rivals(bits: FloatArray, chosen: BoolArray, *, within: Contest, optimal: BoolArray) -> Rivals:
    """
    Margins and competitors.

    Args:
        bits: `(n_pairs,)` what the assignment made as large as possible.
        chosen: `(n_pairs,)` the assignment.
        within: Who competes.
        optimal: `(n_pairs,)` False where the assignment is not the best there is.
    """
    margin, competitor = np.full(len(bits), np.inf), np.full(len(bits), -1, dtype=np.int64)
    if not len(within.pairs):
        return Rivals(margin, competitor)
    weight, taken = bits[within.pairs], chosen[within.pairs]
    known = np.full(len(weight), np.nan)
    solvable = np.ones(within.groups.n, dtype=bool)
    solvable[within.groups.of_pair[~optimal[within.pairs]]] = False
    one_sided = np.zeros(within.groups.n, dtype=bool)
    one_sided[within.groups.of_pair[within.one_sided]] = True
    one_sided &= within.groups.size > 1
    for found, shape in narrow(within, solvable & one_sided, most_states=MOST_STATES):
        rows = found.pairs
        with_pair, without, best = sweep(shape, weight[rows], combine=np.maximum)
        known[rows] = np.maximum(best[:, None] - np.where(taken[rows], without, with_pair), 0.0)
    _exchange(weight, taken, known, within=within, which=solvable & ~one_sided)
    margin[within.pairs] = known
    competitor[within.pairs] = _competitors(weight, taken, known, within=within)
    return Rivals(margin, competitor)


def _exchange(weight: FloatArray, taken: BoolArray, known: FloatArray, *, within: Contest, which: BoolArray) -> None:
    """Fill in the margins of two-sided components."""
    members = np.flatnonzero(within.groups.spread(which))
    if not len(members):
        return
    ends = np.concatenate([within.a[members], within.b[members]])
    of_pair = np.tile(within.groups.of_pair[members], 2)
    held = ends >= 0
    place, n_nodes = np.zeros(len(ends), dtype=np.int64), np.zeros(within.groups.n, dtype=np.int64)
    inside, n_nodes = places_within(ends[held], of_pair[held], n=within.groups.n)
    place[held] = inside + 1  # place 0 is the pool: all that nobody competes for
    place_a, place_b = place.reshape(2, -1)
    load = np.bincount(ends[held & np.tile(taken[members], 2)], minlength=len(within.room))
    size = n_nodes[within.groups.of_pair[members]] + 1
    for nodes in np.unique(size[size <= _MOST_NODES]).tolist():
        mine = np.flatnonzero(size == nodes)
        for part in _parts(within.groups.of_pair[members[mine]], most=max(1, _CELLS // nodes**2)):
            rows = mine[part]
            pairs = members[rows]
            _, component = np.unique(within.groups.of_pair[pairs], return_inverse=True)
            table = _residual(weight[pairs], taken[pairs], (component, place_a[rows], place_b[rows]), nodes=nodes)
            _pool(table, within, pairs, (component, place_a[rows], place_b[rows]), load=load)
            for middle in range(nodes):
                np.minimum(table, table[:, :, middle, None] + table[:, None, middle, :], out=table)
            forth = table[component, place_a[rows], place_b[rows]]
            back = table[component, place_b[rows], place_a[rows]]
            known[pairs] = np.maximum(np.where(taken[pairs], weight[pairs] + forth, back - weight[pairs]), 0.0)


def _parts(of_pair: IntArray, *, most: int) -> Iterator[IntArray]:
    """The pairs of at most so many components at a time."""
    _, number = np.unique(of_pair, return_inverse=True)
    order = np.argsort(number, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(number[order] // most)) + 1)


def _residual(
    weight: FloatArray, taken: BoolArray, place: tuple[IntArray, IntArray, IntArray], *, nodes: int
) -> FloatArray:
    """What it costs to add each pair (left to right) or to give it up (right to left)."""
    component, a, b = place
    table = np.full((int(component.max()) + 1, nodes, nodes), np.inf)
    table[:, np.arange(nodes), np.arange(nodes)] = 0.0
    np.minimum.at(table, (component[~taken], a[~taken], b[~taken]), -weight[~taken])
    np.minimum.at(table, (component[taken], b[taken], a[taken]), weight[taken])
    return table


def _pool(
    table: FloatArray, within: Contest, pairs: IntArray, place: tuple[IntArray, IntArray, IntArray], *, load: IntArray
) -> None:
    """Ways to and from the pool: a node with room takes one more, a node that holds one lets go."""
    component, *ends = place
    for end, nodes, left in ((ends[0], within.a[pairs], True), (ends[1], within.b[pairs], False)):
        real = nodes >= 0
        spare, holds = load[nodes[real]] < within.room[nodes[real]], load[nodes[real]] > 0
        into, out = (spare, holds) if left else (holds, spare)
        table[component[real][into], 0, end[real][into]] = np.minimum(
            table[component[real][into], 0, end[real][into]], 0.0
        )
        table[component[real][out], end[real][out], 0] = np.minimum(table[component[real][out], end[real][out], 0], 0.0)


def _competitors(weight: FloatArray, taken: BoolArray, known: FloatArray, *, within: Contest) -> IntArray:
    """Of a chosen pair the neighbour that lost by least; of one that lost the heaviest chosen neighbour."""
    n = len(weight)
    ends, pair = np.concatenate([within.a, within.b]), np.tile(np.arange(n), 2)
    held = ends >= 0
    ends, pair = ends[held], pair[held]
    closeness = np.where(taken, -np.inf, -np.nan_to_num(known, nan=np.inf))
    best_lost = _best_at(ends, pair, closeness, ~taken, n_nodes=len(within.room))
    best_kept = _best_at(ends, pair, weight, taken, n_nodes=len(within.room))
    out = np.full(n, -1, dtype=np.int64)
    for mine, best, worth in ((taken, best_lost, closeness), (~taken, best_kept, weight)):
        first, second = (np.where(end[mine] >= 0, best[end[mine]], -1) for end in (within.a, within.b))
        worth_of = np.append(worth, -np.inf)
        picked = np.where((second >= 0) & ((first < 0) | (worth_of[second] > worth_of[first])), second, first)
        out[mine] = np.where(picked >= 0, within.pairs[picked], -1)
    return out


def _best_at(ends: IntArray, pair: IntArray, worth: FloatArray, among: BoolArray, *, n_nodes: int) -> IntArray:
    """`(n_nodes,)` the best such pair at each node, ties to the first; -1 without one."""
    kept = among[pair]
    ends, pair = ends[kept], pair[kept]
    order = np.lexsort((-pair, worth[pair]))
    best = np.full(n_nodes, -1, dtype=np.int64)
    best[ends[order]] = pair[order]
    return best
