"""
True and false partners told apart by their number alone, whatever the model says. Opens nothing.

A record has at most one true partner, but any number of false ones. So the number of partners at or above a threshold
is a Bernoulli variable plus a Poisson one (negative binomial, where some records have more look-alikes than others).
How often two and more occur shows how many of the single ones are false. Relatives, namesakes and dependent fields
are in the count as they are: nothing is assumed of the comparisons.

Assumed: no duplicates within a table; having a true partner does not change the number of false ones.

Source: Blakely and Salmond (2002), https://doi.org/10.1093/ije/31.6.1246; Dasylva and Goussanou (2022),
https://doi.org/10.1007/s42081-022-00153-3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from linkage.arrays import FloatArray, IntArray

__all__ = ["NeighbourFit", "fit_neighbours"]

_MOST = 40  # partners from which a record counts as having this many
_SHAPES = np.array([0.1, 0.3, 1.0, 3.0, 10.0, np.inf])
_DROP_95 = 1.920729410347062  # fall of the log-likelihood at the end of a 95 % interval
_FAR = 7.0  # fall beyond which the grid is not refined
_REFINED = 3


@dataclass(frozen=True, slots=True)
class NeighbourFit:
    """
    What the numbers of partners allow.

    Attributes:
        partnered: `(n_points,)` share of records with a true partner; the first point is the best one.
        false_mean: `(n_points,)` false partners a record; both within the 95 % region of the likelihood.
        n_records: Records counted.
    """

    partnered: FloatArray
    false_mean: FloatArray
    n_records: int

    def bounds(self, values: FloatArray) -> tuple[float, float, float]:
        """Best value, lowest and highest of something computed at every point."""
        return float(values[0]), float(values.min()), float(values.max())


def fit_neighbours(n_partners: IntArray) -> NeighbourFit:
    """
    Fit the mixture by its likelihood on a grid that is refined where it is high.

    Args:
        n_partners: `(n_records,)` partners of every record, those without any included.
    """
    counts = np.bincount(np.minimum(n_partners, _MOST)).astype(np.float64)
    n = float(counts.sum())
    if n == 0:
        return NeighbourFit(np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0]), 0)
    mean = max(float(counts @ np.arange(len(counts))) / n, 1.0 / n)
    shares = np.linspace(0.0, 1.0, 61)
    means = np.r_[0.0, np.geomspace(0.01 / n, 3 * mean + 5 / n, 60)]
    for _ in range(_REFINED):
        fit = _log_likelihood(counts, shares, means)
        top = fit.max()
        high = (fit >= top - _FAR).any(axis=2)
        shares = _finer(shares, high.any(axis=1), 61)
        means = _finer(means, high.any(axis=0), 61)
    fit = _log_likelihood(counts, shares, means).max(axis=2)
    best = np.unravel_index(int(fit.argmax()), fit.shape)
    inside = np.argwhere(fit >= fit.max() - _DROP_95)
    rows = np.concatenate([[[int(best[0]), int(best[1])]], inside])
    return NeighbourFit(shares[rows[:, 0]], means[rows[:, 1]], int(n))


def _finer(values: FloatArray, kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], n: int) -> FloatArray:
    """A grid over the kept values and one beside them."""
    at = np.flatnonzero(kept)
    low, high = values[max(at[0] - 1, 0)], values[min(at[-1] + 1, len(values) - 1)]
    if low > 0 and high / low > 20:
        return np.asarray(np.geomspace(low, high, n), dtype=np.float64)
    if low == 0 and len(at) > 20 and values[1] > 0:
        return np.concatenate([np.zeros(1), np.geomspace(values[1], high, n - 1)])
    return np.asarray(np.linspace(low, high, n), dtype=np.float64)


def _log_likelihood(counts: FloatArray, shares: FloatArray, means: FloatArray) -> FloatArray:
    """`(n_shares, n_means, n_shapes)`."""
    k = np.arange(len(counts), dtype=np.float64)
    false = _false_partners(k, means)  # (n_counts, n_means, n_shapes)
    shifted = np.concatenate([np.zeros_like(false[:1]), false[:-1]])
    total = np.zeros((len(shares), *false.shape[1:]))
    for number, count in enumerate(counts):
        if count > 0:
            mixed = (1 - shares)[:, None, None] * false[number] + shares[:, None, None] * shifted[number]
            total += count * np.log(np.maximum(mixed, 1e-300))
    return total


def _false_partners(k: FloatArray, means: FloatArray) -> FloatArray:
    """Probability of k false partners, `(n_counts, n_means, n_shapes)`."""
    safe = np.maximum(means, 1e-300)
    poisson = np.exp(k[:, None] * np.log(safe) - safe - gammaln(k + 1)[:, None])
    out = [poisson]
    for shape in _SHAPES[:-1]:
        odds = np.log(safe / (safe + shape))
        kept = shape * np.log(shape / (safe + shape))
        out.append(np.exp((gammaln(k + shape) - gammaln(shape) - gammaln(k + 1))[:, None] + k[:, None] * odds + kept))
    return np.stack(out, axis=2)
