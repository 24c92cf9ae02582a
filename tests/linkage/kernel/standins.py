"""Small comparisons and term frequencies that keep the kernel's contract, for its tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.columns import Codes, Columns, Expression
from linkage.kernel import UNSETTLED

__all__ = ["Equality", "FirstLetter", "ValueTerms"]


@dataclass(frozen=True)
class Equality:
    """Levels: else, exact. Integers only."""

    codes: Codes
    cost: int = 0
    n_levels: int = 2

    @classmethod
    def of(cls, columns: Columns, column: str) -> Equality:
        return cls(columns.codes(Expression(column=column)))

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        a, b = self.codes.left[left_rows], self.codes.right[right_rows]
        return np.where((a < 0) | (b < 0), -1, (a == b).astype(np.int8)).astype(np.int8)

    quick = gammas


class FirstLetter:
    """Levels: else, same first letter, exact. Counts the pairs whose text it has looked at."""

    cost = 2
    n_levels = 3

    def __init__(self, columns: Columns, column: str, *, quickly: bool = True) -> None:
        self.codes = columns.codes(Expression(column=column))
        self.n_looked_at = 0
        if not quickly:
            self.quick = None  # type: ignore[assignment,method-assign]

    def quick(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        a, b = self.codes.left[left_rows], self.codes.right[right_rows]
        out = np.where(a == b, 2, UNSETTLED)
        out[(a < 0) | (b < 0)] = -1
        return out.astype(np.int8)

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        self.n_looked_at += len(left_rows)
        a, b = self.codes.left[left_rows], self.codes.right[right_rows]
        heads = np.array([*(value[0] for value in self.codes.values), ""])
        out = (heads[a] == heads[b]).astype(np.int8)
        out[a == b] = 2
        out[(a < 0) | (b < 0)] = -1
        return out


@dataclass(frozen=True)
class ValueTerms:
    """log2(u / frequency) of the value agreed on."""

    column: int
    level: int
    codes: Codes
    u: float

    @property
    def bits(self) -> FloatArray:
        return np.log2(self.u) - np.log2(np.maximum(self.codes.pooled_shares(), 1e-9))

    @property
    def largest(self) -> float:
        return float(self.bits.max(initial=0.0))

    def of_pairs(self, left_rows: IntArray, right_rows: IntArray) -> FloatArray:
        return np.asarray(self.bits[self.codes.left[left_rows]], dtype=np.float64)
