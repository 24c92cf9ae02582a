"""The summary's numbers, its bins and its printed lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from doselink.report.distributions import organ_distribution, weight_bins
from doselink.report.printed import summary_lines
from doselink.report.summary import RejectCount, SourceCount, Summary, Truth
from tests.report.sample import sample_summary


def lines(summary: Summary, *, did_work: bool = True) -> list[str]:
    found = summary_lines(
        summary,
        did_work=did_work,
        report=Path("my studies/runs/run_1/report.html"),
        workspace=Path("my studies"),
        program=".venv/bin/doselink",
    )
    return list(found)


def test_a_source_whose_rows_do_not_add_up_is_refused() -> None:
    with pytest.raises(ValidationError, match="100 rows in, but 99 used, rejected or left alone"):
        SourceCount(name="stays", kind="stays", n_files=1, n_rows=100, n_used=90, n_rejected=9)


def test_precision_of_no_link_is_unknown_and_not_zero() -> None:
    truth = Truth(n_true=3, n_right=0, n_wrong=0)
    assert (truth.precision, truth.recall) == (None, 0.0)


@given(
    st.lists(
        st.tuples(st.floats(-60, 60), st.booleans(), st.booleans()),
        min_size=1,
        max_size=200,
    )
)
def test_every_pair_is_in_exactly_one_bin(pairs: list[tuple[float, bool, bool]]) -> None:
    bits, links, possible = (np.array(column) for column in zip(*pairs, strict=True))
    bins = weight_bins(bits, is_link=links, is_possible=possible)
    assert sum(found.n_link for found in bins) == int(links.sum())
    assert sum(found.n_link + found.n_possible + found.n_no_link for found in bins) == len(pairs)
    assert len(bins) <= 62


def test_bins_lie_on_round_bits() -> None:
    bins = weight_bins(np.array([-7.3, 25.1]), is_link=np.array([False, True]))
    assert (bins[0].low_bits, bins[0].high_bits, bins[-1].low_bits, bins[-1].high_bits) == (-8.0, -7.0, 25.0, 26.0)
    assert (bins[0].n_no_link, bins[-1].n_link) == (1, 1)


def test_no_pair_gives_no_bin() -> None:
    assert weight_bins(np.array([]), is_link=np.array([], dtype=bool)) == ()


def test_a_missing_dose_is_left_out_and_never_counted_as_zero() -> None:
    found = organ_distribution("lung", np.array([1.0, 2.0, np.nan, 4.0]), gsd=np.array([1.5, 1.5, np.nan, 1.7]))
    assert (found.n, found.median_mgy, found.max_mgy, found.gsd_median) == (3, 2.0, 4.0, 1.5)
    assert sum(each.n for each in found.bins) == 3


def test_an_organ_without_a_dose_has_no_quantile() -> None:
    found = organ_distribution("lung", np.array([np.nan, np.nan]))
    assert (found.n, found.median_mgy, found.bins) == (0, None, ())


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=100))
def test_every_dose_is_in_exactly_one_bin(doses: list[float]) -> None:
    assert sum(found.n for found in organ_distribution("heart", np.array(doses)).bins) == len(doses)


def test_the_printed_summary_tells_the_study_in_few_lines() -> None:
    printed = "\n".join(lines(sample_summary()))
    assert "1,935 files, 111,245 rows = 111,096 used + 92 rejected + 57 left alone" in printed
    assert "3,702 linked of 39,120, 14 groups of contradicting records kept apart" in printed
    assert "estimated   precision 0.993 (0.990 to 0.996), recall 0.931 (0.920 to 0.941)" in printed
    assert "true        precision 0.992, recall 0.930 (4,832 right, 39 wrong, of 5,196)" in printed
    assert "report      my studies/runs/run_1/report.html" in printed
    assert "  .venv/bin/doselink status 'my studies' " in printed
    assert len(printed.splitlines()) < 30


def test_a_run_that_did_nothing_says_so() -> None:
    first = lines(sample_summary(), did_work=False)[0]
    assert first.endswith("nothing has changed since run run_0123456789abcdef01234567; no work was done")


def test_many_reasons_are_cut_to_the_largest() -> None:
    rejects = tuple(RejectCount(source="s", reason=f"reason {n}", n_rows=n) for n in range(1, 10))
    printed = lines(sample_summary().model_copy(update={"rejects": rejects}))
    assert "  rejected    9 reason 9" in printed
    assert "              6 for 3 other reasons, all in the report" in printed
