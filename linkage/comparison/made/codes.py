# ruff: noqa: N802 - the functions bear the names of their siblings
"""Comparisons of codes: diagnoses, procedures, postcodes, municipalities, insured persons, institutions. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from linkage import comparison_level_library as cll
from linkage.columns import Expression
from linkage.columns.transforms import Kind
from linkage.comparison.comparison import Comparison
from linkage.comparison.levels import AnyLevel
from linkage.comparison.levels.base import expression_of
from linkage.comparison.made.thresholds import column_name
from linkage.comparison_level_library import Column

__all__ = [
    "AGSComparison",
    "CodeSetComparison",
    "ICD10GMComparison",
    "IKComparison",
    "KVNRComparison",
    "OPSComparison",
    "PLZComparison",
]


def CodeSetComparison(
    col_name: Column, *, prefixes: Iterable[int] = (3,), overlaps: Iterable[float] = (1.0, 0.5)
) -> Comparison:
    """
    Lists of codes as sets: shared parts, a shared code, a shared beginning, nothing.

    A shared part is the number of common codes over the size of the smaller set, because one of two deliveries
    usually leaves codes out. Case, points, hyphens and marks do not matter; an empty list is missing. Arrays, or
    text split at blanks, commas, semicolons and bars.

    Args:
        col_name: The column.
        prefixes: Lengths of a shared beginning, each a level.
        overlaps: Shared parts, each a level.
    """
    codes = _expression(col_name).then("code")
    levels: list[AnyLevel] = [cll.NullLevel(codes, missing_if="empty_array")]
    levels += [cll.ArrayShareLevel(codes, share) for share in sorted(overlaps, reverse=True)]
    levels.append(cll.ArrayIntersectLevel(codes, 1).configure(name="shared_code"))
    for length in sorted(prefixes, reverse=True):
        levels.append(cll.SharedPrefixLevel(codes, length).configure(name=f"shared_first_{length}"))
    return Comparison(
        name=column_name(col_name), levels=(*levels, cll.ElseLevel()), description=f"Codes: {column_name(col_name)}"
    )


def ICD10GMComparison(col_name: Column, *, overlaps: Iterable[float] = (1.0, 0.5)) -> Comparison:
    """Diagnoses (ICD-10-GM): shared parts, a code, a category (3 characters), a chapter's letter and digit (2)."""
    return CodeSetComparison(col_name, prefixes=(3, 2), overlaps=overlaps)


def OPSComparison(col_name: Column, *, overlaps: Iterable[float] = (1.0, 0.5)) -> Comparison:
    """Procedures (OPS): shared parts, a code, a four-digit code (1-273), a three-digit one (1-27)."""
    return CodeSetComparison(col_name, prefixes=(4, 3), overlaps=overlaps)


def PLZComparison(col_name: Column, *, lengths: Iterable[int] = (3, 2)) -> Comparison:
    """German postcodes, a lost leading zero restored: equal, then the same region; what is none is missing."""
    return _hierarchical(col_name, "plz", lengths, description="Postcode")


def AGSComparison(col_name: Column) -> Comparison:
    """Municipality keys: equal, the same Kreis (5 digits), the same Land (2); what is none is missing."""
    return _hierarchical(col_name, "ags", (5, 2), description="Municipality")


def KVNRComparison(col_name: Column) -> Comparison:
    """Health insurance numbers: equal or not; one that fails its check digit is missing."""
    return _hierarchical(col_name, "kvnr", (), description="Health insurance number")


def IKComparison(col_name: Column) -> Comparison:
    """Institution numbers: equal or not; one that fails its check digit is missing."""
    return _hierarchical(col_name, "ik", (), description="Institution number")


def _hierarchical(column: Column, kind: Kind, lengths: Iterable[int], *, description: str) -> Comparison:
    key = _expression(column).then(kind)
    same = [cll.PrefixLevel(key, length) for length in sorted(lengths, reverse=True)]
    return Comparison(
        name=column_name(column),
        levels=(cll.NullLevel(key), cll.ExactMatchLevel(key), *same, cll.ElseLevel()),
        description=f"{description}: {column_name(column)}",
    )


def _expression(column: Column) -> Expression:
    made: Expression = expression_of(column)
    return made
