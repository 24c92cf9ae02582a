"""
Which pairs of stays are compared at all: joins on sorted integers, counted before they are made. Opens nothing.

Four rules, tried in this order; a pair carries the first that proposes it:

    hospital+dates         same hospital; admission or discharge within the window
    dates+sex+birth_year   hospital unknown on a side; the same dates; sex equal, birth year at most one apart
    other_hospital         hospitals differ (a wrong id); both dates within the window; sex and birth year as above
    far+person+main_icd    same or unknown hospital; admission within 45 days; birth year, sex, region, main code equal
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graph_schema.errors import ExitCode, UserError
from linkage.stays.arrays import MISSING, NO_DAY, IntArray, StayArrays
from linkage.stays.codes import distinct
from linkage.stays.settings import StaySettings

__all__ = ["FAR", "MATCH_KEYS", "OTHER", "SAME", "UNKNOWN", "Candidates", "TooManyPairs", "candidates", "count_near"]

MATCH_KEYS = ("hospital+dates", "dates+sex+birth_year", "other_hospital", "far+person+main_icd")
SAME, UNKNOWN, OTHER, FAR = range(4)

_SPAN = 200_000  # days: wider than any two dates of a study
_ORIGIN = 60_000  # days before 1970 that still make a positive number


class TooManyPairs(UserError):
    """The plan makes more candidate pairs than the settings allow."""

    exit_code = ExitCode.BUDGET


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs to compare, sorted by left, then right row: `left`, `right`, `rule` each `(n_pairs,)`."""

    left: IntArray
    right: IntArray
    rule: npt.NDArray[np.int8]

    @property
    def n(self) -> int:
        """Number of pairs."""
        return int(self.left.size)


def candidates(left: StayArrays, right: StayArrays, settings: StaySettings) -> Candidates:
    """
    Every pair one of the four rules proposes, each once.

    Raises:
        TooManyPairs: If the rules would make more than `settings.max_candidate_pairs`; nothing was made then.
    """
    joins = _joins(left, right, settings)
    expected = sum(int((j.high - j.low).sum()) for j in joins)
    if expected > settings.max_candidate_pairs:
        raise TooManyPairs(
            f"the blocking rules propose {expected:,} pairs of stays: more than max_candidate_pairs = "
            f"{settings.max_candidate_pairs:,}; raise it, deliver the hospital of the claims stays, or turn "
            "soft_hospital off"
        )
    made = [_expand(j) for j in joins]
    a = np.concatenate([m[0] for m in made]) if made else np.empty(0, np.int64)
    b = np.concatenate([m[1] for m in made]) if made else np.empty(0, np.int64)
    return _ruled(left, right, distinct(a * max(right.n, 1) + b), settings)


def count_near(left: StayArrays, right: StayArrays, *, days: int) -> int:
    """Pairs of delivered stays at one hospital admitted at most `days` apart; without hospitals, of all stays."""
    hospitals = bool((left.hospital >= 0).any() and (right.hospital >= 0).any())

    def key(stays: StayArrays) -> IntArray:
        place = stays.hospital if hospitals else np.zeros(stays.n, dtype=np.int64)
        return np.where(stays.parts[:, 0] == MISSING, place, MISSING)

    join = _join(key(left), left.admitted, key(right), right.admitted, days=days)
    return int((join.high - join.low).sum())


@dataclass(frozen=True, slots=True)
class _Join:
    """Left rows `rows`, each with the right rows `order[low:high]`."""

    rows: IntArray
    low: IntArray
    high: IntArray
    order: IntArray


def _joins(left: StayArrays, right: StayArrays, settings: StaySettings) -> list[_Join]:
    w = settings.date_window_days
    known_a, known_b = left.hospital != MISSING, right.hospital != MISSING
    out = [
        _join(left.hospital, getattr(left, day), right.hospital, getattr(right, day), days=w)
        for day in ("admitted", "discharged")
    ]
    if settings.soft_hospital:
        out += _soft_joins(left, right, settings, rows=np.ones(left.n, dtype=bool), days=("admitted",))
        unknown = np.ones(left.n, dtype=bool) if not known_b.all() else ~known_a
        out += _soft_joins(left, right, settings, rows=unknown, days=("discharged",))
    if settings.far_window_days > w:
        keys = _person_codes(left, right)
        out.append(_join(keys[0], left.admitted, keys[1], right.admitted, days=settings.far_window_days))
    return out


