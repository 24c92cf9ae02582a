# ruff: noqa: N802 - the functions bear the names of Splink's classes
"""Comparisons of one column by thresholds of one measure. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeVar

from linkage import comparison_level_library as cll
from linkage.columns import Expression
from linkage.comparison.comparison import Comparison
from linkage.comparison.levels import AnyLevel, Or
from linkage.comparison.levels.base import expression_of
from linkage.comparison.levels.moments import Metric
from linkage.comparison_level_library import Column

__all__ = [
    "AbsoluteDateDifferenceAtThresholds",
    "AbsoluteTimeDifferenceAtThresholds",
    "ArrayIntersectAtSizes",
    "ArrayJaccardAtThresholds",
    "CosineSimilarityAtThresholds",
    "CustomComparison",
    "DamerauLevenshteinAtThresholds",
    "DistanceFunctionAtThresholds",
    "DistanceInKMAtThresholds",
    "ExactMatch",
    "JaccardAtThresholds",
    "JaroAtThresholds",
    "JaroWinklerAtThresholds",
    "LevenshteinAtThresholds",
    "NumericDifferenceAtThresholds",
    "PairwiseStringDistanceFunctionAtThresholds",
    "PercentageDifferenceAtThresholds",
    "PrefixComparison",
    "QGramDiceAtThresholds",
    "TextComparison",
    "column_name",
    "listed",
]

T = TypeVar("T")


def listed(given: T | Iterable[T]) -> list[T]:
    """One threshold or several, as a list."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        return [given]
    return list(given)


def column_name(column: Column) -> str:
    """What a comparison of an expression is called."""
    expression = expression_of(column)
    return str(expression.column or expression.text)


def _graded(column: Column, levels: Sequence[AnyLevel], *, exact: bool = True, description: str) -> Comparison:
    """Missing, equal, the given levels, anything else."""
    first: list[AnyLevel] = [cll.NullLevel(column)]
    if exact:
        first.append(cll.ExactMatchLevel(column))
    return Comparison(
        name=column_name(column),
        levels=(*first, *levels, cll.ElseLevel()),
        description=f"{description} of {column_name(column)}",
    )


def ExactMatch(col_name: Column) -> Comparison:
    """Equal or not."""
    return _graded(col_name, (), description="Equality")


def LevenshteinAtThresholds(
    col_name: Column, distance_threshold_or_thresholds: int | Iterable[int] = (1, 2)
) -> Comparison:
    """Equal, then at most so many edits."""
    levels = [cll.LevenshteinLevel(col_name, edits) for edits in listed(distance_threshold_or_thresholds)]
    return _graded(col_name, levels, description="Levenshtein distance")


def DamerauLevenshteinAtThresholds(
    col_name: Column, distance_threshold_or_thresholds: int | Iterable[int] = (1, 2)
) -> Comparison:
    """Equal, then at most so many edits, an exchange of neighbours being one."""
    levels = [cll.DamerauLevenshteinLevel(col_name, edits) for edits in listed(distance_threshold_or_thresholds)]
    return _graded(col_name, levels, description="Damerau-Levenshtein distance")


def JaccardAtThresholds(
    col_name: Column, score_threshold_or_thresholds: float | Iterable[float] = (0.9, 0.7)
) -> Comparison:
    """Equal, then at least such a share of distinct letters in common."""
    return _graded(col_name, _at(cll.JaccardLevel, col_name, score_threshold_or_thresholds), description="Jaccard")


def QGramDiceAtThresholds(
    col_name: Column, score_threshold_or_thresholds: float | Iterable[float] = (0.9, 0.7), *, q: int = 2
) -> Comparison:
    """Equal, then at least such a Dice coefficient of q-grams."""
    levels = [cll.QGramDiceLevel(col_name, share, q=q) for share in listed(score_threshold_or_thresholds)]
    return _graded(col_name, levels, description="Dice of q-grams")


def JaroAtThresholds(
    col_name: Column, score_threshold_or_thresholds: float | Iterable[float] = (0.9, 0.7)
) -> Comparison:
    """Equal, then a Jaro similarity of at least."""
    return _graded(col_name, _at(cll.JaroLevel, col_name, score_threshold_or_thresholds), description="Jaro")


def JaroWinklerAtThresholds(
    col_name: Column, score_threshold_or_thresholds: float | Iterable[float] = (0.9, 0.7)
) -> Comparison:
    """Equal, then a Jaro-Winkler similarity of at least."""
    levels = _at(cll.JaroWinklerLevel, col_name, score_threshold_or_thresholds)
    return _graded(col_name, levels, description="Jaro-Winkler similarity")


