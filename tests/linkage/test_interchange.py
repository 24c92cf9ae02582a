"""recordlinkage: its links and frames in and out, its classifiers on our levels, its values beside ours."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from linkage.columns import encode
from linkage.comparison.similar import Texts
from linkage.interchange.recordlinkage import (
    BadFrame,
    classify,
    compare_values,
    from_candidate_links,
    from_features,
    to_candidate_links,
    to_features,
)
from tests.linkage.people import people

NAMED = [("given", ("else", "near", "exact")), ("born", ("else", "exact"))]


def test_candidate_links_go_out_and_come_back() -> None:
    left, right = np.array([0, 0, 3]), np.array([2, 1, 0])
    back = from_candidate_links(to_candidate_links(left, right))
    assert back[0].tolist() == [0, 0, 3]
    assert back[1].tolist() == [2, 1, 0]


def test_candidate_links_may_be_in_labels() -> None:
    links = pd.MultiIndex.from_tuples([("rec-b", 20), ("rec-a", 10)])
    left, right = from_candidate_links(links, left_labels=["rec-a", "rec-b"], right_labels=[10, 20])
    assert left.tolist() == [1, 0]
    assert right.tolist() == [1, 0]


def test_a_label_of_no_row_is_refused_without_being_shown() -> None:
    links = pd.MultiIndex.from_tuples([("secret-4711", 0)])
    with pytest.raises(BadFrame, match="1 left labels are those of no row") as caught:
        from_candidate_links(links, left_labels=["a"])
    assert "4711" not in str(caught.value)


def test_feature_frames_go_out_and_come_back() -> None:
    gammas = np.array([[2, 1], [1, 0], [-1, 1], [0, -1]], dtype=np.int8)
    frame = to_features(np.arange(4), np.arange(4), gammas, comparisons=NAMED)
    assert frame["given"].tolist()[:2] == [1.0, 0.5]
    assert np.isnan(frame["given"].to_list()[2])
    back = from_features(frame, cuts={"given": (0.5, 1.0), "born": (1.0,)})
    assert back.tolist() == gammas.tolist()


@pytest.mark.parametrize("method", ["jarowinkler", "levenshtein"])
def test_our_similarities_are_those_of_recordlinkage(method: str) -> None:
    left, right, true = people(400)
    a = pc_take(left["family"], np.concatenate([true[:, 0], np.arange(120)]))
    b = pc_take(right["family"], np.concatenate([true[:, 1], np.arange(120)[::-1]]))
    codes = encode(a, b)
    ours = Texts.of(codes.values).similarity(
        codes.left.astype(np.int64),
        codes.right.astype(np.int64),
        measure="jaro_winkler" if method == "jarowinkler" else "levenshtein",
        cutoff=0.0,
    )
    theirs = compare_values(a.to_pylist(), b.to_pylist(), method=method)  # type: ignore[arg-type]
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert len(np.unique(ours)) > 20


def test_our_exact_level_is_that_of_recordlinkage() -> None:
    left, right = ["a", "b", None, "d"], ["a", "x", "c", "d"]
    assert compare_values(left, right, method="exact").tolist() == [1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("method", ["ecm", "kmeans", "naive_bayes"])
def test_its_classifiers_run_on_our_levels(method: str) -> None:
    draw = np.random.default_rng(3)
    is_match = np.arange(2_000) < 300
    odds = np.where(is_match[:, None], 0.95, 0.05)
    gammas = np.where(draw.random((2_000, 4)) < odds, 2, 0).astype(np.int8)
    found = classify(gammas, method=method, known_matches=is_match)  # type: ignore[arg-type]
    assert np.mean(found == is_match) > 0.97


def test_naive_bayes_wants_something_to_learn_from() -> None:
    with pytest.raises(BadFrame, match="expected known_matches"):
        classify(np.zeros((3, 2), dtype=np.int8), method="naive_bayes")


def pc_take(column: pa.ChunkedArray, rows: np.ndarray) -> pa.ChunkedArray:
    return column.take(pa.array(rows))
