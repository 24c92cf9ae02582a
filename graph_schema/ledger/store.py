"""The ledger on disk: append a commit, read what is current. One writer at a time. Opens files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.columns import CLOSURES, edge_schema, node_schema
from graph_schema.edges import Triple
from graph_schema.errors import ExitCode, UserError
from graph_schema.ledger.batch import Batch
from graph_schema.ledger.blocks import BlockStore, write_atomically
from graph_schema.ledger.manifest import SCHEMA_VERSION, LedgerDamaged, Manifest, SegmentRef, merkle_root

__all__ = ["Ledger", "WriterLocked"]


class WriterLocked(UserError):
    """Another process is writing to this study."""

    exit_code = ExitCode.LOCKED


class Ledger:
    """
    The ledger in a folder: `commits/00000001.json` …, `segments/<sha256>.parquet`.

    Reading needs no lock: a commit is there when its manifest is, and neither ever changes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segments = BlockStore(folder / "segments")
        self._commits = folder / "commits"
        self._read: tuple[list[str], tuple[Manifest, ...]] = ([], ())
        self._sound: set[str] = set()

    def manifests(self) -> tuple[Manifest, ...]:
        """
        All commits, first to last.

        Raises:
            LedgerDamaged: If a number is missing, a manifest cannot be read, or the chain is broken.
        """
        paths = sorted(self._commits.glob("*.json"))
        names = [path.name for path in paths]
        if names == self._read[0]:
            return self._read[1]
        manifests: list[Manifest] = []
        for path in paths:
            raw = path.read_bytes()
            manifest = Manifest.from_bytes(raw, name=path.name)
            before = manifests[-1].sha256 if manifests else None
            if manifest.number != len(manifests) + 1 or path.name != _file_name(manifest.number):
                raise LedgerDamaged(f"{path.name} holds commit {manifest.number}: expected {len(manifests) + 1}")
            if manifest.previous != before:
                raise LedgerDamaged(f"{path.name} does not follow the commit before it: the hash chain is broken")
            if manifest.schema_version > SCHEMA_VERSION:
                raise LedgerDamaged(f"{path.name} was written by a later version of doselink: update doselink")
            manifests.append(manifest)
        self._read = (names, tuple(manifests))
        return self._read[1]

    def head(self) -> Manifest | None:
        """The last commit, or None in an empty ledger."""
        manifests = self.manifests()
        return manifests[-1] if manifests else None

    def segment(self, sha256: str) -> pa.Table:
        """
        The rows of a segment, once its bytes were seen to be those that its name is the digest of.

        Raises:
            LedgerDamaged: If they were changed.
            BlockMissing: If it is not there.
        """
        if sha256 not in self._sound and self.segments.path(sha256).exists():
            if not self.segments.intact(sha256):
                raise LedgerDamaged(f"segment {sha256[:12]}… in {self.segments.folder} was changed: restore a backup")
            self._sound.add(sha256)
        return self.segments.get(sha256)

    def closures(self) -> pa.Table:
        """All closures: nodes that are no longer current."""
        return self._gather("closures", CLOSURES, lambda _: True)

    def nodes(self, label: str, columns: list[str] | None = None) -> pa.Table:
        """All revisions of a label's nodes, in the order they were committed."""
        table = self._gather("nodes", node_schema(label), lambda segment: segment.label == label)
        return table if columns is None else table.select(columns)

    def edges(self, triple: Triple) -> pa.Table:
        """All edges of a kind, those of closed nodes too."""
        return self._gather("edges", edge_schema(triple), lambda segment: segment.triple == triple)

    def current(self, label: str, columns: list[str] | None = None) -> pa.Table:
        """The current revision of each of a label's nodes."""
        table = self.nodes(label)
        closed = self._closed(label)
        if closed:
            table = table.filter(pc.invert(pc.is_in(table.column("id"), value_set=pa.array(sorted(closed)))))
        return table if columns is None else table.select(columns)

    def current_edges(self, triple: Triple) -> pa.Table:
        """Edges of a kind whose both ends are current (edges carry no clocks of their own)."""
        table = self.edges(triple)
        for column, label in (("source_id", triple.source), ("target_id", triple.target)):
            closed = self._closed(label)
            if closed:
                table = table.filter(pc.invert(pc.is_in(table.column(column), value_set=pa.array(sorted(closed)))))
        return table

    def last_revisions(self, label: str) -> dict[str, tuple[str, int]]:
        """Key to (id, revision) of things that were closed without successor and may come back."""
        closures = self.closures()
        ended = pc.and_(pc.equal(closures.column("label"), label), pc.is_null(closures.column("successor_id")))
        ids = closures.filter(ended).column("id")
        if len(ids) == 0:
            return {}
        table = self.nodes(label, ["id", "key", "revision"])
        gone = table.filter(pc.is_in(table.column("id"), value_set=ids.combine_chunks())).to_pylist()
        gone.sort(key=lambda row: row["revision"])
        return {row["key"]: (row["id"], row["revision"]) for row in gone}

    def append(self, batch: Batch, *, run_id: str, recorded_at: datetime, key_fingerprint: str) -> Manifest:
        """
        Commit a batch. Until the manifest is renamed into place nothing of it exists for a reader.

        Args:
            batch: The rows, from `revise.settle`.
            run_id: Id of the Run node that made them.
            recorded_at: The time of the commit, aware, UTC; never before the last commit's.
            key_fingerprint: Which study key made the identifiers; must be the ledger's.

        Raises:
            LedgerDamaged: If time would run backwards or the study key is another one.
            IllegalEdge: If an edge is not in `edges.RULES`.
        """
        head = self.head()
        if head is not None and head.key_fingerprint != key_fingerprint:
            raise LedgerDamaged("this ledger was made with another study key: restore keys/study.key")
        if head is not None and recorded_at < head.recorded_at:
            raise LedgerDamaged(
                f"a commit at {recorded_at:%Y-%m-%d %H:%M:%S} would lie before the last one: check the clock"
            )
        segments = tuple(self._write_segments(batch))
        blocks = tuple(sorted(batch.blocks))
        manifest = Manifest(
            number=1 if head is None else head.number + 1,
            previous=None if head is None else head.sha256,
            recorded_at=recorded_at,
            run_id=run_id,
            schema_version=SCHEMA_VERSION,
            key_fingerprint=key_fingerprint,
            segments=segments,
            blocks=blocks,
            root=merkle_root([segment.sha256 for segment in segments] + list(blocks)),
        )
        write_atomically(self._commits / _file_name(manifest.number), manifest.to_bytes())
        return manifest

    @contextmanager
    def writer(self) -> Iterator[None]:
        """
        Hold the one writer's lock; the operating system frees it when the process ends, however it ends.

        Raises:
            WriterLocked: If another process holds it; the message says which.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".writer").open("a+", encoding="ascii") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stream.seek(0)
                raise WriterLocked(f"process {stream.read().strip()} is writing to this study: wait for it") from None
            stream.truncate(0)
            stream.write(f"{os.getpid()}\n")
            stream.flush()
            self.segments.sweep()
            yield

    def _write_segments(self, batch: Batch) -> Iterator[SegmentRef]:
        for label, table in batch.nodes.items():
            fitted = table.select(node_schema(label).names).cast(node_schema(label))
            yield SegmentRef(kind="nodes", label=label, sha256=self.segments.put(fitted), n_rows=table.num_rows)
        for triple, table in batch.edges.items():
            fitted = table.select(edge_schema(triple).names).cast(edge_schema(triple))
            digest = self.segments.put(fitted)
            yield SegmentRef(kind="edges", sha256=digest, n_rows=table.num_rows, **triple._asdict())
        if batch.closures.num_rows:
            digest = self.segments.put(batch.closures)
            yield SegmentRef(kind="closures", sha256=digest, n_rows=batch.closures.num_rows)

    def _gather(self, kind: str, schema: pa.Schema, wanted: Callable[[SegmentRef], bool]) -> pa.Table:
        found = [
            self.segment(segment.sha256)
            for manifest in self.manifests()
            for segment in manifest.segments
            if segment.kind == kind and wanted(segment)
        ]
        return pa.concat_tables(found) if found else schema.empty_table()

    def _closed(self, label: str) -> set[str]:
        closures = self.closures()
        return set(closures.filter(pc.equal(closures.column("label"), label)).column("id").to_pylist())


def _file_name(number: int) -> str:
    return f"{number:08d}.json"
