"""Keys of a blocking rule as dense integers: exact, no hashes, so that equal means equal. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import Int32Array, IntArray

__all__ = ["Part", "RuleKeys", "dense_keys"]

_DIRECT = 1 << 25  # cells of a table of all possible keys: 32 MB of marks, 128 MB of numbers
_MOST = 1 << 62


class Part(NamedTuple):
    """Codes of one expression, -1 = missing, all below `n_values`."""

    left: Int32Array
    right: Int32Array
    n_values: int


class RuleKeys:
    """
    Dense keys of one rule.

    Attributes:
        left: `(n_left,)` key, -1 where an expression is missing or no right row has the key.
        right: `(n_right,)` the same.
        n_keys: Keys are below this.
    """

    __slots__ = ("left", "n_keys", "right")

    def __init__(self, left: Int32Array, right: Int32Array, n_keys: int) -> None:
        self.left, self.right, self.n_keys = left, right, n_keys

    def counts(self, keys: Int32Array) -> IntArray:
        """`(n_keys,)` rows of one side with each key."""
        return np.bincount(keys + np.int32(1), minlength=self.n_keys + 1)[1:].astype(np.int64)


def dense_keys(parts: Sequence[Part], *, n_left: int, n_right: int) -> RuleKeys:
    """
    One key for each combination of values that both sides have.

    Args:
        parts: The expressions; none at all gives every row key 0.
        n_left: Left rows.
        n_right: Right rows.
    """
    if not parts:
        return RuleKeys(np.zeros(n_left, np.int32), np.zeros(n_right, np.int32), 1)
    one_sided = all(part.right is part.left for part in parts)
    left: IntArray | Int32Array = parts[0].left
    right: IntArray | Int32Array = parts[0].right
    n_keys = max(parts[0].n_values, 1)
    for part in parts[1:]:
        if n_keys * part.n_values >= _MOST:
            left, right, n_keys = _dense(left, right, n_keys, one_sided=one_sided)
        n_values = max(part.n_values, 1)
        left = _joint(left, part.left, n_values)
        right = left if one_sided else _joint(right, part.right, n_values)
        n_keys *= n_values
    return RuleKeys(*_dense(left, right, n_keys, one_sided=one_sided))


def _joint(keys: IntArray | Int32Array, codes: Int32Array, n_values: int) -> IntArray:
    out = keys.astype(np.int64)
    out *= n_values
    out += codes
    out[(keys < 0) | (codes < 0)] = -1
    return out


def _dense(
    left: IntArray | Int32Array, right: IntArray | Int32Array, n_keys: int, *, one_sided: bool
) -> tuple[Int32Array, Int32Array, int]:
    if n_keys <= _DIRECT:
        return _by_table(left, right, n_keys, one_sided=one_sided)
    few, many = (left, right) if len(left) <= len(right) else (right, left)
    values = pc.unique(pa.array(few[few >= 0]))
    coded_few = _looked_up(few, values)
    coded_many = coded_few if one_sided else _looked_up(many, values)
    coded = (coded_few, coded_many) if few is left else (coded_many, coded_few)
    return *coded, max(len(values), 1)


def _looked_up(keys: IntArray | Int32Array, values: pa.Array) -> Int32Array:
    found = pc.index_in(pa.array(keys), value_set=values).fill_null(-1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int32)


def _by_table(
    left: IntArray | Int32Array, right: IntArray | Int32Array, n_keys: int, *, one_sided: bool
) -> tuple[Int32Array, Int32Array, int]:
    """By a mark for every key there could be; the last cell is that of the missing."""
    there = np.zeros(n_keys + 1, dtype=bool)
    there[left] = True
    if not one_sided:
        also = np.zeros(n_keys + 1, dtype=bool)
        also[right] = True
        there &= also
    there[-1] = False
    n_found = int(np.count_nonzero(there))
    number = np.cumsum(there, dtype=np.int32)
    number -= 1
    number[~there] = -1
    coded = number[left]
    return coded, coded if one_sided else number[right], max(n_found, 1)
