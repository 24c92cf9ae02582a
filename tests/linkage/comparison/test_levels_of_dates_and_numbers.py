"""Levels on dates, times, numbers and places."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import comparison_level_library as cll
from linkage import comparison_library as cl
from linkage.columns.sql import scalar
from tests.linkage.comparison.levels import every_pair, level, level_of_rows


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ("2015-10-03", "3.10.2015", "exact"),
        ("20151003", "2015-03-10", "keying_error"),
        ("2015-10-03", "2015-10-04", "keying_error"),
        ("2015-12-03", "2015-21-03", "keying_error"),
        ("2015-10-03", "O3.10.2015", "keying_error"),
        ("2015-10-19", "2015-11-07", "within_31_days"),
        ("2015-10-19", "2016-08-07", "within_366_days"),
        ("2015-10-19", "2017-12-25", "else"),
        ("2015-10-19", "unknown", None),
    ],
)
def test_a_date_reaches_the_level_of_its_error(a: str, b: str, wanted: str | None) -> None:
    assert level(cl.DateComparison("x"), a, b) == wanted


def test_day_and_month_exchanged_and_default_days_can_be_levels_of_their_own() -> None:
    comparison = cl.CustomComparison(
        [
            cll.NullLevel("x"),
            cll.ExactMatchLevel("x"),
            cll.DayMonthSwappedLevel("x"),
            cll.DefaultDateLevel("x"),
            cll.ElseLevel(),
        ],
        "x",
    )
    assert comparison.level_names == ("else", "default_date", "swapped_day_month", "exact")
    others = ("2015-04-03", "2015-01-01", "2014-01-01", "2015-03-05")
    assert [level(comparison, "2015-03-04", other) for other in others] == [
        "swapped_day_month",
        "default_date",
        "else",
        "else",
    ]
    unknown = cl.DateComparison("x", default_dates=["0615"], within_days=[])
    assert level(unknown, "2015-06-15", "2015-11-30") == "default_date"


def test_a_birth_date_has_the_levels_of_splink() -> None:
    born = cl.DateOfBirthComparison("x", input_is_string=True)
    assert born.level_names == (
        "else",
        "within_10_years",
        "within_1_year",
        "within_1_month",
        "levenshtein_1",
        "exact",
    )
    others = ("2015-03-04", "2015-03-05", "2015-03-29", "2015-12-30", "2024-12-30", "1990-12-30", "2015-02-31", "?")
    assert [level(born, "2015-03-04", other) for other in others] == [
        "exact",
        "levenshtein_1",
        "within_1_month",
        "within_1_year",
        "within_10_years",
        "else",
        None,
        None,
    ]
    swapped = cl.DateOfBirthComparison("x", swapped_day_month=True, datetime_format="%d/%m/%Y", input_is_string=True)
    assert level(swapped, "03/12/2015", "12/03/2015") == "swapped_day_month"


DATES = st.dates(dt.date(1900, 1, 1), dt.date(2020, 12, 31))


@settings(max_examples=20, deadline=None)
@given(dates=st.lists(DATES, min_size=1, max_size=6))
def test_elapsed_time_is_that_of_splinks_sql(dates: list[dt.date]) -> None:
    comparison = cl.AbsoluteDateDifferenceAtThresholds("x", metrics=["day", "month", "year"], thresholds=[10, 3, 2])
    found = every_pair(comparison, pa.table({"x": pa.array(dates)})).reshape(-1)
    pairs = [(a, b) for a in dates for b in dates]
    table = pa.table({"a": pa.array([a for a, _ in pairs]), "b": pa.array([b for _, b in pairs])})
    apart = np.asarray(scalar(table, "abs(epoch(a) - epoch(b))").to_numpy())
    limits = {3: 10 * 86_400, 2: 3 * 86_400 * 365.25 / 12, 1: 2 * 86_400 * 365.25}
    wanted = [
        4 if a == b else max((gamma for gamma, most in limits.items() if seconds <= most), default=0)
        for (a, b), seconds in zip(pairs, apart, strict=True)
    ]
    assert found.tolist() == wanted


def test_moments_count_the_time_of_the_day() -> None:
    comparison = cl.AbsoluteTimeDifferenceAtThresholds("x", metrics=["minute", "hour"], thresholds=[30, 2])
    noon = dt.datetime(2020, 5, 1, 12, 0)  # noqa: DTZ001 - a column without zone
    others = [noon, noon + dt.timedelta(minutes=29), noon - dt.timedelta(hours=1), noon + dt.timedelta(hours=3)]
    found = every_pair(comparison, pa.table({"x": pa.array([noon])}), pa.table({"x": pa.array(others)}))
    assert found[0, 1:].tolist() == [2, 1, 0]
    text = cl.AbsoluteTimeDifferenceAtThresholds(
        "x", metrics="minute", thresholds=30, input_is_string=True, datetime_format="%d.%m.%Y %H:%M"
    )
    assert level(text, "1.5.2020 12:00", "01.05.2020 12:20") == "within_30_minutes"
    assert level(text, "1.5.2020 12:00", "never") is None


def test_numbers_are_compared_by_difference_or_by_share() -> None:
    near = cl.NumericDifferenceAtThresholds("x", [0, 1])
    share = cl.PercentageDifferenceAtThresholds("x", [0.01, 0.1])
    assert [level(near, 10.0, b) for b in (10.0, 10.9, 11.1)] == ["exact", "difference_1", "else"]
    assert [level(share, "100,0", b) for b in ("99.5", "91", "80", "n/a")] == ["share_0.01", "share_0.1", "else", None]


def test_a_percentage_level_is_strict_as_in_splink() -> None:
    comparison = cl.CustomComparison(
        [cll.NullLevel("x"), cll.PercentageDifferenceLevel("x", 0.1), cll.ElseLevel()], "x"
    )
    assert [level(comparison, 100.0, b) for b in (90.0, 91.0, 110.0)] == ["else", "share_0.1", "share_0.1"]


def test_the_distance_of_two_cities_is_that_on_the_globe() -> None:
    comparison = cl.DistanceInKMAtThresholds("lat", "long", [250, 260])
    berlin, hamburg = {"lat": 52.5200, "long": 13.4050}, {"lat": 53.5511, "long": 9.9937}
    assert comparison.name == "lat_long"
    assert level_of_rows(comparison, berlin, hamburg) == "within_260_km"  # 255.3 km
    assert level_of_rows(comparison, berlin, berlin) == "within_250_km"
    assert level_of_rows(comparison, berlin, {"lat": 53.5, "long": None}) is None


def test_the_cosine_of_embeddings_is_compared() -> None:
    comparison = cl.CosineSimilarityAtThresholds("x", [0.9, 0.5])
    table = pa.table({"x": pa.array([[1.0, 0.0], [2.0, 0.1], [1.0, 1.0], [0.0, 1.0], None], pa.list_(pa.float64()))})
    assert every_pair(comparison, table)[0].tolist() == [2, 2, 1, 0, -1]
    fixed = table.cast(pa.schema([("x", pa.list_(pa.float32()))]))
    assert np.array_equal(every_pair(comparison, fixed), every_pair(comparison, table))
