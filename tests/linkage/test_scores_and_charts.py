"""Scores against known pairs; charts that hold no record and need no network."""

import re

import numpy as np
import pytest

from linkage.charts import em_history_chart, m_u_parameters_chart, match_weights_chart, match_weights_histogram, svg
from linkage.charts.weights import weight_bins
from linkage.evaluation import score_links
from linkage.model import ComparisonModel, Iteration, Model

PART = ComparisonModel(name="given", level_names=("else", "exact"), m=(0.1, 0.9), u=(0.8, 0.2))
MODEL = Model(comparisons=(PART,), prior=0.01)


def test_missed_pairs_count_whether_blocked_away_or_not() -> None:
    scores = score_links(np.array([[0, 0], [1, 2]]), np.array([[0, 0], [1, 1], [2, 2]]))
    assert (scores.n_right, scores.n_wrong, scores.n_missed) == (1, 1, 2)
    assert scores.precision == 0.5
    assert scores.recall == pytest.approx(1 / 3)
    assert scores.f1 == pytest.approx(0.4)


def test_no_links_have_no_precision() -> None:
    scores = score_links(np.zeros((0, 2), dtype=np.int64), np.array([[0, 0]]))
    assert np.isnan(scores.precision)
    assert scores.recall == 0.0
    assert scores.precision_interval == (0.0, 1.0)


def test_every_pair_is_in_one_bin() -> None:
    bins = weight_bins(np.array([-1.5, -1.2, 0.0, 3.0]), np.array([5, 6, 7, 8]))
    assert [(row["from_bits"], row["n_pairs"]) for row in bins] == [(-2, 11), (-1, 0), (0, 7), (1, 0), (2, 0), (3, 8)]
    assert weight_bins(np.zeros(0), np.zeros(0, dtype=np.int64)) == []


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (match_weights_chart(MODEL), ["given: exact", "match weight (bits)"]),
        (m_u_parameters_chart(MODEL), ["given: else", "u: among others"]),
        (
            match_weights_histogram(np.array([-4.0, 7.0]), np.array([900, 3]), thresholds={"link": 3.2}),
            ["link", "pairs"],
        ),
        (
            em_history_chart([Iteration(1, -9.0, -9.0, 0.1, 0.1), Iteration(2, -8.0, -8.0, 0.1, 0.0)]),
            ["log-likelihood"],
        ),
    ],
)
def test_a_chart_is_svg_with_its_words_and_no_address_to_fetch_from(chart: object, words: list[str]) -> None:
    drawn = svg(chart)  # type: ignore[arg-type]
    assert drawn.startswith("<svg")
    assert all(word in drawn for word in words)
    assert not re.search(r"(href|src)=.https?:", drawn)
