"""Doses with examinations and stays, on made rooms."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from linkage.doses import DoseLinkage, DoseLinkSettings, TooManyDosePairs, link_doses
from tests.linkage.stays.simulate_doses import Delivered, Rooms, simulate
from tests.linkage.stays.worlds import without

KEYED = Rooms(seed=31)
NAMELESS = Rooms(seed=32, person_known=0, study_known=0, accession_known=0)
MINUTE = 60


@cache
def _linked(world: Rooms) -> tuple[Delivered, DoseLinkage]:
    delivered = simulate(world)
    return delivered, link_doses(delivered.events, delivered.exams, delivered.stays)


def _exam_links(linkage: DoseLinkage) -> dict[str, str]:
    rows = linkage.pairs.to_pylist()
    return {r["left_key"]: r["right_key"] for r in rows if r["judgement"] == "link" and r["right_label"] == "Procedure"}


def _right(found: dict[str, str], truth: dict[str, str]) -> tuple[float, float]:
    right = sum(truth.get(k) == v for k, v in found.items())
    return right / len(found), right / len(truth)


@pytest.mark.parametrize("world", [KEYED, NAMELESS], ids=["keyed", "nameless"])
def test_doses_find_their_examinations(world: Rooms) -> None:
    delivered, linkage = _linked(world)
    precision, recall = _right(_exam_links(linkage), delivered.exam_of)
    assert precision >= 0.99
    assert recall >= 0.97


@pytest.mark.parametrize("world", [KEYED, NAMELESS], ids=["keyed", "nameless"])
def test_the_terms_of_every_pair_sum_to_the_odds_of_its_probability(world: Rooms) -> None:
    rows = _linked(world)[1].pairs.to_pylist()
    assert len(rows) > 100
    for row in rows:
        assert len(row["levels"]) == len(row["level_bits"])
        assert row["match_weight"] == pytest.approx(sum(row["level_bits"]), abs=1e-4)
        assert 1 / (1 + 2 ** -row["match_weight"]) == pytest.approx(row["match_probability"], abs=1e-6)


def test_doses_without_identifiers_and_numbers_are_still_mostly_placed() -> None:
    world = simulate(NAMELESS)
    exams = without(world.exams, "kap_gycm2", "fluoroscopy_time_s", "n_frames")
    precision, recall = _right(_exam_links(link_doses(world.events, exams, world.stays)), world.exam_of)
    assert precision >= 0.98
    assert recall >= 0.85


def test_doses_without_a_register_find_the_stay_of_that_day() -> None:
    world = simulate(Rooms(seed=33, person_known=0.8))
    linkage = link_doses(world.events, world.exams.slice(0, 0), world.stays)
    found = {r["event_key"]: r["stay_key"] for r in linkage.chains.to_pylist()}
    precision, recall = _right(found, world.case_of)
    assert precision >= 0.98
    assert recall >= 0.85


def test_a_dose_of_a_stranger_is_not_linked() -> None:
    _, linkage = _linked(KEYED)
    strangers = [k for k in _exam_links(linkage) if k.startswith("dse_foreign")]
    assert strangers == []


def test_an_examination_takes_one_dose() -> None:
    links = list(_exam_links(_linked(NAMELESS)[1]).values())
    assert len(set(links)) == len(links)


def test_a_second_dose_with_the_same_study_is_not_counted_twice() -> None:
    world = simulate(KEYED)
    row = world.events.to_pylist()[0]
    study = world.exams.filter(pa.compute.equal(world.exams["procedure_key"], world.exam_of[row["event_key"]]))[
        "study_key"
    ][0]
    copies = [{**row, "study_key": study.as_py()}, {**row, "study_key": study.as_py(), "event_key": "dse_copy"}]
    events = pa.Table.from_pylist(copies, schema=world.events.schema)
    links = _exam_links(link_doses(events, world.exams, world.stays))
    assert len(links) <= 1


def test_an_hour_of_clock_error_is_found_and_said() -> None:
    _, linkage = _linked(KEYED)
    assert {c.room for c in linkage.model.clocks} == {"north/R2"}
    assert all(abs(c.ahead_s - 3900) < 5 * MINUTE for c in linkage.model.clocks)
    assert "room north/R2" in linkage.notes[0]


def test_an_equal_study_with_another_sex_is_a_conflict() -> None:
    event, exam, stay = _one()
    linkage = _link_one({**event, "sex": "male"}, exam, stay)
    row = linkage.pairs.to_pylist()[0]
    assert (row["judgement"], row["reason_code"]) == ("possible_link", "conflict_sex")


def test_an_equal_study_ten_days_apart_is_a_conflict() -> None:
    event, exam, stay = _one()
    linkage = _link_one({**event, "started_at": event["started_at"] + dt.timedelta(days=10)}, exam, stay)
    row = next(r for r in linkage.pairs.to_pylist() if r["right_label"] == "Procedure")
    assert (row["judgement"], row["reason_code"]) == ("possible_link", "conflict_date")


def test_an_equal_study_is_linked_and_carries_the_case() -> None:
    linkage = _link_one(*_one())
    row = linkage.pairs.to_pylist()[0]
    assert (row["judgement"], row["match_key"]) == ("link", "study")
    assert linkage.chains.to_pylist()[0]["stay_key"] == "sty_1"


def test_an_examination_after_midnight_lies_in_the_stay_of_the_day_before() -> None:
    event, exam, stay = _one()
    late = dt.datetime(2020, 3, 4, 0, 20)  # noqa: DTZ001
    linkage = _link_one(
        {**event, "started_at": late},
        {**exam, "started_at": late, "stay_key": None},
        {**stay, "discharged_on": dt.date(2020, 3, 3)},
    )
    row = linkage.exam_pairs.to_pylist()[0]
    assert "day=beside" in row["levels"]
    assert row["right_key"] == "sty_1"
    assert row["match_key"] == "person+date"


def test_a_kap_wrong_by_its_unit_is_named() -> None:
    event, exam, stay = _one()
    linkage = _link_one({**event, "kap_gycm2": 150.0}, {**exam, "kap_gycm2": 1.5}, stay)
    assert "kap=equal_but_for_unit" in linkage.pairs.to_pylist()[0]["levels"]


def test_a_dose_of_zero_is_missing() -> None:
    event, exam, stay = _one()
    linkage = _link_one({**event, "kap_gycm2": 0.0}, {**exam, "kap_gycm2": 1.5}, stay)
    assert "kap=missing" in linkage.pairs.to_pylist()[0]["levels"]


def test_nothing_delivered_links_nothing() -> None:
    world = simulate(Rooms(seed=34, n_patients=20))
    linkage = link_doses(world.events.slice(0, 0), world.exams.slice(0, 0), world.stays.slice(0, 0))
    assert linkage.pairs.num_rows == 0
    assert linkage.chains.num_rows == 0


def test_row_order_does_not_matter() -> None:
    delivered, linkage = _linked(NAMELESS)
    rng = np.random.default_rng(3)

    def shuffled(table: pa.Table) -> pa.Table:
        return table.take(pa.array(rng.permutation(table.num_rows)))

    again = link_doses(shuffled(delivered.events), shuffled(delivered.exams), shuffled(delivered.stays))
    assert again.pairs.equals(linkage.pairs)
    assert again.chains.equals(linkage.chains)


def test_a_model_given_is_used_as_it_is() -> None:
    delivered, linkage = _linked(NAMELESS)
    again = link_doses(delivered.events, delivered.exams, delivered.stays, model=linkage.model)
    assert again.model == linkage.model
    assert again.pairs.equals(linkage.pairs)


def test_columns_without_any_value_are_neutral() -> None:
    delivered = simulate(KEYED)
    for name in ("room", "weight_kg", "sex", "birth_year", "started_at"):
        events = without(delivered.events, name)
        precision, _ = _right(_exam_links(link_doses(events, delivered.exams, delivered.stays)), delivered.exam_of)
        assert precision >= 0.99


def test_a_plan_over_its_budget_is_refused() -> None:
    delivered = simulate(dataclasses.replace(KEYED, n_patients=60))
    with pytest.raises(TooManyDosePairs, match="max_candidate_pairs"):
        link_doses(delivered.events, delivered.exams, delivered.stays, settings=DoseLinkSettings(max_candidate_pairs=3))


def _one() -> tuple[dict, dict, dict]:
    at = dt.datetime(2020, 3, 3, 10, 0)  # noqa: DTZ001
    shared = {
        "hospital": "north",
        "room": "north/R1",
        "started_at": at,
        "study_key": "stu_1",
        "weight_kg": 9.0,
        "kap_gycm2": 1.5,
        "fluoroscopy_time_s": 600.0,
        "n_frames": 100,
    }
    event = {**shared, "event_key": "dse_1", "sex": "female", "birth_year": 2019, "person_key": None}
    exam = {**shared, "procedure_key": "prd_1", "person_key": "prc_1", "stay_key": "sty_1"}
    stay = {
        "stay_key": "sty_1",
        "person_key": "prc_1",
        "side": "hospital",
        "hospital": "north",
        "admitted_on": dt.date(2020, 3, 2),
        "discharged_on": dt.date(2020, 3, 5),
        "sex": "female",
        "birth_year": 2019,
        "weight_g": None,
        "ops_on": [dt.date(2020, 3, 3)],
    }
    return event, exam, stay


def _link_one(event: dict, exam: dict, stay: dict) -> DoseLinkage:
    shape = simulate(Rooms(seed=35, n_patients=3))
    return link_doses(
        pa.Table.from_pylist([event], schema=shape.events.schema),
        pa.Table.from_pylist([exam], schema=shape.exams.schema),
        pa.Table.from_pylist([stay], schema=shape.stays.schema),
    )