def _soft_joins(
    left: StayArrays, right: StayArrays, settings: StaySettings, *, rows: npt.NDArray[np.bool_], days: tuple[str, ...]
) -> list[_Join]:
    """Joins on sex and birth year (one apart allowed) for these left rows; a field all null on a side is no key."""
    sex = bool((left.sex >= 0).any() and (right.sex >= 0).any())
    year = bool((left.birth_year >= 0).any() and (right.birth_year >= 0).any())

    def key(stays: StayArrays, shift: int) -> IntArray:
        years = stays.birth_year + shift if year else np.ones(stays.n, dtype=np.int64)
        sexes = stays.sex if sex else np.zeros(stays.n, dtype=np.int64)
        known = (sexes >= 0) & ((stays.birth_year >= 0) | (not year))
        return np.where(known, years * 3 + sexes, MISSING)

    out = []
    for shift in (-1, 0, 1) if year else (0,):
        a = np.where(rows, key(left, shift), MISSING)
        w = settings.date_window_days
        out += [_join(a, getattr(left, day), key(right, 0), getattr(right, day), days=w) for day in days]
    return out


def _person_codes(left: StayArrays, right: StayArrays) -> tuple[IntArray, IntArray]:
    """One number for birth year, sex, region and main code together; MISSING where any is."""
    n_region = 1 + int(max(left.region.max(initial=0), right.region.max(initial=0)))
    n_main = 1 + int(max(left.icd_main.max(initial=0), right.icd_main.max(initial=0)))

    def key(s: StayArrays) -> IntArray:
        known = (s.birth_year >= 0) & (s.sex >= 0) & (s.region >= 0) & (s.icd_main >= 0)
        number = ((s.birth_year * 3 + s.sex) * n_region + s.region) * n_main + s.icd_main
        return np.where(known, number, MISSING)

    return key(left), key(right)


def _join(a_key: IntArray, a_day: IntArray, b_key: IntArray, b_day: IntArray, *, days: int) -> _Join:
    """Left rows with the right rows of the same key whose day is at most `days` away."""
    a_rows = np.flatnonzero((a_key >= 0) & (a_day > NO_DAY))
    b_rows = np.flatnonzero((b_key >= 0) & (b_day > NO_DAY))
    place = b_key[b_rows] * _SPAN + b_day[b_rows] + _ORIGIN
    order = np.argsort(place, kind="stable")
    place = place[order]
    wanted = a_key[a_rows] * _SPAN + a_day[a_rows] + _ORIGIN
    low = np.searchsorted(place, wanted - days, side="left")
    high = np.searchsorted(place, wanted + days, side="right")
    return _Join(a_rows, low.astype(np.int64), high.astype(np.int64), b_rows[order])


def _expand(join: _Join) -> tuple[IntArray, IntArray]:
    size = join.high - join.low
    before = np.repeat(np.cumsum(size) - size, size)
    at = np.repeat(join.low, size) + np.arange(int(size.sum()), dtype=np.int64) - before
    return np.repeat(join.rows, size), join.order[at]


def _ruled(left: StayArrays, right: StayArrays, pairs: IntArray, settings: StaySettings) -> Candidates:
    """The rule of each pair; pairs no rule holds for after all, and joined with joined stays, are dropped."""
    a, b = np.divmod(pairs, max(right.n, 1))
    w = settings.date_window_days
    near_in = np.abs(left.admitted[a] - right.admitted[b]) <= w
    near_out = np.abs(left.discharged[a] - right.discharged[b]) <= w
    ha, hb = left.hospital[a], right.hospital[b]
    unknown = (ha == MISSING) | (hb == MISSING)
    same = ~unknown & (ha == hb)
    near = near_in | near_out
    single = (left.parts[a, 0] == MISSING) & (right.parts[b, 0] == MISSING)
    person = _agreeing(left, right, a, b)
    rule = np.full(pairs.size, -1, dtype=np.int8)
    rule[~near & (same | unknown) & single] = FAR
    rule[near & unknown & person & settings.soft_hospital] = UNKNOWN
    rule[near_in & near_out & ~same & ~unknown & person & settings.soft_hospital] = OTHER
    rule[near & same] = SAME
    rule[(left.parts[a, 0] != MISSING) & (right.parts[b, 0] != MISSING)] = -1
    kept = rule >= 0
    return Candidates(a[kept], b[kept], rule[kept])


def _agreeing(left: StayArrays, right: StayArrays, a: IntArray, b: IntArray) -> npt.NDArray[np.bool_]:
    sa, sb = left.sex[a], right.sex[b]
    ya, yb = left.birth_year[a], right.birth_year[b]
    sex = (sa == sb) | (sa < 0) | (sb < 0)
    return np.asarray(sex & ((np.abs(ya - yb) <= 1) | (ya < 0) | (yb < 0)))
