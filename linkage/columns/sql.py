"""
SQL over the columns of one table, or over those of pairs of records, by DuckDB: its only importer.

Nothing of a file system, network or extension is reachable from an expression. Messages show the expression, which
is settings text, and never a value of a record. DuckDB and sqlglot are loaded when they are first needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray
from linkage.columns.native import simple_column

if TYPE_CHECKING:
    import duckdb

__all__ = ["BadExpression", "columns_of", "holds", "literal", "quoted", "scalar"]

_SHUT = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


class BadExpression(UserError):
    """An SQL expression of the settings cannot be read or evaluated."""

    exit_code = ExitCode.SETTINGS


def scalar(table: pa.Table, sql: str) -> pa.ChunkedArray:
    """
    An SQL expression of every row.

    Args:
        table: Its columns may be named in the expression.
        sql: A scalar expression: `substr(surname, 1, 3)`.

    Returns:
        `(n_rows,)` in the order of the rows.

    Raises:
        BadExpression: If it cannot be parsed, names an unknown column, or cannot be evaluated.
    """
    found = _evaluate(table, f"({sql})", sql).column(0)
    if len(found) != table.num_rows:
        raise BadExpression(f"SQL expression {sql!r}: expected one value for each row, it makes another number of them")
    return found


def holds(table: pa.Table, sql: str) -> BoolArray:
    """
    Whether an SQL condition holds in every row; null is no.

    Args:
        table: Its columns may be named, for pairs as `surname_l` and `surname_r`.
        sql: A condition: `surname_l = surname_r and abs(age_l - age_r) <= 2`.

    Returns:
        `(n_rows,)`.

    Raises:
        BadExpression: If it cannot be parsed, names an unknown column, or cannot be evaluated.
    """
    found = _evaluate(table, f"coalesce(cast(({sql}) as boolean), false)", sql).column(0)
    if len(found) != table.num_rows:
        raise BadExpression(f"SQL condition {sql!r}: expected one answer for each row, it makes another number of them")
    return np.asarray(found.to_numpy(), dtype=bool)


def literal(text: str) -> str:
    """Text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@cache
def columns_of(sql: str) -> tuple[str, ...]:
    """
    Columns that an expression names, in the order in which they first occur.

    Raises:
        BadExpression: If it cannot be parsed.

    >>> columns_of("lower(surname) || substr(given, 1, 1)")
    ('surname', 'given')
    """
    known = simple_column(sql)
    if known is not None:
        return (known,)
    import sqlglot
    from sqlglot.errors import SqlglotError
    from sqlglot.expressions import Column

    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        raise BadExpression(f"SQL expression {sql!r}: expected SQL as DuckDB reads it") from None
    return tuple(dict.fromkeys(column.name for column in tree.find_all(Column, bfs=False)))


def _evaluate(table: pa.Table, expression: str, sql: str) -> pa.Table:
    import duckdb

    if table.num_columns == 0 or table.num_rows == 0:
        table = table.append_column("row_", pa.array(np.arange(table.num_rows)))
    with _connection() as connection:
        connection.register("rows_", table)
        try:
            found = connection.sql(f"select {expression} as found_ from rows_").to_arrow_table()  # noqa: S608
        except duckdb.Error as error:
            raise BadExpression(_told(sql, error, table.column_names)) from None
    return found


def _told(sql: str, error: duckdb.Error, names: list[str]) -> str:
    """What is wrong, in words that hold nothing of a record: only complaints about the text itself are passed on."""
    import duckdb

    if isinstance(error, duckdb.BinderException | duckdb.ParserException | duckdb.CatalogException):
        why = re.sub(r"\s+", " ", str(error).split("\n\n", maxsplit=1)[0]).strip()
        return f"SQL expression {sql!r}: {why} (the columns are: {', '.join(names)})"
    return (
        f"SQL expression {sql!r}: expected it to have a value for every row, but some rows cannot be evaluated "
        f"({type(error).__name__}): use try_cast or try_strptime for values that may be malformed"
    )


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    connection = duckdb.connect(":memory:", config=_SHUT)
    try:
        yield connection
    finally:
        connection.close()
