"""
Sets of small integers (codes of elements), compared many pairs at a time without a loop over pairs. Opens nothing.

Each set carries 64 bits that say which elements it may have. An element whose bit the other set lacks is not shared,
so that `size - bits missing on the other side` bounds the number of shared elements from above; what survives that is
counted exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.arrays import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["Sets"]

_WIDEST = 32  # elements: larger sets are looked up element by element
_CELLS = 4_000_000  # of comparisons of elements held at once: bounds memory


@dataclass(frozen=True, slots=True)
class Sets:
    """
    Sets one after the other.

    Attributes:
        starts: `(n_sets + 1,)` where each set begins in `items`.
        items: `(n_items,)` its elements, ascending, each once.
        masks: `(n_sets,)` which elements occur, one bit each (elements may share a bit).
        n_items: Elements are below this.
    """

    starts: IntArray
    items: Int32Array
    masks: NDArray[np.uint64]
    n_items: int

    @classmethod
    def of(cls, owners: IntArray, items: IntArray, *, n_sets: int, n_items: int) -> Sets:
        """
        From a list of memberships; an element given twice is one.

        Args:
            owners: `(n,)` set of each membership.
            items: `(n,)` its element.
            n_sets: Number of sets.
            n_items: Number of elements there are.
        """
        keys = np.sort(
            owners.astype(np.int64) * max(n_items, 1) + items
        )  # np.unique would hash: a hundred times slower
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
        owner, item = np.divmod(keys, max(n_items, 1))
        starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n_sets))]).astype(np.int64)
        masks = np.zeros(n_sets, dtype=np.uint64)
        np.bitwise_or.at(masks, owner, np.uint64(1) << (item.astype(np.uint64) & np.uint64(63)))
        return cls(starts, item.astype(np.int32), masks, n_items)

    @property
    def sizes(self) -> IntArray:
        """`(n_sets,)` number of elements."""
        return np.diff(self.starts)

    def most_shared(self, first: IntArray, second: IntArray, other: Sets | None = None) -> IntArray:
        """`(n,)` the most elements each pair of sets can share."""
        right = self if other is None else other
        a, b = self.masks[first], right.masks[second]
        n_a, n_b = self.starts[first + 1] - self.starts[first], right.starts[second + 1] - right.starts[second]
        most = np.minimum(n_a - np.bitwise_count(a & ~b), n_b - np.bitwise_count(b & ~a))
        return np.asarray(most, dtype=np.int64)

    def shared(self, first: IntArray, second: IntArray, other: Sets | None = None) -> IntArray:
        """
        `(n,)` elements that each pair of sets shares.

        Args:
            first: `(n,)` sets of this.
            second: `(n,)` sets of `other`.
            other: Sets over the same elements; these unless given.
        """
        right = self if other is None else other
        out = np.zeros(len(first), dtype=np.int64)
        open_ = np.flatnonzero(self.masks[first] & right.masks[second])
        widths = np.maximum(
            self.starts[first[open_] + 1] - self.starts[first[open_]],
            right.starts[second[open_] + 1] - right.starts[second[open_]],
        )
        above = 0
        for width in (2, 4, 8, 16, _WIDEST):
            here = open_[(widths > above) & (widths <= width)]
            for part in _parts(here, _CELLS // width**2):
                out[part] = _shared_narrow(self, right, first[part], second[part], width)
            above = width
        for part in _parts(open_[widths > _WIDEST], 10_000):
            out[part] = _shared_wide(self, right, first[part], second[part])
        return out

    def least_shared(self, first: IntArray, second: IntArray, other: Sets, cost: FloatArray) -> FloatArray:
        """
        The smallest cost among the elements each pair shares; NaN where none is.

        Args:
            first: `(n,)` sets of this.
            second: `(n,)` sets of `other`.
            other: Sets over the same elements.
            cost: `(n_items,)` cost of each element.
        """
        out = np.full(len(first), np.nan)
        for part in _parts(np.arange(len(first)), 20_000):
            pair, item, there = _looked_up(self, other, first[part], second[part])
            least = np.full(len(part), np.inf)
            np.minimum.at(least, pair[there], cost[item[there]])
            out[part] = np.where(np.isinf(least), np.nan, least)
        return out


def _parts(rows: IntArray, size: int) -> list[IntArray]:
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def _shared_narrow(left: Sets, right: Sets, first: IntArray, second: IntArray, width: int) -> IntArray:
    """Every element of one with every element of the other, `width` places a set."""
    a, b = _places(left, first, width, -1), _places(right, second, width, -2)
    found: BoolArray = np.zeros(a.shape, dtype=bool)
    for place in range(width):
        found |= a == b[:, place : place + 1]
    return np.asarray(found.sum(axis=1), dtype=np.int64)


def _places(sets: Sets, which: IntArray, width: int, filler: int) -> Int32Array:
    """`(n, width)` elements, `filler` after the last."""
    places = sets.starts[which][:, None] + np.arange(width)
    inside = places < sets.starts[which + 1][:, None]
    return np.where(inside, sets.items[np.minimum(places, len(sets.items) - 1)], filler).astype(np.int32)


def _shared_wide(left: Sets, right: Sets, first: IntArray, second: IntArray) -> IntArray:
    pair, _, there = _looked_up(left, right, first, second)
    return np.bincount(pair[there], minlength=len(first)).astype(np.int64)


def _looked_up(left: Sets, right: Sets, first: IntArray, second: IntArray) -> tuple[IntArray, Int32Array, BoolArray]:
    """Every element of the first sets: its pair, itself, and whether the second set of the pair has it."""
    sizes = left.starts[first + 1] - left.starts[first]
    pair = np.repeat(np.arange(len(first)), sizes)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    item = left.items[left.starts[first][pair] + offset]
    return pair, item, _among(right, second[pair], item)


def _among(sets: Sets, which: IntArray, item: Int32Array) -> BoolArray:
    """Whether each set has the element: a binary search in all sets at once."""
    low, high = sets.starts[which].copy(), sets.starts[which + 1].copy()
    end = high.copy()
    for _ in range(int((high - low).max(initial=0)).bit_length()):
        middle = (low + high) >> 1
        below = (middle < high) & (sets.items[np.minimum(middle, len(sets.items) - 1)] < item)
        low, high = np.where(below, middle + 1, low), np.where(below, high, middle)
    found = sets.items[np.minimum(low, len(sets.items) - 1)] == item if len(sets.items) else low < end
    return np.asarray(found & (low < end), dtype=bool)
