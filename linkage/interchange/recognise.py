"""
Splink's SQL conditions recognised: exact, similar, near, shared, missing and their combinations. Opens nothing.

What has no known shape stays SQL (`Custom`); nothing is guessed. A condition is recognised by its parse tree, so that
spelling, brackets and spaces do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from graph_schema.errors import ExitCode, UserError
from linkage.interchange.conditions import (
    DIALECT,
    All,
    Any,
    Condition,
    Custom,
    Else,
    Equal,
    Given,
    Measure,
    Measured,
    Missing,
    Negated,
    Operand,
    Side,
    Subset,
)

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

__all__ = ["BadCondition", "recognise"]

_SIMILAR: dict[str, Measure] = {
    "jaro_winkler_similarity": "jaro_winkler",
    "jarowinkler_similarity": "jaro_winkler",
    "jaro_winkler": "jaro_winkler",
    "jaro_similarity": "jaro",
    "jaro_sim": "jaro",
    "jaccard": "jaccard",
    "jaccard_sim": "jaccard",
    "array_cosine_similarity": "cosine",
    "list_cosine_similarity": "cosine",
    "levenshtein": "levenshtein",
    "damerau_levenshtein": "damerau_levenshtein",
}
_DISTANCES = {"levenshtein", "damerau_levenshtein", "difference", "seconds", "percentage", "km"}
_INTERSECTIONS = {"list_intersect", "array_intersect"}
_MIRRORED = {"gte": "lte", "lte": "gte", "gt": "lt", "lt": "gt"}
_OF_ARRAYS: dict[str, Measure] = {
    "jaro_winkler": "any_jaro_winkler",
    "jaro": "any_jaro",
    "levenshtein": "any_levenshtein",
    "damerau_levenshtein": "any_damerau_levenshtein",
}


class BadCondition(UserError):
    """A condition is no SQL."""

    exit_code = ExitCode.SETTINGS


def recognise(sql: str, *, dialect: str = DIALECT) -> Condition:
    """
    What a level's `sql_condition` asks.

    Args:
        sql: The condition, columns ending in `_l` and `_r`.
        dialect: The SQL dialect it is written in.

    Raises:
        BadCondition: If it cannot be parsed.

    >>> recognise('"born_l" = "born_r"')
    Equal(left=Operand(sql='"born"', column='born'), right=Operand(sql='"born"', column='born'), both_ways=False)
    """
    if sql.strip().upper() == "ELSE":
        return Else()
    try:
        tree = sqlglot.parse_one(sql, read=dialect)
    except SqlglotError:
        raise BadCondition(f"sql_condition {sql!r}: expected a condition in {dialect} SQL") from None
    return _condition(tree)


def _condition(tree: Expr) -> Condition:
    bare = tree.unnest()
    return (
        _combination(bare)
        or _equality(bare)
        or _literal(bare)
        or _null(bare)
        or _measure(bare)
        or Custom(bare.sql(dialect=DIALECT))
    )


def _combination(tree: Expr) -> Condition | None:
    if isinstance(tree, (exp.And, exp.Or)):
        return _joined(tree)
    if isinstance(tree, exp.Not):
        part = _condition(tree.this)
        return None if isinstance(part, Custom) else Negated(part)
    return None


def _joined(tree: exp.And | exp.Or) -> Condition | None:
    """Clauses that say one thing together become one condition; None where one of them is not recognised."""
    clauses = list(_flat(tree, type(tree)))
    parts: list[Condition] = []
    while clauses:
        together = _together(clauses[0], clauses[1], type(tree)) if len(clauses) > 1 else None
        parts.append(together or _condition(clauses[0]))
        del clauses[: 1 if together is None else 2]
    if any(isinstance(part, Custom) for part in parts):
        return None
    if len(parts) == 1:
        return parts[0]
    return All(tuple(parts)) if isinstance(tree, exp.And) else Any(tuple(parts))


def _flat(tree: exp.And | exp.Or, kind: type[exp.And | exp.Or]) -> Iterable[Expr]:
    """The clauses of `a AND b AND c`; what stands in brackets stays together."""
    for side in (tree.left, tree.right):
        if isinstance(side, kind):
            yield from _flat(side, kind)
        else:
            yield side


def _together(first: Expr, second: Expr, kind: type[exp.And | exp.Or]) -> Condition | None:
    subset = _subset(first, second) if kind is exp.And else None
    return subset or _paired(_condition(first), _condition(second), "either" if kind is exp.Or else "both")


def _paired(first: Condition, second: Condition, sides: Side) -> Condition | None:
    match first, second:
        case Missing(a, one), Missing(b, other) if a == b and {one, other} == {"left", "right"}:
            return Missing(a, sides)
        case Given(a, value, datatype, "left"), Given(b, same, same_type, "right") if sides == "both":
            return Given(a, value, datatype, "both") if (a, value, datatype) == (b, same, same_type) else None
        case Equal(a, b, False), Equal(c, d, False) if sides == "both" and a != b and (a, b) == (d, c):
            return Equal(a, b, both_ways=True)
    return None


def _equality(tree: Expr) -> Condition | None:
    if not isinstance(tree, exp.EQ):
        return None
    left, right = _operand(tree.left), _operand(tree.right)
    if left is not None and right is not None and left[1] != right[1]:
        return Equal(left[0], right[0]) if left[1] == "l" else Equal(right[0], left[0])
    return _shared_equal(tree)


def _shared_equal(tree: exp.EQ) -> Condition | None:
    """The size of an intersection equals that of the smaller array: a subset, the empty one too."""
    shared, smaller = _intersection(tree.left), tree.right
    if shared is None or not isinstance(smaller, exp.Least):
        return None
    sizes = [_size_of(part) for part in (smaller.this, *smaller.expressions)]
    wanted = {("l", shared), ("r", shared)}
    return Subset(shared, empty_is_subset=True) if {size for size in sizes if size} == wanted else None


def _subset(guard: Expr, rest: Expr) -> Condition | None:
    """The same after `LEAST(sizes) <> 0 AND`: but not the empty one."""
    if not isinstance(guard, exp.NEQ) or not isinstance(rest, exp.EQ):
        return None
    found = _shared_equal(rest)
    if isinstance(found, Subset) and guard.left == rest.right and _number(guard.right) == 0:
        return Subset(found.operand, empty_is_subset=False)
    return None


def _literal(tree: Expr) -> Condition | None:
    if not isinstance(tree, exp.EQ):
        return None
    operand, given = _operand(tree.left), tree.right
    if operand is None:
        return None
    side = "left" if operand[1] == "l" else "right"
    if isinstance(given, exp.Literal) and given.is_string:
        return Given(operand[0], given.name, "string", side)  # type: ignore[arg-type]
    if isinstance(given, exp.Cast) and isinstance(given.this, exp.Literal):
        for datatype, kinds in _CAST_TYPES.items():
            if given.to.this in kinds:
                return Given(operand[0], given.this.name, datatype, side)  # type: ignore[arg-type]
    return None


_CAST_TYPES = {
    "int": {exp.DataType.Type.INT, exp.DataType.Type.BIGINT},
    "float": {exp.DataType.Type.FLOAT, exp.DataType.Type.DOUBLE},
    "date": {exp.DataType.Type.DATE},
}


def _null(tree: Expr) -> Condition | None:
    if isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null):
        operand = _operand(tree.this)
        if operand is not None:
            return Missing(operand[0], "left" if operand[1] == "l" else "right")
    return None


def _measure(tree: Expr) -> Condition | None:
    """`measure >= number`, `number <= measure`, and the same with the signs for at most."""
    if not isinstance(tree, (exp.GTE, exp.LTE, exp.GT, exp.LT)):
        return None
    left, threshold, relation = tree.left.unnest(), _number(tree.right), tree.key
    if threshold is None:
        left, threshold, relation = tree.right.unnest(), _number(tree.left), _MIRRORED[tree.key]
    found = _similarity(left) or _difference(left) or _pairwise(left) or _great_circle(left)
    if found is None or threshold is None:
        return None
    measure, operand, second = found
    at_most = measure.removeprefix("any_") in _DISTANCES
    if at_most != (relation in {"lte", "lt"}):
        return None
    return Measured(measure, operand, threshold, relation in {"gt", "lt"}, second)


_Found = tuple[Measure, Operand, Operand | None]


def _similarity(tree: Expr) -> _Found | None:
    shared = _intersection(tree)
    if shared is not None:
        return "shared", shared, None
    name, arguments = _call(tree)
    if name not in _SIMILAR or len(arguments) != 2:
        return None
    both = _both(*arguments)
    return (_SIMILAR[name], both, None) if both is not None else None


def _difference(tree: Expr) -> _Found | None:
    if isinstance(tree, exp.Abs) and isinstance(tree.this.unnest(), exp.Sub):
        inner = tree.this.unnest()
        left, right = inner.left.unnest(), inner.right.unnest()
        if isinstance(left, exp.TimeToUnix) and isinstance(right, exp.TimeToUnix):
            both = _both(left.this, right.this)
            return ("seconds", both, None) if both is not None else None
        both = _both(left, right)
        return ("difference", both, None) if both is not None else None
    if isinstance(tree, exp.Div):
        return _percentage(tree)
    return None


def _percentage(tree: exp.Div) -> _Found | None:
    above, below = _difference(tree.left.unnest()), tree.right.unnest()
    if above is None or above[0] != "difference" or not isinstance(below, (exp.Case, exp.Greatest)):
        return None
    operands = {_operand(column) for column in below.find_all(exp.Column)}
    wanted = {(above[1], "l"), (above[1], "r")}
    return ("percentage", above[1], None) if operands == wanted else None


def _pairwise(tree: Expr) -> _Found | None:
    """The best of a string measure over all pairs of elements of two arrays."""
    if not isinstance(tree, (exp.ArrayMax, exp.ArrayMin)) or not isinstance(tree.this, exp.Transform):
        return None
    function, arguments = _call(tree.this.expression.this)
    measure = _SIMILAR.get(function, "")
    arrays = list(tree.this.this.find_all(exp.Column))
    if measure not in _OF_ARRAYS or len(arguments) != 2 or len(arrays) != 2:
        return None
    both, best = _both(*arrays), exp.ArrayMin if measure in _DISTANCES else exp.ArrayMax
    return (_OF_ARRAYS[measure], both, None) if both is not None and isinstance(tree, best) else None


def _great_circle(tree: Expr) -> _Found | None:
    """acos(...) * 6371: the distance on the sphere of two points given by latitude and longitude."""
    product = tree.this if isinstance(tree, exp.Cast) else tree
    if not isinstance(product, exp.Mul) or not isinstance(product.left, exp.Acos) or _number(product.right) != 6371:
        return None
    angles = [node.this.unnest() for node in product.find_all(exp.Radians)]
    turned = [angle for angle in angles if isinstance(angle, exp.Sub)]
    latitudes = {_operand(angle) for angle in angles if not isinstance(angle, exp.Sub)}
    longitudes = {_operand(side) for angle in turned for side in (angle.left, angle.right)}
    found = [_one_of(part) for part in (latitudes, longitudes)]
    return ("km", found[0], found[1]) if found[0] is not None and found[1] is not None else None


def _one_of(sided: set[tuple[Operand, str] | None]) -> Operand | None:
    names = {part[0] for part in sided if part is not None}
    return next(iter(names)) if len(names) == 1 and len(sided) == 2 and None not in sided else None


def _intersection(tree: Expr) -> Operand | None:
    if not isinstance(tree, exp.ArraySize):
        return None
    name, arguments = _call(tree.this)
    return _both(*arguments) if name in _INTERSECTIONS and len(arguments) == 2 else None


def _size_of(tree: Expr) -> tuple[str, Operand] | None:
    operand = _operand(tree.this) if isinstance(tree, exp.ArraySize) else None
    return (operand[1], operand[0]) if operand is not None else None


def _call(tree: Expr) -> tuple[str, list[Expr]]:
    """Name and arguments of a function, whether sqlglot knows it or not."""
    if isinstance(tree, exp.Anonymous):
        return str(tree.this).lower(), list(tree.expressions)
    if isinstance(tree, exp.ArrayIntersect):
        return "array_intersect", list(tree.expressions)
    if isinstance(tree, exp.Func):
        arguments = [tree.args.get("this"), tree.args.get("expression")]
        return tree.sql_name().lower(), [part for part in arguments if isinstance(part, exp.Expression)]
    return "", []


def _both(left: Expr, right: Expr) -> Operand | None:
    """The operand, where it is the same expression of the left and of the right record."""
    one, two = _operand(left), _operand(right)
    if one is None or two is None or one[0] != two[0] or one[1] == two[1]:
        return None
    return one[0]


def _operand(tree: Expr) -> tuple[Operand, str] | None:
    """An expression over columns of one record, and whether it is the left ("l") or the right ("r")."""
    bare = tree.unnest().copy()
    columns = list(bare.find_all(exp.Column))
    sides = {column.name[-2:].lower() for column in columns}
    if len(sides) != 1 or not sides <= {"_l", "_r"} or any(column.table for column in columns):
        return None
    for column in columns:
        column.this.replace(exp.to_identifier(column.name[:-2], quoted=True))
    name = bare.name if isinstance(bare, exp.Column) else None
    return Operand(bare.sql(dialect=DIALECT), name), sides.pop()[1]


def _number(tree: Expr) -> float | None:
    bare = tree.unnest()
    if isinstance(bare, exp.Neg):
        inner = _number(bare.this)
        return None if inner is None else -inner
    return float(bare.name) if isinstance(bare, exp.Literal) and not bare.is_string else None
