"""Tables that come out of the engine, in the forms people work in. Writes the files it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from graph_schema.errors import ExitCode, UserError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OutputExists", "Result", "free_path"]


class OutputExists(UserError):
    """A file to be written is there already."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Result:
    """
    A table of pairs, clusters or figures.

    Attributes:
        table: The rows; offered by the Arrow PyCapsule interface too, so that Polars and DuckDB take a `Result`.
    """

    table: pa.Table

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.table.column_names)

    def as_pyarrow_table(self, limit: int | None = None) -> pa.Table:
        """The rows as Arrow, or the first `limit` of them."""
        return self.table if limit is None else self.table.slice(0, limit)

    def as_pandas_dataframe(self, limit: int | None = None) -> pd.DataFrame:
        """The rows as a pandas frame."""
        frame: pd.DataFrame = self.as_pyarrow_table(limit).to_pandas()
        return frame

    def as_record_list(self, limit: int | None = None) -> list[dict[str, object]]:
        """The rows as dictionaries."""
        rows: list[dict[str, object]] = self.as_pyarrow_table(limit).to_pylist()
        return rows

    def to_parquet(self, filepath: str | Path, *, overwrite: bool = False) -> None:
        """
        Write a Parquet file.

        Raises:
            OutputExists: If it is there and is not to be overwritten.
        """
        pq.write_table(self.table, free_path(filepath, overwrite=overwrite))

    def to_csv(self, filepath: str | Path, *, overwrite: bool = False) -> None:
        """
        Write a CSV file; lists are joined by `;`.

        Raises:
            OutputExists: If it is there and is not to be overwritten.
        """
        pa_csv.write_csv(_flat(self.table), free_path(filepath, overwrite=overwrite))


def free_path(filepath: str | Path, *, overwrite: bool) -> Path:
    """
    A path that may be written.

    Raises:
        OutputExists: If it is there and is not to be overwritten.
    """
    path = Path(filepath)
    if path.exists() and not overwrite:
        raise OutputExists(f"{path} is there already: name another file, or say overwrite=True")
    return path


def _flat(table: pa.Table) -> pa.Table:
    import pyarrow.compute as pc

    for place, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            joined = pc.binary_join(table.column(place).cast(pa.list_(pa.string())), ";")
            table = table.set_column(place, field.name, joined)
    return table
