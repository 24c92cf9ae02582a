"""
Distinct values of a column of two tables as dense integer codes. Opens nothing.

Everything expensive (folding, edit distances, parsing) is done on distinct values or distinct pairs of them;
everything per pair is an integer comparison. No Python runs per row: Arrow finds the distinct values of each
side, and the rows follow by indexing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import FloatArray, Int32Array, IntArray
from linkage.columns.missing import WrongColumn

__all__ = ["Codes", "Distinct", "code_pairs", "distinct_of", "distinct_pairs", "encode", "join_distinct", "text_of"]

Mapper = Callable[[pa.Array], pa.Array]

_MIDNIGHT = r"(?: 00:00:00)?\.0{6}$"  # what a moment written in microseconds says no more by than its date or second
_TRAILING_ZEROS = r"\.0+$|(\.\d*?[1-9])0+$"
_WHOLE_BELOW = float(1 << 62)


class Codes:
    """
    Codes of a column of two tables over one dictionary.

    Attributes:
        left: `(n_left,)` index into `values`, -1 where missing.
        right: `(n_right,)` the same for the right table.
        dictionary: The distinct values as an Arrow array of strings, in sorted order.
    """

    __slots__ = ("_values", "dictionary", "left", "right")

    def __init__(self, left: Int32Array, right: Int32Array, values: Sequence[str] | pa.Array) -> None:
        self.left, self.right = left, right
        self.dictionary: pa.Array = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
        self._values: tuple[str, ...] | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """The distinct values in sorted order; made from `dictionary` when first asked for."""
        if self._values is None:
            self._values = tuple(self.dictionary.to_pylist())
        return self._values

    def __len__(self) -> int:
        return len(self.dictionary)

    def counts(self) -> tuple[IntArray, IntArray]:
        """`(n_values,)` how often each value occurs on the left and on the right; missing ones not counted."""
        return _counts(self.left, len(self)), _counts(self.right, len(self))

    def pooled_shares(self) -> FloatArray:
        """`(n_values,)` share of each value among the present ones of both tables."""
        left, right = self.counts()
        total = int(left.sum() + right.sum())
        return (left + right) / total if total else np.zeros(len(self))


def _counts(codes: Int32Array, n_values: int) -> IntArray:
    """Occurrences of each code; one more bin takes the missing, so that nothing is copied but the shift."""
    return np.bincount(codes + np.int32(1), minlength=n_values + 1)[1:].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Distinct:
    """
    A column as its few values.

    Attributes:
        index: `(n_rows,)` index into `values`, -1 where missing.
        values: Its values as they are typed; a value may occur more than once.
    """

    index: Int32Array
    values: pa.Array


def distinct_of(column: pa.ChunkedArray, *, user: str = "encoding") -> Distinct:
    """
    The distinct values of a column.

    Args:
        column: Any column whose values Arrow can compare: text, numbers, dates, booleans; no lists.
        user: Who asks, for the message.

    Raises:
        WrongColumn: If the values are lists or structures.
    """
    if pa.types.is_nested(column.type):
        raise WrongColumn(
            f"{user}: expected a column of single values, this one holds {column.type}: take one element "
            f"(access_extreme_array_element), explode the array in blocking, or use a comparison of arrays"
        )
    if pa.types.is_null(column.type):
        return Distinct(np.full(len(column), -1, dtype=np.int32), pa.array([], pa.string()))
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    coded = coded.unify_dictionaries()
    if not coded.num_chunks:
        return Distinct(np.zeros(0, dtype=np.int32), pa.array([], coded.type.value_type))
    index = np.empty(len(coded), dtype=np.int32)
    at = 0
    for chunk in coded.chunks:
        indices = chunk.indices if chunk.indices.null_count == 0 else chunk.indices.cast(pa.int64()).fill_null(-1)
        index[at : at + len(chunk)] = indices.to_numpy(zero_copy_only=False)
        at += len(chunk)
    return Distinct(index, coded.chunk(0).dictionary)


def text_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """
    The column as strings: surrounding blanks off, empty text as null.

    Equal values have equal text whatever their type: a moment at midnight is its date, 1949.0 and 1949 are one
    number, so are 2.50 and 2.5, 0.0 and -0.0. Moments with a time zone are told in UTC; NaN and infinity are null.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    trimmed = pc.utf8_trim_whitespace(_written(column))
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_timestamp(kind):
        text = column.cast(pa.timestamp(kind.unit), safe=False).cast(pa.timestamp("us"), safe=False).cast(pa.string())
        return pc.replace_substring_regex(text, pattern=_MIDNIGHT, replacement="")
    if pa.types.is_floating(kind):
        return _numbers(column.cast(pa.float64()) if pa.types.is_float16(kind) else column)
    if pa.types.is_decimal(kind):
        return pc.replace_substring_regex(column.cast(pa.string()), pattern=_TRAILING_ZEROS, replacement=r"\1")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _bytes(column)
    return column.cast(pa.string())


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers kept as floats (a column with gaps) as whole numbers again."""
    column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    whole = pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), _WHOLE_BELOW))
    integers = pc.if_else(whole, column, pa.scalar(0.0, column.type)).cast(pa.int64())
    return pc.if_else(whole, integers.cast(pa.string()), column.cast(pa.string()))


def _bytes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bytes as the text they spell; those that spell none, such as digests, escaped."""
    values = [None if value is None else value.decode(errors="backslashreplace") for value in column.to_pylist()]
    return pa.chunked_array([pa.array(values, pa.string())])


