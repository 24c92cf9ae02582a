"""Blocking rules in the SQL that Splink users write, taken apart by sqlglot. Opens nothing."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from linkage.columns import BadExpression, Expression
from linkage.columns.native import simple_column

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Conjuncts", "as_key", "parsed_rule", "suffixed"]

_DIALECT = "duckdb"
_SIDED = re.compile(r"""(?<!\w)"?[lr]"?\s*\.""", re.IGNORECASE)


class Conjuncts(NamedTuple):
    """The equalities of a rule between the sides, and the rest of it."""

    keys: tuple[Expression, ...]
    filter: str | None


@cache
def parsed_rule(sql: str) -> Conjuncts | None:
    """
    A condition over `l.` and `r.` as keys and filter; None for an expression over one table.

    Raises:
        BadExpression: If it cannot be parsed, or names a column of neither side.

    >>> parsed_rule("l.a = r.a and lower(l.b) = lower(r.c) and l.d < r.d")
    Conjuncts(keys=(Expression(column='a', right_column=None, transforms=(), sql=None, right_sql=None), \
Expression(column=None, right_column=None, transforms=(), sql='LOWER(b)', right_sql='LOWER(c)')), filter='l.d < r.d')
    """
    if not _SIDED.search(sql):
        return None
    from sqlglot import exp

    tree = _tree(sql)
    sides = {column.table for column in tree.find_all(exp.Column)}
    if not sides & {"l", "r"}:
        return None
    if not sides <= {"l", "r"}:
        raise BadExpression(f"blocking rule {sql!r}: expected every column with its side, l.column or r.column")
    keys, rest = [], []
    for part in _conjuncts(tree):
        key = _equality(part)
        if key is None:
            rest.append(part)
        else:
            keys.append(key)
    held = exp.and_(*rest).sql(dialect=_DIALECT) if rest else None
    return Conjuncts(tuple(keys), held)


@cache
def as_key(sql: str) -> Expression:
    """
    A column, or an SQL expression over one table.

    Raises:
        BadExpression: If it cannot be parsed.
    """
    if sql.replace("_", "a").replace(" ", "a").isalnum():
        return Expression(column=sql)
    if simple_column(sql) is not None:
        return Expression(sql=sql)
    from sqlglot import exp

    tree = _tree(sql)
    return Expression(column=tree.name) if isinstance(tree, exp.Column) else Expression(sql=sql)


@cache
def suffixed(sql: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """
    A condition over `l.x` and `r.x` as one over `x_l` and `x_r`, and the columns it names of the left and right.

    Raises:
        BadExpression: If it cannot be parsed, or names a column of neither side.

    >>> suffixed("l.a < r.b")
    ('"a_l" < "b_r"', ('a',), ('b',))
    """
    from sqlglot import exp

    tree = _tree(sql)
    named: dict[str, dict[str, None]] = {"l": {}, "r": {}}
    for column in list(tree.find_all(exp.Column)):
        if column.table not in named:
            raise BadExpression(f"blocking rule {sql!r}: expected every column with its side, l.column or r.column")
        named[column.table][column.name] = None
        made = exp.column(f"{column.name}_{column.table}", quoted=True)
        if column is tree:
            tree = made
        else:
            column.replace(made)
    return tree.sql(dialect=_DIALECT), tuple(named["l"]), tuple(named["r"])


def _tree(sql: str) -> exp.Expr:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, read=_DIALECT)
    except SqlglotError:
        raise BadExpression(f"blocking rule {sql!r}: expected SQL as DuckDB reads it") from None
    for column in tree.find_all(sqlglot.exp.Column):
        if column.table in {"L", "R"}:  # to DuckDB as to us, L is l
            column.set("table", sqlglot.exp.to_identifier(column.table.lower()))
    return tree


def _conjuncts(tree: exp.Expr) -> list[exp.Expr]:
    from sqlglot import exp

    tree = tree.unnest()
    return list(tree.flatten()) if isinstance(tree, exp.And) else [tree]


def _equality(part: exp.Expr) -> Expression | None:
    """`f(l.…) = g(r.…)` as one expression; None for anything else."""
    from sqlglot import exp

    part = part.unnest()
    if not isinstance(part, exp.EQ):
        return None
    sides = [{column.table for column in side.find_all(exp.Column)} for side in (part.left, part.right)]
    if sides == [{"l"}, {"r"}]:
        left, right = part.left, part.right
    elif sides == [{"r"}, {"l"}]:
        left, right = part.right, part.left
    else:
        return None
    if isinstance(left, exp.Column) and isinstance(right, exp.Column):
        return Expression(column=left.name, right_column=None if left.name == right.name else right.name)
    one, two = _without_side(left), _without_side(right)
    return Expression(sql=one, right_sql=None if one == two else two)


def _without_side(tree: exp.Expr) -> str:
    from sqlglot import exp

    def bare(node: exp.Expr) -> exp.Expr:
        return exp.column(node.this.copy()) if isinstance(node, exp.Column) else node

    return tree.copy().transform(bare).sql(dialect=_DIALECT)
