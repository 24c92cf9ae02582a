"""
Candidate pairs of several rules: counted before the work, in bounded batches, each pair once. Opens nothing.

A pair that an earlier rule proposes is dropped from a later one by comparing two integers a rule; no set of
pairs is ever held. A missing key proposes nothing and suppresses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, IntArray
from linkage.blocking.rules import BlockingRule, Key, RuleKeys
from linkage.comparison.encoding import Codes

__all__ = ["Batch", "BudgetExceeded", "Candidates", "Plan", "RuleCount"]

BATCH_PAIRS = 1 << 20


class BudgetExceeded(UserError):
    """The rules propose more pairs than the settings allow."""

    exit_code = ExitCode.BUDGET


class RuleCount(NamedTuple):
    """What one rule proposes, pairs of other rules included."""

    rule: str
    n_pairs: int
    n_blocks: int
    largest_block: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Counts of the work to come; `n_pairs` counts a pair once for every rule that proposes it."""

    rules: tuple[RuleCount, ...]
    n_possible: int

    @property
    def n_pairs(self) -> int:
        """Upper bound of the pairs to be compared."""
        return sum(rule.n_pairs for rule in self.rules)

    def check(self, *, max_pairs: int) -> None:
        """
        Refuse what is over the budget.

        Raises:
            BudgetExceeded: With the number of every rule and what to do.
        """
        if self.n_pairs <= max_pairs:
            return
        worst = max(self.rules, key=lambda rule: rule.n_pairs)
        raise BudgetExceeded(
            f"blocking proposes {self.n_pairs:,} pairs, the budget is max_pairs = {max_pairs:,}; the most expensive "
            f"rule is {worst.rule!r} with {worst.n_pairs:,} pairs (largest block {worst.largest_block:,}): "
            f"add an expression to that rule, leave it out, or raise max_pairs"
        )


class Batch(NamedTuple):
    """Pairs that one rule proposes and no earlier one."""

    rule: int
    left: IntArray
    right: IntArray


class Candidates:
    """The pairs that `rules` propose between two tables, or within one (`right` is None)."""

    def __init__(self, left: pa.Table, right: pa.Table | None, *, rules: Sequence[BlockingRule]) -> None:
        self.within = right is None
        other = left if right is None else right
        self.names = [rule.name for rule in rules]
        known: dict[Key, Codes] = {}
        self._keys = [rule.bind(left, other, known=known) for rule in rules]
        self._n_left, self._n_right = left.num_rows, other.num_rows

    def plan(self) -> Plan:
        """Count, without forming a pair."""
        n_possible = self._n_left * (self._n_left - 1) // 2 if self.within else self._n_left * self._n_right
        counts = [self._count(name, keys) for name, keys in zip(self.names, self._keys, strict=True)]
        return Plan(tuple(counts), n_possible)

    def _count(self, name: str, keys: RuleKeys) -> RuleCount:
        left, right = keys.counts(keys.left), keys.counts(keys.right)
        blocks = left * right
        if self.within and _symmetric(keys):
            blocks = left * (left - 1) // 2
        return RuleCount(name, int(blocks.sum()), int((blocks > 0).sum()), int(blocks.max(initial=0)))

    def batches(self, *, size: int = BATCH_PAIRS, only: BoolArray | None = None) -> Iterator[Batch]:
        """
        The pairs in batches of at most `size`, each pair once, in an order that depends on nothing but the tables.

        Within one table, `left < right` in every pair.

        Args:
            size: Pairs formed at once: what bounds the memory.
            only: `(n_left,)` left rows to take, so that a share of the rows gives the same share of the pairs.
        """
        for rule, keys in enumerate(self._keys):
            for left, right in _expand(keys, size=size, only=only):
                kept = self._kept(rule, left, right)
                if self.within:
                    left, right = np.minimum(left, right), np.maximum(left, right)  # noqa: PLW2901
                if kept.any():
                    yield Batch(rule, left[kept], right[kept])

    def _kept(self, rule: int, left: IntArray, right: IntArray) -> BoolArray:
        kept = np.ones(len(left), dtype=bool)
        if self.within:
            backwards = self._proposes(rule, right, left)
            kept = (left < right) | ((left > right) & ~backwards)
        for earlier in range(rule):
            kept &= ~self._proposes(earlier, left, right)
            if self.within:
                kept &= ~self._proposes(earlier, right, left)
        return kept

    def _proposes(self, rule: int, left: IntArray, right: IntArray) -> BoolArray:
        a, b = self._keys[rule].left[left], self._keys[rule].right[right]
        return np.asarray((a == b) & (a >= 0), dtype=bool)


def _symmetric(keys: RuleKeys) -> bool:
    return bool(np.array_equal(keys.left, keys.right))


def _expand(keys: RuleKeys, *, size: int, only: BoolArray | None) -> Iterator[tuple[IntArray, IntArray]]:
    """All pairs with equal keys; a batch is cut at a pair, so that one huge block cannot break the bound."""
    order = np.argsort(keys.right, kind="stable")
    order = order[np.searchsorted(keys.right[order], 0) :]
    sizes = np.bincount(keys.right[order], minlength=keys.n_keys)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rows = np.flatnonzero(keys.left >= 0 if only is None else (keys.left >= 0) & only)
    rows = rows[sizes[keys.left[rows]] > 0]
    partners = sizes[keys.left[rows]]
    ends = np.cumsum(partners)
    total = int(ends[-1]) if len(ends) else 0
    for begin in range(0, total, size):
        stop = min(begin + size, total)
        first, last = np.searchsorted(ends, [begin, stop - 1], side="right")
        held = np.arange(first, last + 1)
        taken = np.minimum(ends[held], stop) - np.maximum(ends[held] - partners[held], begin)
        left = np.repeat(rows[held], taken)
        position = np.arange(begin, stop) - np.repeat(ends[held] - partners[held], taken)
        yield left, order[starts[keys.left[left]] + position]
