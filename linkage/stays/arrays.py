"""
Stays as columns of integers: what blocking, comparison and decoys work on. Opens nothing.

Rows are sorted by stay key, so that nothing downstream depends on the order of delivery.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from linkage.stays.codes import CodeBook, CodeSets

__all__ = ["MISSING", "NO_DAY", "IntArray", "Side", "StayArrays", "from_tables"]

IntArray = npt.NDArray[np.int64]

MISSING = -1
"""A missing code, year, month, weight or hospital."""

NO_DAY = -(10**8)
"""A missing date: so far away that it is near no other date, and safe in sums."""

_SEX = {"male": 0, "female": 1, "other": 2}


@dataclass(frozen=True, slots=True)
class StayArrays:
    """
    One side's stays; every array has shape `(n_stays,)`.

    `person` indexes `person_keys`; `hospital`, `region`, `insurer` are codes shared by both sides;
    `parts` is `(n_stays, 2)`: the two stays a joined stay was made of, -1 for stays as delivered.
    """

    keys: npt.NDArray[np.object_]
    person: IntArray
    person_keys: npt.NDArray[np.object_]
    hospital: IntArray
    admitted: IntArray
    discharged: IntArray
    birth_year: IntArray
    birth_month: IntArray
    sex: IntArray
    region: IntArray
    land: IntArray
    insurer: IntArray
    weight_g: IntArray
    icd_main: IntArray
    icd: CodeSets
    ops: CodeSets
    parts: IntArray

    @property
    def n(self) -> int:
        """Number of stays, joined ones included."""
        return int(self.person.size)

    @property
    def n_persons(self) -> int:
        """Number of persons of this side."""
        return int(self.person_keys.size)

    @property
    def nights(self) -> IntArray:
        """Length of each stay (nights); 0 where a date is missing."""
        known = (self.admitted > NO_DAY) & (self.discharged > NO_DAY)
        return np.where(known, self.discharged - self.admitted, 0)

    def take(self, rows: IntArray) -> StayArrays:
        """These rows only, persons and codes unchanged."""
        columns = {name: getattr(self, name)[rows] for name in _PER_STAY}
        return replace(self, **columns, icd=self.icd.take(rows), ops=self.ops.take(rows))


_PER_STAY = (
    "keys", "person", "hospital", "admitted", "discharged", "birth_year", "birth_month", "sex", "region", "land",
    "insurer", "weight_g", "icd_main", "parts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One side after preparation: its arrays and what was left out."""

    stays: StayArrays
    n_delivered: int
    n_without_key: int
    n_repeated_key: int


class _Shared:
    """Codes given in order of the sorted distinct values of both sides: the same whatever the row order."""

    def __init__(self, columns: list[pa.ChunkedArray]) -> None:
        distinct: set[str] = set()
        for column in columns:
            distinct.update(v for v in pc.unique(column).to_pylist() if v is not None)
        self.values = sorted(distinct)
        self._lookup = pa.array(self.values, type=pa.string())

    def codes(self, column: pa.ChunkedArray) -> IntArray:
        found = pc.index_in(column, value_set=self._lookup)
        return _ints(found, missing=MISSING)


def from_tables(claims: pa.Table, hospital: pa.Table) -> tuple[Side, Side, list[str]]:
    """
    Both `stays` tables as arrays with shared codes.

    Returns:
        The claims side, the hospital side, and the hospitals' names in the order of their codes.
    """
    prepared = [_in_order(claims), _in_order(hospital)]
    tables = [p[0] for p in prepared]
    shared = {name: _Shared([_text(t, name) for t in tables]) for name in ("hospital", "region", "insurer_key")}
    icd = CodeBook.of([_lists(t, "icd") for t in tables] + [_text(t, "icd_main") for t in tables], group_length=3)
    ops = CodeBook.of([_lists(t, "ops") for t in tables], group_length=4)
    sides = [
        Side(_arrays(table, shared, icd, ops), n_delivered=n, n_without_key=without, n_repeated_key=repeated)
        for table, n, without, repeated in prepared
    ]
    return sides[0], sides[1], shared["hospital"].values


