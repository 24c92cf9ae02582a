"""
Judgements: which pairs are links, which only possible, and the reason for every other. Opens nothing.

Reasons, first that holds: assigned or merged (links); conflict_sex, conflict_birth_year, conflict_overlap (hard
conflicts, at most possible links); outside_coverage; lost_assignment (a rival of one of the two is linked); ambiguous
(a rival is as possible, as with twins); person_not_linked (the stays agree, the persons are not linked);
below_threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.decision.assign import one_to_one
from linkage.stays.arrays import MISSING, NO_DAY, IntArray, StayArrays
from linkage.stays.competition import Posterior
from linkage.stays.settings import StaySettings

__all__ = ["Judged", "decide_persons", "decide_stays", "hard_conflicts"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_OVERLAP_DAYS = 2


@dataclass(frozen=True, slots=True)
class Judged:
    """
    Decisions: `linked`, `possible` `(n,)` and `reason` `(n,)`.
    """

    linked: BoolArray
    possible: BoolArray
    reason: npt.NDArray[np.object_]

    @property
    def judgement(self) -> npt.NDArray[np.object_]:
        """link, possible_link or non_link."""
        return np.where(self.linked, "link", np.where(self.possible, "possible_link", "non_link")).astype(object)


def hard_conflicts(
    posterior: Posterior, left: StayArrays, right: StayArrays, *, settings: StaySettings
) -> npt.NDArray[np.object_]:
    """The hard conflict of each pair of persons, None where there is none, `(n_pairs,)`."""
    gammas = posterior.proposals.person_gammas
    out = np.full(posterior.proposals.n_pairs, None, dtype=object)
    out[_overlapping(posterior, left, right, settings=settings)] = "conflict_overlap"
    out[gammas[:, 0] == 0] = "conflict_birth_year"
    out[gammas[:, 1] == 0] = "conflict_sex"
    return out


def _overlapping(posterior: Posterior, left: StayArrays, right: StayArrays, *, settings: StaySettings) -> BoolArray:
    """Pairs of persons where a case without a claims stay lies across a claims stay at another hospital."""
    proposals = posterior.proposals
    bad = np.zeros(proposals.n_pairs, dtype=bool)
    looked = np.flatnonzero(posterior.person >= settings.possible_probability)
    matched = _matched_cases(posterior, right)
    pair, case = _rows_of(right, proposals.right_person[looked])
    free = ~np.isin(looked[pair] * max(right.n, 1) + case, matched)
    pair, case = pair[free], case[free]
    inner, stay = _rows_of(left, proposals.left_person[looked[pair]])
    pair, case = pair[inner], case[inner]
    known = (left.hospital[stay] != MISSING) & (right.hospital[case] != MISSING)
    apart = known & (left.hospital[stay] != right.hospital[case])
    dated = (left.admitted[stay] > NO_DAY) & (right.admitted[case] > NO_DAY)
    common = np.minimum(left.discharged[stay], right.discharged[case])
    common = common - np.maximum(left.admitted[stay], right.admitted[case])
    bad[looked[pair[apart & dated & (common >= _OVERLAP_DAYS)]]] = True
    return bad


def _matched_cases(posterior: Posterior, right: StayArrays) -> IntArray:
    """Codes (pair of persons, case) of cases that probably have a claims stay."""
    proposals = posterior.proposals
    likely = posterior.evidence.given_person >= 0.5
    pair, rows = proposals.pair[likely], proposals.right[likely]
    parts = right.parts[rows]
    own = np.concatenate([rows, parts[:, 0], parts[:, 1]])
    codes = np.concatenate([pair, pair, pair]) * max(right.n, 1) + own
    return np.asarray(codes[own >= 0], dtype=np.int64)


def _rows_of(stays: StayArrays, persons: IntArray) -> tuple[IntArray, IntArray]:
    """For each of `persons` its delivered stays: position in `persons`, and row."""
    rows = np.flatnonzero(stays.parts[:, 0] == MISSING)
    rows = rows[np.argsort(stays.person[rows], kind="stable")]
    size = np.bincount(stays.person[rows], minlength=stays.n_persons)
    start = np.cumsum(size) - size
    n = size[persons]
    position = np.repeat(np.arange(persons.size, dtype=np.int64), n)
    within = np.arange(position.size, dtype=np.int64) - np.repeat(np.cumsum(n) - n, n)
    return position, rows[np.repeat(start[persons], n) + within]


def decide_persons(posterior: Posterior, conflict: npt.NDArray[np.object_], *, settings: StaySettings) -> Judged:
    """Judge every pair of persons."""
    p = posterior.person
    free = np.array([c is None for c in conflict], dtype=bool)
    linked = free & (p >= settings.accept_probability)
    possible = ~linked & (p >= settings.possible_probability)
    reason = np.full(p.size, "below_threshold", dtype=object)
    proposals = posterior.proposals
    place = proposals.left_person * (int(proposals.hospital.max(initial=0)) + 2) + proposals.hospital + 1
    rival = _has_rival(place, possible | linked) | _has_rival(proposals.right_person, possible | linked)
    lost = _has_rival(place, linked) | _has_rival(proposals.right_person, linked)
    reason[possible & rival] = "ambiguous"
    reason[~linked & ~possible & lost] = "lost_assignment"
    reason[linked] = "assigned"
    reason[~free] = conflict[~free]
    return Judged(linked, possible, reason)


def decide_stays(
    probability: FloatArray,
    rows: tuple[IntArray, IntArray],
    *,
    person: tuple[BoolArray, npt.NDArray[np.object_]],
    given_person: FloatArray,
    merged: BoolArray,
    outside: BoolArray,
    bits: FloatArray,
    settings: StaySettings,
) -> Judged:
    """
    Judge every pair of delivered stays.

    Args:
        probability: `(n_pairs,)`, competition included.
        rows: Left and right row of each pair.
        person: Whether the persons are linked, and the persons' reason, `(n_pairs,)` each.
        given_person: Probability of the stay pair if the persons are one.
        merged: The pair is part of a merged stay.
        outside: The case lies outside the unit's coverage.
        bits: Weights, for the assignment.
        settings: Thresholds.
    """
    holds, why = person
    conflict = np.array([str(w).startswith("conflict_") for w in why], dtype=bool)
    linked = holds & ~conflict & ~outside & (probability >= settings.accept_probability)
    single = np.flatnonzero(linked & ~merged)
    chosen = one_to_one(rows[0][single], rows[1][single], np.maximum(bits[single], 1e-6))
    linked[single[~chosen]] = False
    possible = ~linked & ~outside & (probability >= settings.possible_probability)
    reason = np.full(probability.size, "below_threshold", dtype=object)
    lost = _has_rival(rows[0], linked) | _has_rival(rows[1], linked)
    rival = _has_rival(rows[0], possible) | _has_rival(rows[1], possible)
    reason[~holds & (given_person >= 0.5)] = "person_not_linked"
    reason[~linked & rival & possible] = "ambiguous"
    reason[~linked & lost] = "lost_assignment"
    reason[linked] = np.where(merged[linked], "merged", "assigned")
    reason[outside] = "outside_coverage"
    reason[conflict] = why[conflict]
    return Judged(linked, possible, reason)


def _has_rival(group: IntArray, counted: BoolArray) -> BoolArray:
    """Whether another counted pair shares the group."""
    if group.size == 0:
        return np.zeros(0, dtype=bool)
    _, index = np.unique(group, return_inverse=True)
    number = np.bincount(index, weights=counted.astype(float), minlength=int(index.max()) + 1)
    return np.asarray(number[index] - counted > 0)
