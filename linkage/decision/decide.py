"""
Which of the weighed pairs become links, how sure that is under competition, and why the others do not. Opens nothing.

Pairs compete from the probability `possible` on, so that a relative who fits less well loses to the right record
instead of being linked beside it; of those that win, the ones at or above the threshold are links.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from linkage.arrays import BoolArray, FloatArray, Int8Array, IntArray
from linkage.decision.assign import best_first, spread
from linkage.decision.cardinality import Cardinality
from linkage.decision.constraints import Constraints, Ruling
from linkage.decision.matching import MAX_CELLS, Assignment, heaviest
from linkage.decision.policy import ANY_NUMBER, Competition, Sources, compete
from linkage.decision.posterior import contest, posteriors
from linkage.decision.rivals import rivals
from linkage.model.weights import posterior, prior_bits

__all__ = ["JUDGEMENTS", "NEAR_TIE_BITS", "REASONS", "Decided", "Weighed", "decide"]

NEAR_TIE_BITS = 3.0  # the rival assignment is at least an eighth as likely
JUDGEMENTS = ("non_link", "possible_link", "link")
REASONS = (
    "below_threshold",
    "lost_assignment",
    "assigned",
    "above_threshold",
    "constraint_must",
    "constraint_cannot",
    "reviewer",
)
_NON_LINK, _POSSIBLE, _LINK = range(3)
_BELOW, _LOST, _ASSIGNED, _ABOVE, _MUST, _CANNOT, _REVIEWER = range(7)


class Weighed(Protocol):
    """Pairs of rows with their weights."""

    @property
    def left(self) -> IntArray:
        """`(n_pairs,)` left rows."""

    @property
    def right(self) -> IntArray:
        """`(n_pairs,)` right rows."""

    @property
    def weight(self) -> FloatArray:
        """`(n_pairs,)` log2 odds of a match, prior included (bits)."""


@dataclass(frozen=True, slots=True)
class Decided:
    """
    Attributes:
        judged: `(n_pairs,)` index in `JUDGEMENTS`.
        why: `(n_pairs,)` index in `REASONS`.
        probability_assigned: `(n_pairs,)` probability of each pair over all admissible assignments.
        approximate: `(n_pairs,)` where that is one of belief propagation; elsewhere it is exact.
        near_tie: `(n_pairs,)` whether an assignment that decides the pair otherwise is nearly as good.
        competitor: `(n_pairs,)` the pair that would take its place, or took it; -1 without one.
        margin_bits: `(n_pairs,)` by how much the best assignment beats the best that decides the pair otherwise;
            infinite without competition, NaN where it was not computed.
        near_bits: Margin up to which it is a near tie.
        missing_must: `(n, 2)` rows that must be linked and are not among the pairs.
        n_over: Nodes that constraints fill beyond what the cardinality allows.
        expected_precision: Mean probability of the links; NaN without links.
        expected_matches: Sum of the probabilities of the pairs that are links or possible links.
        n_components: Groups of two or more pairs that compete.
        n_greedy: Such groups too large for the optimum.
    """

    judged: Int8Array
    why: Int8Array
    probability_assigned: FloatArray
    approximate: BoolArray
    near_tie: BoolArray
    competitor: IntArray
    margin_bits: FloatArray
    near_bits: float
    missing_must: IntArray
    n_over: int
    expected_precision: float
    expected_matches: float
    n_components: int
    n_greedy: int

    @property
    def link(self) -> BoolArray:
        """`(n_pairs,)` the links."""
        return np.asarray(self.judged == _LINK, dtype=bool)

    @property
    def lost(self) -> BoolArray:
        """`(n_pairs,)` pairs that lost a record to a better pair."""
        return np.asarray(self.why == _LOST, dtype=bool)

    @property
    def judgement(self) -> pa.DictionaryArray:
        """`(n_pairs,)` link, possible_link or non_link."""
        return pa.DictionaryArray.from_arrays(pa.array(self.judged), pa.array(JUDGEMENTS))

    @property
    def reason(self) -> pa.DictionaryArray:
        """`(n_pairs,)` what `REASONS` lists."""
        return pa.DictionaryArray.from_arrays(pa.array(self.why), pa.array(REASONS))


def decide(
    pairs: Weighed,
    *,
    cardinality: Cardinality = Cardinality.ONE_TO_ONE,
    threshold: float = 0.9,
    possible: float = 0.1,
    within: bool = False,
    constraints: Constraints | None = None,
    policy: Sources | None = None,
    near_bits: float = NEAR_TIE_BITS,
) -> Decided:
    """
    Let the pairs compete as the cardinality says, then apply the threshold.

    Args:
        pairs: Distinct pairs with their weights.
        cardinality: Most partners of a record.
        threshold: Probability at or above which a pair that won is a link.
        possible: Probability from which a pair competes.
        within: Whether both rows are of one table.
        constraints: What must and what cannot be linked, whatever the weight. A must-link stands even beyond the
            cardinality; it takes the place of other pairs.
        policy: Sources of the rows, and what holds between each pair of them.
        near_bits: Margin up to which a decision is a near tie (bits).

    Raises:
        BadPolicy: If the cardinality does not fit the sources.
    """
    probability = posterior(pairs.weight, 0.5)
    floor_bits: FloatArray = pairs.weight - prior_bits(possible) + 1e-9
    places = compete(
        pairs.left, pairs.right, cardinality=cardinality, threshold=threshold, within=within, sources=policy
    )
    ruling = (constraints or Constraints(within=within)).judge(pairs.left, pairs.right)
    must, cannot = ruling.verdict > 0, ruling.verdict < 0
    room = _room_beside(places, must)
    open_ = ~must & ~cannot & (room[places.a] > 0) & (room[places.b] > 0)
    assigned = _assign(pairs, places, np.where(open_, floor_bits, 0.0), room=room)
    chosen = assigned.chosen | must
    group = contest(places.a, places.b, room=room, one_sided=places.one_sided, among=open_)
    sums = posteriors(pairs.weight, among=open_, within=group)
    against = rivals(floor_bits, chosen & open_, within=group, optimal=~assigned.by_greed)
    link = must | (chosen & (probability >= places.threshold))
    return Decided(
        judged=np.where(link, _LINK, np.where(chosen, _POSSIBLE, _NON_LINK)).astype(np.int8),
        why=_reasons(places, ruling, chosen=chosen, link=link, reached=floor_bits > 0),
        probability_assigned=np.where(must, 1.0, sums.probability),
        approximate=sums.approximate,
        near_tie=(against.margin_bits <= near_bits) & (against.competitor >= 0),
        competitor=_taken_by_must(places, must, against.competitor, crowded_out=~open_ & ~must & ~cannot),
        margin_bits=against.margin_bits,
        near_bits=near_bits,
        missing_must=constraints.absent_must(pairs.left, pairs.right) if constraints else np.zeros((0, 2), np.int64),
        n_over=int((room < 0).sum()),
        expected_precision=float(probability[link].mean()) if link.any() else float("nan"),
        expected_matches=float(probability[chosen].sum()),
        n_components=assigned.n_components,
        n_greedy=assigned.n_greedy,
    )


def _room_beside(places: Competition, must: BoolArray) -> IntArray:
    """Room left beside the pairs that must be linked; below 0 where they are too many."""
    held = np.bincount(np.concatenate([places.a[must], places.b[must]]), minlength=len(places.room))
    return np.where(places.room == ANY_NUMBER, ANY_NUMBER, places.room - held)


def _assign(pairs: Weighed, places: Competition, bits: FloatArray, *, room: IntArray) -> Assignment:
    order = best_first(pairs.left, pairs.right, bits)
    found = heaviest(
        places.a[order],
        places.b[order],
        bits[order],
        room=room,
        one_sided=places.one_sided[order],
        max_cells=MAX_CELLS,
    )
    return spread(found, order, n=len(bits))


def _reasons(
    places: Competition, ruling: Ruling, *, chosen: BoolArray, link: BoolArray, reached: BoolArray
) -> Int8Array:
    limited = (places.room[places.a] < ANY_NUMBER) | (places.room[places.b] < ANY_NUMBER)
    why = np.where(link, np.where(limited, _ASSIGNED, _ABOVE), np.where(chosen | ~reached, _BELOW, _LOST))
    why[ruling.verdict > 0], why[ruling.verdict < 0] = _MUST, _CANNOT
    why[ruling.reviewed & (ruling.verdict != 0)] = _REVIEWER
    return why.astype(np.int8)


def _taken_by_must(places: Competition, must: BoolArray, competitor: IntArray, *, crowded_out: BoolArray) -> IntArray:
    """The competitors, and for pairs without room the pair that must be linked and takes it."""
    holder = np.full(len(places.room), -1, dtype=np.int64)
    for nodes in (places.a, places.b):
        holder[nodes[must]] = np.flatnonzero(must)
    full = np.where(holder[places.a] >= 0, holder[places.a], holder[places.b])
    return np.where(crowded_out, full, competitor)
