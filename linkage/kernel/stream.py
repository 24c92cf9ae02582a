"""
Every candidate pair that can be a match, and the patterns of all of them. Opens nothing.

The dear work is done last and for few: equality of codes settles most pairs, integer work most of the rest, texts
are compared only where they can still decide. Bounds are exact, so what comes out is what comparing every pair
would give; no table of pairs is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from linkage.arrays import BoolArray, Int8Array, Int32Array, IntArray
from linkage.blocking.candidates import Candidates, Slice
from linkage.decision.scored import ScoredPairs
from linkage.kernel.bounds import SLACK_BITS, LevelBounds
from linkage.kernel.contract import UNSETTLED, Comparable, Terms, cost_of, quick_of
from linkage.kernel.equality import EqualityBound, Survivors
from linkage.kernel.pool import in_order, n_threads
from linkage.kernel.scan import PlainScan, Scan, compiled_scan
from linkage.kernel.weigh import term_bits, weight_bits
from linkage.model.patterns import PatternCounts, count_patterns, merge_patterns
from linkage.model.weights import PatternWeights

__all__ = ["count", "stream"]

_SLICES = 8  # of 262,144 pairs: a piece of work whose survivors are compared together
_WORTHWHILE = 0.2  # share of pairs that integer work must settle to be done again
_MERGED = 64  # batches of patterns that are held before they are merged


class Found(NamedTuple):
    """What a piece of work gave: pairs that reach the floor, with levels, and how many pairs were looked at."""

    rule: int
    left: IntArray
    right: IntArray
    gammas: Int8Array
    n_pairs: int


def stream(
    candidates: Candidates,
    prepared: Sequence[Comparable],
    *,
    weights: PatternWeights,
    terms: Sequence[Terms] = (),
    floor_bits: float,
    prior_bits: float = 0.0,
    only: BoolArray | None = None,
    on_pairs: Callable[[int], object] | None = None,
    threads: int | None = None,
    compiled: bool | None = None,
) -> tuple[ScoredPairs, int]:
    """
    The candidate pairs that weigh at least `floor_bits`, ordered by left and right row.

    Args:
        candidates: Which pairs are compared.
        prepared: The comparisons, in the order of the model.
        weights: The model's weights.
        terms: Term-frequency weights.
        floor_bits: Weight without the prior from which a pair is kept (bits); minus infinity for all.
        prior_bits: Added to every weight (bits).
        only: `(n_left,)` left rows whose pairs are wanted.
        on_pairs: Told how many more pairs have been looked at.
        threads: As many as there are processors unless given; the result does not depend on it.
        compiled: Whether the compiled scan is used; None = where numba is installed and there is enough to do.

    Returns:
        The pairs, their `bits` being those of `weights.names` with term frequencies added to their comparison,
        `weight` their sum with the prior; and how many pairs were looked at, each counted once.
    """
    equality = EqualityBound(weights, prepared, terms, floor_bits=floor_bits)
    scan = _scan(candidates, equality, only=only, compiled=compiled)
    settle = Settle(prepared, equality, weights, terms, floor_bits=floor_bits)
    held, n_compared = ScoredPairs.builder(), 0

    def work(pieces: list[Slice]) -> Found:
        return settle.found(pieces[0].rule, scan.survivors(pieces))

    for found in in_order(work, _pieces(candidates, only=only), threads=threads or n_threads()):
        n_compared += found.n_pairs
        if len(found.left):
            held.append(found.rule, found.left, found.right, found.gammas)
        if on_pairs is not None:
            on_pairs(found.n_pairs)
    pairs = held.build(len(prepared))
    return _weighed(pairs, weights, terms, prior_bits=prior_bits), n_compared


def count(
    candidates: Candidates,
    prepared: Sequence[Comparable],
    *,
    only: BoolArray | None = None,
    on_pairs: Callable[[int], object] | None = None,
    threads: int | None = None,
) -> PatternCounts:
    """
    Agreement patterns of all candidate pairs, every one compared in full.

    Args:
        candidates: Which pairs are compared.
        prepared: The comparisons.
        only: `(n_left,)` left rows whose pairs are wanted.
        on_pairs: Told how many more pairs have been compared.
        threads: As many as there are processors unless given.
    """

    def work(piece: Slice) -> PatternCounts:
        batch = candidates.pairs_of(piece, only=only)
        gammas = np.empty((len(batch.left), len(prepared)), dtype=np.int8, order="F")
        for column, part in enumerate(prepared):
            gammas[:, column] = part.gammas(batch.left, batch.right)
        found = count_patterns(gammas)
        return PatternCounts(found.gammas, found.counts, np.zeros(0, dtype=np.int64))

    held: list[PatternCounts] = []
    for patterns in in_order(work, candidates.slices(only=only), threads=threads or n_threads()):
        held.append(patterns)
        if on_pairs is not None:
            on_pairs(patterns.n_pairs)
        if len(held) > _MERGED:
            held = [merge_patterns(held, n_comparisons=len(prepared))]
    return merge_patterns(held, n_comparisons=len(prepared))


class Open(NamedTuple):
    """Pairs that can still reach the floor, what is known of them, and what the terms of their own values add."""

    left: IntArray
    right: IntArray
    cells: Int32Array
    own: NDArray[np.float32]


class Settle:
    """Compares the pairs that are left, cheap comparisons first, and drops what cannot reach the floor."""

    def __init__(
        self,
        prepared: Sequence[Comparable],
        equality: EqualityBound,
        weights: PatternWeights,
        terms: Sequence[Terms],
        *,
        floor_bits: float,
    ) -> None:
        self._prepared, self._weights, self._terms = prepared, weights, terms
        own = {part.column for part in equality.looked if len(part.bits)}
        self._bounds = LevelBounds(weights, prepared, terms, own=own)
        self._first = self._bounds.cells(equality.known())
        self._floor = floor_bits
        costs = [cost_of(part) for part in prepared]
        self._groups = [
            sorted((column for column, own in enumerate(costs) if own == cost), key=lambda column: -self._drop(column))
            for cost in sorted(set(costs))
        ]
        self._n_asked, self._n_settled = [0] * len(prepared), [0] * len(prepared)

    def _drop(self, column: int) -> float:
        """Bits between the best a pair can have of a comparison and "else": what asking it first is worth."""
        gammas = np.full((self._weights.n_levels[column] + 1, len(self._prepared)), -1, dtype=np.int8)
        gammas[:, column] = np.arange(-1, self._weights.n_levels[column])
        bits = self._weights.bits(gammas)
        return float(bits.max() - bits[1])

    def found(self, rule: int, survivors: Survivors) -> Found:
        """Of some pairs those that reach the floor."""
        n_pairs, left, right, cell, own = survivors
        pairs = Open(left, right, self._first[:, cell], own)
        for columns in self._groups:
            for column in columns:
                pairs = self._quickly(pairs, column)
            for column in columns:
                pairs = self._asked(pairs, column, self._prepared[column].gammas)
        left, right, gammas = pairs.left, pairs.right, self._bounds.gammas(pairs.cells)
        if self._floor > -np.inf:
            weight = weight_bits(self._terms, self._weights, gammas, left_rows=left, right_rows=right)
            kept = weight >= self._floor
            left, right, gammas = left[kept], right[kept], gammas[kept]
        return Found(rule, left, right, gammas, n_pairs)

    def _quickly(self, pairs: Open, column: int) -> Open:
        """The pairs after integer work; left out once it has proved to settle little that equality had not."""
        quick = quick_of(self._prepared[column])
        if quick is None or self._n_settled[column] < _WORTHWHILE * self._n_asked[column]:
            return pairs

        def ask(left_rows: IntArray, right_rows: IntArray) -> Int8Array:
            found = quick(left_rows, right_rows)
            self._n_asked[column] += len(found)
            self._n_settled[column] += int(np.count_nonzero(found != UNSETTLED))
            return found

        return self._asked(pairs, column, ask)

    def _asked(self, pairs: Open, column: int, ask: Callable[[IntArray, IntArray], Int8Array]) -> Open:
        """The pairs after a comparison was asked of those for which it is not settled."""
        left, right, cells, own = pairs
        rows = self._bounds.open(cells, column)
        if not len(rows):
            return pairs
        self._bounds.settle(cells, column, rows=rows, gammas=ask(left[rows], right[rows]))
        if self._floor == -np.inf:
            return pairs
        bound = self._bounds.of(cells)
        bound += own
        kept = np.flatnonzero(bound >= np.float32(self._floor - SLACK_BITS))
        if len(kept) == len(left):
            return pairs
        return Open(left[kept], right[kept], cells[:, kept], own[kept])


def _scan(candidates: Candidates, equality: EqualityBound, *, only: BoolArray | None, compiled: bool | None) -> Scan:
    plain = PlainScan(candidates, equality, only=only)
    if compiled is False:
        return plain
    return compiled_scan(candidates, equality, plain=plain, at_any_size=bool(compiled)) or plain


def _pieces(candidates: Candidates, *, only: BoolArray | None) -> Iterator[list[Slice]]:
    """Slices of one rule, several together."""
    held: list[Slice] = []
    for piece in candidates.slices(only=only):
        if held and (len(held) == _SLICES or piece.rule != held[0].rule):
            yield held
            held = []
        held.append(piece)
    if held:
        yield held


def _weighed(pairs: ScoredPairs, weights: PatternWeights, terms: Sequence[Terms], *, prior_bits: float) -> ScoredPairs:
    """The pairs by left and right row, with their weights."""
    order = np.lexsort((pairs.right, pairs.left))
    pairs = replace(
        pairs, rule=pairs.rule[order], left=pairs.left[order], right=pairs.right[order], gammas=pairs.gammas[order]
    )
    bits = weights.terms(pairs.gammas)
    added = term_bits(terms, weights, pairs.gammas, left_rows=pairs.left, right_rows=pairs.right)
    for place, term in enumerate(terms):
        bits[:, term.column] += added[:, place]
    return replace(pairs, bits=bits, weight=bits.sum(axis=1) + prior_bits)
