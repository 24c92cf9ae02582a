"""The cause of each link that is in one run only, step by step. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np
import pyarrow as pa

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.incremental.kept import Run
from linkage.incremental.records import CHANGED, compare_records, places, record_names
from linkage.model.weights import prior_bits

__all__ = ["Cause", "Changed", "find_causes"]


class Cause(StrEnum):
    """
    What turned a verdict, and the details of each.

    data: record_added, record_removed, record_changed, term_frequencies. model: weights, prior, comparisons,
    rival_weights. settings: threshold, possible, rules, cardinality, policy, not_proposed. competition: rival_added,
    rival_removed, rival_changed, rival (further away). person: the reason code, withdrawn, or rival (a person
    decided on the link that stands in the way).
    """

    DATA = "data"
    MODEL = "model"
    SETTINGS = "settings"
    COMPETITION = "competition"
    PERSON = "person"


@dataclass(slots=True)
class Changed:
    """
    The changed links while causes are sought.

    Attributes:
        before, after: The runs.
        in_before, in_after: `(n,)` rows of their pairs, -1 where a run did not keep a pair.
        gained: `(n,)` links of the later run only; the others are lost.
        cause, detail: `(n,)` what has been found, "" so far.
        rival: `(n,)` pair of the run without the link that stands in the way; -1.
    """

    before: Run
    after: Run
    in_before: IntArray
    in_after: IntArray
    gained: BoolArray
    cause: np.ndarray = field(init=False)
    detail: np.ndarray = field(init=False)
    rival: IntArray = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.gained)
        self.cause, self.detail = np.full(n, "", dtype=object), np.full(n, "", dtype=object)
        self.rival = np.full(n, -1, dtype=np.int64)

    def blame(self, where: BoolArray, cause: Cause, detail: str) -> None:
        """Where no cause is known yet."""
        fresh = where & (self.cause == "")
        self.cause[fresh], self.detail[fresh] = cause.value, detail

    @property
    def either(self) -> tuple[tuple[Run, IntArray, BoolArray], tuple[Run, IntArray, BoolArray]]:
        """Each run, its rows, and where it is the one with the link."""
        return (self.before, self.in_before, ~self.gained), (self.after, self.in_after, self.gained)

    def of_runs(
        self, before: FloatArray, after: FloatArray, *, missing: float = np.nan
    ) -> tuple[FloatArray, FloatArray]:
        """`(n,)` a figure of the pairs in each run. Args: before, after: `(n_pairs,)` of all pairs of a run."""
        return np.append(before, missing)[self.in_before], np.append(after, missing)[self.in_after]

    def names(self) -> tuple[pa.Array, pa.Array]:
        """Names of the two records of each link, as the run with the link has them."""
        (left_b, right_b), (left_a, right_a) = self.before.ends(), self.after.ends()
        lost, gained = pa.array(self.in_before[~self.gained]), pa.array(self.in_after[self.gained])
        return (
            pa.concat_arrays([left_b.take(lost), left_a.take(gained)]),
            pa.concat_arrays([right_b.take(lost), right_a.take(gained)]),
        )


@dataclass(frozen=True, slots=True)
class _Records:
    """
    What happened to the records of the changed links.

    Attributes:
        added, removed, changed: `(n,)` whether this happened to either of them.
        any_other: Whether any record at all was added, removed or changed.
    """

    added: BoolArray
    removed: BoolArray
    changed: BoolArray
    any_other: bool


class _Known:
    """The records of both runs, and what has become of each."""

    def __init__(self, before: Run, after: Run) -> None:
        self._old, self._new = record_names(before.records), record_names(after.records)
        changes = compare_records(before.records, after.records)
        self._changed = np.append(changes.state == CHANGED, False)
        self.any = bool(changes.touched.any() or changes.removed.any())

    def of(self, *ends: pa.Array) -> _Records:
        """What happened to the records of pairs; `ends` are the names on each side."""
        old = np.stack([places(end, among=self._old) for end in ends])
        new = np.stack([places(end, among=self._new) for end in ends])
        return _Records(
            added=np.any(old < 0, axis=0),
            removed=np.any(new < 0, axis=0),
            changed=np.any(self._changed[new], axis=0),
            any_other=self.any,
        )


def find_causes(changed: Changed) -> list[list[str]]:
    """Fill in cause, detail and rival of every changed link; returns what else has changed for each."""
    known = _Known(changed.before, changed.after)
    records = known.of(*changed.names())
    _by_persons(changed)
    changed.blame(records.added, Cause.DATA, "record_added")
    changed.blame(records.removed, Cause.DATA, "record_removed")
    comparable = _named(changed.before) == _named(changed.after)
    _not_kept(changed, records, comparable=comparable)
    _own_weight(changed, records, comparable=comparable)
    _rivals(changed, known, records)
    return _also(changed, records)


def _named(run: Run) -> list[tuple[str, tuple[str, ...]]]:
    return [(part.name, part.level_names) for part in run.model.comparisons]


def _by_persons(changed: Changed) -> None:
    before, after = changed.of_runs(
        changed.before.by_person.astype(float), changed.after.by_person.astype(float), missing=0.0
    )
    mine = np.flatnonzero(after > 0)
    codes = np.full(len(after), "", dtype=object)
    codes[mine] = changed.after.pairs.column("reason_code").take(pa.array(changed.in_after[mine])).to_pylist()
    for code in sorted(set(codes[mine].tolist())):
        changed.blame(np.asarray(codes == code, dtype=bool), Cause.PERSON, code)
    changed.blame((before > 0) & (after == 0), Cause.PERSON, "withdrawn")


def _not_kept(changed: Changed, records: _Records, *, comparable: bool) -> None:
    """Links that the other run did not even keep: its levels are unknown, those of the run with the link are taken."""
    for (run, rows, with_link), (other, elsewhere, _) in (changed.either, changed.either[::-1]):
        open_ = with_link & (elsewhere < 0)
        if not open_.any():
            continue
        changed.blame(open_ & records.changed, Cause.DATA, "record_changed")
        floor = prior_bits(other.possible)
        own = rows[open_]
        if not comparable:
            changed.blame(open_, Cause.MODEL, "comparisons")
            continue
        weighed = np.full(len(rows), np.inf)
        weighed[open_] = other.reweighed(run.gammas[own], run.term_bits[own])
        changed.blame(open_ & (weighed < min(floor, prior_bits(run.possible))), Cause.MODEL, "weights")
        changed.blame(open_ & (weighed < floor), Cause.SETTINGS, "possible")
        changed.blame(open_ & (set(run.rules) != set(other.rules)), Cause.SETTINGS, "rules")
        changed.blame(open_ & records.any_other, Cause.DATA, "term_frequencies")
        changed.blame(open_, Cause.SETTINGS, "not_proposed")


def _own_weight(changed: Changed, records: _Records, *, comparable: bool) -> None:
    """Links whose own weight passes in one run only, from data to model to threshold."""
    before, after = changed.before, changed.after
    weight_b, weight_a = changed.of_runs(before.weight, after.weight)
    both = (changed.in_before >= 0) & (changed.in_after >= 0)
    limit_b, limit_a = prior_bits(before.threshold) - 1e-9, prior_bits(after.threshold) - 1e-9
    by_data, by_weights = weight_b.copy(), weight_a.copy()
    if comparable:
        rows = changed.in_after[both]
        gammas, terms = after.gammas[rows], after.term_bits[rows]
        by_data[both] = before.reweighed(gammas, terms) if before.model != after.model else weight_a[both]
        if before.model.prior != after.model.prior:
            by_weights[both] = after.reweighed(gammas, terms, prior=before.model.prior)
        moved = np.zeros(len(both), dtype=bool)
        moved[both] = (before.gammas[changed.in_before[both]] != gammas).any(axis=1)
    steps = [weight_b >= limit_b, by_data >= limit_b, by_weights >= limit_b, weight_a >= limit_b, weight_a >= limit_a]
    turned = [both & (one != other) for one, other in pairwise(steps)]
    changed.blame(turned[0] & records.changed, Cause.DATA, "record_changed")
    if comparable:
        changed.blame(turned[0] & moved, Cause.MODEL, "comparisons")
    changed.blame(turned[0], Cause.DATA, "term_frequencies")
    changed.blame(turned[1], Cause.MODEL, "weights" if comparable else "comparisons")
    changed.blame(turned[2], Cause.MODEL, "prior")
    changed.blame(turned[3], Cause.SETTINGS, "threshold")


def _rivals(changed: Changed, known: _Known, records: _Records) -> None:
    """Links that pass by themselves in both runs and lost their place in one."""
    before, after = changed.before, changed.after
    weights = changed.of_runs(before.weight, after.weight)
    weaker = np.where(changed.gained, weights[0] < weights[1], weights[1] < weights[0])
    changed.blame(records.changed & weaker, Cause.DATA, "record_changed")
    changed.blame(_all(changed, before.cardinality != after.cardinality), Cause.SETTINGS, "cardinality")
    changed.blame(_all(changed, before.policy != after.policy), Cause.SETTINGS, "policy")
    left, right = changed.names()
    for (run, _, with_link), (other, _, _) in (changed.either, changed.either[::-1]):
        open_ = np.flatnonzero(with_link & (changed.cause == ""))
        if not len(open_):
            continue
        holders = np.stack([other.holder_of(end.take(pa.array(open_))) for end in (left, right)])
        weight = np.append(other.weight, -np.inf)
        changed.rival[open_] = np.where(weight[holders[1]] > weight[holders[0]], holders[1], holders[0])
        _blame_rivals(changed, known, run=run, other=other, open_=open_[changed.rival[open_] >= 0])
    changed.blame(_all(changed, before.model != after.model), Cause.MODEL, "rival_weights")
    changed.blame(_all(changed, True), Cause.COMPETITION, "rival")


def _blame_rivals(changed: Changed, known: _Known, *, run: Run, other: Run, open_: IntArray) -> None:
    """Why the link in the way is stronger in `other`, where it stands, than in `run`."""
    rival = changed.rival[open_]
    ends = [end.take(pa.array(rival)) for end in other.ends()]
    records = known.of(*ends)
    where = places(other.keys().take(pa.array(rival)), among=run.keys())
    by_person = other.by_person[rival] | np.append(run.by_person, False)[where]

    def blame(mine: BoolArray, cause: Cause, detail: str) -> None:
        spread = np.zeros(len(changed.cause), dtype=bool)
        spread[open_[mine]] = True
        changed.blame(spread, cause, detail)

    blame(by_person, Cause.PERSON, "rival")
    blame(records.added, Cause.COMPETITION, "rival_added")
    blame(records.removed, Cause.COMPETITION, "rival_removed")
    blame(records.changed, Cause.COMPETITION, "rival_changed")


def _all(changed: Changed, said: bool) -> BoolArray:
    return np.full(len(changed.cause), said)


def _also(changed: Changed, records: _Records) -> list[list[str]]:
    """What else has changed for each link, in the order data, model, settings."""
    before, after = changed.before, changed.after
    settings = (before.threshold, before.possible, before.cardinality, before.rules, before.policy) != (
        after.threshold, after.possible, after.cardinality, after.rules, after.policy
    )  # fmt: skip
    data = records.added | records.removed | records.changed
    model = before.model != after.model
    return [
        [str(one) for one, there in ((Cause.DATA, bool(mine)), (Cause.MODEL, model), (Cause.SETTINGS, settings))
         if there and one != cause]
        for mine, cause in zip(data.tolist(), changed.cause.tolist(), strict=True)
    ]  # fmt: skip
