"""Training on the pairs that were compared: u by chance, EM, and u again without the matches. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.comparison.base import Prepared
from linkage.model.chance import random_pairs, sampled_u, without_matches
from linkage.model.em import Fit, fit
from linkage.model.patterns import PatternCounts, count_patterns, merge_patterns
from linkage.settings import LinkSettings, LinkType

__all__ = ["Trainer", "without_pairs"]

_PARTNERS = 10.0  # of a record on average, where several are allowed: more is no match
_ROUNDS = 3  # trainings: the second and third with the matches of the one before taken out of u


class Trainer:
    """
    Trains models for two tables.

    Args:
        settings: How.
        named: (name, level names) of every comparison.
        prepared: The comparisons bound to the tables.
        gammas: Levels of given pairs of rows.
        n_records: Rows of the left and of the right table.
        within: Whether both are one table.
    """

    def __init__(
        self,
        settings: LinkSettings,
        *,
        named: Sequence[tuple[str, tuple[str, ...]]],
        prepared: Sequence[Prepared],
        gammas: Callable[[IntArray, IntArray], Int8Array],
        n_records: tuple[int, int],
        within: bool,
    ) -> None:
        self._settings, self._named, self._n = settings, named, n_records
        pairs = random_pairs(*n_records, within=within, n=settings.random_pairs, seed=settings.seed)
        self._u: list[FloatArray] = sampled_u(
            gammas(*pairs), level_counts=[len(levels) for _, levels in named], prepared=prepared, within=within
        )

    def train(self, patterns: PatternCounts, *, n_possible: float) -> Fit:
        """
        Train on counted patterns.

        Args:
            patterns: Of the compared pairs.
            n_possible: All pairs of the records they are of.
        """
        u = self._u
        for left_to_do in reversed(range(_ROUNDS)):
            trained = fit(
                patterns,
                comparisons=self._named,
                u=u,
                settings=self._settings.em,
                n_pairs=round(n_possible),
                largest_prior=self._largest_prior(),
            )
            if left_to_do:
                u = without_matches(self._u, trained.model)
        return trained

    def _largest_prior(self) -> float:
        """How many pairs can match: one a record where that is said, else at most ten a record on average."""
        n_left, n_right = self._n
        if self._settings.link_type is LinkType.ONE_TO_ONE:
            return 1.0 / float(max(n_left, n_right))
        if self._settings.link_type is LinkType.ONE_TO_MANY:
            return 1.0 / float(n_left)
        return min(1.0, _PARTNERS / float(min(n_left, n_right)))


def without_pairs(patterns: PatternCounts, gammas: Int8Array) -> PatternCounts:
    """
    The counts without some of the counted pairs.

    Args:
        patterns: Counts.
        gammas: `(n_pairs, n_comparisons)` levels of the pairs to leave out.
    """
    out = count_patterns(gammas)
    less = PatternCounts(out.gammas, -out.counts, out.index)
    rest = merge_patterns([patterns, less], n_comparisons=gammas.shape[1])
    kept = rest.counts > 0
    return PatternCounts(rest.gammas[kept], rest.counts[kept], np.zeros(0, dtype=np.int64))
