"""
Persons under competition: priors by hospital, marginals over all admissible linkages, re-estimation. Opens nothing.

A unit has at most one patient a hospital; a patient has several units only where their coverage does not overlap
(a change of insurer makes a second pseudonym). Everything else competes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.decision.marginals import Exclusions, marginals
from linkage.model.model import rounded
from linkage.stays.arrays import MISSING, StayArrays
from linkage.stays.block import FAR
from linkage.stays.coverage import Coverage
from linkage.stays.evidence import KINDS, Evidence, Proposals, newborn, pruned, weigh
from linkage.stays.exclusions import patient_groups
from linkage.stays.model import PersonPrior, Rates, StayModel
from linkage.stays.settings import StaySettings

__all__ = ["Posterior", "first_priors", "learn", "solve"]

FloatArray = npt.NDArray[np.float64]

_SURE = 0.8
_START_STRENGTH = 20.0
_LARGEST_SHARE = 0.98
_UNSEEN_HOSPITAL_ODDS = 1e-7


@dataclass(frozen=True, slots=True)
class Posterior:
    """
    What a model says under competition.

    `person` `(n_pairs,)` probability of each pair of persons, `stay` `(n_edges,)` of each pair of stays (at most its
    persons'), `log_odds` `(n_pairs,)` before competition, `proposals` and `evidence` the pairs kept.
    """

    proposals: Proposals
    evidence: Evidence
    log_odds: FloatArray
    person: FloatArray
    stay: FloatArray


def solve(
    proposals: Proposals,
    left: StayArrays,
    right: StayArrays,
    *,
    coverage: Coverage,
    model: StayModel,
    hospitals: list[str],
    settings: StaySettings,
) -> Posterior:
    """The posterior of every candidate pair; pairs of persons with negligible evidence are dropped on the way."""
    evidence = weigh(proposals, left, right, model=model)
    log_odds = evidence.log_evidence + _log_priors(proposals, model, hospitals)
    kept = pruned(proposals, log_odds / np.log(2.0))
    if kept.n_pairs < proposals.n_pairs:
        evidence = weigh(kept, left, right, model=model)
        log_odds = evidence.log_evidence + _log_priors(kept, model, hospitals)
    person = _compete(kept, log_odds, coverage=coverage, settings=settings)
    return Posterior(kept, evidence, log_odds, person, person[kept.pair] * evidence.given_person)


def first_priors(
    proposals: Proposals, left: StayArrays, right: StayArrays, *, model: StayModel, hospitals: list[str]
) -> StayModel:
    """The model with starting priors: half of the trained number of true pairs, shared out over the hospitals."""
    groups = _groups(proposals, left, right)
    weight = sum(min(n_a, n_b) for n_a, n_b in groups.values()) or 1
    n_left = int((left.parts[:, 0] == MISSING).sum())
    n_right = int((right.parts[:, 0] == MISSING).sum())
    expected = 0.5 * model.prior * n_left * n_right
    priors = tuple(
        PersonPrior(
            hospital=hospitals[h] if h >= 0 else None,
            kind=KINDS[k],
            n_units=n_a,
            n_patients=n_b,
            n_shared=rounded(min(expected * min(n_a, n_b) / weight, 0.5 * min(n_a, n_b)) * (0.01 if k == 2 else 1.0)),
        )
        for (h, k), (n_a, n_b) in sorted(groups.items())
    )
    return model.with_rates(model.rates, priors, model.comparisons[0].m[0])


def learn(posterior: Posterior, left: StayArrays, right: StayArrays, *, model: StayModel, hospitals: list[str],
          settings: StaySettings) -> StayModel:  # fmt: skip
    """One round of re-estimation: shared children by hospital, unmatched, merged and far stays."""
    proposals, sure = posterior.proposals, posterior.person > _SURE
    priors = tuple(_prior(prior, posterior, hospitals) for prior in model.person_priors)
    edges = sure[proposals.pair]
    stay = np.where(edges, posterior.stay, 0.0)
    two_left = left.parts[proposals.left, 0] != MISSING
    two_right = right.parts[proposals.right, 0] != MISSING
    same = left.hospital[proposals.left] >= 0
    start = model_start(settings)
    claims_matched = float((stay * (1 + two_left))[same].sum())
    unknown_matched = float((stay * (1 + two_left))[~same].sum())
    weight = posterior.person * sure
    n_same, n_unknown = float((weight * proposals.n_same).sum()), float((weight * proposals.n_unknown).sum())
    newborn = np.asarray(proposals.n_inside_newborn * weight).sum()
    young = _newborn_edges(right, proposals)
    per_side = stay * (1 + two_right)
    total, joined = float(stay.sum()), float(stay[two_left | two_right].sum())
    rates = Rates(
        alpha=_share(n_same - claims_matched, n_same, start.alpha),
        alpha_unknown=_share(n_unknown - unknown_matched, n_unknown, start.alpha_unknown),
        beta=_share(
            float((weight * (proposals.n_inside - proposals.n_inside_newborn)).sum()) - float(per_side[~young].sum()),
            float((weight * (proposals.n_inside - proposals.n_inside_newborn)).sum()), start.beta),
        beta_newborn=_share(float(newborn) - float(per_side[young].sum()), float(newborn), start.beta_newborn),
        merge_rate=_share(joined, total, start.merge_rate),
        wrong_hospital=start.wrong_hospital,
    )  # fmt: skip
    far = _share(float(stay[proposals.rule == FAR].sum()), total, settings.far_rate)
    return model.with_rates(rates, priors, far)


def model_start(settings: StaySettings) -> Rates:
    """The rates before anything was learned."""
    return Rates(
        alpha=settings.alpha,
        alpha_unknown=0.5,
        beta=settings.beta,
        beta_newborn=settings.beta,
        merge_rate=settings.merge_rate,
        wrong_hospital=settings.wrong_hospital_rate,
    )


def _share(part: float, whole: float, start: float) -> float:
    """A share with `_START_STRENGTH` imagined cases of the starting value, kept inside (0.002, 0.998)."""
    value = (max(part, 0.0) + _START_STRENGTH * start) / (max(whole, 0.0) + _START_STRENGTH)
    return rounded(float(np.clip(value, 0.002, 0.998)))


def _newborn_edges(right: StayArrays, proposals: Proposals) -> npt.NDArray[np.bool_]:
    return newborn(right)[proposals.right]


def _prior(prior: PersonPrior, posterior: Posterior, hospitals: list[str]) -> PersonPrior:
    h = MISSING if prior.hospital is None else hospitals.index(prior.hospital)
    of = (posterior.proposals.hospital == h) & (posterior.proposals.kind == KINDS.index(prior.kind))
    shared = float(posterior.person[of].sum()) + 0.1
    largest = _LARGEST_SHARE * min(prior.n_units, prior.n_patients)
    return prior.model_copy(update={"n_shared": rounded(min(shared, max(largest, 0.1)))})


def _groups(proposals: Proposals, left: StayArrays, right: StayArrays) -> dict[tuple[int, int], tuple[int, int]]:
    """(hospital, kind) with the numbers of units and patients that could be its pairs."""
    out = {}
    n_units = left.n_persons
    for h in np.unique(proposals.hospital):
        here = np.unique(left.person[left.hospital == h]).size if h >= 0 else 0
        unknown = np.unique(left.person[left.hospital == MISSING]).size if h >= 0 else n_units
        patients = int(np.unique(right.person[right.hospital == h]).size)
        counts = (here, unknown, n_units - here)
        for k in range(len(KINDS)):
            if counts[k] > 0 and ((proposals.hospital == h) & (proposals.kind == k)).any():
                out[int(h), k] = (int(counts[k]), patients)
    return out


def _log_priors(proposals: Proposals, model: StayModel, hospitals: list[str]) -> FloatArray:
    """Log prior odds of each pair of persons; a hospital the model never saw gets the mean of those it saw."""
    table = np.full((len(hospitals) + 1, len(KINDS)), np.nan)
    for prior in model.person_priors:
        h = (
            MISSING
            if prior.hospital is None
            else hospitals.index(prior.hospital)
            if prior.hospital in hospitals
            else None
        )
        if h is not None:
            table[h, KINDS.index(prior.kind)] = prior.odds
    for k, kind in enumerate(KINDS):
        seen = [p.odds for p in model.person_priors if p.kind == kind]
        typical = float(np.mean(seen)) if seen else _UNSEEN_HOSPITAL_ODDS
        table[np.isnan(table[:, k]), k] = typical
    return np.asarray(np.log(table[proposals.hospital, proposals.kind]))


def _compete(proposals: Proposals, log_odds: FloatArray, *, coverage: Coverage, settings: StaySettings) -> FloatArray:
    """The marginal of every pair of persons."""
    if proposals.n_pairs == 0:
        return np.zeros(0)
    n_hospitals = int(proposals.hospital.max(initial=0)) + 2
    _, unit_group = np.unique(proposals.left_person * n_hospitals + proposals.hospital + 1, return_inverse=True)
    link, group, n_patient = patient_groups(
        proposals.left_person, proposals.right_person, coverage=coverage,
        tolerance_days=settings.overlap_tolerance_days,
    )  # fmt: skip
    pairs = np.arange(proposals.n_pairs, dtype=np.int64)
    exclusions = Exclusions(
        link=np.concatenate([pairs, link]),
        group=np.concatenate([unit_group.astype(np.int64) + n_patient, group]),
        n_groups=n_patient + int(unit_group.max()) + 1,
    )
    return marginals(log_odds, exclusions).probability
