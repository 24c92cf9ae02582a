"""
EM over agreement-pattern counts: m and the prior, with u held fixed. Pure; takes milliseconds. Opens nothing.

What is maximised is the likelihood of the counts plus a Dirichlet pseudo-count on m (MAP), so that a level no
match has reached is not impossible. With `monotone`, weights may not fall from a level to a stronger one; the
constrained maximum is the isotonic regression of m/u weighted by u, so the objective still never falls.

Failures that an iteration count cannot show are said in `Fit.warnings`: starts that end in different places,
a prior that explains nothing, levels out of order, a comparison that says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import FloatArray
from linkage.model.isotonic import non_decreasing
from linkage.model.model import ComparisonModel, Model, rounded
from linkage.model.patterns import PatternCounts

__all__ = ["EMSettings", "Fit", "Iteration", "fit"]

_SMALLEST = 1e-12


class EMSettings(BaseModel):
    """How the model is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prior_start: float | None = Field(None, gt=0, lt=1, description="First prior; None = from the number of pairs.")
    max_iterations: int = Field(500, ge=1, description="Iterations of each start.")
    tolerance: float = Field(1e-8, gt=0, description="Largest change of any m, or relative of the prior, at the end.")
    pseudo_count: float = Field(1.0, ge=0, description="Imagined matches per comparison, even over its levels.")
    monotone: bool = Field(True, description="Hold weights non-decreasing from a level to a stronger one.")
    fix_prior: bool = Field(False, description="Keep `prior_start` instead of estimating the prior.")
    agreement_starts: tuple[float, ...] = Field(
        (0.9, 0.7, 0.5), min_length=1, description="First m of the strongest level, one start each; the best is kept."
    )


class Iteration(NamedTuple):
    """One step of the kept start."""

    number: int
    log_likelihood: float
    objective: float
    prior: float
    largest_change: float


@dataclass(frozen=True, slots=True)
class Fit:
    """
    A trained model and how it was reached.

    Attributes:
        model: The model of the best start.
        history: Its iterations; `objective` never falls.
        converged: Whether the changes ended below the tolerance, not merely the iterations.
        log_likelihood: Of the counts under the model (natural logarithm).
        warnings: What makes the result doubtful; empty when nothing was found.
    """

    model: Model
    history: tuple[Iteration, ...]
    converged: bool
    log_likelihood: float
    warnings: tuple[str, ...] = ()


def fit(
    patterns: PatternCounts,
    *,
    comparisons: Sequence[tuple[str, tuple[str, ...]]],
    u: Sequence[FloatArray],
    settings: EMSettings | None = None,
    n_pairs: int | None = None,
) -> Fit:
    """
    Train m and the prior.

    Args:
        patterns: Counts of the compared pairs.
        comparisons: (name, level names) of each column of `patterns.gammas`.
        u: Probability of each level among random pairs, one `(n_levels,)` array a comparison; held fixed.
        settings: How to train.
        n_pairs: All pairs of the two tables, where `patterns` holds only those that blocking let through. Pairs
            that were not let through count as no match, and the prior is over all pairs. None: those counted.

    Returns:
        The fit of the start with the highest objective.
    """
    chosen = settings or EMSettings()
    space = max(n_pairs or 0, patterns.n_pairs)
    task = _Task.of(patterns, u=u, settings=chosen, n_outside=space - patterns.n_pairs)
    first_prior = chosen.prior_start or min(0.3, max(_SMALLEST, 1.0 / max(space, 1) ** 0.5))
    runs = [_climb(task, prior=first_prior, agreement=start) for start in chosen.agreement_starts]
    best = max(runs, key=lambda run: run.history[-1].objective)
    model = _model(best, comparisons=comparisons, u=task.u)
    return Fit(
        model=model,
        history=tuple(best.history),
        converged=best.converged,
        log_likelihood=best.history[-1].log_likelihood,
        warnings=tuple(_doubts(task, runs, best, comparisons=comparisons)),
    )


@dataclass(frozen=True, slots=True)
class _Task:
    """
    Attributes:
        one_hot: `(n_patterns, n_levels of all comparisons)`; a null level has no column.
        counts: `(n_patterns,)`.
        u: One array a comparison.
        slices: Columns of each comparison in `one_hot`.
        log_u: `(n_patterns,)` log-probability among non-matches.
    """

    one_hot: FloatArray
    counts: FloatArray
    u: tuple[FloatArray, ...]
    slices: tuple[slice, ...]
    log_u: FloatArray
    n_outside: float
    settings: EMSettings

    @classmethod
    def of(cls, patterns: PatternCounts, *, u: Sequence[FloatArray], settings: EMSettings, n_outside: int) -> _Task:
        sound = tuple(_distribution(part) for part in u)
        ends = np.cumsum([0, *(len(part) for part in sound)])
        slices = tuple(slice(int(a), int(b)) for a, b in pairwise(ends))
        one_hot = np.zeros((len(patterns.gammas), int(ends[-1])))
        for column, place in enumerate(slices):
            reached = np.flatnonzero(patterns.gammas[:, column] >= 0)
            one_hot[reached, place.start + patterns.gammas[reached, column].astype(np.int64)] = 1.0
        log_u = _log_sum(one_hot, np.concatenate(sound))
        return cls(one_hot, patterns.counts.astype(np.float64), sound, slices, log_u, float(n_outside), settings)


