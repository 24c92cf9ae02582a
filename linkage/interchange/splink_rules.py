"""Blocking rules of this engine as the SQL that Splink takes. Opens nothing."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from linkage.blocking import BlockingRule
from linkage.columns import Expression
from linkage.interchange.conditions import DIALECT, Operand
from linkage.interchange.splink_levels import NoWords, operand_of

__all__ = ["rule_sql"]


def rule_sql(rule: BlockingRule) -> str:
    """
    A rule as a condition over `l.column` and `r.column`.

    Args:
        rule: Exploded arrays are told beside the condition, not in it.

    Raises:
        NoWords: If it has a window, or a key is made by a step that SQL has not.
    """
    if rule.window is not None:
        raise NoWords("a sorted neighbourhood: Splink has no windows")
    parts = [_equality(expression) for expression in rule.keys]
    if rule.filter is not None:
        parts.append(rule.filter)
    return " AND ".join(f"({part})" for part in parts) if len(parts) > 1 else "".join(parts) or "1 = 1"


def _equality(expression: Expression) -> str:
    left, right = operand_of(expression), operand_of(expression, right=True)
    return f"{_of_side(left, 'l')} = {_of_side(right, 'r')}"


def _of_side(operand: Operand, side: str) -> str:
    tree = sqlglot.parse_one(operand.sql, read=DIALECT)
    for column in tree.find_all(exp.Column):
        column.set("table", exp.to_identifier(side))
    return tree.sql(dialect=DIALECT)
