# ruff: noqa: N802 - the functions bear the names of Splink's classes
"""
Comparison levels by the names Splink users know, and ours. Imported as `cll`.

Each function gives a level: a frozen setting that is written as JSON. Where a column is asked for, a name or an
`Expression` may be given. All have `.configure(...)` with Splink's words. Opens nothing.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from linkage.columns import Expression
from linkage.comparison import levels
from linkage.comparison.functions import register_function
from linkage.comparison.levels import (
    AnyLevel,
    ArrayLevel,
    DifferenceLevel,
    OverlapLevel,
    SimilarityLevel,
    TimeDifferenceLevel,
)
from linkage.comparison.levels.base import expression_of
from linkage.comparison.levels.moments import Metric

__all__ = [
    "AbsoluteDateDifferenceLevel",
    "AbsoluteDifferenceLevel",
    "AbsoluteTimeDifferenceLevel",
    "And",
    "ArrayEqualLevel",
    "ArrayIntersectLevel",
    "ArrayJaccardLevel",
    "ArrayShareLevel",
    "ArraySubsetLevel",
    "Column",
    "ColumnsReversedLevel",
    "CosineSimilarityLevel",
    "CustomLevel",
    "DamerauLevenshteinLevel",
    "DateKeyingErrorLevel",
    "DayMonthSwappedLevel",
    "DefaultDateLevel",
    "DistanceFunctionLevel",
    "DistanceInKMLevel",
    "ElseLevel",
    "ExactMatchLevel",
    "FunctionLevel",
    "JaccardLevel",
    "JaroLevel",
    "JaroWinklerLevel",
    "LevenshteinLevel",
    "LevenshteinSimilarityLevel",
    "LiteralMatchLevel",
    "MissingLevel",
    "NameVariantLevel",
    "Not",
    "NullLevel",
    "Or",
    "PairwiseStringDistanceFunctionLevel",
    "PercentageDifferenceLevel",
    "PrefixLevel",
    "QGramDiceLevel",
    "SharedPrefixLevel",
    "SoundsAlikeLevel",
    "register_function",
]

Column: TypeAlias = str | Expression
_StringDistance = Literal["levenshtein", "damerau_levenshtein", "jaro_winkler", "jaro"]


def _column(column: Column) -> Expression:
    made: Expression = expression_of(column)
    return made


def NullLevel(
    col_name: Column,
    valid_string_pattern: str | None = None,
    *,
    missing_if: Literal["null", "empty_array", "no_number"] = "null",
) -> levels.NullLevel:
    """
    A value is missing on a side.

    Args:
        col_name: The column.
        valid_string_pattern: What does not match this pattern is missing too.
        missing_if: Whether an array without elements, or text that is no number, is missing too.
    """
    column = _column(col_name)
    if valid_string_pattern is not None:
        column = column.regex_extract(valid_string_pattern)
    return levels.NullLevel(column=column, missing_if=missing_if)


def MissingLevel(
    col_name: Column, side: Literal["either", "left", "right", "both", "one"] = "either"
) -> levels.MissingLevel:
    """A value is missing, as a level that has m and u of its own."""
    return levels.MissingLevel(column=_column(col_name), side=side)


def ElseLevel() -> levels.ElseLevel:
    """Everything else: the last level of every comparison."""
    return levels.ElseLevel()


def ExactMatchLevel(col_name: Column, term_frequency_adjustments: bool = False) -> levels.ExactMatchLevel:
    """Equal values; with term frequencies if asked for."""
    column = _column(col_name)
    return levels.ExactMatchLevel(column=column, tf_adjustment_column=column if term_frequency_adjustments else None)


def LiteralMatchLevel(
    col_name: Column,
    literal_value: str,
    literal_datatype: Literal["string", "int", "float", "date"] = "string",
    side_of_comparison: Literal["both", "left", "right"] = "both",
) -> levels.LiteralMatchLevel:
    """The column holds a given value."""
    return levels.LiteralMatchLevel(
        column=_column(col_name),
        literal_value=literal_value,
        literal_datatype=literal_datatype,
        side_of_comparison=side_of_comparison,
    )


def ColumnsReversedLevel(
    col_name_1: Column,
    col_name_2: Column,
    symmetrical: bool = False,
) -> levels.ColumnsReversedLevel:
    """The value of one column stands in the other column of the other record."""
    return levels.ColumnsReversedLevel(
        column=_column(col_name_1), other_column=_column(col_name_2), symmetrical=symmetrical
    )


def LevenshteinLevel(col_name: Column, distance_threshold: int) -> SimilarityLevel:
    """At most so many letters inserted, removed or replaced."""
    return SimilarityLevel(column=_column(col_name), measure="levenshtein", threshold=distance_threshold)


def DamerauLevenshteinLevel(col_name: Column, distance_threshold: int) -> SimilarityLevel:
    """At most so many edits, an exchange of neighbouring letters being one."""
    return SimilarityLevel(column=_column(col_name), measure="damerau_levenshtein", threshold=distance_threshold)


def LevenshteinSimilarityLevel(col_name: Column, similarity_threshold: float) -> SimilarityLevel:
    """1 - edits / longer length at least."""
    return SimilarityLevel(column=_column(col_name), measure="levenshtein_similarity", threshold=similarity_threshold)


def JaroLevel(col_name: Column, distance_threshold: float) -> SimilarityLevel:
    """Jaro similarity at least."""
    return SimilarityLevel(column=_column(col_name), measure="jaro", threshold=distance_threshold)


def JaroWinklerLevel(col_name: Column, distance_threshold: float) -> SimilarityLevel:
    """Jaro-Winkler similarity at least."""
    return SimilarityLevel(column=_column(col_name), measure="jaro_winkler", threshold=distance_threshold)


def JaccardLevel(col_name: Column, distance_threshold: float) -> OverlapLevel:
    """Share of the distinct letters of both texts that they share, at least (DuckDB's jaccard)."""
    return OverlapLevel(column=_column(col_name), measure="jaccard", threshold=distance_threshold)


def QGramDiceLevel(col_name: Column, similarity_threshold: float, *, q: int = 2) -> OverlapLevel:
    """Dice of the distinct q-grams of both texts, padded with q - 1 blanks, at least (EpiLink's n-grams)."""
    return OverlapLevel(column=_column(col_name), measure="dice", threshold=similarity_threshold, q=q)


def DistanceFunctionLevel(
    col_name: str,
    distance_function_name: str,
    distance_threshold: float,
    higher_is_more_similar: bool = True,
) -> levels.CustomLevel:
    """An SQL function (DuckDB) of both values, at least or at most; for Python functions see `FunctionLevel`."""
    relation = ">=" if higher_is_more_similar else "<="
    left, right = (f'"{col_name}_{side}"' for side in "lr")
    return levels.CustomLevel(
        sql_condition=f"{distance_function_name}({left}, {right}) {relation} {distance_threshold:g}",
        name=f"{distance_function_name}_{distance_threshold:g}",
    )


def PairwiseStringDistanceFunctionLevel(
    col_name: Column, distance_function_name: _StringDistance, distance_threshold: float
) -> levels.PairwiseSimilarityLevel:
    """The most similar elements of two arrays, as of single texts."""
    return levels.PairwiseSimilarityLevel(
        column=_column(col_name), measure=distance_function_name, threshold=distance_threshold
    )


def AbsoluteTimeDifferenceLevel(
    col_name: Column,
    *,
    threshold: float,
    metric: Metric,
    input_is_string: bool = False,  # noqa: ARG001 - read from the column's type; Splink must be told
    datetime_format: str | None = None,
) -> TimeDifferenceLevel:
    """Moments at most so much elapsed time apart; months and years have Splink's lengths."""
    return TimeDifferenceLevel(
        column=_column(col_name), threshold=threshold, metric=metric, datetime_format=datetime_format, exact_time=True
    )


def AbsoluteDateDifferenceLevel(
    col_name: Column,
    *,
    threshold: float,
    metric: Metric,
    input_is_string: bool = False,  # noqa: ARG001
    datetime_format: str | None = None,
) -> TimeDifferenceLevel:
    """Dates at most so far apart; text is read as ISO or German dates unless a format is given."""
    return TimeDifferenceLevel(
        column=_column(col_name), threshold=threshold, metric=metric, datetime_format=datetime_format
    )


def DateKeyingErrorLevel(col_name: Column) -> levels.KeyingErrorLevel:
    """A wrong digit, two neighbours exchanged, or day and month exchanged."""
    return levels.KeyingErrorLevel(column=_column(col_name))


def DayMonthSwappedLevel(col_name: Column) -> levels.KeyingErrorLevel:
    """Day and month exchanged."""
    return levels.KeyingErrorLevel(column=_column(col_name), errors=("day_month",))


def DefaultDateLevel(col_name: Column, defaults: tuple[str, ...] = ("0101", "0000")) -> levels.DefaultDateLevel:
    """The same year, and a side has the day (MMDD) that is entered for an unknown one."""
    return levels.DefaultDateLevel(column=_column(col_name), defaults=defaults)


def DistanceInKMLevel(
    lat_col: Column,
    long_col: Column,
    km_threshold: float,
    not_null: bool = False,  # noqa: ARG001 - a missing place never reaches the level
) -> levels.DistanceInKMLevel:
    """Places at most so many kilometres apart."""
    return levels.DistanceInKMLevel(latitude=_column(lat_col), longitude=_column(long_col), km_threshold=km_threshold)


def CosineSimilarityLevel(col_name: Column, similarity_threshold: float) -> levels.CosineSimilarityLevel:
    """Cosine of two embeddings at least."""
    return levels.CosineSimilarityLevel(column=_column(col_name), similarity_threshold=similarity_threshold)


def ArrayIntersectLevel(col_name: Column, min_intersection: int = 1) -> ArrayLevel:
    """Arrays that share at least so many elements."""
    return ArrayLevel(column=_column(col_name), threshold=min_intersection)


def ArraySubsetLevel(col_name: Column, empty_is_subset: bool = False) -> ArrayLevel:
    """The smaller array is a subset of the larger."""
    return ArrayLevel(column=_column(col_name), measure="subset", empty_is_subset=empty_is_subset)


def ArrayEqualLevel(col_name: Column) -> ArrayLevel:
    """The same elements, whatever their order."""
    return ArrayLevel(column=_column(col_name), measure="equal")


def ArrayShareLevel(col_name: Column, share: float) -> ArrayLevel:
    """Shared elements of those of the smaller array, at least (overlap coefficient)."""
    return ArrayLevel(column=_column(col_name), measure="share", threshold=share)


def ArrayJaccardLevel(col_name: Column, share: float) -> ArrayLevel:
    """Shared elements of those of both arrays, at least."""
    return ArrayLevel(column=_column(col_name), measure="jaccard", threshold=share)


def SharedPrefixLevel(col_name: Column, length: int, min_intersection: int = 1) -> ArrayLevel:
    """Arrays of codes that share so many beginnings: categories of diagnoses, chapters of procedures."""
    return ArrayLevel(column=_column(col_name), threshold=min_intersection, prefix=length)


def PercentageDifferenceLevel(col_name: Column, percentage_threshold: float) -> DifferenceLevel:
    """A difference below this share of the larger number (0.1 for 10 %)."""
    return DifferenceLevel(column=_column(col_name), threshold=percentage_threshold, relative=True, strict=True)


def AbsoluteDifferenceLevel(col_name: Column, difference_threshold: float) -> DifferenceLevel:
    """A difference of at most so much."""
    return DifferenceLevel(column=_column(col_name), threshold=difference_threshold)


def PrefixLevel(col_name: Column, length: int) -> levels.ExactMatchLevel:
    """The first `length` characters are equal."""
    return levels.ExactMatchLevel(column=_column(col_name).substr(1, length), name=f"first_{length}")


def NameVariantLevel(col_name: Column) -> levels.NameVariantLevel:
    """Müller/Muller, Schmitt/Schmit, Meyer-Schulz/Meyer, a second given name on one side."""
    return levels.NameVariantLevel(column=_column(col_name).then("name"))


def SoundsAlikeLevel(col_name: Column) -> levels.ExactMatchLevel:
    """The same code by Kölner Phonetik."""
    return levels.ExactMatchLevel(column=_column(col_name).then("phonetic"), name="sounds_alike")


def FunctionLevel(
    function: str,
    *columns: str,
    threshold: float | None = None,
    higher_is_more_similar: bool = True,
) -> levels.FunctionLevel:
    """A Python function registered by `register_function` says yes, or its number reaches a threshold."""
    return levels.FunctionLevel(
        function=function, columns=columns, threshold=threshold, higher_is_more_similar=higher_is_more_similar
    )


def CustomLevel(
    sql_condition: str,
    label_for_charts: str | None = None,
    base_dialect_str: str | None = None,
) -> levels.CustomLevel:
    """
    A condition in SQL, columns ending in _l and _r.

    Args:
        sql_condition: The condition.
        label_for_charts: What people read.
        base_dialect_str: The SQL dialect it is written in; None for DuckDB's.
    """
    sql = sql_condition
    if base_dialect_str not in {None, "duckdb"}:
        import sqlglot

        sql = sqlglot.transpile(sql_condition, read=base_dialect_str, write="duckdb")[0]
    return levels.CustomLevel(sql_condition=sql, label_for_charts=label_for_charts)


def And(*comparison_levels: AnyLevel | dict[str, Any]) -> levels.And:
    """All of them."""
    return levels.And.model_validate({"levels": comparison_levels})


def Or(*comparison_levels: AnyLevel | dict[str, Any]) -> levels.Or:
    """Any of them."""
    return levels.Or.model_validate({"levels": comparison_levels})


def Not(comparison_level: AnyLevel | dict[str, Any]) -> levels.Not:
    """Not this."""
    return levels.Not.model_validate({"level": comparison_level})
