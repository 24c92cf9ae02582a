"""
Log-linear models of the histories of found matches, carried over to the histories nobody saw. Opens nothing.

Poisson regression of the number of matches on which keys disagree: every key for itself, one or two pairs of keys that
err together, and a common cause (the number of disagreeing pairs of keys) that makes all keys of a record err.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np

from linkage.arrays import FloatArray
from linkage.evaluation.histories import Histories
from linkage.evaluation.intervals import poisson_quantile

__all__ = ["Carried", "Fit", "models"]

_Z_95 = 1.959963984540054
_MOST_LOG = 60.0
_Design: TypeAlias = tuple[tuple[tuple[int, int], ...], bool]


@dataclass(frozen=True, slots=True)
class Carried:
    """A number carried over to histories that were not counted, with its 95 % interval."""

    best: float
    low: float
    high: float

    def span(self, other: Carried) -> Carried:
        """The same estimate with an interval that holds the other's too."""
        return Carried(self.best, min(self.low, other.low), max(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Fit:
    """
    Attributes:
        aic: Akaike's criterion, up to a constant.
        deviance: From the counts of clear histories.
        n_free: Degrees of freedom of it.
        lost: Matches no rule proposes.
        hidden: Matches proposed in histories that are not clear.
    """

    aic: float
    deviance: float
    n_free: int
    lost: Carried
    hidden: Carried


def models(kinds: Histories) -> list[Fit]:
    """Every model that the clear histories can carry over to the others; two pairs of keys only beside the best one."""
    pairs = list(combinations(range(kinds.apart.shape[1]), 2))
    designs: list[_Design] = [((), False), ((), True), *(((pair,), True) for pair in pairs)]
    fits = [fit for design in designs if (fit := _fit(kinds, design)) is not None]
    single = [(fit, pair) for pair in pairs if (fit := _fit(kinds, ((pair,), False))) is not None]
    if single:
        _, best = min(single, key=lambda one: one[0].aic)
        twos = [((best, pair), False) for pair in pairs if pair != best]
        fits += [fit for design in twos if (fit := _fit(kinds, design)) is not None]
    return fits + [fit for fit, _ in single]


def _matrix(kinds: Histories, design: _Design) -> FloatArray:
    """`(n_kinds, n_terms)` terms of the log-linear model."""
    pairs, common = design
    columns = [np.ones(len(kinds.apart)), *kinds.apart.T]
    columns += [kinds.apart[:, a] * kinds.apart[:, b] for a, b in pairs]
    if common:
        n_apart = kinds.apart.sum(axis=1)
        columns.append(n_apart * (n_apart - 1) / 2)
    return np.stack(columns, axis=1)


def _fit(kinds: Histories, design: _Design) -> Fit | None:
    """Poisson log-linear model of the clear histories, carried over to the others; None where it cannot be."""
    x = _matrix(kinds, design)
    inside, y = x[kinds.clear], kinds.counts[kinds.clear]
    if len(inside) < x.shape[1] or not _estimable(inside, x[~kinds.clear]):
        return None
    beta = _newton(inside, y)
    mean = np.exp(inside @ beta)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviance = 2 * float(np.where(y > 0, y * np.log(y / mean), 0.0).sum() - (y - mean).sum())
    n_free = len(inside) - x.shape[1]
    excess = max(1.0, deviance / n_free) if n_free > 0 else 1.0
    covariance = np.asarray(excess * np.linalg.pinv(inside.T @ (inside * mean[:, None])), dtype=np.float64)
    return Fit(
        aic=deviance + 2 * x.shape[1],
        deviance=deviance,
        n_free=n_free,
        lost=_carry(x[~kinds.proposed], beta, covariance),
        hidden=_carry(x[kinds.proposed & ~kinds.clear], beta, covariance),
    )


def _carry(x: FloatArray, beta: FloatArray, covariance: FloatArray) -> Carried:
    """Matches expected in other histories: lognormal interval of the mean, widened by the chance of the count."""
    expected = np.exp(np.minimum(x @ beta, _MOST_LOG))
    total = float(expected.sum())
    if total == 0:
        return Carried(0.0, 0.0, 0.0)
    gradient = expected @ x / total
    factor = float(np.exp(min(_Z_95 * np.sqrt(max(float(gradient @ covariance @ gradient), 0.0)), _MOST_LOG)))
    below, above = (poisson_quantile(q, min(total, 1e12)) for q in (0.025, 0.975))
    low = total - float(np.hypot(total - total / factor, total - below))
    high = total + float(np.hypot(total * factor - total, above - total))
    return Carried(total, max(low, 0.0), high)


def _estimable(inside: FloatArray, outside: FloatArray) -> bool:
    """Whether what is unseen is a combination of what is seen."""
    sizes, vectors = np.linalg.eigh(inside.T @ inside)  # of few terms; the histories themselves are thousands
    basis = vectors[:, sizes > 1e-11 * sizes[-1]]
    return bool(np.abs(outside - (outside @ basis) @ basis.T).max(initial=0.0) < 1e-6)


def _newton(x: FloatArray, y: FloatArray) -> FloatArray:
    """Maximum of the Poisson likelihood, with a trace of a penalty that keeps unseen effects finite."""
    ridge = 1e-6 * np.eye(x.shape[1])
    mean: FloatArray = y + 0.1
    beta: FloatArray = np.zeros(x.shape[1])
    for _ in range(100):
        working = np.log(mean) + (y - mean) / mean
        before = beta
        beta = np.asarray(np.linalg.solve(x.T @ (x * mean[:, None]) + ridge, x.T @ (mean * working)), dtype=np.float64)
        mean = np.asarray(np.exp(np.clip(x @ beta, -40.0, _MOST_LOG)))
        if float(np.abs(beta - before).max()) < 1e-10:
            break
    return beta
