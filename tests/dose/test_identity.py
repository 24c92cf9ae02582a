"""Which reports of an examination count."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.dose.identity import distinct_reports
from provenance.dose.report import Report
from provenance.dose.settings import DoseLimits
from provenance.dose.totals import sum_reports
from tests.dose.made import plain

FIRST = plain(["e1", "e2", "e3"], sop="2.25.1")
CUMULATIVE = plain(["e1", "e2", "e3", "e4", "e5"], sop="2.25.2")
RESUMED = plain(["e6"], sop="2.25.3")


def kap(*reports: Report) -> float | None:
    distinct = distinct_reports(reports)
    return sum_reports(distinct.kept, DoseLimits(), overlapping=distinct.overlapping).kap_gycm2


def test_the_same_report_twice_is_one_dose() -> None:
    assert kap(FIRST, FIRST) == 3.0


def test_the_same_events_under_another_instance_uid_are_one_dose() -> None:
    assert kap(FIRST, plain(["e1", "e2", "e3"], sop="2.25.9")) == 3.0


def test_a_cumulative_report_adds_its_new_events_only() -> None:
    assert kap(FIRST, CUMULATIVE) == 5.0
    assert distinct_reports([FIRST, CUMULATIVE]).flags == ("cumulative_report",)


def test_a_report_of_other_events_is_added() -> None:
    assert kap(FIRST, RESUMED) == 4.0
    assert "several_reports" in distinct_reports([FIRST, RESUMED]).flags


def test_reports_that_share_some_events_are_added_event_by_event() -> None:
    other = plain(["e3", "e4"], sop="2.25.4", total=99.0)
    assert kap(FIRST, other) == 4.0
    assert "overlapping_reports" in distinct_reports([FIRST, other]).flags


def test_a_report_without_event_uids_does_not_add_to_one_that_has_them() -> None:
    assert kap(FIRST, plain([None, None], sop="2.25.5")) == 3.0


def test_of_reports_without_any_event_uids_the_largest_total_counts() -> None:
    assert kap(plain([], total=2.0, sop="2.25.6"), plain([], total=5.0, sop="2.25.7")) == 5.0


def test_one_instance_uid_with_other_content_is_flagged() -> None:
    other = plain(["e1"], sop="2.25.1")
    assert "same_uid_other_bytes" in distinct_reports([FIRST, other]).flags


def test_one_instance_uid_with_other_events_counts_once() -> None:
    again = plain(["e8"], sop="2.25.1")
    assert distinct_reports([FIRST, again]).kept == (FIRST,)
    assert kap(FIRST, again) == 3.0


def test_a_report_without_event_uids_beside_one_with_them_is_not_called_cumulative() -> None:
    flags = distinct_reports([FIRST, plain([None, None], sop="2.25.5")]).flags
    assert "report_without_event_uids" in flags
    assert "cumulative_report" not in flags


@pytest.mark.parametrize("order", list(permutations([FIRST, CUMULATIVE, RESUMED])))
def test_the_order_of_arrival_does_not_matter(order: tuple[Report, ...]) -> None:
    assert kap(*order) == 6.0
    assert distinct_reports(order) == distinct_reports([FIRST, CUMULATIVE, RESUMED])


@settings(deadline=None)
@given(st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), min_size=1, max_size=6), st.randoms())
def test_the_dose_is_that_of_all_distinct_events(sets: list[set[str]], random: object) -> None:
    reports = [plain(sorted(uids), sop=f"2.25.{n}") for n, uids in enumerate(sets)]
    random.shuffle(reports)  # type: ignore[attr-defined]
    assert kap(*reports) == len(set().union(*sets))
