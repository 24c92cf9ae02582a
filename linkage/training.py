"""
Training without truth on two tables, or one: u, m, prior and dependence. Opens nothing.

`train` is the whole of it: u from value frequencies and random pairs, then m, prior and dependence by EM on drawn
pairs that stand for all pairs, u again without the matches. What somebody knows (`m_from_labels`, `prior_from_rules`,
fixed values) and Splink's sessions on blocking rules are in `linkage.model.labels` and `linkage.model.sessions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.comparison.base import Prepared
from linkage.model.bootstrap import BootstrapSettings, Intervals, bootstrap
from linkage.model.chance import random_pairs, sampled_u, without_matches
from linkage.model.dependent import DependenceSettings, DependentFit, fit_dependent, refit_dependent
from linkage.model.em import EMSettings, Fit
from linkage.model.joint_em import Outside
from linkage.model.model import Model
from linkage.model.patterns import PatternCounts
from linkage.model.sample import WeightedPairs, draw_pairs, weigh_patterns
from linkage.model.weights import pair_bits, posterior

__all__ = ["Compared", "Trained", "TrainingSettings", "estimate_u", "train"]

_STEADY = 0.05  # bits: u that moves less by taking the matches out is not trained with again
_ONE_PARTNER = 1.01  # the smaller table's rows: as many matches as there can be where a record has one
_FEWEST = 20  # pairs held for matches, below which rivals among them are chance
_RIVALS = 0.2  # of them with a rival: far more than relatives leave where the matches were found
_ROUNDS = 3  # trainings: the second and third with the matches of the one before taken out of u


class TrainingSettings(BaseModel):
    """How a model is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    em: EMSettings = Field(EMSettings(), description="EM: m and the prior.")
    dependence: DependenceSettings = Field(DependenceSettings(), description="How dependent fields are sought.")
    training_pairs: int = Field(1_000_000, ge=1000, description="Pairs drawn to train on; all where there are fewer.")
    random_pairs: int = Field(1_000_000, ge=1000, description="Random pairs from which u of fuzzy levels is taken.")
    largest_prior: float = Field(1.0, gt=0, le=1, description="What the prior cannot be above, as partners allow.")
    seed: int = Field(20_260_101, description="Seed of every named random stream.")


class Compared(Protocol):
    """Two tables, or one, with comparisons bound to them."""

    within: bool
    apart: IntArray | None
    prepared: tuple[Prepared, ...]
    named: list[tuple[str, tuple[str, ...]]]
    n_rows: tuple[int, int]

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        """`(n_pairs, n_comparisons)` levels of given pairs of rows."""


@dataclass(frozen=True, slots=True)
class Trained:
    """
    A trained model and what it was trained on.

    Attributes:
        found: The fit, the independent fit, and the dependence.
        u: u of every comparison, without the matches.
        patterns: Counts of the drawn pairs, weighted to all pairs.
        pairs_a_draw: `(n_patterns,)` pairs that one drawn pair stands for.
        outside: Pairs that were not drawn from.
        n_drawn: Pairs that were compared.
        settings: How.
        fixed_m: m that was not trained.
    """

    found: DependentFit
    u: tuple[FloatArray, ...]
    patterns: PatternCounts
    pairs_a_draw: FloatArray
    outside: Outside | None
    n_drawn: int
    settings: TrainingSettings
    fixed_m: Mapping[str, FloatArray]

    @property
    def fit(self) -> Fit:
        """The fit with its model, history and warnings."""
        return self.found.fit

    @property
    def model(self) -> Model:
        """The trained model."""
        return self.found.fit.model

    def intervals(self, compared: Compared, settings: BootstrapSettings | None = None) -> Intervals:
        """Bootstrap intervals of m, u and the prior; the interactions stay those that were found."""
        em = self.settings.em.model_copy(update={"max_iterations": 60, "tolerance": 1e-5})

        def again(patterns: PatternCounts, u: Sequence[FloatArray]) -> Model:
            return refit_dependent(
                self.found,
                patterns,
                u=u,
                settings=em,
                largest_prior=self.settings.largest_prior,
                fixed_m=self.fixed_m,
                outside=self.outside,
            )

        return bootstrap(
            self.model,
            self.patterns,
            retrain=again,
            u=self.u,
            n_random_pairs=self.settings.random_pairs,
            exact=[part.codes is not None for part in compared.prepared],
            seed=self.settings.seed,
            settings=settings,
            pairs_a_draw=self.pairs_a_draw,
        )


