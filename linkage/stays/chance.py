"""
How often stays that are no match agree: u and the date rates, from year-shifted decoys. Opens nothing.

All rates are unconditional of the person's fields, so that a pair's weight is the same sum whichever rule proposed
it: date rate of the hospital relation x date level x codes x person fields.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graph_schema.chance import stream
from linkage.stays.arrays import MISSING, NO_DAY, IntArray, StayArrays
from linkage.stays.block import MATCH_KEYS, OTHER, SAME, UNKNOWN, Candidates, candidates, count_near
from linkage.stays.compare import COMPARISONS, PERSON_COMPARISONS, STAY_COMPARISONS, compare, person_gammas
from linkage.stays.decoys import decoys
from linkage.stays.settings import StaySettings

__all__ = ["ChanceRates", "chance_rates", "singles"]

FloatArray = npt.NDArray[np.float64]
GammaArray = npt.NDArray[np.int8]

_N_STAY = len(STAY_COMPARISONS)
_RANDOM_PAIRS = 200_000
_BOTH_NEAR = 4
"""First date level with both dates near: pairs of different hospitals are proposed at these only."""

_START_U = {
    "dates": (1e-9, 0.45, 0.13, 0.13, 0.05, 0.05, 0.05, 0.05, 0.07, 0.02),
    "diagnoses": (0.40, 0.22, 0.06, 0.08, 0.04, 0.08, 0.07, 0.05),
    "procedures": (0.55, 0.20, 0.15, 0.10),
    "weight": (0.85, 0.12, 0.03),
    "birth": (0.82, 0.11, 0.033, 0.034, 0.003),
    "sex": (0.5, 0.5),
    "region": (0.45, 0.40, 0.15),
    "insurer": (0.7, 0.3),
}
"""Weak starting values (3 imagined pairs), so that a level no decoy reached is rare and not impossible."""


@dataclass(frozen=True, slots=True)
class ChanceRates:
    """
    What chance does.

    `u[rule]` are the level shares among decoy pairs of a rule, as that rule conditions them (for EM);
    `codes` those of `STAY_COMPARISONS` among decoys that agree in sex and birth year; `elsewhere` those of
    `PERSON_COMPARISONS` among random pairs; `date_rates` the chance that a random pair is near in date, by rule.
    """

    u: dict[int, list[FloatArray]]
    codes: list[FloatArray]
    elsewhere: list[FloatArray]
    date_rates: FloatArray
    n_decoy_pairs: int


def chance_rates(left: StayArrays, right: StayArrays, settings: StaySettings) -> ChanceRates:
    """Chance rates from `settings.n_decoys` decoy sets; memory is that of one set at a time."""
    counted = {rule: [np.zeros(len(levels)) for levels in COMPARISONS.values()] for rule in range(len(MATCH_KEYS))}
    codes = [np.zeros(len(levels)) for levels in STAY_COMPARISONS.values()]
    seen = np.zeros(len(MATCH_KEYS))
    far = 0.0
    for number in range(settings.n_decoys):
        moved = decoys(right, number=number, seed=settings.seed)
        pairs = singles(left, moved, candidates(left, moved, settings))
        gammas = compare(left, moved, pairs)
        for rule in range(len(MATCH_KEYS)):
            _count(counted[rule], gammas[pairs.rule == rule])
        alike = (gammas[:, _N_STAY] != 0) & (gammas[:, _N_STAY + 1] != 0) & (pairs.rule <= UNKNOWN)
        _count(codes, gammas[alike][:, :_N_STAY])
        seen += np.bincount(pairs.rule, minlength=len(MATCH_KEYS))
        far += count_near(left, moved, days=settings.far_window_days) - count_near(left, moved, days=1)
    sampled, alike_share = _random_pairs(left, right, settings)
    code_shares = _shares(codes, list(STAY_COMPARISONS))
    rates = _date_rates(left, right, settings, seen=seen, far=far, alike_share=alike_share)
    rates[OTHER] = min(rates[OTHER] / float(code_shares[0][_BOTH_NEAR:].sum()), 0.99)
    return ChanceRates(
        u={rule: _shares(counted[rule], list(COMPARISONS)) for rule in counted},
        codes=code_shares,
        elsewhere=_shares(sampled, list(PERSON_COMPARISONS)),
        date_rates=rates,
        n_decoy_pairs=int(seen.sum()),
    )


def singles(left: StayArrays, right: StayArrays, pairs: Candidates) -> Candidates:
    """The pairs of stays as delivered: without joined ones."""
    kept = (left.parts[pairs.left, 0] == MISSING) & (right.parts[pairs.right, 0] == MISSING)
    return Candidates(pairs.left[kept], pairs.right[kept], pairs.rule[kept])


def _count(sums: list[FloatArray], gammas: GammaArray) -> None:
    for column in range(len(sums)):
        values = gammas[:, column]
        sums[column] += np.bincount(values[values >= 0], minlength=sums[column].size)


def _shares(counts: list[FloatArray], names: list[str]) -> list[FloatArray]:
    out = []
    for name, total in zip(names, counts, strict=True):
        start = 3.0 * np.array(_START_U[name])
        out.append((total + start) / (total.sum() + start.sum()))
    return out


def _random_pairs(left: StayArrays, right: StayArrays, settings: StaySettings) -> tuple[list[FloatArray], float]:
    """Level counts of the person's fields among random pairs, and the share that agrees in sex and birth year."""
    sums = [np.zeros(len(levels)) for levels in PERSON_COMPARISONS.values()]
    if left.n == 0 or right.n == 0:
        return sums, 0.25
    rng = stream("stay-u-sample", seed=settings.seed)
    a = rng.integers(left.n, size=_RANDOM_PAIRS)
    b = rng.integers(right.n, size=_RANDOM_PAIRS)
    gammas = person_gammas(left, right, a, b)
    _count(sums, gammas)
    alike = (gammas[:, 0] != 0) & (gammas[:, 1] != 0)
    return sums, float((alike.sum() + 1) / (alike.size + 4))


