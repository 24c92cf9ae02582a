"""
Tables from wherever they come: pandas, Polars, Arrow, a DuckDB relation, a CSV or Parquet file. Reads files.

What offers its rows by the Arrow PyCapsule interface is taken as it is, so that no library needs to be known here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import IntArray
from linkage.columns.encoding import text_of
from linkage.tables import read_table

__all__ = ["BadInput", "Inputs", "Source", "TableLike", "as_table", "read_inputs", "who"]


class ArrowStream(Protocol):
    """Anything that hands its rows over by the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


TableLike: TypeAlias = "pa.Table | ArrowStream | Mapping[str, Sequence[object]] | str | Path"


class BadInput(UserError):
    """A table to be linked is not what its declaration promises."""

    exit_code = ExitCode.SOURCE_FILE


def as_table(given: TableLike) -> pa.Table:
    """
    Any table as Arrow.

    Args:
        given: An Arrow table; a pandas or Polars frame; a DuckDB relation; columns by name; the path of a CSV or
            Parquet file.

    Raises:
        BadInput: If it is none of these, or two columns have one name.
        SourceMissing: If a file is not there.
        SourceFileError: If a file cannot be read.

    Source: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
    """
    if isinstance(given, str | Path):
        return read_table(Path(given)).table
    table = _in_memory(given)
    twice = sorted(name for name, n in Counter(table.column_names).items() if n > 1)
    if twice:
        raise BadInput(f"input table: expected every column name once; several are called {', '.join(twice)}")
    return table


def _in_memory(given: object) -> pa.Table:
    if isinstance(given, pa.Table):
        return given
    if isinstance(given, Mapping):
        try:
            return pa.table(dict(given))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise BadInput(f"input table: expected columns of one length, of one type each: {_told(error)}") from None
    if hasattr(given, "to_pandas") and hasattr(given, "dtypes") and not hasattr(given, "__arrow_c_stream__"):
        return pa.Table.from_pandas(given, preserve_index=False)
    if hasattr(given, "columns") and hasattr(given, "iloc"):  # pandas: a string index name would become a column
        return pa.Table.from_pandas(given, preserve_index=False).replace_schema_metadata(None)
    if hasattr(given, "__arrow_c_stream__"):
        return pa.table(cast("ArrowStream", given))
    if hasattr(given, "arrow"):
        found = given.arrow()
        return found.read_all() if hasattr(found, "read_all") else found
    raise BadInput(
        f"input table: expected an Arrow table, a pandas or Polars frame, a DuckDB relation, columns by name or a "
        f"path, got {type(given).__name__}"
    )


def _told(error: Exception) -> str:
    """What is wrong, without a value of the table."""
    text = str(error)
    return text if text.startswith("Column ") else "a column mixes types"


@dataclass(frozen=True, slots=True)
class Source:
    """One table to be linked, its name and its columns under the settings' names."""

    name: str
    table: pa.Table


@dataclass(frozen=True)
class Inputs:
    """
    The tables of one linkage, one below the other: a *record* is a row of all of them.

    Attributes:
        sources: Name and table of each.
        id_column: Column that names the records; None where they are named by their place in their table, from 1.
    """

    sources: tuple[Source, ...]
    id_column: str | None

    @cached_property
    def starts(self) -> IntArray:
        """`(n_sources + 1,)` first record of each table, and the number of records."""
        return np.cumsum([0, *(source.table.num_rows for source in self.sources)]).astype(np.int64)

    @property
    def n_records(self) -> int:
        """Records of all tables."""
        return int(self.starts[-1])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables."""
        return tuple(source.name for source in self.sources)

    @cached_property
    def codes(self) -> IntArray:
        """`(n_records,)` which table each record is of."""
        return np.repeat(np.arange(len(self.sources)), np.diff(self.starts)).astype(np.int64)

    @cached_property
    def ids(self) -> pa.Array:
        """`(n_records,)` the unique id of every record as text, unique within its table."""
        return pa.concat_arrays([self._ids_of(source) for source in self.sources])

    def find(self, names: pa.Array, ids: pa.Array) -> IntArray:
        """
        Records by the name of their table and their id.

        Args:
            names: `(n,)` tables.
            ids: `(n,)` unique ids as text.

        Raises:
            BadInput: If a table or an id is not there.
        """
        where = pc.index_in(names, value_set=pa.array(self.names, pa.string()))
        if where.null_count:
            raise BadInput(f"expected only the tables {', '.join(self.names)}")
        codes = where.to_numpy(zero_copy_only=False)
        out = np.full(len(codes), -1, dtype=np.int64)
        for code in np.unique(codes).tolist():
            mine = np.flatnonzero(codes == code)
            start, stop = int(self.starts[code]), int(self.starts[code + 1])
            rows = pc.index_in(ids.take(pa.array(mine)), value_set=self.ids.slice(start, stop - start))
            if rows.null_count:
                raise BadInput(f"table {self.names[code]!r} lacks {rows.null_count} of the ids that were given")
            out[mine] = rows.to_numpy(zero_copy_only=False) + start
        return out

    def look_up(self, name: str, record_id: str) -> int | None:
        """The record of a table with an id; None if there is none."""
        code = self.names.index(name)
        start, stop = int(self.starts[code]), int(self.starts[code + 1])
        place = pc.index(self.ids.slice(start, stop - start), pa.scalar(record_id, pa.string())).as_py()
        return None if place < 0 else start + int(place)

    def of(self, tables: Mapping[str, pa.Table]) -> Inputs:
        """Other tables with the same ids' column, or row numbers where they have none."""
        id_column = self.id_column
        if any(id_column not in table.column_names for table in tables.values()):
            id_column = None
        return Inputs(tuple(Source(name, table) for name, table in tables.items()), id_column)

    def together(self) -> pa.Table:
        """All tables as one; a column that one lacks is null there, one of two types is text."""
        tables = [source.table for source in self.sources]
        if len(tables) == 1:
            return tables[0]
        mixed = _of_several_types(tables)
        return pa.concat_tables([_as_text(table, mixed) for table in tables], promote_options="permissive")

    def _ids_of(self, source: Source) -> pa.Array:
        if self.id_column is None:
            return pa.array(np.arange(1, source.table.num_rows + 1)).cast(pa.string())
        if self.id_column not in source.table.column_names:
            there = ", ".join(source.table.column_names)
            raise BadInput(f"table {source.name!r}: expected the id column {self.id_column!r}; it has: {there}")
        column = source.table.column(self.id_column)
        ids = text_of(column)
        told = column if pa.types.is_integer(column.type) else ids  # numbers are told apart sooner than their texts
        n_alike = len(ids) - ids.null_count - pc.count_distinct(told).as_py()
        if ids.null_count or n_alike:
            raise BadInput(
                f"table {source.name!r}, column {self.id_column!r}: expected an id of its own for each row; "
                f"{ids.null_count} rows have none, {n_alike} repeat another's"
            )
        return ids.combine_chunks() if ids.num_chunks else pa.array([], pa.string())


