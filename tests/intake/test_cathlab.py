"""Cath-lab registers: units, clocks, texts."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from graph_schema.rooms import RoomFacts
from linkage.records import CathLabSource, read_cathlab
from linkage.records.codes import icd_code, ops_code, ops_in_catalogue, procedure_group

from .conftest import TODAY

HEAD = "exam_id;patient_id;case;start;room;procedure_text;weight_kg;kap;kap_unit;accession_number;study_instance_uid\n"


@pytest.fixture
def exams(deliver, keyring):
    def read(rows, *, rooms=(), placeholders=frozenset(), **declared):
        source = CathLabSource("lab", [deliver("cath_lab", HEAD + rows, **declared)], "north", rooms, placeholders)
        return read_cathlab(source, keyring=keyring, today=TODAY)

    return read


def test_an_examination_is_keyed_and_its_text_becomes_a_group(exams, keyring):
    found = exams("E1;P1;A1;2015-01-02 09:30;Lab 1;ASD-Verschluss bei Anna M.;12.5;1.2;Gy.cm2;R1;1.2.3\n")
    exam = found.tables["exams"].to_pylist()[0]
    assert exam["exam_key"] == keyring.key("exm", "north", "E1")
    assert exam["accession_key"] == keyring.key("acc", "north", "R1")
    assert exam["study_key"] == keyring.key("stu", "dicom", "1.2.3")
    assert exam["person_key"] == keyring.key("prc", "north", "P1")
    assert exam["stay_key"] == keyring.key("sty", "north", "A1")
    assert (exam["room"], exam["procedure_group"], exam["kap_gycm2"]) == ("north/Lab 1", "occlusion", 1.2)
    assert "Anna" not in repr(found)


@pytest.mark.parametrize(
    ("kap", "unit", "gycm2"),
    [("120", "cGy.cm2", 1.2), ("120", "µGym²", 1.2), ("1200", "mGy*cm2", 1.2), ("12", "dGycm2", 1.2)],
)
def test_units_are_converted(exams, kap, unit, gycm2):
    found = exams(f"E1;;;2015-01-02 09:30;;;;{kap};{unit};;\n")
    assert found.tables["exams"]["kap_gycm2"].to_pylist() == pytest.approx([gycm2])
    assert found.tables["exams"]["kap_unit_as_found"].to_pylist() == [unit]


def test_an_unknown_unit_leaves_no_value_and_is_counted(exams):
    found = exams("E1;;;2015-01-02 09:30;;;;120;furlong;;\nE2;;;2015-01-02 09:30;;;;120;;;\n")
    assert found.tables["exams"]["kap_gycm2"].to_pylist() == [None, None]
    assert found.notes == {
        "cath_lab.kap_unit: no unit delivered or declared, so no value": 1,
        "cath_lab.kap_unit: unit of kerma-area product unknown, so no value": 1,
    }


def test_a_missing_unit_is_that_of_the_room_on_that_day(exams):
    rooms = [
        RoomFacts(hospital="north", room="Lab 1", kap_unit="uGy.m2", valid_to=date(2016, 1, 1)),
        RoomFacts(hospital="north", room="Lab 1", kap_unit="Gy.cm2", valid_from=date(2016, 1, 1)),
    ]
    rows = "E1;;;2015-12-31 09:30;Lab 1;;;120;;;\nE2;;;2016-01-01 09:30;Lab 1;;;1.2;;;\n"
    rows += "E3;;;2016-01-01 09:30;Lab 2;;;1;;;\n"
    found = exams(rows, rooms=rooms).tables["exams"]
    assert found["kap_gycm2"].to_pylist() == pytest.approx([1.2, 1.2, None])
    assert found["kap_unit_as_found"].to_pylist() == [None, None, None]


def test_what_is_known_of_a_room_of_that_name_elsewhere_does_not_count(exams):
    found = exams(
        "E1;;;2015-01-02 09:30;Lab 1;;;1;;;\n", rooms=[RoomFacts(hospital="south", room="Lab 1", kap_unit="Gy.cm2")]
    )
    assert found.tables["exams"]["kap_gycm2"].to_pylist() == [None]


def test_a_register_s_times_are_local_times_as_delivered(exams):
    rooms = [RoomFacts(hospital="north", room="Lab 1", kap_unit="Gy.cm2", valid_to=date(2016, 1, 1))]
    found = exams("E1;;;2015-07-01 00:30;Lab 1;;;;;;\n", rooms=rooms)
    assert found.tables["exams"]["started_at"].to_pylist() == [datetime.fromisoformat("2015-07-01T00:30")]


def test_zero_and_negative_doses_are_missing_not_small(exams):
    found = exams("E1;;;2015-01-02 09:30;;;;0;Gy.cm2;;\nE2;;;2015-01-02 09:30;;;;-1;Gy.cm2;;\n")
    assert found.tables["exams"]["kap_gycm2"].to_pylist() == [None, None]


def test_decimal_commas_where_declared(exams):
    found = exams("E1;;;2015-01-02 09:30;;;12,5;1,2;Gy.cm2;;\n", decimal=",")
    assert found.tables["exams"]["weight_kg"].to_pylist() == [12.5]
    assert found.tables["exams"]["kap_gycm2"].to_pylist() == [1.2]


def test_a_placeholder_patient_is_missing(exams):
    found = exams("E1;0;;2015-01-02 09:30;;;;;;;\n", placeholders=frozenset({"0"}))
    assert found.tables["exams"]["person_key"].to_pylist() == [None]


def test_an_examination_without_a_time_is_rejected(exams):
    found = exams("E1;;;;;;;;;;\nE2;;;2030-01-01 10:00;;;;;;;\n")
    assert [(reject.row, reject.field, reject.reason) for reject in found.rejects] == [
        (2, "start", "empty"),
        (3, "start", "date in the future"),
    ]


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("Rechtsherzkatheter", "diagnostic"),
        ("ASD-VERSCHLUSS", "occlusion"),
        ("Ballonangioplastie mit Stent", "stent"),
        ("EPU und Ablation", "ablation"),
        ("Sonstiges", "other"),
    ],
)
def test_a_text_becomes_the_group_of_what_was_done_most(text, group):
    assert procedure_group(text) == group


@pytest.mark.parametrize(
    ("given", "plain", "catalogue"),
    [
        ("5-378.c0", "5378c0", "5-378.c0"),
        ("5378c0", "5378c0", "5-378.c0"),
        ("5-378.C0", "5378c0", "5-378.c0"),
        ("1-273.0:L", "12730", "1-273.0"),
        ("8-83b.c6", "883bc6", "8-83b.c6"),
        ("1-273", "1273", "1-273"),
        ("8-83", "883", "8-83"),
    ],
)
def test_procedure_codes_have_one_spelling(given, plain, catalogue):
    assert (ops_code(given), ops_in_catalogue(ops_code(given))) == (plain, catalogue)


@pytest.mark.parametrize(
    ("given", "plain"), [("q21.0", "Q210"), ("S7188!", "S7188"), ("A17.0+", "A170"), ("Q21.-", "Q21")]
)
def test_diagnosis_codes_have_one_spelling(given, plain):
    assert icd_code(given) == plain


@pytest.mark.parametrize("given", ["", "9", "Q", "Müller", "1-2", "0-123"])
def test_what_is_no_code_is_refused(given):
    with pytest.raises(ValueError, match="expected an ICD"):
        icd_code(given)
    with pytest.raises(ValueError, match="expected an OPS"):
        ops_code(given)
