"""Which claims pseudonyms of one patient exclude each other: those insured at the same time. Opens nothing."""

from __future__ import annotations

import numpy as np

from linkage.stays.arrays import IntArray
from linkage.stays.coverage import OPEN_END, Coverage

__all__ = ["patient_groups"]


def patient_groups(
    unit: IntArray, patient: IntArray, *, coverage: Coverage, tolerance_days: int
) -> tuple[IntArray, IntArray, int]:
    """
    Exclusion groups of the candidates of each patient.

    A patient whose units were all insured together at some time is one group. Otherwise there is one group for every
    largest set of units insured at one time (an interval that exceeds the tolerance), so that two pseudonyms with
    disjoint coverage may both be this patient's.

    Args:
        unit: Unit of each candidate pair, `(n_pairs,)`.
        patient: Patient of each candidate pair, `(n_pairs,)`.
        coverage: When each unit was insured.
        tolerance_days: Overlaps of at most so many days are errors of the delivery, not a second child.

    Returns:
        Candidate and group of each membership, `(n_memberships,)` each, and the number of groups.
    """
    distinct, group = np.unique(patient, return_inverse=True)
    group = group.astype(np.int64)
    begin, end = _spans(coverage, unit, tolerance_days=tolerance_days)
    latest = np.full(distinct.size, -(10**8), dtype=np.int64)
    earliest = np.full(distinct.size, OPEN_END, dtype=np.int64)
    np.maximum.at(latest, group, begin)
    np.minimum.at(earliest, group, end)
    mixed = np.flatnonzero(latest > earliest)
    plain = ~np.isin(group, mixed)
    links = [np.flatnonzero(plain).astype(np.int64)]
    groups = [group[plain]]
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], [mixed, mixed + 1])
    n_groups = int(distinct.size)
    for low, high in zip(bounds[0], bounds[1], strict=True):
        members = order[low:high]
        for together in _cliques(coverage, unit[members], tolerance_days=tolerance_days):
            links.append(members[together].astype(np.int64))
            groups.append(np.full(len(together), n_groups, dtype=np.int64))
            n_groups += 1
    return np.concatenate(links), np.concatenate(groups), n_groups


def _spans(coverage: Coverage, unit: IntArray, *, tolerance_days: int) -> tuple[IntArray, IntArray]:
    """
    An interval of each unit that surely overlaps another's if these do: its only coverage interval, shortened by
    the tolerance. A unit with several intervals gets an empty one, so that its patient is looked at closely.
    """
    n = int(max(unit.max(initial=0), coverage.person.max(initial=0))) + 1
    count = np.bincount(coverage.person, minlength=n)
    begin = np.full(n, -(10**8), dtype=np.int64)
    end = np.full(n, OPEN_END, dtype=np.int64)
    begin[coverage.person] = coverage.start
    end[coverage.person] = np.maximum(coverage.end - tolerance_days, coverage.start)
    several = count > 1
    begin[several], end[several] = OPEN_END, -(10**8)
    return begin[unit], end[unit]


def _cliques(coverage: Coverage, units: IntArray, *, tolerance_days: int) -> list[list[int]]:
    """Largest sets of positions in `units` insured at one time; a unit without coverage is in every set."""
    intervals: list[tuple[int, int, int]] = []
    always: list[int] = []
    for position, unit in enumerate(units.tolist()):
        low, high = np.searchsorted(coverage.person, [unit, unit + 1])
        if low == high:
            always.append(position)
        for i in range(int(low), int(high)):
            start = int(coverage.start[i])
            intervals.append((start, max(int(coverage.end[i]) - tolerance_days, start), position))
    found: set[frozenset[int]] = set()
    for start, _, _ in intervals:
        found.add(frozenset([*always, *(p for low, high, p in intervals if low <= start <= high)]))
    found = found or {frozenset(always)}
    largest = [s for s in found if not any(s < other for other in found)]
    return sorted(sorted(s) for s in largest)
