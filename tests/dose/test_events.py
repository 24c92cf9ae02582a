"""Reports and registers to dose events: one examination, one dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_schema.delivery import SourceMissing, TextFormat
from graph_schema.errors import SourceFileError
from graph_schema.ids import Keyring
from graph_schema.rooms import RoomFacts
from graph_schema.units import Quantity
from provenance.dose.events import SourcedReport, SourcedRow, Standardised, standardise
from provenance.dose.keyed import keyed
from provenance.dose.register import read_register
from provenance.dose.report import Found, PlaneName, PlaneTotals, Report, ReportKind
from provenance.dose.schema import DOSE_EVENTS
from provenance.dose.settle import settle_exams
from tests.dose.made import kap, plain, plain_event

RING = Keyring(bytes(32))
HEADER = "exam_id;accession_number;plane;kap;kap_unit;kerma_ref;kerma_unit;fluoroscopy_time_s;n_frames\n"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def exams(*rows: dict[str, Any]) -> pa.Table:
    """Rows of the cath-lab register; what is not given is null."""
    schema = pa.schema(
        [("procedure_key", pa.string()), ("person_key", pa.string()), ("source", pa.string()),
         ("hospital", pa.string()), ("room", pa.string()), ("started_at", pa.timestamp("s")),
         ("weight_kg", pa.float64()), ("kap_gycm2", pa.float64()), ("kap_unit_as_found", pa.string()),
         ("fluoroscopy_time_s", pa.float64()), ("n_frames", pa.int32()), ("exam_key", pa.string()),
         ("accession_key", pa.string()), ("study_key", pa.string()), ("file_sha256", pa.string()), ("row", pa.int64())]
    )  # fmt: skip
    defaults = {"hospital": "h", "source": "cathlab", "file_sha256": "cathlab-file", "row": 2}
    return pa.Table.from_pylist([{**defaults, **row} for row in rows], schema=schema)


def run(reports: Sequence[Report] = (), register: Path | None = None, **more: Any) -> Standardised:
    rows = read_register(register, format=TextFormat()).rows if register else ()
    return standardise(
        [SourcedReport("rdsr", "h", keyed(report, keyring=RING, hospital="h")) for report in reports],
        [SourcedRow("register", "h", row) for row in rows],
        keyring=RING,
        **more,
    )


def only(found: Standardised) -> dict[str, Any]:
    (event,) = found.events.to_pylist()
    return dict(event)


def register(folder: Path, *lines: str) -> Path:
    path = folder / "register.csv"
    path.write_text(HEADER + "".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_the_table_has_the_columns_of_the_contract() -> None:
    found = run([plain(["e1", "e2"])])
    assert found.events.schema == DOSE_EVENTS
    event = only(found)
    assert (event["kap_gycm2"], event["room"], event["kap_basis"]) == (2.0, "h/HK1", "stated_total")
    assert (event["file_sha256"], event["row"], event["weight_kg"]) == (["2.25.1-2"], [1], 18.4)


def test_keys_are_those_of_the_contract() -> None:
    event = only(run([plain(["e1"])]))
    assert event["person_key"] == RING.key("prc", "h", "P-4711")
    assert event["accession_key"] == RING.key("acc", "h", "ACC-1")
    assert event["study_key"] == RING.key("stu", "dicom", "2.25.100")


def test_no_identifier_of_the_delivery_is_in_the_tables() -> None:
    found = run([plain(["e1"])])
    text = str(found.events.to_pylist()) + str(found.irradiations.to_pylist()) + str(found.rejects)
    assert not [mark for mark in ("P-4711", "ACC-1", "2.25.100", "e1'") if mark in text]


def test_a_second_cumulative_report_keeps_the_key_and_adds_the_new_events() -> None:
    first, both = [plain(["e1", "e2"])], [plain(["e1", "e2"]), plain(["e1", "e2", "e3"], sop="2.25.2")]
    before, after = only(run(first)), only(run(both))
    assert before["event_key"] == after["event_key"]
    assert (before["kap_gycm2"], after["kap_gycm2"], after["n_irradiation_events"]) == (2.0, 3.0, 3)
    assert len(after["file_sha256"]) == 2


def test_an_identical_file_delivered_twice_changes_nothing() -> None:
    assert run([plain(["e1"]), plain(["e1"])]).events.equals(run([plain(["e1"])]).events)


def test_an_examination_over_midnight_is_one_on_the_day_it_began() -> None:
    late = replace(plain_event("e1", 1.0), started_at=moment("2019-01-14T23:35"))
    early = replace(plain_event("e2", 1.0), started_at=moment("2019-01-15T00:20"))
    found = run([plain(["e1", "e2"], events=(early, late), started_at=moment("2019-01-14T23:35"))])
    assert only(found)["started_at"] == moment("2019-01-14T23:35")
    assert [str(at) for at in found.irradiations["started_at"].to_pylist()] == [
        "2019-01-14 23:35:00",
        "2019-01-15 00:20:00",
    ]


def test_a_clock_that_is_ahead_is_put_right_in_its_period_only() -> None:
    rooms = [
        RoomFacts(hospital="h", room="HK1", clock_offset_s=3600, valid_from=date(2019, 1, 1), valid_to=date(2020, 1, 1))
    ]
    inside = run([plain(["e1"], started_at=moment("2019-06-01T00:20"))], rooms=rooms)
    outside = run([plain(["e1"], started_at=moment("2020-01-01T00:20"))], rooms=rooms)
    assert only(inside)["started_at"] == moment("2019-05-31T23:20")
    assert only(outside)["started_at"] == moment("2020-01-01T00:20")


def test_a_number_without_unit_is_read_in_the_units_of_its_room_and_flagged() -> None:
    bare = plain([], totals=(PlaneTotals(PlaneName.SINGLE, kap=kap(355.0, None)),))
    known = only(run([bare], rooms=[RoomFacts(hospital="h", room="HK1", kap_unit="uGy.m2")]))
    unknown = only(run([bare]))
    assert (known["kap_gycm2"], "unit_inferred" in known["flags"]) == (3.55, True)
    assert (unknown["kap_gycm2"], "unit_missing" in unknown["flags"]) == (None, True)


def test_a_report_in_an_unknown_unit_is_a_reject_that_names_the_known_ones() -> None:
    strange = plain([], sop="2.25.8", study_uid="2.25.108",
                    totals=(PlaneTotals(PlaneName.SINGLE, kap=kap(3.0, "R.cm2")),))  # fmt: skip
    found = run([strange, plain(["e1"])])
    assert found.events.num_rows == 1
    assert [(reject.field, "Gy.cm2" in reject.reason) for reject in found.rejects] == [("unit", True)]


def test_radiography_and_the_future_are_rejects() -> None:
    still = plain(["e1"], kind=ReportKind.RADIOGRAPHY, study_uid="2.25.101")
    later = plain(["e2"], sop="2.25.2", started_at=moment("2031-01-01T10:00"))
    found = run([still, later], today=date(2026, 1, 1))
    assert found.events.num_rows == 0
    assert sorted(reject.field or "" for reject in found.rejects) == ["kind", "started_at"]


def test_a_placeholder_patient_number_joins_nobody() -> None:
    assert only(run([plain(["e1"], patient_id="99999999")]))["person_key"] is None


def test_two_patients_in_one_study_give_the_dose_to_neither() -> None:
    event = only(run([plain(["e1"]), plain(["e2"], sop="2.25.2", patient_id="P-4712")]))
    assert (event["person_key"], "patients_differ" in event["flags"]) == (None, True)


@pytest.mark.parametrize(("weight", "flag"), [(0.05, "weight_implausible"), (400.0, "weight_implausible")])
def test_an_unbelievable_weight_is_missing_and_flagged(weight: float, flag: str) -> None:
    event = only(run([plain(["e1"], weight_kg=weight)]))
    assert (event["weight_kg"], flag in event["flags"]) == (None, True)


def test_a_dose_beyond_belief_for_the_weight_is_flagged_and_kept() -> None:
    event = only(run([plain(["e1"], each=245.0)]))
    assert (event["kap_gycm2"], "kap_per_weight_implausible" in event["flags"]) == (245.0, True)


def test_a_dose_beyond_belief_for_any_weight_is_flagged_where_the_weight_is_unknown() -> None:
    amounts = (1400.0, 1600.0, 1e300)
    events = [only(run([plain(["e1"], each=kap, weight_kg=None)])) for kap in amounts]
    assert ["kap_per_weight_implausible" in event["flags"] for event in events] == [False, True, True]


def test_a_register_row_alone_is_a_dose_event(tmp_path: Path) -> None:
    event = only(run(register=register(tmp_path, "B-1;BX1;all;290;cGy.cm2;36.25;mGy;350;90")))
    assert (event["kap_gycm2"], event["kap_basis"], event["n_irradiation_events"]) == (2.9, "register", 0)
    assert event["event_key"] == RING.key("dse", "exam", RING.key("exm", "h", "B-1"))


def test_planes_of_a_register_are_added_and_a_missing_one_flagged(tmp_path: Path) -> None:
    both = only(run(register=register(tmp_path, "B-1;;A;2;Gy.cm2;;;;", "B-1;;B;1;Gy.cm2;;;;")))
    one = only(run(register=register(tmp_path, "B-1;;A;2;Gy.cm2;;;;")))
    assert (both["kap_gycm2"], both["kap_b_gycm2"], both["row"]) == (3.0, 1.0, [2, 3])
    assert (one["kap_b_gycm2"], "plane_b_missing" in one["flags"]) == (None, True)


def test_one_examination_by_report_and_by_register_is_one_dose_of_the_report(tmp_path: Path) -> None:
    event = only(run([plain(["e1", "e2"])], register(tmp_path, "X-1;ACC-1;all;1.97;Gy.cm2;;;;")))
    assert (event["kap_gycm2"], event["kap_basis"], len(event["file_sha256"])) == (2.0, "stated_total", 2)


def test_a_register_that_differs_from_the_report_is_told(tmp_path: Path) -> None:
    event = only(run([plain(["e1"])], register(tmp_path, "X-1;ACC-1;all;3;Gy.cm2;;;;")))
    assert "register_differs_from_report" in event["flags"]


def test_a_report_without_dose_takes_that_of_the_register(tmp_path: Path) -> None:
    empty = plain(["e1"], events=(plain_event("e1", None),), totals=(PlaneTotals(PlaneName.SINGLE),))
    event = only(run([empty], register(tmp_path, "X-1;ACC-1;all;3;Gy.cm2;;;;")))
    assert (event["kap_gycm2"], event["kap_basis"]) == (3.0, "register")
    assert "kap_from_register" in event["flags"]


def test_the_cath_lab_register_says_which_row_is_which_report(tmp_path: Path) -> None:
    known = exams({"exam_key": RING.key("exm", "h", "X-1"), "study_key": RING.key("stu", "dicom", "2.25.100")})
    event = only(run([plain(["e1"], accession=None)], register(tmp_path, "X-1;;all;1;Gy.cm2;;;;"), exams=known))
    assert (event["kap_basis"], event["exam_key"]) == ("stated_total", RING.key("exm", "h", "X-1"))


def test_an_examination_of_another_patient_is_not_taken_for_the_reports(tmp_path: Path) -> None:
    known = exams({"exam_key": "exm_1", "accession_key": RING.key("acc", "h", "ACC-1"), "person_key": "prc_other"})
    event = only(run([plain(["e1"])], exams=known))
    assert event["exam_key"] is None
    assert "patient_differs_from_exam" in event["flags"]


@pytest.mark.parametrize(
    ("line", "field"),
    [("B-1;;all;2;R.cm2;;;;", "kap_unit"), (";;all;2;Gy.cm2;;;;", "exam_id"), ("B-1;;C;2;Gy.cm2;;;;", "plane"),
     ("B-1;;all;2;Gy.cm2;3;Sv;;", "kerma_unit"), ("B-1;;all;2", None)],
)  # fmt: skip
def test_a_bad_register_row_is_a_reject_and_the_good_one_stays(tmp_path: Path, line: str, field: str | None) -> None:
    found = read_register(register(tmp_path, "B-2;;all;2;Gy.cm2;;;;", line), format=TextFormat())
    assert [(reject.row, reject.field) for reject in found.rejects] == [(3, field)]
    assert (len(found.rows), found.n_rows) == (1, 2)


def test_a_name_that_slipped_into_the_unit_column_is_not_repeated(tmp_path: Path) -> None:
    found = read_register(register(tmp_path, "B-1;;all;2;Mustermann;;;;"), format=TextFormat())
    assert [reject.field for reject in found.rejects] == ["kap_unit"]
    assert "Mustermann" not in found.rejects[0].reason


def test_a_register_number_whose_unit_nobody_knows_is_a_reject(tmp_path: Path) -> None:
    found = run(register=register(tmp_path, "B-1;;all;355;;;;;"))
    assert (found.events.num_rows, [reject.field for reject in found.rejects]) == (0, ["kap_unit"])


def test_a_register_number_takes_the_unit_of_its_room_and_period(tmp_path: Path) -> None:
    known = exams({"exam_key": RING.key("exm", "h", "B-1"), "room": "h/HK3", "started_at": moment("2021-06-15T09:00")})
    rooms = [RoomFacts(hospital="h", room="HK3", kap_unit="uGy.m2", valid_from=date(2021, 1, 1))]
    event = only(run(register=register(tmp_path, "B-1;;all;355;;;;;"), exams=known, rooms=rooms))
    assert (event["kap_gycm2"], "unit_inferred" in event["flags"]) == (3.55, True)


def test_a_register_that_is_not_there_or_lacks_its_column_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing):
        read_register(tmp_path / "nowhere.csv", format=TextFormat())
    (tmp_path / "a.csv").write_text("exam_id;dose\n1;2\n", encoding="utf-8")
    with pytest.raises(SourceFileError, match="kap"):
        read_register(tmp_path / "a.csv", format=TextFormat())


def test_settling_fills_the_weight_and_names_the_row_it_is_from() -> None:
    events = run([plain(["e1"], weight_kg=None)]).events
    table = exams({"procedure_key": "prd_1", "exam_key": "exm_1", "weight_kg": 12.0})
    key = events["event_key"][0].as_py()
    (event,) = settle_exams(events, table, keyring=RING, exam_of={key: "prd_1"}).to_pylist()
    assert (event["weight_kg"], event["exam_key"]) == (12.0, "exm_1")
    assert event["file_sha256"] == ["2.25.1-1", "cathlab-file"]


def test_settling_makes_one_dose_of_report_and_register_that_linkage_joined(tmp_path: Path) -> None:
    events = run([plain(["e1"])], register(tmp_path, "X-1;;all;1;Gy.cm2;;;;")).events
    assert events.num_rows == 2
    table = exams({"procedure_key": "prd_1", "exam_key": RING.key("exm", "h", "X-1")})
    report_key = next(row["event_key"] for row in events.to_pylist() if row["kap_basis"] == "stated_total")
    (event,) = settle_exams(events, table, keyring=RING, exam_of={report_key: "prd_1"}).to_pylist()
    assert (event["event_key"], event["kap_gycm2"], len(event["row"])) == (report_key, 1.0, 2)


def test_settling_takes_nothing_from_an_examination_of_another_patient() -> None:
    events = run([plain(["e1"], weight_kg=None)]).events
    table = exams({"procedure_key": "prd_1", "exam_key": "exm_1", "weight_kg": 12.0, "person_key": "prc_other"})
    key = events["event_key"][0].as_py()
    (event,) = settle_exams(events, table, keyring=RING, exam_of={key: "prd_1"}).to_pylist()
    assert (event["weight_kg"], event["exam_key"]) == (None, None)
    assert "patient_differs_from_exam" in event["flags"]


def test_settling_keeps_examinations_without_a_number_apart() -> None:
    reports = [plain(["e1"]), plain(["e2"], sop="2.25.2", study_uid="2.25.102", patient_id="P-2")]
    events = run(reports).events
    keys = events["event_key"].to_pylist()
    table = exams({"procedure_key": "prd_1"}, {"procedure_key": "prd_2"})
    found = settle_exams(events, table, keyring=RING, exam_of=dict(zip(keys, ("prd_1", "prd_2"), strict=True)))
    assert found.num_rows == 2


def test_settling_makes_an_event_of_a_dose_that_only_the_cath_lab_knows() -> None:
    table = exams({"procedure_key": "prd_1", "exam_key": "exm_1", "kap_gycm2": 3.55, "started_at": None})
    (event,) = settle_exams(run().events, table, keyring=RING).to_pylist()
    assert (event["kap_gycm2"], event["kap_basis"], event["file_sha256"]) == (3.55, "register", ["cathlab-file"])
    assert event["flags"] == ["start_missing", "unit_inferred"]


@pytest.mark.parametrize("sign", [{"fluoroscopy_time_s": 350.0}, {"n_frames": 90}])
def test_a_zero_of_the_cath_lab_where_there_was_radiation_is_missing(sign: dict[str, Any]) -> None:
    table = exams({"procedure_key": "prd_1", "exam_key": "exm_1", "kap_gycm2": 0.0, **sign})
    (event,) = settle_exams(run().events, table, keyring=RING).to_pylist()
    assert (event["kap_gycm2"], event["kap_basis"], event["planes"]) == (None, "missing", [])
    assert {"kap_missing", "kap_zero_despite_irradiation"} <= set(event["flags"])


def test_a_zero_of_the_cath_lab_does_not_fill_a_report_without_dose() -> None:
    empty = plain(["e1"], events=(plain_event("e1", None),), totals=(PlaneTotals(PlaneName.SINGLE),))
    events = run([empty]).events
    table = exams({"procedure_key": "prd_1", "exam_key": "exm_1", "kap_gycm2": 0.0, "n_frames": 90})
    (event,) = settle_exams(events, table, keyring=RING, exam_of={events["event_key"][0].as_py(): "prd_1"}).to_pylist()
    assert (event["kap_gycm2"], event["kap_basis"]) == (None, "missing")


@pytest.mark.parametrize(
    ("amount", "unit", "weight", "flags"),
    [(5.0, "Gy.cm2", 18.4, set()), (1500.0, "Gy.cm2", 18.4, {"kap_per_weight_implausible", "field_area_implausible"}),
     (5.0, None, None, {"unit_inferred"})],
)  # fmt: skip
def test_doubts_about_a_dose_of_the_cath_lab_come_with_it(
    amount: float, unit: str | None, weight: float | None, flags: set[str]
) -> None:
    kerma = Found(100.0, "mGy", Quantity.AIR_KERMA)
    total = PlaneTotals(PlaneName.SINGLE, kerma_ref=kerma)
    events = run([plain(["e1"], events=(plain_event("e1", None),), totals=(total,), weight_kg=weight)]).events
    table = exams(
        {"procedure_key": "prd_1", "exam_key": "exm_1", "kap_gycm2": amount, "kap_unit_as_found": unit}
    )  # fmt: skip
    (event,) = settle_exams(events, table, keyring=RING, exam_of={events["event_key"][0].as_py(): "prd_1"}).to_pylist()
    assert set(event["flags"]) - {"kap_from_register", "events_without_kap"} == flags


def test_a_register_dose_that_does_not_fit_the_reports_kerma_is_doubted(tmp_path: Path) -> None:
    total = PlaneTotals(PlaneName.SINGLE, kerma_ref=Found(30.0, "mGy", Quantity.AIR_KERMA))
    empty = plain(["e1"], events=(plain_event("e1", None),), totals=(total,), weight_kg=None)
    event = only(run([empty], register(tmp_path, "X-1;ACC-1;all;245;Gy.cm2;;;;")))
    assert {"kap_from_register", "field_area_implausible"} <= set(event["flags"])


def test_a_register_zero_with_frames_is_missing(tmp_path: Path) -> None:
    event = only(run(register=register(tmp_path, "B-1;;all;0;Gy.cm2;;;;90")))
    assert (event["kap_gycm2"], "kap_zero_despite_irradiation" in event["flags"]) == (None, True)


@settings(deadline=None)
@given(st.permutations(range(5)))
def test_the_order_of_reports_changes_no_byte(order: list[int]) -> None:
    reports = [plain([f"e{n}", f"f{n}"], sop=f"2.25.{n}", study_uid=f"2.25.10{n % 3}") for n in range(5)]
    assert run([reports[n] for n in order]).events.equals(run(reports).events)
    assert run([reports[n] for n in order]).irradiations.equals(run(reports).irradiations)


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 50), min_size=1, max_size=20), st.randoms())
def test_the_sum_over_irradiation_events_does_not_depend_on_their_order(kaps: list[float], random: Any) -> None:
    events = [plain_event(f"e{n}", amount) for n, amount in enumerate(kaps)]
    shuffled = random.sample(events, len(events))
    one, other = (only(run([plain([], events=tuple(part), totals=())]))["kap_gycm2"] for part in (events, shuffled))
    assert one == pytest.approx(other, rel=1e-12)


def test_a_cumulative_report_under_a_study_of_its_own_counts_once() -> None:
    first, both = plain(["e1", "e2"]), plain(["e1", "e2", "e3"], sop="2.25.2", study_uid="2.25.109")
    later = replace(both, created_at=moment("2019-03-05T11:00"))
    event = only(run([later, first]))
    assert (event["kap_gycm2"], event["n_irradiation_events"]) == (3.0, 3)
    assert event["event_key"] == only(run([first]))["event_key"]
    assert "studies_share_events" in event["flags"]


def test_event_uids_that_two_patients_share_bring_nothing_together() -> None:
    other = plain(["e1"], sop="2.25.2", study_uid="2.25.109", patient_id="P-2")
    assert run([plain(["e1"]), other]).events.num_rows == 2
