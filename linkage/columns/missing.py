"""A setting that names a column which is not there. Opens nothing."""

from __future__ import annotations

import pyarrow as pa

from graph_schema.errors import ExitCode, UserError

__all__ = ["ColumnMissing", "WrongColumn", "column_of"]


class ColumnMissing(UserError):
    """A setting names a column that a table does not have."""

    exit_code = ExitCode.SETTINGS


class WrongColumn(UserError):
    """A setting names a column whose values it cannot work on."""

    exit_code = ExitCode.SETTINGS


def column_of(table: pa.Table, column: str, user: str) -> pa.ChunkedArray:
    """
    A column by name.

    Args:
        table: The table.
        column: Its column.
        user: Who asks, for the message: `comparison 'given'`.

    Raises:
        ColumnMissing: If the table does not have it; the message names those it has.
    """
    if column not in table.column_names:
        there = ", ".join(table.column_names)
        raise ColumnMissing(f"{user}: expected a column {column!r}, the table has: {there}")
    return table.column(column)
