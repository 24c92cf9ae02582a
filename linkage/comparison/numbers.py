"""Comparison of numbers by their difference. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.comparison.base import Comparison, Prepared, first_reached
from linkage.comparison.encoding import text_of

__all__ = ["NumberComparison", "numbers_of"]


def numbers_of(column: pa.ChunkedArray) -> FloatArray:
    """
    A column as numbers; text that is no number, and missing ones, as NaN.

    Returns:
        `(n_rows,)`. A decimal comma is read as a point.
    """
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    text = pc.replace_substring(text_of(column), ",", ".")
    plain = pc.match_substring_regex(text, r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$")
    numbers = pc.if_else(plain, text, pa.scalar(None, pa.string())).cast(pa.float64())
    return np.asarray(numbers.to_numpy(), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _PreparedNumber(Prepared):
    left: FloatArray
    right: FloatArray
    within: tuple[float, ...]
    relative: bool

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        a, b = self.left[left_rows], self.right[right_rows]
        missing = np.isnan(a) | np.isnan(b)
        apart = np.abs(a - b)
        if self.relative:
            larger = np.maximum(np.abs(a), np.abs(b))
            apart = np.divide(apart, larger, out=np.zeros_like(apart), where=larger > 0)
        reached = [(number + 1, apart <= limit) for number, limit in enumerate(sorted(self.within, reverse=True))]
        return first_reached(reached, missing)


class NumberComparison(Comparison):
    """Numbers that are equal or differ by at most so much, absolutely or as a share of the larger."""

    kind: Literal["number"] = Field("number", description="What this is.")
    within: tuple[float, ...] = Field(
        (1.0, 0.0), description="Descending largest differences, each a level; 0 = equal."
    )
    relative: bool = Field(False, description="Whether `within` is a share of the larger number.")

    @model_validator(mode="after")
    def _descending(self) -> NumberComparison:
        if not self.within or list(self.within) != sorted(set(self.within), reverse=True) or self.within[-1] < 0:
            raise ValueError("within: expected descending differences, none below 0")
        return self

    @property
    def level_names(self) -> tuple[str, ...]:
        per = "share" if self.relative else "difference"
        return ("else", *("exact" if limit == 0 else f"{per}_{limit:g}" for limit in self.within))

    def prepare(self, left: pa.Table, right: pa.Table) -> Prepared:
        a, b = self.sides(left, right)
        return _PreparedNumber(numbers_of(a), numbers_of(b), self.within, self.relative)
