"""The heaviest admissible set of pairs, for every cardinality, between two tables and within one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.decision.assign import assign, best_links, greedy_links
from linkage.decision.cardinality import Cardinality
from tests.linkage.decision.brute import Problem, problems


@settings(max_examples=150, deadline=None)
@given(problem=problems(weights=st.integers(-3, 20).map(float)))
def test_the_assignment_is_the_best_there_is(problem: Problem) -> None:
    done = assign(problem.left, problem.right, problem.weight, cardinality=problem.cardinality, within=problem.within)
    assert tuple(np.flatnonzero(done.chosen).tolist()) in set(problem.admissible())
    assert problem.weight[done.chosen].sum() == pytest.approx(problem.best(problem.weight), abs=1e-4)
    assert (problem.weight[done.chosen] > 0).all()


@settings(max_examples=60, deadline=None)
@given(problem=problems(weights=st.integers(1, 3).map(float)), order=st.randoms(use_true_random=False))
def test_ties_are_broken_by_row_not_by_the_order_of_the_pairs(problem: Problem, order: object) -> None:
    shuffled = np.arange(len(problem))
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    first = assign(problem.left, problem.right, problem.weight, cardinality=problem.cardinality, within=problem.within)
    again = assign(
        problem.left[shuffled], problem.right[shuffled], problem.weight[shuffled],
        cardinality=problem.cardinality, within=problem.within,
    )  # fmt: skip
    assert again.chosen.tolist() == first.chosen[shuffled].tolist()


@settings(max_examples=100, deadline=None)
@given(problem=problems())
def test_greedy_takes_the_best_pair_first_and_stays_admissible(problem: Problem) -> None:
    chosen = greedy_links(
        problem.left, problem.right, problem.weight, cardinality=problem.cardinality, within=problem.within
    )
    assert tuple(np.flatnonzero(chosen).tolist()) in set(problem.admissible())
    if (problem.weight > 0).any():
        heaviest = np.lexsort((problem.right, problem.left, -problem.weight))[0]
        assert chosen[heaviest]


def test_greedy_goes_on_one_by_one_where_rounds_would_be_many() -> None:
    chain = np.arange(200)
    left, right = (chain + 1) // 2, chain // 2
    chosen = greedy_links(left, right, 1000.0 - chain)
    assert chosen.tolist() == [pair % 2 == 0 for pair in range(200)]


def test_the_optimum_differs_from_greedy_where_the_best_pair_costs_two_good_ones() -> None:
    left, right, bits = np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([10.0, 9.0, 9.0])
    assert greedy_links(left, right, bits).tolist() == [True, False, False]
    assert assign(left, right, bits).chosen.tolist() == [False, True, True]


def test_an_odd_cycle_of_duplicates_is_solved_in_whole_pairs() -> None:
    left = np.array([0, 1, 2, 3, 0, 5])
    right = np.array([1, 2, 3, 4, 4, 0])
    bits = np.array([5.0, 5.0, 5.0, 5.0, 5.0, 4.0])
    left, right = np.minimum(left, right), np.maximum(left, right)
    done = assign(left, right, bits, within=True)
    assert bits[done.chosen].sum() == 14.0
    assert done.n_greedy == 0


def test_a_component_over_the_limit_is_assigned_greedily_counted_and_named() -> None:
    left, right, bits = np.array([0, 0, 1, 7]), np.array([0, 1, 0, 7]), np.array([10.0, 9.0, 9.0, 1.0])
    done = assign(left, right, bits, max_cells=3)
    assert done.chosen.tolist() == [True, False, False, True]
    assert (done.n_greedy, done.by_greed.tolist()) == (1, [True, True, True, False])
    many = assign(left, right, bits, cardinality=Cardinality.read("2:2"), max_cells=1)
    assert (many.chosen.tolist(), many.n_greedy) == ([True] * 4, 0)


def test_each_left_record_keeps_its_best_right_one() -> None:
    left, right = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2])
    assert best_links(left, right, np.array([3.0, 5.0, 4.0, -1.0])).tolist() == [False, True, True, False]


def test_a_dense_block_of_thirty_by_thirty_with_two_places_each_is_filled() -> None:
    left, right = np.indices((30, 30)).reshape(2, -1)
    bits = 1.0 + ((left * 7 + right * 11) % 30)
    done = assign(left, right, bits, cardinality=Cardinality.read("2:2"))
    assert np.bincount(left[done.chosen]).tolist() == [2] * 30
    assert np.bincount(right[done.chosen]).tolist() == [2] * 30
    assert bits[done.chosen].sum() == pytest.approx(30 * (30 + 29), abs=1e-6)
