"""
Year-shifted decoys: hospital patients that cannot be in the claims. Opens nothing.

Every patient's whole sequence moves by one to three times 364 days, the birth year with it: weekday, season, age,
stay length, codes, and region with hospital survive, true matches do not. What agrees with a decoy agrees by chance.
Source: the target-decoy idea of proteomics; for record linkage Robach, Hof, van de Wiel 2025 (10.1002/sim.70292).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from graph_schema.chance import stream
from linkage.stays.arrays import MISSING, NO_DAY, IntArray, StayArrays

__all__ = ["decoys", "with_decoys"]

_YEAR_DAYS = 364
_SHIFTS = np.array([-3, -2, -1, 1, 2, 3], dtype=np.int64)


def decoys(stays: StayArrays, *, number: int, seed: int) -> StayArrays:
    """
    Decoy set `number` of these stays: the same rows, dates and birth years moved.

    A patient's shift is drawn among those that keep all the stays inside the period in which the hospital delivered;
    where none does, the one that keeps most. Stays that fall outside lose their dates and so match nothing.
    """
    shift = _person_shifts(stays, number=number, seed=seed)[stays.person]
    low, high = _period(stays)
    moved_in = np.where(stays.admitted > NO_DAY, stays.admitted + _YEAR_DAYS * shift, NO_DAY)
    outside = (moved_in < low) | (moved_in > high)
    moved_out = np.where(stays.discharged > NO_DAY, stays.discharged + _YEAR_DAYS * shift, NO_DAY)
    return replace(
        stays,
        admitted=np.where(outside, NO_DAY, moved_in),
        discharged=np.where(outside, NO_DAY, moved_out),
        birth_year=np.where(stays.birth_year >= 0, stays.birth_year + shift, MISSING),
    )


def with_decoys(stays: StayArrays, *, number: int, seed: int) -> StayArrays:
    """The stays, and after them one decoy set as further patients: row `i + n` is the decoy of row `i`."""
    twice = stays.take(np.tile(np.arange(stays.n, dtype=np.int64), 2))
    moved = decoys(stays, number=number, seed=seed)
    second = np.arange(stays.n, 2 * stays.n)
    parts = np.where(stays.parts >= 0, stays.parts + stays.n, MISSING)
    return replace(
        twice,
        person=np.concatenate([stays.person, stays.person + stays.n_persons]),
        person_keys=np.concatenate([stays.person_keys, stays.person_keys]),
        admitted=_second_half(twice.admitted, second, moved.admitted),
        discharged=_second_half(twice.discharged, second, moved.discharged),
        birth_year=_second_half(twice.birth_year, second, moved.birth_year),
        parts=np.concatenate([stays.parts, parts]),
    )


def _second_half(column: IntArray, rows: npt.NDArray[np.intp], values: IntArray) -> IntArray:
    column[rows] = values
    return column


def _period(stays: StayArrays) -> tuple[IntArray, IntArray]:
    """First and last admission (day) at each stay's hospital, `(n_stays,)` each."""
    hospital = stays.hospital + 1
    n = int(hospital.max(initial=0)) + 1
    known = stays.admitted > NO_DAY
    low = np.full(n, 10**8, dtype=np.int64)
    high = np.full(n, NO_DAY, dtype=np.int64)
    np.minimum.at(low, hospital[known], stays.admitted[known])
    np.maximum.at(high, hospital[known], stays.admitted[known])
    return low[hospital], high[hospital]


def _person_shifts(stays: StayArrays, *, number: int, seed: int) -> IntArray:
    """One shift (years of 364 days) a person, `(n_persons,)`."""
    low, high = _period(stays)
    known = stays.admitted > NO_DAY
    kept = np.zeros((stays.n_persons, _SHIFTS.size), dtype=np.int64)
    for column, shift in enumerate(_SHIFTS):
        moved = stays.admitted + _YEAR_DAYS * shift
        fits = known & (moved >= low) & (moved <= high)
        kept[:, column] = np.bincount(stays.person[fits], minlength=stays.n_persons)
    best = kept == kept.max(axis=1, keepdims=True)
    draw = stream(f"stay-decoys-{number}", seed=seed).random((stays.n_persons, _SHIFTS.size))
    return np.asarray(_SHIFTS[np.argmax(np.where(best, draw, -1.0), axis=1)], dtype=np.int64)
