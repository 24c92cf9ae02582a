"""m and the prior from labels and rules."""

import numpy as np
import pytest

from linkage.columns import Codes
from linkage.model import ComparisonModel, DependentGroup, Model
from linkage.model.labels import (
    ImpossibleRecall,
    m_from_labels,
    pairs_of_labels,
    prior_from_rules,
    with_m,
    with_prior,
)

GAMMAS = np.array([[2, 1], [2, -1], [0, 1], [2, 0]], dtype=np.int8)


def test_m_is_counted_among_labelled_matches_and_nulls_are_left_out() -> None:
    m = m_from_labels(GAMMAS, level_counts=[3, 2])
    assert m[0].tolist() == [0.25, 0.0, 0.75]
    assert m[1].tolist() == pytest.approx([1 / 3, 2 / 3])


def test_labels_may_weigh_and_levels_may_be_smoothed() -> None:
    m = m_from_labels(GAMMAS, level_counts=[3, 2], weights=np.array([1.0, 1.0, 0.0, 0.5]), pseudo_count=0.3)
    assert m[0].tolist() == pytest.approx([0.1 / 2.8, 0.1 / 2.8, 2.6 / 2.8])
    assert m_from_labels(np.zeros((0, 1), dtype=np.int8), level_counts=[4])[0].tolist() == [0.25] * 4


def test_a_label_column_makes_the_pairs_with_equal_labels() -> None:
    codes = Codes(np.array([0, 1, -1, 0], np.int32), np.array([0, 0, 2, 1], np.int32), ("a", "b", "c"))
    left, right = pairs_of_labels(codes, within=False)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 3), (3, 0), (3, 1)]


def test_within_one_table_each_pair_comes_once_and_sources_stay_apart() -> None:
    values = np.array([0, 0, 1, 0], np.int32)
    codes = Codes(values, values, ("a", "b"))
    left, right = pairs_of_labels(codes, within=True)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 1), (0, 3), (1, 3)]
    left, right = pairs_of_labels(codes, within=True, apart=np.array([0, 0, 1, 1]))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 3), (1, 3)]


def test_labels_that_are_all_missing_make_no_pair() -> None:
    values = np.array([-1, -1], np.int32)
    left, right = pairs_of_labels(Codes(values, values, ()), within=False)
    assert left.tolist() == right.tolist() == []


def test_a_column_that_makes_too_many_pairs_is_no_label() -> None:
    values = np.zeros(100, np.int32)
    with pytest.raises(ImpossibleRecall, match="makes 10,000 pairs, expected at most 50"):
        pairs_of_labels(Codes(values, values, ("a",)), within=False, most=50)


def test_the_prior_follows_from_rules_and_their_recall() -> None:
    assert prior_from_rules(60, recall=0.6, n_possible=1e6) == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("found", "recall", "said"),
    [
        (10, 0.0, "above 0 and at most 1"),
        (10, 1.5, "above 0 and at most 1"),
        (90, 0.5, "at least 0.90"),
        (0, 0.5, "no pair"),
    ],
)
def test_a_recall_that_cannot_be_is_refused(found: int, recall: float, said: str) -> None:
    with pytest.raises(ImpossibleRecall, match=said):
        prior_from_rules(found, recall=recall, n_possible=100)


def test_known_values_replace_those_of_a_model_and_dissolve_its_groups() -> None:
    parts = tuple(ComparisonModel(name=n, level_names=("else", "exact"), m=(0.1, 0.9), u=(0.8, 0.2)) for n in "ab")
    group = DependentGroup(
        name="a+b", comparisons=("a", "b"), shape=(2, 2), m=(0.05, 0.05, 0.05, 0.85), u=(0.7, 0.1, 0.1, 0.1)
    )
    model = Model(comparisons=parts, prior=0.1, groups=(group,))
    other = with_m(model, {"b": np.array([0.0, 1.0])})
    assert other.comparisons[0] == parts[0]
    assert other.comparisons[1].m == pytest.approx((0.0, 1.0), abs=1e-11)
    assert other.comparisons[1].m[0] > 0
    assert other.groups == ()
    assert with_prior(model, 0.2).groups == (group,)
    assert with_prior(model, 0.2).prior == 0.2
