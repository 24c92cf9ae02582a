"""Pairs with their levels and weights, in the columns in which they are handed on. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from linkage.arrays import BoolArray, FloatArray, Int8Array, IntArray
from linkage.model.weights import posterior

if TYPE_CHECKING:
    from linkage.decision.decide import Decided

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
        bits: `(n_pairs, n_comparisons)` weights; empty until weighed.
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

    def with_bits(self, bits: FloatArray, *, prior_bits: float) -> ScoredPairs:
        """The pairs with their weights, ordered by left and right row."""
        order = np.lexsort((self.right, self.left))
        held = self.take(order)  # type: ignore[arg-type]
        return replace(held, bits=bits[order], weight=bits[order].sum(axis=1) + prior_bits)

    @property
    def probability(self) -> FloatArray:
        """`(n_pairs,)` posterior probability of a match."""
        return posterior(self.weight, 0.5)

    def table(
        self, named: Sequence[tuple[str, tuple[str, ...]]], *, rules: Sequence[str], decided: Decided
    ) -> pa.Table:
        """The pairs as a table; `levels` as `comparison=level`, `level_bits` in the same order."""
        n, width = self.gammas.shape
        offsets = pa.array(np.arange(n + 1, dtype=np.int32) * width)
        words = pa.array([f"{name}={level}" for name, levels in named for level in (*levels, "null")], pa.string())
        starts = np.cumsum([0, *(len(levels) + 1 for _, levels in named)])[:-1]
        lasts = np.array([len(levels) for _, levels in named])
        index = np.where(self.gammas < 0, lasts, self.gammas) + starts
        levels = pa.DictionaryArray.from_arrays(pa.array(index.reshape(-1).astype(np.int32)), words).cast(pa.string())
        return pa.table(
            {
                "left_row": pa.array(self.left, pa.int64()),
                "right_row": pa.array(self.right, pa.int64()),
                "levels": pa.ListArray.from_arrays(offsets, levels),
                "level_bits": pa.ListArray.from_arrays(offsets, pa.array(self.bits.reshape(-1))),
                "match_weight": pa.array(self.weight),
                "match_probability": pa.array(self.probability),
                "match_key": pa.array([rules[number] for number in self.rule.tolist()], pa.string()),
                "judgement": decided.judgement.cast(pa.string()),
                "reason_code": decided.reason.cast(pa.string()),
            }
        )


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
