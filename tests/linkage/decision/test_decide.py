"""Judgement, reason, probability under competition, margin and competitor of every pair."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings

from linkage.decision.cardinality import Cardinality
from linkage.decision.constraints import Constraints
from linkage.decision.decide import Decided, decide
from linkage.decision.policy import SourcePolicy, Sources
from linkage.model.weights import prior_bits
from tests.linkage.decision.brute import Problem, problems


@dataclass(frozen=True)
class Pairs:
    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray


def pairs(*rows: tuple[int, int, float]) -> Pairs:
    left, right, weight = zip(*rows, strict=True)
    return Pairs(np.array(left), np.array(right), np.array(weight, dtype=np.float64))


def told(decided: Decided) -> list[tuple[str, str]]:
    return list(zip(decided.judgement.to_pylist(), decided.reason.to_pylist(), strict=True))


@settings(max_examples=120, deadline=None)
@given(problem=problems(most=7))
def test_a_margin_is_what_deciding_the_pair_otherwise_would_cost(problem: Problem) -> None:
    found = decide(
        Pairs(problem.left, problem.right, problem.weight), cardinality=problem.cardinality, within=problem.within
    )
    over = problem.weight - prior_bits(0.1)
    chosen = found.judged > 0
    best = problem.best(over)
    assert over[chosen].sum() == pytest.approx(best, abs=1e-4)
    for pair in np.flatnonzero(np.isfinite(found.margin_bits)).tolist():
        otherwise = max(
            (over[list(some)].sum() for some in problem.admissible() if (pair in some) != chosen[pair]),
        )
        assert found.margin_bits[pair] == pytest.approx(best - otherwise, abs=1e-4)


@settings(max_examples=80, deadline=None)
@given(problem=problems())
def test_a_competitor_shares_a_record_and_was_decided_the_other_way(problem: Problem) -> None:
    found = decide(
        Pairs(problem.left, problem.right, problem.weight), cardinality=problem.cardinality, within=problem.within
    )
    for pair in np.flatnonzero(found.competitor >= 0).tolist():
        other = int(found.competitor[pair])
        assert set(problem.ends(pair)) & set(problem.ends(other))
        assert (found.judged[pair] > 0) != (found.judged[other] > 0)


def test_a_link_a_possible_link_one_that_lost_and_one_below_the_floor() -> None:
    found = decide(pairs((0, 0, 10.0), (0, 1, 6.0), (1, 2, 1.0), (2, 3, -5.0)))
    assert told(found) == [
        ("link", "assigned"),
        ("non_link", "lost_assignment"),
        ("possible_link", "below_threshold"),
        ("non_link", "below_threshold"),
    ]
    assert found.lost.tolist() == [False, True, False, False]
    assert found.expected_precision == pytest.approx(1024 / 1025)


def test_where_nothing_competes_the_threshold_alone_decides() -> None:
    found = decide(pairs((0, 0, 10.0), (0, 1, 6.0)), cardinality=Cardinality.MANY_TO_MANY)
    assert told(found) == [("link", "above_threshold")] * 2
    assert np.isinf(found.margin_bits).all()


def test_twins_are_a_near_tie_with_competitor_and_margin_named() -> None:
    found = decide(pairs((0, 0, 12.0), (0, 1, 10.5)))
    assert found.near_tie.tolist() == [True, True]
    assert found.competitor.tolist() == [1, 0]
    assert found.margin_bits == pytest.approx([1.5, 1.5])
    assert found.probability_assigned[0] == pytest.approx(2**12 / (1 + 2**12 + 2**10.5))


def test_a_clear_win_is_no_near_tie_unless_the_margin_is_set_wider() -> None:
    twins = pairs((0, 0, 16.0), (0, 1, 10.5))
    assert decide(twins).near_tie.tolist() == [False, False]
    assert decide(twins, near_bits=6.0).near_tie.tolist() == [True, True]


def test_the_swap_of_two_pairs_for_two_others_is_one_rival() -> None:
    found = decide(pairs((0, 0, 9.0), (0, 1, 8.0), (1, 0, 8.5), (1, 1, 9.0)))
    assert found.margin_bits == pytest.approx([1.5, 1.5, 1.5, 1.5])


def test_what_must_be_linked_is_whatever_its_weight_and_takes_its_place() -> None:
    found = decide(pairs((0, 0, 10.0), (0, 1, -20.0)), constraints=Constraints(must=np.array([[0, 1]])))
    assert told(found) == [("non_link", "lost_assignment"), ("link", "constraint_must")]
    assert found.probability_assigned.tolist() == [0.0, 1.0]
    assert found.competitor.tolist() == [1, -1]


def test_what_cannot_be_linked_is_not_and_leaves_its_place_to_the_next() -> None:
    found = decide(pairs((0, 0, 20.0), (0, 1, 10.0)), constraints=Constraints(cannot=np.array([[0, 0]])))
    assert told(found) == [("non_link", "constraint_cannot"), ("link", "assigned")]
    assert found.probability_assigned[0] == 0.0


def test_must_links_beyond_the_cardinality_stand_and_are_counted() -> None:
    found = decide(pairs((0, 0, 5.0), (0, 1, 5.0)), constraints=Constraints(must=np.array([[0, 0], [0, 1]])))
    assert told(found) == [("link", "constraint_must")] * 2
    assert found.n_over == 1


def test_a_must_link_that_was_never_scored_is_handed_back() -> None:
    found = decide(pairs((0, 0, 5.0)), constraints=Constraints(must=np.array([[3, 4]])))
    assert found.missing_must.tolist() == [[3, 4]]


def test_each_pair_of_sources_has_its_own_cardinality_and_threshold() -> None:
    sources = Sources(
        ("register", "clinic", "clinic_b"),
        np.array([0, 1, 1, 2, 2]),
        np.array([0, 1, 1, 2, 2]),
        (SourcePolicy(left="register", right="clinic", cardinality=Cardinality.ONE_TO_MANY),
         SourcePolicy(left="clinic_b", right="register", threshold=0.999999)),
    )  # fmt: skip
    found = decide(
        pairs((0, 1, 9.0), (0, 2, 8.0), (0, 3, 9.0), (0, 4, 8.0)),
        cardinality=Cardinality.ONE_TO_ONE, within=True, policy=sources,
    )  # fmt: skip
    assert told(found) == [
        ("link", "assigned"),
        ("link", "assigned"),
        ("possible_link", "below_threshold"),
        ("non_link", "lost_assignment"),
    ]


def test_no_pairs_give_no_decisions() -> None:
    none = np.zeros(0, dtype=np.int64)
    for within in (False, True):
        found = decide(Pairs(none, none, np.zeros(0)), within=within)
        assert (len(found.judged), found.n_components, found.expected_matches) == (0, 0, 0.0)
        assert np.isnan(found.expected_precision)


@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_decisions_do_not_depend_on_the_order_of_the_pairs(problem: Problem) -> None:
    backwards = np.arange(len(problem))[::-1]
    first, again = (
        decide(
            Pairs(problem.left[order], problem.right[order], problem.weight[order]),
            cardinality=problem.cardinality, within=problem.within,
        )
        for order in (np.arange(len(problem)), backwards)
    )  # fmt: skip
    assert first.why[backwards].tolist() == again.why.tolist()
    assert first.probability_assigned[backwards] == pytest.approx(again.probability_assigned, abs=1e-6)
    assert first.margin_bits[backwards] == pytest.approx(again.margin_bits, abs=1e-4)


def test_pairs_of_a_component_assigned_greedily_have_no_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.decision.decide.MAX_CELLS", 3)
    found = decide(pairs((0, 0, 10.0), (0, 1, 9.0), (1, 0, 9.0)))
    assert found.n_greedy == 1
    assert np.isnan(found.margin_bits).all()
    assert not found.near_tie.any()