def _date_rates(
    left: StayArrays, right: StayArrays, settings: StaySettings, *, seen: FloatArray, far: float, alike_share: float
) -> FloatArray:
    """Chance that a random pair of the rule's hospital relation is near in date, `(n_rules,)`."""
    same, unknown, other = _pairs_by_relation(left, right)
    n = float(settings.n_decoys)
    span = max(_span_days(left, right), 30.0)
    start = np.array([5.0, 5.0, 2.0, 2.0 * settings.far_window_days + 1]) / span
    possible = np.array([same, unknown * alike_share, other * alike_share, same if same > 0 else unknown]) * n
    found = np.array([seen[SAME], seen[UNKNOWN], seen[OTHER], max(far, 0.0)])
    return np.minimum((found + 1.0) / (possible + 1.0 / start), 0.99)


def _pairs_by_relation(left: StayArrays, right: StayArrays) -> tuple[float, float, float]:
    """Number of pairs of delivered stays with the same hospital, an unknown one, different ones."""
    a = left.hospital[left.parts[:, 0] == MISSING]
    b = right.hospital[right.parts[:, 0] == MISSING]
    n = 1 + int(max(a.max(initial=0), b.max(initial=0)))
    of_a, of_b = np.bincount(a[a >= 0], minlength=n), np.bincount(b[b >= 0], minlength=n)
    same = float(of_a @ of_b)
    known = float(of_a.sum()) * float(of_b.sum())
    return same, float(a.size) * float(b.size) - known, known - same


def _span_days(left: StayArrays, right: StayArrays) -> float:
    days: IntArray = np.concatenate([s.admitted[s.admitted > NO_DAY] for s in (left, right)])
    return float(days.max() - days.min() + 1) if days.size else 365.0
