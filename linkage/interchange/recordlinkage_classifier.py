"""
This engine as a classifier of recordlinkage: EM on pattern counts, weights in bits, optimal one-to-one links.

    features = compare.compute(indexer.index(a, b), a, b)
    chance = compare.compute(rl.index.Random(200_000).index(a, b), a, b)
    classifier = FellegiSunterClassifier(chance, n_possible=len(a) * len(b), cuts={"surname": (0.88, 0.999)})
    links = classifier.fit_predict(features)

It stands where `recordlinkage.ECMClassifier` stands. Unlike that one it knows missing values and graded levels, takes
u from random pairs and not from those that blocking let through, and says how training went (`fitted`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from recordlinkage.base import BaseClassifier

from linkage.arrays import BoolArray, FloatArray, Int8Array, IntArray
from linkage.decision.assign import one_to_one
from linkage.interchange.recordlinkage import BadFrame, from_features
from linkage.model import EMSettings, Fit, Model, count_patterns, fit, pair_bits, posterior

__all__ = ["FellegiSunterClassifier"]

_PSEUDO = 1.0  # imagined pairs a comparison, even over its levels


class FellegiSunterClassifier(BaseClassifier):  # type: ignore[misc]
    """
    Weights of evidence learned without truth, or from it.

    Args:
        random_features: Features of random pairs, from which u is taken.
        n_possible: All pairs there are, of which blocking let through those that are trained on.
        cuts: Where the levels of each feature begin (ascending); features not named agree from 1 on.
        threshold: Probability from which a pair is a link.
        one_to_one: Whether a record has at most one partner; then the assignment of the largest total weight.
        settings: How EM is done.

    Attributes:
        fitted: What training found, once there was one.

    Raises:
        BadFrame: If the features to classify are not those of the random pairs.
    """

    def __init__(
        self,
        random_features: pd.DataFrame,
        *,
        n_possible: int,
        cuts: Mapping[str, Sequence[float]] | None = None,
        threshold: float = 0.5,
        one_to_one: bool = False,
        settings: EMSettings | None = None,
    ) -> None:
        self.cuts = {str(name): tuple((cuts or {}).get(name, (1.0,))) for name in random_features.columns}
        self.u = [_shares(column, len(limits) + 1) for column, limits in self._columns(random_features)]
        self.n_possible, self.threshold, self.one_to_one, self.settings = n_possible, threshold, one_to_one, settings
        self.fitted: Fit | None = None

    @property
    def model(self) -> Model:
        """
        The trained model.

        Raises:
            BadFrame: If there was no training yet.
        """
        if self.fitted is None:
            raise BadFrame("classifier: expected fit(features) first")
        return self.fitted.model

    def fit(self, comparison_vectors: pd.DataFrame, match_index: pd.MultiIndex | None = None) -> None:
        """
        Train m and the prior on features; m is counted where the true links are given.

        Args:
            comparison_vectors: Features, one row a pair; NaN where a value is missing.
            match_index: True links among them.
        """
        known = None if match_index is None else np.asarray(comparison_vectors.index.isin(match_index), dtype=bool)
        index, most = comparison_vectors.index, 1.0
        if self.one_to_one:
            most = min(index.get_level_values(level).nunique() for level in (0, 1)) / self.n_possible
        self._fit(self._gammas(comparison_vectors), known, most)

    def predict(self, comparison_vectors: pd.DataFrame) -> Any:
        """The links, in the form that recordlinkage's options ask for (a MultiIndex unless changed)."""
        chosen = self._predict(self._gammas(comparison_vectors))
        if self.one_to_one:
            rows = np.flatnonzero(chosen)
            ends = [_numbered(comparison_vectors.index.get_level_values(level)[rows]) for level in (0, 1)]
            kept = one_to_one(ends[0], ends[1], self._bits(comparison_vectors)[rows])
            chosen = np.zeros(len(chosen), dtype=bool)
            chosen[rows[kept]] = True
        return self._return_result(chosen.astype(np.int64), comparison_vectors)

    def prob(self, comparison_vectors: pd.DataFrame, return_type: None = None) -> pd.Series[float]:  # noqa: ARG002 (theirs)
        """Probability that each pair is a match."""
        found = self._prob_match(self._gammas(comparison_vectors))
        return pd.Series(found, index=comparison_vectors.index)

    def weights(self, comparison_vectors: pd.DataFrame) -> pd.Series[float]:
        """Weight of evidence of each pair, without the prior (bits)."""
        return pd.Series(self._bits(comparison_vectors), index=comparison_vectors.index)

    def _bits(self, features: pd.DataFrame) -> FloatArray:
        return pair_bits(self._gammas(features), self.model)

    def _fit(self, gammas: Int8Array, known: BoolArray | None = None, largest_prior: float = 1.0) -> None:
        named = [(name, tuple(map(str, range(len(limits) + 1)))) for name, limits in self.cuts.items()]
        settings, fixed = self.settings or EMSettings(), None
        if known is not None:
            if not known.any() or known.all():
                raise BadFrame("classifier: expected both links and other pairs to learn from")
            fixed = {name: _shares(gammas[known, place], len(levels)) for place, (name, levels) in enumerate(named)}
            settings = settings.model_copy(
                update={"prior_start": float(known.sum()) / self.n_possible, "fix_prior": True}
            )
        self.fitted = fit(
            count_patterns(gammas),
            comparisons=named,
            u=self.u,
            settings=settings,
            n_pairs=self.n_possible,
            largest_prior=largest_prior,
            fixed_m=fixed,
        )

    def _predict(self, gammas: Int8Array) -> BoolArray:
        return np.asarray(self._prob_match(gammas) >= self.threshold, dtype=bool)

    def _prob_match(self, gammas: Int8Array) -> FloatArray:
        return posterior(pair_bits(gammas, self.model), self.model.prior)

    def _gammas(self, features: pd.DataFrame) -> Int8Array:
        return from_features(features, cuts=self.cuts)

    def _columns(self, features: pd.DataFrame) -> Sequence[tuple[Int8Array, tuple[float, ...]]]:
        gammas = self._gammas(features)
        return [(gammas[:, place], limits) for place, limits in enumerate(self.cuts.values())]


def _shares(levels: Int8Array, n_levels: int) -> FloatArray:
    """Share of each level among the pairs that have one, with a pseudo-count."""
    counts = np.bincount(levels[levels >= 0], minlength=n_levels) + _PSEUDO / n_levels
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def _numbered(labels: pd.Index[Any]) -> IntArray:
    return np.asarray(pd.factorize(labels)[0], dtype=np.int64)
