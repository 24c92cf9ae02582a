"""When each claims pseudonym was insured: merged intervals, and questions to them in bulk. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Coverage", "coverage_of"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

OPEN_END = 10**6
"""Day of an interval that has not ended: still insured."""

_SPAN = 4_000_000
_ORIGIN = 1_000_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """
    Disjoint insured intervals, sorted by person and start, `(n_intervals,)` each; days since 1970, ends inclusive.

    A person without any interval is one whose coverage was not delivered: nothing lies outside it.
    """

    person: IntArray
    start: IntArray
    end: IntArray
    known: BoolArray

    def holds(self, person: IntArray, day: IntArray, *, tolerance_days: int) -> BoolArray:
        """Whether each person was insured on each day, give or take the tolerance; True where nothing is known."""
        if self.person.size == 0:
            return np.ones(person.size, dtype=bool)
        place = self.person * _SPAN + self.start + _ORIGIN
        wanted = person * _SPAN + np.clip(day, -_ORIGIN // 2, OPEN_END) + tolerance_days + _ORIGIN
        at = np.searchsorted(place, wanted, side="right") - 1
        safe = np.maximum(at, 0)
        inside = (at >= 0) & (self.person[safe] == person) & (self.end[safe] + tolerance_days >= day)
        return np.asarray(inside | ~self.known[person])


def coverage_of(table: pa.Table | None, person_keys: npt.NDArray[np.object_]) -> Coverage:
    """
    The coverage of these persons; touching and overlapping intervals are merged, a missing end is open.

    A row without a start, or ending before it starts, tells nothing and is left out.
    """
    n = int(person_keys.size)
    if table is None or table.num_rows == 0:
        empty = np.empty(0, dtype=np.int64)
        return Coverage(empty, empty, empty, np.zeros(n, dtype=bool))
    keys = pa.array(person_keys, type=pa.string())
    found = _filled(pc.index_in(table["person_key"].cast(pa.string()), value_set=keys), -1)
    start = _filled(table["start"].cast(pa.date32()).cast(pa.int32()), OPEN_END)
    end = _filled(table["end"].cast(pa.date32()).cast(pa.int32()), OPEN_END)
    used = (found >= 0) & (start < OPEN_END) & (end >= start) & ~np.isin(found, _null_persons(person_keys))
    person, start, end = _merged(found[used], start[used], end[used])
    known = np.zeros(n, dtype=bool)
    known[person] = True
    return Coverage(person, start, end, known)


def _null_persons(person_keys: npt.NDArray[np.object_]) -> IntArray:
    return np.flatnonzero(np.array([key is None for key in person_keys], dtype=bool)).astype(np.int64)


def _merged(person: IntArray, start: IntArray, end: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Intervals sorted and merged where the next starts at most a day after the latest end so far."""
    order = np.lexsort((end, start, person))
    person, start, end = person[order], start[order], end[order]
    if person.size == 0:
        return person, start, end
    latest = np.maximum.accumulate(person * _SPAN + end) - person * _SPAN
    fresh = np.ones(person.size, dtype=bool)
    fresh[1:] = (person[1:] != person[:-1]) | (start[1:] > latest[:-1] + 1)
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], person.size) - 1
    return person[first], start[first], latest[last]


def _filled(column: Any, missing: int) -> IntArray:
    filled = pc.fill_null(column.cast(pa.int64()), missing)
    array = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    return np.array(array.to_numpy(zero_copy_only=False), dtype=np.int64)
