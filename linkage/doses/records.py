"""Dose events, examinations and stays as columns of numbers with shared codes. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["MISSING", "NO_TIME", "Codes", "Dated", "StayRows", "dated", "stay_rows"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

MISSING = -1
NO_TIME = -(10**12)
_SEX = {"male": 0, "female": 1, "other": 2}


class Codes:
    """Numbers for texts, equal for equal texts of any table; null is MISSING."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, int]] = {}

    def of(self, kind: str, table: pa.Table, name: str) -> IntArray:
        """The codes of a column; a column that is not there is all null."""
        if name not in table.column_names:
            return np.full(table.num_rows, MISSING, dtype=np.int64)
        known = self._values.setdefault(kind, {})
        texts = table[name].cast(pa.string()).to_pylist()
        return np.array([MISSING if t is None else known.setdefault(t, len(known)) for t in texts], dtype=np.int64)

    def texts(self, kind: str) -> list[str]:
        """The texts behind the codes of a kind, in the order of the codes."""
        return list(self._values.get(kind, {}))


@dataclass(frozen=True, slots=True)
class Dated:
    """
    Dose events or examinations, sorted by key; every array `(n,)`, a missing number NaN, a missing code -1.

    `started` is in seconds since 1970, local time; `weight` in kg, `kap` in Gy cm2, `fluoroscopy` in seconds.
    """

    keys: npt.NDArray[np.object_]
    person_keys: npt.NDArray[np.object_]
    person: IntArray
    stay: IntArray
    hospital: IntArray
    room: IntArray
    started: IntArray
    exam: IntArray
    accession: IntArray
    study: IntArray
    weight: FloatArray
    kap: FloatArray
    fluoroscopy: FloatArray
    frames: FloatArray
    birth_year: IntArray
    sex: IntArray

    @property
    def n(self) -> int:
        """Number of records."""
        return int(self.keys.size)

    @property
    def day(self) -> IntArray:
        """Day of each start since 1970; far away where it is missing."""
        return np.asarray(self.started // 86_400)


@dataclass(frozen=True, slots=True)
class StayRows:
    """Hospital stays, sorted by key; `(n,)` each. `first`, `last`: days; `procedure_days` maps (stay, day) codes."""

    keys: npt.NDArray[np.object_]
    person_keys: npt.NDArray[np.object_]
    person: IntArray
    stay: IntArray
    hospital: IntArray
    first: IntArray
    last: IntArray
    birth_year: IntArray
    sex: IntArray
    weight: FloatArray
    procedure_days: IntArray

    @property
    def n(self) -> int:
        """Number of stays."""
        return int(self.keys.size)


def dated(table: pa.Table, codes: Codes, *, key: str, stays: StayRows | None = None) -> Dated:
    """
    Dose events (`key="event_key"`) or examinations (`key="procedure_key"`).

    An examination has no sex or birth year of its own: with `stays` it takes those of its stay, else of its patient.
    """
    table = table.filter(pc.is_valid(table[key]))
    table = table.take(pc.sort_indices(table, sort_keys=[(key, "ascending")]))
    person = codes.of("person", table, "person_key")
    stay = codes.of("stay", table, "stay_key")
    birth_year, sex = _whole(table, "birth_year"), _sexes(table)
    if stays is not None:
        birth_year = np.where(birth_year >= 0, birth_year, _told(stay, person, stays, stays.birth_year))
        sex = np.where(sex >= 0, sex, _told(stay, person, stays, stays.sex))
    return Dated(
        keys=_objects(table, key),
        person_keys=_objects(table, "person_key"),
        person=person,
        stay=stay,
        hospital=codes.of("hospital", table, "hospital"),
        room=codes.of("room", table, "room"),
        started=_seconds(table, "started_at"),
        exam=codes.of("exam", table, "exam_key"),
        accession=codes.of("accession", table, "accession_key"),
        study=codes.of("study", table, "study_key"),
        weight=_measure(table, "weight_kg"),
        kap=_measure(table, "kap_gycm2"),
        fluoroscopy=_measure(table, "fluoroscopy_time_s"),
        frames=_measure(table, "n_frames"),
        birth_year=birth_year,
        sex=sex,
    )


def stay_rows(table: pa.Table, codes: Codes) -> StayRows:
    """The hospital stays of a `stays` table (claims stays are left out), with known admission."""
    wanted = pc.and_(pc.is_valid(table["stay_key"]), pc.is_valid(table["admitted_on"]))
    if "side" in table.column_names:
        wanted = pc.and_(wanted, pc.not_equal(pc.fill_null(table["side"], "hospital"), "claims"))
    table = table.filter(wanted)
    table = table.take(pc.sort_indices(table, sort_keys=[("stay_key", "ascending")]))
    first = _whole_days(table, "admitted_on")
    last = _whole_days(table, "discharged_on")
    return StayRows(
        keys=_objects(table, "stay_key"),
        person_keys=_objects(table, "person_key"),
        person=codes.of("person", table, "person_key"),
        stay=codes.of("stay", table, "stay_key"),
        hospital=codes.of("hospital", table, "hospital"),
        first=first,
        last=np.where(last > -(10**7), np.maximum(last, first), first),
        birth_year=_whole(table, "birth_year"),
        sex=_sexes(table),
        weight=_measure(table, "weight_g") / 1000.0,
        procedure_days=_procedure_days(table),
    )


def _procedure_days(table: pa.Table) -> IntArray:
    """Sorted codes stay row * 2^20 + day of every coded procedure."""
    if "ops_on" not in table.column_names or table.num_rows == 0:
        return np.empty(0, dtype=np.int64)
    column = table["ops_on"].combine_chunks()
    rows = np.asarray(pc.list_parent_indices(column), dtype=np.int64)
    days = pc.list_flatten(column).cast(pa.int32())
    known = np.asarray(pc.is_valid(days))
    numbers = np.asarray(pc.fill_null(days, 0), dtype=np.int64)
    return np.unique(rows[known] * 2**20 + numbers[known])


def _told(stay: IntArray, person: IntArray, stays: StayRows, values: IntArray) -> IntArray:
    """What the record's stay says, else what its patient's first stay says."""
    out = np.full(stay.size, MISSING, dtype=np.int64)
    for own, theirs in ((person, stays.person), (stay, stays.stay)):
        known = (theirs >= 0) & (values >= 0)
        if not known.any():
            continue
        table = np.full(int(max(own.max(initial=0), theirs.max(initial=0))) + 1, MISSING, dtype=np.int64)
        table[theirs[known][::-1]] = values[known][::-1]
        found = np.where(own >= 0, table[np.maximum(own, 0)], MISSING)
        out = np.where(found >= 0, found, out)
    return out


def _objects(table: pa.Table, name: str) -> npt.NDArray[np.object_]:
    if name not in table.column_names:
        return np.full(table.num_rows, None, dtype=object)
    out = np.empty(table.num_rows, dtype=object)
    out[:] = table[name].to_pylist()
    return out


def _sexes(table: pa.Table) -> IntArray:
    if "sex" not in table.column_names:
        return np.full(table.num_rows, MISSING, dtype=np.int64)
    return np.array([_SEX.get(v, MISSING) for v in table["sex"].to_pylist()], dtype=np.int64)


def _whole(table: pa.Table, name: str) -> IntArray:
    if name not in table.column_names:
        return np.full(table.num_rows, MISSING, dtype=np.int64)
    return _filled(table[name].cast(pa.int64()), MISSING)


def _whole_days(table: pa.Table, name: str) -> IntArray:
    if name not in table.column_names:
        return np.full(table.num_rows, -(10**8), dtype=np.int64)
    return _filled(table[name].cast(pa.date32()).cast(pa.int32()).cast(pa.int64()), -(10**8))


def _seconds(table: pa.Table, name: str) -> IntArray:
    if name not in table.column_names:
        return np.full(table.num_rows, NO_TIME, dtype=np.int64)
    return _filled(table[name].cast(pa.timestamp("s")).cast(pa.int64()), NO_TIME)


def _measure(table: pa.Table, name: str) -> FloatArray:
    """A measured number; null, zero and below zero are NaN: missing is never zero."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    column = pc.fill_null(table[name].cast(pa.float64()), float("nan"))
    values = np.array(column.combine_chunks().to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.where(values > 0, values, np.nan)


def _filled(column: Any, missing: int) -> IntArray:
    return np.array(pc.fill_null(column, missing).combine_chunks().to_numpy(zero_copy_only=False), dtype=np.int64)
