"""
Fields that depend on each other: found from the counts, tested against chance, and mended. Pure. Opens nothing.

A family shares surname, street and postcode. Fellegi and Sunter add the three weights up as if strangers agreed on
each by a separate accident, which gives every brother some 28 bits; they outnumber the matches, EM takes both
together for the matches, learns that matches often have another given name and birth date, and F1 falls by 3-6
points. The mending is a joint u of the three fields, in which agreement on all of them is as common as families are.

Among so many ways in which fields might depend the right ones are found one interaction at a time. Each candidate,
a pair of comparisons among matches or among the rest, is tried by refitting the whole model (milliseconds on pattern
counts); the one that raises the likelihood most is kept while it is worth its parameters (BIC) and changes a weight.
That greed is also what tells brothers from movers, although both agree on one half of the fields and not on the
other: once street and postcode are known to go together, brothers cost one more interaction among the rest (surname
and street), where calling them matches would cost one for each field in which brothers differ by accident; movers
cost one among the matches (street and postcode fail together), where calling them strangers would cost three.

Why not look-alike groups (`mixture`): a class of its own for neighbours keeps them from being *learned* from, but
does not say what a neighbour's agreement weighs, and a mixture over all comparisons cannot be explained comparison
by comparison. An interaction does both. `em.fit` keeps look-alikes for callers whose weights must stay sums of
independent terms; `fit_dependent` starts from what it found and replaces them.

Why not all interactions at once: with every pair free, the rest can imitate the matches and EM moves them over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import FloatArray
from linkage.model.dependence import Among, Evidence, PairDependence, pair_margin
from linkage.model.em import TOO_MANY, EMSettings, Fit, fit
from linkage.model.joint import JointAxes
from linkage.model.joint_em import Edge, JointRun, JointTask, Outside, Structure, Tables, climb_joint
from linkage.model.mixture import Limits
from linkage.model.model import ComparisonModel, DependentGroup, Model, rounded
from linkage.model.patterns import PatternCounts
from linkage.model.weights import pair_bits, posterior

__all__ = ["DependenceSettings", "DependentFit", "fit_dependent", "refit_dependent"]

_AMONG: tuple[Among, Among] = ("matches", "non-matches")
_TRIAL_ITERATIONS = 40
_TRIAL_TOLERANCE = 1e-4
_SLIGHTLY_TOO_MANY = 1.05  # times the largest number of matches: worth a warning
_SEVERE = 1.5  # bits by which agreement is miscounted
_TRIED = 6  # candidates of each kind that are refitted in a step
_SMALL = 50_000  # patterns times comparisons: where there are more, fewer candidates are tried, and for less long
_GROWTH = 1.1  # of the matches by one interaction among them
_OUTRIGHT = 2  # comparisons that disagree: a pair that is perhaps no match, whatever EM holds at present


class DependenceSettings(BaseModel):
    """How dependence between comparisons is sought."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_interactions: int = Field(20, ge=0, description="Interactions that are kept at most; 0 = independence.")
    most_cells: int = Field(4096, ge=4, description="Cells of a group's joint table at most: product of its levels.")
    least_bits: float = Field(0.5, ge=0, description="What an interaction must change some weight by (bits).")


@dataclass(frozen=True, slots=True)
class DependentFit:
    """
    A model with the dependence it was found to need.

    Attributes:
        fit: The trained model and its course.
        independent: The fit that assumes independence, for comparison.
        dependence: Every pair of comparisons among matches and non-matches: data of the dependence chart.
        gain: Log-likelihood that the interactions have brought (nats).
        structure: The interactions, by column.
    """

    fit: Fit
    independent: Fit
    dependence: tuple[PairDependence, ...]
    gain: float
    structure: Structure


