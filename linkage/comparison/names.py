"""Comparison of personal names. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from linkage.arrays import BoolArray, Int8Array, Int32Array, IntArray
from linkage.comparison.base import Comparison, Prepared, column_of, first_reached
from linkage.comparison.encoding import Codes, distinct_pairs, encode
from linkage.comparison.folding import fold, loose, name_parts
from linkage.comparison.similar import Texts

__all__ = ["NameComparison"]

_SHORTEST_PART = 3  # characters: an initial or "Li" alone is no evidence of the same name


@dataclass(frozen=True, slots=True)
class _PreparedName(Prepared):
    """Codes over both columns (the name and the one it may be swapped with) in one dictionary."""

    coded: Codes
    texts: Texts
    variants: Int32Array
    parts: tuple[frozenset[str], ...]
    several: BoolArray
    thresholds: tuple[float, ...]
    other: Codes | None

    @property
    def codes(self) -> Codes:
        return self.coded

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        a, b = self.coded.left[left_rows], self.coded.right[right_rows]
        missing, equal = (a < 0) | (b < 0), a == b
        unlike = np.flatnonzero(~missing & ~equal)
        alike, shared = np.zeros(len(a)), np.zeros(len(a), dtype=bool)
        first, second, index = distinct_pairs(a[unlike], b[unlike], len(self.coded.values))
        alike[unlike] = self.texts.similarity(first, second, measure="jaro_winkler", cutoff=self.thresholds[0])[index]
        shared[unlike] = self._variant(first, second)[index]
        reached: list[tuple[int, BoolArray]] = [
            (number + 1, alike >= limit) for number, limit in enumerate(self.thresholds)
        ]
        reached.append((len(reached) + 1, shared))
        if self.other is not None:
            reached.append((len(reached) + 1, self._swapped(left_rows, right_rows)))
        reached.append((len(reached) + 1, equal))
        return first_reached(reached, missing)

    def _variant(self, first: IntArray, second: IntArray) -> BoolArray:
        """Same but for umlauts or doubled letters, or all parts of the shorter name within the longer."""
        same = self.variants[first] == self.variants[second]
        unsettled = ~same & (self.several[first] | self.several[second])
        for pair in np.flatnonzero(unsettled).tolist():
            one, two = self.parts[first[pair]], self.parts[second[pair]]
            same[pair] = bool(one and two) and (one <= two or two <= one)
        return np.asarray(same, dtype=bool)

    def _swapped(self, left_rows: IntArray, right_rows: IntArray) -> BoolArray:
        """The name of each side stands in the other column of the other side."""
        assert self.other is not None  # noqa: S101
        a, b = self.coded.left[left_rows], self.coded.right[right_rows]
        other_a, other_b = self.other.left[left_rows], self.other.right[right_rows]
        crossed = (a == other_b) & (other_a == b)
        return np.asarray(crossed & (a >= 0) & (b >= 0), dtype=bool)


class NameComparison(Comparison):
    """
    Given or family name: equal after German folding, a variant or part of a double name, swapped, alike, else.

    Family and given name exchanged on one side is `swapped` in the comparisons of both. It stands next to "exact",
    with which EM pools it when it is too rare to be weighed alone. The level `variant` holds Müller/Muller,
    Meyer-Schulz/Meyer and a second given name on one side.
    """

    kind: Literal["name"] = Field("name", description="What this is.")
    thresholds: tuple[float, ...] = Field((0.8, 0.92), description="Ascending Jaro-Winkler similarities, each a level.")
    swapped_with: str | None = Field(
        None, description="Column (left) this name may be exchanged with: the family name for the given name."
    )
    swapped_with_right: str | None = Field(None, description="That column in the right table if called otherwise.")

    @model_validator(mode="after")
    def _ascending(self) -> NameComparison:
        if not self.thresholds or list(self.thresholds) != sorted(set(self.thresholds)):
            raise ValueError("thresholds: expected ascending numbers between 0 and 1")
        return self

    @property
    def columns(self) -> frozenset[str]:
        return frozenset({self.column, self.swapped_with} - {None})  # type: ignore[arg-type]

    @property
    def level_names(self) -> tuple[str, ...]:
        alike = tuple(f"jaro_winkler_{limit:.2f}" for limit in self.thresholds)
        swapped = ("swapped",) if self.swapped_with else ()
        return ("else", *alike, "variant", *swapped, "exact")

    @property
    def cost(self) -> int:
        return 2

    def prepare(self, left: pa.Table, right: pa.Table) -> Prepared:
        mine = self.sides(left, right)
        if self.swapped_with is None:
            coded, other = encode(*mine, standardise=_spelling), None
        else:
            theirs = (
                column_of(left, self.swapped_with, self.name),
                column_of(right, self.swapped_with_right or self.swapped_with, self.name),
            )
            coded, other = _encode_together(mine, theirs)
        variants = np.unique(np.array([loose(value) for value in coded.values], dtype=object), return_inverse=True)[1]
        parts = tuple(frozenset(p for p in value.split() if len(p) >= _SHORTEST_PART) for value in coded.values)
        several = np.array([len(part) > 1 for part in parts], dtype=bool)
        texts = Texts.of(coded.values)
        return _PreparedName(coded, texts, variants.astype(np.int32), parts, several, self.thresholds, other)


def _spelling(text: str) -> str:
    return " ".join(name_parts(fold(text)))


def _encode_together(
    mine: tuple[pa.ChunkedArray, pa.ChunkedArray], theirs: tuple[pa.ChunkedArray, pa.ChunkedArray]
) -> tuple[Codes, Codes]:
    """Two columns of both tables over one dictionary, so that equality across columns is equality of codes."""
    left = pa.chunked_array([*mine[0].cast(pa.string()).chunks, *theirs[0].cast(pa.string()).chunks], pa.string())
    right = pa.chunked_array([*mine[1].cast(pa.string()).chunks, *theirs[1].cast(pa.string()).chunks], pa.string())
    both = encode(left, right, standardise=_spelling)
    n_left, n_right = len(mine[0]), len(mine[1])
    return (
        Codes(both.left[:n_left], both.right[:n_right], both.values),
        Codes(both.left[n_left:], both.right[n_right:], both.values),
    )
