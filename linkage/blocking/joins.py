"""
Equality joins of integer keys, expanded to pairs in slices of bounded size. Opens nothing.

Both sides are walked in the order of their keys, so that the rows of a block stay in the processor's cache; the
slices are cut at a pair, so that no block, however large on either side, breaks the bound.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from linkage.arrays import BoolArray, Int32Array, IntArray

__all__ = ["Expanded", "Join", "grouped"]


class Expanded(NamedTuple):
    """`(n,)` rows of the pairs of a slice, and the key they share."""

    left: IntArray
    right: IntArray
    key: Int32Array


class Grouped(NamedTuple):
    """Entries of one side, those of a key together: `order[starts[key]:starts[key + 1]]`, in the order of the rows."""

    order: IntArray
    starts: IntArray


def grouped(keys: Int32Array, n_keys: int) -> Grouped:
    """Entries by key, the missing left out."""
    there = np.flatnonzero(keys >= 0)
    if n_keys < np.iinfo(np.uint16).max:  # numpy sorts these by radix, several times sooner
        order = there[np.argsort(keys[there].astype(np.uint16), kind="stable")]
    else:
        order = there[_stable_order(keys[there])]
    counts = np.bincount(keys[there], minlength=n_keys)
    return Grouped(order, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _stable_order(keys: Int32Array) -> IntArray:
    """Stable order by two radix passes of sixteen bits."""
    low = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    high = (keys >> 16).astype(np.uint16)[low]
    return np.asarray(low[np.argsort(high, kind="stable")], dtype=np.int64)


class Join:
    """
    Pairs of entries with equal keys.

    Args:
        left: `(n_left_entries,)` keys, -1 = none.
        right: `(n_right_entries,)` the same; the same object as `left` for a join of entries with later ones.
        n_keys: Keys are below this.
        left_rows: Row of each left entry; None where entries are rows.
        right_rows: Row of each right entry.
    """

    def __init__(
        self,
        left: Int32Array,
        right: Int32Array,
        n_keys: int,
        *,
        left_rows: IntArray | None = None,
        right_rows: IntArray | None = None,
    ) -> None:
        self.triangular = right is left
        self.keys = left
        self._left_rows, self._right_rows = left_rows, right_rows
        self._left = grouped(left, n_keys)
        self._right = self._left if self.triangular else grouped(right, n_keys)

    def counts(self) -> tuple[IntArray, IntArray]:
        """`(n_keys,)` entries with each key, left and right."""
        return np.diff(self._left.starts), np.diff(self._right.starts)

    def blocks(self) -> IntArray:
        """`(n_keys,)` pairs of each key."""
        left, right = self.counts()
        return left * (left - 1) // 2 if self.triangular else left * right

    def walk(self, only: BoolArray | None = None) -> Walk:
        """The join from its first to its last pair; with `only`, of some left rows."""
        order = self._left.order
        keys = self.keys[order]
        stop = self._right.starts[keys + 1]
        first = np.arange(1, len(order) + 1) if self.triangular else self._right.starts[keys]
        held = stop > first
        if only is not None:
            rows = order if self._left_rows is None else self._left_rows[order]
            held &= only[rows]
        places = np.flatnonzero(held)
        entries = order[places]
        return Walk(
            entries=entries,
            rows=entries if self._left_rows is None else self._left_rows[entries],
            keys=keys[places],
            first=first[places],
            ends=np.cumsum(stop[places] - first[places]),
            partners=self._right.order if self._right_rows is None else self._right_rows[self._right.order],
        )


class Walk(NamedTuple):
    """
    The pairs of a join in their order.

    Attributes:
        entries: `(n,)` left entries that have a partner, in the order of their keys.
        rows: `(n,)` their rows.
        keys: `(n,)` their keys.
        first: `(n,)` place of the first partner among `partners`; the others follow it.
        ends: `(n,)` running total of their pairs.
        partners: Right rows in the order of their keys.
    """

    entries: IntArray
    rows: IntArray
    keys: Int32Array
    first: IntArray
    ends: IntArray
    partners: IntArray

    @property
    def n_pairs(self) -> int:
        """All of them."""
        return int(self.ends[-1]) if len(self.ends) else 0

    def expand(self, begin: int, stop: int) -> Expanded:
        """The pairs from place `begin` to before `stop`."""
        low, high = np.searchsorted(self.ends, [begin, stop - 1], side="right")
        ends = self.ends[low : high + 1]
        starts = np.concatenate([[self.ends[low - 1] if low else 0], ends[:-1]])
        taken = np.minimum(ends, stop) - np.maximum(starts, begin)
        shift = self.first[low : high + 1] - starts
        at = np.repeat(shift, taken)
        at += np.arange(begin, stop)
        return Expanded(
            np.repeat(self.rows[low : high + 1], taken),
            self.partners[at],
            np.repeat(self.keys[low : high + 1], taken),
        )
