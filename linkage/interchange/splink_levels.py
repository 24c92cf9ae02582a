"""Recognised conditions as levels of this engine, and levels as conditions again. Opens nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import sqlglot
from sqlglot import exp

from linkage.columns import Expression
from linkage.comparison import levels as own
from linkage.interchange.conditions import (
    DIALECT,
    All,
    Condition,
    Custom,
    Else,
    Equal,
    Given,
    Measured,
    Missing,
    Negated,
    Operand,
    Subset,
    condition_sql,
)
from linkage.interchange.conditions import Any as AnyOf

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

    from linkage.comparison.levels import AnyLevel

__all__ = ["NoWords", "condition_of", "level_of", "operand_of"]

_TEXT_MEASURES = ("jaro_winkler", "jaro", "levenshtein", "damerau_levenshtein")
_EDITS = ("levenshtein", "damerau_levenshtein")


class NoWords(ValueError):
    """A level or rule asks something that Splink's SQL has no words for."""


def level_of(condition: Condition, *, is_null: bool = False, **said: Any) -> AnyLevel:
    """
    The level that asks what the condition asks; a level on SQL where there is no other.

    Args:
        condition: What is asked.
        is_null: Whether the level says that a value is missing.
        said: Fields that all levels have: label_for_charts, tf_adjustment_column, ...

    """
    found = _null_level(condition, said) if is_null else None
    if found is not None:
        return found
    try:
        if not is_null:
            return _level(condition, said)
    except ValueError:  # a threshold the level does not take: 0 of a similarity, half an edit
        pass
    return own.CustomLevel(sql_condition=condition_sql(condition), is_null_level=is_null, **said)


def _null_level(condition: Condition, said: dict[str, Any]) -> AnyLevel | None:
    """A level that is null by its kind, where the condition is about nothing but missing values."""
    if isinstance(condition, Missing) and condition.side == "either":
        return own.NullLevel(column=_expression(condition.operand), **said)
    if isinstance(condition, (All, AnyOf)):
        parts = [_null_level(part, {}) for part in condition.parts]
        there = tuple(part for part in parts if part is not None)
        if len(there) == len(parts):
            return (own.And if isinstance(condition, All) else own.Or)(levels=there, **said)
    return None


def _level(condition: Condition, said: dict[str, Any]) -> AnyLevel:
    match condition:
        case Equal(left, right, both_ways):
            if left == right:
                return own.ExactMatchLevel(column=_expression(left), **said)
            return own.ColumnsReversedLevel(
                column=_expression(left), other_column=_expression(right), symmetrical=both_ways, **said
            )
        case Given(operand, value, datatype, side):
            return own.LiteralMatchLevel(
                column=_expression(operand),
                literal_value=value,
                literal_datatype=datatype,
                side_of_comparison=side,
                **said,
            )
        case Missing(operand, side):
            return own.MissingLevel(column=_expression(operand), side=side, **said)
        case Measured():
            return _measured(condition, said)
        case Subset(operand, empty_is_subset):
            return own.ArrayLevel(
                column=_expression(operand), measure="subset", empty_is_subset=empty_is_subset, **said
            )
        case All(parts):
            return own.And(levels=tuple(_level(part, {}) for part in parts), **said)
        case AnyOf(parts):
            return own.Or(levels=tuple(_level(part, {}) for part in parts), **said)
        case Negated(part):
            return own.Not(level=_level(part, {}), **said)
        case Else():
            return own.ElseLevel(**said)
        case Custom(sql):
            return own.CustomLevel(sql_condition=sql, **said)


