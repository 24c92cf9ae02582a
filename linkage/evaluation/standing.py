"""Where every found pair stands among the others that want its records; counted once for all. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from linkage.arrays import BoolArray, FloatArray, Int32Array, IntArray
from linkage.evaluation.found import FoundPairs

__all__ = ["Part", "Standing", "parts", "standing"]

_SUREST = 1e-15  # least doubt of a probability


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Attributes:
        found: The pairs.
        above: `(n_pairs,)` whether the pair reaches the threshold.
        lost: `(n_pairs,)` 1 if it reaches it, but its left record is linked to another one; within one table the
            number of its records that are.
        lost_free: `(n_pairs,)` in how many of these cases its other record is not linked at all.
        doubt: `(n_pairs,)` share of the odds that pairs above the threshold for one of its records hold against it.
        n_above: `(n_left,)` pairs of each left record above the threshold; within one table of every record.
        n_below: `(n_left,)` pairs below it between records that are not linked.
        taken: `(n_left,)` whether the left record is linked.
        right_linked: Share of the right records that are linked.
        competes: Whether a pair above the threshold is no link.
    """

    found: FoundPairs
    above: BoolArray
    lost: IntArray
    lost_free: IntArray
    doubt: FloatArray
    n_above: IntArray
    n_below: IntArray
    taken: BoolArray
    right_linked: float
    competes: bool


@dataclass(frozen=True, slots=True)
class Part:
    """
    The pairs and left records of a subgroup, or all.

    Attributes:
        standing: Of all pairs.
        rows: Pairs whose left record is one of `records`.
        records: Left rows, those without any pair included.
        expected_below: Matches the model expects among proposed pairs of these records that are not reported.
    """

    standing: Standing
    rows: IntArray
    records: IntArray
    expected_below: float

    @property
    def linked(self) -> BoolArray:
        """`(n_rows,)` whether each pair is a link."""
        return self.standing.found.linked[self.rows]

    @property
    def assigned(self) -> FloatArray:
        """`(n_rows,)` probability of each pair over all admissible assignments."""
        return self.standing.found.assigned[self.rows]


def standing(found: FoundPairs) -> Standing:
    """Count what every pair stands against."""
    above = found.probability >= found.threshold
    taken_left, taken_right = _taken(found)
    rival, left, right = above & ~found.linked, taken_left[found.left], taken_right[found.right]
    lost, lost_free = (rival & left).astype(np.int64), (rival & left & ~right).astype(np.int64)
    if found.within:
        lost, lost_free = lost + (rival & right), lost_free + (rival & right & ~left)
    below = ~above & ~left & ~right
    return Standing(
        found=found,
        above=above,
        lost=lost,
        lost_free=lost_free,
        doubt=1 - _share_of_crowd(found, above | found.linked),
        n_above=_pairs_of(found, above),
        n_below=_pairs_of(found, below),
        taken=taken_left,
        right_linked=float(taken_right.mean()) if len(taken_right) else 0.0,
        competes=bool(rival.any()),
    )


def parts(of: Standing, codes: Int32Array | None, n_levels: int) -> list[Part]:
    """
    The subgroups by level, or one part with everything.

    Args:
        of: Standing of all pairs.
        codes: `(n_left,)` level of every left record, -1 unknown; None: no subgroups.
        n_levels: Levels.
    """
    found = of.found
    if codes is None:
        rows, records = np.arange(len(found), dtype=np.int64), np.arange(found.n_left, dtype=np.int64)
        return [Part(of, rows, records, found.expected_below)]
    by_pair, by_record = (_slices(held, n_levels) for held in (codes[found.left], codes))
    total = float(found.assigned.sum())
    shares = [float(found.assigned[rows].sum()) / total if total else 0.0 for rows in by_pair]
    return [
        Part(of, rows, records, found.expected_below * share)
        for rows, records, share in zip(by_pair, by_record, shares, strict=True)
    ]


def _slices(codes: Int32Array, n_levels: int) -> list[IntArray]:
    """Positions of every level, rising."""
    order = np.argsort(codes, kind="stable").astype(np.int64)
    bounds = np.searchsorted(codes[order], np.arange(n_levels + 1))
    return [order[start:end] for start, end in pairwise(bounds.tolist())]


def _taken(found: FoundPairs) -> tuple[BoolArray, BoolArray]:
    """`(n_left,)` and `(n_right,)` records that are linked."""
    left, right = np.zeros(found.n_left, dtype=bool), np.zeros(found.n_right, dtype=bool)
    left[found.left[found.linked]] = True
    right[found.right[found.linked]] = True
    if found.within:
        left |= right
        right = left
    return left, right


def _pairs_of(found: FoundPairs, chosen: BoolArray) -> IntArray:
    """`(n_left,)` chosen pairs of every left record; within one table of every record."""
    n = np.bincount(found.left[chosen], minlength=found.n_left)
    if found.within:
        n = n + np.bincount(found.right[chosen], minlength=found.n_left)
    return np.asarray(n, dtype=np.int64)


def _share_of_crowd(found: FoundPairs, wanting: BoolArray) -> FloatArray:
    """`(n_pairs,)` odds of the pair over those of all pairs that want one of its records."""
    odds = np.where(wanting, 1.0 / np.maximum(1.0 - found.probability, _SUREST) - 1.0, 0.0)
    left = np.bincount(found.left, weights=odds, minlength=found.n_left)
    right = np.bincount(found.right, weights=odds, minlength=found.n_right)
    if found.within:
        left = right = left + right
    most = np.maximum(left[found.left], right[found.right])
    return np.where(most > 0, odds / np.where(most > 0, most, 1.0), 1.0)
