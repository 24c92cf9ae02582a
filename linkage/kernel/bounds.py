"""
The most a pair can still weigh, from what is known of it so far. Opens nothing.

Exact: the tables hold the model's own weights, maximised over everything that is not settled yet. Comparisons of
one dependent group are looked at together, all others add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from linkage.arrays import FloatArray, Int8Array, Int32Array, IntArray
from linkage.kernel.contract import UNKNOWN, UNSETTLED, Comparable, Terms
from linkage.model.weights import PatternWeights

__all__ = ["SLACK_BITS", "Block", "LevelBounds", "blocks_of", "unknown_gammas", "with_open"]

SLACK_BITS = 1e-3  # bounds are single precision
_CELLS = 1 << 16  # of the table of several blocks: it should stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Block:
    """
    Comparisons whose weights do not add up, or a single one.

    Attributes:
        columns: The comparisons.
        bits: Weight of every joint level, one axis a comparison, the last index being null.
    """

    columns: tuple[int, ...]
    bits: FloatArray


def blocks_of(weights: PatternWeights) -> list[Block]:
    """The model's weight as a sum over blocks of comparisons."""
    n = len(weights.n_levels)
    home = list(range(n))
    for members in weights.members:
        merged = {home[column] for column in members}
        home = [min(merged) if place in merged else place for place in home]
    out = []
    for place in sorted(set(home)):
        columns = tuple(column for column in range(n) if home[column] == place)
        sizes = [weights.n_levels[column] for column in columns]
        gammas = np.full((int(np.prod([size + 1 for size in sizes])), n), -1, dtype=np.int8)
        gammas[:, list(columns)] = list(product(*([*range(size), -1] for size in sizes)))
        out.append(Block(columns, weights.bits(gammas).reshape([size + 1 for size in sizes])))
    return out


def with_open(bits: FloatArray, *, settled_by_quick: Sequence[Sequence[int]]) -> FloatArray:
    """
    A table with two more indices on every axis: the most over the levels a pair left unsettled by integer work may
    have, and the most over all.

    Args:
        bits: One axis a comparison, the last index being null.
        settled_by_quick: For each axis the indices that a pair left unsettled does not have.
    """
    for axis, without in enumerate(settled_by_quick):
        held = [index for index in range(bits.shape[axis]) if index not in without]
        unsettled = np.take(bits, held, axis=axis).max(axis=axis, keepdims=True)
        unknown = bits.max(axis=axis, keepdims=True)
        bits = np.concatenate([bits, unsettled, unknown], axis=axis)
    return bits


class LevelBounds:
    """
    Bounds from levels of which some are settled.

    What is known of a pair is one cell of a table for each chunk of comparisons: a row of `(n_chunks, n_pairs)`.

    Args:
        weights: The model's weights.
        prepared: The comparisons.
        terms: Term-frequency weights.
        own: Comparisons whose terms are added at the strongest level pair by pair.
    """

    def __init__(
        self,
        weights: PatternWeights,
        prepared: Sequence[Comparable],
        terms: Sequence[Terms],
        *,
        own: AbstractSet[int] = frozenset(),
    ) -> None:
        self._n_levels = weights.n_levels
        without = [_settled_by_quick(part, n) for part, n in zip(prepared, weights.n_levels, strict=True)]
        extra = [np.zeros(n + 3) for n in weights.n_levels]
        for term in terms:
            column = term.column
            extra[column] += _extra_bits(term, weights.n_levels[column], without[column], own=column in own)
        chunks = _chunks(blocks_of(weights), extra=3)
        self._chunks = [_chunk(blocks, without, extra) for blocks in chunks]
        self._home = {column: place for place, chunk in enumerate(self._chunks) for column in chunk.strides}

    def cells(self, gammas: Int8Array) -> Int32Array:
        """`(n_chunks, n_pairs)` cells of `(n_pairs, n_comparisons)` levels, -1 = null, `UNSETTLED` or `UNKNOWN`."""
        out = np.zeros((len(self._chunks), len(gammas)), dtype=np.int32)
        for place, chunk in enumerate(self._chunks):
            for column, stride in chunk.strides.items():
                out[place] += self._places(column)[gammas[:, column]] * np.int32(stride)
        return out

    def gammas(self, cells: Int32Array) -> Int8Array:
        """`(n_pairs, n_comparisons)` levels of cells."""
        out = np.empty((cells.shape[1], len(self._n_levels)), dtype=np.int8, order="F")
        for column, place in self._home.items():
            n = self._n_levels[column]
            levels = np.append(np.arange(n), [-1, UNSETTLED, UNKNOWN]).astype(np.int8)
            out[:, column] = levels[self._chunks[place].index[column]][cells[place]]
        return out

    def open(self, cells: Int32Array, column: int) -> IntArray:
        """Places of the pairs for which a comparison is not settled."""
        place = self._home[column]
        return np.flatnonzero((self._chunks[place].index[column] > self._n_levels[column])[cells[place]])

    def settle(self, cells: Int32Array, column: int, *, rows: IntArray, gammas: Int8Array) -> None:
        """Write in place what a comparison says of some pairs."""
        place = self._home[column]
        chunk, held = self._chunks[place], cells[place]
        before = held[rows]
        moved = self._places(column)[gammas] - chunk.index[column][before]
        held[rows] = before + moved * np.int32(chunk.strides[column])

    def of(self, cells: Int32Array) -> NDArray[np.float32]:
        """`(n_pairs,)` the most each pair can weigh (bits, without the prior and without its own terms)."""
        out: NDArray[np.float32] = self._chunks[0].table[cells[0]]
        for held, chunk in zip(cells[1:], self._chunks[1:], strict=True):
            out += chunk.table[held]
        return out

    def _places(self, column: int) -> Int32Array:
        """Index of a gamma: level, then null, unsettled, unknown (which count from the end)."""
        n_levels = self._n_levels[column]
        return np.append(np.arange(n_levels), [n_levels + 2, n_levels + 1, n_levels]).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Chunk:
    """
    Several comparisons with one table.

    Attributes:
        table: `(n_cells,)` the most a pair in the cell can weigh (bits).
        strides: Step of each comparison in it.
        index: For each comparison `(n_cells,)` its index in every cell.
    """

    table: NDArray[np.float32]
    strides: dict[int, int]
    index: dict[int, NDArray[np.int16]]


