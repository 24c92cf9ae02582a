"""Persons as one row each: the most frequent value of what their stays say. Opens nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from linkage.stays.arrays import MISSING, IntArray, StayArrays

__all__ = ["n_contradicting", "person_rows"]

_PERSON_FIELDS = ("birth_year", "birth_month", "sex", "region", "insurer")


def person_rows(stays: StayArrays) -> StayArrays:
    """
    One row a person, row `i` being person `i`; of several values the most frequent, of equally frequent the smallest.

    Only birth year and month, sex, region, land and insurer have a meaning there.
    """
    first = np.zeros(stays.n_persons, dtype=np.int64)
    first[stays.person[::-1]] = np.arange(stays.n, dtype=np.int64)[::-1]
    rows = stays.take(first) if stays.n else stays
    fields: dict[str, Any] = {
        name: _modes(stays.person, getattr(stays, name), stays.n_persons) for name in _PERSON_FIELDS
    }
    land = np.full(int(stays.region.max(initial=0)) + 2, MISSING, dtype=np.int64)
    land[stays.region] = stays.land
    land[-1] = MISSING
    return replace(rows, person=np.arange(stays.n_persons, dtype=np.int64), **fields, land=land[fields["region"]])


def n_contradicting(stays: StayArrays) -> int:
    """Persons whose own stays state two sexes, or birth years more than one apart."""
    bad = np.zeros(stays.n_persons, dtype=bool)
    for name, apart in (("sex", 0), ("birth_year", 1)):
        values = getattr(stays, name)
        known = values >= 0
        low = np.full(stays.n_persons, 10**6, dtype=np.int64)
        high = np.full(stays.n_persons, MISSING, dtype=np.int64)
        np.minimum.at(low, stays.person[known], values[known])
        np.maximum.at(high, stays.person[known], values[known])
        bad |= (high - low > apart) & (high >= 0)
    return int(bad.sum())


def _modes(person: IntArray, values: IntArray, n_persons: int) -> IntArray:
    """The most frequent known value of each person, `(n_persons,)`; MISSING where none is known."""
    out = np.full(n_persons, MISSING, dtype=np.int64)
    known = values >= 0
    if not known.any():
        return out
    span = int(values.max()) + 1
    cell, count = np.unique(person[known] * span + values[known], return_counts=True)
    who, value = np.divmod(cell, span)
    order = np.lexsort((-value, count, who))
    out[who[order]] = value[order]
    return out
