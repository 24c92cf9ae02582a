"""Which of the weighed pairs become links. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.decision.assign import Assignment, assign, best_of_right
from linkage.decision.cluster import clusters
from linkage.decision.scored import ScoredPairs
from linkage.model.weights import prior_bits
from linkage.settings import LinkSettings, LinkType

__all__ = ["Decided", "decide"]


@dataclass(frozen=True, slots=True)
class Decided:
    """
    Attributes:
        judgement: `(n_pairs,)` link, possible_link or non_link.
        reason: `(n_pairs,)` assigned, above_threshold, below_threshold or lost_assignment.
        cluster: `(n_records,)` lowest row of each left record's cluster (meant for duplicates).
        expected_precision: Mean probability of the links; NaN without links.
        expected_matches: Sum of the probabilities of all reported pairs.
        n_components: Groups of records that competed for each other.
        n_greedy: Such groups too large for the optimum.
    """

    judgement: list[str]
    reason: list[str]
    cluster: IntArray
    expected_precision: float
    expected_matches: float
    n_components: int
    n_greedy: int

    @property
    def lost(self) -> BoolArray:
        """`(n_pairs,)` pairs that lost a record to a better pair."""
        return np.array([reason == "lost_assignment" for reason in self.reason], dtype=bool)


def decide(pairs: ScoredPairs, *, settings: LinkSettings, n_records: int) -> Decided:
    """
    Let the pairs compete as the link type says, then apply the threshold.

    Pairs compete from the probability `possible` on, so that a relative who fits less well loses to the
    right record instead of being linked beside it.
    """
    probability = pairs.probability
    assigned = _compete(pairs, settings)
    link = assigned.chosen & (probability >= settings.threshold)
    won = "assigned" if settings.link_type in {LinkType.ONE_TO_ONE, LinkType.ONE_TO_MANY} else "above_threshold"
    judgement = np.where(link, "link", np.where(assigned.chosen, "possible_link", "non_link"))
    reason = np.where(link, won, np.where(assigned.chosen, "below_threshold", "lost_assignment"))
    together = np.stack([pairs.left[link], pairs.right[link]], axis=1)
    return Decided(
        judgement=judgement.tolist(),
        reason=reason.tolist(),
        cluster=clusters(together if settings.link_type is LinkType.DEDUPE else together[:0], n_records=n_records),
        expected_precision=float(probability[link].mean()) if link.any() else float("nan"),
        expected_matches=float(probability[assigned.chosen].sum()),
        n_components=assigned.n_components,
        n_greedy=assigned.n_greedy,
    )


def _compete(pairs: ScoredPairs, settings: LinkSettings) -> Assignment:
    over_floor: FloatArray = pairs.weight - prior_bits(settings.possible) + 1e-9
    if settings.link_type is LinkType.ONE_TO_ONE:
        return assign(pairs.left, pairs.right, over_floor)
    everybody: BoolArray = np.ones(len(pairs), dtype=bool)
    if settings.link_type is LinkType.ONE_TO_MANY:
        everybody = best_of_right(pairs.left, pairs.right, over_floor)
    return Assignment(everybody, 0, 0)
