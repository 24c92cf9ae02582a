"""Pairs of rows with their levels and weights. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from linkage.arrays import BoolArray, FloatArray, Int8Array, IntArray
from linkage.model.weights import posterior

__all__ = ["PairBuilder", "ScoredPairs"]


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """
    Pairs of rows.

    Attributes:
        rule: `(n_pairs,)` number of the blocking rule that proposed the pair.
        left: `(n_pairs,)` left row.
        right: `(n_pairs,)` right row.
        gammas: `(n_pairs, n_comparisons)` levels, -1 = null.
        bits: `(n_pairs, n_terms)` weights; empty until weighed.
        weight: `(n_pairs,)` their sum with the prior (bits); empty until weighed.
    """

    rule: Int8Array
    left: IntArray
    right: IntArray
    gammas: Int8Array
    bits: FloatArray
    weight: FloatArray

    @staticmethod
    def builder() -> PairBuilder:
        """An empty builder."""
        return PairBuilder()

    def __len__(self) -> int:
        return len(self.left)

    def take(self, kept: BoolArray) -> ScoredPairs:
        """Some of the pairs, not weighed yet."""
        return replace(
            self, rule=self.rule[kept], left=self.left[kept], right=self.right[kept], gammas=self.gammas[kept]
        )

    @property
    def probability(self) -> FloatArray:
        """`(n_pairs,)` posterior probability of a match."""
        return posterior(self.weight, 0.5)


class PairBuilder:
    """Collects batches of compared pairs."""

    def __init__(self) -> None:
        self._batches: list[tuple[Int8Array, IntArray, IntArray, Int8Array]] = []

    def append(self, rule: int, left: IntArray, right: IntArray, gammas: Int8Array) -> None:
        """One batch of one rule."""
        self._batches.append((np.full(len(left), rule, dtype=np.int8), left, right, gammas))

    def build(self, n_comparisons: int) -> ScoredPairs:
        """All batches together, not weighed yet."""
        none = (
            np.zeros(0, np.int8),
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros((0, n_comparisons), np.int8),
        )
        rule, left, right, gammas = (np.concatenate(parts) for parts in zip(none, *self._batches, strict=True))
        return ScoredPairs(rule, left, right, gammas, np.zeros((0, n_comparisons)), np.zeros(0))
