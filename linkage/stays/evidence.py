"""
The evidence for every candidate pair of persons: their stays aligned under competition. Opens nothing.

For a unit (claims pseudonym) and a patient, with alpha the share of claims stays without a case, beta the share of
cases without a claims stay, n the patient's cases inside the unit's coverage:

    L = alpha^(claims stays at the hospital) beta^(cases inside coverage) Z,
    Z = sum over admissible sets of stay links of prod (1 - alpha) / n * LR / (alpha beta)

so that unmatched stays subtract, a patient with many cases gets no more chances than one with a single case, and
a merged stay competes with its parts. Sex, birth, region and insurer enter once per pair of persons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.decision.marginals import Exclusions, marginals
from linkage.stays.arrays import MISSING, NO_DAY, IntArray, StayArrays
from linkage.stays.block import OTHER, SAME, UNKNOWN, Candidates
from linkage.stays.compare import PERSON_COMPARISONS, STAY_COMPARISONS, person_gammas, stay_gammas
from linkage.stays.coverage import Coverage
from linkage.stays.model import StayModel
from linkage.stays.persons import person_rows
from linkage.stays.settings import StaySettings

__all__ = ["KINDS", "Evidence", "Proposals", "newborn", "propose", "pruned", "weigh"]

FloatArray = npt.NDArray[np.float64]
GammaArray = npt.NDArray[np.int8]
BoolArray = npt.NDArray[np.bool_]

KINDS = ("same", "unknown", "other")

_LOWEST_BITS = -14.0
_LN2 = float(np.log(2.0))


@dataclass(frozen=True, slots=True)
class Proposals:
    """
    Candidate pairs of stays (edges) and of persons, compared once; what does not depend on alpha, beta or priors.

    Per edge `(n_edges,)`: `left`, `right` (stay rows), `rule`, `gammas`, `inside` (the case lies inside the unit's
    coverage), `pair` (index of the pair of persons). Per pair of persons `(n_pairs,)`: `left_person`,
    `right_person`, `person_gammas`, `kind` (index of KINDS), `hospital`, `n_same`, `n_unknown` (claims stays that
    could be cases of the patient), `n_inside`, `n_inside_newborn` (cases inside the coverage).
    """

    left: IntArray
    right: IntArray
    rule: npt.NDArray[np.int8]
    gammas: GammaArray
    inside: BoolArray
    pair: IntArray
    left_person: IntArray
    right_person: IntArray
    person_gammas: GammaArray
    kind: IntArray
    hospital: IntArray
    n_same: IntArray
    n_unknown: IntArray
    n_inside: IntArray
    n_inside_newborn: IntArray

    @property
    def n_edges(self) -> int:
        """Candidate pairs of stays."""
        return int(self.left.size)

    @property
    def n_pairs(self) -> int:
        """Candidate pairs of persons."""
        return int(self.left_person.size)


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What one model makes of the proposals.

    `stay_bits` `(n_edges, 1 + n_stay_comparisons)`: blocking, then the stay's fields; `person_bits`
    `(n_pairs, n_person_comparisons)`; `log_evidence` `(n_pairs,)`: natural log of the person pair's likelihood
    ratio; `given_person` `(n_edges,)`: probability of the stay pair if the persons are one.
    """

    stay_bits: FloatArray
    person_bits: FloatArray
    log_evidence: FloatArray
    given_person: FloatArray


def propose(
    left: StayArrays, right: StayArrays, pairs: Candidates, *, coverage: Coverage, settings: StaySettings
) -> Proposals:
    """Compare candidate stays and gather them by pair of persons."""
    unit, patient = left.person[pairs.left], right.person[pairs.right]
    code = unit * max(right.n_persons, 1) + patient
    distinct, pair = np.unique(code, return_inverse=True)
    left_person, right_person = np.divmod(distinct, max(right.n_persons, 1))
    tolerance = settings.coverage_tolerance_days
    inside = coverage.holds(unit, right.admitted[pairs.right], tolerance_days=tolerance)
    hospital = _hospital_of(right)[right_person]
    n_same, n_unknown = _claims_stays(left, right, left_person, hospital)
    n_inside, n_newborn = _inside(right, left_person, right_person, coverage=coverage, tolerance_days=tolerance)
    best_rule = np.full(distinct.size, len(KINDS), dtype=np.int64)
    np.minimum.at(best_rule, pair, np.minimum(pairs.rule, OTHER))
    kind = np.select([(n_same > 0) | (best_rule == SAME), (n_unknown > 0) | (best_rule == UNKNOWN)], [0, 1], default=2)
    return Proposals(
        left=pairs.left,
        right=pairs.right,
        rule=pairs.rule,
        gammas=stay_gammas(left, right, pairs),
        inside=inside,
        pair=pair.astype(np.int64),
        left_person=left_person,
        right_person=right_person,
        person_gammas=_of_persons(left, right, left_person, right_person),
        kind=kind,
        hospital=hospital,
        n_same=n_same,
        n_unknown=n_unknown,
        n_inside=n_inside,
        n_inside_newborn=n_newborn,
    )


