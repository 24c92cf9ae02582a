"""The probability of every link over all admissible assignments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.decision.cardinality import Cardinality
from linkage.decision.frontier import structure_of, sweep
from linkage.decision.policy import compete
from linkage.decision.posterior import Posteriors, contest, posteriors
from tests.linkage.decision.brute import Problem, problems


def solved(problem: Problem, *, most_states: int = 1024) -> Posteriors:
    places = compete(problem.left, problem.right, cardinality=problem.cardinality, threshold=0.9, within=problem.within)
    everybody = np.ones(len(problem), dtype=bool)
    within = contest(places.a, places.b, room=places.room, one_sided=places.one_sided, among=everybody)
    return posteriors(problem.weight, among=everybody, within=within, most_states=most_states)


def loops(problem: Problem) -> bool:
    places = compete(problem.left, problem.right, cardinality=problem.cardinality, threshold=0.9, within=problem.within)
    everybody = np.ones(len(problem), dtype=bool)
    return bool(contest(places.a, places.b, room=places.room, one_sided=places.one_sided, among=everybody).loops.any())


@settings(max_examples=150, deadline=None)
@given(problem=problems())
def test_probabilities_are_those_of_going_through_every_assignment(problem: Problem) -> None:
    found = solved(problem)
    assert not found.approximate.any()
    assert found.probability == pytest.approx(problem.probabilities(), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(problem=problems(most=6))
def test_belief_propagation_is_exact_without_loops_and_near_with_them(problem: Problem) -> None:
    found = solved(problem, most_states=0)
    assert found.probability == pytest.approx(problem.probabilities(), abs=0.2 if loops(problem) else 1e-5)


def test_two_equal_rivals_share_what_one_would_have() -> None:
    problem = Problem(np.array([0, 1]), np.array([0, 0]), np.array([10.0, 10.0]), Cardinality.ONE_TO_ONE, within=False)
    assert solved(problem).probability == pytest.approx([1024 / 2049, 1024 / 2049])


def test_a_pair_without_rivals_keeps_its_own_probability() -> None:
    problem = Problem(np.array([0, 1]), np.array([0, 1]), np.array([1.0, -1.0]), Cardinality.ONE_TO_ONE, within=False)
    assert solved(problem).probability == pytest.approx([2 / 3, 1 / 3])


def test_many_to_many_leaves_every_pair_its_own_probability() -> None:
    problem = Problem(np.array([0, 0]), np.array([0, 1]), np.array([3.0, 0.0]), Cardinality.MANY_TO_MANY, within=False)
    assert solved(problem).probability == pytest.approx([8 / 9, 1 / 2])


def test_a_long_ladder_is_summed_exactly_though_it_has_thousands_of_assignments() -> None:
    n = 14
    rows = np.arange(n)
    left = np.concatenate([rows, rows[:-1], rows[1:]])
    right = np.concatenate([rows, rows[1:], rows[:-1]])
    weight = np.concatenate([np.full(n, 6.0), np.full(2 * n - 2, 5.0)])
    found = solved(Problem(left, right, weight, Cardinality.ONE_TO_ONE, within=False))
    assert not found.approximate.any()
    table = np.zeros((n, n))
    table[left, right] = 2.0**weight
    assert found.probability == pytest.approx(_by_columns(table)[left, right], abs=1e-9)


def _by_columns(table: np.ndarray) -> np.ndarray:
    """One-to-one probabilities by dynamic programming over sets of columns, row by row."""
    n = len(table)
    forth = [np.zeros(1 << n)]
    forth[0][0] = 1.0
    held = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1 == 1
    for row in range(n):
        state = forth[-1].copy()
        for column in np.flatnonzero(table[row]):
            without = np.flatnonzero(~held[:, column])
            state[without | (1 << column)] += forth[-1][without] * table[row, column]
        forth.append(state)
    back = np.ones(1 << n)
    out = np.zeros((n, n))
    for row in range(n - 1, -1, -1):
        fresh = back.copy()
        for column in np.flatnonzero(table[row]):
            without = np.flatnonzero(~held[:, column])
            gain = back[without | (1 << column)] * table[row, column]
            out[row, column] = (forth[row][without] * gain).sum()
            fresh[without] += gain
        back = fresh
    return out / forth[-1].sum()


def test_a_dense_block_is_approximated_and_says_so() -> None:
    left, right = np.indices((14, 14)).reshape(2, -1)
    weight = np.where(left == right, 12.0, 1.0)
    found = solved(Problem(left, right, weight, Cardinality.ONE_TO_ONE, within=False))
    assert found.approximate.all()
    sums = np.bincount(left, weights=found.probability)
    assert (sums <= 1.0 + 1e-6).all()
    assert (found.probability[left == right] > 0.95).all()


def test_exact_sums_end_where_they_cost_too_much_and_the_rest_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(6)
    ring = (np.concatenate([rows, rows]), np.concatenate([rows, (rows + 1) % 6]))
    left, right = (np.concatenate([ends, ends + 10]) for ends in ring)
    left, right = np.append(left, 10), np.append(right, 12)
    weight = np.full(len(left), 3.0)
    problem = Problem(left, right, weight, Cardinality.ONE_TO_ONE, within=False)
    assert not solved(problem).approximate.any()
    monkeypatch.setattr("linkage.decision.posterior._MOST_WORK", 14_000)
    assert solved(problem).approximate.tolist() == [False] * 12 + [True] * 13


def test_huge_weights_neither_overflow_nor_vanish() -> None:
    problem = Problem(
        np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([5000.0, -5000.0, 4000.0, 5000.0]),
        Cardinality.ONE_TO_ONE, within=False,
    )  # fmt: skip
    assert solved(problem).probability == pytest.approx([1.0, 0.0, 0.0, 1.0], abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(problem=problems(most=7), seed=st.integers(0, 99))
def test_components_of_one_structure_are_solved_together_as_alone(problem: Problem, seed: int) -> None:
    weight = np.random.default_rng(seed).normal(size=(3, len(problem)))
    shift = 0 if problem.within else 5
    ends = np.concatenate([problem.left, problem.right + shift])
    place = np.unique(ends, return_inverse=True)[1].reshape(2, -1)
    shape = structure_of(place[0], place[1], np.ones(place.max() + 1, dtype=np.int64), most=4096)
    assert shape is not None
    together = sweep(shape, weight, combine=np.logaddexp)
    for number in range(3):
        alone = sweep(shape, weight[number : number + 1], combine=np.logaddexp)
        for one, other in zip(together, alone, strict=True):
            assert one[number] == pytest.approx(other[0])
