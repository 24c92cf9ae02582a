"""Columns of arrays as sets of element codes, and columns of any type as codes. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import BoolArray, Int32Array, IntArray
from linkage.columns import Codes, Transform, text_of
from linkage.comparison.sets import Sets

__all__ = ["Collections", "is_list", "typed_codes"]

_SEPARATORS = r"[;|,\s]+"


def is_list(kind: pa.DataType) -> bool:
    """Whether values are arrays."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


@dataclass(frozen=True, slots=True)
class Collections:
    """
    Arrays of two tables as sets over one dictionary of elements.

    Attributes:
        left: A set for each left row.
        right: A set for each right row.
        values: The distinct elements in sorted order.
        absent_left: `(n_left,)` rows without an array (null, or a text that is none).
        absent_right: `(n_right,)` the same for the right table.
    """

    left: Sets
    right: Sets
    values: pa.Array
    absent_left: BoolArray
    absent_right: BoolArray

    @classmethod
    def of(cls, left: pa.ChunkedArray, right: pa.ChunkedArray, transforms: Sequence[Transform]) -> Collections:
        """
        Sets of two columns.

        Args:
            left: Arrays, or texts that are split at blanks, commas, semicolons and bars.
            right: The same object within one table.
            transforms: Applied to the distinct elements; what becomes empty is left out.
        """
        sides = [_listed(left)] if right is left else [_listed(left), _listed(right)]
        elements = [_dictionary(pc.list_flatten(side)) for side in sides]
        raw = pa.concat_arrays([part.dictionary for part in elements])
        values, codes = _standardised(raw, transforms)
        out, offset = [], 0
        for side, part in zip(sides, elements, strict=True):
            remap = codes[offset : offset + len(part.dictionary)]
            out.append((_sets(side, part.indices, remap, len(values)), _absent(side)))
            offset += len(part.dictionary)
        return cls(out[0][0], out[-1][0], values, out[0][1], out[-1][1])

    def shortened(self, length: int) -> Collections:
        """The same sets of the first `length` characters of the elements."""
        heads = pc.utf8_slice_codeunits(self.values, start=0, stop=length)
        values = pc.unique(heads)
        values = values.take(pc.sort_indices(values))
        code = np.asarray(pc.index_in(heads, value_set=values).to_numpy(zero_copy_only=False), dtype=np.int64)
        left = _renumbered(self.left, code, len(values))
        right = left if self.right is self.left else _renumbered(self.right, code, len(values))
        return Collections(left, right, values, self.absent_left, self.absent_right)


def _renumbered(sets: Sets, code: IntArray, n_items: int) -> Sets:
    owners = np.repeat(np.arange(len(sets.starts) - 1), sets.sizes)
    return Sets.of(owners, code[sets.items], n_sets=len(sets.starts) - 1, n_items=n_items)


def _listed(column: pa.ChunkedArray) -> pa.Array:
    """One array of lists; texts split, elements as texts."""
    if not is_list(column.type):
        text = text_of(column)
        column = pc.split_pattern_regex(text, _SEPARATORS)
    if pa.types.is_fixed_size_list(column.type):
        column = column.cast(pa.list_(column.type.value_type))
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _dictionary(elements: pa.Array) -> pa.DictionaryArray:
    return elements if pa.types.is_dictionary(elements.type) else elements.dictionary_encode()


def _standardised(raw: pa.Array, transforms: Sequence[Transform]) -> tuple[pa.Array, IntArray]:
    """Sorted distinct elements, and the code of each raw one, -1 for what is empty."""
    text = text_of(pa.chunked_array([raw])).combine_chunks() if len(raw) else pa.array([], pa.string())
    made = reduce(lambda values, step: step.apply(values), transforms, text)
    present = pc.fill_null(pc.not_equal(made, ""), False)
    values = pc.unique(made.filter(present))
    values = values.take(pc.sort_indices(values))
    code = pc.index_in(pc.if_else(present, made, pa.scalar(None, pa.string())), value_set=values)
    return values, np.asarray(code.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _sets(lists: pa.Array, indices: pa.Array, remap: IntArray, n_items: int) -> Sets:
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False), dtype=np.int64)
    owners = np.repeat(np.arange(len(lists)), lengths)
    raw = indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    items = np.append(remap, -1)[raw]
    kept = items >= 0
    return Sets.of(owners[kept], items[kept], n_sets=len(lists), n_items=n_items)


def _absent(lists: pa.Array) -> BoolArray:
    return np.asarray(lists.is_null().to_numpy(zero_copy_only=False), dtype=bool)


def typed_codes(left: pa.ChunkedArray, right: pa.ChunkedArray, *, within: bool) -> tuple[Codes, pa.ChunkedArray]:
    """
    A code for each distinct value of a column as it is typed, null among them, and the values by code.

    Args:
        left: The left column.
        right: The right column.
        within: Whether both are one table.
    """
    kind = left.type.value_type if pa.types.is_dictionary(left.type) else left.type
    sides = [side.cast(kind) for side in ([left] if within else [left, right])]
    both = pa.chunked_array([chunk for side in sides for chunk in side.chunks], type=kind)
    if pa.types.is_nested(kind):
        codes: Int32Array = np.arange(len(both), dtype=np.int32)
        values = both
    else:
        coded = both.combine_chunks().dictionary_encode(null_encoding="encode")
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        values = pa.chunked_array([coded.dictionary])
    n_left = len(left)
    return Codes(codes[:n_left], codes[:n_left] if within else codes[n_left:], pa.array([], pa.string())), values
