"""
The first look at a pair: what integers tell of it, and the most it can weigh by that. Opens nothing.

A comparison with value codes is missing, equal, at a level that a test of integers tells, or below; the cells of a
table hold the most that such a pair can weigh. A pair with equal codes gets the term-frequency bits of its own value,
so that the bound is exact for rare values too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.arrays import BoolArray, FloatArray, Int8Array, Int32Array, IntArray
from linkage.columns import Codes
from linkage.kernel.bounds import SLACK_BITS, Block, blocks_of, unknown_gammas
from linkage.kernel.contract import Comparable, Near, Terms
from linkage.kernel.looked import EQUAL, Looked, first_rows, ladder, told_by
from linkage.model.weights import PatternWeights

__all__ = ["EqualityBound", "Survivors"]

_MOST = 9  # comparisons that are looked at
_CELLS = 1 << 18  # of the table: it should stay in the processor's cache
_FEWER = 0.9  # share of pairs left from which it is worth to go on with those alone

States = list[list[int]]


class Survivors(NamedTuple):
    """
    Pairs that can reach the floor.

    Attributes:
        n_pairs: Pairs that were looked at.
        left: `(n,)` left rows.
        right: `(n,)` right rows.
        cell: `(n,)` their cell in the table: what is known of them.
        own: `(n,)` what the terms of the values agreed on add at most (bits).
    """

    n_pairs: int
    left: IntArray
    right: IntArray
    cell: Int32Array
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
    Bounds from integers.

    Args:
        weights: The model's weights.
        prepared: The comparisons.
        terms: Term-frequency weights.
        floor_bits: Weight without the prior that a pair must be able to reach (bits).

    Attributes:
        floor: Least bound of a pair that is kept.
        looked: The comparisons that are looked at, those that tell most first.
        strides: Step of each of them in the table.
        table: `(n_cells,)` the most a pair can weigh, without the terms of equal values.
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
        blocks = blocks_of(weights)
        tests, states = _ladders(weights, prepared, blocks)
        table = np.zeros(())
        order: list[int] = []
        for block in blocks:
            table = np.add.outer(table, _by_states(block, states, terms))
            order += [column for column in block.columns if column in states]
        grouped = {column for members in weights.members for column in members}
        looked = [
            Looked(
                column,
                *_sides(prepared[column]),
                tests[column],
                told_by(states[column], weights.n_levels[column]),
                _bits_by_value(_at_top(terms, column, weights), prepared[column].codes, grouped=column in grouped),
            )
            for column in order
        ]
        table, self.looked = _telling_first(table, looked)
        self.table: NDArray[np.float32] = table.reshape(-1).astype(np.float32)
        self.strides = [int(np.prod(table.shape[place + 1 :], dtype=np.int64)) for place in range(len(looked))]
        self._sizes: tuple[int, ...] = table.shape
        self._steps = self._of_first()

    def _of_first(self) -> list[NDArray[np.float32] | None]:
        """After each comparison the most by what was looked at until then; None where that drops no pair."""
        out: list[NDArray[np.float32] | None] = []
        for place, stride in enumerate(self.strides):
            later = sum(float(part.bits.max(initial=0.0)) for part in self.looked[place + 1 :])
            now = sum(float(part.bits.min(initial=0.0)) for part in self.looked[: place + 1])
            most = self.table.reshape(-1, stride).max(axis=1) + np.float32(later + SLACK_BITS)
            drops = place + 1 == len(self.strides) or float(most.min()) + now < self.floor
            out.append(most if drops else None)
        if out:
            out[-1] = self.table
        return out

    def reaching(self, left: IntArray, right: IntArray) -> Survivors:
        """The pairs that can reach the floor, in their order."""
        n_pairs = len(left)
        cell, own = np.zeros(n_pairs, dtype=np.int32), np.zeros(n_pairs, dtype=np.float32)
        for part, size, most in zip(self.looked, self._sizes, self._steps, strict=True):
            state, codes = part.states(left, right)
            if len(part.bits):
                agreed = np.flatnonzero(state == EQUAL)
                own[agreed] += part.bits[codes[agreed]]
            cell *= np.int32(size)
            cell += state
            if most is None:
                continue
            held = most[cell] + own >= self.floor
            if most is self.table or np.count_nonzero(held) < _FEWER * len(held):
                kept = np.flatnonzero(held)
                left, right, cell, own = left[kept], right[kept], cell[kept], own[kept]
        return Survivors(n_pairs, left, right, cell, own)

    def known(self) -> Int8Array:
        """`(n_cells, n_comparisons)` what each cell tells: a level, `UNSETTLED` or `UNKNOWN`."""
        gammas = unknown_gammas(len(self.table), self._n_comparisons)
        for part, stride in zip(self.looked, self.strides, strict=True):
            gammas[:, part.column] = part.told[np.arange(len(self.table)) // stride % len(part.told)]
        return gammas


def _ladders(
    weights: PatternWeights, prepared: Sequence[Comparable], blocks: Sequence[Block]
) -> tuple[dict[int, tuple[Near, ...]], dict[int, States]]:
    """Tests and states of the comparisons with codes, the weightiest first; without tests where they are too many."""
    coded = [column for column, part in enumerate(prepared) if part.codes is not None]
    spread = {column: float(np.ptp(block.bits)) for block in blocks for column in block.columns}
    tests: dict[int, tuple[Near, ...]] = {}
    states: dict[int, States] = {}
    n_cells, n_coded = 1, min(len(coded), _MOST)
    for number, column in enumerate(sorted(coded, key=lambda column: (-spread[column], column))[:_MOST]):
        found, held = ladder(prepared[column], weights.n_levels[column])
        if n_cells * len(held) * 3 ** (n_coded - number - 1) > _CELLS:
            found, held = (), [*held[:2], sorted({level for levels in held[2:] for level in levels})]
        tests[column], states[column] = found, held
        n_cells *= len(held)
    return tests, states


def _by_states(block: Block, states: Mapping[int, States], terms: Sequence[Terms]) -> FloatArray:
    """The most that a block can weigh, one axis of states for each comparison that is looked at."""
    bits = block.bits
    for axis in reversed(range(len(block.columns))):
        column = block.columns[axis]
        raised = _raised(bits, axis, [term for term in terms if term.column == column])
        if column not in states:
            bits = raised.max(axis=axis)
            continue
        best = [np.take(raised, held, axis=axis).max(axis=axis) for held in states[column]]
        best[EQUAL] = np.take(bits, states[column][EQUAL][0], axis=axis)  # its own value's bits are added by pair
        bits = np.stack(best, axis=axis)
    return bits


def _telling_first(table: FloatArray, looked: Sequence[Looked]) -> tuple[FloatArray, list[Looked]]:
    """The axes by how much weight a pair loses at most that has nothing in common there."""
    loss = [
        table.max() - np.take(table, -1, axis=axis).max() + float(part.bits.max(initial=0.0))
        for axis, part in enumerate(looked)
    ]
    axes = sorted(range(table.ndim), key=lambda axis: -loss[axis])
    return np.ascontiguousarray(table.transpose(axes)), [looked[axis] for axis in axes]


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
    left, right = first_rows(codes.left, len(codes)), first_rows(codes.right, len(codes))
    both: BoolArray = (left >= 0) & (right >= 0)
    out = np.zeros(len(codes))
    for term in terms:
        bits = term.of_pairs(left[both], right[both])
        out[both] += np.maximum(bits, 0.0) if grouped else bits  # a dependent group brings them nearer to 0
    return out.astype(np.float32)
