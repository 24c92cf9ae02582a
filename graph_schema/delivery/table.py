"""Delivered text and Parquet files as Arrow tables of strings, with every row accounted for. Reads files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from graph_schema.delivery.encoding import to_utf8
from graph_schema.delivery.format import Reject, TextFormat, TextTable
from graph_schema.delivery.headers import find_columns, split_headers
from graph_schema.delivery.lines import Lines, split_header, split_lines
from graph_schema.delivery.locate import SourceMissing
from graph_schema.errors import SourceFileError
from graph_schema.ids import content_digest

__all__ = ["read_text_table"]

_PARQUET_MAGIC = b"PAR1"


def read_text_table(
    path: Path,
    *,
    format: TextFormat,  # noqa: A002
    required: Sequence[str],
    optional: Sequence[str] = (),
) -> TextTable:
    """
    The records of one delivered file, every value as text, columns named by role.

    Args:
        path: A CSV file or a Parquet file (told by its first bytes).
        format: What is declared about it.
        required: Roles without which the file cannot be used.
        optional: Roles that are taken where they are there.

    Returns:
        A table with the roles found, in the order asked for, and `row`; rejects for broken lines.

    Raises:
        SourceMissing: If the file is not there.
        SourceFileError: If it is empty, in another encoding, or lacks a required column.
    """
    if not path.is_file():
        raise SourceMissing(f"{path} is not there: put the delivery there or correct the path")
    raw = path.read_bytes()
    if raw.startswith(_PARQUET_MAGIC):
        return _read_parquet(path, raw, format=format, required=required, optional=optional)
    decoded = to_utf8(raw, declared=format.encoding, path=path)
    sha256 = content_digest(raw)
    header, start = split_header(decoded.data)
    wanted = (*required, *optional)
    separator, headers = split_headers(header.decode("utf-8"), format=format, wanted=wanted, path=path)
    places = find_columns(headers, format=format, required=required, optional=optional, path=path)
    lines = split_lines(decoded.data, start=start, separator=separator, n_fields=len(headers))
    try:
        table, broken = _read_lines(lines, separator=separator, n_fields=len(headers), places=places)
    except pa.ArrowInvalid:
        # Arrow's message quotes the line, which may hold anything.
        raise SourceFileError(path, "records that can be read, but the file is not CSV: ask for it again") from None
    damaged = f"the bytes are not {decoded.encoding.upper()}, unlike the rest of the file"
    broken += [(line, damaged) for line in decoded.damaged_lines]
    rejects = tuple(Reject(sha256, row, None, reason) for row, reason in sorted(broken))
    return TextTable(
        table=table,
        rejects=rejects,
        n_rows=table.num_rows + len(rejects),
        sha256=sha256,
        n_bytes=len(raw),
        encoding=decoded.encoding,
        separator=separator,
        decimal=format.decimal,
    )


def _read_lines(
    lines: Lines, *, separator: str, n_fields: int, places: dict[str, int]
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The table of all good records in file order, and the lines that are none."""
    plain, wrong = _read_plain(lines, separator=separator, n_fields=n_fields, places=places)
    broken = lines.broken + wrong
    if lines.by_hand:
        columns = {role: pa.array([f[place] for _, f in lines.by_hand], pa.string()) for role, place in places.items()}
        rows = pa.array([row for row, _ in lines.by_hand], pa.int64())
        plain = pa.concat_tables([plain, pa.table({**columns, "row": rows}, schema=plain.schema)])
        plain = plain.take(pc.sort_indices(plain["row"]))
    return _trimmed(plain), broken


def _read_plain(
    lines: Lines, *, separator: str, n_fields: int, places: dict[str, int]
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """Well-formed lines by the fast reader; those with another number of fields than the header are told apart."""
    names = [f"c{place}" for place in range(n_fields)]
    chosen = list(dict.fromkeys(names[place] for place in places.values()))
    wrong: list[tuple[int, int]] = []

    def note(line: pa.csv.InvalidRow) -> str:
        wrong.append((line.number - 1, line.actual_columns))
        return "skip"

    schema = pa.schema([(role, pa.string()) for role in places] + [("row", pa.int64())])
    if not lines.plain:
        return schema.empty_table(), []
    table = pa.csv.read_csv(
        pa.BufferReader(lines.plain),
        read_options=pa.csv.ReadOptions(
            use_threads=False, column_names=names, block_size=max(1 << 22, 2 * lines.longest + 16)
        ),
        parse_options=pa.csv.ParseOptions(delimiter=separator, ignore_empty_lines=False, invalid_row_handler=note),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=chosen,
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    kept = np.ones(len(lines.plain_rows), dtype=bool)
    kept[[place for place, _ in wrong]] = False
    rows = pa.array(lines.plain_rows[kept], pa.int64())
    columns = [table[names[place]] for place in places.values()]
    broken = [
        (int(lines.plain_rows[place]), f"number of fields is {found}, the header has {n_fields}")
        for place, found in wrong
    ]
    return pa.table([*columns, rows], schema=schema), broken


def _trimmed(table: pa.Table) -> pa.Table:
    """Outer blanks removed and empty made null, in all columns but `row`."""
    for place, name in enumerate(table.column_names):
        if name == "row":
            continue
        column = pc.utf8_trim_whitespace(table[name])
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
        table = table.set_column(place, name, column)
    return table.combine_chunks()


def _read_parquet(
    path: Path,
    raw: bytes,
    *,
    format: TextFormat,  # noqa: A002
    required: Sequence[str],
    optional: Sequence[str],
) -> TextTable:
    try:
        file = pa.parquet.ParquetFile(pa.BufferReader(raw))
        headers = list(file.schema_arrow.names)
        places = find_columns(headers, format=format, required=required, optional=optional, path=path)
        found = file.read(columns=[headers[place] for place in dict.fromkeys(places.values())])
    except (pa.ArrowInvalid, OSError):
        raise SourceFileError(path, "a whole Parquet file, but it cannot be read: ask for it again") from None
    rows = pa.array(np.arange(found.num_rows, dtype=np.int64) + 2)
    columns = {role: _as_text(found[headers[place]], format.decimal) for role, place in places.items()}
    return TextTable(
        table=_trimmed(pa.table({**columns, "row": rows})),
        rejects=(),
        n_rows=found.num_rows,
        sha256=content_digest(raw),
        n_bytes=len(raw),
        encoding="parquet",
        separator="",
        decimal=format.decimal,
    )


def _as_text(column: pa.ChunkedArray, decimal: str) -> pa.ChunkedArray:
    """A typed column as the text a CSV of the same declaration would have held."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("s"), safe=False), format="%Y-%m-%d %H:%M:%S")
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
        whole = pc.all(pc.equal(column, pc.round(column))).as_py()
        # Integers with gaps come as floats from pandas: 17.0 is the identifier 17.
        text = column.cast(pa.int64()).cast(pa.string()) if whole is not False else column.cast(pa.string())
        return pc.replace_substring(text, ".", decimal)
    return column.cast(pa.string())
