"""
What a level of a Splink comparison asks of a pair, as data, and the SQL that asks it. Opens nothing.

The link between SQL text and levels: `recognise` makes these from SQL, `condition_sql` writes them. Columns stand
without Splink's suffixes `_l` and `_r`; an operand is the same scalar expression on either side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import sqlglot
from sqlglot import exp

__all__ = [
    "All",
    "Any",
    "Condition",
    "Custom",
    "Else",
    "Equal",
    "Given",
    "Measure",
    "Measured",
    "Missing",
    "Negated",
    "Operand",
    "Side",
    "Subset",
    "condition_sql",
    "sided_sql",
]

Side: TypeAlias = Literal["left", "right", "either", "both"]
Measure: TypeAlias = Literal[
    "jaro_winkler",
    "jaro",
    "levenshtein",
    "damerau_levenshtein",
    "jaccard",
    "cosine",
    "shared",
    "difference",
    "seconds",
    "percentage",
    "km",
    "any_jaro_winkler",
    "any_jaro",
    "any_levenshtein",
    "any_damerau_levenshtein",
]
DIALECT = "duckdb"


@dataclass(frozen=True, slots=True)
class Operand:
    """
    A scalar expression over the columns of one record.

    Attributes:
        sql: DuckDB SQL, columns without suffix.
        column: The column, where it is nothing else.
    """

    sql: str
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Equal:
    """`left` of the left record equals `right` of the right one; with `both_ways` also the other way round."""

    left: Operand
    right: Operand
    both_ways: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """The operand is this value, on the side or on both."""

    operand: Operand
    value: str
    datatype: Literal["string", "int", "float", "date"]
    side: Literal["left", "right", "both"]


@dataclass(frozen=True, slots=True)
class Missing:
    """The operand is null on a side, on either, or on both."""

    operand: Operand
    side: Side


@dataclass(frozen=True, slots=True)
class Measured:
    """
    A measure of the two values is at least (or at most) a threshold.

    Attributes:
        measure: Similarities want at least, distances and differences at most the threshold.
        operand: What is measured; latitude for `km`.
        threshold: In the measure's unit: 0 to 1, edits, elements, seconds, km or the operand's own.
        strict: Whether the threshold itself is not enough.
        second: Longitude for `km`.
    """

    measure: Measure
    operand: Operand
    threshold: float
    strict: bool = False
    second: Operand | None = None


@dataclass(frozen=True, slots=True)
class Subset:
    """The smaller of two arrays is contained in the larger one."""

    operand: Operand
    empty_is_subset: bool


@dataclass(frozen=True, slots=True)
class All:
    """All of these hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One of these holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """This does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Else:
    """What no other level takes."""


@dataclass(frozen=True, slots=True)
class Custom:
    """Any other condition, as DuckDB SQL over columns `x_l` and `x_r`."""

    sql: str


Condition: TypeAlias = Equal | Given | Missing | Measured | Subset | All | Any | Negated | Else | Custom

_AT_LEAST = {"jaro_winkler", "jaro", "jaccard", "cosine", "shared", "any_jaro_winkler", "any_jaro"}
_FUNCTIONS = {
    "jaro_winkler": "jaro_winkler_similarity",
    "jaro": "jaro_similarity",
    "levenshtein": "levenshtein",
    "damerau_levenshtein": "damerau_levenshtein",
    "jaccard": "jaccard",
    "cosine": "array_cosine_similarity",
}
_CASTS = {"int": "INT", "float": "REAL", "date": "DATE"}


def sided_sql(operand: Operand, suffix: str) -> str:
    """
    The operand of one side.

    >>> sided_sql(Operand('LOWER("name")'), "_l")
    'LOWER("name_l")'
    """
    tree = sqlglot.parse_one(operand.sql, read=DIALECT)
    for column in tree.find_all(exp.Column):
        column.this.replace(exp.to_identifier(column.name + suffix, quoted=True))
    return tree.sql(dialect=DIALECT)


def condition_sql(condition: Condition) -> str:
    """
    A condition as Splink's DuckDB SQL.

    >>> condition_sql(Measured("levenshtein", Operand('"name"', "name"), 1))
    'levenshtein("name_l", "name_r") <= 1'
    """
    match condition:
        case Equal():
            return _equal(condition)
        case Given():
            return _given(condition)
        case Missing():
            return _missing(condition)
        case Measured():
            return _measured(condition)
        case Subset():
            return _subset(condition)
        case All(parts):
            return " AND ".join(f"({condition_sql(part)})" for part in parts)
        case Any(parts):
            return " OR ".join(f"({condition_sql(part)})" for part in parts)
        case Negated(part):
            return f"NOT ({condition_sql(part)})"
        case Else():
            return "ELSE"
        case Custom(sql):
            return sql


def _equal(condition: Equal) -> str:
    out = f"{sided_sql(condition.left, '_l')} = {sided_sql(condition.right, '_r')}"
    if condition.both_ways:
        out += f" AND {sided_sql(condition.left, '_r')} = {sided_sql(condition.right, '_l')}"
    return out


def _given(condition: Given) -> str:
    quoted = exp.Literal.string(condition.value).sql(dialect=DIALECT)
    value = quoted if condition.datatype in {"string", "date"} else condition.value
    if condition.datatype != "string":
        value = f"CAST({value} AS {_CASTS[condition.datatype]})"
    suffixes = {"left": ("_l",), "right": ("_r",), "both": ("_l", "_r")}[condition.side]
    return " AND ".join(f"{sided_sql(condition.operand, suffix)} = {value}" for suffix in suffixes)


def _missing(condition: Missing) -> str:
    left, right = (f"{sided_sql(condition.operand, suffix)} IS NULL" for suffix in ("_l", "_r"))
    return {"left": left, "right": right, "either": f"{left} OR {right}", "both": f"{left} AND {right}"}[condition.side]


def _measured(condition: Measured) -> str:
    left, right = sided_sql(condition.operand, "_l"), sided_sql(condition.operand, "_r")
    relation = (">" if condition.measure in _AT_LEAST else "<") + ("" if condition.strict else "=")
    return f"{_value_sql(condition, left, right)} {relation} {_number(condition.threshold)}"


def _value_sql(condition: Measured, left: str, right: str) -> str:
    match condition.measure:
        case "shared":
            return f"array_length(list_intersect({left}, {right}))"
        case "difference":
            return f"ABS({left} - {right})"
        case "seconds":
            return f"ABS(EPOCH({left}) - EPOCH({right}))"
        case "percentage":
            return f"(ABS({left} - {right}) / (CASE WHEN {right} > {left} THEN {right} ELSE {left} END))"
        case "km":
            return _km(condition, left, right)
        case measure if measure.startswith("any_"):
            best = "list_max" if measure in _AT_LEAST else "list_min"
            pairs = f"list_transform({left}, lambda x: list_transform({right}, lambda y: [x, y]))"
            function = _FUNCTIONS[measure.removeprefix("any_")]
            return f"{best}(list_transform(flatten({pairs}), lambda pair: {function}(pair[1], pair[2])))"
        case measure:
            return f"{_FUNCTIONS[measure]}({left}, {right})"


def _km(condition: Measured, lat_l: str, lat_r: str) -> str:
    if condition.second is None:
        raise ValueError("km: expected a longitude beside the latitude")
    long_l, long_r = sided_sql(condition.second, "_l"), sided_sql(condition.second, "_r")
    cosine = (
        f"SIN(RADIANS({lat_l})) * SIN(RADIANS({lat_r})) + "
        f"COS(RADIANS({lat_l})) * COS(RADIANS({lat_r})) * COS(RADIANS({long_r} - {long_l}))"
    )
    kept = f"CASE WHEN {cosine} > 1 THEN 1 WHEN {cosine} < -1 THEN -1 ELSE {cosine} END"  # a null stays null
    return f"CAST(ACOS({kept}) * 6371 AS REAL)"


def _subset(condition: Subset) -> str:
    left, right = sided_sql(condition.operand, "_l"), sided_sql(condition.operand, "_r")
    smaller = f"LEAST(array_length({left}), array_length({right}))"
    out = f"array_length(list_intersect({left}, {right})) = {smaller}"
    return out if condition.empty_is_subset else f"{smaller} <> 0 AND {out}"


def _number(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(float(number))
