"""
Distinct values of a column of two tables as dense integer codes. Opens nothing.

Everything expensive (folding, edit distances, parsing) is done on distinct values or distinct pairs of them;
everything per pair is an integer comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import FloatArray, Int32Array, IntArray

__all__ = ["Codes", "distinct_pairs", "encode", "text_of"]


@dataclass(frozen=True, slots=True)
class Codes:
    """
    Codes of a column of two tables over one dictionary.

    Attributes:
        left: `(n_left,)` index into `values`, -1 where missing.
        right: `(n_right,)` the same for the right table.
        values: The distinct values in sorted order.
    """

    left: Int32Array
    right: Int32Array
    values: tuple[str, ...]

    def counts(self) -> tuple[IntArray, IntArray]:
        """`(n_values,)` how often each value occurs on the left and on the right; missing ones not counted."""
        n = len(self.values)
        left = np.bincount(self.left[self.left >= 0], minlength=n).astype(np.int64)
        right = np.bincount(self.right[self.right >= 0], minlength=n).astype(np.int64)
        return left, right

    def pooled_shares(self) -> FloatArray:
        """`(n_values,)` share of each value among the present ones of both tables."""
        left, right = self.counts()
        total = int(left.sum() + right.sum())
        return (left + right) / total if total else np.zeros(len(self.values))


def text_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as strings: dates and times as ISO dates, surrounding blanks off, empty text as null."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("s", tz=None), safe=False).cast(pa.date32(), safe=False)
    if pa.types.is_floating(column.type):
        column = _without_point_zero(column)
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _without_point_zero(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers kept as floats (a column with gaps) as whole numbers again: 1949.0 and 1949 are equal."""
    column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    whole = pc.all(pc.equal(column, pc.floor(column))).as_py()
    return column.cast(pa.int64()) if whole else column


def encode(left: pa.ChunkedArray, right: pa.ChunkedArray, *, standardise: Callable[[str], str] | None = None) -> Codes:
    """
    Encode a column of both tables over one dictionary of text values.

    Args:
        left: The left column, any type that has a text form.
        right: The right column.
        standardise: Applied to each distinct value once; an empty result is missing.
    """
    n_left = len(left)
    both = pa.chunked_array([*text_of(left).chunks, *text_of(right).chunks], type=pa.string())
    coded = (
        both.combine_chunks().dictionary_encode() if both.num_chunks else pa.array([], pa.string()).dictionary_encode()
    )
    if isinstance(coded, pa.ChunkedArray):
        coded = pa.DictionaryArray.from_arrays(*_single(coded))
    raw_values = coded.dictionary.to_pylist()
    indices = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    values, remap = _renumber(raw_values, standardise)
    codes = remap[indices]
    return Codes(left=codes[:n_left], right=codes[n_left:], values=values)


def _single(coded: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    whole = coded.unify_dictionaries().combine_chunks()
    return whole.indices, whole.dictionary


def _renumber(raw: Sequence[str], standardise: Callable[[str], str] | None) -> tuple[tuple[str, ...], Int32Array]:
    """Sorted standardised values, and for each raw code (and -1 at the end) its code among them."""
    made = [standardise(value) for value in raw] if standardise else list(raw)
    values = tuple(sorted({value for value in made if value}))
    number = {value: code for code, value in enumerate(values)}
    remap = np.full(len(raw) + 1, -1, dtype=np.int32)
    remap[:-1] = [number.get(value, -1) for value in made]
    return values, remap


def distinct_pairs(a: Int32Array, b: Int32Array, n_values: int) -> tuple[IntArray, IntArray, IntArray]:
    """
    The distinct unordered pairs of codes.

    Args:
        a: `(n,)` codes, none missing.
        b: `(n,)` codes, none missing.
        n_values: Size of the dictionary.

    Returns:
        First codes, second codes (`first <= second`), and `(n,)` index of each pair among them.
    """
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    keys, index = np.unique(low * n_values + high, return_inverse=True)
    return keys // max(n_values, 1), keys % max(n_values, 1), index
