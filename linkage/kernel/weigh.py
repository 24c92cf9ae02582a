"""Weights of pairs whose levels are all known: the one sum that counts. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.kernel.contract import Terms
from linkage.model.weights import PatternWeights

__all__ = ["term_bits", "weight_bits"]


def term_bits(
    terms: Sequence[Terms],
    weights: PatternWeights,
    gammas: Int8Array,
    *,
    left_rows: IntArray,
    right_rows: IntArray,
) -> FloatArray:
    """
    `(n_pairs, n_terms)` what term frequencies add (bits), 0 where the level is not reached.

    Within a group of dependent comparisons an adjustment of `a` bits shrinks to `-log2(1 - s + s 2^-a)`, `s` being
    the share of the level's non-matches that agree by mere chance.
    """
    out = np.zeros((len(gammas), len(terms)), order="F")
    grouped = {column for members in weights.members for column in members}
    for place, term in enumerate(terms):
        agreed = np.flatnonzero(gammas[:, term.column] == term.level)
        bits = term.of_pairs(left_rows[agreed], right_rows[agreed])
        if term.column in grouped:
            share = weights.by_chance(gammas[agreed], term.column)
            bits = -np.log2(1.0 - share + share * np.exp2(-bits))
        out[agreed, place] = bits
    return out


def weight_bits(
    terms: Sequence[Terms],
    weights: PatternWeights,
    gammas: Int8Array,
    *,
    left_rows: IntArray,
    right_rows: IntArray,
) -> FloatArray:
    """`(n_pairs,)` weight without the prior (bits): levels and interactions, then terms, added in their order."""
    out = weights.bits(gammas)
    added = term_bits(terms, weights, gammas, left_rows=left_rows, right_rows=right_rows)
    for place in range(added.shape[1]):
        out += added[:, place]
    return out
