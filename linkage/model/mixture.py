"""
The mixture behind EM: matches, pairs by chance, and groups of look-alikes that are neither. Opens nothing.

Pairs by chance have the fixed probabilities u. Look-alikes are groups larger than all matches together could be,
such as neighbours who share postcode and street: they get a free distribution of their own, so that they cannot
stand in for the matches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from linkage.arrays import FloatArray
from linkage.model.isotonic import non_decreasing
from linkage.model.patterns import PatternCounts

__all__ = ["Group", "Iteration", "Limits", "Run", "Task", "climb", "distribution", "first_m"]

_SMALLEST = 1e-12


class Iteration(NamedTuple):
    """One step of the kept start."""

    number: int
    log_likelihood: float
    objective: float
    prior: float
    largest_change: float


class Group(NamedTuple):
    """One component of the mixture: level probabilities of each comparison, and its share of all pairs."""

    levels: tuple[FloatArray, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Attributes:
        max_iterations: Iterations of each start.
        tolerance: Largest change at the end.
        pseudo_count: Imagined matches a comparison.
        monotone: Whether weights of matches may not fall from a level to a stronger one.
        largest_prior: What the share of the matches cannot be above.
        fix_prior: Whether it stays as it starts.
    """

    max_iterations: int
    tolerance: float
    pseudo_count: float
    monotone: bool
    largest_prior: float
    fix_prior: bool


@dataclass(frozen=True, slots=True)
class Task:
    """
    Attributes:
        one_hot: `(n_patterns, n_levels of all comparisons)`; a null level has no column.
        counts: `(n_patterns,)` pairs.
        u: One array a comparison.
        slices: Columns of each comparison in `one_hot`.
        n_outside: Pairs that blocking left out: pairs by chance.
        fixed_m: m that is not trained, by column.
    """

    one_hot: FloatArray
    counts: FloatArray
    u: tuple[FloatArray, ...]
    slices: tuple[slice, ...]
    n_outside: float
    fixed_m: Mapping[int, FloatArray]

    @classmethod
    def of(
        cls,
        patterns: PatternCounts,
        *,
        u: Sequence[FloatArray],
        n_outside: int,
        fixed_m: Mapping[int, FloatArray] | None = None,
    ) -> Task:
        """Patterns as a matrix of reached levels."""
        sound = tuple(distribution(part) for part in u)
        ends = np.cumsum([0, *(len(part) for part in sound)])
        slices = tuple(slice(int(a), int(b)) for a, b in pairwise(ends))
        one_hot = np.zeros((len(patterns.gammas), int(ends[-1])))
        for column, place in enumerate(slices):
            reached = np.flatnonzero(patterns.gammas[:, column] >= 0)
            one_hot[reached, place.start + patterns.gammas[reached, column].astype(np.int64)] = 1.0
        fixed = {column: distribution(part) for column, part in (fixed_m or {}).items()}
        return cls(one_hot, patterns.counts.astype(np.float64), sound, slices, float(n_outside), fixed)

    @property
    def n_pairs(self) -> float:
        """All pairs, those left out included."""
        return float(self.counts.sum()) + self.n_outside

    def log_probability(self, levels: Sequence[FloatArray]) -> FloatArray:
        """`(n_patterns,)` log-probability of each pattern; einsum, because its order of summation is fixed."""
        return np.asarray(np.einsum("pl,l->p", self.one_hot, np.log(np.concatenate(levels))), dtype=np.float64)


@dataclass(slots=True)
class Run:
    """
    Where one start ended.

    Attributes:
        match: The matches.
        others: Groups of look-alikes.
        history: The iterations.
        converged: Whether the changes ended below the tolerance.
    """

    match: Group
    others: tuple[Group, ...]
    history: list[Iteration]
    converged: bool


def distribution(given: FloatArray) -> FloatArray:
    """Probabilities above 0 with sum 1."""
    kept: FloatArray = np.maximum(np.asarray(given, dtype=np.float64), _SMALLEST)
    return kept / float(kept.sum())


def first_m(u: FloatArray, agreement: float) -> FloatArray:
    """`agreement` for the strongest level, half as much for each weaker one of the rest."""
    falling = 0.5 ** np.arange(1, len(u), dtype=np.float64)[::-1]
    return distribution(np.append((1 - agreement) * falling / falling.sum(), agreement))


def climb(task: Task, *, match: Group, others: Sequence[Group] = (), limits: Limits) -> Run:
    """Iterate from one start until nothing changes; the objective never falls."""
    run = Run(match, tuple(others), [], converged=False)
    _, _, shares = _expect(task, run, limits)
    for number in range(1, limits.max_iterations + 1):
        before = (run.match, *run.others)
        _maximise(task, run, shares, limits)
        likelihood, objective, shares = _expect(task, run, limits)
        moved = max(_moved(new, old) for new, old in zip((run.match, *run.others), before, strict=True))
        run.history.append(Iteration(number, likelihood, objective, run.match.share, moved))
        if moved < limits.tolerance:
            run.converged = True
            break
    return run


def _moved(new: Group, old: Group) -> float:
    levels = max(float(np.abs(a - b).max()) for a, b in zip(new.levels, old.levels, strict=True))
    return max(levels, abs(new.share - old.share) / old.share)


def _expect(task: Task, run: Run, limits: Limits) -> tuple[float, float, list[FloatArray]]:
    """Log-likelihood, objective, and for each group `(n_patterns,)` the probability of belonging to it."""
    groups = (run.match, *run.others)
    by_chance = max(1.0 - sum(group.share for group in groups), _SMALLEST)
    logs = [np.log(group.share) + task.log_probability(group.levels) for group in groups]
    total = np.logaddexp.reduce([*logs, np.log(by_chance) + task.log_probability(task.u)], axis=0)
    likelihood = float(np.einsum("p,p->", task.counts, total)) + task.n_outside * float(np.log(by_chance))
    pseudo = sum(
        limits.pseudo_count / len(levels) * float(np.log(levels).sum()) for group in groups for levels in group.levels
    )
    return likelihood, likelihood + pseudo, [np.exp(log - total) for log in logs]


def _maximise(task: Task, run: Run, shares: Sequence[FloatArray], limits: Limits) -> None:
    """New levels and shares of all groups from the expected memberships."""
    expected = [np.einsum("p,p,pl->l", task.counts, share, task.one_hot) for share in shares]
    sizes = [float(np.einsum("p,p->", task.counts, share)) for share in shares]
    prior = run.match.share
    if not limits.fix_prior:
        prior = min(max(sizes[0] / max(task.n_pairs, 1.0), _SMALLEST), limits.largest_prior, 1 - 1e-9)
    rest = max(task.n_pairs - sizes[0], _SMALLEST)
    levels = _levels(task, expected[0], limits, monotone=limits.monotone)
    run.match = Group(tuple(task.fixed_m.get(column, part) for column, part in enumerate(levels)), prior)
    run.others = tuple(
        Group(_levels(task, counts, limits, monotone=False), max((1 - prior) * size / rest, _SMALLEST))
        for counts, size in zip(expected[1:], sizes[1:], strict=True)
    )


def _levels(task: Task, expected: FloatArray, limits: Limits, *, monotone: bool) -> tuple[FloatArray, ...]:
    out = []
    for place, u in zip(task.slices, task.u, strict=True):
        counts = expected[place] + limits.pseudo_count / len(u)
        if float(counts.sum()) <= 0:
            counts = u.copy()
        if monotone:
            counts = u * non_decreasing(counts / u, u)
        out.append(distribution(counts))
    return tuple(out)
