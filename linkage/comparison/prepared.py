"""A comparison bound to two tables: its levels asked in order, each only of what is still open. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linkage.arrays import Int8Array, IntArray
from linkage.columns import Codes
from linkage.comparison.base import UNSETTLED, Prepared
from linkage.comparison.frequencies import LevelTerms
from linkage.comparison.levels import Bound
from linkage.comparison.pairs import Pairs

__all__ = ["PreparedComparison", "Step"]

_BATCH = 1_000_000  # pairs worked on at once: bounds memory


@dataclass(frozen=True, slots=True)
class Step:
    """
    One level of a bound comparison.

    Attributes:
        gamma: What a pair is given that reaches it.
        bound: The level.
    """

    gamma: int
    bound: Bound


class PreparedComparison(Prepared):
    """
    Levels in the order in which they are asked; the last takes everything that is left.

    Args:
        steps: The levels, the null level among them.
        codes: Values whose equality is the strongest level.
        terms: Levels with term frequencies.
    """

    __slots__ = ("_codes", "_steps", "_terms")

    def __init__(self, steps: Sequence[Step], *, codes: Codes | None, terms: tuple[LevelTerms, ...]) -> None:
        self._steps, self._codes, self._terms = tuple(steps), codes, terms

    @property
    def codes(self) -> Codes | None:
        return self._codes

    @property
    def cost(self) -> int:
        return max(step.bound.cost for step in self._steps)

    @property
    def terms(self) -> tuple[LevelTerms, ...]:
        return self._terms

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        out = np.empty(len(left_rows), dtype=np.int8)
        for at in range(0, len(left_rows), _BATCH):
            part = slice(at, at + _BATCH)
            self._settle(Pairs(left_rows[part], right_rows[part]), out[part])
        return out

    def _settle(self, pairs: Pairs, out: Int8Array) -> None:
        where: IntArray | None = None
        for step in self._steps:
            if not len(pairs):
                return
            hit = step.bound.reached(pairs)
            if not hit.any():
                continue
            out[hit if where is None else where[hit]] = step.gamma
            left = np.flatnonzero(~hit)
            where = left if where is None else where[left]
            pairs = pairs.only(left)

    def quick(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        out = np.full(len(left_rows), UNSETTLED, dtype=np.int8)
        for at in range(0, len(left_rows), _BATCH):
            part = slice(at, at + _BATCH)
            self._settle_quickly(Pairs(left_rows[part], right_rows[part]), out[part])
        return out

    def _settle_quickly(self, pairs: Pairs, out: Int8Array) -> None:
        """A pair stays unsettled from the first dear level on that it may reach."""
        where = np.arange(len(pairs))
        for step in self._steps:
            if not len(pairs):
                return
            if step.bound.cost:
                left = np.flatnonzero(step.bound.impossible(pairs))
            else:
                hit = step.bound.reached(pairs)
                out[where[hit]] = step.gamma
                left = np.flatnonzero(~hit)
            if len(left) < len(pairs):
                where, pairs = where[left], pairs.only(left)
