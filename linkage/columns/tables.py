"""Two tables, every expression of them encoded once. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
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
        self._distinct: dict[tuple[bool, str, str | None], Distinct] = {}

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

    def release(self) -> None:
        """Let go of what only further expressions of the same columns would use; they are read again if need be."""
        self._distinct.clear()

    def _encode(self, expression: Expression, user: str) -> Codes:
        left = self._distinct_side(expression, user=user, right=False)
        same = self.within and expression.symmetric
        right = left if same else self._distinct_side(expression, user=user, right=True)
        return join_distinct(left, right, mapper=_mapper(expression))

    def _distinct_side(self, expression: Expression, *, user: str, right: bool) -> Distinct:
        """One side's values; those of an SQL expression of one column are evaluated once for each value of it."""
        text, names = _reads(expression, right=right)
        if text is None:
            return self._distinct_column(expression, names[0], user=user, right=right)
        held = _held(self.right if right else self.left, names, user)
        if len(names) != 1 or pa.types.is_nested(held.column(0).type):
            return distinct_of(self._typed(expression, user=user, right=right), user=user)
        base = self._distinct_column(Expression(column=names[0]), names[0], user=user, right=right)
        return _evaluated(base, names[0], text)

    def _distinct_column(self, expression: Expression, name: str, *, user: str, right: bool) -> Distinct:
        steps = expression.transforms
        element = str(steps[0].arguments[0]) if steps and steps[0].kind == _ELEMENT else None
        place = (right and not self.within, name, element)
        if place not in self._distinct:
            typed = column_of(self.right if right else self.left, name, user)
            if element is not None:
                typed = _extreme(typed, last=element == "last", user=user)
            self._distinct[place] = distinct_of(typed, user=user)
        return self._distinct[place]

    def _typed(self, expression: Expression, *, user: str, right: bool) -> pa.ChunkedArray:
        table = self.right if right else self.left
        text, names = _reads(expression, right=right)
        if text is None:
            return column_of(table, names[0], user)
        held = _held(table, names, user)
        if len(names) == 1 and not pa.types.is_nested(held.column(0).type):
            distinct = self._distinct_side(expression, user=user, right=right)
            values = pa.concat_arrays([distinct.values, pa.nulls(1, distinct.values.type)])
            index = distinct.index.astype("int64") % len(values)
            return pa.chunked_array([values.take(pa.array(index))])
        return sql.scalar(held if names else table, text)


_ELEMENT = "access_extreme_array_element"


def _reads(expression: Expression, *, right: bool) -> tuple[str | None, tuple[str, ...]]:
    """SQL of one side, if any, and the columns it reads."""
    if right:
        return expression.right_sql or expression.sql, expression.right_columns
    return expression.sql, expression.columns


def _held(table: pa.Table, names: Sequence[str], user: str) -> pa.Table:
    return pa.table({name: column_of(table, name, user) for name in names})


def _evaluated(base: Distinct, name: str, text: str) -> Distinct:
    """SQL of one column, evaluated for each of its values and for null."""
    values = pa.concat_arrays([base.values, pa.nulls(1, base.values.type)])
    found = by_arrow(values, text)
    if found is None:
        made = sql.scalar(pa.table({name: values}), text)
        found = pa.concat_arrays(made.chunks)
    if not found[-1].is_valid:
        return Distinct(base.index, found.slice(0, len(base.values)))
    return Distinct(np.where(base.index < 0, np.int32(len(base.values)), base.index), found)


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
