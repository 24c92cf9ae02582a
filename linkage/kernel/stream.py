"""
Every candidate pair that can be a match, and the patterns of all of them. Opens nothing.

The dear work is done last and for few: equality of codes settles most pairs, integer work most of the rest, texts
are compared only where they can still decide. Bounds are exact, so what comes out is what comparing every pair
would give; no table of pairs is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from linkage.arrays import BoolArray, Int8Array, IntArray
from linkage.blocking.candidates import Candidates, Slice
from linkage.decision.scored import ScoredPairs
from linkage.kernel.bounds import SLACK_BITS, LevelBounds, unsettled_gammas
from linkage.kernel.contract import UNSETTLED, Comparable, Terms, cost_of, quick_of
from linkage.kernel.equality import EqualityBound
from linkage.kernel.pool import in_order, n_threads
from linkage.kernel.scan import PlainScan, Scan, compiled_scan
from linkage.kernel.weigh import term_bits, weight_bits
from linkage.model.patterns import PatternCounts, count_patterns, merge_patterns
from linkage.model.weights import PatternWeights

__all__ = ["count", "stream"]

_SLICES = 8  # of 262,144 pairs: a piece of work whose survivors are compared together
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
    settle = Settle(prepared, LevelBounds(weights, prepared, terms), weights, terms, floor_bits=floor_bits)
    held, n_compared = ScoredPairs.builder(), 0

    def work(pieces: list[Slice]) -> Found:
        n_pairs, left, right = scan.survivors(pieces)
        return settle.found(pieces[0].rule, left, right, n_pairs)

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


class Settle:
    """Compares the pairs that are left, cheap comparisons first, and drops what cannot reach the floor."""

    def __init__(
        self,
        prepared: Sequence[Comparable],
        bounds: LevelBounds,
        weights: PatternWeights,
        terms: Sequence[Terms],
        *,
        floor_bits: float,
    ) -> None:
        self._prepared, self._bounds, self._weights, self._terms = prepared, bounds, weights, terms
        self._floor = floor_bits
        self._order = sorted(range(len(prepared)), key=lambda column: (cost_of(prepared[column]), column))

    def found(self, rule: int, left: IntArray, right: IntArray, n_pairs: int) -> Found:
        """Of some pairs those that reach the floor."""
        gammas = unsettled_gammas(len(left), len(self._prepared))
        for column in self._order:
            gammas[:, column] = quick_of(self._prepared[column])(left, right)
        left, right, gammas = self._possible(left, right, gammas)
        for column in self._order:
            open_ = np.flatnonzero(gammas[:, column] == UNSETTLED)
            if len(open_):
                gammas[open_, column] = self._prepared[column].gammas(left[open_], right[open_])
                left, right, gammas = self._possible(left, right, gammas)
        if self._floor > -np.inf:
            weight = weight_bits(self._terms, self._weights, gammas, left_rows=left, right_rows=right)
            kept = weight >= self._floor
            left, right, gammas = left[kept], right[kept], gammas[kept]
        return Found(rule, left, right, gammas, n_pairs)

    def _possible(self, left: IntArray, right: IntArray, gammas: Int8Array) -> tuple[IntArray, IntArray, Int8Array]:
        if self._floor == -np.inf:
            return left, right, gammas
        kept = self._bounds.of(gammas) >= np.float32(self._floor - SLACK_BITS)
        if kept.all():
            return left, right, gammas
        return left[kept], right[kept], np.asfortranarray(gammas[kept])


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
    bits = np.asfortranarray(weights.terms(pairs.gammas))
    added = term_bits(terms, weights, pairs.gammas, left_rows=pairs.left, right_rows=pairs.right)
    for place, term in enumerate(terms):
        bits[:, term.column] += added[:, place]
    return pairs.with_bits(bits, prior_bits=prior_bits)