def _chunk(blocks: Sequence[Block], without: Sequence[Sequence[int]], extra: Sequence[FloatArray]) -> Chunk:
    columns = [column for block in blocks for column in block.columns]
    parts = [with_open(b.bits, settled_by_quick=[without[column] for column in b.columns]) for b in blocks]
    joint = _outer_sum(parts)
    strides, index = {}, {}
    for axis, column in enumerate(columns):
        shape = [-1 if other == axis else 1 for other in range(len(columns))]
        joint = joint + extra[column].reshape(shape)
        strides[column] = int(np.prod(joint.shape[axis + 1 :], dtype=np.int64))
        index[column] = (np.arange(joint.size) // strides[column] % joint.shape[axis]).astype(np.int16)
    return Chunk(joint.reshape(-1).astype(np.float32), strides, index)


def _settled_by_quick(part: Comparable, n_levels: int) -> tuple[int, ...]:
    """Indices that a pair does not have that `quick` left unsettled: null, and the strongest where codes tell it."""
    if getattr(part, "quick", None) is None:
        return ()
    return (n_levels,) if part.codes is None else (n_levels - 1, n_levels)


def _extra_bits(term: Terms, n_levels: int, without: Sequence[int], *, own: bool) -> FloatArray:
    """Most that a term adds, by level, null, unsettled and unknown; with `own`, the strongest level's left out."""
    bits = np.zeros(n_levels + 3)
    bits[[term.level, n_levels + 2]] = max(term.largest, 0.0)
    bits[n_levels + 1] = 0.0 if term.level in without else bits[term.level]
    if own and term.level == n_levels - 1:
        bits[term.level] = 0.0
    return bits


def _chunks(blocks: Sequence[Block], *, extra: int) -> list[list[Block]]:
    """Blocks together as long as their joint table is small; `extra` indices more than levels on each axis."""
    out: list[list[Block]] = []
    held = 0
    for block in blocks:
        cells = int(np.prod([size - 1 + extra for size in block.bits.shape]))
        if out and held * cells <= _CELLS:
            out[-1].append(block)
            held *= cells
        else:
            out.append([block])
            held = cells
    return out


def _outer_sum(tables: Sequence[FloatArray]) -> FloatArray:
    """Sum of tables over different axes, over all of them."""
    out = np.zeros(())
    for table in tables:
        out = np.add.outer(out, table)
    return np.asarray(out, dtype=np.float64)


def unknown_gammas(n_pairs: int, n_comparisons: int) -> Int8Array:
    """`(n_pairs, n_comparisons)` with nothing known."""
    return np.full((n_pairs, n_comparisons), UNKNOWN, dtype=np.int8, order="F")