def _measured(condition: Measured, said: dict[str, Any]) -> AnyLevel:
    measure, column, threshold = condition.measure, _expression(condition.operand), condition.threshold
    if measure in _TEXT_MEASURES:
        return own.SimilarityLevel(column=column, measure=measure, threshold=_reached(condition), **said)
    if measure.startswith("any_"):
        single: Any = measure.removeprefix("any_")
        return own.PairwiseSimilarityLevel(column=column, measure=single, threshold=_reached(condition), **said)
    match measure:
        case "jaccard":
            return own.OverlapLevel(column=column, measure="jaccard", threshold=_reached(condition), **said)
        case "cosine":
            return own.CosineSimilarityLevel(column=column, similarity_threshold=_reached(condition), **said)
        case "shared":
            least = threshold + 1 if condition.strict else threshold
            return own.ArrayLevel(column=column, measure="size", threshold=math.ceil(least), **said)
        case "difference" | "percentage":
            relative = measure == "percentage"
            return own.DifferenceLevel(
                column=column, threshold=threshold, relative=relative, strict=condition.strict, **said
            )
        case "km" if condition.second is not None:
            return own.DistanceInKMLevel(
                latitude=column, longitude=_expression(condition.second), km_threshold=_reached(condition), **said
            )
    return _time(condition, said)


def _time(condition: Measured, said: dict[str, Any]) -> AnyLevel:
    """Seconds as the largest unit of which they are a whole number; text is read in the format that is told."""
    form, operand = None, condition.operand
    tree = sqlglot.parse_one(operand.sql, read=DIALECT)
    if isinstance(tree, exp.Anonymous) and str(tree.this).lower() == "try_strptime":
        form = tree.expressions[1].name
        operand = _operand(tree.expressions[0])
    metric, length = next(unit for unit in _UNITS if unit[1] == 1 or (condition.threshold / unit[1]).is_integer())
    return own.TimeDifferenceLevel(
        column=_expression(operand),
        threshold=_reached(condition) if condition.strict else condition.threshold / length,
        metric="second" if condition.strict else metric,
        datetime_format=form,
        exact_time=True,
        **said,
    )


_UNITS: tuple[tuple[Any, float], ...] = (
    ("year", 86_400 * 365.25),
    ("month", 86_400 * 365.25 / 12),
    ("day", 86_400.0),
    ("hour", 3600.0),
    ("minute", 60.0),
    ("second", 1.0),
)


def _reached(condition: Measured) -> float:
    """The threshold that is still reached."""
    if not condition.strict:
        return condition.threshold
    if condition.measure.removeprefix("any_") in _EDITS:
        return float(math.ceil(condition.threshold) - 1)
    similar = condition.measure not in {"seconds", "km"}
    return float(np.nextafter(condition.threshold, math.inf if similar else -math.inf))


def _expression(operand: Operand) -> Expression:
    return Expression(column=operand.column) if operand.column else Expression(sql=operand.sql)


def _operand(tree: Expr) -> Operand:
    return Operand(tree.sql(dialect=DIALECT), tree.name if isinstance(tree, exp.Column) else None)


def condition_of(level: AnyLevel) -> Condition:
    """
    What a level asks, in words that Splink has.

    Raises:
        NoWords: If there are none.
    """
    match level:
        case own.NullLevel(missing_if="null" | "no_number"):
            return Missing(_present(level), "either")
        case own.MissingLevel(missing_if="null" | "no_number", side="left" | "right" | "either" | "both"):
            return Missing(_present(level), cast("Any", level.side))
        case own.ElseLevel():
            return Else()
        case own.ExactMatchLevel():
            return Equal(operand_of(level.column), operand_of(level.column, right=True))
        case own.ColumnsReversedLevel():
            return Equal(operand_of(level.column), operand_of(level.other_column), both_ways=level.symmetrical)
        case own.LiteralMatchLevel():
            operand = operand_of(level.column)
            return Given(operand, level.literal_value, level.literal_datatype, level.side_of_comparison)
        case own.And():
            return All(tuple(condition_of(part) for part in level.levels))
        case own.Or():
            return AnyOf(tuple(condition_of(part) for part in level.levels))
        case own.Not():
            return Negated(condition_of(level.level))
        case own.CustomLevel() if level.sql_condition is not None:
            return Custom(level.sql_condition)
    return _measure_of(level)


