"""Weighted isotonic regression by pooling adjacent violators. Opens nothing."""

from __future__ import annotations

import numpy as np

from linkage.arrays import FloatArray

__all__ = ["non_decreasing"]


def non_decreasing(values: FloatArray, weights: FloatArray) -> FloatArray:
    """
    The non-decreasing sequence nearest to `values` in weighted least squares.

    The same sequence maximises sum(weights * values * log(fit)) for a given weighted sum, which is why EM
    may use it as its constrained maximisation step.

    Args:
        values: `(n,)`.
        weights: `(n,)`, above 0.

    Source: Barlow et al., Statistical Inference under Order Restrictions (1972).

    >>> non_decreasing(np.array([1.0, 3.0, 2.0]), np.array([1.0, 1.0, 1.0])).tolist()
    [1.0, 2.5, 2.5]
    """
    pools: list[tuple[float, float, int]] = []  # weighted sum, weight, length
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        pools.append((value * weight, weight, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            (sum_b, weight_b, n_b), (sum_a, weight_a, n_a) = pools.pop(), pools.pop()
            pools.append((sum_a + sum_b, weight_a + weight_b, n_a + n_b))
    return np.concatenate([np.full(n, total / weight) for total, weight, n in pools]) if pools else np.zeros(0)
