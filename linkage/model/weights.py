"""
Weights in bits, log2(m / u), and what follows from them. The one home of this arithmetic. Opens nothing.

Source: Fellegi and Sunter (1969), https://doi.org/10.1080/01621459.1969.10501049.
"""

from __future__ import annotations

import numpy as np

from linkage.arrays import FloatArray, Int8Array
from linkage.model.model import Model

__all__ = ["bits_for_probability", "bits_table", "level_bits", "pair_bits", "posterior", "prior_bits"]


def level_bits(model: Model) -> list[FloatArray]:
    """Weight of every level of every comparison (bits), `(n_levels,)` each; null weighs 0 and is not listed."""
    return [np.log2(np.array(part.m)) - np.log2(np.array(part.u)) for part in model.comparisons]


def bits_table(gammas: Int8Array, model: Model) -> FloatArray:
    """`(n_pairs, n_comparisons)` weight of the level each pair reached (bits); 0 for null."""
    out = np.zeros(gammas.shape, dtype=np.float64)
    for column, bits in enumerate(level_bits(model)):
        out[:, column] = np.append(bits, 0.0)[gammas[:, column]]
    return out


def pair_bits(gammas: Int8Array, model: Model) -> FloatArray:
    """
    Sum of the weights of each pair's levels (bits), without the prior.

    Args:
        gammas: `(n_pairs, n_comparisons)` levels, -1 = null: neither for nor against.
        model: The model.
    """
    out = np.zeros(len(gammas), dtype=np.float64)
    for column, bits in enumerate(level_bits(model)):
        out += np.append(bits, 0.0)[gammas[:, column]]
    return out


def prior_bits(prior: float) -> float:
    """The prior as log2 odds (bits)."""
    return float(np.log2(prior) - np.log2(1.0 - prior))


def posterior(bits: FloatArray, prior: float) -> FloatArray:
    """
    Probability of a match.

    Args:
        bits: `(n_pairs,)` summed weights without the prior.
        prior: Probability that a random pair is a match.
    """
    odds_bits = np.clip(np.asarray(bits, dtype=np.float64) + prior_bits(prior), -1000.0, 1000.0)
    return 1.0 / (1.0 + np.exp2(-odds_bits))


def bits_for_probability(probability: float, prior: float) -> float:
    """The summed weight (bits, without the prior) at which the posterior is `probability`."""
    return prior_bits(probability) - prior_bits(prior)
