"""
What a run knew of its records: names and digests; and what has changed since. Opens nothing.

A digest is keyed, so that who holds it cannot guess the content: of names and birth dates there are few enough to try.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, Int8Array, IntArray

__all__ = ["ADDED", "CHANGED", "SAME", "RecordChanges", "RecordsNotNamed", "compare_records", "record_facts"]

SAME, CHANGED, ADDED = 0, 1, 2
_FIELD, _ITEM, _NULL = "\x1f", "\x1e", "\x00"
_DIGEST_BYTES = 16


class RecordsNotNamed(UserError):
    """Records cannot be followed from run to run."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True, slots=True)
class RecordChanges:
    """
    Attributes:
        state: `(n_after,)` `SAME`, `CHANGED` or `ADDED` for each record there is now.
        before: `(n_after,)` its row before, -1 if it was not there.
        removed: `(n_before,)` records that are gone.
    """

    state: Int8Array
    before: IntArray
    removed: BoolArray

    @property
    def touched(self) -> BoolArray:
        """`(n_after,)` records whose pairs have to be scored."""
        return np.asarray(self.state != SAME, dtype=bool)


def record_facts(
    table: pa.Table, *, ids: pa.Array, sources: pa.Array | None = None, columns: Sequence[str], key: bytes = b""
) -> pa.Table:
    """
    Name and digest of every record.

    Args:
        table: The records.
        ids: `(n_records,)` unique ids.
        sources: `(n_records,)` names of their tables; one table without.
        columns: What the digest is of: every column that comparisons and blocking rules read.
        key: Secret of the digests, at most 64 bytes.

    Returns:
        source, id, digest (hexadecimal).
    """
    n = table.num_rows
    parts = [_text(table.column(name)) for name in sorted(columns)]
    joined = pc.binary_join_element_wise(*parts, _FIELD) if parts else pa.array([""] * n, pa.string())
    distinct = _flat(joined).dictionary_encode()
    digests = [
        hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES, key=key).hexdigest()
        for text in distinct.dictionary.to_pylist()
    ]
    digest = pa.DictionaryArray.from_arrays(distinct.indices, pa.array(digests, pa.string())).cast(pa.string())
    named = pa.array([""] * n, pa.string()) if sources is None else sources.cast(pa.string())
    return pa.table({"source": named, "id": ids.cast(pa.string()), "digest": digest})


def compare_records(before: pa.Table, after: pa.Table) -> RecordChanges:
    """
    What happened to the records between two runs.

    Args:
        before: source, id, digest.
        after: The same.

    Raises:
        RecordsNotNamed: If an id is there twice.
    """
    old, new = record_names(before), record_names(after)
    for names in (old, new):
        n_again = len(names) - len(names.unique())
        if n_again:
            raise RecordsNotNamed(f"record ids: expected an id of its own for each record, {n_again} repeat another's")
    place = places(new, among=old)
    was = pc.take(_flat(before.column("digest")), pa.array(place, mask=place < 0))
    equal = pc.fill_null(pc.equal(was, _flat(after.column("digest"))), fill_value=False)
    same = np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)
    state = np.where(place < 0, ADDED, np.where(same, SAME, CHANGED)).astype(np.int8)
    removed = np.ones(len(old), dtype=bool)
    removed[place[place >= 0]] = False
    return RecordChanges(state, place, removed)


def record_names(table: pa.Table, *, side: str = "") -> pa.Array:
    """Source and id as one text; `side` is "_l" or "_r" in tables of pairs."""
    id_, source = ("unique_id", "source_dataset") if side else ("id", "source")
    there = f"{source}{side}" in table.column_names
    first = table.column(f"{source}{side}").cast(pa.string()) if there else pa.scalar("")
    joined = pc.binary_join_element_wise(first, table.column(f"{id_}{side}").cast(pa.string()), _FIELD)
    return _flat(joined)


def places(names: pa.Array, *, among: pa.Array) -> IntArray:
    """Where each name is, -1 if nowhere."""
    found = pc.fill_null(pc.index_in(names, value_set=among), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as text in which null differs from the empty text."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = pc.binary_join(column.cast(pa.list_(pa.string())), _ITEM)
    return pc.fill_null(column.cast(pa.string()), _NULL)


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
