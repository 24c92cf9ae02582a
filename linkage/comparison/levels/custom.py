"""Levels by SQL and by Python functions, asked once for each distinct pair of values. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, Int32Array, IntArray
from linkage.columns import BadExpression, Expression, code_pairs
from linkage.columns.sql import columns_of, holds
from linkage.comparison.functions import LevelFunction, function_named
from linkage.comparison.levels.base import Bound, Level
from linkage.comparison.pairs import Pairs
from linkage.comparison.sources import Sources

__all__ = ["CustomLevel", "FunctionFailed", "FunctionLevel"]


class FunctionFailed(UserError):
    """A registered function raised an error or gave no answer."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True, slots=True)
class _Values:
    """
    Some columns of all rows: a code for each distinct combination, and the values by code.

    Attributes:
        left: `(n_left,)`.
        right: `(n_right,)`.
        table: A row for each distinct combination.
        some_missing: `(n_combinations,)` whether a value is missing.
    """

    left: Int32Array
    right: Int32Array
    table: pa.Table
    some_missing: BoolArray

    @classmethod
    def of(cls, sources: Sources, columns: Sequence[str]) -> _Values:
        parts = [sources.row_values(column) for column in columns]
        n_left, n_right = sources.columns.left.num_rows, sources.columns.right.num_rows
        both = np.zeros(n_left + n_right, dtype=np.int64)
        for codes, values in parts:
            both = both * max(len(values), 1) + np.concatenate([codes.left, codes.right])
            both = np.unique(both, return_inverse=True)[1]
        _, place, code = np.unique(both, return_index=True, return_inverse=True)
        table = pa.table(
            {
                name: values.take(pa.array(np.concatenate([codes.left, codes.right])[place]))
                for name, (codes, values) in zip(columns, parts, strict=True)
            }
        )
        missing = [np.asarray(part.is_null().to_numpy(), dtype=bool) for part in table.columns]
        gone = np.logical_or.reduce(missing) if missing else np.zeros(len(place), dtype=bool)
        return cls(code[:n_left].astype(np.int32), code[n_left:].astype(np.int32), table, gone)

    def distinct(self, pairs: Pairs) -> tuple[IntArray, IntArray, IntArray]:
        """The distinct pairs of combinations, and which of them each pair is."""
        return code_pairs(self.left[pairs.left], self.right[pairs.right], self.table.num_rows)

    def absent(self, pairs: Pairs) -> BoolArray:
        """`(n_pairs,)` whether a side lacks a value."""
        gone = self.some_missing
        return np.asarray(gone[self.left[pairs.left]] | gone[self.right[pairs.right]], dtype=bool)


@dataclass(frozen=True, slots=True)
class _BySql(Bound):
    left: _Values
    right: _Values
    sql: str

    cost: ClassVar[int] = 3

    def reached(self, pairs: Pairs) -> BoolArray:
        return self._asked(pairs, self.sql)

    def _asked(self, pairs: Pairs, sql: str) -> BoolArray:
        if not len(pairs):
            return np.zeros(0, dtype=bool)
        n = max(self.left.table.num_rows, self.right.table.num_rows)
        a, b = self.left.left[pairs.left], self.right.right[pairs.right]
        first, second, index = code_pairs(a, b, n)
        table = pa.table(
            {
                **_suffixed(self.left.table.take(pa.array(first)), "_l"),
                **_suffixed(self.right.table.take(pa.array(second)), "_r"),
            }
        )
        return holds(table, sql)[index]

    def absent(self, pairs: Pairs) -> BoolArray:
        return self._asked(pairs, f"({self.sql}) is null")

    def impossible(self, pairs: Pairs) -> BoolArray:
        return np.zeros(len(pairs), dtype=bool)


def _suffixed(table: pa.Table, suffix: str) -> dict[str, pa.ChunkedArray]:
    return {f"{name}{suffix}": table.column(name) for name in table.column_names}


