"""Arrow tables as rows, and those rows whose key is wanted. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["among", "rows_of"]


def rows_of(table: pa.Table, *columns: str) -> Iterable[tuple[Any, ...]]:
    """The rows of some columns as tuples."""
    return zip(*(table.column(name).to_pylist() for name in columns), strict=True)


def among(table: pa.Table, column: str, wanted: Iterable[str]) -> pa.Table:
    """The rows whose `column` is one of `wanted`."""
    values = pa.array(sorted(set(wanted)), pa.string())
    return table.filter(pc.is_in(table.column(column).cast(pa.string()), value_set=values))