def _at(level: Callable[[Column, float], AnyLevel], column: Column, given: float | Iterable[float]) -> list[AnyLevel]:
    return [level(column, threshold) for threshold in listed(given)]


def TextComparison(
    col_name: Column,
    thresholds: Iterable[float] = (0.92, 0.8),
    *,
    measure: Literal["jaro_winkler", "levenshtein"] = "jaro_winkler",
) -> Comparison:
    """
    Text after German folding (ä=ae, ß=ss, case, accents, punctuation): equal, then alike.

    Args:
        col_name: The column.
        thresholds: Similarities, each a level.
        measure: Jaro-Winkler, or 1 - edits / longer length.
    """
    folded = _expression(col_name).then("folded")
    level = cll.JaroWinklerLevel if measure == "jaro_winkler" else cll.LevenshteinSimilarityLevel
    return _graded(folded, [level(folded, threshold) for threshold in thresholds], description="Folded text")


def PrefixComparison(col_name: Column, lengths: Iterable[int] = (3, 2)) -> Comparison:
    """Codes in which the first characters say the most: equal, then the same beginning; case does not matter."""
    column = _expression(col_name).lower()
    levels = [cll.PrefixLevel(column, length) for length in sorted(lengths, reverse=True)]
    return _graded(column, levels, description="Beginning")


def _expression(column: Column) -> Expression:
    made: Expression = expression_of(column)
    return made


def DistanceFunctionAtThresholds(
    col_name: str,
    distance_function_name: str,
    distance_threshold_or_thresholds: float | Iterable[float],
    higher_is_more_similar: bool = True,
) -> Comparison:
    """Equal, then an SQL function (DuckDB) of both values at least (or at most)."""
    levels = [
        cll.DistanceFunctionLevel(col_name, distance_function_name, threshold, higher_is_more_similar)
        for threshold in listed(distance_threshold_or_thresholds)
    ]
    return _graded(col_name, levels, description=distance_function_name)


def PairwiseStringDistanceFunctionAtThresholds(
    col_name: Column,
    distance_function_name: Literal["levenshtein", "damerau_levenshtein", "jaro_winkler", "jaro"],
    distance_threshold_or_thresholds: float | Iterable[float],
) -> Comparison:
    """Arrays of texts: a common element, then the most similar elements."""
    levels: list[AnyLevel] = [cll.ArrayIntersectLevel(col_name, 1)]
    levels += [
        cll.PairwiseStringDistanceFunctionLevel(col_name, distance_function_name, threshold)
        for threshold in listed(distance_threshold_or_thresholds)
    ]
    return _graded(col_name, levels, exact=False, description=f"Most similar elements ({distance_function_name})")


def _differences(
    column: Column,
    level: Callable[..., AnyLevel],
    *,
    metrics: Metric | Sequence[Metric],
    thresholds: float | Sequence[float],
    datetime_format: str | None,
) -> list[AnyLevel]:
    units: list[Metric] = [metrics] if isinstance(metrics, str) else list(metrics)
    amounts = listed(thresholds)
    if not units or len(units) != len(amounts):
        raise ValueError("thresholds and metrics: expected as many of one as of the other, at least one")
    return [
        level(column, threshold=amount, metric=unit, datetime_format=datetime_format)
        for amount, unit in zip(amounts, units, strict=True)
    ]


def AbsoluteTimeDifferenceAtThresholds(
    col_name: Column,
    *,
    metrics: Metric | Sequence[Metric],
    thresholds: float | Sequence[float],
    input_is_string: bool = False,
    datetime_format: str | None = None,
    term_frequency_adjustments: bool = False,
    invalid_dates_as_null: bool = True,
) -> Comparison:
    """
    Moments: equal, then at most so much elapsed time apart.

    Args:
        col_name: The column: timestamps, or text.
        metrics: second, minute, hour, day, month, year: a unit for each threshold.
        thresholds: Largest differences.
        input_is_string: Whether it is text.
        datetime_format: Format of text; ISO if not given.
        term_frequency_adjustments: Whether agreement on a rare moment counts more.
        invalid_dates_as_null: Whether text that is no moment is missing; else it may still be equal.
    """
    expression = _expression(col_name)
    parsed = expression.try_parse_timestamp(datetime_format)
    levels = _differences(
        col_name,
        cll.AbsoluteTimeDifferenceLevel,
        metrics=metrics,
        thresholds=thresholds,
        datetime_format=datetime_format,
    )
    null = parsed if input_is_string and invalid_dates_as_null else expression
    return _dated(expression, null, levels, frequencies=term_frequency_adjustments)