def fit_dependent(
    patterns: PatternCounts,
    *,
    comparisons: Sequence[tuple[str, tuple[str, ...]]],
    u: Sequence[FloatArray],
    settings: EMSettings | None = None,
    dependence: DependenceSettings | None = None,
    largest_prior: float = 1.0,
    fixed_m: Mapping[str, FloatArray] | None = None,
    outside: Outside | None = None,
    known: FloatArray | None = None,
    pairs_a_draw: FloatArray | None = None,
    structure: Structure | None = None,
) -> DependentFit:
    """
    Train m, the prior, and the dependence between comparisons, by `em.fit` first and then from what it found.

    Args:
        patterns: Counts that stand for all pairs of the tables: of every pair, or of a sample that is weighted to
            them (`linkage.model.sample`); not of what blocking proposes.
        comparisons: (name, level names) of each column.
        u: Probability of each level among non-matches, one array a comparison.
        settings: How EM runs.
        dependence: How dependence is sought.
        largest_prior: What the prior cannot be above.
        fixed_m: m of comparisons whose m is not trained; they are left out of groups.
        outside: Pairs of the tables that `patterns` leaves out.
        known: `(n_patterns,)` further pairs that are known to be no match, by pattern: those of one table that has
            no duplicates, say. They teach dependence, not the prior.
        pairs_a_draw: `(n_patterns,)` pairs that one drawn pair of the pattern stands for, where the counts are a
            weighted sample: evidence is that of the draws, not of the pairs they stand for.
        structure: Interactions that are known already; none are sought then.
    """
    chosen, sought = settings or EMSettings(), dependence or DependenceSettings()
    alone = fit(
        patterns,
        comparisons=comparisons,
        u=u,
        settings=chosen,
        n_pairs=patterns.n_pairs + round(outside.n_pairs) if outside is not None else None,
        largest_prior=largest_prior,
        fixed_m=fixed_m,
    )
    names = tuple(name for name, _ in comparisons)
    evidence = Evidence(patterns, names, tuple(u), outside=outside, known=known, pairs_a_draw=pairs_a_draw)
    search = _Search(
        evidence,
        named=comparisons,
        start=alone,
        settings=chosen,
        sought=sought,
        largest_prior=largest_prior,
        fixed_m=fixed_m or {},
    )
    found, run, gain = search.run() if structure is None else search.settled(structure)
    return DependentFit(
        fit=search.fit_of(found, run),
        independent=alone,
        dependence=search.scores(found, run),
        gain=gain,
        structure=found,
    )


def refit_dependent(
    found: DependentFit,
    patterns: PatternCounts,
    *,
    u: Sequence[FloatArray],
    settings: EMSettings | None = None,
    largest_prior: float = 1.0,
    fixed_m: Mapping[str, FloatArray] | None = None,
    outside: Outside | None = None,
    known: FloatArray | None = None,
) -> Model:
    """
    A model with the interactions that were found, trained on other counts, from where the first one ended.

    Args:
        found: What `fit_dependent` gave.
        patterns: Counts, such as resampled ones.
        u: u of every comparison.
        settings: How EM runs.
        largest_prior: What the prior cannot be above.
        fixed_m: m that is not trained.
        outside: Pairs that `patterns` leaves out.
        known: Further pairs that are known to be no match.
    """
    named = [(part.name, part.level_names) for part in found.fit.model.comparisons]
    evidence = Evidence(patterns, tuple(name for name, _ in named), tuple(u), outside=outside, known=known)
    search = _Search(
        evidence,
        named=named,
        start=found.fit,
        settings=settings or EMSettings(),
        sought=DependenceSettings(),
        largest_prior=largest_prior,
        fixed_m=fixed_m or {},
    )
    return search.refit(found.structure)


