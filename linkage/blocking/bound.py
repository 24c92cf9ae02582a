"""A blocking rule bound to two tables: its joins, and whether it proposes a given pair. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import BoolArray, Int32Array, IntArray
from linkage.blocking.joins import Join
from linkage.blocking.keys import Part, RuleKeys, dense_keys
from linkage.blocking.rules import BlockingRule
from linkage.blocking.sqltext import suffixed
from linkage.columns import Columns, WrongColumn, column_of, sql

__all__ = ["BoundRule", "bind"]


class KeyTest(Protocol):
    """What the keys of a rule say of pairs."""

    def joins(self) -> list[Join]:
        """Joins that form its pairs."""

    def proposes(self, left: IntArray, right: IntArray) -> BoolArray:
        """`(n,)` whether the keys agree."""

    def comes_first(self, left: IntArray, right: IntArray, key: Int32Array) -> BoolArray | None:
        """`(n,)` whether a pair is formed here for the first time by this rule's joins; None: always."""


@dataclass(frozen=True, slots=True)
class BoundRule:
    """
    A rule of two tables.

    Attributes:
        name: As `match_key` shows it.
        test: Its keys.
        plain: The keys where there is one a row and no window; else None.
        filter: Its filter; None for none.
        same_keys: Whether its keys read the same of both sides.
    """

    name: str
    test: KeyTest
    plain: RuleKeys | None
    filter: PairFilter | None
    same_keys: bool

    @property
    def symmetric(self) -> bool:
        """Whether the rule is the same for a pair in either order."""
        return self.same_keys and self.filter is None

    def proposes(self, left: IntArray, right: IntArray) -> BoolArray:
        """`(n,)` whether the rule holds for the pairs, in this order."""
        out = self.test.proposes(left, right)
        return out if self.filter is None else self.filter.among(out, left, right)


@dataclass(frozen=True, slots=True)
class PairFilter:
    """
    An SQL condition over both records of a pair.

    Attributes:
        sql: Over `x_l` and `x_r`.
        left: Columns `x_l`, all left rows.
        right: Columns `x_r`, all right rows.
    """

    sql: str
    left: pa.Table
    right: pa.Table

    def holds(self, left: IntArray, right: IntArray) -> BoolArray:
        """`(n,)` whether it holds."""
        columns = {
            name: table.column(name).take(pa.array(rows))
            for table, rows in ((self.left, left), (self.right, right))
            for name in table.column_names
        }
        return sql.holds(pa.table(columns or {"row_": left}), self.sql)  # a condition such as 1 = 1 reads no column

    def among(self, held: BoolArray, left: IntArray, right: IntArray) -> BoolArray:
        """`held` without the pairs for which it does not hold; it is only asked for those."""
        asked = np.flatnonzero(held)
        if not len(asked):
            return held
        out = np.zeros(len(held), dtype=bool)
        out[asked] = self.holds(left[asked], right[asked])
        return out


@dataclass(frozen=True, slots=True)
class _PlainKeys:
    keys: RuleKeys

    def joins(self) -> list[Join]:
        return [Join(self.keys.left, self.keys.right, self.keys.n_keys)]

    def proposes(self, left: IntArray, right: IntArray) -> BoolArray:
        a, b = self.keys.left[left], self.keys.right[right]
        return np.asarray((a == b) & (a >= 0), dtype=bool)

    def comes_first(self, left: IntArray, right: IntArray, key: Int32Array) -> None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """Equal keys and places of a last value at most `reach` apart."""

    keys: RuleKeys
    place: Part
    reach: int
    one_sided: bool

    def joins(self) -> list[Join]:
        block = Part(self.keys.left, self.keys.right, self.keys.n_keys)
        offsets = range(self.reach + 1) if self.one_sided else range(-self.reach, self.reach + 1)
        out = []
        for offset in offsets:
            if self.one_sided and offset == 0:
                shifted = Part(self.place.left, self.place.left, self.place.n_values)
                same = Part(block.left, block.left, block.n_values)
            else:
                moved = np.where(self.place.right < 0, -1, self.place.right + np.int32(offset)).astype(np.int32)
                moved[(moved < 0) | (moved >= self.place.n_values)] = -1
                shifted, same = Part(self.place.left, moved, self.place.n_values), block
            found = dense_keys([same, shifted], n_left=len(block.left), n_right=len(block.right))
            out.append(Join(found.left, found.right, found.n_keys))
        return out

    def proposes(self, left: IntArray, right: IntArray) -> BoolArray:
        a, b = self.keys.left[left], self.keys.right[right]
        one, two = self.place.left[left], self.place.right[right]
        near = (np.abs(one - two) <= self.reach) & (one >= 0) & (two >= 0)
        return np.asarray((a == b) & (a >= 0) & near, dtype=bool)

    def comes_first(self, left: IntArray, right: IntArray, key: Int32Array) -> None:  # noqa: ARG002
        return None


