"""Who is in a cohort, and the table that says why the others are not."""

from __future__ import annotations

import json
from datetime import date
from itertools import product

import pytest

from provenance import Study
from provenance.cohort import CohortDefinition
from provenance.cohort.definition import matches_ops
from provenance.study.errors import DefinitionWrong

ALL = ["1-27*"]


def test_children_with_a_procedure_asked_for_are_selected(study: Study) -> None:
    assert study.children(ops=["1-275"]).persons == ("per_anna", "per_cleo")


def test_a_code_takes_its_subcodes_but_not_its_neighbours() -> None:
    assert [matches_ops(code, ("1-275",)) for code in ("1-275", "1-275.0", "1-2750", "1-276.0", None)] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_the_age_is_year_of_procedure_minus_year_of_birth(study: Study) -> None:
    ages = study.children(ops=ALL).table.select(["person", "first_exposure_age_years"]).to_pylist()
    assert [row["first_exposure_age_years"] for row in ages] == [2, 5, 5, 21]


def test_an_age_limit_is_exclusive(study: Study) -> None:
    assert [study.children(ops=ALL, age_under_years=limit).persons for limit in (22, 21)] == [
        ("per_anna", "per_ben", "per_cleo", "per_dora"),
        ("per_anna", "per_ben", "per_cleo"),
    ]


def test_the_period_includes_its_first_day_and_not_its_end(study: Study) -> None:
    day, after = date(2017, 1, 15), date(2017, 1, 16)
    before = date(2017, 1, 14)
    assert study.children(ops=ALL, performed_between=(day, after)).persons == ("per_cleo",)
    assert study.children(ops=ALL, performed_between=(before, day)).persons == ()


def test_a_link_probability_takes_only_linked_children_and_is_inclusive(study: Study) -> None:
    assert study.children(ops=ALL, link_probability=0.92).persons == ("per_anna", "per_ben")
    assert study.children(ops=ALL, link_probability=0.93).persons == ("per_anna",)


def test_sex_and_hospital_are_rules_too(study: Study) -> None:
    assert study.children(ops=ALL, sex="male").persons == ("per_ben",)
    assert study.children(ops=ALL, hospitals=["south"]).persons == ()


def test_a_claims_stay_is_in_the_hospital_its_linked_case_is_in(study: Study) -> None:
    assert study.children(ops=ALL, hospitals=["north"]).persons == ("per_anna", "per_ben", "per_dora")


def test_a_procedure_told_by_claims_and_hospital_is_one_examination(study: Study) -> None:
    table = study.children(ops=ALL).table
    assert table.column("n_procedures").to_pylist() == [2, 1, 1, 1]


def test_attrition_starts_at_the_deliveries_and_ends_at_the_result(study: Study) -> None:
    rows = study.children(ops=["1-275"], age_under_years=22, link_probability=0.9).attrition.to_pylist()
    counted = [(row["reason"], row["n_records"], row["n_persons"], row["n_dose_events"]) for row in rows]
    assert counted == [
        ("rows delivered", 24, None, None),
        ("rows not rejected", 22, None, None),
        ("stays in the ledger", 8, 4, 5),
        ("of these, linked claims to hospital", 6, 2, None),
        ("persons", None, 6, 5),
        ("linked claims to hospital with probability 0.9 or more", None, 2, 3),
        ("with a procedure asked for", 1, 1, 2),
        ("under 22 years", 1, 1, 2),
        ("selected", 1, 1, 2),
    ]


def test_what_a_step_excludes_is_counted_against_the_step_before(study: Study) -> None:
    rows = study.children(ops=["1-275"], link_probability=0.9).attrition.to_pylist()
    assert [row["excluded_persons"] for row in rows] == [None, None, None, None, None, 4, 1, 0]


@pytest.mark.parametrize(
    ("ops", "age", "probability", "sex"), list(product([["1-275"], ALL], [None, 6], [None, 0.95], [None, "female"]))
)
def test_the_last_attrition_row_equals_the_result(
    study: Study, ops: list[str], age: int | None, probability: float | None, sex: str | None
) -> None:
    cohort = study.children(ops=ops, age_under_years=age, link_probability=probability, sex=sex)  # type: ignore[arg-type]
    last = cohort.attrition.to_pylist()[-1]
    told = (last["n_persons"], last["n_records"], last["n_dose_events"])
    table = cohort.table
    assert told == (
        len(cohort), sum(table.column("n_procedures").to_pylist()), sum(table.column("n_dose_events").to_pylist()),
    )  # fmt: skip


def test_a_cohort_of_nobody_has_a_table_with_the_same_columns(study: Study) -> None:
    nobody, somebody = study.children(ops=["9-999"]), study.children(ops=ALL)
    assert nobody.table.schema == somebody.table.schema
    assert nobody.realisations("lung").shape == (0, 4)


def test_the_definition_reads_back_from_its_json(study: Study) -> None:
    asked = study.children(ops=["1-275", "1-27*"], performed_between=(date(2015, 1, 1), date(2020, 1, 1)), name="one")
    again = CohortDefinition.from_json(asked.definition.to_json())
    assert (again, study.evaluate(again).persons) == (asked.definition, asked.persons)


def test_the_order_of_codes_does_not_change_the_digest(study: Study) -> None:
    one, other = study.children(ops=["1-275", "1-276"]), study.children(ops=["1-276", "1-275"])
    assert one.digest == other.digest


def test_a_cohort_without_a_name_is_named_by_its_definition(study: Study) -> None:
    names = [study.children(ops=ops).definition.name for ops in (["1-275"], ["1-275"], ["1-276"])]
    assert (names[0] == names[1], names[0] == names[2]) == (True, False)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"ops": []}, "at least one OPS code"),
        ({"ops": ["catheter"]}, "is no OPS code"),
        ({"ops": ALL, "performed_between": (date(2020, 1, 1), date(2020, 1, 1))}, "performed_between is empty"),
        ({"ops": ALL, "lag_years": {"lung": -1}}, "lag of lung is negative"),
        ({"ops": ALL, "link_probability": 1.5}, "link_probability"),
    ],
)
def test_rules_that_cannot_be_are_refused_with_a_reason(study: Study, asked: dict[str, object], told: str) -> None:
    with pytest.raises(DefinitionWrong, match=told):
        study.children(**asked)  # type: ignore[arg-type]


def test_the_attrition_in_the_node_is_the_table(study: Study) -> None:
    cohort = study.children(ops=ALL)
    (row,) = cohort.nodes().nodes["Cohort"].to_pylist()
    assert json.loads(row["attrition_json"]) == cohort.attrition.to_pylist()
