"""A string measure of pairs of values, computed once for all levels that have a threshold on it. Opens nothing."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from linkage.arrays import BoolArray, FloatArray, Int32Array, IntArray
from linkage.columns import Codes, distinct_pairs
from linkage.comparison.pairs import Pairs
from linkage.comparison.similar import Distance, Measure, Texts

__all__ = ["MEASURES", "MeasureName", "Measured", "compare_texts"]

MeasureName: TypeAlias = Literal["jaro", "jaro_winkler", "levenshtein", "damerau_levenshtein", "levenshtein_similarity"]
MEASURES: tuple[MeasureName, ...] = (
    "jaro",
    "jaro_winkler",
    "levenshtein",
    "damerau_levenshtein",
    "levenshtein_similarity",
)

_SIMILARITIES: dict[MeasureName, Measure] = {
    "jaro": "jaro",
    "jaro_winkler": "jaro_winkler",
    "levenshtein_similarity": "levenshtein",
}
_DISTANCES: dict[MeasureName, Distance] = {
    "levenshtein": "levenshtein",
    "damerau_levenshtein": "damerau_levenshtein",
}


def compare_texts(
    texts: Texts, first: IntArray, second: IntArray, *, measure: MeasureName, threshold: float
) -> FloatArray:
    """
    The measure of distinct pairs of texts; distances are negative, so that more is always more alike.

    Args:
        texts: The texts.
        first: `(n,)`.
        second: `(n,)`.
        measure: Which.
        threshold: What does not reach it may be given as 0 (similarities) or minus infinity (distances).
    """
    if measure in _DISTANCES:
        return -texts.distance(first, second, measure=_DISTANCES[measure], most=int(-threshold))
    return texts.similarity(first, second, measure=_SIMILARITIES[measure], cutoff=threshold)


class Measured:
    """
    A measure of the values of one column.

    Levels say with `need` which threshold they have before the first pair is asked for; the weakest of them is where
    the bound by letters cuts.
    """

    def __init__(self, codes: Codes, texts: Texts, measure: MeasureName) -> None:
        self.codes, self.texts, self.measure = codes, texts, measure
        self.weakest = np.inf

    def need(self, threshold: float) -> float:
        """Register a threshold; distances are given and compared as negative numbers."""
        signed = -threshold if self.measure in _DISTANCES else threshold
        self.weakest = min(self.weakest, signed)
        return signed

    def of(self, pairs: Pairs) -> FloatArray:
        """`(n_pairs,)` the measure, or less than every threshold; minus infinity where a side is missing."""
        (found,) = pairs.kept(("measured", id(self)), lambda: (self._of(*pairs.codes(self.codes)),))
        return found

    def _of(self, a: Int32Array, b: Int32Array) -> FloatArray:
        out = np.full(len(a), -np.inf)
        if not len(self.codes):
            return out
        may = self._may(a, b)
        may &= (a | b) >= 0
        open_ = np.flatnonzero(may)
        if len(open_):
            one, two, index = distinct_pairs(a[open_], b[open_], len(self.codes))
            found = compare_texts(self.texts, one, two, measure=self.measure, threshold=self.weakest)
            out[open_] = found[index]
        return out

    def _may(self, first: Int32Array, second: Int32Array) -> BoolArray:
        """Missing values (-1) take the last value's letters here: an answer that is not used."""
        if self.measure in _DISTANCES:
            return self.texts.may_be_within(first, second, most=int(-self.weakest))
        return self.texts.may_reach(first, second, measure=_SIMILARITIES[self.measure], cutoff=self.weakest)
