"""Intervals of shares and counts, for independent and for clustered observations. Opens nothing."""

from __future__ import annotations

from math import isfinite, sqrt

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import gammaincinv, pdtr, pdtrik

from linkage.arrays import FloatArray, IntArray

__all__ = ["Share", "poisson_interval", "poisson_quantile", "ratio", "share_of", "wilson_bounds", "wilson_interval"]

_Z_95 = 1.959963984540054
_DENSE = 4  # codes up to this many times the number of units are counted without sorting
_DIGITS = 9  # of a share: more is noise of the summation


class Share(BaseModel):
    """A share with its 95 % interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float | None = Field(description="The estimate, 0 to 1; null where there is nothing to divide by.")
    low: float = Field(ge=0, le=1, description="Lower end of the 95 % interval.")
    high: float = Field(ge=0, le=1, description="Upper end of the 95 % interval.")

    @classmethod
    def of(cls, share: float | None, low: float, high: float) -> Share:
        """A share that keeps within 0 and 1, and its interval around it."""
        low, high = (min(max(x, 0.0), 1.0) for x in (low, high))
        if share is None or not isfinite(share):
            return cls(share=None, low=round(low, _DIGITS), high=round(high, _DIGITS))
        share = min(max(share, 0.0), 1.0)
        ends = min(low, share), max(high, share)
        return cls(share=round(share, _DIGITS), low=round(ends[0], _DIGITS), high=round(ends[1], _DIGITS))


def wilson_interval(n_hits: float, n: float) -> tuple[float, float]:
    """
    95 % interval of a share. (0, 1) without observations.

    Source: Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953.

    >>> tuple(round(end, 3) for end in wilson_interval(48, 50))
    (0.865, 0.989)
    """
    if n <= 0:
        return 0.0, 1.0
    share, z2 = n_hits / n, _Z_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 * sqrt(max(share * (1 - share), 0.0) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def wilson_bounds(n_hits: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval of many shares at once, `(n_shares,)` each; 0 and 1 where there is no observation."""
    safe = np.where(n > 0, n, 1.0)
    share, z2 = np.clip(n_hits / safe, 0.0, 1.0), _Z_95**2
    middle = (share + z2 / (2 * safe)) / (1 + z2 / safe)
    half = _Z_95 * np.sqrt(share * (1 - share) / safe + z2 / (4 * safe * safe)) / (1 + z2 / safe)
    none = n <= 0
    return np.where(none, 0.0, np.maximum(middle - half, 0.0)), np.where(none, 1.0, np.minimum(middle + half, 1.0))


def poisson_interval(count: float) -> tuple[float, float]:
    """
    95 % interval of the mean of a Poisson count (Garwood 1936).

    >>> tuple(round(end, 2) for end in poisson_interval(0))
    (0.0, 3.69)
    """
    low = 0.0 if count <= 0 else float(gammaincinv(count, 0.025))
    return low, float(gammaincinv(count + 1, 0.975))


def poisson_quantile(probability: float, mean: float) -> float:
    """
    The smallest count that a Poisson variable does not exceed with a probability.

    By `scipy.special`: `scipy.stats` takes longer to load than a small linkage to run.

    >>> poisson_quantile(0.975, 4.0), poisson_quantile(0.025, 0.5)
    (8.0, 0.0)
    """
    above = float(np.ceil(pdtrik(probability, mean)))
    below = max(above - 1.0, 0.0)
    return below if pdtr(below, mean) >= probability else above


def share_of(n_hits: float, n: float) -> Share:
    """A share of independent observations."""
    return Share.of(n_hits / n if n > 0 else None, *wilson_interval(n_hits, n))


def ratio(part: FloatArray, whole: FloatArray, *, cluster: IntArray | None = None) -> Share:
    """
    Sum of parts over sum of wholes; units of one cluster err together.

    The variance is that of the linearised ratio between clusters; the interval is Wilson's at the sample size that
    would have this variance (Korn and Graubard 1998, https://www150.statcan.gc.ca/n1/pub/12-001-x/1998002/article/4356-eng.pdf).
    Where nothing varies (all right, or all wrong), the size is Kish's, from the sizes of the clusters.

    Args:
        part: `(n_units,)` at most `whole`.
        whole: `(n_units,)` not negative.
        cluster: `(n_units,)` code of each unit's cluster, 0 or more; None: units are independent.
    """
    total = float(whole.sum())
    if total <= 0:
        return Share.of(None, 0.0, 1.0)
    share = min(max(float(part.sum()) / total, 0.0), 1.0)
    if cluster is None:
        residual, size = part - share * whole, whole
    else:
        code = cluster
        if len(cluster) and not 0 <= cluster.min() <= cluster.max() <= _DENSE * len(cluster):
            code = np.unique(cluster, return_inverse=True)[1].astype(np.int64)
        residual = np.bincount(code, weights=part - share * whole).astype(np.float64)
        size = np.bincount(code, weights=whole).astype(np.float64)
    n_clusters = int((size > 0).sum())
    variance = float((residual**2).sum()) / total**2 * n_clusters / max(n_clusters - 1, 1)
    kish = total**2 / float((size**2).sum())
    n = min(share * (1 - share) / variance, total) if variance > 1e-15 else kish
    return Share.of(share, *wilson_interval(share * n, n))
