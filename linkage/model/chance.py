"""u: how often pairs that are no match reach each level by chance. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graph_schema.chance import stream
from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.columns import Codes
from linkage.comparison.base import Prepared
from linkage.model.model import Model

__all__ = ["agreement_by_chance", "random_pairs", "sampled_u", "without_matches"]

_LEAST_LEFT = 0.02  # of a level's chance agreement that is kept when the matches are taken out of it
_PSEUDO = 0.5  # imagined random pairs a level


def random_pairs(n_left: int, n_right: int, *, within: bool, n: int, seed: int) -> tuple[IntArray, IntArray]:
    """
    Independent random pairs of rows; every pair if there are no more than `n`.

    Args:
        n_left: Rows of the left table.
        n_right: Rows of the right table.
        within: Whether both are the same table; a record is then never paired with itself.
        n: How many.
        seed: The study's seed; the stream is called `"u-sample"`.
    """
    if n_left * n_right <= n:
        left = np.repeat(np.arange(n_left), n_right)
        right = np.tile(np.arange(n_right), n_left)
    else:
        draw = stream("u-sample", seed=seed)
        left, right = draw.integers(0, n_left, n), draw.integers(0, n_right, n)
    kept = left < right if within and n_left * n_right <= n else left != right if within else slice(None)
    return left[kept].astype(np.int64), right[kept].astype(np.int64)


def agreement_by_chance(codes: Codes, *, within: bool, apart: IntArray | None = None) -> float | None:
    """
    The exact probability that a random pair with two values has equal ones, from the values' frequencies.

    Args:
        codes: Values of both sides.
        within: Whether both sides are one table.
        apart: `(n_rows,)` rows with equal codes are never a pair (within one table).

    Returns:
        The probability, or None where no pair has two values.
    """
    if within and apart is not None:
        return _agreement_apart(codes.left.astype(np.int64), np.asarray(apart, dtype=np.int64))
    left, right = codes.counts()
    if within:
        n = int(left.sum())
        return float((left * (left - 1)).sum()) / (n * (n - 1)) if n > 1 else None
    n_pairs = int(left.sum()) * int(right.sum())
    return float((left.astype(np.float64) * right).sum()) / n_pairs if n_pairs else None


def _agreement_apart(values: IntArray, apart: IntArray) -> float | None:
    """Pairs of equal value that may meet, of all pairs with values that may meet."""
    there = values >= 0
    groups = np.unique(apart[there], return_inverse=True)[1].reshape(-1).astype(np.int64)
    by_group = np.bincount(groups).astype(np.float64)
    n_pairs = by_group.sum() ** 2 - (by_group**2).sum()
    if n_pairs <= 0:
        return None
    by_value = np.bincount(values[there]).astype(np.float64)
    both = np.unique(values[there] * len(by_group) + groups, return_counts=True)[1].astype(np.float64)
    return float(((by_value**2).sum() - (both**2).sum()) / n_pairs)


def sampled_u(
    gammas: Int8Array,
    *,
    level_counts: Sequence[int],
    prepared: Sequence[Prepared],
    within: bool,
    apart: IntArray | None = None,
) -> list[FloatArray]:
    """
    Level probabilities among all pairs, matches included.

    Args:
        gammas: `(n_random_pairs, n_comparisons)` levels of random pairs.
        level_counts: Number of levels of each comparison.
        prepared: The comparisons; where they have value codes the strongest level is exact, not sampled.
        within: Whether both sides are one table.
        apart: Rows with equal codes are never a pair (within one table).

    Returns:
        `(n_levels,)` for each comparison, all above 0.
    """
    out = []
    for column, (n_levels, bound) in enumerate(zip(level_counts, prepared, strict=True)):
        reached = gammas[:, column]
        counts = np.bincount(reached[reached >= 0], minlength=n_levels).astype(np.float64) + _PSEUDO
        u = counts / float(counts.sum())
        exact = agreement_by_chance(bound.codes, within=within, apart=apart) if bound.codes is not None else None
        if exact is not None and 0 < exact < 1:
            u = np.append(u[:-1] / float(u[:-1].sum()) * (1 - exact), exact)
        out.append(u)
    return out


def without_matches(u: Sequence[FloatArray], model: Model) -> list[FloatArray]:
    """
    `u` of all pairs with the share of the matches taken out: (u - prior * m) / (1 - prior).

    In small tables the matches themselves are most of the agreements on a near-unique column. At least
    2 % of each level's chance agreement is kept, because the subtraction is the difference of two estimates.
    """
    out = []
    for part, every in zip(model.comparisons, u, strict=True):
        rest = np.maximum(every - model.prior * np.array(part.m), _LEAST_LEFT * every)
        out.append(rest / float(rest.sum()))
    return out
