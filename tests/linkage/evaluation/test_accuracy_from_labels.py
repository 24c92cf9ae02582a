"""Accuracy where the truth of pairs is known: counts by threshold, what blocking missed, errors with their reasons."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_schema.chance import stream
from linkage.evaluation import (
    BadGrouping,
    BadLabels,
    Grouping,
    accuracy,
    accuracy_at,
    areas,
    from_label_column,
    from_labels_table,
    prediction_errors,
    threshold_table,
)

# Left persons 0 1 2 3 4, right persons 0 1 2 3 5. Pair (3, 3) is not proposed, (2, 2) lost to (2, 4).
LEFT = np.array([0, 1, 2, 3, 4])
RIGHT = np.array([0, 1, 2, 3, 5])
PAIRS = pa.table(
    {
        "left_row": [0, 1, 2, 2, 4],
        "right_row": [0, 1, 2, 4, 4],
        "match_weight": [9.0, -1.0, 3.0, 5.0, 2.0],
        "reason_code": ["assigned", "below_threshold", "lost_assignment", "assigned", "lost_assignment"],
    }
)


def test_a_pair_that_blocking_missed_is_a_miss_and_counted_apart() -> None:
    at = accuracy_at(from_label_column(LEFT, RIGHT, pairs=PAIRS), 0.0)
    assert (at.tp, at.fp, at.fn, at.tn) == (1, 1, 3, 20)
    assert (at.fn_blocking, at.fn_competition) == (1, 1)
    assert (at.precision.share, at.recall.share) == (0.5, 0.25)
    assert at.recall_of_proposed.share == pytest.approx(1 / 3)
    assert at.blocking_recall.share == 0.75
    assert at.f1 == pytest.approx(1 / 3)


def test_a_proposed_pair_too_weak_to_be_reported_is_no_miss_of_blocking() -> None:
    labelled = from_label_column(LEFT, RIGHT, pairs=PAIRS, proposed=np.array([[3, 3]]))
    assert accuracy_at(labelled, 0.0).fn_blocking == 0
    assert accuracy_at(labelled, 0.0).fn == 3


def test_records_of_unknown_truth_are_left_out_with_all_their_pairs() -> None:
    at = accuracy_at(from_label_column(np.array([0, 1, -1, 3, 4]), RIGHT, pairs=PAIRS), 0.0)
    assert (at.tp, at.fp, at.fn, at.tn) == (1, 0, 2, 17)


def test_duplicates_within_one_table_count_each_pair_once() -> None:
    pairs = pa.table({"left_row": [0, 1], "right_row": [1, 3], "match_weight": [4.0, 4.0]})
    at = accuracy_at(from_label_column(np.array([7, 7, 7, 8]), pairs=pairs), 0.0)
    assert (at.tp, at.fp, at.fn, at.tn) == (1, 1, 2, 2)


def test_records_of_one_source_that_are_never_paired_are_no_missed_matches() -> None:
    pairs = pa.table({"left_row": [0], "right_row": [2], "match_weight": [4.0]})
    labelled = from_label_column(np.array([7, 7, 7, 8]), pairs=pairs, apart=np.array([0, 0, 1, 1]))
    at = accuracy_at(labelled, 0.0)
    assert (at.tp, at.fp, at.fn, at.tn) == (1, 0, 1, 2)


def test_labels_of_a_table_may_name_a_pair_of_one_table_either_way_round() -> None:
    labels = pa.table({"left_row": [3, 0], "right_row": [1, 1], "clerical_match_score": [0.2, 0.9]})
    pairs = pa.table({"left_row": [0, 1], "right_row": [1, 3], "match_weight": [4.0, 4.0]})
    at = accuracy_at(from_labels_table(labels, pairs=pairs, within=True), 0.0)
    assert (at.tp, at.fp, at.fn, at.tn) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"left_row": [0], "right_row": [0]}, "clerical_match_score"),
        ({"left_row": [0], "right_row": [0], "clerical_match_score": [1.5]}, "from 0 to 1"),
        ({"left_row": [0, 0], "right_row": [0, 0], "clerical_match_score": [1.0, 0.0]}, "settle them"),
        ({"left_row": [None], "right_row": [0], "clerical_match_score": [1.0]}, "row number"),
    ],
)
def test_unusable_labels_are_refused_with_what_was_expected(labels: dict[str, list[float]], said: str) -> None:
    table = pa.table(labels)
    with pytest.raises(BadLabels, match=said):
        from_labels_table(table, pairs=PAIRS)


def test_the_threshold_table_counts_what_each_threshold_counts_alone() -> None:
    labelled = from_label_column(LEFT, RIGHT, pairs=PAIRS)
    table = threshold_table(labelled)
    assert table["truth_threshold"].to_pylist() == [-1.0, 5.0, 9.0]
    for row in table.to_pylist():
        at = accuracy_at(labelled, row["truth_threshold"])
        assert (row["tp"], row["fp"], row["fn"], row["tn"]) == (at.tp, at.fp, at.fn, at.tn)
        assert row["precision"] == pytest.approx(at.precision.share)
        assert row["recall"] == pytest.approx(at.recall.share)
    assert table["fn_blocking"].to_pylist() == [1.0, 1.0, 1.0]


def test_weights_are_rounded_and_thinned_without_changing_the_counts_kept() -> None:
    draw = stream("threshold-table", seed=1)
    n = 400
    pairs = pa.table({"left_row": np.arange(n), "right_row": np.arange(n), "match_weight": draw.normal(0, 4, n)})
    labelled = from_label_column(np.arange(n), np.where(draw.random(n) < 0.5, np.arange(n), 10**6), pairs=pairs)
    whole = {row["truth_threshold"]: row for row in threshold_table(labelled).to_pylist()}
    thin = threshold_table(labelled, max_rows=7).to_pylist()
    assert len(thin) == 7
    assert all(whole[row["truth_threshold"]] == row for row in thin)
    rounded = threshold_table(labelled, match_weight_round_to_nearest=0.5)["truth_threshold"].to_numpy()
    assert np.array_equal(rounded, np.round(rounded * 2) / 2)


def test_areas_of_a_perfect_order_are_one_and_ties_with_what_was_not_reported_count_half() -> None:
    pairs = pa.table({"left_row": [0, 1], "right_row": [0, 1], "match_weight": [5.0, 4.0]})
    assert areas(from_label_column(np.array([0, 1]), np.array([0, 1]), pairs=pairs)) == (1.0, 1.0)
    none = pairs.slice(0, 0)
    roc, steps = areas(from_label_column(np.array([0, 1]), np.array([0, 1]), pairs=none))
    assert (roc, steps) == (0.5, 0.0)


@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=30))
def test_the_roc_area_is_the_chance_that_a_match_outweighs_another_pair(scored: list[tuple[int, bool]]) -> None:
    n = len(scored)
    labels = pa.table(
        {"left_row": range(n), "right_row": range(n), "clerical_match_score": [float(match) for _, match in scored]}
    )
    pairs = pa.table({"left_row": range(n), "right_row": range(n), "match_weight": [float(w) for w, _ in scored]})
    roc, _ = areas(from_labels_table(labels, pairs=pairs))
    matches, others = ([w for w, match in scored if match is wanted] for wanted in (True, False))
    if matches and others:
        wins = sum((a > b) + 0.5 * (a == b) for a in matches for b in others)
        assert roc == pytest.approx(wins / (len(matches) * len(others)))
    else:
        assert roc is None


def test_subgroups_hold_their_pairs_and_a_pair_of_two_levels_counts_in_both() -> None:
    hospital = Grouping.of("hospital", ["a", "a", "b", "b", None], ["a", "a", "b", "b", "c"])
    found = accuracy(from_label_column(LEFT, RIGHT, pairs=PAIRS), threshold_match_weight=0.0, groupings=[hospital])
    counts = {group.level: (group.at.tp, group.at.fp, group.at.fn, group.at.tn) for group in found.groups}
    assert counts == {"a": (1, 0, 1, None), "b": (0, 1, 2, None), "c": (0, 1, 0, None)}
    assert found.model_validate_json(found.model_dump_json()) == found


def test_a_grouping_of_no_column_is_refused() -> None:
    with pytest.raises(BadGrouping, match="left or of the right"):
        Grouping.of("sex")


def test_a_weighted_label_stands_for_its_pairs() -> None:
    labels = pa.table(
        {
            "left_row": [0, 1, 2],
            "right_row": [0, 1, 4],
            "clerical_match_score": [1.0, 1.0, 0.0],
            "sample_weight": [1.0, 5.0, 2.0],
        }
    )
    found = accuracy(from_labels_table(labels, pairs=PAIRS), threshold_match_weight=0.0)
    assert (found.overall.tp, found.overall.fp, found.overall.fn) == (1, 2, 5)
    assert found.is_sample


def test_every_error_has_its_reason_and_the_gravest_comes_first() -> None:
    errors = prediction_errors(from_label_column(LEFT, RIGHT, pairs=PAIRS), threshold_match_weight=0.0)
    rows = [(r["left_row"], r["right_row"], r["error"], r["why"], r["margin_bits"]) for r in errors.to_pylist()]
    assert rows == [
        (3, 3, "false_negative", "not_proposed", None),
        (2, 2, "false_negative", "lost_assignment", 3.0),
        (1, 1, "false_negative", "below_threshold", 1.0),
        (2, 4, "false_positive", "true_pair_weaker", 5.0),
    ]
    assert errors["pair_row"].to_pylist() == [None, 2, 1, 3]


@pytest.mark.parametrize(
    ("left", "right", "weights", "why"),
    [
        ([8], [9, 7], [3.0], "no_true_partner"),
        ([8], [9, 8], [3.0], "true_pair_not_proposed"),
        ([8], [9, 8], [3.0, 4.0], "true_pair_stronger"),
    ],
)
def test_a_wrong_link_tells_where_the_right_one_stayed(
    left: list[int], right: list[int], weights: list[float], why: str
) -> None:
    n = len(weights)
    pairs = pa.table({"left_row": [0] * n, "right_row": list(range(n)), "match_weight": weights})
    labelled = from_label_column(np.array(left), np.array(right), pairs=pairs)
    errors = prediction_errors(labelled, threshold_match_weight=0.0, include_false_negatives=False)
    assert errors["why"].to_pylist() == [why]


def test_a_million_pairs_take_seconds() -> None:
    draw = stream("million-pairs", seed=1)
    n = 1_000_000
    pairs = pa.table({"left_row": np.arange(n), "right_row": np.arange(n), "match_weight": draw.normal(0, 5, n)})
    labelled = from_label_column(np.arange(n), np.where(draw.random(n) < 0.5, np.arange(n), n + 1), pairs=pairs)
    assert threshold_table(labelled).num_rows == 10_000
    assert accuracy_at(labelled, 0.0).tp > 200_000
