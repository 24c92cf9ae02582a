"""`link_stays`: claims stays with hospital cases, claims pseudonyms with hospital patients. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from linkage.decision.conflicts import Conflict, ConflictComponent, conflict_components
from linkage.evaluation.unlabelled import LinkQuality
from linkage.model import Iteration
from linkage.stays.arrays import Side, StayArrays, from_tables
from linkage.stays.block import candidates
from linkage.stays.chance import chance_rates
from linkage.stays.competition import Posterior, first_priors, learn, solve
from linkage.stays.coverage import Coverage, coverage_of
from linkage.stays.evidence import propose
from linkage.stays.joined import with_joined
from linkage.stays.model import StayModel
from linkage.stays.notes import hospital_note
from linkage.stays.persons import n_contradicting
from linkage.stays.quality import blocking_loss, measure
from linkage.stays.settings import StaySettings
from linkage.stays.tables import Decided, decide
from linkage.stays.train import train

__all__ = ["StayLinkage", "link_stays"]

_STILL = 1e-3


@dataclass(frozen=True, slots=True)
class StayLinkage:
    """
    The linkage of one pair of deliveries.

    Attributes:
        pairs: Scored pairs of stays (`tables.PAIRS`).
        person_pairs: Scored pairs of persons (`tables.PERSON_PAIRS`).
        model: What was learned; give it to the next call to keep earlier links where they are.
        history: EM of the stay level; empty where a model was given.
        quality: Estimated precision and recall.
        counts: What went in, what was compared, what came out.
        conflicts: Hard conflicts and ambiguities between persons, by component.
        notes: What the user must know, in sentences.
    """

    pairs: pa.Table
    person_pairs: pa.Table
    model: StayModel
    history: tuple[Iteration, ...]
    quality: LinkQuality
    counts: dict[str, int]
    conflicts: tuple[ConflictComponent, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """Everything that stays the same over the rounds."""

    left: StayArrays
    right: StayArrays
    coverage: Coverage
    hospitals: list[str]
    settings: StaySettings

    def solve(self, right: StayArrays, model: StayModel) -> Posterior:
        pairs = candidates(self.left, right, self.settings)
        proposals = propose(self.left, right, pairs, coverage=self.coverage, settings=self.settings)
        return solve(proposals, self.left, right, coverage=self.coverage, model=model, hospitals=self.hospitals,
                     settings=self.settings)  # fmt: skip

    def decide(self, right: StayArrays, model: StayModel) -> Decided:
        return decide(self.solve(right, model), self.left, right, model=model, settings=self.settings)


def link_stays(
    claims: pa.Table,
    hospital: pa.Table,
    coverage: pa.Table,
    *,
    settings: StaySettings | None = None,
    model: StayModel | None = None,
) -> StayLinkage:
    """
    Link claims stays with hospital cases, and with them claims pseudonyms with hospital patients.

    Args:
        claims: The `stays` table of the claims side (docs/architecture.md).
        hospital: The `stays` table of all hospitals.
        coverage: The `coverage` table; empty: coverage is unknown and nothing lies outside it.
        settings: How to link.
        model: A model learned before; it is used as it is.

    Raises:
        TooManyPairs: If blocking proposes more pairs than the settings allow.
        NotLinkable: If the fields cannot tell true pairs from chance.
    """
    chosen = settings or StaySettings()
    sides = from_tables(claims, hospital)
    task = _task(sides[0], sides[1], sides[2], coverage=coverage, settings=chosen)
    learned, history, notes = (model, (), ()) if model is not None else _learned(task)
    posterior = task.solve(task.right, learned)
    decided = decide(posterior, task.left, task.right, model=learned, settings=chosen)
    loss = blocking_loss(posterior, task.left, task.right, settings=chosen)
    quality = measure(decided, task.right, run=lambda right: task.decide(right, learned), loss=loss,
                      hospitals=task.hospitals, settings=chosen)  # fmt: skip
    conflicts = _conflicts(decided)
    return StayLinkage(
        pairs=decided.pairs,
        person_pairs=decided.person_pairs,
        model=learned,
        history=history,
        quality=quality,
        counts=_counts(sides[0], sides[1], decided=decided, posterior=posterior),
        conflicts=conflicts,
        notes=(*notes, *hospital_note(task.left, task.right)),
    )


def _task(claims: Side, hospital: Side, hospitals: list[str], *, coverage: pa.Table, settings: StaySettings) -> _Task:
    places = np.unique(hospital.stays.hospital)
    left = with_joined(claims.stays, gap_days=settings.merge_gap_days, hospitals=places)
    right = with_joined(hospital.stays, gap_days=settings.merge_gap_days, hospitals=places)
    return _Task(left, right, coverage_of(coverage, left.person_keys), hospitals, settings)


def _learned(task: _Task) -> tuple[StayModel, tuple[Iteration, ...], tuple[str, ...]]:
    """Train: chance rates, stay-level EM, then rounds of person posterior and re-estimation."""
    left, right, settings = task.left, task.right, task.settings
    pairs = candidates(left, right, settings)
    chance = chance_rates(left, right, settings)
    training = train(left, right, pairs, chance=chance, settings=settings)
    proposals = propose(left, right, pairs, coverage=task.coverage, settings=settings)
    model = first_priors(proposals, left, right, model=training.model, hospitals=task.hospitals)
    shared = -1.0
    for _ in range(settings.max_rounds):
        posterior = solve(proposals, left, right, coverage=task.coverage, model=model, hospitals=task.hospitals,
                          settings=settings)  # fmt: skip
        model = learn(posterior, left, right, model=model, hospitals=task.hospitals, settings=settings)
        now = float(posterior.person.sum())
        if abs(now - shared) <= _STILL * max(now, 1.0):
            break
        shared = now
    return model, training.history, training.notes


def _conflicts(decided: Decided) -> tuple[ConflictComponent, ...]:
    table = decided.person_pairs
    names = ("left_key", "right_key", "reason_code", "match_probability", "judgement")
    rows = zip(*(table[name].to_pylist() for name in names), strict=True)
    conflicts, linked = [], []
    for left_key, right_key, reason, probability, judgement in rows:
        if judgement == "link":
            linked.append((left_key, right_key))
        elif judgement == "possible_link" and (reason.startswith("conflict_") or reason == "ambiguous"):
            conflicts.append(Conflict(left_key, right_key, reason, probability))
    return conflict_components(conflicts, linked=linked)


def _counts(claims: Side, hospital: Side, *, decided: Decided, posterior: Posterior) -> dict[str, int]:
    judged = decided.pairs["judgement"].to_pylist()
    persons = decided.person_pairs["judgement"].to_pylist()
    return {
        "claims_stays": claims.n_delivered,
        "claims_stays_without_key": claims.n_without_key,
        "claims_stays_repeated": claims.n_repeated_key,
        "hospital_stays": hospital.n_delivered,
        "hospital_stays_without_key": hospital.n_without_key,
        "hospital_stays_repeated": hospital.n_repeated_key,
        "claims_persons": claims.stays.n_persons,
        "hospital_persons": hospital.stays.n_persons,
        "claims_persons_contradicting": n_contradicting(claims.stays),
        "hospital_persons_contradicting": n_contradicting(hospital.stays),
        "candidate_stay_pairs": posterior.proposals.n_edges,
        "scored_stay_pairs": decided.pairs.num_rows,
        "linked_stay_pairs": judged.count("link"),
        "possible_stay_pairs": judged.count("possible_link"),
        "scored_person_pairs": decided.person_pairs.num_rows,
        "linked_person_pairs": persons.count("link"),
        "possible_person_pairs": persons.count("possible_link"),
    }
