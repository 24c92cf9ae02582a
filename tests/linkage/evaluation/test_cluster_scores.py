"""Clusters against true ones: every score against its definition, written out."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.evaluation import BadGrouping, Grouping, cluster_scores, name_rates

PREDICTED = np.array([0, 0, 0, 1, 1, 2, 3])
TRUE = np.array([0, 0, 1, 1, 1, 2, 2])


def test_scores_of_a_small_partition_are_those_counted_by_hand() -> None:
    scores, _ = cluster_scores(PREDICTED, TRUE)
    assert (scores.n_records, scores.n_predicted, scores.n_true) == (7, 4, 3)
    assert (scores.pairwise.precision.share, scores.pairwise.recall.share) == (0.5, pytest.approx(2 / 5))
    assert scores.b_cubed.precision.share == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1 + 1 + 1) / 7)
    assert scores.b_cubed.recall.share == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3 + 1 / 2 + 1 / 2) / 7)
    assert (scores.whole.precision.share, scores.whole.recall.share) == (0.0, 0.0)
    assert scores.purity.share == pytest.approx(6 / 7)
    assert scores.inverse_purity.share == pytest.approx(5 / 7)
    assert scores.homonymy.share == 0.25
    assert scores.splitting.share == pytest.approx(2 / 3)


def test_equal_partitions_are_perfect_whatever_their_labels() -> None:
    scores, _ = cluster_scores(np.array([5, 5, 9, 9, 7]), np.array([1, 1, 0, 0, 2]))
    assert scores.pairwise.f1 == 1.0
    assert scores.b_cubed.f1 == 1.0
    assert scores.whole.f1 == 1.0
    assert (scores.homonymy.share, scores.splitting.share) == (0.0, 0.0)


def test_records_alone_leave_pairwise_scores_open() -> None:
    scores, _ = cluster_scores(np.array([0, 1, 2]), np.array([0, 1, 2]))
    assert scores.pairwise.precision.share is None
    assert scores.b_cubed.f1 == 1.0


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4)), min_size=1, max_size=25))
def test_pairwise_and_b_cubed_are_what_their_definitions_say(labels: list[tuple[int, int]]) -> None:
    predicted, true = (np.array(column) for column in zip(*labels, strict=True))
    scores, _ = cluster_scores(predicted, true)
    known = [pair for pair in labels if pair[1] >= 0]
    same = [(a[0] == b[0], a[1] == b[1]) for a, b in combinations(known, 2)]
    together = sum(p for p, _ in same)
    if together:
        assert scores.pairwise.precision.share == pytest.approx(sum(p and t for p, t in same) / together)
    if known:
        by_record = [sum(o == k for o in known) / sum(o[0] == k[0] for o in known) for k in known]
        assert scores.b_cubed.precision.share == pytest.approx(sum(by_record) / len(known))


def test_subgroups_of_records_make_up_the_whole() -> None:
    sex = Grouping.within("sex", ["f", "f", "m", "f", "m", "m", "f"])
    scores, groups = cluster_scores(PREDICTED, TRUE, groupings=[sex])
    parts = {group.level: group.scores for group in groups}
    total = sum((part.b_cubed.precision.share or 0) * part.n_records for part in parts.values())
    assert total / scores.n_records == pytest.approx(scores.b_cubed.precision.share)


def test_a_grouping_of_other_records_is_refused() -> None:
    with pytest.raises(BadGrouping, match="7"):
        cluster_scores(PREDICTED, TRUE, groupings=[Grouping.within("sex", ["f"])])


def test_namesakes_and_name_changes_are_counted_by_cluster() -> None:
    rates = name_rates(np.array([0, 0, 1, 2, 3]), np.array([4, 5, 4, 6, -1]))
    assert rates.homonymy_rate.share == pytest.approx(2 / 3)
    assert rates.name_variation_rate.share == pytest.approx(1 / 3)