class _Elements:
    """Any key of several a row: those of the elements of exploded arrays."""

    def __init__(self, keys: RuleKeys, left_rows: IntArray, right_rows: IntArray, n_rows: tuple[int, int]) -> None:
        self._n_keys = keys.n_keys
        one = _entries(keys.left, left_rows, keys.n_keys)
        two = one if keys.right is keys.left else _entries(keys.right, right_rows, keys.n_keys)
        self._codes = two
        self._left_keys = (one % keys.n_keys).astype(np.int32)
        self._left_rows = one // keys.n_keys
        self._right_keys = self._left_keys if two is one else (two % keys.n_keys).astype(np.int32)
        self._right_rows = self._left_rows if two is one else two // keys.n_keys
        self._starts = np.searchsorted(self._left_rows, np.arange(n_rows[0] + 1))

    def joins(self) -> list[Join]:
        rows = {"left_rows": self._left_rows, "right_rows": self._right_rows}
        return [Join(self._left_keys, self._right_keys, self._n_keys, **rows)]

    def proposes(self, left: IntArray, right: IntArray) -> BoolArray:
        return np.asarray(self._first_common(left, right) < self._n_keys, dtype=bool)

    def comes_first(self, left: IntArray, right: IntArray, key: Int32Array) -> BoolArray:
        return np.asarray(self._first_common(left, right) == key, dtype=bool)

    def _first_common(self, left: IntArray, right: IntArray) -> IntArray:
        """`(n,)` smallest key that both rows have; `n_keys` where there is none."""
        n_each = self._starts[left + 1] - self._starts[left]
        ends = np.cumsum(n_each)
        out = np.full(len(left), self._n_keys, dtype=np.int64)
        if not len(left) or not ends[-1] or not len(self._codes):
            return out
        at = np.repeat(self._starts[left] - (ends - n_each), n_each) + np.arange(ends[-1])
        keys = self._left_keys[at].astype(np.int64)
        codes = np.repeat(right, n_each) * self._n_keys + keys
        place = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        keys[self._codes[place] != codes] = self._n_keys
        some = np.flatnonzero(n_each)
        out[some] = np.minimum.reduceat(keys, (ends - n_each)[some])
        return out


def _entries(keys: Int32Array, rows: IntArray, n_keys: int) -> IntArray:
    """Distinct (row, key) as sorted numbers."""
    there = keys >= 0
    return np.unique(rows[there] * n_keys + keys[there])


def bind(rule: BlockingRule, columns: Columns) -> BoundRule:
    """
    Bind a rule to two tables.

    Raises:
        ColumnMissing: If a table lacks a column.
        WrongColumn: If a column to explode holds no arrays, or another one does.
        BadExpression: If an SQL expression cannot be evaluated.
    """
    user = f"blocking rule {rule.name!r}"
    plain = None
    if rule.explode:
        test: KeyTest = _exploded(rule, columns, user)
    elif rule.window is not None:
        test = _neighbours(rule, columns, user)
    else:
        plain = _keys(rule, columns, user)
        test = _PlainKeys(plain)
    same_keys = all(expression.symmetric for expression in rule.keys)
    return BoundRule(rule.name, test, plain, _filter(rule, columns, user), same_keys)


def _keys(rule: BlockingRule, columns: Columns, user: str, *, n_used: int | None = None) -> RuleKeys:
    coded = [columns.codes(expression, user=user) for expression in rule.keys[:n_used]]
    parts = [Part(codes.left, codes.right, len(codes)) for codes in coded]
    found = dense_keys(parts, n_left=columns.left.num_rows, n_right=columns.right.num_rows)
    if not parts and columns.within:
        found.right = found.left
    return found


def _neighbours(rule: BlockingRule, columns: Columns, user: str) -> _Neighbours:
    keys = _keys(rule, columns, user, n_used=len(rule.keys) - 1)
    last = columns.codes(rule.keys[-1], user=user)
    one_sided = keys.right is keys.left and last.right is last.left
    return _Neighbours(keys, Part(last.left, last.right, len(last)), (rule.window or 1) // 2, one_sided)


def _exploded(rule: BlockingRule, columns: Columns, user: str) -> _Elements:
    wanted = [name for expression in rule.keys for name in expression.columns]
    wanted_right = [name for expression in rule.keys for name in expression.right_columns]
    left, left_rows = _unnested(columns.left, wanted, rule.explode, user)
    if columns.within and wanted == wanted_right:
        elements = Columns(left)
        right_rows = left_rows
    else:
        right, right_rows = _unnested(columns.right, wanted_right, rule.explode, user)
        elements = Columns(left, right)
    n_rows = (columns.left.num_rows, columns.right.num_rows)
    return _Elements(_keys(rule, elements, user), left_rows, right_rows, n_rows)


def _unnested(table: pa.Table, wanted: list[str], arrays: tuple[str, ...], user: str) -> tuple[pa.Table, IntArray]:
    """The wanted columns with a row for every element of every array, and the row each came of."""
    held = pa.table({name: column_of(table, name, user) for name in dict.fromkeys(wanted)})
    rows = np.arange(table.num_rows, dtype=np.int64)
    for name in arrays:
        if name not in held.column_names:
            continue
        column = held.column(name)
        if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
            raise WrongColumn(f"{user}: explode expects {name!r} to be a column of arrays, it holds {column.type}")
        parents = pc.list_parent_indices(column)
        elements = pc.list_flatten(column)
        held = held.take(parents).set_column(held.column_names.index(name), name, elements)
        rows = rows[parents.to_numpy()]
    return held, rows


def _filter(rule: BlockingRule, columns: Columns, user: str) -> PairFilter | None:
    if rule.filter is None:
        return None
    text, of_left, of_right = suffixed(rule.filter)
    return PairFilter(
        text,
        pa.table({f"{name}_l": column_of(columns.left, name, user) for name in of_left}),
        pa.table({f"{name}_r": column_of(columns.right, name, user) for name in of_right}),
    )