def _present(level: own.NullLevel | own.MissingLevel) -> Operand:
    operand = operand_of(level.column)
    return Operand(f"TRY_CAST({operand.sql} AS DOUBLE)") if level.missing_if == "no_number" else operand


def _measure_of(level: AnyLevel) -> Condition:
    match level:
        case own.SimilarityLevel(measure="jaro_winkler" | "jaro" | "levenshtein" | "damerau_levenshtein"):
            return Measured(cast("Any", level.measure), operand_of(level.column), level.threshold)
        case own.PairwiseSimilarityLevel(measure="jaro_winkler" | "jaro" | "levenshtein" | "damerau_levenshtein"):
            return Measured(cast("Any", f"any_{level.measure}"), operand_of(level.column), level.threshold)
        case own.OverlapLevel(measure="jaccard"):
            return Measured("jaccard", operand_of(level.column), level.threshold)
        case own.CosineSimilarityLevel():
            return Measured("cosine", operand_of(level.column), level.similarity_threshold)
        case own.ArrayLevel(prefix=None, measure="size"):
            return Measured("shared", operand_of(level.column), level.threshold)
        case own.ArrayLevel(prefix=None, measure="subset"):
            return Subset(operand_of(level.column), level.empty_is_subset)
        case own.DifferenceLevel():
            kind = "percentage" if level.relative else "difference"
            return Measured(cast("Any", kind), operand_of(level.column), level.threshold, level.strict)
        case own.DistanceInKMLevel():
            return Measured("km", operand_of(level.latitude), level.km_threshold, second=operand_of(level.longitude))
        case own.TimeDifferenceLevel():
            return Measured("seconds", _moment(level), level.threshold * dict(_UNITS)[level.metric])
    raise NoWords(f"a level of the kind {level.kind!r}: Splink has no SQL for it")


def _moment(level: own.TimeDifferenceLevel) -> Operand:
    operand = operand_of(level.column)
    if level.datetime_format is not None:
        form = exp.Literal.string(level.datetime_format).sql(dialect=DIALECT)
        return Operand(f"TRY_STRPTIME({operand.sql}, {form})")
    return operand if level.exact_time else Operand(f"CAST({operand.sql} AS DATE)")


def operand_of(expression: Expression, *, right: bool = False) -> Operand:
    """
    What an expression reads, as SQL.

    Raises:
        NoWords: If a step of it is one that SQL has not.
    """
    column = None
    sql = (expression.right_sql if right else None) or expression.sql
    if sql is None:
        column = str((expression.right_column if right else None) or expression.column)
        sql = exp.to_identifier(column, quoted=True).sql(dialect=DIALECT)
    for step in expression.transforms:
        sql = _step(sql, step.kind, *step.arguments)
    return Operand(sql, None if expression.transforms else column)


def _step(sql: str, kind: str, *arguments: int | str) -> str:
    shown = ", ".join(
        exp.Literal.string(part).sql(dialect=DIALECT) if isinstance(part, str) else str(part) for part in arguments
    )
    match kind:
        case "lower":
            return f"LOWER({sql})"
        case "substr":
            return f"SUBSTRING({sql}, {shown})"
        case "nullif":
            return f"NULLIF({sql}, {shown})"
        case "regex_extract":
            return f"NULLIF(REGEXP_EXTRACT({sql}, {shown}), '')"
        case "cast_to_string":
            return f"CAST({sql} AS TEXT)"
        case "try_parse_date" if arguments == ("",):
            return f"TRY_CAST({sql} AS DATE)"
        case "try_parse_timestamp" if arguments == ("",):
            return f"TRY_CAST({sql} AS TIMESTAMP)"
        case "try_parse_date" | "try_parse_timestamp":
            return f"TRY_STRPTIME({sql}, {shown})"
        case "access_extreme_array_element":
            return f"{sql}[{1 if arguments == ('first',) else -1}]"
    raise NoWords(f"the transform {kind!r}: Splink has no SQL for it")