@dataclass(slots=True)
class _Run:
    m: tuple[FloatArray, ...]
    prior: float
    history: list[Iteration]
    converged: bool
    n_matches: float


def _distribution(given: FloatArray) -> FloatArray:
    """Probabilities above 0 with sum 1."""
    kept: FloatArray = np.maximum(np.asarray(given, dtype=np.float64), _SMALLEST)
    return kept / float(kept.sum())


def _log_sum(one_hot: FloatArray, probabilities: FloatArray) -> FloatArray:
    """`(n_patterns,)` sum of the logarithms; einsum, because its order of summation is fixed."""
    return np.asarray(np.einsum("pl,l->p", one_hot, np.log(probabilities)), dtype=np.float64)


def _first_m(u: FloatArray, agreement: float) -> FloatArray:
    """`agreement` for the strongest level, half of the rest for each next one, leaning away from u."""
    n_levels = len(u)
    shares = 0.5 ** np.arange(1, n_levels, dtype=np.float64)[::-1]
    rest = (1 - agreement) * shares / shares.sum()
    return _distribution(np.append(rest, agreement))


def _climb(task: _Task, *, prior: float, agreement: float) -> _Run:
    """Iterate from one start until nothing changes."""
    settings = task.settings
    run = _Run(tuple(_first_m(u, agreement) for u in task.u), prior, [], converged=False, n_matches=0.0)
    likelihood, objective, responsibility = _expect(task, run)
    for number in range(1, settings.max_iterations + 1):
        matched = task.counts * responsibility
        run.n_matches = float(matched.sum())
        m_before, prior_before = run.m, run.prior
        run.m = _maximise(task, matched)
        if not settings.fix_prior:
            total = float(task.counts.sum()) + task.n_outside
            run.prior = min(max(run.n_matches / max(total, 1.0), _SMALLEST), 1 - 1e-9)
        likelihood, objective, responsibility = _expect(task, run)
        moved = max(float(np.abs(new - old).max()) for new, old in zip(run.m, m_before, strict=True))
        moved = max(moved, abs(run.prior - prior_before) / prior_before)
        run.history.append(Iteration(number, likelihood, objective, run.prior, moved))
        if moved < settings.tolerance:
            run.converged = True
            break
    return run


def _expect(task: _Task, run: _Run) -> tuple[float, float, FloatArray]:
    """Log-likelihood, objective, and `(n_patterns,)` probability of a match for each pattern."""
    log_m = _log_sum(task.one_hot, np.concatenate(run.m))
    as_match, as_other = np.log(run.prior) + log_m, np.log1p(-run.prior) + task.log_u
    both = np.logaddexp(as_match, as_other)
    likelihood = float(np.einsum("p,p->", task.counts, both)) + task.n_outside * float(np.log1p(-run.prior))
    pseudo = sum(task.settings.pseudo_count / len(m) * float(np.log(m).sum()) for m in run.m)
    return likelihood, likelihood + pseudo, np.exp(as_match - both)


def _maximise(task: _Task, matched: FloatArray) -> tuple[FloatArray, ...]:
    """New m of every comparison from the expected matches of every pattern."""
    expected = np.einsum("p,pl->l", matched, task.one_hot)
    return tuple(_new_m(expected[place], u, task.settings) for place, u in zip(task.slices, task.u, strict=True))


def _new_m(expected: FloatArray, u: FloatArray, settings: EMSettings) -> FloatArray:
    counts = expected + settings.pseudo_count / len(expected)
    if float(counts.sum()) <= 0:
        return u.copy()
    if settings.monotone:
        counts = u * non_decreasing(counts / u, u)
    return _distribution(counts)


def _model(run: _Run, *, comparisons: Sequence[tuple[str, tuple[str, ...]]], u: Sequence[FloatArray]) -> Model:
    parts = [
        ComparisonModel(
            name=name,
            level_names=tuple(levels),
            m=tuple(rounded(float(p)) for p in m),
            u=tuple(rounded(float(p)) for p in part_u),
        )
        for (name, levels), m, part_u in zip(comparisons, run.m, u, strict=True)
    ]
    return Model(comparisons=tuple(parts), prior=rounded(run.prior))


def _doubts(
    task: _Task, runs: Sequence[_Run], best: _Run, *, comparisons: Sequence[tuple[str, tuple[str, ...]]]
) -> list[str]:
    """Sentences about what makes the fit doubtful."""
    doubts = []
    if not best.converged:
        doubts.append(f"EM did not converge in {task.settings.max_iterations} iterations: raise max_iterations")
    near = [abs(np.log2(run.prior) - np.log2(best.prior)) < 1 for run in runs]
    if not all(near):
        ends = ", ".join(f"{run.prior:.2g}" for run in runs)
        doubts.append(f"EM is not identified: its starts end at different priors ({ends}); add comparisons or rules")
    if best.n_matches < 1:
        doubts.append("EM found less than one expected match: nothing to learn from; use a model trained elsewhere")
    for (name, _), m, u in zip(comparisons, best.m, task.u, strict=True):
        bits = np.log2(m / u)
        if bits[-1] - bits[0] < 0.1:
            doubts.append(f"comparison {name!r} says nothing: its strongest and weakest level weigh the same")
        elif np.any(np.diff(bits) < -1e-6):
            doubts.append(f"comparison {name!r}: a stronger level weighs less than a weaker one")
    return doubts
