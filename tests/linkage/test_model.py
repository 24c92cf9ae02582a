"""Patterns, EM, weights: what is counted, what never falls, what is said when a fit is not to be trusted."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_schema.chance import stream
from linkage.arrays import FloatArray, Int8Array
from linkage.columns import encode
from linkage.model import (
    ComparisonModel,
    EMSettings,
    Model,
    count_patterns,
    fit,
    level_bits,
    merge_patterns,
    pair_bits,
    posterior,
    prior_bits,
)
from linkage.model.chance import agreement_by_chance, random_pairs, without_matches
from linkage.model.isotonic import non_decreasing
from linkage.model.model import BadModel

THREE = [("a", ("else", "near", "exact")), ("b", ("else", "exact")), ("c", ("else", "near", "exact"))]
M = [np.array([0.05, 0.05, 0.9]), np.array([0.1, 0.9]), np.array([0.02, 0.08, 0.9])]
U = [np.array([0.95, 0.04, 0.01]), np.array([0.9, 0.1]), np.array([0.98, 0.015, 0.005])]


def drawn(
    n: int, *, prior: float, m: list[FloatArray], u: list[FloatArray], seed: int = 7
) -> tuple[Int8Array, np.ndarray]:
    draw = stream("test-patterns", seed=seed)
    is_match = draw.random(n) < prior
    columns = [
        np.where(is_match, draw.choice(len(a), n, p=a), draw.choice(len(b), n, p=b)) for a, b in zip(m, u, strict=True)
    ]
    return np.stack(columns, axis=1).astype(np.int8), is_match


def test_patterns_are_counted_and_index_back_to_the_pairs() -> None:
    gammas = np.array([[1, -1], [0, 2], [1, -1], [-1, 0]], dtype=np.int8)
    patterns = count_patterns(gammas)
    assert patterns.gammas.tolist() == [[-1, 0], [0, 2], [1, -1]]
    assert patterns.counts.tolist() == [1, 1, 2]
    assert patterns.gammas[patterns.index].tolist() == gammas.tolist()


@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(-1, 5), min_size=30, max_size=30), min_size=1, max_size=20),
    width=st.integers(1, 30),
    cut=st.integers(0, 20),
)
def test_patterns_of_batches_are_those_of_all_pairs(rows: list[list[int]], width: int, cut: int) -> None:
    gammas = np.array(rows, dtype=np.int8)[:, :width]
    whole = count_patterns(gammas)
    parts = merge_patterns([count_patterns(gammas[:cut]), count_patterns(gammas[cut:])], n_comparisons=width)
    assert whole.gammas.tolist() == parts.gammas.tolist()
    assert whole.counts.tolist() == parts.counts.tolist()
    assert whole.gammas[whole.index].tolist() == gammas.tolist()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    prior=st.floats(0.001, 0.5),
    monotone=st.booleans(),
    pseudo=st.sampled_from([0.0, 1.0]),
    n_outside=st.sampled_from([0, 50_000]),
)
def test_what_em_maximises_never_falls(seed: int, prior: float, monotone: bool, pseudo: float, n_outside: int) -> None:
    gammas, _ = drawn(2_000, prior=prior, m=M, u=U, seed=seed)
    patterns = count_patterns(gammas)
    chosen = EMSettings(monotone=monotone, pseudo_count=pseudo, max_iterations=40)
    trained = fit(patterns, comparisons=THREE, u=U, settings=chosen, n_pairs=2_000 + n_outside)
    course = [step.objective for step in trained.history]
    assert all(after >= before - 1e-6 for before, after in pairwise(course))
    if pseudo == 0.0:
        assert [step.log_likelihood for step in trained.history] == pytest.approx(course)


def test_em_finds_the_truth_it_was_drawn_from() -> None:
    gammas, _ = drawn(400_000, prior=0.01, m=M, u=U)
    trained = fit(count_patterns(gammas), comparisons=THREE, u=U)
    assert trained.converged
    assert trained.warnings == ()
    assert trained.model.prior == pytest.approx(0.01, abs=5e-4)
    for part, true in zip(trained.model.comparisons, M, strict=True):
        assert part.m == pytest.approx(true, abs=0.015)


def test_a_stronger_level_never_weighs_less_unless_it_is_allowed_to() -> None:
    crossed = [np.array([0.05, 0.6, 0.35]), M[1], M[2]]
    u = [np.array([0.7, 0.1, 0.2]), U[1], U[2]]
    gammas, _ = drawn(200_000, prior=0.05, m=crossed, u=u)
    patterns = count_patterns(gammas)
    held = fit(patterns, comparisons=THREE, u=u)
    free = fit(patterns, comparisons=THREE, u=u, settings=EMSettings(monotone=False))
    assert np.all(np.diff(level_bits(held.model)[0]) >= -1e-9)
    assert level_bits(free.model)[0][2] < level_bits(free.model)[0][1]
    assert any("weighs" in said and "less than the weaker level" in said for said in free.warnings)


def test_a_fit_that_has_not_converged_says_so() -> None:
    gammas, _ = drawn(5_000, prior=0.05, m=M, u=U)
    trained = fit(count_patterns(gammas), comparisons=THREE, u=U, settings=EMSettings(max_iterations=2))
    assert not trained.converged
    assert any("did not converge" in text for text in trained.warnings)
    assert len(trained.history) == 2


def test_a_comparison_that_says_nothing_is_named() -> None:
    useless = [M[0], U[1], M[2]]
    gammas, _ = drawn(200_000, prior=0.02, m=useless, u=U)
    trained = fit(count_patterns(gammas), comparisons=THREE, u=U)
    assert "comparison 'b' says nothing: its strongest and weakest level weigh the same" in trained.warnings


def test_look_alikes_that_are_too_many_to_be_matches_are_set_apart() -> None:
    names = [*THREE, ("d", ("else", "exact"))]
    m, u = [*M, np.array([0.05, 0.95])], [*U, np.array([0.99, 0.01])]
    matches, _ = drawn(1_000, prior=1.0, m=m, u=u)
    neighbours, _ = drawn(20_000, prior=1.0, m=[U[0], U[1], M[2], m[3]], u=u, seed=8)
    others, _ = drawn(300_000, prior=0.0, m=m, u=u, seed=9)
    patterns = count_patterns(np.concatenate([matches, neighbours, others]))
    plain = fit(patterns, comparisons=names, u=u)
    told = fit(patterns, comparisons=names, u=u, largest_prior=2_000 / 321_000)
    assert plain.model.prior * 321_000 == pytest.approx(21_000, rel=0.2)
    assert told.model.prior * 321_000 == pytest.approx(1_000, rel=0.3)
    assert told.n_look_alikes == pytest.approx(20_000, rel=0.1)
    assert plain.model.comparisons[0].m[2] < 0.2
    assert told.model.comparisons[0].m[2] > 0.7
    assert any("agree on c and d without being matches" in text for text in told.warnings)


def test_pairs_that_blocking_left_out_count_as_no_match() -> None:
    gammas, is_match = drawn(100_000, prior=0.02, m=M, u=U)
    seen = gammas[:, 0] == 2
    trained = fit(count_patterns(gammas[seen]), comparisons=THREE, u=U, n_pairs=100_000)
    assert trained.model.prior == pytest.approx(0.02 * 0.9, rel=0.1)
    assert int(is_match.sum()) > trained.model.prior * 100_000


def test_equal_training_gives_equal_bytes_and_another_order_of_pairs_too() -> None:
    gammas, _ = drawn(20_000, prior=0.02, m=M, u=U)
    once = fit(count_patterns(gammas), comparisons=THREE, u=U).model
    again = fit(count_patterns(gammas[::-1]), comparisons=THREE, u=U).model
    assert once.canonical_json() == again.canonical_json()
    assert once.digest == again.digest
    assert Model.read(once.canonical_json()) == once


def test_weights_are_bits_and_null_is_neutral() -> None:
    part = ComparisonModel(name="a", level_names=("else", "exact"), m=(0.1, 0.9), u=(0.8, 0.2))
    model = Model(comparisons=(part, part.model_copy(update={"name": "b"})), prior=0.2)
    bits = pair_bits(np.array([[1, 1], [1, -1], [-1, -1], [0, 0]], dtype=np.int8), model)
    assert bits.tolist() == pytest.approx([2 * np.log2(4.5), np.log2(4.5), 0.0, -6.0])
    assert posterior(np.array([0.0, 2.0]), 0.2).tolist() == pytest.approx([0.2, 0.5])
    assert prior_bits(0.5) == 0.0


def test_a_model_that_is_none_is_refused_with_its_key() -> None:
    with pytest.raises(BadModel, match=r"model, comparisons\.0: .*expected m above 0 with sum 1"):
        Model.read('{"comparisons":[{"name":"a","level_names":["x","y"],"m":[0.5,0.4],"u":[0.5,0.5]}],"prior":0.1}')


@given(
    values=st.lists(st.tuples(st.floats(0.01, 10), st.floats(0.01, 5)), min_size=1, max_size=8),
    shift=st.lists(st.floats(-1, 1), min_size=8, max_size=8),
)
def test_isotonic_regression_is_nearest_among_rising_sequences(
    values: list[tuple[float, float]], shift: list[float]
) -> None:
    y, w = np.array([v for v, _ in values]), np.array([w for _, w in values])
    best = non_decreasing(y, w)
    other = np.sort(best + np.array(shift[: len(y)]))
    assert np.all(np.diff(best) >= -1e-9)
    assert float((w * (y - best) ** 2).sum()) <= float((w * (y - other) ** 2).sum()) + 1e-9


def test_chance_agreement_is_exact_and_leaves_a_record_itself_out() -> None:
    column = pa.chunked_array([["a", "a", "b", None]])
    codes = encode(column, column)
    assert agreement_by_chance(codes, within=False) == pytest.approx(5 / 9)
    assert agreement_by_chance(codes, within=True) == pytest.approx(2 / 6)


def test_the_matches_are_taken_out_of_u() -> None:
    part = ComparisonModel(name="id", level_names=("else", "exact"), m=(0.1, 0.9), u=(0.999, 0.001))
    model = Model(comparisons=(part,), prior=0.001)
    (u,) = without_matches([np.array([0.999, 0.001])], model)
    assert u[1] == pytest.approx(0.0001, rel=0.01)


def test_random_pairs_come_from_a_named_stream_and_never_pair_a_record_with_itself() -> None:
    left, right = random_pairs(2_000, 2_000, within=True, n=50_000, seed=3)
    again = random_pairs(2_000, 2_000, within=True, n=50_000, seed=3)
    assert not np.any(left == right)
    assert left.tolist() == again[0].tolist()
    assert right.tolist() == again[1].tolist()
