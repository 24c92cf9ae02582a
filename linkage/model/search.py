"""
The search for interactions between comparisons: one at a time, each tried by refitting the model. Opens nothing.

Which are sought, in which order, and why, is told in `linkage.model.dependent`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import FloatArray
from linkage.model.dependence import Among, Evidence, PairDependence, pair_margin
from linkage.model.em import EMSettings, Fit
from linkage.model.joint import JointAxes
from linkage.model.joint_em import Edge, JointRun, JointTask, Structure, climb_joint
from linkage.model.mixture import Limits
from linkage.model.weights import pair_bits, posterior

__all__ = ["DependenceSettings", "Search"]

_AMONG: tuple[Among, Among] = ("matches", "non-matches")
_TRIAL_ITERATIONS = 40
_TRIAL_TOLERANCE = 1e-4
_SEVERE = 1.5  # bits by which agreement is miscounted
_TRIED = 6  # interactions of each kind that are refitted in a step
_SMALL = 50_000  # patterns times comparisons: where there are more, fewer candidates are tried, and for less long
_GROWTH = 1.1  # of the matches by one interaction among them


class DependenceSettings(BaseModel):
    """How dependence between comparisons is sought."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_interactions: int = Field(20, ge=0, description="Interactions that are kept at most; 0 = independence.")
    most_cells: int = Field(4096, ge=4, description="Cells of a group's joint table at most: product of its levels.")
    least_bits: float = Field(0.5, ge=0, description="What an interaction must change some weight by (bits).")


