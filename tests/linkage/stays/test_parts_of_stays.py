"""The parts of the stay linkage on their own: competition, coverage, codes, decoys, blocking, estimates, conflicts."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.decision.conflicts import Conflict, conflict_components
from linkage.decision.marginals import Exclusions, marginals
from linkage.evaluation.unlabelled import Tally, estimate_quality, quality_of
from linkage.stays.arrays import NO_DAY, from_tables
from linkage.stays.block import candidates
from linkage.stays.codes import CodeBook, CodeSets, shared_codes
from linkage.stays.coverage import coverage_of
from linkage.stays.decoys import decoys, with_decoys
from linkage.stays.exclusions import patient_groups
from linkage.stays.joined import with_joined
from linkage.stays.settings import StaySettings
from tests.linkage.stays.simulate import World
from tests.linkage.stays.worlds import delivered_by

WORLD = World(seed=201, n_children=2500)


def _sides():
    delivered = delivered_by(WORLD)
    claims, hospital, names = from_tables(delivered.claims, delivered.hospital)
    return claims.stays, hospital.stays, names


def _exact(odds: list[float], groups: list[tuple[int, ...]]) -> tuple[np.ndarray, float]:
    """Marginals and partition function by going through every set of links."""
    total, held = 0.0, np.zeros(len(odds))
    for size in range(len(odds) + 1):
        for chosen in combinations(range(len(odds)), size):
            used = [g for link in chosen for g in groups[link]]
            if len(used) == len(set(used)):
                weight = float(np.prod([odds[i] for i in chosen]))
                total += weight
                held[list(chosen)] += weight
    return held / total, total


def _solved(odds: list[float], groups: list[tuple[int, ...]]):
    link = np.array([i for i, g in enumerate(groups) for _ in g], dtype=np.int64)
    group = np.array([x for g in groups for x in g], dtype=np.int64)
    return marginals(np.log(np.array(odds)), Exclusions(link, group, int(group.max()) + 1))


def test_one_link_alone_has_the_probability_of_its_odds() -> None:
    assert _solved([3.0], [(0, 1)]).probability == pytest.approx([0.75])


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_competition_on_a_chain_is_exact(odds: list[float]) -> None:
    groups = [(i, i + 1) for i in range(len(odds))]
    expected, total = _exact(odds, groups)
    found = _solved(odds, groups)
    assert found.probability == pytest.approx(expected, abs=1e-5)
    assert found.group_log.sum() - found.link_log.sum() == pytest.approx(np.log(total), abs=1e-4)


@given(st.lists(st.floats(0.01, 1e4), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_competing_links_never_sum_to_more_than_one(odds: list[float]) -> None:
    found = _solved(odds, [(0, 2), (0, 3), (1, 2), (1, 3)]).probability
    assert found[0] + found[1] <= 1 + 1e-4
    assert found[0] + found[2] <= 1 + 1e-4


@given(st.lists(st.floats(0.01, 1e4), min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_competition_of_two_with_two_is_exact(odds: list[float]) -> None:
    groups = [(0, 2), (0, 3), (1, 2), (1, 3)]
    expected, total = _exact(odds, groups)
    found = _solved(odds, groups)
    assert found.probability == pytest.approx(expected, abs=1e-9)
    assert found.group_log.sum() - found.link_log.sum() == pytest.approx(np.log(total), abs=1e-9)


def test_a_merged_stay_competes_with_both_its_parts() -> None:
    groups = [(0, 1), (2, 3), (0, 1, 3)]
    expected, _ = _exact([4.0, 2.0, 30.0], groups)
    assert _solved([4.0, 2.0, 30.0], groups).probability == pytest.approx(expected, abs=1e-9)


def test_huge_evidence_does_not_overflow() -> None:
    found = marginals(np.array([900.0, -900.0]), Exclusions(np.array([0, 1]), np.array([0, 0]), 1)).probability
    assert found == pytest.approx([1.0, 0.0], abs=1e-12)


def _coverage(rows: list[tuple[str, int | None, int | None]], keys: list[str]):
    table = pa.table({
        "person_key": pa.array([r[0] for r in rows], pa.string()),
        "start": pa.array([r[1] for r in rows], pa.date32()),
        "end": pa.array([r[2] for r in rows], pa.date32()),
    })  # fmt: skip
    return coverage_of(table, np.array(keys, dtype=object))


def test_touching_and_overlapping_coverage_is_one_interval() -> None:
    found = _coverage([("a", 0, 10), ("a", 11, 20), ("a", 15, 30), ("a", 40, 50)], ["a"])
    assert found.start.tolist() == [0, 40]
    assert found.end.tolist() == [30, 50]


def test_a_missing_end_of_coverage_is_still_insured() -> None:
    found = _coverage([("a", 100, None)], ["a"])
    assert found.holds(np.array([0, 0]), np.array([99, 20_000]), tolerance_days=0).tolist() == [False, True]


def test_the_coverage_tolerance_counts_on_both_ends() -> None:
    found = _coverage([("a", 100, 200)], ["a"])
    days = np.array([97, 98, 202, 203])
    assert found.holds(np.zeros(4, dtype=np.int64), days, tolerance_days=2).tolist() == [False, True, True, False]


def test_a_person_without_coverage_rows_is_never_outside() -> None:
    found = _coverage([("a", 100, 200), (None, 0, 1), ("b", None, 5), ("b", 9, 3)], ["a", "b"])  # type: ignore[list-item]
    assert found.holds(np.array([1]), np.array([-5]), tolerance_days=0).tolist() == [True]


def test_units_insured_together_exclude_each_other_and_others_do_not() -> None:
    coverage = _coverage([("a", 0, 100), ("b", 95, 300), ("c", 50, 200)], ["a", "b", "c"])
    link, group, _ = patient_groups(np.array([0, 1, 2]), np.array([0, 0, 0]), coverage=coverage, tolerance_days=14)
    together = {g: sorted(link[group == g].tolist()) for g in set(group.tolist())}
    assert sorted(together.values()) == [[0, 2], [1, 2]]


def test_shared_codes_count_the_hospitals_codes_and_half_for_a_group() -> None:
    left = pa.array([["Q210", "I270"], ["Q211"], []], pa.list_(pa.string()))
    right = pa.array([["Q210", "Q218"], ["Q211", "J189", "I278", "R000"], ["Q210"]], pa.list_(pa.string()))
    book = CodeBook.of([left, right], group_length=3)
    a, b = CodeSets.of(book, left), CodeSets.of(book, right)
    rows = np.arange(3)
    assert shared_codes(a, b, rows, rows)[:2].tolist() == [0.75, 0.25]
    assert np.isnan(shared_codes(a, b, rows, rows)[2])


def test_decoys_keep_weekday_and_length_and_age() -> None:
    _, stays, _ = _sides()
    moved = decoys(stays, number=0, seed=1)
    inside = moved.admitted > NO_DAY
    shift = moved.admitted[inside] - stays.admitted[inside]
    assert set(shift.tolist()) <= {k * 364 for k in (-3, -2, -1, 1, 2, 3)}
    assert (moved.nights[inside] == stays.nights[inside]).all()
    assert (shift // 364 == (moved.birth_year - stays.birth_year)[inside]).all()


def test_decoys_stay_inside_the_period_of_the_hospital() -> None:
    _, stays, _ = _sides()
    moved = decoys(stays, number=0, seed=1)
    inside = moved.admitted > NO_DAY
    assert moved.admitted[inside].min() >= stays.admitted.min()
    assert moved.admitted[inside].max() <= stays.admitted.max()
    assert inside.mean() > 0.95


def test_decoys_beside_their_targets_are_other_patients() -> None:
    _, stays, _ = _sides()
    both = with_decoys(stays, number=0, seed=1)
    assert both.n == 2 * stays.n
    assert set(both.person[: stays.n].tolist()).isdisjoint(both.person[stays.n :].tolist())


def test_decoys_do_not_touch_the_global_generator() -> None:
    _, stays, _ = _sides()
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    decoys(stays, number=0, seed=1)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_joined_stays_hold_the_dates_and_codes_of_both_parts() -> None:
    rows = [_stay("s1", 100, 103, ["Q210"]), _stay("s2", 108, 110, ["Q211"]), _stay("s3", 300, 301, ["Q210"])]
    _, hospital, _ = from_tables(pa.Table.from_pylist(rows).slice(0, 0), pa.Table.from_pylist(rows))
    joined = with_joined(hospital.stays, gap_days=30, hospitals=np.array([0]))
    assert joined.n == 4
    assert (int(joined.admitted[3]), int(joined.discharged[3])) == (100, 110)
    assert joined.parts[3].tolist() == [0, 1]
    assert int(joined.icd.sizes[3]) == 2


def _stay(key: str, first: int, last: int, icd: list[str]) -> dict:
    day = dt.date(1970, 1, 1)
    return {"stay_key": key, "person_key": "p", "hospital": "h", "admitted_on": day + dt.timedelta(days=first),
            "discharged_on": day + dt.timedelta(days=last), "birth_year": 1969, "sex": "male", "region": "01001",
            "icd_main": icd[0], "icd": icd, "ops": ["12730"]}  # fmt: skip


def test_blocking_at_one_hospital_finds_what_comparing_everything_finds() -> None:
    left, right, _ = _sides()
    found = candidates(left, right, StaySettings(soft_hospital=False, far_window_days=0))
    near = np.abs(left.admitted[:, None] - right.admitted[None, :]) <= 1
    near |= np.abs(left.discharged[:, None] - right.discharged[None, :]) <= 1
    near &= left.hospital[:, None] == right.hospital[None, :]
    expected = np.argwhere(near)
    assert np.column_stack([found.left, found.right]).tolist() == expected.tolist()


def test_precision_is_the_worse_of_model_and_decoys() -> None:
    tally = Tally(np.full(100, 0.99), np.ones(100, dtype=bool), n_decoy_links=6, n_low=220, n_decoy_low=10, n_sets=2)
    precision, _, _ = quality_of(tally, blocking_loss=0.0)
    assert precision.by_model == pytest.approx(0.99)
    assert precision.by_decoys == pytest.approx(0.97)
    assert precision.stated == pytest.approx(0.97)


def test_recall_counts_what_the_decoys_say_is_there_and_the_blocking_loss() -> None:
    tally = Tally(np.full(80, 1.0), np.ones(80, dtype=bool), n_decoy_links=0, n_low=200, n_decoy_low=0, n_sets=2)
    _, recall, expected = quality_of(tally, blocking_loss=0.2)
    assert recall.by_model == pytest.approx(0.8)
    assert recall.by_decoys == pytest.approx(0.64)
    assert expected == pytest.approx(125.0)


def test_quality_of_nothing_is_null_and_not_zero() -> None:
    nothing = Tally(np.empty(0), np.empty(0, dtype=bool), 0, 0, 0, 2)
    found = estimate_quality(nothing, {}, threshold=0.9, blocking_loss=0.0)
    assert found.precision.stated is None
    assert found.recall.stated is None


def test_conflict_components_do_not_depend_on_the_order_of_the_pairs() -> None:
    pairs = [
        Conflict("a", "x", "ambiguous", 0.5),
        Conflict("a", "y", "ambiguous", 0.5),
        Conflict("b", "z", "conflict_sex", 0.9),
    ]
    there = conflict_components(pairs, linked=[("c", "y"), ("d", "q")])
    assert there == conflict_components(pairs[::-1], linked=[("d", "q"), ("c", "y")])
    assert [c.left_keys for c in there] == [("a", "c"), ("b",)]
    assert there[1].kinds == ("conflict_sex",)
