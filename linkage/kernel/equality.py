"""
The first look at a pair: which value codes are equal, and the most it can weigh by that. Opens nothing.

A comparison with value codes is equal, unequal, or (a value missing) unknown; 3 to the number of comparisons cells
hold the most that such a pair can weigh. A pair with equal codes gets the term-frequency bits of its own value, so
that the bound is exact for rare values too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.arrays import BoolArray, FloatArray, Int32Array, IntArray
from linkage.columns import Codes
from linkage.kernel.bounds import SLACK_BITS, blocks_of
from linkage.kernel.contract import Comparable, Terms
from linkage.model.weights import PatternWeights

__all__ = ["EqualityBound"]

_MOST = 9  # comparisons that are looked at: 19,683 cells


@dataclass(frozen=True, slots=True)
class Looked:
    """
    One comparison that is looked at.

    Attributes:
        left: `(n_left,)` value codes, -1 = missing.
        right: `(n_right,)` the same.
        stride: Step of its state in the table.
        bits: `(n_values,)` most that its terms add where codes are equal; empty where it has none.
    """

    left: Int32Array
    right: Int32Array
    stride: int
    bits: NDArray[np.float32]


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
        columns = _looked_at(weights, prepared)
        table = np.zeros(())
        order: list[int] = []
        for block in blocks_of(weights):
            bits = block.bits
            for axis in reversed(range(len(block.columns))):
                column = block.columns[axis]
                extra = [term for term in terms if term.column == column]
                bits = _by_state(bits, axis, extra) if column in columns else _best(bits, axis, extra)
            table = np.add.outer(table, bits)
            order += [column for column in block.columns if column in columns]
        self.table: NDArray[np.float32] = table.reshape(-1).astype(np.float32)
        grouped = {column for members in weights.members for column in members}
        self.looked = [
            _look(prepared[column], 3 ** (len(order) - 1 - place), _at_top(terms, column, weights), column in grouped)
            for place, column in enumerate(order)
        ]

    def reaches(self, left: IntArray, right: IntArray) -> IntArray:
        """
        The pairs that can reach the floor.

        Returns:
            Their places, ascending.
        """
        if not len(self.looked) or self.floor == -np.inf:
            return np.arange(len(left) if self.table.max() >= self.floor else 0)
        cell = np.zeros(len(left), dtype=np.int16)
        extra = np.zeros(len(left), dtype=np.float32)
        for part in self.looked:
            a, b = part.left[left], part.right[right]
            equal = a == b
            state = np.subtract(2, equal, dtype=np.int16, casting="unsafe")
            state[(a | b) < 0] = 0
            if len(part.bits):
                agreed = np.flatnonzero(state == 1)
                extra[agreed] += part.bits[a[agreed]]
            state *= np.int16(part.stride)
            cell += state
        bound = self.table[cell]
        bound += extra
        return np.flatnonzero(bound >= self.floor)


def _looked_at(weights: PatternWeights, prepared: Sequence[Comparable]) -> set[int]:
    """The comparisons with codes; the weightiest where there are many."""
    coded = [column for column, part in enumerate(prepared) if part.codes is not None]
    spread = {column: float(np.ptp(block.bits)) for block in blocks_of(weights) for column in block.columns}
    return set(sorted(coded, key=lambda column: (-spread[column], column))[:_MOST])


def _by_state(bits: FloatArray, axis: int, terms: Sequence[Terms]) -> FloatArray:
    """The axis of a comparison as unknown, equal, unequal: the most over the levels each may have."""
    n_levels = bits.shape[axis] - 1
    raised = _raised(bits, axis, terms)
    top, rest = n_levels - 1, [index for index in range(n_levels + 1) if index != n_levels - 1]
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


def _look(prepared: Comparable, stride: int, terms: Sequence[Terms], grouped: bool) -> Looked:
    codes = prepared.codes
    if codes is None:  # not reached: only comparisons with codes are looked at
        raise TypeError("a comparison without value codes")
    bits = np.zeros(0, dtype=np.float32)
    if terms:
        bits = np.sum([_bits_by_value(term, codes, grouped=grouped) for term in terms], axis=0).astype(np.float32)
    return Looked(codes.left, codes.right, stride, bits)


def _bits_by_value(term: Terms, codes: Codes, *, grouped: bool) -> FloatArray:
    """`(n_values,)` bits of each value that both sides have, asked for with one row of each side."""
    left, right = _first_rows(codes.left, len(codes)), _first_rows(codes.right, len(codes))
    both: BoolArray = (left >= 0) & (right >= 0)
    out = np.zeros(len(codes))
    out[both] = term.of_pairs(left[both], right[both])
    return np.maximum(out, 0.0) if grouped else out  # a dependent group brings them nearer to 0


def _first_rows(codes: Int32Array, n_values: int) -> IntArray:
    """`(n_values,)` first row with each value, -1 for none."""
    out = np.full(n_values + 1, -1, dtype=np.int64)
    out[codes[::-1]] = np.arange(len(codes))[::-1]
    return out[:-1]
