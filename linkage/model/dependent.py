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

import numpy as np

from linkage.arrays import FloatArray
from linkage.model.dependence import Evidence, PairDependence
from linkage.model.em import TOO_MANY, EMSettings, Fit, doubts_of_levels, fit
from linkage.model.joint_em import JointRun, Outside, Structure, Tables
from linkage.model.model import ComparisonModel, DependentGroup, Model, rounded
from linkage.model.patterns import PatternCounts
from linkage.model.search import DependenceSettings, Search

__all__ = ["DependenceSettings", "DependentFit", "fit_dependent", "refit_dependent"]

_OUTRIGHT = 2  # comparisons that disagree: a pair that is perhaps no match, whatever EM holds at present
_FALL = 1.0  # bits a stronger level may weigh less: joint tables are not held to the order of levels
_SLIGHTLY_TOO_MANY = 1.05  # times the largest number of matches: worth a warning


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
    search = Search(
        evidence,
        named=comparisons,
        start=alone,
        settings=chosen,
        sought=sought,
        largest_prior=largest_prior,
        fixed_m=fixed_m or {},
    )
    found, run, gain = search.run() if structure is None else search.settled(structure)
    scores = search.scores(found, run)
    trained = _fit_of(search, found, run)
    if not trained.model.groups:
        found, gain, scores = Structure(), 0.0, tuple(part._replace(modelled=False) for part in scores)
    return DependentFit(fit=trained, independent=alone, dependence=scores, gain=gain, structure=found)


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
    if found.structure == Structure():
        return fit(
            patterns,
            comparisons=named,
            u=u,
            settings=settings,
            n_pairs=patterns.n_pairs + round(outside.n_pairs) if outside is not None else None,
            largest_prior=largest_prior,
            fixed_m=fixed_m,
        ).model
    evidence = Evidence(patterns, tuple(name for name, _ in named), tuple(u), outside=outside, known=known)
    search = Search(
        evidence,
        named=named,
        start=found.fit,
        settings=settings or EMSettings(),
        sought=DependenceSettings(),
        largest_prior=largest_prior,
        fixed_m=fixed_m or {},
    )
    run = search.climb(found.structure, search.shares, search.limits)
    return _model(search, found.structure, run.tables)


def _fit_of(search: Search, structure: Structure, run: JointRun) -> Fit:
    """The fit, its model with groups, and what makes it doubtful."""
    if not structure.m_edges and not structure.u_edges:
        return search.alone
    model = _model(search, structure, run.tables)
    doubts = []
    wanted = _wanted(search, structure, run)
    if wanted > TOO_MANY:
        said = (
            "the comparisons repeat each other in more ways than interactions can tell: the weights are those of "
            "independent comparisons; leave out what the dependence table shows to repeat others"
        )
        return replace(search.alone, warnings=(*search.alone.warnings, said))
    if not run.converged:
        doubts.append("EM did not converge in max_iterations: raise it, or use fewer comparisons")
    other = search.climb(structure, np.where(search.n_different < _OUTRIGHT, run.shares, 0.0), search.limits)
    if abs(np.log2(other.tables.prior) - np.log2(run.tables.prior)) > 1:
        ends = f"{other.tables.prior:.2g}, {run.tables.prior:.2g}"
        doubts.append(f"EM is not identified: its starts end at different priors ({ends}); add comparisons or rules")
    if run.tables.prior * search.evidence.n_pairs < 1:
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


def _wanted(search: Search, structure: Structure, run: JointRun) -> float:
    """How many times the largest number of matches there can be EM would take, if it were let."""
    cap = search.limits.largest_prior
    if cap >= 1 or run.tables.prior < cap * (1 - 1e-6):
        return 0.0
    free = search.climb(structure, run.shares, replace(search.between, largest_prior=1.0))
    return free.tables.prior / cap


def _model(search: Search, structure: Structure, tables: Tables) -> Model:
    parts: dict[int, ComparisonModel] = {}
    groups = []
    for unit, m, u in zip(structure.units(len(search.evidence.u)), tables.m, tables.u, strict=True):
        for axis, column in enumerate(unit):
            others = tuple(other for other in range(m.ndim) if other != axis)
            name, levels = search.named[column]
            parts[column] = ComparisonModel(
                name=name, level_names=tuple(levels), m=_numbers(m.sum(axis=others)), u=_numbers(u.sum(axis=others))
            )
        if len(unit) > 1:
            names = tuple(search.named[column][0] for column in unit)
            groups.append(
                DependentGroup(name="+".join(names), comparisons=names, shape=m.shape, m=_numbers(m), u=_numbers(u))
            )
    ordered = tuple(parts[column] for column in range(len(search.evidence.u)))
    return Model(comparisons=ordered, prior=rounded(tables.prior), groups=tuple(groups))


def _numbers(table: FloatArray) -> tuple[float, ...]:
    kept: FloatArray = np.maximum(table.reshape(-1), 1e-300)
    return tuple(rounded(float(p)) for p in kept / float(kept.sum()))


def _doubts_of_levels(model: Model) -> list[str]:
    doubts = []
    for part in model.comparisons:
        bits = np.log2(np.array(part.m) / np.array(part.u))
        doubts += doubts_of_levels(part.name, part.level_names, bits, fall=_FALL)
    return doubts
