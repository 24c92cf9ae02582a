"""Any CSV or Parquet file as an Arrow table, every column kept as it is written. Reads files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from graph_schema.delivery import Reject, SourceMissing, TextFormat, read_text_table
from graph_schema.delivery.encoding import to_utf8
from graph_schema.delivery.headers import split_headers
from graph_schema.delivery.lines import split_header
from graph_schema.errors import SourceFileError
from graph_schema.ids import content_digest

__all__ = ["InputTable", "read_table"]

_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class InputTable:
    """
    A table to be linked.

    Attributes:
        table: Its columns; text columns of a CSV stay text, so that leading zeros stay.
        rejects: Lines that could not be read.
        n_rows: Rows of the file, rejected ones included.
        sha256: Digest of the file.
    """

    table: pa.Table
    rejects: tuple[Reject, ...]
    n_rows: int
    sha256: str


def read_table(path: Path, *, format: TextFormat | None = None) -> InputTable:  # noqa: A002
    """
    Read a whole CSV or Parquet file.

    Args:
        path: The file; what it is is told by its first bytes.
        format: Encoding and separator where they are not to be detected.

    Raises:
        SourceMissing: If it is not there.
        SourceFileError: If it is empty, holds no record, or two columns have one name.
    """
    if path.is_dir():
        raise SourceMissing(f"{path} is a folder: expected a CSV or Parquet file, name one in it")
    if not path.is_file():
        raise SourceMissing(f"{path} is not there: correct the path")
    with path.open("rb") as stream:
        is_parquet = stream.read(4) == _PARQUET_MAGIC
    found = _parquet(path) if is_parquet else _text(path, format or TextFormat())
    if found.table.num_rows == 0:
        raise SourceFileError(path, "at least one record below the header")
    return found


def _parquet(path: Path) -> InputTable:
    raw = path.read_bytes()
    try:
        table = pq.ParquetFile(pa.BufferReader(raw)).read()  # the dataset reader takes longer to load than to read
    except (pa.ArrowInvalid, OSError):
        raise SourceFileError(path, "a whole Parquet file, but it cannot be read: ask for it again") from None
    names = _distinct([name.strip() for name in table.column_names], path)
    return InputTable(table.rename_columns(names), (), table.num_rows, content_digest(raw))


def _text(path: Path, format: TextFormat) -> InputTable:  # noqa: A002
    decoded = to_utf8(path.read_bytes(), declared=format.encoding, path=path)
    header, _ = split_header(decoded.data)
    _, headers = split_headers(header.decode("utf-8"), format=format, wanted=(), path=path)
    names = _distinct([name.strip() for name in headers], path)
    roles = {f"c{place}": name for place, name in enumerate(names)}
    read = read_text_table(path, format=format.model_copy(update={"columns": roles}), required=list(roles))
    table = read.table.select(list(roles)).rename_columns(names)
    return InputTable(table, tuple(read.rejects), read.n_rows, read.sha256)


def _distinct(names: list[str], path: Path) -> list[str]:
    """Header names, an empty one replaced by its place."""
    named = [name or f"column_{place + 1}" for place, name in enumerate(names)]
    twice = sorted(name for name, n in Counter(named).items() if n > 1)
    if twice:
        raise SourceFileError(path, f"every column name once; several are called {', '.join(twice)}", row=1)
    return named