def weigh(proposals: Proposals, left: StayArrays, right: StayArrays, *, model: StayModel) -> Evidence:
    """The evidence of every pair of persons under this model, and of every pair of stays given the persons."""
    stay_bits = _stay_bits(proposals, model)
    person_bits = _person_bits(proposals, model)
    log_alpha, log_beta, log_odds = _edge_odds(proposals, left, right, stay_bits=stay_bits, model=model)
    used = np.flatnonzero(proposals.inside & np.isfinite(log_odds))
    log_z, given = _alignments(proposals, left, right, used=used, log_odds=log_odds[used])
    unmatched = proposals.n_same * log_alpha[0] + np.where(proposals.kind == 1, proposals.n_unknown, 0) * log_alpha[1]
    ordinary = proposals.n_inside - proposals.n_inside_newborn
    unmatched += ordinary * log_beta[0] + proposals.n_inside_newborn * log_beta[1]
    given_person = np.zeros(proposals.n_edges)
    given_person[used] = given
    return Evidence(
        stay_bits=stay_bits,
        person_bits=person_bits,
        log_evidence=unmatched + log_z + person_bits.sum(axis=1) * _LN2,
        given_person=given_person,
    )


def pruned(proposals: Proposals, evidence_bits: FloatArray) -> Proposals:
    """Only the pairs of persons above `_LOWEST_BITS`, with all their edges."""
    keep = evidence_bits > _LOWEST_BITS
    edges = keep[proposals.pair]
    renumbered = np.cumsum(keep) - 1
    per_edge = {n: getattr(proposals, n)[edges] for n in ("left", "right", "rule", "gammas", "inside")}
    per_pair = {
        n: getattr(proposals, n)[keep]
        for n in ("left_person", "right_person", "person_gammas", "kind", "hospital", "n_same", "n_unknown", "n_inside",
                  "n_inside_newborn")
    }  # fmt: skip
    return Proposals(**per_edge, pair=renumbered[proposals.pair[edges]], **per_pair)


def _stay_bits(proposals: Proposals, model: StayModel) -> FloatArray:
    """Bits of the blocking rule (date rate) and of the stay's fields."""
    out = np.zeros((proposals.n_edges, 1 + len(STAY_COMPARISONS)))
    out[:, 0] = -np.log2(np.array(model.date_rates))[proposals.rule]
    for column, part in enumerate(model.comparisons[: len(STAY_COMPARISONS)]):
        bits = np.log2(np.array(part.m)) - np.log2(np.array(part.u))
        if column == 0:
            bits[0] = np.log2(part.m[0])  # far dates: the date rate of the rule is their whole chance
        out[:, 1 + column] = np.append(bits, 0.0)[proposals.gammas[:, column]]
    return out


def _person_bits(proposals: Proposals, model: StayModel) -> FloatArray:
    out = np.zeros((proposals.n_pairs, len(PERSON_COMPARISONS)))
    away = proposals.kind != 0
    for column, part in enumerate(model.comparisons[len(STAY_COMPARISONS) :]):
        gamma = proposals.person_gammas[:, column]
        m = np.log2(np.array(part.m))
        here = np.append(m - np.log2(np.array(part.u)), 0.0)[gamma]
        there = np.append(m - np.log2(np.array(model.u_elsewhere[part.name])), 0.0)[gamma]
        out[:, column] = np.where(away, there, here)
    return out