def read_inputs(
    tables: TableLike | Sequence[TableLike] | Mapping[str, TableLike],
    *,
    aliases: Sequence[str] | None = None,
    id_column: str | None = None,
    renames: Mapping[str, Mapping[str, str]] | None = None,
) -> Inputs:
    """
    The tables of a linkage.

    Args:
        tables: One table, several, or several by name. A mapping whose values are columns is one table.
        aliases: Names of the tables, where they are not given by name.
        id_column: Column that names the records; None = `unique_id` where all tables have it, else the row number.
        renames: For each table its columns that are called otherwise in the settings: `{table: {theirs: ours}}`.

    Raises:
        BadInput: If there is no table, names repeat, or a table lacks a column.
    """
    named = _named(tables, aliases)
    if not named:
        raise BadInput("expected at least one table")
    if len({name for name, _ in named}) < len(named):
        raise BadInput("expected a different name for each table")
    unknown = [name for name in renames or {} if name not in dict(named)]
    if unknown:
        raise BadInput(f"columns: no table {unknown[0]!r}; the tables are {', '.join(name for name, _ in named)}")
    sources = tuple(Source(name, _renamed(name, as_table(table), (renames or {}).get(name))) for name, table in named)
    if id_column is None and all("unique_id" in source.table.column_names for source in sources):
        id_column = "unique_id"
    found = Inputs(sources, id_column)
    _ = found.ids  # refuse repeated ids before any work
    return found


def who(left: IntArray, right: IntArray, inputs: Inputs) -> dict[str, pa.Array]:
    """Table and id of pairs of records."""
    return {**_who(left, inputs, "l"), **_who(right, inputs, "r")}


def _who(records: IntArray, inputs: Inputs, side: str) -> dict[str, pa.Array]:
    codes = inputs.codes[records]
    names = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(inputs.names, pa.string()))
    return {
        f"source_dataset_{side}": names.cast(pa.string()),
        f"unique_id_{side}": inputs.ids.take(pa.array(records)),
    }


def _named(
    tables: TableLike | Sequence[TableLike] | Mapping[str, TableLike], aliases: Sequence[str] | None
) -> list[tuple[str, TableLike]]:
    if isinstance(tables, Mapping) and not _is_columns(tables):
        return [(str(name), cast("TableLike", table)) for name, table in tables.items()]
    several = list(tables) if isinstance(tables, list | tuple) else [cast("TableLike", tables)]
    if aliases is not None and len(aliases) != len(several):
        raise BadInput(f"input_table_aliases: expected {len(several)} names, got {len(aliases)}")
    usual = ["left", "right"] if len(several) == 2 else [f"table_{place + 1}" for place in range(len(several))]
    names = aliases or [Path(t).stem if isinstance(t, str | Path) else usual[i] for i, t in enumerate(several)]
    return list(zip(names, several, strict=True))


def _is_columns(tables: Mapping[str, object]) -> bool:
    """Whether a mapping is the columns of one table, not tables by name."""
    return all(isinstance(column, list | tuple | np.ndarray | pa.Array | pa.ChunkedArray) for column in tables.values())


def _renamed(name: str, table: pa.Table, renames: Mapping[str, str] | None) -> pa.Table:
    if not renames:
        return table
    lacking = sorted(set(renames) - set(table.column_names))
    if lacking:
        raise BadInput(f"table {name!r}: expected the columns {', '.join(lacking)}, as `columns` says")
    wanted = [renames.get(column, column) for column in table.column_names]
    # a column that stands in the way of a renamed one gives way
    kept = [i for i, column in enumerate(table.column_names) if column in renames or column not in renames.values()]
    return table.select(kept).rename_columns([wanted[i] for i in kept])


def _of_several_types(tables: Sequence[pa.Table]) -> frozenset[str]:
    kinds: dict[str, set[str]] = {}
    for table in tables:
        for field in table.schema:
            if not pa.types.is_null(field.type):
                kinds.setdefault(field.name, set()).add(str(field.type))
    return frozenset(name for name, types in kinds.items() if len(types) > 1)


def _as_text(table: pa.Table, mixed: frozenset[str]) -> pa.Table:
    for place, name in enumerate(table.column_names):
        column = table.column(name)
        if name in mixed and not pa.types.is_nested(column.type):
            table = table.set_column(place, name, text_of(column))
    return table
