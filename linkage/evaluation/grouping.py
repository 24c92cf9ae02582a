"""Subgroups of records and of pairs: hospital, insurer, age group, sex, or anything else. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, Int32Array, IntArray

__all__ = ["BadGrouping", "Grouping"]


class BadGrouping(UserError):
    """A grouping does not fit the records."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True, slots=True)
class Grouping:
    """
    One way to divide the records.

    A pair belongs to the level of its left record and to that of its right record: to one level if they are the
    same, to two if not. Where only one table knows the level, that one counts.

    Attributes:
        name: Of the grouping, such as `hospital`.
        levels: Names of its levels, sorted.
        left: `(n_left,)` index into `levels`, -1 unknown; None if the left table does not know it.
        right: `(n_right,)` the same of the right table; within one table the same array as `left`.
    """

    name: str
    levels: tuple[str, ...]
    left: Int32Array | None
    right: Int32Array | None

    @classmethod
    def of(cls, name: str, left: object = None, right: object = None) -> Grouping:
        """
        From a column of each table, or of one of them.

        Args:
            name: Of the grouping.
            left: Arrow array, NumPy array or list, one entry a left record; None if it is not known there.
            right: The same for the right table; within one table give it as `left` and use `within`.

        Raises:
            BadGrouping: If neither is given.
        """
        given = [None if side is None else _strings(side) for side in (left, right)]
        known = [side for side in given if side is not None]
        if not known:
            raise BadGrouping(f"grouping {name!r}: expected a column of the left or of the right table")
        values = pc.unique(pa.chunked_array(known, pa.string())).drop_null()
        levels = tuple(sorted(values.to_pylist()))
        codes = [None if side is None else _codes(side, levels) for side in given]
        return cls(name, levels, codes[0], codes[1])

    @classmethod
    def within(cls, name: str, column: object) -> Grouping:
        """From the column of the one table whose duplicates are sought."""
        once = cls.of(name, column)
        return cls(name, once.levels, once.left, once.left)

    def pairs(self, left_rows: IntArray, right_rows: IntArray) -> Iterator[tuple[str, BoolArray]]:
        """Every level and which pairs belong to it, `(n_pairs,)`."""
        none = np.full(len(left_rows), -1, dtype=np.int32)
        left = none if self.left is None else self.left[left_rows]
        right = none if self.right is None else self.right[right_rows]
        for code, level in enumerate(self.levels):
            yield level, (left == code) | (right == code)

    def records(self, *, side: str = "left") -> Iterator[tuple[str, BoolArray]]:
        """Every level and which records of one side belong to it; nothing where the side does not know."""
        codes = self.left if side == "left" else self.right
        if codes is None:
            return
        for code, level in enumerate(self.levels):
            yield level, codes == code

    def check(self, *, n_left: int, n_right: int) -> None:
        """
        See that there is one entry a record.

        Raises:
            BadGrouping: If there is not.
        """
        for side, codes, n in (("left", self.left, n_left), ("right", self.right, n_right)):
            if codes is not None and len(codes) != n:
                raise BadGrouping(
                    f"grouping {self.name!r}: expected one entry for each of the {n} {side} records, got {len(codes)}"
                )


def _strings(side: object) -> pa.Array:
    column = side if isinstance(side, pa.Array | pa.ChunkedArray) else pa.array(side)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.cast(pa.string())


def _codes(side: pa.Array, levels: tuple[str, ...]) -> Int32Array:
    found = pc.index_in(side, value_set=pa.array(levels, pa.string()))
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int32)