def estimate_u(
    compared: Compared, *, n_pairs: int, seed: int, fixed_u: Mapping[str, FloatArray] | None = None
) -> list[FloatArray]:
    """
    Level probabilities of random pairs, the few matches among them included.

    Args:
        compared: The tables.
        n_pairs: Random pairs in which levels are counted; the strongest level is exact where it means equality.
        seed: Seed of the stream.
        fixed_u: u that somebody knows, by name of the comparison.
    """
    left, right = random_pairs(*compared.n_rows, within=compared.within, n=n_pairs, seed=seed)
    if compared.apart is not None:
        meet = compared.apart[left] != compared.apart[right]
        left, right = left[meet], right[meet]
    counted = sampled_u(
        compared.gammas(left, right),
        level_counts=[len(levels) for _, levels in compared.named],
        prepared=compared.prepared,
        within=compared.within,
        apart=compared.apart,
    )
    known = fixed_u or {}
    return [known.get(name, part) for (name, _), part in zip(compared.named, counted, strict=True)]


def train(
    compared: Compared,
    *,
    settings: TrainingSettings | None = None,
    fixed_m: Mapping[str, FloatArray] | None = None,
    fixed_u: Mapping[str, FloatArray] | None = None,
) -> Trained:
    """
    Train a model on tables, without truth.

    Args:
        compared: The tables and comparisons.
        settings: How. A known prior is given as `em.prior_start` with `em.fix_prior`.
        fixed_m: m that is not trained, by name of the comparison.
        fixed_u: u that is not estimated, likewise.

    Raises:
        NothingToDrawFrom: If the tables are large and no comparison tells records apart.
    """
    chosen, held_m, held_u = settings or TrainingSettings(), fixed_m or {}, fixed_u or {}
    every = estimate_u(compared, n_pairs=chosen.random_pairs, seed=chosen.seed, fixed_u=held_u)
    drawn = draw_pairs(
        [part.codes for part in compared.prepared],
        n_records=compared.n_rows,
        within=compared.within,
        n_draws=chosen.training_pairs,
        seed=chosen.seed,
        apart=compared.apart,
    )
    gammas = compared.gammas(drawn.left, drawn.right)
    patterns, pairs_a_draw = weigh_patterns(gammas, drawn.weight)
    u = [np.asarray(part, dtype=np.float64) for part in every]
    outside, structure = drawn.outside(every), None
    for _ in range(_ROUNDS):
        found = fit_dependent(
            patterns,
            comparisons=compared.named,
            u=u,
            settings=chosen.em,
            dependence=chosen.dependence,
            largest_prior=chosen.largest_prior,
            fixed_m=held_m,
            outside=outside,
            pairs_a_draw=pairs_a_draw if drawn.framed else None,
            structure=structure,
        )
        structure = found.structure
        rest = without_matches(every, found.fit.model)
        rest = [a if name in held_u else b for (name, _), a, b in zip(compared.named, every, rest, strict=True)]
        moved = max(float(np.abs(np.log2(a / b)).max()) for a, b in zip(rest, u, strict=True))
        if moved < _STEADY:
            break
        u = rest
    if chosen.largest_prior * compared.n_rows[0] * compared.n_rows[1] <= _ONE_PARTNER * min(compared.n_rows):
        found = _with_doubt_of_rivals(found, drawn, gammas)
    return Trained(found, tuple(u), patterns, pairs_a_draw, outside, len(drawn.left), chosen, held_m)


def _with_doubt_of_rivals(found: DependentFit, drawn: WeightedPairs, gammas: Int8Array) -> DependentFit:
    """The fit, with a warning if many pairs it holds for matches share a record that can have one match only."""
    model = found.fit.model
    probable = posterior(pair_bits(gammas, model), model.prior)
    held = probable >= 0.5
    pairs = np.unique(np.column_stack([drawn.left[held], drawn.right[held]]), axis=0)  # one may be drawn twice
    n_rivals = np.mean([len(pairs) - len(np.unique(rows)) for rows in pairs.T])
    if len(pairs) < _FEWEST or n_rivals < _RIVALS * len(pairs):
        return found
    said = (
        f"{n_rivals / len(pairs):.0%} of the pairs held for matches share a record with another, though a record has "
        f"one partner: relatives or strangers are taken for matches, few are matches, or a table holds persons twice; "
        f"do not trust the probabilities"
    )
    return replace(found, fit=replace(found.fit, warnings=(*found.fit.warnings, said)))
