"""Accuracy is scored as written down by hand, and sets that are not there are left out by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.accuracy import ACCURACY, DATA_VARIABLE, PEERS, table
from bench.accuracy_data import SETS, read_set
from bench.accuracy_scores import (
    Answer,
    all_scores,
    best_f1,
    codes_of,
    components,
    score_bcubed,
    score_clusters,
    score_pairs,
)
from bench.accuracy_settings import hand_written
from bench.accuracy_splink import EXAMPLES

RATES = {
    "pairs": {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "right": 1, "found": 2, "true": 4},
    "clusters": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "right": 1, "found": 1, "true": 1},
    "bcubed": {"precision": 1.0, "recall": 1.0, "f1": 1.0},
    "best_pair_f1": 0.5,
    "best_at_bits": 1.0,
    "threshold": 0.9,
}


def test_pairs_within_a_table_are_counted_once() -> None:
    entity = np.array([7, 7, 7, 8])
    found = score_pairs(np.array([0, 0]), np.array([1, 3]), of_left=entity, of_right=None)
    assert found == {"precision": 0.5, "recall": 1 / 3, "f1": 0.4, "right": 1, "found": 2, "true": 3}


def test_pairs_of_two_tables_are_all_that_share_an_entity() -> None:
    found = score_pairs(np.array([0]), np.array([1]), of_left=np.array([1, 2]), of_right=np.array([1, 1, 2]))
    assert (found["right"], found["found"], found["true"]) == (1, 1, 3)


def test_clusters_imply_pairs_that_no_link_named() -> None:
    clusters = components(np.array([0, 1]), np.array([1, 2]), n_records=4)
    assert clusters.tolist() == [0, 0, 0, 3]
    found = score_clusters(clusters, entity=np.array([5, 5, 5, 5]), n_left=None)
    assert (found["right"], found["found"], found["true"]) == (3, 3, 6)


def test_pairs_within_a_table_do_not_count_where_two_are_linked() -> None:
    found = score_clusters(np.array([0, 0, 0]), entity=np.array([5, 6, 5]), n_left=2)
    assert (found["right"], found["found"], found["true"]) == (1, 2, 1)


def test_bcubed_is_that_of_the_worked_example() -> None:
    # Amigo et al. 2009, figure 8 in small: one cluster of two entities, one pure cluster split in two.
    found = score_bcubed(np.array([0, 0, 1, 2]), entity=np.array([0, 1, 2, 2]))
    assert found["precision"] == pytest.approx(0.75)
    assert found["recall"] == pytest.approx(0.75)


def test_the_best_threshold_lies_between_different_weights() -> None:
    f1, at = best_f1(
        np.array([0, 1, 2]),
        np.array([0, 1, 0]),
        np.array([9.0, 4.0, 4.0]),
        of_left=np.array([0, 1, 2]),
        of_right=np.array([0, 1]),
    )
    assert (f1, at) == (pytest.approx(0.8), 4.0)


def test_an_answer_without_pairs_scores_nothing() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    answer = Answer(nothing, nothing, np.zeros(0), np.zeros(0, dtype=bool))
    found = all_scores(answer, {"left": [0, 1], "right": [1]})
    assert found["best_pair_f1"] == 0.0
    assert found["pairs"] == {"precision": 1.0, "recall": 0.0, "f1": 0.0, "right": 0, "found": 0, "true": 1}


def test_names_become_the_same_numbers_in_both_tables() -> None:
    left, right = codes_of(["b", "a"], ["a", "c"])
    assert (left.tolist(), right.tolist()) == ([1, 0], [0, 2])


@pytest.mark.parametrize(("name", "n_left", "n_true"), [("febrl3", 5000, 6538), ("febrl4", 5000, 5000)])
def test_febrl_comes_with_a_package_and_holds_the_pairs_it_is_known_for(name: str, n_left: int, n_true: int) -> None:
    found = read_set(name, None)
    assert found is not None
    assert found.left.num_rows == n_left
    left, right = codes_of(found.left_entity, found.right_entity)
    none = np.zeros(0, dtype=np.int64)
    scored = score_pairs(none, none, of_left=left, of_right=right if found.right is not None else None)
    assert scored["true"] == n_true
    assert found.left.column("rec_id").to_pylist()[:2] == ["0", "1"]


def test_one_set_is_made_here() -> None:
    found = read_set("made_persons", None)
    assert found is not None
    assert found.right is not None
    left, right = codes_of(found.left_entity, found.right_entity)
    none = np.zeros(0, dtype=np.int64)
    assert score_pairs(none, none, of_left=left, of_right=right)["true"] == 1400


def test_a_set_without_its_files_is_left_out_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    case = ACCURACY.make("rldata500", tmp_path)
    assert [peer.name for peer in case.peers] == [f"left out: not under {DATA_VARIABLE}"]
    lines = table({"rldata500": {case.peers[0].name: [{"left_out": True}]}})
    assert lines[-1] == f"left out, because {DATA_VARIABLE} does not lead to them: rldata500"


def test_a_set_that_is_there_is_written_without_its_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "rldata"
    data.mkdir()
    (data / "RLdata500.csv").write_text("rec_id,fname_c1,identity\n1,ANNA,5\n2, ANNE ,5\n", encoding="utf-8")
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    monkeypatch.setenv("DOSELINK_BENCH_SPLINK", "python-of-splink")
    case = ACCURACY.make("rldata500", tmp_path)
    assert [peer.name for peer in case.peers] == list(PEERS)
    assert case.peers[2].command[0] == "python-of-splink"
    written = tmp_path / "accuracy-rldata500"
    assert (written / "truth.json").read_text(
        encoding="utf-8"
    ) == '{"name": "rldata500", "left": [0, 0], "right": null}'
    assert b"identity" not in (written / "left.parquet").read_bytes()


def test_the_table_has_a_line_a_peer() -> None:
    lines = table({"febrl3": {"ours, proposed": [RATES]}})
    assert lines[-1].split()[:3] == ["febrl3", "ours,", "proposed"]
    assert "1 of 4, 1 wrong, at 0.9" in lines[-1]


def test_every_set_has_settings_of_both_sides() -> None:
    assert set(EXAMPLES) == set(SETS)
    for name in SETS:
        assert hand_written(name).comparisons