def _in_order(table: pa.Table) -> tuple[pa.Table, int, int, int]:
    """Rows with a key, sorted by it, each key once; with the counts of what was left out."""
    keyed = table.filter(pc.is_valid(table["stay_key"]))
    scalar = [f.name for f in keyed.schema if not pa.types.is_nested(f.type) and f.name != "stay_key"]
    order = pc.sort_indices(keyed, sort_keys=[(name, "ascending") for name in ["stay_key", *sorted(scalar)]])
    keyed = keyed.take(order)
    keys = keyed["stay_key"].combine_chunks().to_numpy(zero_copy_only=False)
    first = np.ones(len(keys), dtype=bool)
    first[1:] = keys[1:] != keys[:-1]
    kept = keyed.filter(pa.array(first))
    return kept, table.num_rows, table.num_rows - keyed.num_rows, keyed.num_rows - kept.num_rows


def _arrays(table: pa.Table, shared: dict[str, _Shared], icd: CodeBook, ops: CodeBook) -> StayArrays:
    person, person_keys = _persons(table)
    region_column = _text(table, "region")
    main = icd.codes(_text(table, "icd_main"))
    return StayArrays(
        keys=table["stay_key"].combine_chunks().to_numpy(zero_copy_only=False),
        person=person,
        person_keys=person_keys,
        hospital=shared["hospital"].codes(_text(table, "hospital")),
        admitted=_days(table, "admitted_on"),
        discharged=_days(table, "discharged_on"),
        birth_year=_numbers(table, "birth_year"),
        birth_month=_numbers(table, "birth_month"),
        sex=np.array([_SEX.get(v, MISSING) for v in _text(table, "sex").to_pylist()], dtype=np.int64),
        region=shared["region"].codes(region_column),
        land=_Shared([pc.utf8_slice_codeunits(_column_of(shared["region"].values), 0, 2)]).codes(
            pc.utf8_slice_codeunits(region_column, 0, 2)
        ),
        insurer=shared["insurer_key"].codes(_text(table, "insurer_key")),
        weight_g=_numbers(table, "weight_g"),
        icd_main=main,
        icd=CodeSets.of(icd, _lists(table, "icd"), extra=main),
        ops=CodeSets.of(ops, _lists(table, "ops")),
        parts=np.full((table.num_rows, 2), MISSING, dtype=np.int64),
    )


def _persons(table: pa.Table) -> tuple[IntArray, npt.NDArray[np.object_]]:
    """Person codes in order of their keys; a stay without a person key is a person of its own, with key None."""
    column = _text(table, "person_key")
    shared = _Shared([column])
    codes = shared.codes(column)
    orphans = np.flatnonzero(codes == MISSING)
    codes[orphans] = len(shared.values) + np.arange(orphans.size)
    keys = np.array([*shared.values, *([None] * orphans.size)], dtype=object)
    return codes, keys


def _column_of(values: list[str]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, type=pa.string())])


def _text(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A text column; a column that is not there is all null."""
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    return table[name].cast(pa.string())


def _lists(table: pa.Table, name: str) -> Any:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.list_(pa.string()))
    column = table[name].cast(pa.list_(pa.string()))
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _numbers(table: pa.Table, name: str) -> IntArray:
    """A whole-number column; null and below zero are MISSING."""
    if name not in table.column_names:
        return np.full(table.num_rows, MISSING, dtype=np.int64)
    values = _ints(table[name], missing=MISSING)
    return np.where(values < 0, MISSING, values)


def _days(table: pa.Table, name: str) -> IntArray:
    if name not in table.column_names:
        return np.full(table.num_rows, NO_DAY, dtype=np.int64)
    return _ints(table[name].cast(pa.date32()).cast(pa.int32()), missing=NO_DAY)


def _ints(column: Any, *, missing: int) -> IntArray:
    filled = pc.fill_null(column.cast(pa.int64()), missing)
    array = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    return np.array(array.to_numpy(zero_copy_only=False), dtype=np.int64)
