"""Content-addressed Parquet files: a table is named by the digest of its bytes and never changed. Opens files."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from graph_schema.errors import ExitCode, UserError
from graph_schema.ids import content_digest

__all__ = ["BlockMissing", "BlockStore", "write_atomically"]

_ROW_GROUP = 131_072


class BlockMissing(UserError):
    """A block or segment that a commit names is not there, or is not what its name says."""

    exit_code = ExitCode.LEDGER


def write_atomically(path: Path, raw: bytes) -> None:
    """
    The file appears whole or not at all: written beside its place, flushed to disk, then renamed.

    The temporary name holds the process id, so that two writers never share one; what a killed
    writer left behind is not a `.parquet` or `.json` file and is swept by `BlockStore.sweep`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with beside.open("wb") as stream:
        stream.write(raw)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)


class BlockStore:
    """A folder of `<sha256>.parquet` files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the block of this digest lies."""
        return self.folder / f"{sha256}.parquet"

    def put(self, table: pa.Table) -> str:
        """
        Store a table; equal tables give equal bytes and one file.

        Returns:
            Digest of the bytes, 64 hexadecimal digits.
        """
        sink = pa.BufferOutputStream()
        plain = table.replace_schema_metadata(None).combine_chunks()
        pq.write_table(plain, sink, compression="zstd", row_group_size=_ROW_GROUP, version="2.6", store_schema=True)
        raw = sink.getvalue().to_pybytes()
        sha256 = content_digest(raw)
        if not self.path(sha256).exists():
            write_atomically(self.path(sha256), raw)
        return sha256

    def get(self, sha256: str, columns: list[str] | None = None) -> pa.Table:
        """
        Read a table.

        Raises:
            BlockMissing: If it is not there or cannot be read.
        """
        try:
            return pq.read_table(self.path(sha256), columns=columns, memory_map=True)
        except FileNotFoundError:
            raise BlockMissing(f"block {sha256[:12]}… is not in {self.folder}: restore it from a backup") from None
        except (pa.ArrowInvalid, OSError) as error:
            raise BlockMissing(f"block {sha256[:12]}… in {self.folder} cannot be read: {error}") from None

    def intact(self, sha256: str) -> bool:
        """Whether the file is there and its bytes still have this digest."""
        path = self.path(sha256)
        return path.is_file() and content_digest(path.read_bytes()) == sha256

    def sweep(self) -> int:
        """Remove what killed writers left half-written; returns how many files."""
        leftovers = list(self.folder.glob(".*.part")) if self.folder.is_dir() else []
        for path in leftovers:
            path.unlink(missing_ok=True)
        return len(leftovers)
