"""How frequent the value is on which a pair agrees: of single values, of elements of arrays, from outside. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from linkage.arrays import FloatArray, IntArray
from linkage.columns import Codes, Expression
from linkage.comparison.arrays import Collections

__all__ = ["ElementTerms", "LevelTerms", "Lookups", "ScalarTerms", "element_frequencies", "value_frequencies"]

Lookups: TypeAlias = Mapping[str, Mapping[str, float]]  # column or expression -> value -> share of the population


@dataclass(frozen=True, slots=True)
class LevelTerms(ABC):
    """
    Term frequencies of one level.

    Attributes:
        gamma: The level.
        base_gamma: The level whose u is the average that the pair's own frequency replaces.
        weight: How much of the adjustment is made.
        minimum_u: A rarer value counts as this frequent.
        n_counted: Values counted on both sides, so that a floor in counts has a meaning; 0 for external frequencies.
        smallest: The smallest frequency there is (1 where there is none).
    """

    gamma: int
    base_gamma: int
    weight: float
    minimum_u: float
    n_counted: int
    smallest: float

    @abstractmethod
    def frequency_of(self, left_rows: IntArray, right_rows: IntArray) -> FloatArray:
        """`(n_pairs,)` share of records that have what the pair agrees on; NaN where that is not known."""


@dataclass(frozen=True, slots=True)
class ScalarTerms(LevelTerms):
    """
    Of single values; where the sides differ, the more frequent one counts.

    Attributes:
        codes: The values.
        frequencies: `(n_values + 1,)` share of each, NaN where it is not known and for missing values (last).
    """

    codes: Codes
    frequencies: FloatArray

    def frequency_of(self, left_rows: IntArray, right_rows: IntArray) -> FloatArray:
        one = self.frequencies[self.codes.left[left_rows]]
        return np.fmax(one, self.frequencies[self.codes.right[right_rows]])


@dataclass(frozen=True, slots=True)
class ElementTerms(LevelTerms):
    """
    Of elements of arrays: of those a pair shares the rarest counts.

    Attributes:
        sets: The arrays.
        frequencies: `(n_elements,)` share of arrays that hold each element.
    """

    sets: Collections
    frequencies: FloatArray

    def frequency_of(self, left_rows: IntArray, right_rows: IntArray) -> FloatArray:
        known = np.where(np.isnan(self.frequencies), np.inf, self.frequencies)
        return self.sets.left.least_shared(left_rows, right_rows, self.sets.right, known)


def value_frequencies(codes: Codes, *, outside: Mapping[str, float] | None) -> tuple[FloatArray, int]:
    """
    Shares of the values among the present ones of both tables, or from outside; and how many were counted.

    Args:
        codes: The values; within one table both sides are the same, which changes no share.
        outside: Frequencies of values as they are after the expression's transforms; None to count.

    Returns:
        `(n_values + 1,)` NaN last; 0 counted for frequencies from outside.
    """
    if outside is not None:
        return np.array([*(outside.get(value, np.nan) for value in codes.values), np.nan]), 0
    left, right = codes.counts()
    counts = left + right
    total = int(counts.sum())
    return np.append(counts / max(total, 1), np.nan), total


def element_frequencies(sets: Collections, *, outside: Mapping[str, float] | None) -> tuple[FloatArray, int]:
    """`(n_elements,)` shares of the arrays of both tables that hold each element, and how many were counted."""
    if outside is not None:
        return np.array([outside.get(value, np.nan) for value in sets.values.to_pylist()]), 0
    sides = [sets.left, sets.right]
    counts = sum(np.bincount(side.items, minlength=len(sets.values)) for side in sides)
    total = sum(int((side.sizes > 0).sum()) for side in sides)
    return np.asarray(counts / max(total, 1), dtype=np.float64), total


def looked_up(lookups: Lookups, expression: Expression) -> Mapping[str, float] | None:
    """
    Frequencies from outside for an expression: under its own name, or its column's with the transforms applied.

    Values that the transforms make equal (Müller, Mueller) count together.
    """
    if expression.text in lookups and expression.transforms:
        return lookups[expression.text]
    if expression.column is None or expression.column not in lookups:
        return None
    given = lookups[expression.column]
    made = reduce(lambda values, step: step.apply(values), expression.transforms, pa.array(list(given), pa.string()))
    out: dict[str, float] = {}
    for value, share in zip(made.to_pylist(), given.values(), strict=True):
        if value:
            out[value] = out.get(value, 0.0) + share
    return out


def smallest_of(frequencies: FloatArray) -> float:
    """The smallest frequency above 0; 1 where there is none."""
    known = frequencies[frequencies > 0]
    return float(known.min()) if len(known) else 1.0
