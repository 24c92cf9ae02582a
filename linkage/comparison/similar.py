"""
Similarity of distinct texts, behind a bound that settles most pairs by counting letters. Opens nothing.

A letter of one text that the other does not have cannot match, so the number of matching characters is at most
the length less the number of such letters. Where even that many would stay below the cutoff nothing is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler, Levenshtein
from rapidfuzz.process import cpdist

from linkage.arrays import BoolArray, FloatArray, IntArray

__all__ = ["Measure", "Texts"]

Measure: TypeAlias = Literal["jaro_winkler", "levenshtein"]

_SCORERS: dict[Measure, Callable[..., float]] = {
    "jaro_winkler": JaroWinkler.similarity,
    "levenshtein": Levenshtein.normalized_similarity,
}
_LARGEST_BOOST = 0.4  # of what is left to 1: four characters of common prefix, a tenth each
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Texts:
    """
    Distinct texts, ready to be compared.

    Attributes:
        words: `(n_values,)` the texts.
        letters: `(n_values,)` which letters occur, one bit each (letters may share a bit).
        lengths: `(n_values,)` characters.
        heads: `(n_values,)` code point of the first character.
    """

    words: NDArray[Any]
    letters: NDArray[np.uint64]
    lengths: IntArray
    heads: IntArray

    @classmethod
    def of(cls, values: Sequence[str]) -> Texts:
        """Texts of a dictionary, none empty."""
        letters = [sum({1 << (ord(c) & 63) for c in value}) for value in values]
        return cls(
            words=np.array(values, dtype=object),
            letters=np.array(letters, dtype=np.uint64),
            lengths=np.array([len(value) for value in values], dtype=np.int64),
            heads=np.array([ord(value[0]) for value in values], dtype=np.int64),
        )

    def similarity(self, first: IntArray, second: IntArray, *, measure: Measure, cutoff: float) -> FloatArray:
        """
        Similarity of pairs; give each distinct pair once.

        Args:
            first: `(n,)` texts.
            second: `(n,)` texts.
            measure: Jaro-Winkler, or 1 - Levenshtein distance / longer length; both count characters, not bytes.
            cutoff: Similarities below it are returned as 0.

        Returns:
            `(n,)` similarities between 0 and 1.
        """
        out = np.zeros(len(first))
        open_ = np.flatnonzero(self._may_reach(first, second, measure=measure, cutoff=cutoff))
        if len(open_):
            a, b = self.words[first[open_]].tolist(), self.words[second[open_]].tolist()
            out[open_] = cpdist(a, b, scorer=_SCORERS[measure], score_cutoff=cutoff, dtype=np.float64)
        return out

    def _may_reach(self, first: IntArray, second: IntArray, *, measure: Measure, cutoff: float) -> BoolArray:
        """Whether the largest similarity that the letters allow is not below the cutoff."""
        a, b = self.letters[first], self.letters[second]
        n_a, n_b = self.lengths[first], self.lengths[second]
        matching = np.minimum(n_a - np.bitwise_count(a & ~b), n_b - np.bitwise_count(b & ~a)).astype(np.float64)
        if measure == "levenshtein":
            bound = matching / np.maximum(n_a, n_b)
        else:
            jaro = np.where(matching > 0, (matching / n_a + matching / n_b + 1) / 3, 0.0)
            bound = np.where(self.heads[first] == self.heads[second], jaro + _LARGEST_BOOST * (1 - jaro), jaro)
        return np.asarray(bound >= cutoff - _SLACK, dtype=bool)
