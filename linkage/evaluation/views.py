"""
Three independent ways to see how many links are wrong and how many matches were left. Opens nothing.

`model` believes the probabilities. `neighbours` counts partners and believes no probability. `decoys` counts links to
records that cannot be true. (The histories of `capture` see matches that stay hidden.) Each rests on its own
assumptions (`ASSUMPTIONS`), so where they disagree, the model is wrong somewhere, and the distance says by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import poisson

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.evaluation.found import FoundPairs
from linkage.evaluation.intervals import poisson_interval, wilson_interval
from linkage.evaluation.neighbours import fit_neighbours

__all__ = ["ASSUMPTIONS", "Range", "View", "by_decoys", "by_model", "by_neighbours"]

_SUREST = 1e-15  # least doubt of a probability

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


def by_model(found: FoundPairs) -> View:
    """From the probabilities alone."""
    n = int(found.linked.sum())
    right = float(found.assigned[found.linked].sum())
    low, high = wilson_interval(right, n)
    missed = float(found.assigned[~found.linked].sum()) + found.expected_below
    return View("model", n, Range(n - right, n * (1 - high), n * (1 - low)), _counted(missed))


def by_neighbours(found: FoundPairs, *, records: IntArray, other_share: float) -> View | None:
    """
    From the numbers of partners.

    Args:
        found: Pairs whose left record is one of `records`.
        records: Left rows looked at, those without any pair included.
        other_share: Share of the right records that are linked.

    Returns:
        None without links.
    """
    n = int(found.linked.sum())
    if n == 0:
        return None
    above = found.probability >= found.threshold
    partners = _partners(found, above)[records]
    fit = fit_neighbours(partners)
    unsure = _swaps(found, above, partnered=float(fit.partnered[0]), false_mean=float(fit.false_mean[0]))
    if (above & ~found.linked).any():
        false = fit.bounds(fit.false_mean * len(records) * (1 - fit.partnered))
        free = _free_ends(found, above, other_share=other_share)
        false = (false[0] * free.best, false[1] * free.low, false[2] * free.high)
    else:  # every pair above the threshold is a link
        false, unsure = fit.bounds(fit.false_mean * len(records)), Range(0.0, 0.0, 0.0)
    wrong = _realised(Range(*false).plus(unsure), most=n)
    return View("neighbours", n, wrong, _missed(found, records, swapped=unsure))


def _swaps(found: FoundPairs, above: BoolArray, *, partnered: float, false_mean: float) -> Range:
    """Links in which a rival won over the true pair: only where the true pair is among those above the threshold."""
    most = float((1 - _share_of_crowd(found, above)[found.linked]).sum())
    true = 2 * partnered  # of two pairs of one record, one may be true
    present = true / (true + (1 - partnered) * false_mean) if true > 0 else 0.0
    return Range(most * present, 0.0, most)


def _free_ends(found: FoundPairs, above: BoolArray, *, other_share: float) -> Range:
    """
    How often the right record of a false pair is free to be linked: as often as those that lost against a link.

    A brother who is in the right table alone is free; one whose own record is in the left table mostly is not.
    """
    taken_left, taken_right = _taken(found)
    lost = above & ~found.linked & taken_left[found.left]
    n, free = int(lost.sum()), int((lost & ~taken_right[found.right]).sum())
    low, high = wilson_interval(free, n)
    return Range(free / n if n else 1 - other_share, low, high)


def by_decoys(found: FoundPairs, *, n_decoy_links: int, n_sets: int, other_share: float) -> View | None:
    """
    From links to decoys.

    Where records compete, only right records without a true partner are as free as decoys are; the upper end does
    not count on it.
    """
    n = int(found.linked.sum())
    if n == 0 or n_sets == 0:
        return None
    low, high = (end / n_sets for end in poisson_interval(n_decoy_links))
    competes = bool(((found.probability >= found.threshold) & ~found.linked).any())
    free = 1 - other_share if competes else 1.0
    false = Range(n_decoy_links / n_sets * free, low * free, high)
    return View("decoys", n, _realised(false, most=n), None)


def _missed(found: FoundPairs, records: IntArray, *, swapped: Range) -> Range:
    """Matches below the threshold between records that no link has taken; and those lost to a wrong rival."""
    taken_left, taken_right = _taken(found)
    below = (found.probability < found.threshold) & ~taken_left[found.left] & ~taken_right[found.right]
    free = records[~taken_left[records]]
    fit = fit_neighbours(_partners(found, below)[free])
    beneath = _counted(found.expected_below).plus(swapped)
    return Range(*fit.bounds(fit.partnered * len(free))).plus(beneath)


def _taken(found: FoundPairs) -> tuple[BoolArray, BoolArray]:
    """`(n_left,)` and `(n_right,)` records that are linked."""
    left, right = np.zeros(found.n_left, dtype=bool), np.zeros(found.n_right, dtype=bool)
    left[found.left[found.linked]] = True
    right[found.right[found.linked]] = True
    if found.within:
        left |= right
        right = left
    return left, right


def _partners(found: FoundPairs, chosen: BoolArray) -> IntArray:
    """`(n_left,)` chosen pairs of every left record; within one table of every record."""
    n = np.bincount(found.left[chosen], minlength=found.n_left)
    if found.within:
        n = n + np.bincount(found.right[chosen], minlength=found.n_left)
    return np.asarray(n, dtype=np.int64)


def _share_of_crowd(found: FoundPairs, above: BoolArray) -> FloatArray:
    """`(n_pairs,)` odds of the pair over those of all pairs above the threshold that want one of its records."""
    odds = np.where(above | found.linked, 1.0 / np.maximum(1.0 - found.probability, _SUREST) - 1.0, 0.0)
    left = np.bincount(found.left, weights=odds, minlength=found.n_left)
    right = np.bincount(found.right, weights=odds, minlength=found.n_right)
    if found.within:
        left = right = left + right
    most = np.maximum(left[found.left], right[found.right])
    return np.where(most > 0, odds / np.where(most > 0, most, 1.0), 1.0)


def _counted(mean: float) -> Range:
    """What a Poisson count of this mean will be."""
    low, high = (float(poisson.ppf(q, mean)) if mean > 0 else 0.0 for q in (0.025, 0.975))
    return Range(mean, min(low, mean), max(high, mean))


def _realised(mean: Range, *, most: float) -> Range:
    """An uncertain mean widened by the chance of the count itself."""
    chance = _counted(mean.best)
    low = mean.best - float(np.hypot(mean.best - mean.low, chance.best - chance.low))
    high = mean.best + float(np.hypot(mean.high - mean.best, chance.high - chance.best))
    return Range(min(mean.best, most), max(low, 0.0), min(high, most))


def _part(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
