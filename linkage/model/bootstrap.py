"""
How far m, u and the prior could be off: counts drawn again, the model trained again. Pure. Opens nothing.

Patterns are drawn anew from a multinomial with the observed shares, and u from the random pairs it was counted in.
Pairs of one record are not independent of each other, so the intervals are a lower bound of the uncertainty; they
tell which levels rest on a handful of pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from graph_schema.chance import stream
from linkage.arrays import FloatArray
from linkage.model.model import Model
from linkage.model.patterns import PatternCounts

__all__ = ["BootstrapSettings", "Interval", "Intervals", "bootstrap"]

Retrain = Callable[[PatternCounts, Sequence[FloatArray]], Model]


class BootstrapSettings(BaseModel):
    """How intervals are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_draws: int = Field(200, ge=20, description="Trainings.")
    coverage: float = Field(0.95, gt=0, lt=1, description="Share of the draws between the ends of an interval.")


@dataclass(frozen=True, slots=True)
class Interval:
    """
    The interval of one number.

    Attributes:
        kind: m, u or prior.
        comparison: Name of the comparison; empty for the prior.
        level: Name of the level; empty for the prior.
        estimate: What the model says.
        low: Lower end.
        high: Upper end.
    """

    kind: str
    comparison: str
    level: str
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Intervals:
    """
    Attributes:
        m: One for each level of each comparison.
        u: Likewise.
        prior: Of the prior.
        n_draws: Trainings they come from.
        draws: `(n_draws, 1 + n_levels of all comparisons * 2)`: prior, all m, all u of every training.
    """

    m: tuple[Interval, ...]
    u: tuple[Interval, ...]
    prior: Interval
    n_draws: int
    draws: FloatArray

    def table(self) -> list[dict[str, str | float]]:
        """All of them as records: kind, comparison, level, estimate, low, high."""
        return [
            {
                "kind": part.kind,
                "comparison": part.comparison,
                "level": part.level,
                "estimate": part.estimate,
                "low": part.low,
                "high": part.high,
            }
            for part in (self.prior, *self.m, *self.u)
        ]


def bootstrap(
    model: Model,
    patterns: PatternCounts,
    *,
    retrain: Retrain,
    u: Sequence[FloatArray],
    n_random_pairs: int,
    exact: Sequence[bool],
    seed: int,
    settings: BootstrapSettings | None = None,
    pairs_a_draw: FloatArray | None = None,
) -> Intervals:
    """
    Intervals of a trained model.

    Args:
        model: It.
        patterns: The counts it was trained on.
        retrain: Trains it on other counts and another u.
        u: u as it was trained with.
        n_random_pairs: Pairs in which levels of u were counted.
        exact: For each comparison, whether its strongest level's u comes from value frequencies, without counting.
        seed: Seed of the stream `"bootstrap"`.
        settings: How many draws, and the coverage.
        pairs_a_draw: `(n_patterns,)` pairs a counted pair stands for, where the counts are a weighted sample.
    """
    chosen = settings or BootstrapSettings()
    draw = stream("bootstrap", seed=seed)
    scale = np.ones(len(patterns.counts)) if pairs_a_draw is None else np.maximum(pairs_a_draw, 1.0)
    drawn = np.maximum(np.rint(patterns.counts / scale), 1).astype(np.int64)
    shares = drawn / drawn.sum()
    rows = []
    for _ in range(chosen.n_draws):
        counts = np.rint(draw.multinomial(int(drawn.sum()), shares) * scale).astype(np.int64)
        again = PatternCounts(patterns.gammas, counts, np.zeros(0, dtype=np.int64))
        rows.append(
            _numbers(retrain(again, [_redrawn(draw, *part, n_random_pairs) for part in zip(u, exact, strict=True)]))
        )
    draws = np.stack(rows)
    tail = (1 - chosen.coverage) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    places = [("prior", "", ""), *_places(model, "m"), *_places(model, "u")]
    parts = [
        Interval(*place, float(value), float(a), float(b))
        for place, value, a, b in zip(places, _numbers(model), low, high, strict=True)
    ]
    n_levels = (len(parts) - 1) // 2
    return Intervals(tuple(parts[1 : 1 + n_levels]), tuple(parts[1 + n_levels :]), parts[0], chosen.n_draws, draws)


def _redrawn(draw: np.random.Generator, u: FloatArray, exact: bool, n_pairs: int) -> FloatArray:
    """u counted again in as many random pairs; half a pair a level imagined, as in `chance.sampled_u`."""
    shares = np.asarray(u, dtype=np.float64) / float(np.sum(u))
    last = float(shares[-1])
    counted = draw.multinomial(n_pairs, shares) + 0.5
    if not exact or last >= 1:
        return np.asarray(counted / counted.sum())
    rest = counted[:-1] / counted[:-1].sum() * (1 - last)
    return np.append(rest, last)


def _numbers(model: Model) -> FloatArray:
    m = [p for part in model.comparisons for p in part.m]
    u = [p for part in model.comparisons for p in part.u]
    return np.array([model.prior, *m, *u])


def _places(model: Model, kind: str) -> list[tuple[str, str, str]]:
    return [(kind, part.name, level) for part in model.comparisons for level in part.level_names]