def _edge_odds(
    proposals: Proposals, left: StayArrays, right: StayArrays, *, stay_bits: FloatArray, model: StayModel
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log alpha (same, unknown), log beta (ordinary, newborn), and each edge's log odds inside its pair."""
    rates = model.rates
    log_alpha = np.log([rates.alpha, rates.alpha_unknown])
    log_beta = np.log([rates.beta, rates.beta_newborn])
    kind = proposals.kind[proposals.pair]
    wrong = np.where(kind == 0, 1 - rates.wrong_hospital, 0.5)
    known = left.hospital[proposals.left] != MISSING
    same = known & (left.hospital[proposals.left] == right.hospital[proposals.right])
    elsewhere = known & (proposals.rule == OTHER)
    alpha = np.where(same, rates.alpha, np.where(elsewhere, wrong, rates.alpha_unknown))
    cost = np.where(elsewhere, 0.0, np.log(alpha))  # a stay elsewhere is no missing case: leaving it costs nothing
    young = newborn(right)[proposals.right].astype(np.int64)
    n = np.maximum(proposals.n_inside[proposals.pair], 1)
    log_odds = stay_bits.sum(axis=1) * _LN2 + np.log1p(-alpha) - np.log(n)
    log_odds -= cost + log_beta[young]
    two_left = left.parts[proposals.left, 0] != MISSING
    two_right = right.parts[proposals.right, 0] != MISSING
    log_odds += np.where(two_left | two_right, np.log(rates.merge_rate), 0.0)
    log_odds -= np.where(two_left, cost, 0.0)
    log_odds -= np.where(two_right, log_beta[young], 0.0)
    return log_alpha, log_beta, log_odds


def _alignments(
    proposals: Proposals, left: StayArrays, right: StayArrays, *, used: IntArray, log_odds: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Log partition function of every pair of persons, and the edges' probabilities given the persons."""
    links, groups = [], []
    position = np.arange(used.size, dtype=np.int64)
    for side, (stays, rows) in enumerate(((left, proposals.left[used]), (right, proposals.right[used]))):
        joined = stays.parts[rows, 0] != MISSING
        for part in (0, 1):
            chosen = joined if part else np.ones(used.size, dtype=bool)
            own = np.where(joined, stays.parts[rows, part], rows)
            links.append(position[chosen])
            groups.append(((proposals.pair[used] * 2 + side) * max(left.n, right.n, 1) + own)[chosen])
    link = np.concatenate(links)
    distinct, group = np.unique(np.concatenate(groups), return_inverse=True)
    found = marginals(log_odds, Exclusions(link, group.astype(np.int64), int(distinct.size)))
    pair_of_group = distinct // (2 * max(left.n, right.n, 1))
    log_z = np.zeros(proposals.n_pairs)
    log_z += np.bincount(pair_of_group, weights=found.group_log, minlength=proposals.n_pairs)
    log_z -= np.bincount(proposals.pair[used], weights=found.link_log, minlength=proposals.n_pairs)
    return log_z, found.probability


def newborn(stays: StayArrays) -> BoolArray:
    """Stays admitted in the year of birth."""
    days = np.where(stays.admitted > NO_DAY, stays.admitted, 0)
    year = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return np.asarray((stays.birth_year == year) & (stays.admitted > NO_DAY))


def _hospital_of(stays: StayArrays) -> IntArray:
    """Each patient's hospital: patients are numbered by hospital, so their first known one."""
    out = np.full(stays.n_persons, MISSING, dtype=np.int64)
    known = np.flatnonzero(stays.hospital >= 0)[::-1]
    out[stays.person[known]] = stays.hospital[known]
    return out


def _claims_stays(left: StayArrays, right: StayArrays, unit: IntArray, hospital: IntArray) -> tuple[IntArray, IntArray]:
    """Claims stays of each unit at the hospital, and without hospital, while the hospital delivered."""
    n = 2 + int(max(left.hospital.max(initial=0), right.hospital.max(initial=0)))
    low, high = np.full(n, 10**8), np.full(n, NO_DAY)
    dated = right.admitted > NO_DAY
    np.minimum.at(low, right.hospital[dated], right.admitted[dated])
    np.maximum.at(high, right.hospital[dated], right.admitted[dated])
    if dated.any():
        low[n - 1], high[n - 1] = right.admitted[dated].min(), right.admitted[dated].max()
    within = (left.admitted >= low[left.hospital]) & (left.admitted <= high[left.hospital])
    counted = within & (left.parts[:, 0] == MISSING)
    place, count = np.unique(left.person[counted] * n + left.hospital[counted] % n, return_counts=True)
    same = np.where(hospital >= 0, _looked_up(place, count, unit * n + hospital % n), 0)
    return same.astype(np.int64), _looked_up(place, count, unit * n + n - 1)


def _looked_up(place: IntArray, count: IntArray, wanted: IntArray) -> IntArray:
    """The count at each wanted place, 0 where there is none; `place` is sorted."""
    if place.size == 0:
        return np.zeros(wanted.size, dtype=np.int64)
    at = np.minimum(np.searchsorted(place, wanted), place.size - 1)
    return np.where(place[at] == wanted, count[at], 0).astype(np.int64)


def _inside(
    right: StayArrays, unit: IntArray, patient: IntArray, *, coverage: Coverage, tolerance_days: int
) -> tuple[IntArray, IntArray]:
    """Delivered cases of each patient inside the unit's coverage, and those in the year of birth."""
    rows = np.flatnonzero((right.parts[:, 0] == MISSING) & (right.admitted > NO_DAY))
    rows = rows[np.argsort(right.person[rows], kind="stable")]
    size = np.bincount(right.person[rows], minlength=right.n_persons)
    start = np.cumsum(size) - size
    n = size[patient]
    pair = np.repeat(np.arange(unit.size, dtype=np.int64), n)
    within = np.arange(pair.size, dtype=np.int64) - np.repeat(np.cumsum(n) - n, n)
    case = rows[np.repeat(start[patient], n) + within]
    held = coverage.holds(unit[pair], right.admitted[case], tolerance_days=tolerance_days)
    young = held & newborn(right)[case]
    count = np.bincount(pair[held], minlength=unit.size).astype(np.int64)
    return count, np.bincount(pair[young], minlength=unit.size).astype(np.int64)


def _of_persons(left: StayArrays, right: StayArrays, unit: IntArray, patient: IntArray) -> GammaArray:
    """Levels of the person's fields, each person by the most frequent value of its stays."""
    return person_gammas(person_rows(left), person_rows(right), unit, patient)
