"""
Agreement levels of candidate stays and candidate persons. Opens nothing.

A stay's own fields (dates, diagnoses, procedures, weight) are compared for every pair of stays; what belongs to the
child (birth year and month, sex, region, insurer) once for every pair of persons. A missing value is -1: neutral.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.stays.arrays import MISSING, IntArray, StayArrays
from linkage.stays.block import FAR, Candidates
from linkage.stays.codes import shared_codes

__all__ = ["COMPARISONS", "PERSON_COMPARISONS", "STAY_COMPARISONS", "compare", "person_gammas", "stay_gammas"]

GammaArray = npt.NDArray[np.int8]

STAY_COMPARISONS: Final[dict[str, tuple[str, ...]]] = {
    "dates": (
        "far", "near", "discharge_exact", "admission_exact", "both_shifted", "discharge_exact_admission_near",
        "admission_exact_discharge_near", "both_exact_short", "both_exact", "both_exact_long",
    ),
    "diagnoses": (
        "nothing", "few_shared", "some_shared", "main_group_few", "main_group_some", "main_few", "main_some",
        "main_most",
    ),
    "procedures": ("nothing", "few_shared", "some_shared", "most_shared"),
    "weight": ("else", "within_5_percent", "equal"),
}  # fmt: skip
"""Comparisons of a pair of stays: names and levels, weakest first."""

PERSON_COMPARISONS: Final[dict[str, tuple[str, ...]]] = {
    "birth": ("else", "one_year", "year_not_month", "year", "year_and_month"),
    "sex": ("differs", "equal"),
    "region": ("else", "same_land", "same_district"),
    "insurer": ("differs", "equal"),
}
"""Comparisons of a pair of persons: names and levels, weakest first."""

COMPARISONS: Final[dict[str, tuple[str, ...]]] = {**STAY_COMPARISONS, **PERSON_COMPARISONS}

_SHORT_NIGHTS = 1
_LONG_NIGHTS = 7
_WEIGHT_EXACT_G = 20
_SHARE_SOME, _SHARE_MOST = 0.4, 0.75


def compare(left: StayArrays, right: StayArrays, pairs: Candidates) -> GammaArray:
    """All comparisons of these pairs of stays, person fields as the stays state them, `(n_pairs, n_comparisons)`."""
    return np.column_stack([stay_gammas(left, right, pairs), person_gammas(left, right, pairs.left, pairs.right)])


def stay_gammas(left: StayArrays, right: StayArrays, pairs: Candidates) -> GammaArray:
    """Levels of `STAY_COMPARISONS`, `(n_pairs, 4)`."""
    a, b = pairs.left, pairs.right
    columns = [
        _dates(left, right, pairs),
        _diagnoses(left, right, a, b),
        _procedures(left, right, a, b),
        _weight(left.weight_g[a], right.weight_g[b]),
    ]
    return np.column_stack(columns).astype(np.int8)


def person_gammas(left: StayArrays, right: StayArrays, a: IntArray, b: IntArray) -> GammaArray:
    """Levels of `PERSON_COMPARISONS` for these rows, `(n_pairs, 4)`."""
    columns = [
        _birth(left, right, a, b),
        _equal(left.sex[a], right.sex[b]),
        _region(left, right, a, b),
        _equal(left.insurer[a], right.insurer[b]),
    ]
    return np.column_stack(columns).astype(np.int8)


def _dates(left: StayArrays, right: StayArrays, pairs: Candidates) -> IntArray:
    shift_in = left.admitted[pairs.left] - right.admitted[pairs.right]
    shift_out = left.discharged[pairs.left] - right.discharged[pairs.right]
    nights = left.nights[pairs.left]
    exact_in, exact_out = shift_in == 0, shift_out == 0
    near_in, near_out = np.abs(shift_in) <= 1, np.abs(shift_out) <= 1
    conditions = [
        pairs.rule == FAR,
        exact_in & exact_out & (nights >= _LONG_NIGHTS),
        exact_in & exact_out & (nights > _SHORT_NIGHTS),
        exact_in & exact_out,
        exact_in & near_out,
        near_in & exact_out,
        near_in & near_out & (shift_in == shift_out),
        exact_in,
        exact_out,
    ]
    return np.select(conditions, [0, 9, 8, 7, 6, 5, 4, 3, 2], default=1)


def _diagnoses(left: StayArrays, right: StayArrays, a: IntArray, b: IntArray) -> IntArray:
    share = shared_codes(left.icd, right.icd, a, b)
    main_a, main_b = left.icd_main[a], right.icd_main[b]
    group = left.icd.book.group
    known = (main_a >= 0) & (main_b >= 0)
    equal = known & (main_a == main_b)
    akin = np.zeros(a.size, dtype=bool)
    akin[known] = group[main_a[known]] == group[main_b[known]]
    conditions = [
        np.isnan(share),
        equal & (share >= _SHARE_MOST),
        equal & (share >= _SHARE_SOME),
        equal,
        akin & (share >= _SHARE_SOME),
        akin,
        share >= _SHARE_SOME,
        share > 0,
    ]
    return np.select(conditions, [MISSING, 7, 6, 5, 4, 3, 2, 1], default=0)


def _procedures(left: StayArrays, right: StayArrays, a: IntArray, b: IntArray) -> IntArray:
    share = shared_codes(left.ops, right.ops, a, b)
    return np.select(
        [np.isnan(share), share >= _SHARE_MOST, share >= _SHARE_SOME, share > 0], [MISSING, 3, 2, 1], default=0
    )


def _weight(a: IntArray, b: IntArray) -> IntArray:
    apart = np.abs(a - b)
    known = (a > 0) & (b > 0)
    return np.select([~known, apart <= _WEIGHT_EXACT_G, apart * 20 <= np.maximum(a, b)], [MISSING, 2, 1], default=0)


def _birth(left: StayArrays, right: StayArrays, a: IntArray, b: IntArray) -> IntArray:
    year_a, year_b = left.birth_year[a], right.birth_year[b]
    month_a, month_b = left.birth_month[a], right.birth_month[b]
    months = (month_a > 0) & (month_b > 0)
    unknown = (year_a < 0) | (year_b < 0)
    exact = year_a == year_b
    conditions = [unknown, exact & months & (month_a == month_b), exact & ~months, exact, np.abs(year_a - year_b) == 1]
    return np.select(conditions, [MISSING, 4, 3, 2, 1], default=0)


def _equal(a: IntArray, b: IntArray) -> IntArray:
    return np.where((a < 0) | (b < 0), MISSING, (a == b).astype(np.int64))


def _region(left: StayArrays, right: StayArrays, a: IntArray, b: IntArray) -> IntArray:
    region_a, region_b = left.region[a], right.region[b]
    unknown = (region_a < 0) | (region_b < 0)
    return np.select([unknown, region_a == region_b, left.land[a] == right.land[b]], [MISSING, 2, 1], default=0)
