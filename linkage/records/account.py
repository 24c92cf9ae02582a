"""Bookkeeping of one table over several files: what was delivered, and where every record went. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.delivery import FileFacts, Reject
from linkage.records.schema import COMMITMENTS, SUPERSEDES, FilePart, Records, TableCount
from linkage.records.settle import codes_of, settle, settle_groups

__all__ = ["Account", "Books", "mask_of"]

BoolArray = npt.NDArray[np.bool_]


def mask_of(condition: pa.Array | pa.ChunkedArray) -> BoolArray:
    """An Arrow condition as a mask `(n,)`; null is False."""
    filled = pc.fill_null(condition, False)
    return np.asarray(
        filled.to_numpy() if isinstance(filled, pa.ChunkedArray) else filled.to_numpy(zero_copy_only=False)
    )


class Account:
    """One table: its records in the order of delivery, thinned step by step, every loss noted."""

    def __init__(self, kind: str, parts: Sequence[FilePart], schema: pa.Schema | None = None) -> None:
        self.kind = kind
        self.delivered = sum(part.facts.n_rows for part in parts)
        self.rejects = [reject for part in parts for reject in part.rejects]
        self.repeated = 0
        self.superseded = 0
        tables = [
            part.table.append_column("file_number", pa.array(np.full(part.table.num_rows, number, dtype=np.int64)))
            for number, part in enumerate(parts)
        ]
        empty = (schema or pa.schema([])).empty_table()
        self.table: pa.Table = pa.concat_tables(tables).combine_chunks() if tables else empty
        self.supersedes: pa.Table = SUPERSEDES.empty_table()
        self.commitments: pa.Table = COMMITMENTS.empty_table()
        self.present = bool(parts)

    def reject(self, bad: BoolArray, field: str | None, reason: str) -> None:
        """Take the records that `bad` marks out of the table."""
        lost = self.table.filter(pa.array(bad))
        for sha256, row in zip(lost["file_sha256"].to_pylist(), lost["row"].to_pylist(), strict=True):
            self.rejects.append(Reject(sha256, row, field, reason))
        self._keep(~bad)

    def settle(self, key: Sequence[str], *, field: str, record_type: str | None = None) -> None:
        """
        Keep the last delivered record of each key.

        Args:
            key: Columns of the key.
            field: What the delivery calls it, for rejects.
            record_type: With it, all versions are noted as records that the graph can rest on.
        """
        if not self.present:
            return
        found = settle(
            codes_of(*(self.table[name] for name in key)),
            codes_of(self.table["commitment"]),
            self.table["file_number"].to_numpy(),
        )
        if record_type is not None:
            self._note_records(found.used | found.superseded, found.pairs, record_type)
        self.repeated += int(found.repeated.sum())
        self.superseded += int(found.superseded.sum())
        twice = pa.array(found.twice)
        lost = self.table.filter(twice)
        for sha256, row in zip(lost["file_sha256"].to_pylist(), lost["row"].to_pylist(), strict=True):
            self.rejects.append(Reject(sha256, row, field, "this key stands on an earlier row of the same file"))
        self._keep(found.used)

    def settle_groups(self, group: Sequence[str]) -> None:
        """Keep the last delivered version of each group of records."""
        if not self.present:
            return
        found = settle_groups(
            codes_of(*(self.table[name] for name in group)),
            self.table["commitment"].combine_chunks(),
            self.table["file_number"].to_numpy(),
        )
        self.repeated += int(found.repeated.sum())
        self.superseded += int(found.superseded.sum())
        self._keep(found.used)

    @property
    def count(self) -> TableCount:
        """Where the records went so far."""
        used = self.table.num_rows
        return TableCount(self.delivered, used, len(self.rejects), self.repeated, self.superseded)

    def _note_records(self, noted: BoolArray, pairs: npt.NDArray[np.int64], record_type: str) -> None:
        records = self.table.filter(pa.array(noted))
        types = pa.array([record_type] * records.num_rows, pa.string())
        columns = {name: records[name] for name in ("file_sha256", "row", "commitment")}
        self.commitments = pa.table({**columns, "record_type": types}).select(COMMITMENTS.names).cast(COMMITMENTS)
        new, old = (self.table.take(pa.array(pairs[:, side])) for side in (0, 1))
        self.supersedes = pa.table([new["file_sha256"], new["row"], old["file_sha256"], old["row"]], schema=SUPERSEDES)

    def _keep(self, kept: BoolArray) -> None:
        if not kept.all():
            self.table = self.table.filter(pa.array(kept)).combine_chunks()


class Books:
    """All tables of one source, and the report on them."""

    def __init__(self, parts: Iterable[FilePart]) -> None:
        self.notes: Counter[str] = Counter()
        self.parts: list[FilePart] = []
        seen: set[tuple[str, str]] = set()
        for part in parts:
            place = (part.kind, part.facts.sha256)
            if place in seen:
                self.notes[f"{part.kind}: the same file delivered twice"] += 1
                continue
            seen.add(place)
            self.parts.append(part)
            for why, n in part.repaired.items():
                self.notes[f"{part.kind}.{why}"] += n
        self.accounts: dict[str, Account] = {}

    def account(self, kind: str, schema: pa.Schema | None = None) -> Account:
        """The account of one table; `schema` is its shape where no file of it was delivered."""
        if kind not in self.accounts:
            self.accounts[kind] = Account(kind, [part for part in self.parts if part.kind == kind], schema)
        return self.accounts[kind]

    def note(self, what: str, n: int) -> None:
        """Count something odd; nothing is noted where there is none."""
        if n:
            self.notes[what] += int(n)

    def records(self, tables: Mapping[str, pa.Table]) -> Records:
        """What the reader hands over."""
        accounts = self.accounts.values()
        rejects = sorted(
            (reject for account in accounts for reject in account.rejects),
            key=lambda reject: (reject.file_sha256, reject.row, reject.reason),
        )
        per_file = Counter(reject.file_sha256 for reject in rejects)
        files: list[FileFacts] = [replace(part.facts, n_rejected=per_file[part.facts.sha256]) for part in self.parts]
        return Records(
            tables=tables,
            rejects=tuple(rejects),
            files=tuple(files),
            supersedes=pa.concat_tables([SUPERSEDES.empty_table(), *(account.supersedes for account in accounts)]),
            commitments=pa.concat_tables([COMMITMENTS.empty_table(), *(account.commitments for account in accounts)]),
            counts={kind: account.count for kind, account in self.accounts.items() if account.present},
            notes=dict(sorted(self.notes.items())),
        )
