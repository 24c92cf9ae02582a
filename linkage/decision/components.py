"""Groups of pairs that compete for places, and where each of their nodes stands within them. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linkage.arrays import BoolArray, IntArray
from linkage.decision.connected import connected

__all__ = ["NOWHERE", "Alike", "Components", "alike", "components", "places_within", "rank_within"]

NOWHERE = -1  # an end nobody competes for


@dataclass(frozen=True, slots=True)
class Alike:
    """
    Components of one structure, which can be solved together.

    Attributes:
        numbers: `(n,)` which components they are.
        pairs: `(n, n_pairs)` their pairs, in one order.
        a: `(n_pairs,)` node of one end of each, from 0, or `NOWHERE`.
        b: `(n_pairs,)` node of the other.
        room: `(n_nodes,)` most pairs at each node.
    """

    numbers: IntArray
    pairs: IntArray
    a: IntArray
    b: IntArray
    room: IntArray


@dataclass(frozen=True, slots=True)
class Components:
    """
    Pairs by connected component.

    Attributes:
        of_pair: `(n_pairs,)` component of each pair, numbered by its first pair.
        order: `(n_pairs,)` the pairs by component, in their order within each.
        first: `(n + 1,)` where each component begins in `order`.
    """

    of_pair: IntArray
    order: IntArray
    first: IntArray

    @property
    def n(self) -> int:
        """Components."""
        return len(self.first) - 1

    @property
    def size(self) -> IntArray:
        """`(n,)` pairs of each."""
        return np.diff(self.first)

    def members(self, which: IntArray) -> Iterator[IntArray]:
        """The pairs of each of these components."""
        for number in which.tolist():
            yield self.order[self.first[number] : self.first[number + 1]]

    def spread(self, chosen: BoolArray) -> BoolArray:
        """`(n_pairs,)` whether a pair's component is one of the chosen. Args: chosen: `(n,)`."""
        return np.asarray(chosen[self.of_pair], dtype=bool)


def components(a: IntArray, b: IntArray) -> Components:
    """Components of the graph whose edges are the pairs. Args: a, b: `(n_pairs,)` nodes of one numbering."""
    if not len(a):
        none = np.zeros(0, dtype=np.int64)
        return Components(none, none, np.zeros(1, dtype=np.int64))
    size = int(max(a.max(), b.max())) + 1
    label = connected(a, b, n=size)[a]
    seen = np.full(int(label.max()) + 1, -1, dtype=np.int64)
    seen[label[::-1]] = np.arange(len(a) - 1, -1, -1)
    firsts = np.zeros(len(a), dtype=np.int64)
    firsts[seen[seen >= 0]] = 1
    of_pair = (np.cumsum(firsts) - 1)[seen[label]]
    order = np.argsort(of_pair, kind="stable")
    return Components(of_pair, order, np.concatenate([[0], np.cumsum(np.bincount(of_pair))]).astype(np.int64))


def rank_within(groups: IntArray) -> IntArray:
    """`(n,)` how many earlier members a member's group has: 0 for the first of each."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(groups) else order[:0]
    lengths = np.diff(np.concatenate([begins, [len(groups)]]))
    out = np.empty(len(groups), dtype=np.int64)
    out[order] = np.arange(len(groups)) - np.repeat(begins, lengths)
    return out


def places_within(nodes: IntArray, of_pair: IntArray, *, n: int) -> tuple[IntArray, IntArray]:
    """
    Where each pair's node stands among the nodes of its component, by number.

    Args:
        nodes: `(n_pairs,)` one end of each pair; a node lies in one component.
        of_pair: `(n_pairs,)` component of each pair.
        n: Components.

    Returns:
        `(n_pairs,)` place from 0, and `(n,)` how many such nodes each component has.
    """
    distinct, index = np.unique(nodes, return_inverse=True)
    component = np.zeros(len(distinct), dtype=np.int64)
    component[index] = of_pair
    return rank_within(component)[index], np.bincount(component, minlength=n)


def alike(found: Components, which: BoolArray, *, a: IntArray, b: IntArray, room: IntArray) -> Iterator[Alike]:
    """
    These components by structure.

    Args:
        found: The components of the pairs.
        which: `(found.n,)` those that are wanted.
        a: `(n_pairs,)` contested node of one end, `NOWHERE` where nobody competes.
        b: `(n_pairs,)` of the other.
        room: `(n_nodes,)` most pairs at a node.
    """
    members = np.flatnonzero(found.spread(which))
    ends = np.concatenate([a[members], b[members]])
    held = ends >= 0
    place = np.full(len(ends), NOWHERE, dtype=np.int64)
    place[held] = places_within(ends[held], np.tile(found.of_pair[members], 2)[held], n=found.n)[0]
    local = np.full((2, len(a)), NOWHERE, dtype=np.int64)
    local[:, members] = place.reshape(2, -1)
    rooms = np.append(room, 0)
    sizes = found.size
    for size in np.unique(sizes[which]).tolist():
        numbers = np.flatnonzero(which & (sizes == size))
        pairs = found.order[found.first[numbers][:, None] + np.arange(size)]
        at = local[:, pairs]
        by_place = np.argsort(at[0] * (2 * size + 2) + at[1], axis=1, kind="stable")
        pairs = np.take_along_axis(pairs, by_place, axis=1)
        described = np.concatenate([*local[:, pairs], rooms[a[pairs]], rooms[b[pairs]]], axis=1)
        shapes, which_shape = np.unique(described, axis=0, return_inverse=True)
        order = np.argsort(which_shape.ravel(), kind="stable")
        cuts = np.cumsum(np.bincount(which_shape.ravel()))[:-1]
        for shape, mine in zip(shapes, np.split(order, cuts), strict=True):
            first, second, *space = shape.reshape(4, size)
            inside = np.ones(int(max(first.max(), second.max())) + 1, dtype=np.int64)
            for end, limit in zip((first, second), space, strict=True):
                inside[end[end >= 0]] = limit[end >= 0]
            yield Alike(numbers[mine], pairs[mine], first, second, inside)
