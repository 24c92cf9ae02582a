"""Diagnoses and procedures gathered under their stays. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.ids import Keyring
from linkage.records.codes import ops_in_catalogue
from linkage.records.schema import FURTHER_ROWS, PROCEDURES, conform

__all__ = ["further_rows", "gather_diagnoses", "gather_procedures", "places_of", "procedure_records"]

IntArray = npt.NDArray[np.int64]


def places_of(keys: Any, among: Any) -> IntArray:
    """Position of each key in `among`, `(n,)`; -1 where it is not there."""
    flat = among.combine_chunks() if isinstance(among, pa.ChunkedArray) else among
    found = pc.fill_null(pc.index_in(keys, value_set=flat).cast(pa.int64()), -1)
    return np.asarray(found.to_numpy() if isinstance(found, pa.ChunkedArray) else found.to_numpy(zero_copy_only=False))


def further_rows(*children: pa.Table, parent: str = "stay_key") -> pa.Table:
    """
    Where else a stay or person is told of (FURTHER_ROWS): the first row of each file, for each parent.

    Args:
        children: Tables with `parent`, file_sha256 and row.
        parent: Name of the column with the parent's key.
    """
    names = [parent, "file_sha256", "row"]
    parts = [
        child.select(names).cast(pa.schema(list(zip(names, FURTHER_ROWS.types, strict=True)))) for child in children
    ]
    grouped = pa.concat_tables(parts).group_by(names[:2], use_threads=False).aggregate([("row", "min")])
    return conform(
        {"parent_key": grouped[parent], "file_sha256": grouped["file_sha256"], "row": grouped["row_min"]}, FURTHER_ROWS
    )


def gather_diagnoses(diagnoses: pa.Table, stay: IntArray, *, n_stays: int) -> dict[str, pa.Array]:
    """
    Codes of each stay.

    Args:
        diagnoses: is_main, icd, code_year.
        stay: Number of each diagnosis' stay, `(n_diagnoses,)`.
        n_stays: How many stays there are.

    Returns:
        icd_main, icd (distinct, main first, then as delivered) and code_year, each `(n_stays,)`.
    """
    main = diagnoses["is_main"].to_numpy()
    order = np.lexsort((np.arange(len(stay)), ~main, stay))
    icd = diagnoses["icd"].combine_chunks()
    code = np.asarray(pc.dictionary_encode(icd).indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    first = _first_of_each(stay[order], code[order])
    order = order[first]
    head = order[main[order] & _first_of_each(stay[order], np.where(main[order], -1, np.arange(len(order))))]
    place = np.full(n_stays, -1, dtype=np.int64)
    place[stay[head]] = head
    where = pa.array(place, mask=place < 0)
    return {
        "icd_main": icd.take(where),
        "icd": _lists(stay[order], icd.take(pa.array(order)), n_stays),
        "code_year": diagnoses["code_year"].combine_chunks().take(where),
    }


def gather_procedures(procedures: pa.Table, stay: IntArray, *, n_stays: int) -> dict[str, pa.Array]:
    """
    Procedures of each stay in order of day and code.

    Args:
        procedures: ops, performed_on.
        stay: Number of each procedure's stay, `(n_procedures,)`.
        n_stays: How many stays there are.

    Returns:
        ops and ops_on, two lists of equal length for each stay; a code done twice on a day stands there twice.
    """
    days = procedures["performed_on"].combine_chunks()
    number = pc.fill_null(days.cast(pa.int32()), 2**31 - 1).to_numpy(zero_copy_only=False)
    rank = _ranks(procedures["ops"].combine_chunks())
    order = np.lexsort((np.arange(len(stay)), rank, number, stay))
    taken = pa.array(order)
    ops = procedures["ops"].combine_chunks().take(taken)
    return {"ops": _lists(stay[order], ops, n_stays), "ops_on": _lists(stay[order], days.take(taken), n_stays)}


def procedure_records(procedures: pa.Table, *, person_keys: pa.Array, side: str, keyring: Keyring) -> pa.Table:
    """
    The `procedures` table.

    A procedure has no number of its own: its key is made of stay, code, day and how many of the same came before.

    Args:
        procedures: stay_key, ops, ops_year, performed_on and lineage.
        person_keys: Person of each, `(n,)`.
        side: claims or hospital.
        keyring: The study's.
    """
    seen: dict[tuple[str, str, str], int] = {}
    keys = []
    days = procedures["performed_on"].cast(pa.string()).to_pylist()
    for stay, ops, on in zip(procedures["stay_key"].to_pylist(), procedures["ops"].to_pylist(), days, strict=True):
        place = (stay, ops, on or "")
        seen[place] = seen.get(place, 0) + 1
        keys.append(keyring.key("prd", *place, str(seen[place])))
    spelled = {ops: ops_in_catalogue(ops) for ops in pc.unique(procedures["ops"]).to_pylist()}
    columns = {name: procedures[name] for name in ("stay_key", "performed_on", "ops_year", "file_sha256", "row")}
    return conform(
        {
            **columns,
            "procedure_key": pa.array(keys, pa.string()),
            "person_key": person_keys,
            "side": pa.array([side] * procedures.num_rows, pa.string()),
            "ops_code": pa.array([spelled[ops] for ops in procedures["ops"].to_pylist()], pa.string()),
        },
        PROCEDURES,
    )


def _ranks(values: pa.Array) -> IntArray:
    """Number of each text in sorted order of the distinct ones."""
    distinct = pa.array(sorted(pc.unique(values).to_pylist()), pa.string())
    return np.asarray(pc.index_in(values, value_set=distinct).to_numpy(zero_copy_only=False), dtype=np.int64)


def _first_of_each(group: IntArray, item: IntArray) -> npt.NDArray[np.bool_]:
    """Whether this is the first time the item stands in its group, `(n,)`."""
    first = np.zeros(len(group), dtype=bool)
    if len(group):
        pairs = np.stack([group, item], axis=1)
        first[np.unique(pairs, axis=0, return_index=True)[1]] = True
    return first


def _lists(group: IntArray, values: pa.Array, n_groups: int) -> pa.Array:
    """One list for each group out of values sorted by group."""
    ends = np.cumsum(np.bincount(group, minlength=n_groups)) if n_groups else np.zeros(0, dtype=np.int64)
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)
