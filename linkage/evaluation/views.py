"""
Three independent ways to see how many links are wrong and how many matches were left. Opens nothing.

`model` believes the probabilities. `neighbours` counts partners and believes no probability. `decoys` counts links to
records that cannot be true. (The histories of `capture` see matches that stay hidden.) Each rests on its own
assumptions (`ASSUMPTIONS`), so where they disagree, the model is wrong somewhere, and the distance says by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.evaluation.intervals import poisson_interval, poisson_quantile, wilson_interval
from linkage.evaluation.neighbours import fit_neighbours
from linkage.evaluation.standing import Part

__all__ = ["ASSUMPTIONS", "Range", "View", "by_decoys", "by_model", "by_neighbours"]

ASSUMPTIONS = {
    "model": "the probabilities are right: comparisons depend on each other only as the model says",
    "neighbours": "no duplicates within a table; having a true partner changes nothing in the number of false ones",
    "decoys": "a decoy agrees with a record as often as another person of the right table does",
    "histories": "key errors follow a log-linear model with at most two dependent pairs or one common cause",
}


@dataclass(frozen=True, slots=True)
class Range:
    """A number with its 95 % interval."""

    best: float
    low: float
    high: float

    def plus(self, other: Range) -> Range:
        """Sum; the ends are added."""
        return Range(self.best + other.best, self.low + other.low, self.high + other.high)


@dataclass(frozen=True, slots=True)
class View:
    """
    Attributes:
        name: Key of `ASSUMPTIONS`.
        n_links: Links looked at.
        false: Wrong links among them.
        missed: Matches among the proposed pairs that are no links; None if this view cannot see them.
    """

    name: str
    n_links: int
    false: Range
    missed: Range | None

    @property
    def right(self) -> Range:
        """Links that are matches."""
        ends = (max(self.n_links - x, 0.0) for x in (self.false.best, self.false.high, self.false.low))
        return Range(*ends)

    @property
    def precision(self) -> Range:
        """Share of the links that are matches."""
        n = max(self.n_links, 1)
        return Range(self.right.best / n, self.right.low / n, self.right.high / n)

    def recall(self, missed: Range) -> Range:
        """Share of the proposed matches that are links, given how many are none."""
        right = self.right
        return Range(
            _part(right.best, right.best + missed.best),
            _part(right.low, right.low + missed.high),
            _part(right.high, right.high + missed.low),
        )


def by_model(part: Part) -> View:
    """From the probabilities alone."""
    linked, assigned = part.linked, part.assigned
    n, false = int(linked.sum()), float((1 - assigned[linked]).sum())
    missed = float(assigned[~linked].sum()) + part.expected_below
    return View("model", n, _realised(Range(false, false, false), most=n), _counted(missed))


def by_neighbours(part: Part) -> View | None:
    """From the numbers of partners; None without links."""
    n, n_records = int(part.linked.sum()), len(part.records) * _records_a_pair(part)
    if n == 0:
        return None
    fit = fit_neighbours(part.standing.n_above[part.records])
    unsure = _swaps(part, partnered=float(fit.partnered[0]), false_mean=float(fit.false_mean[0]))
    if part.standing.competes:
        best, low, high = fit.bounds(fit.false_mean * n_records * (1 - fit.partnered))
        free = _free_ends(part)
        false = Range(best * free.best, low * free.low, high * free.high)
    else:  # every pair above the threshold is a link
        false, unsure = Range(*fit.bounds(fit.false_mean * n_records)), Range(0.0, 0.0, 0.0)
    return View("neighbours", n, _realised(false.plus(unsure), most=n), _missed(part, swapped=unsure))


def _records_a_pair(part: Part) -> float:
    """Within one table every pair is a partner of two of the records counted."""
    return 0.5 if part.standing.found.within else 1.0


def _swaps(part: Part, *, partnered: float, false_mean: float) -> Range:
    """Links in which a rival won over the true pair: only where the true pair is among those above the threshold."""
    most = float(part.standing.doubt[part.rows][part.linked].sum())
    true = 2 * partnered  # of two pairs of one record, one may be true
    present = true / (true + (1 - partnered) * false_mean) if true > 0 else 0.0
    return Range(most * present, 0.0, most)


def _free_ends(part: Part) -> Range:
    """
    How often the right record of a false pair is free to be linked: as often as those that lost against a link.

    A brother who is in the right table alone is free; one whose own record is in the left table mostly is not.
    """
    n, free = (int(held[part.rows].sum()) for held in (part.standing.lost, part.standing.lost_free))
    low, high = wilson_interval(free, n)
    return Range(free / n if n else 1 - part.standing.right_linked, low, high)


def _missed(part: Part, *, swapped: Range) -> Range:
    """Matches below the threshold between records that no link has taken; and those lost to a wrong rival."""
    free = part.records[~part.standing.taken[part.records]]
    fit = fit_neighbours(part.standing.n_below[free])
    beneath = _counted(part.expected_below).plus(swapped)
    return Range(*fit.bounds(fit.partnered * len(free) * _records_a_pair(part))).plus(beneath)


def by_decoys(part: Part, *, n_decoy_links: int, n_sets: int) -> View | None:
    """
    From links to decoys; None without links or sets.

    Where records compete, only right records without a true partner are as free as decoys are; the upper end does
    not count on it.
    """
    n = int(part.linked.sum())
    if n == 0 or n_sets == 0:
        return None
    low, high = (end / n_sets for end in poisson_interval(n_decoy_links))
    free = 1 - part.standing.right_linked if part.standing.competes else 1.0
    false = Range(n_decoy_links / n_sets * free, low * free, high)
    return View("decoys", n, _realised(false, most=n), None)


def _counted(mean: float) -> Range:
    """What a Poisson count of this mean will be."""
    low, high = (poisson_quantile(q, mean) if mean > 0 else 0.0 for q in (0.025, 0.975))
    return Range(mean, min(low, mean), max(high, mean))


def _realised(mean: Range, *, most: float) -> Range:
    """An uncertain mean widened by the chance of the count itself."""
    chance = _counted(mean.best)
    low = mean.best - float(np.hypot(mean.best - mean.low, chance.best - chance.low))
    high = mean.best + float(np.hypot(mean.high - mean.best, chance.high - chance.best))
    return Range(min(mean.best, most), max(low, 0.0), min(high, most))


def _part(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
