"""Comparisons made from what columns hold. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linkage import comparison_level_library as cll
from linkage.columns import Expression
from linkage.comparison.comparison import Comparison
from linkage.comparison.levels import AnyLevel
from linkage.proposal.profile import ColumnKind, ColumnProfile
from linkage.proposal.rules import expression_of

__all__ = ["chain_comparison", "compared_as", "comparison_of"]

_NAMES_ALIKE = (0.92, 0.8)  # Jaro-Winkler
_IDENTIFIERS_ALIKE = (0.8, 0.6)  # 1 - edits / longer length
_USER_NAME = "^[^@]+"
_MAIL_ALIKE = 0.88  # Jaro-Winkler
_DAYS = (31, 366)
_YEARS = (1, 10)
_SHARES = (0.05, 0.2)
_BEGINNINGS = (3, 2)  # of a postcode


def compared_as(part: ColumnProfile) -> Expression:
    """The spelling in which a column is compared: names folded and without particles, dates as digits, texts folded."""
    column = expression_of(part)
    match part.kind:
        case ColumnKind.NAME:
            return column.then("name")
        case ColumnKind.DATE:
            return column.then("keyed_date")
        case ColumnKind.EMAIL:
            return column.lower()
        case ColumnKind.YEAR | ColumnKind.DECIMAL | ColumnKind.CODE_SET:
            return column
        case _:
            return column.then("folded")


def comparison_of(part: ColumnProfile, *, swapped: Mapping[str, ColumnProfile]) -> Comparison:
    """
    The comparison of one column.

    Args:
        part: What it holds.
        swapped: Name columns whose values stand in each other's place, by the left column.
    """
    column = compared_as(part)
    levels = [*_equal(part, column, swapped), *_alike(part, column)]
    return Comparison(name=part.column, levels=(cll.NullLevel(column), *levels, cll.ElseLevel()))


def chain_comparison(chain: Sequence[ColumnProfile]) -> Comparison:
    """
    Places within places as one comparison: the finest on which two records agree.

    Args:
        chain: Profiles, finest first.
    """
    columns = [compared_as(part) for part in chain]
    equal = [
        cll.ExactMatchLevel(column, term_frequency_adjustments=not number).configure(name=f"same_{part.column}")
        for number, (part, column) in enumerate(zip(chain, columns, strict=True))
    ]
    missing = cll.And(*(cll.NullLevel(column) for column in columns))
    return Comparison(name=chain[0].column, levels=(missing, *equal, cll.ElseLevel()))


def _equal(part: ColumnProfile, column: Expression, swapped: Mapping[str, ColumnProfile]) -> list[AnyLevel]:
    """The strongest levels: equal values, exchanged names."""
    if part.kind is ColumnKind.CODE_SET:
        return [cll.ArrayEqualLevel(column)]
    often = part.kind not in {ColumnKind.DATE, ColumnKind.YEAR, ColumnKind.DECIMAL, ColumnKind.IDENTIFIER}
    equal: list[AnyLevel] = [cll.ExactMatchLevel(column, term_frequency_adjustments=often and part.n_distinct > 2)]
    partner = swapped.get(part.column)
    if partner is not None:
        equal.append(cll.ColumnsReversedLevel(column, compared_as(partner), symmetrical=True))
    return equal


def _alike(part: ColumnProfile, column: Expression) -> list[AnyLevel]:
    """Weaker levels, the strongest first."""
    match part.kind:
        case ColumnKind.NAME:
            variant = cll.NameVariantLevel(expression_of(part))
            return [variant, *(cll.JaroWinklerLevel(column, share) for share in _NAMES_ALIKE)]
        case ColumnKind.DATE:
            near = [cll.AbsoluteDateDifferenceLevel(column, threshold=days, metric="day") for days in _DAYS]
            return [cll.DateKeyingErrorLevel(column), *near]
        case ColumnKind.YEAR:
            return [cll.AbsoluteDifferenceLevel(column, years) for years in _YEARS]
        case ColumnKind.DECIMAL:
            return [cll.PercentageDifferenceLevel(column, share) for share in _SHARES]
        case ColumnKind.EMAIL:
            user = column.regex_extract(_USER_NAME)
            alike = cll.JaroWinklerLevel(user, _MAIL_ALIKE).configure(name="user_alike")
            same = cll.ExactMatchLevel(user).configure(name="same_user")
            return [same, cll.JaroWinklerLevel(column, _MAIL_ALIKE), alike]
        case ColumnKind.IDENTIFIER:
            return [cll.LevenshteinSimilarityLevel(column, share) for share in _IDENTIFIERS_ALIKE]
        case ColumnKind.PLACE_CODE:
            return [cll.PrefixLevel(column, length) for length in _BEGINNINGS]
        case ColumnKind.CODE_SET:
            return [cll.ArrayShareLevel(column, 1.0), cll.ArrayIntersectLevel(column), cll.SharedPrefixLevel(column, 3)]
        case ColumnKind.TEXT:
            return [cll.JaroWinklerLevel(column, share) for share in _NAMES_ALIKE]
        case _:
            return []