class _Search:
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
        self._evidence, self._named, self._u = evidence, named, evidence.u
        self._settings, self._sought, self._alone = settings, sought, start
        self._fixed = {c: np.asarray(fixed_m[name]) for c, (name, _) in enumerate(named) if name in fixed_m}
        self._m = [np.array(part.m) for part in start.model.comparisons]
        self._shares = posterior(pair_bits(patterns.gammas, start.model), start.model.prior)
        self._without: dict[tuple[tuple[int, ...], ...], float] = {}
        self._placed: dict[tuple[int, ...], JointAxes] = {}
        self._n_different = (patterns.gammas == 0).sum(axis=1)
        self._limits = Limits(
            max_iterations=settings.max_iterations,
            tolerance=max(settings.tolerance, 1e-8),
            pseudo_count=settings.pseudo_count,
            monotone=settings.monotone,
            largest_prior=largest_prior,
            fix_prior=settings.fix_prior,
        )
        small = len(patterns.counts) * len(named) <= _SMALL
        iterations, self._n_tried = (_TRIAL_ITERATIONS, _TRIED) if small else (_TRIAL_ITERATIONS // 3, _TRIED // 3)
        self._trial = replace(self._limits, max_iterations=iterations, tolerance=_TRIAL_TOLERANCE)
        self._between = replace(self._limits, max_iterations=5 * iterations, tolerance=_TRIAL_TOLERANCE / 10)

    def run(self) -> tuple[Structure, JointRun, float]:
        """Add interactions one at a time, the most likely one first, while they are worth it."""
        structure, gained = Structure(), 0.0
        run = self._climb(structure, self._shares, self._between)
        while len(structure.m_edges) + len(structure.u_edges) < self._sought.most_interactions:
            best = self._best_addition(structure, run)
            if best is None:
                break
            structure, gain = best
            gained += gain
            run = self._climb(structure, run.shares, self._between)
        return structure, self._climb(structure, run.shares, self._limits), gained

    def settled(self, structure: Structure) -> tuple[Structure, JointRun, float]:
        """The fit of given interactions, and what they gain over the same comparisons without them (nats)."""
        like = Structure(joined=(*structure.m_edges, *structure.u_edges))
        run = self._climb(structure, self._shares, self._limits)
        return structure, run, run.history[-1].log_likelihood - self._likelihood(like, self._shares)

    def refit(self, structure: Structure) -> Model:
        """The model of a given structure."""
        return self._model(structure, self._climb(structure, self._shares, self._limits).tables)

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
        tried = self._climb(more, run.shares, self._trial)
        gain = tried.history[-1].log_likelihood - self._without[units]
        worth = gain - self._evidence.price(edge, among, run.shares)
        won_over = among == "matches" and tried.tables.prior > _GROWTH * run.tables.prior
        if worth > 0 and not won_over and self._matters(more, tried, edge, among):
            return more, worth, gain
        return more, 0.0, gain

    def _likelihood(self, structure: Structure, shares: FloatArray) -> float:
        return self._climb(structure, shares, self._trial).history[-1].log_likelihood

    def _climb(self, structure: Structure, shares: FloatArray, limits: Limits) -> JointRun:
        task = self._task(structure)
        start = task.start(shares, u=self._u)
        if limits.fix_prior:
            start = replace(start, prior=self._alone.model.prior)
        return climb_joint(task, start=start, limits=limits)

    def _task(self, structure: Structure) -> JointTask:
        return JointTask.of(
            self._evidence.patterns,
            structure=structure,
            margins=(self._m, self._u),
            pseudo_count=self._settings.pseudo_count,
            outside=self._evidence.outside,
            known=self._evidence.known,
            fixed_m=self._fixed,
            placed=self._placed,
        )

    def _strangers_candidates(self, structure: Structure, run: JointRun) -> tuple[list[Edge], list[Edge]]:
        """
        Interactions that strangers show: those that miscount agreement badly, and the others.

        Of each the few that expected counts miss most, as EM now divides the pairs and as strangers show.
        """
        shown = {
            edge: self._evidence.among_strangers(edge, structure)
            for edge in self._edges(structure)
            if edge not in structure.u_edges
        }
        held = [edge for edge, (evidence, bits) in shown.items() if evidence > 0 and bits >= self._sought.least_bits]
        missed = {
            edge: self._evidence.score(edge, "non-matches", run.shares, run.tables, structure).residual_gain
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
            edge: self._evidence.score(edge, "matches", run.shares, run.tables, structure).residual_gain
            for edge in self._edges(structure)
            if edge not in structure.m_edges
        }
        held = [edge for edge, gain in missed.items() if gain >= self._evidence.price(edge, "matches", run.shares)]
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
        n_matches = run.tables.prior * self._evidence.n_pairs
        size = n_matches if among == "matches" else self._evidence.n_pairs - n_matches
        alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        seen = size * joint >= 5
        return bool(seen.any()) and float(np.abs(np.log2(joint / alone))[seen].max()) >= self._sought.least_bits

    def scores(self, structure: Structure, run: JointRun) -> tuple[PairDependence, ...]:
        """Every pair of comparisons, among matches and among the rest."""
        return tuple(
            self._evidence.score(edge, among, run.shares, run.tables, structure)
            for among in _AMONG
            for edge in combinations(range(len(self._u)), 2)
        )

    def fit_of(self, structure: Structure, run: JointRun) -> Fit:
        """The fit, its model with groups, and what makes it doubtful."""
        if not structure.m_edges and not structure.u_edges:
            return self._alone
        model = self._model(structure, run.tables)
        doubts = []
        wanted = self._wanted(structure, run)
        if wanted > TOO_MANY:
            said = (
                "the comparisons repeat each other in more ways than interactions can tell: the weights are those of "
                "independent comparisons; leave out what the dependence table shows to repeat others"
            )
            return replace(self._alone, warnings=(*self._alone.warnings, said))
        if not run.converged:
            doubts.append("EM did not converge in max_iterations: raise it, or use fewer comparisons")
        other = self._climb(structure, np.where(self._n_different < _OUTRIGHT, run.shares, 0.0), self._limits)
        if abs(np.log2(other.tables.prior) - np.log2(run.tables.prior)) > 1:
            ends = f"{other.tables.prior:.2g}, {run.tables.prior:.2g}"
            doubts.append(
                f"EM is not identified: its starts end at different priors ({ends}); add comparisons or rules"
            )
        if run.tables.prior * self._evidence.n_pairs < 1:
            doubts.append("EM found less than one expected match: nothing to learn from; use a model trained elsewhere")
        if wanted > _SLIGHTLY_TOO_MANY:
            doubts.append("EM wants more matches than there are records: leave out comparisons that repeat each other")
        doubts += _doubts_of_levels(model)
        return Fit(
            model=model,
            history=tuple(run.history),
            converged=run.converged,
            log_likelihood=run.history[-1].log_likelihood,
            warnings=tuple(doubts),
        )

    def _wanted(self, structure: Structure, run: JointRun) -> float:
        """How many times the largest number of matches there can be EM would take, if it were let."""
        cap = self._limits.largest_prior
        if cap >= 1 or run.tables.prior < cap * (1 - 1e-6):
            return 0.0
        free = self._climb(structure, run.shares, replace(self._between, largest_prior=1.0))
        return free.tables.prior / cap

    def _model(self, structure: Structure, tables: Tables) -> Model:
        parts: dict[int, ComparisonModel] = {}
        groups = []
        for unit, m, u in zip(structure.units(len(self._u)), tables.m, tables.u, strict=True):
            for axis, column in enumerate(unit):
                others = tuple(other for other in range(m.ndim) if other != axis)
                name, levels = self._named[column]
                parts[column] = ComparisonModel(
                    name=name, level_names=tuple(levels), m=_numbers(m.sum(axis=others)), u=_numbers(u.sum(axis=others))
                )
            if len(unit) > 1:
                names = tuple(self._named[column][0] for column in unit)
                groups.append(
                    DependentGroup(name="+".join(names), comparisons=names, shape=m.shape, m=_numbers(m), u=_numbers(u))
                )
        ordered = tuple(parts[column] for column in range(len(self._u)))
        return Model(comparisons=ordered, prior=rounded(tables.prior), groups=tuple(groups))


def _with(structure: Structure, edge: Edge, among: Among) -> Structure:
    if among == "matches":
        return replace(structure, m_edges=tuple(sorted((*structure.m_edges, edge))))
    return replace(structure, u_edges=tuple(sorted((*structure.u_edges, edge))))


def _numbers(table: FloatArray) -> tuple[float, ...]:
    kept: FloatArray = np.maximum(table.reshape(-1), 1e-300)
    return tuple(rounded(float(p)) for p in kept / float(kept.sum()))


def _doubts_of_levels(model: Model) -> list[str]:
    doubts = []
    for part in model.comparisons:
        bits = np.log2(np.array(part.m) / np.array(part.u))
        if bits[-1] - bits[0] < 0.1:
            doubts.append(f"comparison {part.name!r} says nothing: its strongest and weakest level weigh the same")
        elif np.any(np.diff(bits) < -1e-6):
            doubts.append(f"comparison {part.name!r}: a stronger level weighs less than a weaker one")
    return doubts
