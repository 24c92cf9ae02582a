"""Term frequencies: agreeing on a rare value says more than agreeing on a common one. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linkage.arrays import FloatArray, IntArray
from linkage.comparison.base import Prepared
from linkage.comparison.frequencies import LevelTerms
from linkage.model.model import Model

__all__ = ["TermWeights", "term_weights"]


@dataclass(frozen=True, slots=True)
class TermWeights:
    """
    Bits to add to one level of one comparison, by what the pair agrees on.

    The exact level weighs log2(m / u) on average; for a value of frequency f it weighs log2(m / f), so that
    weight x log2(u / max(f, floor)) is added; 0 where the frequency is not known.

    Attributes:
        column: The comparison's column in the levels.
        level: The level.
        terms: How frequent it is what pairs agree on.
        u_bits: log2 of the u that the frequency replaces.
        floor: A smaller frequency counts as this.
    """

    column: int
    level: int
    terms: LevelTerms
    u_bits: float
    floor: float

    def of_pairs(self, left_rows: IntArray, right_rows: IntArray) -> FloatArray:
        """`(n_pairs,)` bits to add to pairs that reach the level."""
        return self._bits(self.terms.frequency_of(left_rows, right_rows))

    def _bits(self, frequency: FloatArray) -> FloatArray:
        bounded = np.clip(frequency, max(self.floor, np.finfo(np.float64).tiny), 1.0)
        return np.nan_to_num(self.terms.weight * (self.u_bits - np.log2(bounded)), nan=0.0)

    @property
    def largest(self) -> float:
        """The most it can add (bits)."""
        return max(0.0, float(self._bits(np.array([self.terms.smallest]))[0]))


def term_weights(prepared: Sequence[Prepared], model: Model, *, least_count: int = 1) -> list[TermWeights]:
    """
    What term frequencies add, of all levels that have them.

    Args:
        prepared: The comparisons, in the order of the model's.
        model: The model.
        least_count: A value that occurs less often in both tables counts as this frequent; not of external tables.
    """
    out = []
    for column, (bound, part) in enumerate(zip(prepared, model.comparisons, strict=True)):
        for terms in bound.terms:
            floor = max(terms.minimum_u, least_count / terms.n_counted if terms.n_counted else 0.0)
            out.append(TermWeights(column, terms.gamma, terms, float(np.log2(part.u[terms.base_gamma])), floor))
    return out
