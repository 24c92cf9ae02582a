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
    A column by name, its text as strings, however the table lays it out.

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
    held = table.column(column)
    plain = _plain(held.type)
    return held if plain == held.type else held.cast(plain)


def _plain(kind: pa.DataType) -> pa.DataType:
    """The same type with its text laid out in one way: Polars hands over views."""
    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    return pa.large_list(_plain(kind.value_type)) if pa.types.is_large_list(kind) else kind
