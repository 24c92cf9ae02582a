"""Sets of hierarchical codes (diagnoses, ICD-10-GM; procedures, OPS) compared by what they share. Opens nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator
from scipy import sparse

from linkage.arrays import BoolArray, FloatArray, Int8Array, IntArray
from linkage.comparison.base import Comparison, Prepared, first_reached
from linkage.comparison.encoding import Codes, distinct_pairs, encode

__all__ = ["CodeSetComparison", "looks_like_codes"]

_SPLIT = re.compile(r"[;|,\s]+")
_CODE = re.compile(r"[A-Z]\d{2}(\.?[\dA-Z-]{1,3})?[+*!]?|\d-\d{2}[\da-z](\.[\da-z]{1,2})?", re.IGNORECASE)
_CHUNK = 200_000  # distinct pairs of sets whose incidence rows are multiplied at once: bounds memory


@dataclass(frozen=True, slots=True)
class _PreparedCodeSets(Prepared):
    """
    Attributes:
        coded: Distinct sets.
        depths: Incidence matrix `(n_sets, n_beginnings)` for each prefix length, then for whole codes.
        sizes: `(n_sets,)` codes in each set.
    """

    coded: Codes
    depths: tuple[Any, ...]
    sizes: IntArray
    overlaps: tuple[float, ...]

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        a, b = self.coded.left[left_rows], self.coded.right[right_rows]
        missing = (a < 0) | (b < 0)
        there = np.flatnonzero(~missing)
        out = np.full(len(a), -1, dtype=np.int8)
        if len(there):
            first, second, index = distinct_pairs(a[there], b[there], len(self.coded.values))
            levels = [self._levels(first[i : i + _CHUNK], second[i : i + _CHUNK]) for i in range(0, len(first), _CHUNK)]
            out[there] = np.concatenate(levels)[index]
        return out

    def _levels(self, first: IntArray, second: IntArray) -> Int8Array:
        reached: list[tuple[int, BoolArray]] = []
        common: FloatArray = np.zeros(len(first))
        for matrix in self.depths:
            common = np.asarray(matrix[first].multiply(matrix[second]).sum(axis=1), dtype=np.float64).reshape(-1)
            reached.append((len(reached) + 1, common > 0))
        share = common / np.minimum(self.sizes[first], self.sizes[second])
        reached += [(len(self.depths) + 1 + i, share >= limit) for i, limit in enumerate(self.overlaps)]
        return first_reached(reached, np.zeros(len(first), dtype=bool))


class CodeSetComparison(Comparison):
    """
    Lists of codes as sets: nothing shared, a shared beginning (category), a shared code, a shared part of them.

    The shared part is the number of common codes over the size of the smaller set, because one of two
    deliveries usually leaves codes out. An empty list is missing. Texts are split at blanks and `;|,`.
    """

    kind: Literal["code_set"] = Field("code_set", description="What this is.")
    prefixes: tuple[int, ...] = Field((3,), description="Ascending lengths of a shared beginning, each a level.")
    overlaps: tuple[float, ...] = Field((0.5, 1.0), description="Ascending shared parts, each a level.")

    @model_validator(mode="after")
    def _ascending(self) -> CodeSetComparison:
        for given in (self.prefixes, self.overlaps):
            if list(given) != sorted(set(given)) or min(given, default=1) <= 0:
                raise ValueError("prefixes and overlaps: expected ascending numbers above 0")
        return self

    @property
    def level_names(self) -> tuple[str, ...]:
        beginnings = tuple(f"shared_first_{length}" for length in self.prefixes)
        return ("else", *beginnings, "shared_code", *(f"overlap_{limit:.2f}" for limit in self.overlaps))

    @property
    def cost(self) -> int:
        return 1

    def prepare(self, left: pa.Table, right: pa.Table) -> Prepared:
        a, b = self.sides(left, right)
        coded = encode(_as_text(a), _as_text(b), standardise=_sorted_set)
        sets = [value.split() for value in coded.values]
        depths = [_incidence([sorted({code[:n] for code in codes}) for codes in sets]) for n in self.prefixes]
        sizes = np.array([len(codes) for codes in sets], dtype=np.int64)
        return _PreparedCodeSets(coded, (*depths, _incidence(sets)), sizes, self.overlaps)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Lists joined by blanks; text as it is."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return pc.binary_join(column, " ")
    return column.cast(pa.string())


def _sorted_set(text: str) -> str:
    """Distinct codes in order, upper case, without points, hyphens and marks (Q21.0+ is Q210, 1-273 is 1273)."""
    codes = {re.sub(r"[^0-9A-Z]", "", code.upper()) for code in _SPLIT.split(text)}
    return " ".join(sorted(codes - {""}))


def _incidence(sets: list[list[str]]) -> Any:
    """Sparse `(n_sets, n_codes)` matrix of ones."""
    number = {code: i for i, code in enumerate(sorted({code for codes in sets for code in codes}))}
    columns = [number[code] for codes in sets for code in codes]
    starts = np.concatenate([[0], np.cumsum([len(codes) for codes in sets])]).astype(np.int64)
    ones = np.ones(len(columns), dtype=np.int32)
    return sparse.csr_matrix((ones, np.array(columns, dtype=np.int64), starts), shape=(len(sets), max(len(number), 1)))


def looks_like_codes(text: str) -> bool:
    """Whether a text is nothing but ICD-10 or OPS codes (one or several)."""
    parts = [part for part in _SPLIT.split(text.strip()) if part]
    return bool(parts) and all(_CODE.fullmatch(part) for part in parts)
