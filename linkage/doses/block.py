"""Which doses, examinations and stays are compared: equal identifiers, then place and time. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from graph_schema.errors import ExitCode, UserError
from linkage.doses.records import MISSING, NO_TIME, Dated, StayRows
from linkage.doses.settings import DoseLinkSettings

__all__ = ["EXAM_KEYS", "STAY_KEYS", "Proposed", "TooManyDosePairs", "exam_candidates", "shifted", "stay_candidates"]

IntArray = npt.NDArray[np.int64]

EXAM_KEYS = ("study", "number", "person+date", "hospital+time")
STAY_KEYS = ("case", "person+date", "hospital+date")

_DAY = 86_400
_OFFSET = 4 * 10**9  # seconds: makes every time of a study positive
_SPAN = 10**10


class TooManyDosePairs(UserError):
    """The plan makes more candidate pairs than the settings allow."""

    exit_code = ExitCode.BUDGET


@dataclass(frozen=True, slots=True)
class Proposed:
    """Candidate pairs, sorted, each once with the first rule that proposes it; `(n_pairs,)` each."""

    left: IntArray
    right: IntArray
    rule: IntArray


def exam_candidates(events: Dated, exams: Dated, settings: DoseLinkSettings, *, by_number: bool = True) -> Proposed:
    """Doses with examinations; without `by_number` only by person and date, and by place and time (for decoys)."""
    joins = []
    if by_number:
        joins += [
            (0, _plain(events.study, exams.study)),
            (1, _plain(events.accession, exams.accession)),
            (1, _plain(events.exam, exams.exam)),
        ]
    window = int(settings.window_hours * 3600)
    joins += [
        (2, (events.person, events.started, exams.person, exams.started, 36 * 3600)),
        (3, (events.hospital, events.started, exams.hospital, exams.started, window)),
    ]
    return _gathered(joins, n_right=exams.n, budget=settings.max_candidate_pairs)


def stay_candidates(left: Dated, stays: StayRows, settings: DoseLinkSettings, *, by_number: bool = True) -> Proposed:
    """Doses or examinations with stays: the case named, the patient's stay of that day, any stay of that day there."""
    longest = int((stays.last - stays.first).max(initial=0)) + settings.stay_tolerance_days
    start = stays.first * _DAY
    noon = np.where(left.started > NO_TIME, left.day * _DAY, NO_TIME)
    joins = [(0, _plain(left.stay, stays.stay))] if by_number else []
    for rule, own, theirs in ((1, left.person, stays.person), (2, left.hospital, stays.hospital)):
        joins.append((rule, (own, noon, theirs, start, (longest + 1) * _DAY)))
    found = _gathered(joins, n_right=stays.n, budget=50 * settings.max_candidate_pairs)
    day = left.day[found.left]
    tolerance = settings.stay_tolerance_days
    inside = (day >= stays.first[found.right] - tolerance) & (day <= stays.last[found.right] + tolerance)
    kept = inside | (found.rule == 0)
    return Proposed(found.left[kept], found.right[kept], found.rule[kept])


def shifted(left: Dated, *, weeks: int) -> Dated:
    """The records moved in time, birth year with them: decoys that keep weekday, hour, room and numbers."""
    years = round(weeks / 52)
    return replace(
        left,
        started=np.where(left.started > NO_TIME, left.started + weeks * 7 * _DAY, NO_TIME),
        birth_year=np.where(left.birth_year >= 0, left.birth_year + years, MISSING),
    )


_Join = tuple[IntArray, IntArray, IntArray, IntArray, int]


def _plain(a: IntArray, b: IntArray) -> _Join:
    return a, np.zeros(a.size, dtype=np.int64), b, np.zeros(b.size, dtype=np.int64), 0


def _gathered(joins: list[tuple[int, _Join]], *, n_right: int, budget: int) -> Proposed:
    ranges = [(rule, *_ranges(*join)) for rule, join in joins]
    expected = sum(int((high - low).sum()) for _, _, low, high, _ in ranges)
    if expected > budget:
        raise TooManyDosePairs(
            f"the rules propose {expected:,} pairs of doses and examinations or stays: more than {budget:,} allowed by "
            "max_candidate_pairs; make window_hours smaller or deliver identifiers"
        )
    codes, rules = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for rule, rows, low, high, order in ranges:
        size = high - low
        before = np.repeat(np.cumsum(size) - size, size)
        at = np.repeat(low, size) + np.arange(int(size.sum()), dtype=np.int64) - before
        codes.append(np.repeat(rows, size) * max(n_right, 1) + order[at])
        rules.append(np.full(at.size, rule, dtype=np.int64))
    code, rule_of = np.concatenate(codes), np.concatenate(rules)
    order = np.lexsort((rule_of, code))
    first = np.ones(code.size, dtype=bool)
    first[1:] = code[order][1:] != code[order][:-1]
    left, right = np.divmod(code[order][first], max(n_right, 1))
    return Proposed(left, right, rule_of[order][first])


def _ranges(
    a: IntArray, a_time: IntArray, b: IntArray, b_time: IntArray, seconds: int
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    rows = np.flatnonzero((a >= 0) & (a_time > NO_TIME))
    others = np.flatnonzero((b >= 0) & (b_time > NO_TIME))
    place = b[others] * _SPAN + b_time[others] + _OFFSET
    order = np.argsort(place, kind="stable")
    wanted = a[rows] * _SPAN + a_time[rows] + _OFFSET
    low = np.searchsorted(place[order], wanted - seconds, side="left")
    high = np.searchsorted(place[order], wanted + seconds, side="right")
    return rows, low.astype(np.int64), high.astype(np.int64), others[order]
