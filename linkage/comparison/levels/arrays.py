"""Levels on arrays as sets: how much they share, codes by their beginnings, their most similar texts. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from linkage.arrays import BoolArray, FloatArray, Int32Array, IntArray
from linkage.columns import Expression, distinct_pairs
from linkage.comparison.arrays import Collections
from linkage.comparison.levels.base import Bound, ColumnField, Level
from linkage.comparison.measured import MeasureName, compare_texts
from linkage.comparison.pairs import Pairs
from linkage.comparison.similar import Texts
from linkage.comparison.sources import Sources

__all__ = ["ArrayLevel", "PairwiseSimilarityLevel", "SharedElements"]

_ROUNDING = 1e-12
_MOST_PAIRS = 2_000_000  # pairs of elements held at once


@dataclass(frozen=True, slots=True)
class SharedElements(Bound):
    """
    Attributes:
        sets: The arrays.
        measure: What is asked of them.
        threshold: How many, or which share.
        empty_counts: Whether an array without elements is a subset of any.
    """

    sets: Collections
    measure: Literal["size", "share", "jaccard", "subset", "equal"]
    threshold: float
    empty_counts: bool

    cost: ClassVar[int] = 1
    screens: ClassVar[bool] = True

    def reached(self, pairs: Pairs) -> BoolArray:
        (shared,) = pairs.kept(
            ("shared", id(self.sets)), lambda: (self.sets.left.shared(pairs.left, pairs.right, self.sets.right),)
        )
        return self._enough(shared, pairs)

    def impossible(self, pairs: Pairs) -> BoolArray:
        key = ("most", id(self.sets))
        (most,) = pairs.kept(key, lambda: (self.sets.left.most_shared(pairs.left, pairs.right, self.sets.right),))
        return ~self._enough(most, pairs)

    def _enough(self, shared: Int32Array, pairs: Pairs) -> BoolArray:
        """Whether so many shared elements reach the level; more never reach less. A missing array shares none."""
        if self.measure == "size":
            out = shared >= self.threshold
            return out if self.threshold > 0 else np.asarray(out & ~self.absent(pairs), dtype=bool)
        a, b = _sizes(self.sets, pairs)
        match self.measure:
            case "share":
                return np.asarray(shared >= self.threshold * np.maximum(np.minimum(a, b), 1) - _ROUNDING, dtype=bool)
            case "jaccard":
                return np.asarray(shared >= self.threshold * np.maximum(a + b - shared, 1) - _ROUNDING, dtype=bool)
            case "equal":
                same = (shared == a) & (shared == b)
            case _:
                smaller = np.minimum(a, b)
                same = (shared == smaller) & ((smaller > 0) | self.empty_counts)
        return np.asarray(same & ~self.absent(pairs), dtype=bool)

    def absent(self, pairs: Pairs) -> BoolArray:
        return self.sets.absent_left[pairs.left] | self.sets.absent_right[pairs.right]


def _sizes(sets: Collections, pairs: Pairs) -> tuple[Int32Array, Int32Array]:
    a, b = pairs.kept(("sizes", id(sets)), lambda: (sets.left.sizes[pairs.left], sets.right.sizes[pairs.right]))
    return a, b


class ArrayLevel(Level):
    """
    Arrays that share enough: a number of elements, a share of the smaller (or of both: Jaccard), or all.

    With `prefix` only the first characters of each element count: the category of a diagnosis, the chapter of a
    procedure. Text is split at blanks, commas, semicolons and bars. Order and repetition do not matter.
    """

    kind: Literal["array"] = Field("array", description="What this is.")
    column: ColumnField = Field(description="The column of arrays; its transforms are those of the elements.")
    measure: Literal["size", "share", "jaccard", "subset", "equal"] = Field(
        "size", description="size: at least so many; share: of the smaller; jaccard: of both; subset; equal."
    )
    threshold: float = Field(1.0, ge=0, description="How many, or which share; nothing for subset and equal.")
    prefix: int | None = Field(None, ge=1, description="Only so many first characters of each element count.")
    empty_is_subset: bool = Field(False, description="Whether an array without elements is a subset of any.")

    @model_validator(mode="after")
    def _a_share(self) -> ArrayLevel:
        if self.measure in {"share", "jaccard"} and not 0 < self.threshold <= 1:
            raise ValueError(f"threshold: expected a share above 0 and up to 1 for {self.measure}")
        if self.measure == "size" and not float(self.threshold).is_integer():
            raise ValueError("threshold: expected a whole number of elements")
        return self

    @property
    def short(self) -> str:
        head = f"shared_first_{self.prefix}" if self.prefix else "shared"
        match self.measure:
            case "size":
                return f"{head}_{self.threshold:g}"
            case "share":
                return f"overlap_{self.threshold:.2f}" + (f"_first_{self.prefix}" if self.prefix else "")
            case "jaccard":
                return f"jaccard_{self.threshold:.2f}" + (f"_first_{self.prefix}" if self.prefix else "")
        return self.measure

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        return SharedElements(self.sets(sources), self.measure, self.threshold, self.empty_is_subset)

    def sets(self, sources: Sources) -> Collections:
        """The arrays, cut to the prefix."""
        whole = sources.collections(self.column)
        if self.prefix is None:
            return whole
        length = self.prefix
        return sources.once(("shortened", self.column, length), lambda: whole.shortened(length))


@dataclass(frozen=True, slots=True)
class _MostAlike(Bound):
    sets: Collections
    texts: Texts
    measure: MeasureName
    threshold: float
    weakest: list[float]

    cost: ClassVar[int] = 3

    def reached(self, pairs: Pairs) -> BoolArray:
        (best,) = pairs.kept(("most_alike", id(self.sets), self.measure), lambda: (self._best(pairs),))
        return np.asarray(best >= self.threshold, dtype=bool)

    def absent(self, pairs: Pairs) -> BoolArray:
        return self.sets.absent_left[pairs.left] | self.sets.absent_right[pairs.right]

    def _best(self, pairs: Pairs) -> FloatArray:
        a, b = _sizes(self.sets, pairs)
        ends = np.cumsum(a.astype(np.int64) * b)
        out = np.full(len(pairs), -np.inf)
        at = 0
        while at < len(pairs):
            end = max(at + 1, int(np.searchsorted(ends, (ends[at - 1] if at else 0) + _MOST_PAIRS, side="right")))
            out[at:end] = self._best_of(pairs.left[at:end], pairs.right[at:end], a[at:end], b[at:end])
            at = end
        return out

    def _best_of(self, left: IntArray, right: IntArray, a: Int32Array, b: Int32Array) -> FloatArray:
        """The measure of the most similar elements; every element of one with every element of the other."""
        count = a * b
        pair = np.repeat(np.arange(len(left)), count)
        place = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
        one = self.sets.left.items[self.sets.left.starts[left][pair] + place // np.maximum(b[pair], 1)]
        two = self.sets.right.items[self.sets.right.starts[right][pair] + place % np.maximum(b[pair], 1)]
        first, second, index = distinct_pairs(one, two, len(self.sets.values))
        found = compare_texts(self.texts, first, second, measure=self.measure, threshold=min(self.weakest))
        out = np.full(len(left), -np.inf)
        np.maximum.at(out, pair, found[index])
        return out


class PairwiseSimilarityLevel(Level):
    """The most similar elements of two arrays of texts are similar enough."""

    kind: Literal["pairwise"] = Field("pairwise", description="What this is.")
    column: ColumnField = Field(description="The column of arrays; its transforms are those of the elements.")
    measure: MeasureName = Field(description="As of single texts: similarities at least, edits at most.")
    threshold: float = Field(ge=0, description="Similarity at least, or number of edits at most.")

    @property
    def short(self) -> str:
        return f"pairwise_{self.measure}_{self.threshold:g}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        sets = sources.collections(self.column)
        texts = sources.once(("element_texts", self.column), lambda: Texts.of(sets.values))
        signed = -self.threshold if self.measure in {"levenshtein", "damerau_levenshtein"} else self.threshold
        weakest: list[float] = sources.once(("pairwise", self.column, self.measure), list)
        weakest.append(signed)
        return _MostAlike(sets, texts, self.measure, signed, weakest)
