"""Term frequencies: agreeing on a rare value says more than agreeing on a common one. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.arrays import FloatArray, Int8Array, Int32Array, IntArray
from linkage.comparison.encoding import Codes

__all__ = ["TermWeights"]


@dataclass(frozen=True, slots=True)
class TermWeights:
    """
    Bits to add to the strongest level of one comparison, by the value agreed on.

    The exact level weighs log2(m / u) on average; for a value of frequency f it weighs log2(m / f), so that
    log2(u / f) is added.

    Attributes:
        column: The comparison's column in the levels.
        level: Its strongest level: the only one that is adjusted.
        bits: `(n_values,)`.
        of_left: `(n_left,)` value of each left record.
    """

    column: int
    level: int
    bits: FloatArray
    of_left: Int32Array

    @classmethod
    def of(cls, codes: Codes, *, column: int, level: int, u: float, least_count: int) -> TermWeights:
        """
        Weights from the frequencies in both tables.

        Args:
            codes: Values of both tables.
            column: The comparison's column in the levels.
            level: Its strongest level.
            u: Chance agreement on that level.
            least_count: A rarer value counts as this frequent: a typing error seen twice is no rare name.
        """
        left, right = codes.counts()
        total = max(int(left.sum() + right.sum()), 1)
        frequency = np.maximum(left + right, least_count) / total
        return cls(column, level, np.log2(u) - np.log2(np.minimum(frequency, 1.0)), codes.left)

    def add_to(self, bits: FloatArray, *, gammas: Int8Array, left_rows: IntArray) -> None:
        """Add to `(n_pairs, n_comparisons)` weights in place."""
        agreed = np.flatnonzero(gammas[:, self.column] == self.level)
        bits[agreed, self.column] += self.bits[self.of_left[left_rows[agreed]]]

    def of_pairs(self, left_rows: IntArray, right_rows: IntArray) -> FloatArray:  # noqa: ARG002
        """`(n_pairs,)` bits of pairs that reach the level."""
        return np.asarray(self.bits[self.of_left[left_rows]], dtype=np.float64)

    @property
    def largest(self) -> float:
        """The most it can add (bits)."""
        return float(self.bits.max(initial=0.0))