class Search:
    """One search; holds what does not change in it."""

    def __init__(
        self,
        evidence: Evidence,
        *,
        named: Sequence[tuple[str, tuple[str, ...]]],
        start: Fit,
        settings: EMSettings,
        sought: DependenceSettings,
        largest_prior: float,
        fixed_m: Mapping[str, FloatArray],
    ) -> None:
        patterns = evidence.patterns
        self.evidence, self.named, self._u = evidence, named, evidence.u
        self._settings, self._sought, self.alone = settings, sought, start
        self._fixed = {c: np.asarray(fixed_m[name]) for c, (name, _) in enumerate(named) if name in fixed_m}
        self._m = [np.array(part.m) for part in start.model.comparisons]
        self.shares = posterior(pair_bits(patterns.gammas, start.model), start.model.prior)
        self._without: dict[tuple[tuple[int, ...], ...], float] = {}
        self._placed: dict[tuple[int, ...], JointAxes] = {}
        self.n_different = (patterns.gammas == 0).sum(axis=1)
        self.limits = Limits(
            max_iterations=settings.max_iterations,
            tolerance=max(settings.tolerance, 1e-8),
            pseudo_count=settings.pseudo_count,
            monotone=settings.monotone,
            largest_prior=largest_prior,
            fix_prior=settings.fix_prior,
        )
        small = len(patterns.counts) * len(named) <= _SMALL
        iterations, self._n_tried = (_TRIAL_ITERATIONS, _TRIED) if small else (_TRIAL_ITERATIONS // 3, _TRIED // 3)
        self._trial = replace(self.limits, max_iterations=iterations, tolerance=_TRIAL_TOLERANCE)
        self.between = replace(self.limits, max_iterations=5 * iterations, tolerance=_TRIAL_TOLERANCE / 10)

    def run(self) -> tuple[Structure, JointRun, float]:
        """Add interactions one at a time, the most likely one first, while they are worth it."""
        structure, gained = Structure(), 0.0
        run = self.climb(structure, self.shares, self.between)
        while len(structure.m_edges) + len(structure.u_edges) < self._sought.most_interactions:
            best = self._best_addition(structure, run)
            if best is None:
                break
            structure, gain = best
            gained += gain
            run = self.climb(structure, run.shares, self.between)
        return structure, self.climb(structure, run.shares, self.limits), gained

    def settled(self, structure: Structure) -> tuple[Structure, JointRun, float]:
        """The fit of given interactions, and what they gain over the same comparisons without them (nats)."""
        like = Structure(joined=(*structure.m_edges, *structure.u_edges))
        run = self.climb(structure, self.shares, self.limits)
        return structure, run, run.history[-1].log_likelihood - self._likelihood(like, self.shares)

    def _best_addition(self, structure: Structure, run: JointRun) -> tuple[Structure, float] | None:
        """
        The structure with the interaction that explains the counts best, and its gain (nats); None if none is worth it.

        First among the rest, those that miscount agreement badly before others, because joint tables have room for
        few. Then among matches: while relatives and movers are both held for matches, their fields fail in turn and
        would pass for dependence among matches.
        """
        self._without = {}
        severe, slight = self._strangers_candidates(structure, run)
        views: tuple[tuple[Among, list[Edge]], ...] = (
            ("non-matches", severe),
            ("non-matches", slight),
            ("matches", self._matches_candidates(structure, run)),
        )
        for among, edges in views:
            tried = [self._tried(structure, run, edge, among) for edge in edges]
            best = max(tried, key=lambda part: part[1], default=None)
            if best is not None and best[1] > 0:
                return best[0], best[2]
        return None

    def _tried(self, structure: Structure, run: JointRun, edge: Edge, among: Among) -> tuple[Structure, float, float]:
        """The structure with an interaction; what it is worth above its price, or nothing; its gain (nats)."""
        like = replace(structure, joined=(*structure.joined, edge))
        units = tuple(like.units(len(self._u)))
        if units not in self._without:
            self._without[units] = self._likelihood(like, run.shares)
        more = _with(structure, edge, among)
        tried = self.climb(more, run.shares, self._trial)
        gain = tried.history[-1].log_likelihood - self._without[units]
        worth = gain - self.evidence.price(edge, among, run.shares)
        won_over = among == "matches" and tried.tables.prior > _GROWTH * run.tables.prior
        if worth > 0 and not won_over and self._matters(more, tried, edge, among):
            return more, worth, gain
        return more, 0.0, gain

    def _likelihood(self, structure: Structure, shares: FloatArray) -> float:
        return self.climb(structure, shares, self._trial).history[-1].log_likelihood

    def climb(self, structure: Structure, shares: FloatArray, limits: Limits) -> JointRun:
        """EM with given interactions from guessed probabilities of a match, `(n_patterns,)`."""
        task = self._task(structure)
        start = task.start(shares, u=self._u)
        if limits.fix_prior:
            start = replace(start, prior=self.alone.model.prior)
        return climb_joint(task, start=start, limits=limits)

    def _task(self, structure: Structure) -> JointTask:
        return JointTask.of(
            self.evidence.patterns,
            structure=structure,
            margins=(self._m, self._u),
            pseudo_count=self._settings.pseudo_count,
            outside=self.evidence.outside,
            known=self.evidence.known,
            fixed_m=self._fixed,
            placed=self._placed,
        )

    def _strangers_candidates(self, structure: Structure, run: JointRun) -> tuple[list[Edge], list[Edge]]:
        """
        Interactions that strangers show: those that miscount agreement badly, and the others.

        Of each the few that expected counts miss most, as EM now divides the pairs and as strangers show.
        """
        shown = {
            edge: self.evidence.among_strangers(edge, structure)
            for edge in self._edges(structure)
            if edge not in structure.u_edges
        }
        held = [edge for edge, (evidence, bits) in shown.items() if evidence > 0 and bits >= self._sought.least_bits]
        missed = {
            edge: self.evidence.score(edge, "non-matches", run.shares, run.tables, structure).residual_gain
            for edge in held
        }
        out = []
        for severe in (True, False):
            kind = [edge for edge in held if (shown[edge][1] >= _SEVERE) == severe]
            by_missed = sorted(kind, key=lambda edge: (-missed[edge], edge))[: self._n_tried]
            by_shown = sorted(kind, key=lambda edge: (-shown[edge][0], edge))[: self._n_tried]
            out.append(list(dict.fromkeys([*by_missed, *by_shown])))
        return out[0], out[1]

    def _matches_candidates(self, structure: Structure, run: JointRun) -> list[Edge]:
        """
        Interactions among matches most worth a trial: those that expected counts miss most, and by more than chance.

        An interaction is to describe the matches there are: fields that fail together by a free number could also
        take in every pair that agrees on the others, relatives again.
        """
        missed = {
            edge: self.evidence.score(edge, "matches", run.shares, run.tables, structure).residual_gain
            for edge in self._edges(structure)
            if edge not in structure.m_edges
        }
        held = [edge for edge, gain in missed.items() if gain >= self.evidence.price(edge, "matches", run.shares)]
        return sorted(held, key=lambda edge: (-missed[edge], edge))[: self._n_tried]

    def _edges(self, structure: Structure) -> list[Edge]:
        """Pairs of comparisons whose joint table would not be too large."""
        sizes = {
            column: (unit, int(np.prod([len(self._u[other]) for other in unit])))
            for unit in structure.units(len(self._u))
            for column in unit
        }
        out = []
        for a, b in combinations([c for c in range(len(self._u)) if c not in self._fixed], 2):
            (unit, n_a), (other, n_b) = sizes[a], sizes[b]
            if unit == other or n_a * n_b <= self._sought.most_cells:
                out.append((a, b))
        return out

    def _matters(self, structure: Structure, run: JointRun, edge: Edge, among: Among) -> bool:
        """Whether some cell in which at least five pairs are expected weighs clearly more or less than without."""
        tables = run.tables.m if among == "matches" else run.tables.u
        joint = pair_margin(structure.units(len(self._u)), tables, edge)
        n_matches = run.tables.prior * self.evidence.n_pairs
        size = n_matches if among == "matches" else self.evidence.n_pairs - n_matches
        alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        seen = size * joint >= 5
        return bool(seen.any()) and float(np.abs(np.log2(joint / alone))[seen].max()) >= self._sought.least_bits

    def scores(self, structure: Structure, run: JointRun) -> tuple[PairDependence, ...]:
        """Every pair of comparisons, among matches and among the rest."""
        return tuple(
            self.evidence.score(edge, among, run.shares, run.tables, structure)
            for among in _AMONG
            for edge in combinations(range(len(self._u)), 2)
        )


def _with(structure: Structure, edge: Edge, among: Among) -> Structure:
    if among == "matches":
        return replace(structure, m_edges=tuple(sorted((*structure.m_edges, edge))))
    return replace(structure, u_edges=tuple(sorted((*structure.u_edges, edge))))