def AbsoluteDateDifferenceAtThresholds(
    col_name: Column,
    *,
    metrics: Metric | Sequence[Metric],
    thresholds: float | Sequence[float],
    input_is_string: bool = False,
    datetime_format: str | None = None,
    term_frequency_adjustments: bool = False,
    invalid_dates_as_null: bool = True,
) -> Comparison:
    """Dates: equal, then at most so far apart; arguments as of `AbsoluteTimeDifferenceAtThresholds`."""
    expression = _expression(col_name)
    parsed = expression.try_parse_date(datetime_format)
    levels = _differences(
        col_name,
        cll.AbsoluteDateDifferenceLevel,
        metrics=metrics,
        thresholds=thresholds,
        datetime_format=datetime_format,
    )
    null = parsed if input_is_string and invalid_dates_as_null else expression
    return _dated(expression, null, levels, frequencies=term_frequency_adjustments)


def _dated(column: Expression, null: Expression, levels: Sequence[AnyLevel], *, frequencies: bool) -> Comparison:
    exact = cll.ExactMatchLevel(column, frequencies)
    return Comparison(
        name=column_name(column),
        levels=(cll.NullLevel(null), exact, *levels, cll.ElseLevel()),
        description=f"Time between, of {column_name(column)}",
    )


def NumericDifferenceAtThresholds(col_name: Column, thresholds: float | Iterable[float] = (0.0, 1.0)) -> Comparison:
    """Numbers: a difference of at most so much, each threshold a level; 0 = equal. No number is missing."""
    return _numbers(col_name, [cll.AbsoluteDifferenceLevel(col_name, limit) for limit in listed(thresholds)])


def PercentageDifferenceAtThresholds(
    col_name: Column, thresholds: float | Iterable[float] = (0.0, 0.05, 0.2)
) -> Comparison:
    """Numbers: a difference of at most such a share of the larger, each a level; 0 = equal. No number is missing."""
    levels: list[AnyLevel] = [
        cll.PercentageDifferenceLevel(col_name, limit).model_copy(update={"strict": False})
        for limit in listed(thresholds)
    ]
    return _numbers(col_name, levels)


def _numbers(column: Column, levels: Sequence[AnyLevel]) -> Comparison:
    null = cll.NullLevel(column, missing_if="no_number")
    return Comparison(
        name=column_name(column),
        levels=(null, *levels, cll.ElseLevel()),
        description=f"Difference of numbers of {column_name(column)}",
    )


def ArrayIntersectAtSizes(col_name: Column, size_threshold_or_thresholds: int | Iterable[int] = (1,)) -> Comparison:
    """Arrays: at least so many elements in common."""
    levels = [cll.ArrayIntersectLevel(col_name, size) for size in listed(size_threshold_or_thresholds)]
    return _graded(col_name, levels, exact=False, description="Elements in common")


def ArrayJaccardAtThresholds(
    col_name: Column, score_threshold_or_thresholds: float | Iterable[float] = (1.0, 0.5)
) -> Comparison:
    """Arrays: at least such a share of all their elements in common."""
    levels = [cll.ArrayJaccardLevel(col_name, share) for share in listed(score_threshold_or_thresholds)]
    return _graded(col_name, levels, exact=False, description="Share of elements in common")


def DistanceInKMAtThresholds(lat_col: Column, long_col: Column, km_thresholds: float | Iterable[float]) -> Comparison:
    """Places at most so many kilometres apart; either coordinate missing is missing."""
    null = Or(
        levels=tuple(cll.NullLevel(column, missing_if="no_number") for column in (lat_col, long_col)), name="missing"
    )
    levels = [cll.DistanceInKMLevel(lat_col, long_col, km) for km in listed(km_thresholds)]
    return Comparison(
        name=f"{column_name(lat_col)}_{column_name(long_col)}",
        levels=(null, *levels, cll.ElseLevel()),
        description="Distance in km",
    )


def CosineSimilarityAtThresholds(
    col_name: Column, score_threshold_or_thresholds: float | Iterable[float] = (0.9, 0.8, 0.7)
) -> Comparison:
    """Embeddings whose cosine is at least."""
    levels = _at(cll.CosineSimilarityLevel, col_name, score_threshold_or_thresholds)
    return _graded(col_name, levels, exact=False, description="Cosine similarity")


def CustomComparison(
    comparison_levels: Sequence[AnyLevel | dict[str, Any]],
    output_column_name: str,
    comparison_description: str | None = None,
) -> Comparison:
    """
    Levels of one's own, strongest first, else last.

    Args:
        comparison_levels: Levels, or their settings as dictionaries.
        output_column_name: Name of the comparison.
        comparison_description: What it compares, for people.
    """
    return Comparison.model_validate(
        {"name": output_column_name, "levels": tuple(comparison_levels), "description": comparison_description}
    )
