"""Hospital deliveries: cases, patients, codes."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from graph_schema.errors import SourceFileError
from linkage.records import Section21Source, read_crosswalk, read_section21

from .conftest import TODAY

CASE = "KH-internes-Kennzeichen"
FALL = (
    f"{CASE};IK-der-Krankenkasse;Geburtsjahr;Geburtsmonat;Geschlecht;PLZ;Aufnahmedatum;Aufnahmegrund;Aufnahmegewicht;"
    "Fallzusammenführung;Entlassungsdatum;IK\n"
)


def case(name, *, year="2015", month="", sex="m", plz="01067", start="201501011200", end="201501051000", ik="", j="N"):
    return f"{name};109;{year};{month};{sex};{plz};{start};0101;;{j};{end};{ik}\n"


@pytest.fixture
def hospital(keyring):
    def read(*files, **declared):
        declared = {"hospital": "north", **declared}
        return read_section21(Section21Source("north-cases", files, **declared), keyring=keyring, today=TODAY)

    return read


def stays(found):
    return found.tables["stays"].to_pylist()


def reasons_of(found):
    return [(reject.row, reject.field, reject.reason) for reject in found.rejects]


def test_a_case_in_cp1252_carries_times_codes_and_patient(hospital, deliver, keyring):
    found = hospital(
        deliver("FALL", FALL + case("A1", month="02", j="J"), encoding="cp1252"),
        deliver(
            "ICD", f"{CASE};Diagnoseart;ICD-Version;ICD-Kode;Sekundär-Kode\nA1;ND;2015;A170+;G01*\nA1;HD;2015;Q21.0;\n"
        ),
        deliver("OPS", f"{CASE};OPS-Version;OPS-Kode;OPS-Datum\nA1;2015;5378c0;201501021015\n"),
        deliver("PATIENTEN", f"{CASE};patient_id\nA1;0000731\n"),
    )
    stay = stays(found)[0]
    assert stay["stay_key"] == keyring.key("sty", "north", "A1")
    assert stay["person_key"] == keyring.key("prc", "north", "0000731")
    assert (stay["admitted_at"], stay["discharged_on"]) == (
        datetime.fromisoformat("2015-01-01T12:00"),
        date(2015, 1, 5),
    )
    assert (stay["icd_main"], stay["icd"], stay["ops"]) == ("Q210", ["Q210", "A170", "G01"], ["5378c0"])
    assert (stay["birth_month"], stay["merged"], stay["sex"]) == (2, True, "male")
    assert found.tables["procedures"]["ops_code"].to_pylist() == ["5-378.c0"]
    assert found.files[0].encoding == "cp1252"


def test_the_postcode_becomes_a_district_and_is_dropped(hospital, deliver, tmp_path):
    (tmp_path / "plz.csv").write_text("plz;kreis;share\n01067;14612;0.4\n01067;14628;0.6\n1067;14612;1\n")
    crosswalk = read_crosswalk(tmp_path / "plz.csv")
    assert [(reject.row, reject.field) for reject in crosswalk.rejects] == [(4, "plz")]
    found = hospital(deliver("FALL", FALL + case("A1") + case("A2", plz="99999")), crosswalk=crosswalk)
    assert [stay["region"] for stay in stays(found)] == ["14628", None]
    assert found.notes["FALL.postcode: postcode not in the crosswalk table"] == 1
    assert "01067" not in repr([table.to_pylist() for table in found.tables.values()])


def test_without_a_crosswalk_regions_are_unknown_and_it_is_said(hospital, deliver):
    found = hospital(deliver("FALL", FALL + case("A1")))
    assert stays(found)[0]["region"] is None
    assert found.notes["FALL.postcode: no crosswalk table, so the region stays unknown"] == 1


def test_a_crosswalk_without_districts_is_an_error(tmp_path):
    (tmp_path / "plz.csv").write_text("plz;einwohner\n01067;1\n")
    with pytest.raises(SourceFileError, match="a column 'kreis' or 'ags'"):
        read_crosswalk(tmp_path / "plz.csv")


def test_a_case_without_patient_number_is_a_patient_of_its_own(hospital, deliver, keyring):
    found = hospital(
        deliver("FALL", FALL + case("A1") + case("A2")), deliver("PATIENTEN", f"{CASE};patient_id\nA1;P1\n")
    )
    keys = [stay["person_key"] for stay in stays(found)]
    assert keys == [keyring.key("prc", "north", "P1"), keyring.key("prc", "north", "case", "A2")]
    assert found.notes["FALL: cases without a patient number, each taken as a patient of its own"] == 1


@pytest.mark.parametrize("second", [{"sex": "w"}, {"year": "2017"}], ids=["other sex", "two years apart"])
def test_a_number_that_several_children_share_is_taken_apart(hospital, deliver, keyring, second):
    found = hospital(
        deliver("FALL", FALL + case("A1") + case("A2", **second)),
        deliver("PATIENTEN", f"{CASE};patient_id\nA1;P1\nA2;P1\n"),
    )
    assert len({stay["person_key"] for stay in stays(found)}) == 2
    assert found.not_persons == (keyring.key("prc", "north", "P1"),)
    assert found.tables["persons"].num_rows == 2


@pytest.mark.parametrize("second", [{"year": "2016"}, {"sex": "x"}], ids=["one year apart", "sex not stated"])
def test_a_typing_mistake_does_not_take_a_patient_apart(hospital, deliver, second):
    found = hospital(
        deliver("FALL", FALL + case("A1") + case("A2", **second)),
        deliver("PATIENTEN", f"{CASE};patient_id\nA1;P1\nA2;P1\n"),
    )
    assert found.tables["persons"].num_rows == 1
    assert found.not_persons == ()


def test_a_declared_placeholder_is_nobody(hospital, deliver, keyring):
    found = hospital(
        deliver("FALL", FALL + case("A1") + case("A2")),
        deliver("PATIENTEN", f"{CASE};patient_id\nA1;0\nA2;0\n"),
        placeholders=frozenset({"0"}),
    )
    assert found.tables["persons"].num_rows == 2
    assert found.not_persons == (keyring.key("prc", "north", "0"),)


def test_the_hospital_of_a_row_is_found_by_its_number(hospital, deliver, keyring):
    file = deliver("FALL", FALL + case("A1", ik="111") + case("A1", ik="222") + case("A1", ik="333"))
    found = hospital(file, hospital=None, hospital_of_ik={"111": "north", "222": "south"})
    assert [stay["hospital"] for stay in stays(found)] == ["north", "south"]
    assert [stay["stay_key"] for stay in stays(found)] == [
        keyring.key("sty", name, "A1") for name in ("north", "south")
    ]
    assert reasons_of(found) == [(4, "ik", "IK of no hospital of the study")]


def test_a_row_of_another_hospital_of_the_study_is_rejected(hospital, deliver):
    file = deliver("FALL", FALL + case("A1", ik="222") + case("A2", ik="999"))
    found = hospital(file, hospital_of_ik={"111": "north", "222": "south"})
    assert reasons_of(found) == [(2, "ik", "IK of another hospital of the study")]
    assert len(stays(found)) == 1


def test_a_corrected_case_supersedes_the_first_one(hospital, deliver):
    found = hospital(
        deliver("FALL", FALL + case("A1") + case("A2")), deliver("FALL", FALL + case("A1", end="201501061000"))
    )
    assert sorted(stay["discharged_on"] for stay in stays(found)) == [date(2015, 1, 5), date(2015, 1, 6)]
    assert [(row["row"], row["old_row"]) for row in found.supersedes.to_pylist()] == [(2, 2)]


def test_codes_of_a_case_that_is_not_there_are_rejected(hospital, deliver):
    found = hospital(
        deliver("FALL", FALL + case("A1", start="x")),
        deliver(
            "OPS", f"{CASE};OPS-Version;OPS-Kode;OPS-Datum\nA1;2015;1-273.0;201501021015\nA1;2015;?;201501021015\n"
        ),
    )
    assert sorted(reasons_of(found)) == [
        (2, "admitted", "not a time (YYYYmmddHHMM, YYYY-MM-DD HH:MM or DD.MM.YYYY HH:MM)"),
        (2, "case", "its case was not delivered or rejected"),
        (3, "ops", "expected an OPS code such as 1-273.0"),
    ]


def test_an_optional_column_that_the_study_maps_must_be_there(hospital, deliver):
    with pytest.raises(SourceFileError, match=r"a column 'Gewicht' \(role weight_g\)"):
        hospital(deliver("FALL", FALL + case("A1"), columns={"weight_g": "Gewicht"}))
