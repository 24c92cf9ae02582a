"""Two tables, every expression of them encoded once. Opens nothing."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from linkage.columns import sql
from linkage.columns.encoding import Codes, Distinct, Mapper, distinct_of, join_distinct
from linkage.columns.expression import Expression
from linkage.columns.missing import WrongColumn, column_of
from linkage.columns.native import by_arrow

__all__ = ["Columns"]


class Columns:
    """
    The columns of two tables, or of one within which pairs are sought, encoded when they are first asked for.

    Args:
        left: The left table, or the only one.
        right: The right table; None for pairs within `left`.
    """

    def __init__(self, left: pa.Table, right: pa.Table | None = None) -> None:
        self.left = left
        self.within = right is None
        self.right = left if right is None else right
        self._codes: dict[Expression, Codes] = {}
        self._distinct: dict[tuple[bool, str], Distinct] = {}

    def codes(self, expression: Expression, *, user: str = "expression") -> Codes:
        """
        Codes of an expression of all rows of both tables.

        Args:
            expression: The expression.
            user: Who asks, for messages: `comparison 'given'`.

        Raises:
            ColumnMissing: If a table lacks a column.
            WrongColumn: If a column holds lists.
            BadExpression: If its SQL cannot be evaluated.
        """
        if expression not in self._codes:
            self._codes[expression] = self._encode(expression, user)
        return self._codes[expression]

    def raw(self, expression: Expression, *, user: str = "expression") -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
        """
        The columns an expression reads as they are typed (lists, numbers), its transforms not applied; SQL evaluated.

        Raises:
            ColumnMissing: If a table lacks a column.
            BadExpression: If its SQL cannot be evaluated.
        """
        left = self._typed(expression, user=user, right=False)
        if self.within and expression.symmetric:
            return left, left
        return left, self._typed(expression, user=user, right=True)

    def _encode(self, expression: Expression, user: str) -> Codes:
        left = self._distinct_side(expression, user=user, right=False)
        same = self.within and expression.symmetric
        right = left if same else self._distinct_side(expression, user=user, right=True)
        return join_distinct(left, right, mapper=_mapper(expression))

    def _distinct_side(self, expression: Expression, *, user: str, right: bool) -> Distinct:
        names = expression.right_columns if right else expression.columns
        steps = expression.transforms
        element = bool(steps) and steps[0].kind == "access_extreme_array_element"
        key = f"{element and steps[0].arguments}{expression.right_sql if right else ''}{expression.sql}{names}"
        place = (right and not self.within, key)
        if place not in self._distinct:
            typed = self._typed(expression, user=user, right=right)
            if element:
                typed = _extreme(typed, last=steps[0].arguments[0] == "last", user=user)
            self._distinct[place] = distinct_of(typed, user=user)
        return self._distinct[place]

    def _typed(self, expression: Expression, *, user: str, right: bool) -> pa.ChunkedArray:
        table = self.right if right else self.left
        if expression.sql is None:
            name = (expression.right_column if right else None) or str(expression.column)
            return column_of(table, name, user)
        text = (expression.right_sql if right else None) or expression.sql
        names = expression.right_columns if right else expression.columns
        held = pa.table({name: column_of(table, name, user) for name in names})
        if len(names) == 1 and not pa.types.is_nested(held.column(0).type):
            distinct = distinct_of(held.column(0), user=user)
            values = pa.concat_arrays([distinct.values, pa.nulls(1, distinct.values.type)])
            quickly = by_arrow(values, text)
            found = sql.scalar(pa.table({names[0]: values}), text) if quickly is None else quickly
            missing = len(distinct.values)
            index = pa.array(distinct.index.astype("int64") % (missing + 1))
            taken = found.take(index)
            return taken if isinstance(taken, pa.ChunkedArray) else pa.chunked_array([taken])
        return sql.scalar(held if names else table, text)


def _mapper(expression: Expression) -> Mapper | None:
    if not expression.transforms:
        return None

    def mapped(values: pa.Array) -> pa.Array:
        for step in expression.transforms:
            values = step.apply(values)
        return values

    return mapped


def _extreme(column: pa.ChunkedArray, *, last: bool, user: str) -> pa.ChunkedArray:
    """First or last element of every list; null for none."""
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        raise WrongColumn(
            f"{user}: expected a column of arrays for access_extreme_array_element, it holds {column.type}"
        )
    return pa.chunked_array([_extreme_of(chunk, last=last) for chunk in column.chunks], type=column.type.value_type)


def _extreme_of(lists: pa.Array, *, last: bool) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype("int64")
    starts = lengths.cumsum() - lengths
    at = starts + lengths - 1 if last else starts
    return lists.flatten().take(pa.array(at, mask=lengths == 0))