def encode(
    left: pa.ChunkedArray,
    right: pa.ChunkedArray,
    *,
    standardise: Callable[[str], str] | None = None,
    user: str = "encoding",
) -> Codes:
    """
    Encode a column of both tables over one dictionary of text values.

    Args:
        left: The left column, any type that has a text form.
        right: The right column; the same object as `left` within one table.
        standardise: Applied to each distinct value once; an empty result is missing.
        user: Who asks, for messages.

    Raises:
        WrongColumn: If a column holds lists or structures.
    """
    one = distinct_of(left, user=user)
    two = one if right is left else distinct_of(right, user=user)
    return join_distinct(one, two, mapper=None if standardise is None else _each(standardise))


def _each(function: Callable[[str], str]) -> Mapper:
    def mapped(values: pa.Array) -> pa.Array:
        return pa.array([function(value) if value is not None else None for value in values.to_pylist()], pa.string())

    return mapped


def join_distinct(left: Distinct, right: Distinct, *, mapper: Mapper | None = None) -> Codes:
    """
    Codes of both sides over one sorted dictionary of text values.

    Args:
        left: Distinct values of the left column.
        right: Those of the right column; the same object as `left` within one table.
        mapper: From texts to what is to be compared, value by value; null and "" are missing.
    """
    sides = [left] if right is left else [left, right]
    texts = [_text_array(side.values) for side in sides]
    both = pa.concat_arrays(texts)
    mapped = mapper(both) if mapper is not None else both
    present = pc.fill_null(pc.not_equal(mapped, ""), False)
    values = pc.unique(mapped.filter(present))
    values = values.take(pc.sort_indices(values))
    code = pc.index_in(pc.if_else(present, mapped, pa.scalar(None, pa.string())), value_set=values)
    remap = code.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    n_left = len(texts[0])
    coded_left = _applied(remap[:n_left], left.index)
    coded_right = coded_left if right is left else _applied(remap[n_left:], right.index)
    return Codes(coded_left, coded_right, values)


def _text_array(values: pa.Array) -> pa.Array:
    made = text_of(pa.chunked_array([values]))
    return made.combine_chunks() if made.num_chunks != 1 else made.chunk(0)


def _applied(remap: Int32Array, index: Int32Array) -> Int32Array:
    """Codes of rows: `remap` with -1 for -1 (the last entry is what index -1 takes)."""
    return np.append(remap, np.int32(-1))[index]


def code_pairs(a: Int32Array, b: Int32Array, n_values: int) -> tuple[IntArray, IntArray, IntArray]:
    """
    The distinct ordered pairs of codes.

    Args:
        a: `(n,)` codes, none missing.
        b: `(n,)` codes, none missing.
        n_values: Codes are below this.

    Returns:
        First codes, second codes, and `(n,)` index of each pair among them.
    """
    keys, index = np.unique(a.astype(np.int64) * max(n_values, 1) + b, return_inverse=True)
    return keys // max(n_values, 1), keys % max(n_values, 1), index


def distinct_pairs(a: Int32Array, b: Int32Array, n_values: int) -> tuple[IntArray, IntArray, IntArray]:
    """As `code_pairs`, of unordered pairs: first codes <= second codes."""
    return code_pairs(np.minimum(a, b), np.maximum(a, b), n_values)
