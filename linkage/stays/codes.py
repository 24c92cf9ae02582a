"""Diagnosis and procedure codes as sets of integers, and how much two sets have in common. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["CodeBook", "CodeSets", "distinct", "shared_codes"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CodeBook:
    """
    The distinct codes of a study in sorted order, and the group each belongs to.

    `group[i]` is the code's group: the first three characters of an ICD code, the first four of an OPS code.
    """

    values: pa.Array
    group: IntArray

    @classmethod
    def of(cls, columns: list[Any], *, group_length: int) -> CodeBook:
        """The book of every code in text or list columns; nulls and empty texts are no codes."""
        distinct: set[str] = set()
        for column in columns:
            flat = pc.list_flatten(column) if pa.types.is_list(column.type) else column
            distinct.update(v for v in pc.unique(flat).to_pylist() if v)
        ordered = sorted(distinct)
        groups = {g: i for i, g in enumerate(sorted({v[:group_length] for v in ordered}))}
        group = np.array([groups[v[:group_length]] for v in ordered], dtype=np.int64)
        return cls(pa.array(ordered, type=pa.string()), group)

    def codes(self, column: Any) -> IntArray:
        """The number of each text, -1 for null."""
        found = pc.fill_null(pc.index_in(column, value_set=self.values).cast(pa.int64()), -1)
        flat = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
        return np.array(flat.to_numpy(zero_copy_only=False), dtype=np.int64)

    @property
    def n(self) -> int:
        """Number of distinct codes."""
        return len(self.values)


@dataclass(frozen=True, slots=True)
class CodeSets:
    """
    One set of codes a row: `codes[starts[i]:starts[i] + sizes[i]]`, sorted, each once.

    `set_id` is equal where two rows hold the same set (of either side, when made from one book).
    """

    book: CodeBook
    starts: IntArray
    sizes: IntArray
    codes: IntArray
    set_id: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, book: CodeBook, lists: Any, *, extra: IntArray | None = None) -> CodeSets:
        """Sets from an Arrow list column; `extra` adds one code a row (-1: none)."""
        rows = np.asarray(pc.list_parent_indices(lists).to_numpy(zero_copy_only=False), dtype=np.int64)
        codes = book.codes(pc.list_flatten(lists))
        if extra is not None:
            rows = np.concatenate([rows, np.arange(len(lists), dtype=np.int64)])
            codes = np.concatenate([codes, extra])
        return cls.from_pairs(book, rows, codes, n_rows=len(lists))

    @classmethod
    def from_pairs(cls, book: CodeBook, rows: IntArray, codes: IntArray, *, n_rows: int) -> CodeSets:
        """Sets from (row, code) pairs in any order, repetitions and -1 ignored."""
        used = codes >= 0
        cells = distinct(rows[used] * max(book.n, 1) + codes[used])
        row, code = np.divmod(cells, max(book.n, 1))
        sizes = np.bincount(row, minlength=n_rows).astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64) if n_rows else np.empty(0, np.int64)
        set_id = np.zeros(n_rows, dtype=np.uint64)
        np.add.at(set_id, row, _mix(code))
        return cls(book, starts, sizes, code, set_id)

    def take(self, rows: IntArray) -> CodeSets:
        """These rows only; the codes themselves are shared, not copied."""
        return CodeSets(self.book, self.starts[rows], self.sizes[rows], self.codes, self.set_id[rows])

    def expand(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """For each of `rows` its codes: the position in `rows`, and the code, both `(sum of sizes,)`."""
        sizes = self.sizes[rows]
        position = np.repeat(np.arange(rows.size, dtype=np.int64), sizes)
        before = np.repeat(np.cumsum(sizes) - sizes, sizes)
        return position, self.codes[np.repeat(self.starts[rows], sizes) + np.arange(position.size) - before]


def shared_codes(left: CodeSets, right: CodeSets, left_rows: IntArray, right_rows: IntArray) -> FloatArray:
    """
    Share of the right set's codes found in the left set, half a point for a code of the same group.

    Args:
        left: Sets of the claims side.
        right: Sets of the hospital side, from the same book.
        left_rows: Row of each pair on the left, `(n_pairs,)`.
        right_rows: Row of each pair on the right, `(n_pairs,)`.

    Returns:
        Shares `(n_pairs,)` between 0 and 1; NaN where either set is empty. Work is done on distinct pairs of sets.
    """
    out = np.full(left_rows.size, np.nan)
    usable = np.flatnonzero((left.sizes[left_rows] > 0) & (right.sizes[right_rows] > 0))
    if usable.size == 0:
        return out
    a, b = left_rows[usable], right_rows[usable]
    _, a_first, a_set = np.unique(left.set_id[a], return_index=True, return_inverse=True)
    _, b_first, b_set = np.unique(right.set_id[b], return_index=True, return_inverse=True)
    pair, inverse = np.unique(a_set.astype(np.int64) * b_first.size + b_set, return_inverse=True)
    pair_a, pair_b = np.divmod(pair, b_first.size)
    share = _share_of_sets(left, right, a[a_first], (pair_a, b[b_first][pair_b]))
    out[usable] = share[inverse]
    return out


def _share_of_sets(left: CodeSets, right: CodeSets, a_rows: IntArray, pairs: tuple[IntArray, IntArray]) -> FloatArray:
    """The shares of distinct set pairs: `pairs` is the position in `a_rows`, and the right row."""
    pair_a, b_rows = pairs
    n, groups = max(left.book.n, 1), left.book.group
    n_groups = int(groups.max(initial=0)) + 1
    position, code = left.expand(a_rows)
    exact = distinct(position * n + code)
    coarse = distinct(position * n_groups + groups[code])
    pair, wanted = right.expand(b_rows)
    credit = 0.5 * (_among(pair_a[pair] * n + wanted, exact).astype(float))
    credit += 0.5 * _among(pair_a[pair] * n_groups + groups[wanted], coarse)
    total = np.bincount(pair, weights=credit, minlength=b_rows.size)
    return np.asarray(total / right.sizes[b_rows], dtype=np.float64)


def _among(values: IntArray, ordered: IntArray) -> npt.NDArray[np.bool_]:
    if ordered.size == 0:
        return np.zeros(values.size, dtype=bool)
    at = np.minimum(np.searchsorted(ordered, values), ordered.size - 1)
    return np.asarray(ordered[at] == values)


def distinct(values: IntArray) -> IntArray:
    """The distinct values in order, by sorting: on tens of millions many times faster than the hash of `np.unique`."""
    ordered = np.sort(values)
    first = np.ones(ordered.size, dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _mix(code: IntArray) -> npt.NDArray[np.uint64]:
    """A well-spread 64-bit number for each code (splitmix64), so that sums of them tell sets apart."""
    with np.errstate(over="ignore"):
        z = (code.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)
