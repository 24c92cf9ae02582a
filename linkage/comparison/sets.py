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

_WIDTHS = (1, 2, 4, 8)  # of the table of small sets
_WIDEST = 32  # elements: larger sets are looked up element by element
_SCATTER = np.uint64(0x9E3779B97F4A7C15)  # multiplicative hashing (Knuth): the upper six bits of a product
_BATCH = 16_384  # pairs of small sets compared at once: what a processor keeps near
_CELLS = 4_000_000  # of comparisons of elements held at once: bounds memory


@dataclass(frozen=True, slots=True)
class Sets:
    """
    Sets one after the other.

    Attributes:
        starts: `(n_sets + 1,)` where each set begins in `items`.
        items: `(n_items,)` its elements, ascending, each once.
        sizes: `(n_sets,)` number of elements.
        masks: `(n_sets,)` which elements occur, one bit each (elements may share a bit).
        others: `(n_sets,)` the same with bits dealt out otherwise: elements that share a bit there seldom do here.
        table: `(n_sets, width)` the elements of sets that are no larger than the width, -1 after the last.
        n_items: Elements are below this.
    """

    starts: IntArray
    items: Int32Array
    sizes: Int32Array
    masks: NDArray[np.uint64]
    others: NDArray[np.uint64]
    table: Int32Array
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
        code = item.astype(np.uint64)
        masks, others = (np.zeros(n_sets, dtype=np.uint64) for _ in range(2))
        np.bitwise_or.at(masks, owner, np.uint64(1) << (code & np.uint64(63)))
        np.bitwise_or.at(others, owner, np.uint64(1) << (code * _SCATTER >> np.uint64(58)))
        sizes: Int32Array = np.diff(starts).astype(np.int32)
        flat: Int32Array = item.astype(np.int32)
        return cls(starts, flat, sizes, masks, others, _table(starts, sizes, flat), n_items)

    def most_shared(self, first: IntArray, second: IntArray, other: Sets | None = None) -> Int32Array:
        """`(n,)` the most elements each pair of sets can share."""
        right = self if other is None else other
        most = _bound(self.sizes[first], right.sizes[second], self.masks[first], right.masks[second])
        some = np.flatnonzero(most)
        one, two = first[some], second[some]
        sharper = _bound(self.sizes[one], right.sizes[two], self.others[one], right.others[two])
        most[some] = np.minimum(most[some], sharper)
        return most

    def shared(self, first: IntArray, second: IntArray, other: Sets | None = None) -> Int32Array:
        """
        `(n,)` elements that each pair of sets shares.

        Args:
            first: `(n,)` sets of this.
            second: `(n,)` sets of `other`.
            other: Sets over the same elements; these unless given.
        """
        right = self if other is None else other
        out = np.zeros(len(first), dtype=np.int32)
        open_ = np.flatnonzero(self.masks[first] & right.masks[second])
        open_ = open_[(self.others[first[open_]] & right.others[second[open_]]) != 0]
        one, two = first[open_], second[open_]
        widths = np.maximum(self.sizes[one], right.sizes[two])
        in_table = min(self.table.shape[1], right.table.shape[1])
        for part in _parts(np.flatnonzero(widths <= in_table), _BATCH):
            width = int(widths[part].max())
            out[open_[part]] = _shared_in(self.table[one[part]][:, :width], right.table[two[part]][:, :width])
        above = in_table
        for width in (4, 8, 16, _WIDEST):
            for part in _parts(np.flatnonzero((widths > above) & (widths <= width)), _CELLS // width**2):
                a, b = _places(self, one[part], width), _places(right, two[part], width)
                out[open_[part]] = _shared_in(a, b)
            above = max(above, width)
        for part in _parts(np.flatnonzero(widths > above), 10_000):
            out[open_[part]] = _shared_wide(self, right, one[part], two[part])
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


def _bound(n_a: Int32Array, n_b: Int32Array, a: NDArray[np.uint64], b: NDArray[np.uint64]) -> Int32Array:
    """The most elements that sets of these sizes and bits can share."""
    most = n_a - np.bitwise_count(a & ~b)
    np.minimum(most, n_b - np.bitwise_count(b & ~a), out=most)
    return np.asarray(most, dtype=np.int32)


def _parts(rows: IntArray, size: int) -> list[IntArray]:
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def _table(starts: IntArray, sizes: Int32Array, items: Int32Array) -> Int32Array:
    """Elements of the smaller sets side by side: as wide as nine of ten sets need."""
    usual = int(np.quantile(sizes, 0.9)) if len(sizes) else 0
    width = next((width for width in _WIDTHS if width >= usual), _WIDTHS[-1])
    out = np.full((len(sizes), width), -1, dtype=np.int32)
    for place in range(width):
        there = np.flatnonzero((sizes > place) & (sizes <= width))
        out[there, place] = items[starts[there] + place]
    return out


def _shared_in(a: Int32Array, b: Int32Array) -> IntArray:
    """`(n,)` elements that occur in both rows; -1 is none."""
    out = np.zeros(len(a), dtype=np.int64)
    columns = [np.ascontiguousarray(b[:, place]) for place in range(b.shape[1])]
    for place in range(a.shape[1]):
        mine = np.ascontiguousarray(a[:, place])
        found: BoolArray = columns[0] == mine
        for other in columns[1:]:
            found |= other == mine
        found &= mine >= 0
        out += found
    return out


def _places(sets: Sets, which: IntArray, width: int) -> Int32Array:
    """`(n, width)` elements, -1 after the last."""
    places = sets.starts[which][:, None] + np.arange(width)
    inside = np.arange(width) < sets.sizes[which][:, None]
    return np.where(inside, sets.items[np.minimum(places, len(sets.items) - 1)], -1).astype(np.int32)


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
