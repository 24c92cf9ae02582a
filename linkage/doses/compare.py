"""
Agreement levels of a dose with an examination, and of either with a stay. Opens nothing.

A missing value is -1: neutral. Kerma-area products that agree but for a power of ten are the same examination with
a wrong unit: that is evidence for the link, and a question for the dosimetrist.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from linkage.doses.records import MISSING, NO_TIME, Dated, StayRows

__all__ = ["EXAM_COMPARISONS", "STAY_COMPARISONS", "exam_gammas", "named_days", "stay_gammas"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
GammaArray = npt.NDArray[np.int8]

EXAM_COMPARISONS: Final[dict[str, tuple[str, ...]]] = {
    "identifier": ("differs", "person_differs", "person_equal", "number_equal", "study_equal"),
    "time": ("far", "within_12_hours", "within_90_minutes", "within_20_minutes", "within_5_minutes"),
    "room": ("differs", "equal"),
    "weight": ("else", "within_10_percent", "within_2_percent"),
    "kap": ("else", "within_25_percent", "equal_but_for_unit", "equal"),
    "fluoroscopy": ("else", "within_10_percent", "equal"),
    "frames": ("else", "equal"),
    "birth": ("else", "one_year", "year"),
    "sex": ("differs", "equal"),
}
"""Comparisons of a dose event with an examination: names and levels, weakest first."""

STAY_COMPARISONS: Final[dict[str, tuple[str, ...]]] = {
    "identifier": ("case_differs", "person_differs", "person_equal", "case_equal"),
    "day": ("outside", "beside", "inside", "procedure_that_day"),
    "taken": ("by_another", "free"),
    "birth": ("else", "one_year", "year"),
    "sex": ("differs", "equal"),
    "weight": ("else", "within_25_percent", "within_10_percent"),
}
"""Comparisons of a dose event or an examination with a hospital stay."""

_BIRTH_ELSE = 0
_INSIDE = 2
_PERSON_EQUAL = 2
_MINUTE = 60


def exam_gammas(events: Dated, exams: Dated, a: IntArray, b: IntArray) -> GammaArray:
    """Levels of `EXAM_COMPARISONS`, `(n_pairs, 9)`."""
    columns = [
        _identifier(events, exams, a, b),
        _time(events.started[a], exams.started[b]),
        _equal(events.room[a], exams.room[b]),
        _ratio(events.weight[a], exams.weight[b], (0.10, 0.02)),
        _kap(events.kap[a], exams.kap[b]),
        _ratio(events.fluoroscopy[a], exams.fluoroscopy[b], (0.10, 0.01)),
        _ratio(events.frames[a], exams.frames[b], (0.0,)),
        _birth(events.birth_year[a], exams.birth_year[b]),
        _equal(events.sex[a], exams.sex[b]),
    ]
    return np.column_stack(columns).astype(np.int8)


def stay_gammas(left: Dated, stays: StayRows, a: IntArray, b: IntArray, *, held: IntArray | None = None) -> GammaArray:
    """
    Levels of `STAY_COMPARISONS`, `(n_pairs, 6)`.

    Args:
        left: Dose events or examinations.
        stays: Hospital stays.
        a: Left row of each pair.
        b: Stay row of each pair.
        held: `named_days` of the records as delivered, where `left` are decoys; `taken` is told of days with a coded
            procedure only.
    """
    case, day = _case(left, stays, a, b), _day(left, stays, a, b)
    named = (case >= _PERSON_EQUAL) & (day >= _INSIDE)
    cell = b * 2**20 + left.day[a]
    taken = _taken(cell, cell[named] if held is None else held, own=named)
    columns = [
        case,
        day,
        np.where(day == _INSIDE + 1, taken, MISSING),
        _birth(left.birth_year[a], stays.birth_year[b]),
        _equal(left.sex[a], stays.sex[b]),
        _ratio(left.weight[a], stays.weight[b], (0.25, 0.10)),
    ]
    return np.column_stack(columns).astype(np.int8)


def named_days(left: Dated, stays: StayRows, a: IntArray, b: IntArray) -> IntArray:
    """Codes stay * 2^20 + day of the records that name the case or the patient, one a record and stay."""
    named = (_case(left, stays, a, b) >= _PERSON_EQUAL) & (_day(left, stays, a, b) >= _INSIDE)
    return (b * 2**20 + left.day[a])[named]


def _identifier(events: Dated, exams: Dated, a: IntArray, b: IntArray) -> IntArray:
    study = _equal(events.study[a], exams.study[b])
    accession = _equal(events.accession[a], exams.accession[b])
    exam = _equal(events.exam[a], exams.exam[b])
    person = _equal(events.person[a], exams.person[b])
    differs = (study == 0) | (accession == 0) | (exam == 0)
    conditions = [study == 1, (accession == 1) | (exam == 1), differs, person == 1, person == 0]
    return np.select(conditions, [4, 3, 0, 2, 1], default=MISSING)


def _case(left: Dated, stays: StayRows, a: IntArray, b: IntArray) -> IntArray:
    case = _equal(left.stay[a], stays.stay[b])
    person = _equal(left.person[a], stays.person[b])
    return np.select([case == 1, case == 0, person == 1, person == 0], [3, 0, 2, 1], default=MISSING)


def _time(a: IntArray, b: IntArray) -> IntArray:
    apart = np.abs(a - b)
    unknown = (a <= NO_TIME) | (b <= NO_TIME)
    conditions = [unknown, apart <= 5 * _MINUTE, apart <= 20 * _MINUTE, apart <= 90 * _MINUTE, apart <= 720 * _MINUTE]
    return np.select(conditions, [MISSING, 4, 3, 2, 1], default=0)


def _day(left: Dated, stays: StayRows, a: IntArray, b: IntArray) -> IntArray:
    day = left.day[a]
    inside = (day >= stays.first[b]) & (day <= stays.last[b])
    beside = (day >= stays.first[b] - 1) & (day <= stays.last[b] + 1)
    coded = np.isin(b * 2**20 + day, stays.procedure_days)
    unknown = left.started[a] <= NO_TIME
    return np.select([unknown, inside & coded, inside, beside], [MISSING, 3, 2, 1], default=0)


def _taken(cell: IntArray, named: IntArray, *, own: npt.NDArray[np.bool_]) -> IntArray:
    """0 where another record, which names the case or the patient, already explains the procedure of that day."""
    held, count = np.unique(named, return_counts=True)
    if held.size == 0:
        return np.ones(cell.size, dtype=np.int64)
    at = np.minimum(np.searchsorted(held, cell), held.size - 1)
    return (np.where(held[at] == cell, count[at], 0) - own <= 0).astype(np.int64)


def _kap(a: FloatArray, b: FloatArray) -> IntArray:
    with np.errstate(invalid="ignore"):
        decades = np.log10(a) - np.log10(b)
        unit = np.abs(decades - np.round(decades)) <= np.log10(1.02)
        apart = np.abs(decades)
        conditions = [np.isnan(decades), apart <= np.log10(1.02), unit, apart <= np.log10(1.25)]
    return np.select(conditions, [MISSING, 3, 2, 1], default=0)


def _ratio(a: FloatArray, b: FloatArray, bounds: tuple[float, ...]) -> IntArray:
    """0 = else, then one level a bound (relative difference), the closest last."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b) / np.maximum(a, b)
        out = np.where(np.isnan(apart), MISSING, 0)
        for level, bound in enumerate(bounds, start=1):
            out = np.where(apart <= bound + 1e-9, level, out)
    return out


def _birth(a: IntArray, b: IntArray) -> IntArray:
    return np.select([(a < 0) | (b < 0), a == b, np.abs(a - b) == 1], [MISSING, 2, 1], default=_BIRTH_ELSE)


def _equal(a: IntArray, b: IntArray) -> IntArray:
    return np.where((a < 0) | (b < 0), MISSING, (a == b).astype(np.int64))