@cache
def _sides(sql: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of the left and of the right record that a condition names."""
    names = columns_of(sql)
    wrong = [name for name in names if name[-2:] not in {"_l", "_r"} or len(name) == 2]
    if wrong or not names:
        raise BadExpression(
            f"SQL condition {sql!r}: expected columns that end in _l (left record) or _r (right record), as name_l"
            + (f"; {wrong[0]!r} does not" if wrong else "")
        )
    left = tuple(sorted({name[:-2] for name in names if name.endswith("_l")}))
    right = tuple(sorted({name[:-2] for name in names if name.endswith("_r")}))
    return left, right


class CustomLevel(Level):
    """A condition in SQL (DuckDB) over columns of both records: `substr(name_l, 1, 1) = substr(name_r, 1, 1)`."""

    kind: Literal["custom"] = Field("custom", description="What this is.")
    sql_condition: str = Field(min_length=1, description="Columns end in _l (left record) or _r (right record).")
    is_null_level: bool = Field(False, description="Whether it says that a value is missing: weight 0.")

    symmetric: ClassVar[bool] = False

    @model_validator(mode="after")
    def _parsed(self) -> CustomLevel:
        try:
            _sides(self.sql_condition)
        except BadExpression as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def is_null(self) -> bool:  # type: ignore[override]
        return self.is_null_level

    @property
    def short(self) -> str:
        return self.label_for_charts or self.sql_condition

    @property
    def expressions(self) -> tuple[Expression, ...]:
        left, right = _sides(self.sql_condition)
        return tuple(Expression(column=name) for name in sorted({*left, *right}))

    def bind(self, sources: Sources) -> Bound:
        left, right = _sides(self.sql_condition)
        one = sources.once(("values", left), lambda: _Values.of(sources, left))
        two = sources.once(("values", right), lambda: _Values.of(sources, right))
        return _BySql(one, two, self.sql_condition)


@dataclass(frozen=True, slots=True)
class _ByFunction(Bound):
    values: _Values
    function: LevelFunction
    name: str
    threshold: float | None
    higher: bool

    cost: ClassVar[int] = 3

    def reached(self, pairs: Pairs) -> BoolArray:
        out = ~self.absent(pairs)
        open_ = np.flatnonzero(out)
        first, second, index = self.values.distinct(pairs.only(open_))
        rows = [tuple(row.values()) for row in self.values.table.to_pylist()]
        given = [row[0] for row in rows] if self.values.table.num_columns == 1 else rows
        answers = [self._answer(given[a], given[b]) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
        out[open_] = np.array(answers, dtype=bool)[index]
        return out

    def _answer(self, one: object, two: object) -> bool:
        try:
            found = self.function(one, two)
            if self.threshold is None:
                return bool(found)
            return bool(found >= self.threshold) if self.higher else bool(found <= self.threshold)
        except Exception as error:  # noqa: BLE001 - whatever a user's function raises is the user's to mend
            kind = type(error).__name__
            raise FunctionFailed(
                f"function {self.name!r} ended with {kind}: expected an answer for any two values"
            ) from None

    def absent(self, pairs: Pairs) -> BoolArray:
        return self.values.absent(pairs)


class FunctionLevel(Level):
    """
    A registered Python function of two values says yes, or gives a number that reaches a threshold.

    It is asked once for each distinct pair of values, never where one is missing; tuples for several columns.
    """

    kind: Literal["function"] = Field("function", description="What this is.")
    function: str = Field(min_length=1, description="Name under which the program registered it.")
    columns: tuple[str, ...] = Field(min_length=1, description="Columns whose values it is given.")
    threshold: float | None = Field(None, description="Of the number it gives; None = it says yes or no.")
    higher_is_more_similar: bool = Field(True, description="Whether the number must reach the threshold from above.")

    symmetric: ClassVar[bool] = False

    @property
    def short(self) -> str:
        return self.function if self.threshold is None else f"{self.function}_{self.threshold:g}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(Expression(column=name) for name in self.columns)

    def bind(self, sources: Sources) -> Bound:
        function = function_named(self.function, user=sources.user)
        values = sources.once(("values", self.columns), lambda: _Values.of(sources, self.columns))
        return _ByFunction(values, function, self.function, self.threshold, self.higher_is_more_similar)
