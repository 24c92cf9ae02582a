"""
EM over agreement-pattern counts: m and the prior, with u held fixed. Pure; takes milliseconds. Opens nothing.

What is maximised is the likelihood of the counts plus a Dirichlet pseudo-count on m (MAP), so that a level no
match has reached is not impossible. With `monotone`, weights may not fall from a level to a stronger one; the
constrained maximum is the isotonic regression of m/u weighted by u, so the objective still never falls.

Failures that an iteration count cannot show are said in `Fit.warnings`: starts that end in different places,
more matches than there can be, levels out of order, a comparison that says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import FloatArray
from linkage.model.mixture import Group, Iteration, Limits, Run, Task, climb, first_m
from linkage.model.model import ComparisonModel, Model, rounded
from linkage.model.patterns import PatternCounts

__all__ = ["TOO_MANY", "EMSettings", "Fit", "Iteration", "doubts_of_levels", "fit"]

_SMALLEST = 1e-12
TOO_MANY = 1.2  # times the largest number of matches there can be: then what was found is no match
_MOST_GROUPS = 3  # of look-alikes


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
        n_look_alikes: Pairs set apart because they are alike but too many to be matches.
    """

    model: Model
    history: tuple[Iteration, ...]
    converged: bool
    log_likelihood: float
    warnings: tuple[str, ...] = ()
    n_look_alikes: float = 0.0


def fit(
    patterns: PatternCounts,
    *,
    comparisons: Sequence[tuple[str, tuple[str, ...]]],
    u: Sequence[FloatArray],
    settings: EMSettings | None = None,
    n_pairs: int | None = None,
    largest_prior: float = 1.0,
    fixed_m: Mapping[str, FloatArray] | None = None,
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
        largest_prior: What the prior cannot be above, because no record has two partners, say. A group of alike
            pairs that is clearly larger cannot be the matches: it is set apart and the matches are sought beside it.
        fixed_m: m of comparisons whose m is not trained, by name.

    Returns:
        The fit of the start with the highest objective.
    """
    chosen = settings or EMSettings()
    space = max(n_pairs or 0, patterns.n_pairs)
    given = {column: (fixed_m or {})[name] for column, (name, _) in enumerate(comparisons) if name in (fixed_m or {})}
    task = Task.of(patterns, u=u, n_outside=space - patterns.n_pairs, fixed_m=given)
    limits = Limits(
        max_iterations=chosen.max_iterations,
        tolerance=chosen.tolerance,
        pseudo_count=chosen.pseudo_count,
        monotone=chosen.monotone,
        largest_prior=1.0,
        fix_prior=chosen.fix_prior,
    )
    first_prior = chosen.prior_start or min(0.3, 0.5 * largest_prior, max(_SMALLEST, 1.0 / max(space, 1) ** 0.5))
    starts = [
        Group(tuple(task.fixed_m.get(c, first_m(u, agreement)) for c, u in enumerate(task.u)), first_prior)
        for agreement in chosen.agreement_starts
    ]
    runs = _runs(task, starts, (), limits)
    others: tuple[Group, ...] = ()
    while (best := _best(runs)).match.share > TOO_MANY * largest_prior and len(others) < _MOST_GROUPS:
        others = (*best.others, best.match)
        runs = _runs(task, starts, others, limits)
    if best.match.share > largest_prior:
        runs = _runs(task, [*starts, best.match._replace(share=largest_prior)], others, limits, cap=largest_prior)
        best = _best(runs)
    return Fit(
        model=_model(best.match, comparisons=comparisons, u=task.u),
        history=tuple(best.history),
        converged=best.converged,
        log_likelihood=best.history[-1].log_likelihood,
        warnings=tuple(_doubts(task, runs, best, comparisons=comparisons, cap=largest_prior)),
        n_look_alikes=sum(group.share for group in best.others) * task.n_pairs,
    )


def _runs(
    task: Task, starts: Sequence[Group], others: Sequence[Group], limits: Limits, *, cap: float = 1.0
) -> list[Run]:
    bounded = replace(limits, largest_prior=cap)
    return [climb(task, match=start, others=others, limits=bounded) for start in starts]


def _best(runs: Sequence[Run]) -> Run:
    return max(runs, key=lambda run: run.history[-1].objective)


def _model(match: Group, *, comparisons: Sequence[tuple[str, tuple[str, ...]]], u: Sequence[FloatArray]) -> Model:
    parts = [
        ComparisonModel(
            name=name,
            level_names=tuple(levels),
            m=tuple(rounded(float(p)) for p in m),
            u=tuple(rounded(float(p)) for p in part_u),
        )
        for (name, levels), m, part_u in zip(comparisons, match.levels, u, strict=True)
    ]
    return Model(comparisons=tuple(parts), prior=rounded(match.share))


def _doubts(
    task: Task, runs: Sequence[Run], best: Run, *, comparisons: Sequence[tuple[str, tuple[str, ...]]], cap: float
) -> list[str]:
    """Sentences about what makes the fit doubtful."""
    doubts = []
    if not best.converged:
        doubts.append("EM did not converge in max_iterations: raise it, or use fewer comparisons")
    if any(abs(np.log2(run.match.share) - np.log2(best.match.share)) > 1 for run in runs):
        ends = ", ".join(f"{run.match.share:.2g}" for run in runs)
        doubts.append(f"EM is not identified: its starts end at different priors ({ends}); add comparisons or rules")
    if best.match.share >= cap * (1 - 1e-6) and best.others:
        doubts.append("EM wants more matches than there are records: leave out comparisons that repeat each other")
    if best.match.share * task.n_pairs < 1:
        doubts.append("EM found less than one expected match: nothing to learn from; use a model trained elsewhere")
    doubts += [_look_alikes(group, task, comparisons) for group in best.others]
    for (name, levels), m, u in zip(comparisons, best.match.levels, task.u, strict=True):
        doubts += doubts_of_levels(name, levels, np.log2(m / u), fall=1e-6)
    return doubts


def doubts_of_levels(name: str, levels: Sequence[str], bits: FloatArray, *, fall: float) -> list[str]:
    """
    What the weights of a comparison's levels make doubtful.

    Args:
        name: Of the comparison.
        levels: Names of its levels, weakest first.
        bits: `(n_levels,)` their weights.
        fall: How much less a level may weigh than the weaker one before it (bits).
    """
    if bits[-1] - bits[0] < 0.1:
        return [f"comparison {name!r} says nothing: its strongest and weakest level weigh the same"]
    falls = np.diff(bits)
    worst = int(np.argmin(falls))
    if falls[worst] >= -fall:
        return []
    said = f"level {levels[worst + 1]!r} weighs {-falls[worst]:.1f} bits less than the weaker level {levels[worst]!r}"
    return [f"comparison {name!r}: {said}"]


def _look_alikes(group: Group, task: Task, comparisons: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    alike = [
        name
        for (name, _), v, u in zip(comparisons, group.levels, task.u, strict=True)
        if v[-1] > 0.3 and v[-1] > 3 * u[-1]
    ]
    return (
        f"about {group.share * task.n_pairs:,.0f} of the compared pairs agree on {' and '.join(alike) or 'little'} "
        f"without being matches (more than there can be): they were set apart in training; if these comparisons "
        f"repeat each other, leave one out"
    )
