"""The linkage bench: people made from a seed, answers held against each other, goals told."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import environment
from bench.cases import Case, Peer
from bench.compare import CaseResult
from bench.linkage import SIZES
from bench.linkage_check import Agreement, compare_predictions, true_pairs
from bench.linkage_goals import GOALS, judged
from bench.linkage_names import name_list, zipf_mandelbrot
from bench.linkage_people import write_people
from bench.measure import Measurement


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    write_people(folder, n_left=6_000, n_right=4_000, overlap=0.7, seed=1)
    return folder


def test_the_same_seed_gives_the_same_bytes(people: Path, tmp_path: Path) -> None:
    write_people(tmp_path, n_left=6_000, n_right=4_000, overlap=0.7, seed=1)
    for name in ("left.parquet", "right.parquet", "truth.parquet"):
        assert (tmp_path / name).read_bytes() == (people / name).read_bytes()


def test_the_overlap_is_as_told_and_nobody_is_twice_in_a_table(people: Path) -> None:
    truth = pq.read_table(people / "truth.parquet")
    assert truth.num_rows == 2_800
    assert len(set(truth["left_row"].to_pylist())) == 2_800
    assert len(set(truth["right_row"].to_pylist())) == 2_800


def test_the_same_person_mostly_agrees_and_others_hardly_do(people: Path) -> None:
    left, right, truth = (pq.read_table(people / f"{name}.parquet") for name in ("left", "right", "truth"))
    same = (left.take(truth["left_row"]), right.take(truth["right_row"]))
    others = (left.slice(0, 2_800), right.slice(0, 2_800))
    for column, least, most in (("surname", 0.88, 0.94), ("given", 0.88, 0.97), ("born", 0.94, 0.98)):
        assert least < share_equal(*same, column) < most
        assert share_equal(*others, column) < 0.05


def test_typed_names_stay_small_letters_and_dates_stay_dates(people: Path) -> None:
    right = pq.read_table(people / "right.parquet")
    names = [name for name in right["surname"].to_pylist() if name is not None]
    assert all(name.isascii() and name.islower() and name.isalpha() for name in names)
    assert right.schema.field("born").type == pa.date32()
    assert all(1 <= len(codes) <= 5 and len(set(codes)) == len(codes) for codes in right["codes"].to_pylist())
    assert set(map(len, right["postcode"].drop_null().to_pylist())) == {5}


def test_name_lists_are_as_long_as_told_and_without_repetition() -> None:
    for kind, length in (("surname", 60_000), ("girl", 2_500), ("boy", 2_500)):
        names = name_list(kind, length)
        assert len(set(names)) == length
    assert name_list("surname", 3) == ["mueller", "schmidt", "schneider"]


def test_zipf_mandelbrot_falls_and_sums_to_one() -> None:
    shares = zipf_mandelbrot(100, offset=5, power=1.0)
    assert shares.sum() == pytest.approx(1.0)
    assert (np.diff(shares) < 0).all()


def test_equal_predictions_in_another_order_agree(tmp_path: Path) -> None:
    predictions(tmp_path / "a", [(0, 5, 7.25), (3, 1, -2.0)])
    predictions(tmp_path / "b", [(3, 1, -2.0 + 1e-12), (0, 5, 7.25)])
    agreement = compare_predictions(tmp_path / "a", tmp_path / "b")
    assert agreement.same
    assert str(agreement) == "2 pairs in both, 0 and 0 in one only, weights at most 1.0e-12 bits apart"


@pytest.mark.parametrize("other", [[(0, 5, 7.25)], [(0, 5, 7.25), (3, 2, -2.0)], [(0, 5, 7.25), (3, 1, -2.1)]])
def test_a_pair_too_few_another_pair_or_another_weight_do_not_agree(
    tmp_path: Path, other: list[tuple[int, int, float]]
) -> None:
    predictions(tmp_path / "a", [(0, 5, 7.25), (3, 1, -2.0)])
    predictions(tmp_path / "b", other)
    assert not compare_predictions(tmp_path / "a", tmp_path / "b").same


def test_precision_and_recall_of_links(tmp_path: Path) -> None:
    predictions(tmp_path / "links", [(0, 5, 7.25), (3, 1, -2.0)])
    pq.write_table(pa.table({"left_row": [0, 1, 2, 4], "right_row": [5, 6, 7, 8]}), tmp_path / "truth")
    assert true_pairs(tmp_path / "links", tmp_path / "truth") == (0.5, 0.25)


def test_every_goal_is_that_of_a_peer_of_its_case() -> None:
    for case, peer in GOALS:
        assert peer in SIZES[case].peers


def test_what_is_reached_and_what_is_not_is_told() -> None:
    lines = judged([result("1m", wall_s=(50.0, 60.0, 8.0, 7.0), gib=(4.0, 1.5, 1.2, 1.6))])
    assert (
        "  1m, ours, NumPy: 6.2x as fast, at least 5 (reached), aim 12; 0.30 of the memory, at most 0.33 (reached); "
        "1.20 GiB, not above 1.50 of Splink 5, 4 chunks (reached)"
    ) in lines
    assert (
        "  1m, ours, numba: 7.1x as fast, at least 8 (NOT reached), aim 12; 0.40 of the memory, at most 0.33 "
        "(NOT reached); 1.60 GiB, not above 1.50 of Splink 5, 4 chunks (NOT reached)"
    ) in lines


def test_scoring_alone_is_judged_by_its_own_step() -> None:
    lines = judged([result("1m-scoring", wall_s=(50.0, 10.0, 9.0), gib=(1.0, 1.0, 1.0), steps=(36.0, 4.0, 2.0))])
    assert "  1m-scoring, ours, NumPy: 9.0x as fast in 'block and predict' alone, at least 8 (reached), aim 15" in lines


def test_the_curve_tells_the_power_with_which_seconds_grow() -> None:
    found = [
        result("100k", wall_s=(3.0, 1.0, 1.0), gib=(1, 1, 1), amount=1_000_000),
        result("250k", wall_s=(4.0, 4.0), gib=(1, 1), amount=4_000_000),
    ]
    lines = judged(found)
    assert "     4,000,000 pairs     4.00 s,   1000.0 ns a pair, grown with the power 1.00" in lines


def test_an_environment_that_is_told_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment.SPLINK_VARIABLE, "/somewhere/bin/python")
    assert environment.splink_python() == "/somewhere/bin/python"


def test_agreement_is_of_pairs_and_weights() -> None:
    assert Agreement(5, (0, 0), 1e-10).same
    assert not Agreement(5, (0, 1), 0.0).same
    assert not Agreement(5, (0, 0), 1e-8).same


def share_equal(left: pa.Table, right: pa.Table, column: str) -> float:
    pairs = zip(left[column].to_pylist(), right[column].to_pylist(), strict=True)
    return float(np.mean([one == two for one, two in pairs]))


def predictions(path: Path, rows: list[tuple[int, int, float]]) -> None:
    left, right, bits = zip(*rows, strict=True)
    pq.write_table(pa.table({"unique_id_l": left, "unique_id_r": right, "match_weight": bits}), path)


def result(
    case: str,
    *,
    wall_s: tuple[float, ...],
    gib: tuple[float, ...],
    steps: tuple[float, ...] | None = None,
    amount: int = 58_000_000,
) -> CaseResult:
    peers = tuple(Peer(name, ("true",)) for name in SIZES[case].peers)
    runs = {
        peer.name: [
            Measurement(
                wall_s[place],
                wall_s[place],
                round(gib[place] * 2**30),
                {"seconds": {"block and predict": (steps or wall_s)[place]}},
            )
        ]
        for place, peer in enumerate(peers)
    }
    return CaseResult(Case(case, peers, amount, "candidate pairs"), runs)
