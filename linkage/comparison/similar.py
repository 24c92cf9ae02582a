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
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rapidfuzz.distance import DamerauLevenshtein, Jaro, JaroWinkler, Levenshtein
from rapidfuzz.process import cpdist

from linkage.arrays import BoolArray, FloatArray, Int32Array, IntArray

__all__ = ["Distance", "Measure", "Texts"]

Measure: TypeAlias = Literal["jaro", "jaro_winkler", "levenshtein"]
Distance: TypeAlias = Literal["levenshtein", "damerau_levenshtein"]

_SCORERS: dict[Measure, Callable[..., float]] = {
    "jaro": Jaro.similarity,
    "jaro_winkler": JaroWinkler.similarity,
    "levenshtein": Levenshtein.normalized_similarity,
}
_EDITS: dict[Distance, Callable[..., int]] = {
    "levenshtein": Levenshtein.distance,
    "damerau_levenshtein": DamerauLevenshtein.distance,
}
_LARGEST_BOOST = 0.4  # of what is left to 1: four characters of common prefix, a tenth each
_SLACK = 1e-5  # more than single precision loses


@dataclass(frozen=True, slots=True)
class Texts:
    """
    Distinct texts, ready to be compared.

    Attributes:
        words: `(n_values,)` the texts.
        letters: `(n_values,)` which letters occur, one bit each (letters may share a bit).
        lengths: `(n_values,)` characters.
        inverse: `(n_values,)` 1 / characters.
        heads: `(n_values,)` code point of the first character.
    """

    words: NDArray[Any]
    letters: NDArray[np.uint64]
    lengths: Int32Array
    inverse: NDArray[np.float32]
    heads: Int32Array

    @classmethod
    def of(cls, values: Sequence[str] | pa.Array) -> Texts:
        """Texts of a dictionary, none empty."""
        column = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
        words = np.empty(len(column), dtype=object)
        words[:] = column.to_pylist()
        lengths = pc.utf8_length(column).to_numpy(zero_copy_only=False).astype(np.int32)
        inverse = (1.0 / lengths).astype(np.float32)
        if not len(words):
            return cls(words, np.zeros(0, dtype=np.uint64), lengths, inverse, lengths)
        points = np.frombuffer("".join(words.tolist()).encode("utf-32-le"), dtype=np.uint32)
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        bits = np.uint64(1) << (points & np.uint32(63)).astype(np.uint64)
        return cls(words, np.bitwise_or.reduceat(bits, starts), lengths, inverse, points[starts].astype(np.int32))

    def similarity(self, first: IntArray, second: IntArray, *, measure: Measure, cutoff: float) -> FloatArray:
        """
        Similarity of pairs; give each distinct pair once.

        Args:
            first: `(n,)` texts.
            second: `(n,)` texts.
            measure: Jaro, Jaro-Winkler, or 1 - Levenshtein distance / longer length; all count characters, not bytes.
            cutoff: Similarities below it are returned as 0.

        Returns:
            `(n,)` similarities between 0 and 1.
        """
        out = np.zeros(len(first))
        open_ = np.flatnonzero(self.may_reach(first, second, measure=measure, cutoff=cutoff))
        if len(open_):
            a, b = self.words[first[open_]].tolist(), self.words[second[open_]].tolist()
            # with the cutoff itself, rapidfuzz drops pairs of exactly that Jaro-Winkler similarity
            found = cpdist(a, b, scorer=_SCORERS[measure], score_cutoff=max(cutoff - _SLACK, 0.0), dtype=np.float64)
            out[open_] = np.where(found >= cutoff, found, 0.0)
        return out

    def distance(self, first: IntArray, second: IntArray, *, measure: Distance, most: int) -> FloatArray:
        """
        Edits between the texts of pairs; give each distinct pair once.

        Args:
            first: `(n,)` texts.
            second: `(n,)` texts.
            measure: Levenshtein, or Damerau-Levenshtein, in which an exchange of neighbours is one edit.
            most: A larger distance is returned as infinity.

        Returns:
            `(n,)` numbers of edits.
        """
        out = np.full(len(first), np.inf)
        open_ = np.flatnonzero(self.may_be_within(first, second, most=most))
        if len(open_):
            a, b = self.words[first[open_]].tolist(), self.words[second[open_]].tolist()
            found = cpdist(a, b, scorer=_EDITS[measure], score_cutoff=most, dtype=np.int32).astype(np.float64)
            out[open_] = np.where(found <= most, found, np.inf)
        return out

    def may_reach(
        self, first: IntArray | Int32Array, second: IntArray | Int32Array, *, measure: Measure, cutoff: float
    ) -> BoolArray:
        """`(n,)` whether the largest similarity that the letters allow is not below the cutoff."""
        matching = self._most_matching(first, second)
        if measure == "levenshtein":
            longer = np.maximum(self.lengths[first], self.lengths[second])
            return np.asarray(matching >= (cutoff - _SLACK) * longer, dtype=bool)
        bound = self.inverse[first] + self.inverse[second]
        bound *= matching.astype(np.float32)
        out = bound >= np.float32(3 * cutoff - 1 - _SLACK)
        if measure == "jaro_winkler":  # three times the least Jaro from which the boost reaches the cutoff, less one
            least = 3 * (cutoff - _LARGEST_BOOST) / (1 - _LARGEST_BOOST) - 1
            boosted = bound >= np.float32(least - _SLACK)
            boosted &= self.heads[first] == self.heads[second]
            out |= boosted
        if 3 * cutoff > 1:
            return np.asarray(out, dtype=bool)
        return np.asarray(out & (matching > 0) | (cutoff <= 0), dtype=bool)

    def may_be_within(self, first: IntArray | Int32Array, second: IntArray | Int32Array, *, most: int) -> BoolArray:
        """`(n,)` whether the letters allow that few edits: a letter the other text lacks takes one."""
        longer = np.maximum(self.lengths[first], self.lengths[second])
        return np.asarray(longer - self._most_matching(first, second) <= most, dtype=bool)

    def _most_matching(self, first: IntArray | Int32Array, second: IntArray | Int32Array) -> Int32Array:
        a, b = self.letters[first], self.letters[second]
        left = self.lengths[first] - np.bitwise_count(a & ~b)
        np.minimum(left, self.lengths[second] - np.bitwise_count(b & ~a), out=left)
        return np.asarray(left, dtype=np.int32)
