"""Comparisons of text: equality, edit similarity, common prefix. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from linkage.arrays import Int8Array, IntArray
from linkage.comparison.base import Comparison, Prepared, first_reached
from linkage.comparison.encoding import Codes, distinct_pairs, encode
from linkage.comparison.folding import fold
from linkage.comparison.similar import Measure, Texts

__all__ = ["ExactComparison", "PrefixComparison", "TextComparison"]


@dataclass(frozen=True, slots=True)
class _PreparedText(Prepared):
    coded: Codes
    texts: Texts
    measure: Measure
    thresholds: tuple[float, ...]

    @property
    def codes(self) -> Codes:
        return self.coded

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        a, b = self.coded.left[left_rows], self.coded.right[right_rows]
        missing, equal = (a < 0) | (b < 0), a == b
        reached = []
        if self.thresholds:
            unlike = np.flatnonzero(~missing & ~equal)
            alike = np.zeros(len(a))
            first, second, index = distinct_pairs(a[unlike], b[unlike], len(self.coded.values))
            measured = self.texts.similarity(first, second, measure=self.measure, cutoff=self.thresholds[0])
            alike[unlike] = measured[index]
            reached = [(number + 1, alike >= limit) for number, limit in enumerate(self.thresholds)]
        return first_reached([*reached, (len(self.thresholds) + 1, equal)], missing)


class ExactComparison(Comparison):
    """Equal or not, after case and umlaut folding if asked for."""

    kind: Literal["exact"] = Field("exact", description="What this is.")
    folded: bool = Field(False, description="Whether ä=ae, ß=ss, case and punctuation are the same.")

    @property
    def level_names(self) -> tuple[str, ...]:
        return ("else", "exact")

    def prepare(self, left: pa.Table, right: pa.Table) -> Prepared:
        coded = encode(*self.sides(left, right), standardise=fold if self.folded else None)
        return _PreparedText(coded, Texts.of(()), "jaro_winkler", ())


class TextComparison(Comparison):
    """Equal, or alike to certain degrees, after folding. Similarity counts characters, never bytes."""

    kind: Literal["text"] = Field("text", description="What this is.")
    measure: Measure = Field("jaro_winkler", description="Jaro-Winkler, or 1 - Levenshtein / longer length.")
    thresholds: tuple[float, ...] = Field((0.8, 0.92), description="Ascending similarities, each a level.")

    @model_validator(mode="after")
    def _ascending(self) -> TextComparison:
        if list(self.thresholds) != sorted(set(self.thresholds)) or not all(0 < t < 1 for t in self.thresholds):
            raise ValueError("thresholds: expected ascending numbers between 0 and 1")
        return self

    @property
    def level_names(self) -> tuple[str, ...]:
        return ("else", *(f"{self.measure}_{limit:.2f}" for limit in self.thresholds), "exact")

    @property
    def cost(self) -> int:
        return 2

    def prepare(self, left: pa.Table, right: pa.Table) -> Prepared:
        coded = encode(*self.sides(left, right), standardise=fold)
        return _PreparedText(coded, Texts.of(coded.values), self.measure, self.thresholds)


@dataclass(frozen=True, slots=True)
class _PreparedPrefix(Prepared):
    coded: Codes
    prefixes: tuple[IntArray, ...]

    @property
    def codes(self) -> Codes:
        return self.coded

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        a, b = self.coded.left[left_rows], self.coded.right[right_rows]
        missing = (a < 0) | (b < 0)
        if not self.coded.values:
            return first_reached([], missing)
        reached = [(number + 1, same[a] == same[b]) for number, same in enumerate(self.prefixes)]
        return first_reached([*reached, (len(self.prefixes) + 1, a == b)], missing)


class PrefixComparison(Comparison):
    """Codes in which the first characters say the most: postcodes, region keys, a single ICD or OPS code."""

    kind: Literal["prefix"] = Field("prefix", description="What this is.")
    lengths: tuple[int, ...] = Field((2, 3), description="Ascending lengths of a common beginning, each a level.")

    @model_validator(mode="after")
    def _ascending(self) -> PrefixComparison:
        if list(self.lengths) != sorted(set(self.lengths)) or min(self.lengths, default=1) < 1:
            raise ValueError("lengths: expected ascending numbers of characters, from 1")
        return self

    @property
    def level_names(self) -> tuple[str, ...]:
        return ("else", *(f"first_{length}" for length in self.lengths), "exact")

    def prepare(self, left: pa.Table, right: pa.Table) -> Prepared:
        coded = encode(*self.sides(left, right), standardise=str.upper)
        return _PreparedPrefix(coded, tuple(_prefix_codes(coded.values, length) for length in self.lengths))


def _prefix_codes(values: tuple[str, ...], length: int) -> IntArray:
    """A number a beginning; a value that is shorter than `length` is its own beginning."""
    heads = [value[:length] for value in values]
    return (
        np.unique(np.array(heads, dtype=object), return_inverse=True)[1].astype(np.int64)
        if heads
        else np.zeros(0, np.int64)
    )
