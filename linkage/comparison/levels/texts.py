"""Levels on how alike texts are: edits, Jaro, letters in common, q-grams, parts of names. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from linkage.arrays import BoolArray, FloatArray, Int32Array, IntArray
from linkage.columns import Codes, Expression, distinct_pairs
from linkage.columns.folding import fold, loose
from linkage.comparison.levels.base import Bound, ColumnField, Level
from linkage.comparison.measured import Measured, MeasureName
from linkage.comparison.pairs import Pairs
from linkage.comparison.sets import Sets
from linkage.comparison.sources import Sources

__all__ = ["NameVariantLevel", "OverlapLevel", "SimilarityLevel"]

_DISTANCES = frozenset({"levenshtein", "damerau_levenshtein"})
_SHORTEST_PART = 3  # characters: an initial or "Li" alone is no evidence of the same name
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class _Alike(Bound):
    measured: Measured
    threshold: float

    cost: ClassVar[int] = 2

    def reached(self, pairs: Pairs) -> BoolArray:
        return np.asarray(self.measured.of(pairs) >= self.threshold, dtype=bool)

    def absent(self, pairs: Pairs) -> BoolArray:
        return pairs.absent(self.measured.codes)


class SimilarityLevel(Level):
    """Texts whose similarity is at least, or whose number of edits is at most a threshold; characters, not bytes."""

    kind: Literal["similarity"] = Field("similarity", description="What this is.")
    column: ColumnField = Field(description="The column.")
    measure: MeasureName = Field(
        description="jaro, jaro_winkler or levenshtein_similarity (1 - edits / longer length): at least; "
        "levenshtein or damerau_levenshtein: at most so many edits."
    )
    threshold: float = Field(ge=0, description="Similarity at least, or number of edits at most.")

    @model_validator(mode="after")
    def _within_reach(self) -> SimilarityLevel:
        if self.measure in _DISTANCES and not float(self.threshold).is_integer():
            raise ValueError(f"threshold: expected a whole number of edits for {self.measure}")
        if self.measure not in _DISTANCES and not 0 < self.threshold <= 1:
            raise ValueError(f"threshold: expected a similarity above 0 and up to 1 for {self.measure}")
        return self

    @property
    def short(self) -> str:
        if self.measure in _DISTANCES:
            return f"{self.measure}_{self.threshold:g}"
        return f"{self.measure.removesuffix('_similarity')}_{self.threshold:.2f}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        measured = sources.measured(self.column, self.measure)
        return _Alike(measured, measured.need(self.threshold))


@dataclass(frozen=True, slots=True)
class _Grams:
    """The letters or q-grams of the distinct values of a column."""

    codes: Codes
    sets: Sets
    dice: bool

    def share(self, pairs: Pairs) -> FloatArray:
        """`(n_pairs,)` what they have in common: Dice 2s / (a + b), or Jaccard s / (a + b - s); -1 where missing."""
        (found,) = pairs.kept(("grams", id(self)), lambda: (self._share(pairs),))
        return found

    def _share(self, pairs: Pairs) -> FloatArray:
        a, b = pairs.codes(self.codes)
        out = np.full(len(a), -1.0)
        there = np.flatnonzero((a | b) >= 0)
        first, second, index = distinct_pairs(a[there], b[there], len(self.codes))
        out[there] = self._of(first, second, self.sets.shared(first, second))[index]
        return out

    def _of(self, first: IntArray, second: IntArray, shared: Int32Array) -> FloatArray:
        sizes = self.sets.sizes
        total = sizes[first] + sizes[second]
        out = 2 * shared / total if self.dice else shared / (total - shared)
        return np.asarray(out, dtype=np.float64)

    def may_reach(self, pairs: Pairs, threshold: float) -> BoolArray:
        """Whether the letters that can be shared allow the threshold."""
        a, b = pairs.codes(self.codes)
        out = np.zeros(len(a), dtype=bool)
        there = np.flatnonzero((a | b) >= 0)
        first, second = a[there].astype(np.int64), b[there].astype(np.int64)
        most = self._of(first, second, self.sets.most_shared(first, second))
        out[there] = most >= threshold - _ROUNDING
        return out


@dataclass(frozen=True, slots=True)
class _Overlapping(Bound):
    grams: _Grams
    threshold: float

    cost: ClassVar[int] = 2

    def reached(self, pairs: Pairs) -> BoolArray:
        out = self.grams.may_reach(pairs, self.threshold)
        open_ = np.flatnonzero(out)
        out[open_] = self.grams.share(pairs.only(open_)) >= self.threshold - _ROUNDING
        return out

    def absent(self, pairs: Pairs) -> BoolArray:
        return pairs.absent(self.grams.codes)


class OverlapLevel(Level):
    """Texts that have enough letters (Jaccard, as DuckDB's) or q-grams (Dice, padded with blanks) in common."""

    kind: Literal["overlap"] = Field("overlap", description="What this is.")
    column: ColumnField = Field(description="The column.")
    measure: Literal["jaccard", "dice"] = Field(
        description="jaccard: distinct letters shared of those of both; dice: 2 x shared q-grams / all."
    )
    threshold: float = Field(gt=0, le=1, description="Share at least.")
    q: int = Field(2, ge=1, le=8, description="Letters of a q-gram; for dice.")

    @property
    def short(self) -> str:
        return f"{self.measure}_{self.threshold:.2f}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        sources.texts(self.column)
        q = self.q if self.measure == "dice" else 0
        grams = sources.once(("grams", self.column, q), lambda: _grams_of(sources.codes(self.column), q))
        return _Overlapping(grams, self.threshold)


def _grams_of(codes: Codes, q: int) -> _Grams:
    """Sets of q-grams of values padded with q - 1 blanks on both sides; of letters for q = 0."""
    pad = " " * (q - 1)
    grams = [
        sorted({padded[at : at + q] for at in range(len(padded) - q + 1)}) if q else sorted(set(value))
        for value in codes.values
        for padded in (f"{pad}{value}{pad}",)
    ]
    return _Grams(codes, _sets_of(grams), dice=q > 0)


def _sets_of(parts: list[list[str]]) -> Sets:
    number = {part: code for code, part in enumerate(sorted({part for each in parts for part in each}))}
    owners = np.repeat(np.arange(len(parts)), [len(each) for each in parts]) if parts else np.zeros(0, np.int64)
    items = np.array([number[part] for each in parts for part in each], dtype=np.int64)
    return Sets.of(owners, items, n_sets=len(parts), n_items=len(number))


@dataclass(frozen=True, slots=True)
class _Variant(Bound):
    """
    Attributes:
        codes: The names.
        loose: `(n_values,)` number of the spelling without umlauts and doubled letters.
        parts: Parts of each name that are long enough.
    """

    codes: Codes
    loose: IntArray
    parts: Sets

    cost: ClassVar[int] = 1

    def reached(self, pairs: Pairs) -> BoolArray:
        a, b = pairs.codes(self.codes)
        out = np.zeros(len(a), dtype=bool)
        there = np.flatnonzero((a | b) >= 0)
        first, second = a[there].astype(np.int64), b[there].astype(np.int64)
        same = self.loose[first] == self.loose[second]
        one, two = self.parts.sizes[first], self.parts.sizes[second]
        smaller = np.minimum(one, two)
        open_ = np.flatnonzero(~same & (smaller > 0) & ((one > 1) | (two > 1)))
        open_ = open_[self.parts.most_shared(first[open_], second[open_]) >= smaller[open_]]
        same[open_] = self.parts.shared(first[open_], second[open_]) == smaller[open_]
        out[there] = same
        return out

    def absent(self, pairs: Pairs) -> BoolArray:
        return pairs.absent(self.codes)


class NameVariantLevel(Level):
    """
    A German name in another form: Müller/Muller, Schmitt/Schmit, Meyer-Schulz/Meyer, a second given name on one side.

    Equal but for umlauts and doubled letters, or all parts of three letters and more of the shorter name within the
    longer. The column is best read as `name` (folded, without particles).
    """

    kind: Literal["name_variant"] = Field("name_variant", description="What this is.")
    column: ColumnField = Field(description="The column.")

    @property
    def short(self) -> str:
        return "variant"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        sources.texts(self.column)
        folded = bool(self.column.transforms) and self.column.transforms[-1].kind in {"name", "folded"}
        return sources.once(("variant", self.column), lambda: _variants(sources.codes(self.column), folded=folded))


def _variants(codes: Codes, *, folded: bool) -> _Variant:
    texts = codes.values if folded else [fold(value) for value in codes.values]
    spellings = np.array([loose(value) for value in texts], dtype=object)
    number = np.unique(spellings, return_inverse=True)[1] if len(spellings) else np.zeros(0)
    parts = [sorted({part for part in value.split() if len(part) >= _SHORTEST_PART}) for value in texts]
    return _Variant(codes, number.astype(np.int64), _sets_of(parts))
