"""A comparison bound to two tables: its levels asked in order, each only of what is still open. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linkage.arrays import BoolArray, Int8Array, IntArray
from linkage.columns import Codes
from linkage.comparison.base import NULL, UNSETTLED, Prepared, Rung
from linkage.comparison.frequencies import LevelTerms
from linkage.comparison.levels import Bound
from linkage.comparison.pairs import Pairs

__all__ = ["PreparedComparison", "Step"]

_BATCH = 1_000_000  # pairs worked on at once: bounds memory
_DEAREST = 3  # cost from which no settled pair is asked again; elsewhere looking twice is cheaper than sorting out


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
        codes: Values whose equality is the strongest level: the second step, after the null level.
        terms: Levels with term frequencies.
    """

    __slots__ = ("_codes", "_quick_steps", "_steps", "_terms")

    def __init__(self, steps: Sequence[Step], *, codes: Codes | None, terms: tuple[LevelTerms, ...]) -> None:
        self._steps, self._codes, self._terms = tuple(steps), codes, terms
        known = [step.bound.cost == 0 or step.bound.screens for step in self._steps]
        until = known.index(False) if False in known else len(known)
        while until < len(known) and until and self._steps[until - 1].bound.rare:
            until -= 1
        self._quick_steps = self._steps[:until]

    @property
    def codes(self) -> Codes | None:
        return self._codes

    @property
    def rungs(self) -> tuple[Rung, ...] | None:
        if self._codes is None or self._steps[0].gamma != NULL:
            return None
        between = (Rung(step.gamma, step.bound.near()) for step in self._steps[2:-1])
        return (*between, Rung(self._steps[-1].gamma, None))

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
        done: BoolArray = np.zeros(len(pairs), dtype=bool)
        out[:] = self._steps[-1].gamma
        steps = self._steps[:-1]
        if self._codes is not None:
            where, pairs, steps = *self._start(pairs, out), steps[2:]
            done = np.zeros(len(pairs), dtype=bool)
        for step in steps:
            n_done = np.count_nonzero(done)
            if n_done == len(pairs):
                return
            if n_done and (step.bound.cost >= _DEAREST or n_done > len(pairs) // 4):
                left = np.flatnonzero(~done)
                where = left if where is None else where[left]
                pairs, done = pairs.only(left), np.zeros(len(left), dtype=bool)
            hit = step.bound.reached(pairs)
            hit &= ~done
            out[hit if where is None else where[hit]] = step.gamma
            done |= hit

    def _start(self, pairs: Pairs, out: Int8Array) -> tuple[IntArray, Pairs]:
        """Missing and equal values at once; what is left, and its places."""
        assert self._codes is not None  # noqa: S101 - only asked then
        a, b = pairs.codes(self._codes)
        settled = a == b
        out[settled] = self._steps[1].gamma
        missing = (a | b) < 0
        out[missing] = self._steps[0].gamma
        settled |= missing
        where = np.flatnonzero(~settled)
        return where, pairs if len(where) == len(pairs) else pairs.only(where)

    def quick(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        out = np.full(len(left_rows), UNSETTLED, dtype=np.int8)
        for at in range(0, len(left_rows), _BATCH):
            part = slice(at, at + _BATCH)
            self._settle_quickly(Pairs(left_rows[part], right_rows[part]), out[part])
        return out

    def _settle_quickly(self, pairs: Pairs, out: Int8Array) -> None:
        """A pair stays unsettled from the first dear level on that it may reach."""
        steps = self._quick_steps
        where: IntArray | None = None
        if self._codes is not None:
            if not steps[2:]:
                self._equal_or_missing(pairs, out)
                return
            where, pairs, steps = *self._start(pairs, out), steps[2:]
        open_: BoolArray = np.ones(len(pairs), dtype=bool)
        for step in steps:
            if not open_.any():
                return
            if step.bound.cost:
                open_ &= step.bound.impossible(pairs)
            else:
                hit = step.bound.reached(pairs)
                hit &= open_
                out[hit if where is None else where[hit]] = step.gamma
                open_ &= ~hit

    def _equal_or_missing(self, pairs: Pairs, out: Int8Array) -> None:
        assert self._codes is not None  # noqa: S101 - only asked then
        a, b = pairs.codes(self._codes)
        out[a == b] = self._steps[1].gamma
        out[(a | b) < 0] = self._steps[0].gamma
