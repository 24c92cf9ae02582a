"""What every comparison promises. Opens nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from linkage import columns
from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.columns import ColumnMissing

if TYPE_CHECKING:
    from linkage.columns import Codes
    from linkage.comparison.frequencies import LevelTerms

__all__ = ["NULL", "UNSETTLED", "ColumnMissing", "Comparison", "Prepared", "column_of"]

NULL = -1  # the level of a pair with nothing on a side: weight 0, neither for nor against
UNSETTLED = -2  # of `quick`: only `gammas` can tell


class Prepared(ABC):
    """A comparison bound to two tables: distinct values are encoded once, batches of pairs follow."""

    @abstractmethod
    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        """
        Levels of the pairs `(left_rows[i], right_rows[i])`.

        Returns:
            `(n_pairs,)`: index into the comparison's `level_names`, or `NULL`.
        """

    def quick(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:  # noqa: ARG002
        """
        What integer work alone settles, vectorised: missing and equal values, sets that share nothing.

        Returns:
            `(n_pairs,)`: as `gammas`, or `UNSETTLED`.
        """
        return np.full(len(left_rows), UNSETTLED, dtype=np.int8)

    @property
    def codes(self) -> Codes | None:
        """The distinct values whose equality is the strongest level; None where that is not what it means."""
        return None

    @property
    def cost(self) -> int:
        """0 where pairs are compared as integers, 1 as numbers or sets, 2 as texts, 3 by SQL or Python."""
        return 2

    @property
    def terms(self) -> tuple[LevelTerms, ...]:
        """The levels on which agreeing on a rare value counts more."""
        return ()


class Comparison(BaseModel, ABC):
    """
    One respect in which two records are compared.

    A pair reaches exactly one level: `level_names[gamma]`, 0 being "else" and the last the strongest;
    `NULL` when a side has no value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Name of the comparison in models, charts and links.")
    column: str = Field(min_length=1, description="Column of the left table, and of the right unless named below.")
    right_column: str | None = Field(None, description="Column of the right table where it is called otherwise.")
    term_frequency: bool = Field(
        False, description="Whether agreement on a rare value counts more (only where equality is the last level)."
    )

    @property
    @abstractmethod
    def level_names(self) -> tuple[str, ...]:
        """Names of the levels; index = gamma."""

    @abstractmethod
    def prepare(self, left: pa.Table, right: pa.Table) -> Prepared:
        """
        Bind to two tables and encode their distinct values.

        Raises:
            ColumnMissing: If a table lacks the column.
        """

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the left table that are read."""
        return frozenset({self.column})

    @property
    def cost(self) -> int:
        """0 where a pair is an integer comparison, 1 where distinct pairs of values are worked on, 2 for texts."""
        return 0

    @property
    def right_name(self) -> str:
        """Column of the right table."""
        return self.right_column or self.column

    def gammas(self, left: pa.Table, right: pa.Table, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        """
        Levels of the pairs `(left_rows[i], right_rows[i])`; for several batches, `prepare` once.

        Returns:
            `(n_pairs,)`: index into `level_names`, or `NULL`.
        """
        return self.prepare(left, right).gammas(left_rows, right_rows)

    def sides(self, left: pa.Table, right: pa.Table) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
        """The compared column of both tables."""
        return column_of(left, self.column, self.name), column_of(right, self.right_name, self.name)


def column_of(table: pa.Table, column: str, comparison: str) -> pa.ChunkedArray:
    """
    A column by name.

    Raises:
        ColumnMissing: If the table does not have it; the message names those it has.
    """
    return columns.column_of(table, column, f"comparison {comparison!r}")


def first_reached(reached: list[tuple[int, np.ndarray]], missing: np.ndarray) -> Int8Array:
    """
    One level a pair: the last of `reached` (weakest first) that holds.

    Args:
        reached: (gamma, `(n_pairs,)` bool), weakest first; a pair that reaches none is "else".
        missing: `(n_pairs,)` pairs with nothing on a side.
    """
    out = np.zeros(len(missing), dtype=np.int8)
    for gamma, holds in reached:
        out[holds] = gamma
    out[missing] = NULL
    return out


def shares(counts: IntArray) -> FloatArray:
    """Counts as shares of their sum; all zero when there are none."""
    total = int(counts.sum())
    return counts / total if total else np.zeros(len(counts))
