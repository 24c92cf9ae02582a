"""Organ doses of persons: sums, lags, shared draws, and doses that are missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance import Study
from provenance.cohort.days import years_before
from provenance.cohort.doses import DrawsDiffer
from provenance.study.errors import DefinitionWrong
from tests.audit.mini import Mini

ALL = ["1-27*"]
LATER = date(2030, 1, 1)
Change = Callable[[Mini], None]


def _row(study: Study, person: str, **asked: object) -> dict[str, object]:
    table = study.children(ops=ALL, **asked).table.to_pylist()  # type: ignore[arg-type]
    (found,) = [row for row in table if row["person"] == person]
    return found


def test_doses_of_a_child_are_summed_over_events(study: Study) -> None:
    row = _row(study, "per_anna", at=LATER)
    assert (row["active_marrow_mgy"], row["lung_mgy"], row["n_dose_events"]) == (3.75, 10.5, 2)


def test_a_lag_leaves_out_what_was_given_after_it(study: Study) -> None:
    row = _row(study, "per_anna", at=date(2020, 2, 28), lag_years={"lung": 3})
    assert (row["active_marrow_mgy"], row["lung_mgy"]) == (2.5, 7.0)


def test_a_dose_on_the_last_day_of_the_window_counts(study: Study) -> None:
    days = (date(2020, 3, 1), date(2020, 2, 29))
    assert [_row(study, "per_anna", at=day)["active_marrow_mgy"] for day in days] == [3.75, 2.5]


def test_the_lag_is_two_years_for_marrow_and_five_for_others_unless_told(study: Study) -> None:
    row = _row(study, "per_anna", at=date(2021, 3, 2))
    assert (row["active_marrow_mgy"], row["lung_mgy"]) == (3.75, 7.0)


def test_a_leap_day_minus_a_lag_is_the_28th_where_there_is_none() -> None:
    assert [years_before(date(2020, 2, 29), years) for years in (1, 4)] == [date(2019, 2, 28), date(2016, 2, 29)]


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(0, 40))
def test_a_later_day_never_has_an_earlier_window(one: date, other: date, years: int) -> None:
    low, high = sorted((one, other))
    assert years_before(low, years) <= years_before(high, years)


def test_an_event_without_kerma_area_product_makes_the_dose_missing_not_zero(study: Study) -> None:
    row = _row(study, "per_ben", at=LATER)
    told = (row["lung_mgy"], row["lung_complete"], row["n_dose_events"], row["n_missing_doses"])
    assert told == (None, False, 1, 1)


def test_an_examination_without_dose_event_makes_the_dose_missing_not_zero(study: Study) -> None:
    row = _row(study, "per_cleo", at=LATER)
    told = (row["lung_mgy"], row["lung_complete"], row["n_dose_events"], row["n_missing_doses"])
    assert told == (None, False, 0, 1)


def test_what_is_missing_after_the_window_does_not_matter_in_it(study: Study) -> None:
    row = _row(study, "per_cleo", at=date(2018, 1, 1), lag_years={"lung": 2})
    assert (row["lung_mgy"], row["lung_complete"], row["n_missing_doses"]) == (0.0, True, 1)


def test_a_report_of_the_day_after_is_that_of_the_procedure_over_midnight(study: Study) -> None:
    assert _row(study, "per_anna", at=LATER)["n_missing_doses"] == 0


def test_one_report_serves_one_of_two_procedures_on_days_in_a_row(varied: Callable[[Change], Study]) -> None:
    def change(m: Mini) -> None:
        m.procedure("prd_h_anna3", "sty_h_anna2", "prc_h_anna", date(2018, 2, 27), "1-275.0")
        m.procedure("prd_h_anna4", "sty_h_anna2", "prc_h_anna", date(2018, 3, 2), "1-275.0")

    row = _row(varied(change), "per_anna", at=LATER)
    assert (row["n_procedures"], row["n_missing_doses"], row["lung_mgy"]) == (4, 2, None)


def test_a_dose_without_a_day_makes_every_window_incomplete(varied: Callable[[Change], Study]) -> None:
    def change(m: Mini) -> None:
        for event in m.nodes["DoseEvent"]:
            if event["key"] == "dse_anna2":
                event["performed_on"] = None

    row = _row(varied(change), "per_anna", at=LATER)
    assert (row["lung_mgy"], row["lung_observed_mgy"], row["lung_complete"]) == (None, 7.0, False)


def test_a_dose_two_children_lay_claim_to_is_nobodys(varied: Callable[[Change], Study]) -> None:
    def change(m: Mini) -> None:
        m.edge("HAD_SUBJECT", ("DoseEvent", "dse_dora"), ("PersonRecord", "prc_h_ben"))

    study = varied(change)
    dora, ben = _row(study, "per_dora", at=LATER), _row(study, "per_ben", at=LATER)
    assert (dora["n_dose_events"], dora["lung_mgy"], dora["n_missing_doses"]) == (0, None, 1)
    assert (ben["n_dose_events"], ben["lung_observed_mgy"]) == (1, 0.0)


def test_a_dose_linked_less_surely_than_asked_is_missing(study: Study) -> None:
    row = _row(study, "per_anna", at=LATER, link_probability=0.97)
    assert (row["n_dose_events"], row["n_missing_doses"], row["lung_mgy"]) == (1, 1, None)


def test_realisations_are_sums_of_the_same_draw(study: Study) -> None:
    cohort = study.children(ops=ALL)
    found = cohort.realisations("lung", lag_years=0, at=LATER)
    assert found[cohort.persons.index("per_anna")].tolist() == [6.0, 9.0, 12.0, 15.0]
    assert found[cohort.persons.index("per_dora")].tolist() == [8.0, 12.0, 16.0, 20.0]


def test_realisations_of_a_child_with_a_missing_dose_are_nan(study: Study) -> None:
    cohort = study.children(ops=ALL)
    found = cohort.realisations("lung", lag_years=0, at=LATER)
    assert np.isnan(found).all(axis=1).tolist() == [False, True, True, False]


@settings(max_examples=20, deadline=None)
@given(st.dates(date(2014, 1, 1), date(2032, 1, 1)), st.sampled_from(["active_marrow", "lung"]), st.integers(0, 10))
def test_means_in_the_table_are_means_of_the_realisations(study: Study, at: date, organ: str, lag: int) -> None:
    cohort = study.children(ops=ALL, at=at, lag_years={organ: lag})
    means = cohort.realisations(organ).mean(axis=1)
    told = [np.nan if dose is None else dose for dose in cohort.table.column(f"{organ}_mgy").to_pylist()]
    np.testing.assert_allclose(means, told, rtol=1e-6)


def test_rows_of_the_table_and_of_the_realisations_are_the_same_children(study: Study) -> None:
    cohort = study.children(ops=ALL)
    assert tuple(cohort.table.column("person").to_pylist()) == cohort.persons == tuple(sorted(cohort.persons))


def test_doses_are_summed_at_the_end_of_the_period_unless_told(study: Study) -> None:
    period = (date(2016, 1, 1), date(2019, 1, 1))
    assert study.children(ops=ALL, performed_between=period).at == date(2019, 1, 1)


def test_without_a_period_they_are_summed_at_the_last_day_of_the_ledger(study: Study) -> None:
    assert study.children(ops=ALL).at == date(2022, 5, 5)


def test_draws_of_different_numbers_are_never_added(varied: Callable[[Change], Study]) -> None:
    def change(m: Mini) -> None:
        (block,) = m.nodes["RealisationBlock"]
        m.nodes["RealisationBlock"].append({**block, "key": "rea_2", "n_realisations": 5})

    cohort = varied(change).children(ops=ALL, at=LATER)
    with pytest.raises(DrawsDiffer, match=r"\[4, 5\] realisations: run the study again"):
        cohort.realisations("lung")


def test_an_organ_nobody_estimated_is_refused_with_those_there_are(study: Study) -> None:
    with pytest.raises(DefinitionWrong, match="active_marrow, lung"):
        study.children(ops=ALL).realisations("skin")


def test_a_negative_lag_is_refused(study: Study) -> None:
    with pytest.raises(DefinitionWrong, match="dose to come"):
        study.children(ops=ALL).realisations("lung", lag_years=-1)
