"""
The first look at a pair: which value codes are equal, and the most it can weigh by that. Opens nothing.

A comparison with value codes is equal, unequal, or (a value missing) unknown; 3 to the number of comparisons cells
hold the most that such a pair can weigh. A pair with equal codes gets the term-frequency bits of its own value, so
that the bound is exact for rare values too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.arrays import BoolArray, FloatArray, Int8Array, Int32Array, IntArray
from linkage.columns import Codes
from linkage.kernel.bounds import SLACK_BITS, blocks_of, unknown_gammas
from linkage.kernel.contract import UNKNOWN, UNSETTLED, Comparable, Terms, quick_of
from linkage.model.weights import PatternWeights

__all__ = ["EqualityBound", "Survivors"]

_MOST = 9  # comparisons that are looked at: 19,683 cells


@dataclass(frozen=True, slots=True)
class Looked:
    """
    One comparison that is looked at.

    Attributes:
        column: The comparison.
        top: Its strongest level.
        null_by_code: Whether a pair is null only where a code is missing.
        left: `(n_left,)` value codes, -1 = missing.
        right: `(n_right,)` the same.
        stride: Step of its state in the table.
        bits: `(n_values,)` most that its terms add where codes are equal; empty where it has none.
    """

    column: int
    top: int
    null_by_code: bool
    left: Int32Array
    right: Int32Array
    stride: int
    bits: NDArray[np.float32]


class Survivors(NamedTuple):
    """
    Pairs that can reach the floor.

    Attributes:
        n_pairs: Pairs that were looked at.
        left: `(n,)` left rows.
        right: `(n,)` right rows.
        cell: `(n,)` their cell in the table: which codes are equal.
        own: `(n,)` what the terms of the values agreed on add at most (bits).
    """

    n_pairs: int
    left: IntArray
    right: IntArray
    cell: NDArray[np.int16]
    own: NDArray[np.float32]

    @classmethod
    def together(cls, parts: Sequence[Survivors]) -> Survivors:
        """Several, one behind the other."""
        return cls(
            sum(part.n_pairs for part in parts),
            np.concatenate([part.left for part in parts]),
            np.concatenate([part.right for part in parts]),
            np.concatenate([part.cell for part in parts]),
            np.concatenate([part.own for part in parts]),
        )


class EqualityBound:
    """
    Bounds from the equality of value codes.

    Args:
        weights: The model's weights.
        prepared: The comparisons.
        terms: Term-frequency weights.
        floor_bits: Weight without the prior that a pair must be able to reach (bits).
    """

    def __init__(
        self,
        weights: PatternWeights,
        prepared: Sequence[Comparable],
        terms: Sequence[Terms],
        *,
        floor_bits: float,
    ) -> None:
        self.floor = np.float32(floor_bits - SLACK_BITS)
        self._n_comparisons = len(prepared)
        columns = _looked_at(weights, prepared)
        known = {column: _null_by_code(prepared[column]) for column in columns}
        table = np.zeros(())
        order: list[int] = []
        for block in blocks_of(weights):
            bits = block.bits
            for axis in reversed(range(len(block.columns))):
                column = block.columns[axis]
                extra = [term for term in terms if term.column == column]
                if column in columns:
                    bits = _by_state(bits, axis, extra, null_by_code=known[column])
                else:
                    bits = _best(bits, axis, extra)
            table = np.add.outer(table, bits)
            order += [column for column in block.columns if column in columns]
        self.table: NDArray[np.float32] = table.reshape(-1).astype(np.float32)
        grouped = {column for members in weights.members for column in members}
        self.looked = [
            Looked(
                column,
                weights.n_levels[column] - 1,
                known[column],
                *_sides(prepared[column]),
                3 ** (len(order) - 1 - place),
                _bits_by_value(_at_top(terms, column, weights), prepared[column].codes, grouped=column in grouped),
            )
            for place, column in enumerate(order)
        ]

    def reaching(self, left: IntArray, right: IntArray) -> Survivors:
        """The pairs that can reach the floor, in their order."""
        cell = np.zeros(len(left), dtype=np.int16)
        own = np.zeros(len(left), dtype=np.float32)
        for part in self.looked:
            a, b = part.left[left], part.right[right]
            equal = a == b
            state = np.subtract(2, equal, dtype=np.int16, casting="unsafe")
            state[(a | b) < 0] = 0
            if len(part.bits):
                agreed = np.flatnonzero(state == 1)
                own[agreed] += part.bits[a[agreed]]
            state *= np.int16(part.stride)
            cell += state
        kept = np.flatnonzero(self.table[cell] + own >= self.floor)
        return Survivors(len(left), left[kept], right[kept], cell[kept], own[kept])

    def known(self) -> Int8Array:
        """`(n_cells, n_comparisons)` what each cell says: the strongest level, `UNSETTLED` or `UNKNOWN`."""
        gammas = unknown_gammas(len(self.table), self._n_comparisons)
        for part in self.looked:
            state = np.arange(len(self.table)) // part.stride % 3
            unequal = UNSETTLED if part.null_by_code else UNKNOWN
            gammas[:, part.column] = np.array([UNKNOWN, part.top, unequal], dtype=np.int8)[state]
        return gammas


def _looked_at(weights: PatternWeights, prepared: Sequence[Comparable]) -> set[int]:
    """The comparisons with codes; the weightiest where there are many."""
    coded = [column for column, part in enumerate(prepared) if part.codes is not None]
    spread = {column: float(np.ptp(block.bits)) for block in blocks_of(weights) for column in block.columns}
    return set(sorted(coded, key=lambda column: (-spread[column], column))[:_MOST])


def _null_by_code(prepared: Comparable) -> bool:
    """
    Whether a pair is null only where a code is missing.

    A date that cannot be parsed has a code and is null. So every value is asked once for, beside one of the other
    side: integer work, and no more than there are distinct values.
    """
    codes, quick = prepared.codes, quick_of(prepared)
    if codes is None or quick is None:
        return False
    for one, two, turned in ((codes.left, codes.right, False), (codes.right, codes.left, True)):
        rows, others = _first_rows(one, len(codes)), _first_rows(two, len(codes))
        rows, others = rows[rows >= 0], others[others >= 0]
        if not len(others):
            return False
        beside = np.full(len(rows), others[-1])
        asked = quick(beside, rows) if turned else quick(rows, beside)
        if (asked == -1).any():
            return False
    return True


def _by_state(bits: FloatArray, axis: int, terms: Sequence[Terms], *, null_by_code: bool) -> FloatArray:
    """The axis of a comparison as unknown, equal, unequal: the most over the levels each may have."""
    n_levels = bits.shape[axis] - 1
    raised = _raised(bits, axis, terms)
    top = n_levels - 1
    rest = [index for index in range(n_levels + 1) if index != top and not (null_by_code and index == n_levels)]
    unknown = raised.max(axis=axis, keepdims=True)
    equal = np.take(bits, [top], axis=axis)  # its own value's bits are added pair by pair
    unequal = np.take(raised, rest, axis=axis).max(axis=axis, keepdims=True)
    return np.concatenate([unknown, equal, unequal], axis=axis)


def _best(bits: FloatArray, axis: int, terms: Sequence[Terms]) -> FloatArray:
    return np.asarray(_raised(bits, axis, terms).max(axis=axis), dtype=np.float64)


def _raised(bits: FloatArray, axis: int, terms: Sequence[Terms]) -> FloatArray:
    """Every level with the most that its terms can add."""
    added = np.zeros(bits.shape[axis])
    for term in terms:
        added[term.level] += max(term.largest, 0.0)
    shape = [1] * bits.ndim
    shape[axis] = -1
    return bits + added.reshape(shape)


def _at_top(terms: Sequence[Terms], column: int, weights: PatternWeights) -> list[Terms]:
    return [term for term in terms if term.column == column and term.level == weights.n_levels[column] - 1]


def _sides(prepared: Comparable) -> tuple[Int32Array, Int32Array]:
    none = np.zeros(0, dtype=np.int32)
    return (none, none) if prepared.codes is None else (prepared.codes.left, prepared.codes.right)


def _bits_by_value(terms: Sequence[Terms], codes: Codes | None, *, grouped: bool) -> NDArray[np.float32]:
    """`(n_values,)` bits of each value that both sides have, asked for with one row of each side."""
    if not terms or codes is None:
        return np.zeros(0, dtype=np.float32)
    left, right = _first_rows(codes.left, len(codes)), _first_rows(codes.right, len(codes))
    both: BoolArray = (left >= 0) & (right >= 0)
    out = np.zeros(len(codes))
    for term in terms:
        bits = term.of_pairs(left[both], right[both])
        out[both] += np.maximum(bits, 0.0) if grouped else bits  # a dependent group brings them nearer to 0
    return out.astype(np.float32)


def _first_rows(codes: Int32Array, n_values: int) -> IntArray:
    """`(n_values,)` first row with each value, -1 for none."""
    out = np.full(n_values + 1, -1, dtype=np.int64)
    out[codes[::-1]] = np.arange(len(codes))[::-1]
    return out[:-1]
