"""
Candidate pairs of several rules: counted before the work, in bounded batches, each pair once. Opens nothing.

A pair that an earlier rule proposes is dropped from a later one by comparing two integers a rule; no set of
pairs is ever held. A missing key proposes nothing and suppresses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from linkage.arrays import BoolArray, Int32Array, IntArray
from linkage.blocking.bound import BoundRule, bind
from linkage.blocking.joins import Join, Walk
from linkage.blocking.keys import Part, dense_keys
from linkage.blocking.plan import BudgetExceeded, Plan, RuleCount, RuleGain
from linkage.blocking.rules import BlockingRule
from linkage.columns import Columns

__all__ = ["Batch", "BudgetExceeded", "Candidates", "Plan", "RuleCount", "RuleGain", "Slice"]

BATCH_PAIRS = 1 << 18
_COUNTED_EXACTLY = 5_000_000  # pairs of a join with arrays or a filter that a plan forms to count them


class Batch(NamedTuple):
    """Pairs that one rule proposes and no earlier one."""

    rule: int
    left: IntArray
    right: IntArray


class Slice(NamedTuple):
    """A piece of work: the pairs of a walk from `begin` to before `stop`."""

    rule: int
    walk: Walk
    begin: int
    stop: int


class Candidates:
    """
    The pairs that `rules` propose between two tables, or within one.

    Args:
        left: The tables' columns; or the left table.
        right: The right table where `left` is a table; None for pairs within it.
        rules: A pair is proposed if any of them does.
        apart: `(n_rows,)` rows with equal codes are never paired (within one table only).

    Raises:
        ColumnMissing: If a table lacks a column.
    """

    def __init__(
        self,
        left: pa.Table | Columns,
        right: pa.Table | None = None,
        *,
        rules: Sequence[BlockingRule],
        apart: IntArray | None = None,
    ) -> None:
        columns = left if isinstance(left, Columns) else Columns(left, right)
        self.within, self.apart = columns.within, apart
        self.names = [rule.name for rule in rules]
        self.rules: tuple[BoundRule, ...] = tuple(bind(rule, columns) for rule in rules)
        self.n_left: int = columns.left.num_rows
        self.n_right: int = columns.right.num_rows

    @property
    def n_possible(self) -> int:
        """Pairs that may be linked at all."""
        if not self.within:
            return self.n_left * self.n_right
        every = self.n_left * (self.n_left - 1) // 2
        if self.apart is None:
            return every
        sizes = np.unique(self.apart, return_counts=True)[1].astype(np.int64)
        return every - int((sizes * (sizes - 1) // 2).sum())

    @cached_property
    def _joins(self) -> list[list[Join]]:
        return [rule.test.joins() for rule in self.rules]

    @property
    def n_formed(self) -> int:
        """Pairs that the joins of all rules form: the cost of the work, whatever is dropped afterwards."""
        return sum(int(join.blocks().sum()) for joins in self._joins for join in joins)

    def plan(self) -> Plan:
        """Count, without forming pairs where there are many."""
        return Plan(tuple(self._count(number) for number in range(len(self.rules))), self.n_possible)

    def _count(self, number: int) -> RuleCount:
        rule, joins = self.rules[number], self._joins[number]
        blocks = [join.blocks() for join in joins]
        n_formed = sum(int(sizes.sum()) for sizes in blocks)
        n_blocks = sum(int((sizes > 0).sum()) for sizes in blocks)
        largest = max((int(sizes.max(initial=0)) for sizes in blocks), default=0)
        exact = rule.plain is not None and rule.filter is None and (not self.within or rule.symmetric)
        if exact and self.apart is None:
            return RuleCount(self.names[number], n_formed, n_blocks, largest)
        if exact and rule.plain is not None and self.apart is not None:
            n_pairs = n_formed - self._n_together(rule.plain.left, rule.plain.n_keys, self.apart)
            return RuleCount(self.names[number], n_pairs, n_blocks, largest)
        if n_formed > _COUNTED_EXACTLY:
            return RuleCount(self.names[number], n_formed, n_blocks, largest, upper_bound=True)
        n_pairs = sum(len(batch.left) for batch in self._batches_of(number, size=BATCH_PAIRS, only=None, alone=True))
        return RuleCount(self.names[number], n_pairs, n_blocks, largest)

    def _n_together(self, keys: Int32Array, n_keys: int, apart: IntArray) -> int:
        """Pairs with one key that are kept apart."""
        codes = np.unique(apart, return_inverse=True)[1].astype(np.int32)
        key, code = Part(keys, keys, n_keys), Part(codes, codes, int(codes.max(initial=0)) + 1)
        found = dense_keys([key, code], n_left=len(keys), n_right=len(keys))
        sizes = found.counts(found.left)
        return int((sizes * (sizes - 1) // 2).sum())

    def gains(self) -> tuple[RuleGain, ...]:
        """What each rule adds to those before it, and what it alone proposes. Forms every pair."""
        out = []
        for number, name in enumerate(self.names):
            n_pairs = n_added = n_alone = 0
            for batch in self._batches_of(number, size=BATCH_PAIRS, only=None, alone=True):
                before = self._by_any(range(number), batch.left, batch.right)
                after = self._by_any(range(number + 1, len(self.rules)), batch.left, batch.right)
                n_pairs += len(batch.left)
                n_added += int(np.count_nonzero(~before))
                n_alone += int(np.count_nonzero(~before & ~after))
            out.append(RuleGain(name, n_pairs, n_added, n_alone))
        return tuple(out)

    def largest_blocks(self, n: int = 5) -> list[tuple[int, int, int]]:
        """Of the first rule the largest blocks: left entries, right entries, pairs."""
        found = []
        for join in self._joins[0]:
            left, right = join.counts()
            blocks = join.blocks()
            top = np.argsort(-blocks, kind="stable")[:n]
            found += [(int(left[k]), int(right[k]), int(blocks[k])) for k in top if blocks[k]]
        return sorted(found, key=lambda block: -block[2])[:n]

    def slices(self, *, size: int = BATCH_PAIRS, only: BoolArray | None = None) -> Iterator[Slice]:
        """The work in pieces of at most `size` pairs, in the order of the batches."""
        for number in range(len(self.rules)):
            yield from self._slices_of(number, size=size, only=only)

    def _slices_of(self, number: int, *, size: int, only: BoolArray | None) -> Iterator[Slice]:
        for join in self._joins[number]:
            walk = join.walk(only if join.triangular or not self.within else None)
            for begin in range(0, walk.n_pairs, size):
                yield Slice(number, walk, begin, min(begin + size, walk.n_pairs))

    def batches(self, *, size: int = BATCH_PAIRS, only: BoolArray | None = None) -> Iterator[Batch]:
        """
        The pairs in batches of at most `size`, each pair once, in an order that depends on nothing but the tables.

        Within one table, `left < right` in every pair.

        Args:
            size: Pairs formed at once: what bounds the memory.
            only: `(n_left,)` left rows to take, so that a share of the rows gives the same share of the pairs.
        """
        for number in range(len(self.rules)):
            yield from self._batches_of(number, size=size, only=only, alone=False)

    def _batches_of(self, number: int, *, size: int, only: BoolArray | None, alone: bool) -> Iterator[Batch]:
        for piece in self._slices_of(number, size=size, only=only):
            batch = self.pairs_of(piece, only=only, alone=alone)
            if len(batch.left):
                yield batch

    def pairs_of(self, piece: Slice, *, only: BoolArray | None = None, alone: bool = False) -> Batch:
        """
        The pairs of a piece of work that no earlier rule proposes.

        Args:
            piece: One of `slices`.
            only: The same as given to `slices`.
            alone: Whether pairs of earlier rules are kept too.
        """
        number, rule = piece.rule, self.rules[piece.rule]
        left, right, key = piece.walk.expand(piece.begin, piece.stop)
        first = rule.test.comes_first(left, right, key)
        if first is not None:
            left, right = left[first], right[first]
        if self.within:
            left, right = self._in_order(number, left, right)
            if only is not None:
                held = only[left]
                left, right = left[held], right[held]
        elif rule.filter is not None:
            held = rule.filter.holds(left, right)
            left, right = left[held], right[held]
        if not alone and number:
            fresh = ~self._by_any(range(number), left, right)
            if not fresh.all():
                left, right = left[fresh], right[fresh]
        return Batch(number, left, right)

    def _in_order(self, number: int, left: IntArray, right: IntArray) -> tuple[IntArray, IntArray]:
        """Pairs of one table with the lower row first, each once, without those kept apart."""
        rule = self.rules[number]
        held = left != right
        if self.apart is not None:
            held &= self.apart[left] != self.apart[right]
        if rule.filter is not None:
            straight = rule.filter.among(held, left, right)
            # keys that read the same both ways form a pair once, in one order: the filter may hold in the other
            held = straight | rule.filter.among(held & ~straight, right, left) if rule.same_keys else straight
        if not rule.same_keys:
            turned = np.flatnonzero(held & (left > right))
            held[turned] = ~rule.proposes(right[turned], left[turned])
        left, right = left[held], right[held]
        return np.minimum(left, right), np.maximum(left, right)

    def _by_any(self, rules: Sequence[int], left: IntArray, right: IntArray) -> BoolArray:
        """`(n,)` whether one of some rules proposes the pairs."""
        out = np.zeros(len(left), dtype=bool)
        for number in rules:
            rule = self.rules[number]
            if rule.plain is not None and rule.filter is None:
                out |= rule.proposes(left, right)
            else:
                out = _also(rule, out, left, right)
            if self.within and not rule.symmetric:
                out = _also(rule, out, right, left)
        return out


def _also(rule: BoundRule, known: BoolArray, left: IntArray, right: IntArray) -> BoolArray:
    """`known`, and what the rule proposes of the rest."""
    rest = np.flatnonzero(~known)
    known[rest] = rule.proposes(left[rest], right[rest])
    return known
