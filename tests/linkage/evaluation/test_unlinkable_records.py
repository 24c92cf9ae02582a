"""Records that cannot reach the threshold even against themselves; decoys; intervals; subgroups."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.evaluation import BadGrouping, Grouping, decoys, unlinkable, unlinkable_table
from linkage.evaluation.intervals import poisson_interval, ratio, share_of, wilson_bounds, wilson_interval


def test_records_below_the_threshold_against_themselves_are_unlinkable() -> None:
    found = unlinkable(
        np.array([-3.0, 5.0, 2.0, 12.0]),
        threshold_match_weight=3.0,
        groupings=[Grouping.of("hospital", ["a", "a", "b", "b"])],
    )
    assert (found.n_unlinkable, found.share.share) == (2, 0.5)
    assert {group.level: group.share.share for group in found.groups} == {"a": 0.5, "b": 0.5}


def test_subgroups_of_other_records_are_refused() -> None:
    with pytest.raises(BadGrouping, match="expected 1 entries"):
        unlinkable(np.array([1.0]), threshold_match_weight=0.0, groupings=[Grouping.of("sex", ["f", "m"])])


def test_the_table_of_unlinkable_records_has_splinks_columns() -> None:
    rows = unlinkable_table(np.array([0.0, 0.0, 1.0, 60.0])).to_pylist()
    assert rows == [
        {"match_weight": 0.0, "match_probability": 0.5, "prop": 0.5, "cum_prop": 0.5},
        {"match_weight": 1.0, "match_probability": 0.66667, "prop": 0.25, "cum_prop": 0.75},
    ]


TABLE = pa.table(
    {
        "id": [f"r{i}" for i in range(40)],
        "given": [f"g{i}" for i in range(40)],
        "born": [f"b{i}" for i in range(40)],
        "family": [f"f{i}" for i in range(40)],
        "plz": [f"p{i}" for i in range(40)],
    }
)


def test_decoys_keep_margins_and_groups_but_nobody_whole() -> None:
    false, rows = decoys(TABLE, together=[["given", "born"], ["family", "plz"]], number=0, seed=1)
    assert sorted(false["plz"].to_pylist()) == sorted(TABLE["plz"].to_pylist())
    for row in false.to_pylist():
        assert row["given"][1:] == row["born"][1:] == row["id"][1:]
        assert row["family"][1:] == row["plz"][1:] != row["given"][1:]
    assert [f"r{row}" for row in rows] == false["id"].to_pylist()


def test_decoys_of_a_stratum_stay_in_it_and_too_small_a_stratum_gives_none() -> None:
    stratum = np.array([0] * 20 + [1] * 18 + [2] * 2)
    false, rows = decoys(TABLE, together=[["given"], ["family"]], number=0, seed=1, stratum=stratum)
    assert len(rows) == 38
    assert all(stratum[int(row["given"][1:])] == stratum[int(row["family"][1:])] for row in false.to_pylist())


def test_decoy_sets_differ_and_each_is_repeatable() -> None:
    one, again, other = (decoys(TABLE, together=[["given"], ["family"]], number=n, seed=1)[0] for n in (0, 0, 1))
    assert one.equals(again)
    assert not one.equals(other)


@pytest.mark.parametrize("together", [[["given"]], [["given"], ["given"]], [["given"], ["name"]]])
def test_decoys_need_two_groups_of_columns_that_are_there(together: list[list[str]]) -> None:
    with pytest.raises(BadGrouping, match="decoys"):
        decoys(TABLE, together=together, number=0, seed=1)


def test_intervals_of_nothing_hold_everything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert ratio(np.zeros(0), np.zeros(0)).share is None
    assert (share_of(0, 0).low, share_of(0, 0).high) == (0.0, 1.0)


def test_intervals_agree_with_their_published_examples() -> None:
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I
    assert poisson_interval(10) == pytest.approx((4.795, 18.39), abs=1e-2)  # Garwood 1936
    low, high = wilson_bounds(np.array([81.0, 0.0]), np.array([263.0, 0.0]))
    assert (low[0], high[0]) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert (low[1], high[1]) == (0.0, 1.0)


def test_units_that_err_together_widen_the_interval() -> None:
    part, whole = np.repeat([1.0, 0.0] * 10, 10), np.ones(200)
    alone, together = ratio(part, whole), ratio(part, whole, cluster=np.repeat(np.arange(20), 10))
    assert alone.share == together.share == 0.5
    assert together.high - together.low > 2.5 * (alone.high - alone.low)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 3)), max_size=20))
def test_an_interval_holds_its_estimate_and_stays_a_share(units: list[tuple[int, int, int]]) -> None:
    part = np.array([min(a, b) for a, b, _ in units], dtype=float)
    whole = np.array([b for _, b, _ in units], dtype=float)
    found = ratio(part, whole, cluster=np.array([c for *_, c in units], dtype=np.int64))
    assert 0 <= found.low <= found.high <= 1
    assert found.share is None or found.low <= found.share <= found.high
