"""Families share surname and address: found from the counts alone, and mended."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_schema.chance import stream
from linkage.arrays import FloatArray, IntArray
from linkage.model import (
    DependenceSettings,
    DependentFit,
    EMSettings,
    Model,
    PatternCounts,
    count_patterns,
    fit,
    fit_dependent,
    pair_bits,
    posterior,
    refit_dependent,
)
from linkage.model.chance import without_matches
from linkage.model.joint import JointAxes, independent, pairwise_fit, with_nulls
from linkage.model.joint_em import JointTask, Structure, climb_joint
from linkage.model.mixture import Limits
from tests.linkage.model.households import FIELDS, town


@cache
def counted(seed: int, moved: float = 0.05, errors: float = 0.06) -> tuple[PatternCounts, IntArray, float]:
    """Patterns of all pairs of a town, how many of each are matches, and the largest prior one-to-one allows."""
    made = town(900, seed=seed, moved=moved, errors=errors)
    left, right = made.pairs()
    patterns = count_patterns(made.gammas(left, right))
    true = np.bincount(patterns.index[made.is_match(left, right)], minlength=len(patterns.counts))
    return patterns, true.astype(np.int64), 1.0 / max(len(made.left), len(made.right))


def chance(patterns: PatternCounts) -> list[FloatArray]:
    """Level shares among all pairs."""
    out = []
    for column, (_, levels) in enumerate(FIELDS):
        counts = [patterns.counts[patterns.gammas[:, column] == level].sum() + 0.5 for level in range(len(levels))]
        out.append(np.array(counts) / sum(counts))
    return out


@cache
def trained(seed: int, moved: float = 0.05, errors: float = 0.06) -> DependentFit:
    patterns, _, cap = counted(seed, moved, errors)
    u = chance(patterns)
    for _ in range(2):
        alone = fit(patterns, comparisons=FIELDS, u=u, largest_prior=cap)
        u = without_matches(chance(patterns), alone.model)
    return fit_dependent(patterns, comparisons=FIELDS, u=u, largest_prior=cap)


def f1(model: Model, patterns: PatternCounts, true: IntArray) -> float:
    taken = posterior(pair_bits(patterns.gammas, model), model.prior) >= 0.5
    return float(2 * true[taken].sum() / (patterns.counts[taken].sum() + true.sum()))


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_brothers_and_sisters_cost_independent_fields_points_of_f1_that_dependence_wins_back(seed: int) -> None:
    patterns, true, _ = counted(seed)
    found = trained(seed)
    before, after = f1(found.independent.model, patterns, true), f1(found.fit.model, patterns, true)
    assert before < 0.94
    assert after > 0.96
    assert after - before > 0.03
    assert found.fit.model.prior * patterns.n_pairs == pytest.approx(true.sum(), rel=0.05)


def test_a_quarter_of_movers_is_not_taken_for_strangers() -> None:
    patterns, true, _ = counted(15, 0.25)
    found = trained(15, 0.25)
    assert f1(found.fit.model, patterns, true) > 0.95
    assert found.fit.model.prior * patterns.n_pairs == pytest.approx(true.sum(), rel=0.05)


def test_many_errors_do_not_make_strangers_of_matches() -> None:
    patterns, true, _ = counted(16, 0.05, 0.15)
    found = trained(16, 0.05, 0.15)
    assert f1(found.fit.model, patterns, true) > f1(found.independent.model, patterns, true) + 0.02


def test_the_fields_of_a_household_are_named() -> None:
    found = trained(11)
    modelled = {(part.first, part.second, part.among) for part in found.dependence if part.modelled}
    assert ("surname", "street", "non-matches") in modelled
    assert ("street", "postcode", "non-matches") in modelled
    assert "surname+street+postcode" in [group.name for group in found.fit.model.groups]
    by_pair = {(part.first, part.second, part.among): part for part in found.dependence}
    assert len(by_pair) == 30
    household = by_pair["surname", "street", "non-matches"]
    assert household.violated
    assert household.bits > 1.5
    assert household.residual_gain < 0.05 * household.gain
    assert not by_pair["given", "surname", "non-matches"].violated


def test_independent_fields_stay_independent() -> None:
    draw = stream("test-independent", seed=3)
    n, prior = 300_000, 0.01
    match = draw.random(n) < prior
    levels = [("a", ("else", "exact")), ("b", ("else", "exact")), ("c", ("else", "exact")), ("d", ("else", "exact"))]
    gammas = np.stack([np.where(match, draw.random(n) < 0.9, draw.random(n) < 0.05) for _ in levels], axis=1)
    patterns = count_patterns(gammas.astype(np.int8))
    found = fit_dependent(patterns, comparisons=levels, u=[np.array([0.95, 0.05])] * 4)
    assert found.structure == Structure()
    assert found.fit == found.independent
    assert found.gain == 0.0
    assert not any(part.violated for part in found.dependence)


def test_no_interactions_are_sought_when_none_are_wanted() -> None:
    patterns, _, cap = counted(11)
    none = DependenceSettings(most_interactions=0)
    found = fit_dependent(patterns, comparisons=FIELDS, u=chance(patterns), largest_prior=cap, dependence=none)
    assert found.fit.model.groups == ()


def test_a_comparison_with_a_fixed_m_keeps_it_and_joins_no_group() -> None:
    patterns, _, cap = counted(11)
    known = {"street": np.array([0.2, 0.1, 0.7])}
    found = fit_dependent(patterns, comparisons=FIELDS, u=chance(patterns), largest_prior=cap, fixed_m=known)
    street = found.fit.model.comparisons[4]
    assert street.m == pytest.approx((0.2, 0.1, 0.7))
    assert not any("street" in group.comparisons for group in found.fit.model.groups)


def test_what_is_not_explained_by_interactions_falls_back_to_independence_and_says_so() -> None:
    patterns, _, cap = counted(11)
    found = fit_dependent(
        patterns,
        comparisons=FIELDS,
        u=chance(patterns),
        largest_prior=cap,
        dependence=DependenceSettings(most_interactions=1),
    )
    assert found.fit.model == found.independent.model
    assert any("repeat each other in more ways" in text for text in found.fit.warnings)


def test_pairs_known_to_be_no_match_teach_dependence() -> None:
    patterns, true, cap = counted(12)
    strangers = (patterns.counts - true).astype(np.float64)
    told = fit_dependent(patterns, comparisons=FIELDS, u=chance(patterns), largest_prior=cap, known=strangers)
    assert f1(told.fit.model, patterns, true) > 0.95


def test_equal_counts_give_equal_bytes() -> None:
    patterns, _, cap = counted(11)
    u = chance(patterns)
    again = fit_dependent(patterns, comparisons=FIELDS, u=u, largest_prior=cap)
    once = fit_dependent(patterns, comparisons=FIELDS, u=u, largest_prior=cap)
    assert once.fit.model.canonical_json() == again.fit.model.canonical_json()
    assert Model.read(once.fit.model.canonical_json()) == once.fit.model


def test_a_refit_on_the_same_counts_stays_where_it_was() -> None:
    patterns, _, cap = counted(11)
    found = trained(11)
    u = [np.array(part.u) for part in found.fit.model.comparisons]
    model = refit_dependent(found, patterns, u=u, largest_prior=cap)
    assert model.prior == pytest.approx(found.fit.model.prior, rel=1e-3)
    assert [group.name for group in model.groups] == [group.name for group in found.fit.model.groups]


def test_the_course_of_the_fit_never_falls_and_ends_by_itself() -> None:
    found = trained(11)
    course = [step.objective for step in found.fit.history]
    assert found.fit.converged
    assert all(after >= before - 1e-3 for before, after in pairwise(course))
    assert found.gain > 1000


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shape=st.lists(st.integers(2, 3), min_size=3, max_size=4),
    nulls=st.floats(0, 0.3),
    interacting=st.booleans(),
)
def test_the_likelihood_of_a_joint_fit_never_falls_nulls_included(
    seed: int, shape: list[int], nulls: float, interacting: bool
) -> None:
    draw = stream("test-joint", seed=seed)
    gammas = np.stack([draw.integers(0, n, 400) for n in shape], axis=1)
    gammas[:, 1] = np.where(draw.random(400) < 0.5, np.minimum(gammas[:, 0], shape[1] - 1), gammas[:, 1])
    gammas[draw.random(gammas.shape) < nulls] = -1
    patterns = count_patterns(gammas.astype(np.int8))
    margins = [np.full(n, 1.0 / n) for n in shape]
    edges = ((0, 1), (1, 2)) if interacting else ((0, 1),)
    task = JointTask.of(
        patterns,
        structure=Structure(m_edges=((0, 2),), u_edges=edges),
        margins=(margins, margins),
        pseudo_count=1.0,
    )
    limits = Limits(
        max_iterations=25, tolerance=1e-9, pseudo_count=1.0, monotone=False, largest_prior=1.0, fix_prior=False
    )
    shares = draw.random(len(patterns.counts))
    run = climb_joint(task, start=task.start(shares, u=margins), limits=limits)
    course = [step.objective for step in run.history]
    assert all(after >= before - 1e-7 for before, after in pairwise(course))
    for table in (*run.tables.m, *run.tables.u):
        assert table.sum() == pytest.approx(1.0)
        assert (table > 0).all()


def test_fitting_reproduces_the_pairwise_margins_and_nothing_more() -> None:
    draw = stream("test-ipf", seed=1)
    counts = draw.random((3, 2, 4)) * 100 + 1
    even = np.full(counts.shape, 1 / 24)
    fitted = pairwise_fit(even, counts, margins=((0, 1), (0, 2), (1, 2)), sweeps=200)
    for axis in range(3):
        assert fitted.sum(axis=axis) == pytest.approx(counts.sum(axis=axis) / counts.sum())
    logs = np.log(fitted)
    contrast = logs[1:, 1:, 1:] - logs[:1, 1:, 1:] - logs[1:, :1, 1:] + logs[:1, :1, 1:]
    higher = contrast - (logs[1:, 1:, :1] - logs[:1, 1:, :1] - logs[1:, :1, :1] + logs[:1, :1, :1])
    assert np.abs(higher).max() < 1e-6


def test_nulls_are_summed_out_exactly() -> None:
    table = np.array([[0.1, 0.2], [0.3, 0.4]])
    axes = JointAxes.of(np.array([[0, -1], [-1, 1], [-1, -1]], dtype=np.int8), members=(0, 1), level_counts=(2, 2))
    assert np.exp(axes.log_probability(table)).tolist() == pytest.approx([0.3, 0.6, 1.0])
    assert axes.completed(np.array([30.0, 0.0, 0.0]), table).ravel().tolist() == pytest.approx([10.0, 20.0, 0.0, 0.0])
    assert with_nulls(independent([np.array([0.5, 0.5]), np.array([0.2, 0.8])]))[2].tolist() == pytest.approx(
        [0.2, 0.8, 1.0]
    )


def test_an_unfinished_joint_fit_says_so() -> None:
    patterns, _, cap = counted(11)
    hurried = EMSettings(max_iterations=3)
    found = fit_dependent(
        patterns,
        comparisons=FIELDS,
        u=chance(patterns),
        largest_prior=cap,
        settings=hurried,
        structure=trained(11).structure,
    )
    assert not found.fit.converged
    assert any("did not converge" in text for text in found.fit.warnings)


def test_after_a_fall_back_nothing_is_said_to_be_modelled_and_a_refit_is_independent_too() -> None:
    patterns, _, cap = counted(11)
    u = chance(patterns)
    one = DependenceSettings(most_interactions=1)
    found = fit_dependent(patterns, comparisons=FIELDS, u=u, largest_prior=cap, dependence=one)
    assert found.structure == Structure()
    assert not any(part.modelled for part in found.dependence)
    assert refit_dependent(found, patterns, u=u, largest_prior=cap) == found.independent.model
