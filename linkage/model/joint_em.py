"""
EM with dependent comparisons: joint m and joint u of each group, pairwise log-linear. Pure. Opens nothing.

Every comparison belongs to one *unit*: a group, or itself alone. Units are independent of each other among matches
and among the rest. A unit of one has the fixed u it was given and an m of its own, as in `em`; a group has two joint
tables, refitted in every iteration by iterative proportional fitting to the expected pairwise counts, a pair with
nulls being spread over the cells it may lie in. Each of these steps raises (never lowers) the expected
log-likelihood, so that the likelihood itself never falls.

The counts must stand for all pairs of the tables, or for all but those `Outside`, which agree exactly on nothing
(`linkage.model.sample`). Candidate pairs will not do: they all agree on something by choice, and so show dependence
where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from linkage.arrays import FloatArray
from linkage.model.isotonic import non_decreasing
from linkage.model.joint import JointAxes, independent, pairwise_fit
from linkage.model.mixture import Iteration, Limits, distribution
from linkage.model.patterns import PatternCounts

__all__ = ["Edge", "JointRun", "JointTask", "Outside", "Structure", "Tables", "climb_joint"]

Edge: TypeAlias = tuple[int, int]
Margins: TypeAlias = tuple[tuple[int, ...], ...]

_SMALLEST = 1e-12
_FIRST_SWEEPS = 10
_SWEEPS = 2  # rounds of proportional fitting an iteration


@dataclass(frozen=True, slots=True)
class Structure:
    """
    Which comparisons interact.

    Attributes:
        m_edges: Pairs of columns, ascending, that depend on each other among matches.
        u_edges: Among the rest.
        joined: Pairs that share a joint table without interacting: so that a model with an interaction has its like
            without it, fitted to the same margins.
    """

    m_edges: tuple[Edge, ...] = ()
    u_edges: tuple[Edge, ...] = ()
    joined: tuple[Edge, ...] = ()

    def units(self, n_comparisons: int) -> list[tuple[int, ...]]:
        """The comparisons in groups that are connected by interactions, alone where they have none."""
        label = list(range(n_comparisons))
        for a, b in (*self.m_edges, *self.u_edges, *self.joined):
            low, high = sorted((label[a], label[b]))
            label = [low if part == high else part for part in label]
        return [tuple(c for c in range(n_comparisons) if label[c] == part) for part in sorted(set(label))]


@dataclass(frozen=True, slots=True)
class Outside:
    """
    Pairs that were not counted because they can be no match: their levels are independent.

    Attributes:
        n_pairs: How many.
        u: Probability of each level among them, one array a comparison.
    """

    n_pairs: float
    u: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """
    The parameters: one table a unit.

    Attributes:
        prior: Share of the matches in all pairs.
        m: Joint level probabilities among matches.
        u: Among the rest.
    """

    prior: float
    m: tuple[FloatArray, ...]
    u: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class JointTask:
    """
    Attributes:
        units: Comparisons of each unit.
        m_margins: For each unit the margins among matches that are fitted: axes with an interaction, or one axis.
        u_margins: Among the rest.
        counts: `(n_patterns,)` compared pairs.
        fixed_m: m that is not trained, by column.
        known: `(n_patterns,)` further pairs that are known to be no match.
        outside: One table a unit: the pairs that were not counted.
        n_outside: How many they are.
        m_prior: One table a unit: imagined matches, spread as if the comparisons were independent.
        u_prior: Imagined non-matches, likewise.
    """

    units: tuple[JointAxes, ...]
    m_margins: tuple[Margins, ...]
    u_margins: tuple[Margins, ...]
    counts: FloatArray
    known: FloatArray
    fixed_m: Mapping[int, FloatArray]
    outside: tuple[FloatArray, ...]
    n_outside: float
    m_prior: tuple[FloatArray, ...]
    u_prior: tuple[FloatArray, ...]

    @classmethod
    def of(
        cls,
        patterns: PatternCounts,
        *,
        structure: Structure,
        margins: tuple[Sequence[FloatArray], Sequence[FloatArray]],
        pseudo_count: float,
        outside: Outside | None = None,
        known: FloatArray | None = None,
        fixed_m: Mapping[int, FloatArray] | None = None,
        placed: dict[tuple[int, ...], JointAxes] | None = None,
    ) -> JointTask:
        """
        Prepare a fit.

        Args:
            patterns: Counts of the compared pairs.
            structure: Which comparisons interact.
            margins: m and u of every comparison, as if they were independent.
            pseudo_count: Imagined matches a comparison.
            outside: Pairs that were not counted.
            known: Further pairs, known to be no match.
            fixed_m: m that is not trained, by column; such a comparison must stand alone.
            placed: Units whose patterns have been placed before; filled.
        """
        m, u = [distribution(part) for part in margins[0]], [distribution(part) for part in margins[1]]
        members = structure.units(len(u))
        level_counts = [len(part) for part in u]
        known_units = {} if placed is None else placed
        for part in members:
            if part not in known_units:
                known_units[part] = JointAxes.of(patterns.gammas, members=part, level_counts=level_counts)
        units = tuple(known_units[part] for part in members)
        counts = patterns.counts.astype(np.float64)
        none = np.zeros(len(counts))
        return cls(
            units=units,
            m_margins=tuple(_margins(part, structure.m_edges) for part in members),
            u_margins=tuple(_margins(part, structure.u_edges) for part in members),
            counts=counts,
            known=none if known is None else known,
            fixed_m={column: distribution(part) for column, part in (fixed_m or {}).items()},
            outside=tuple(_outside(unit, outside) for unit in units),
            n_outside=outside.n_pairs if outside is not None else 0.0,
            m_prior=tuple(_imagined(unit, m, pseudo_count) for unit in units),
            u_prior=tuple(_imagined(unit, u, pseudo_count) for unit in units),
        )

    @property
    def n_pairs(self) -> float:
        """All pairs, those outside included."""
        return float(self.counts.sum()) + self.n_outside

    def log_probability(self, tables: Sequence[FloatArray]) -> FloatArray:
        """`(n_patterns,)`."""
        out: FloatArray = np.zeros(len(self.counts))
        for unit, table in zip(self.units, tables, strict=True):
            out = out + unit.log_probability(table)
        return out

    def start(self, shares: FloatArray, *, u: Sequence[FloatArray]) -> Tables:
        """
        Tables to start from.

        Args:
            shares: `(n_patterns,)` probability of a match, guessed.
            u: u of every comparison: kept where it stands alone.
        """
        expected = float((self.counts * shares).sum())
        m_tables, u_tables = [], []
        for place, unit in enumerate(self.units):
            even = np.full(unit.shape, 1.0 / unit.n_cells)
            wanted = unit.completed(self.counts * shares, even) + self.m_prior[place]
            fixed = self.fixed_m.get(unit.members[0])
            fitted = _fitted(even, wanted, self.m_margins[place], sweeps=_FIRST_SWEEPS)
            m_tables.append(fitted if fixed is None else fixed)
            if len(unit.members) == 1:
                u_tables.append(distribution(u[unit.members[0]]))
                continue
            rest = unit.completed(self.counts * (1 - shares) + self.known, even)
            wanted = rest + self.u_prior[place] + self.outside[place]
            u_tables.append(_fitted(even, wanted, self.u_margins[place], sweeps=_FIRST_SWEEPS))
        return Tables(float(np.clip(expected / self.n_pairs, _SMALLEST, 1 - 1e-9)), tuple(m_tables), tuple(u_tables))


@dataclass(slots=True)
class JointRun:
    """
    Where a start ended.

    Attributes:
        tables: The parameters.
        shares: `(n_patterns,)` probability of a match.
        history: The iterations.
        converged: Whether the changes ended below the tolerance.
    """

    tables: Tables
    shares: FloatArray
    history: list[Iteration]
    converged: bool


def climb_joint(task: JointTask, *, start: Tables, limits: Limits) -> JointRun:
    """Iterate from `start` until nothing changes; the objective never falls."""
    run = JointRun(start, np.zeros(0), [], converged=False)
    _, _, run.shares = _expect(task, start)
    for number in range(1, limits.max_iterations + 1):
        before = run.tables
        run.tables = _maximise(task, run, limits)
        likelihood, objective, run.shares = _expect(task, run.tables)
        moved = _moved(run.tables, before)
        run.history.append(Iteration(number, likelihood, objective, run.tables.prior, moved))
        if moved < limits.tolerance:
            run.converged = True
            break
    return run


def _expect(task: JointTask, tables: Tables) -> tuple[float, float, FloatArray]:
    """Log-likelihood, objective, and the probability of a match of each pattern."""
    log_u = task.log_probability(tables.u) + np.log1p(-tables.prior)
    log_m = task.log_probability(tables.m) + np.log(tables.prior)
    total = np.logaddexp(log_m, log_u)
    likelihood = float(np.einsum("p,p->", task.counts, total) + np.einsum("p,p->", task.known, log_u))
    likelihood += task.n_outside * float(np.log1p(-tables.prior))
    imagined = 0.0
    for place, unit in enumerate(task.units):
        imagined += float((task.m_prior[place] * np.log(tables.m[place])).sum())
        if len(unit.members) > 1:
            likelihood += float((task.outside[place] * np.log(tables.u[place])).sum())
            imagined += float((task.u_prior[place] * np.log(tables.u[place])).sum())
    return likelihood, likelihood + imagined, np.exp(log_m - total)


def _maximise(task: JointTask, run: JointRun, limits: Limits) -> Tables:
    weights = task.counts * run.shares
    rest = task.counts * (1 - run.shares) + task.known
    old, m_tables, u_tables = run.tables, [], list(run.tables.u)
    for place, unit in enumerate(task.units):
        wanted = unit.completed(weights, old.m[place]) + task.m_prior[place]
        if len(unit.members) > 1:
            m_tables.append(_fitted(old.m[place], wanted, task.m_margins[place], sweeps=_SWEEPS))
            counts = unit.completed(rest, old.u[place]) + task.u_prior[place] + task.outside[place]
            u_tables[place] = _fitted(old.u[place], counts, task.u_margins[place], sweeps=_SWEEPS)
        elif unit.members[0] in task.fixed_m:
            m_tables.append(old.m[place])
        else:
            u = old.u[place]
            m_tables.append(distribution(u * non_decreasing(wanted / u, u) if limits.monotone else wanted))
    prior = old.prior
    if not limits.fix_prior:
        size = float(np.einsum("p,p->", task.counts, run.shares))
        prior = min(max(size / task.n_pairs, _SMALLEST), limits.largest_prior, 1 - 1e-9)
    return replace(old, prior=prior, m=tuple(m_tables), u=tuple(u_tables))


def _fitted(table: FloatArray, counts: FloatArray, margins: Margins, *, sweeps: int) -> FloatArray:
    return pairwise_fit(table, counts, margins=margins, sweeps=1 if len(margins) == 1 else sweeps)


def _margins(members: tuple[int, ...], edges: Sequence[Edge]) -> Margins:
    """Axes of the interactions inside a unit, and single axes where a comparison has none."""
    pairs = [(members.index(a), members.index(b)) for a, b in sorted(edges) if a in members and b in members]
    bound = {axis for pair in pairs for axis in pair}
    return (*pairs, *((axis,) for axis in range(len(members)) if axis not in bound))


def _moved(new: Tables, old: Tables) -> float:
    tables = max(float(np.abs(a - b).max()) for a, b in zip((*new.m, *new.u), (*old.m, *old.u), strict=True))
    return max(tables, abs(new.prior - old.prior) / old.prior)


def _outside(unit: JointAxes, outside: Outside | None) -> FloatArray:
    if outside is None:
        return np.zeros(unit.shape)
    return outside.n_pairs * independent([outside.u[column] for column in unit.members])


def _imagined(unit: JointAxes, margins: Sequence[FloatArray], pseudo_count: float) -> FloatArray:
    """Imagined pairs of a unit: spread as the independent comparisons would be, so that rare cells fall back to it."""
    if len(unit.members) == 1:
        return np.full(unit.shape, pseudo_count / unit.n_cells)
    spread = 0.9 * independent([margins[column] for column in unit.members]) + 0.1 / unit.n_cells
    return max(pseudo_count, _SMALLEST) * len(unit.members) * spread
