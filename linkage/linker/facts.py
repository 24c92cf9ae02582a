"""What a model was trained on: digests of tables, versions of packages. Opens nothing."""

from __future__ import annotations

import hashlib
from importlib.metadata import version

import pyarrow as pa

__all__ = ["table_digest", "versions"]

_PACKAGES = ("doselink", "numpy", "pyarrow", "rapidfuzz")


def table_digest(table: pa.Table) -> str:
    """
    SHA-256 of a table's columns, names, types and values, whatever its chunks.

    Args:
        table: Any table.
    """
    digest = hashlib.sha256()
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        whole = pa.chunked_array([column]) if not isinstance(column, pa.ChunkedArray) else column
        sink = pa.BufferOutputStream()
        batch = pa.table({name: whole})
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_table(batch)
        digest.update(sink.getvalue())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Versions of the packages that a weight depends on."""
    return {name: version(name) for name in _PACKAGES}
