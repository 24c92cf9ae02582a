"""Claims extracts: what becomes of every record."""

from __future__ import annotations

from datetime import date

import pytest

from linkage.records import ClaimsSource, FilePart, parse_claims_file, read_claims

from .conftest import TODAY

INSURANTS = "insurant_id;birth_year;sex;region\nI1;2010;m;08111\nI2;2011;w;01001\n"
STAYS = "case_id;insurant_id;hospital_ik;admission_date;discharge_date\n"


@pytest.fixture
def claims(keyring):
    def read(*files, hospital_of_ik=None):
        source = ClaimsSource("insurer", files, hospital_of_ik or {"260326822": "north"})
        return read_claims(source, keyring=keyring, today=TODAY)

    return read


def reasons_of(records):
    return sorted((reject.row, reject.field, reject.reason) for reject in records.rejects)


def column(records, table, name):
    return records.tables[table][name].to_pylist()


def test_identifiers_are_keyed_where_the_file_is_read(claims, deliver, keyring):
    found = claims(deliver("insurants", INSURANTS), deliver("stays", STAYS + "K1;I1;260326822;2015-01-01;2015-01-05\n"))
    assert column(found, "stays", "stay_key") == [keyring.key("sty", "claims", "K1")]
    assert column(found, "stays", "person_key") == [keyring.key("prc", "claims", "I1")]
    assert column(found, "persons", "person_key") == [keyring.key("prc", "claims", f"I{n}") for n in (1, 2)]


def test_a_stay_carries_its_person_and_its_codes_with_the_main_diagnosis_first(claims, deliver):
    found = claims(
        deliver("insurants", INSURANTS),
        deliver("stays", STAYS + "K1;I1;260326822;2015-01-01;2015-01-05\n"),
        deliver("diagnoses", "case_id;kind;icd;icd_year\nK1;ND;q25.0;2015\nK1;HD;Q21.0;2015\nK1;ND;Q250;2015\n"),
        deliver("procedures", "case_id;ops;ops_year;date\nK1;8-837.k0;2015;2015-01-03\nK1;1-273.1;2015;2015-01-02\n"),
    )
    stay = found.tables["stays"].to_pylist()[0]
    assert (stay["birth_year"], stay["sex"], stay["region"], stay["hospital"]) == (2010, "male", "08111", "north")
    assert (stay["icd_main"], stay["icd"], stay["code_year"]) == ("Q210", ["Q210", "Q250"], 2015)
    assert (stay["ops"], stay["ops_on"]) == (["12731", "8837k0"], [date(2015, 1, 2), date(2015, 1, 3)])
    assert column(found, "procedures", "ops_code") == ["8-837.k0", "1-273.1"]


def test_orphans_are_rejected_down_the_line(claims, deliver):
    found = claims(
        deliver("insurants", INSURANTS),
        deliver("stays", STAYS + "K1;I9;;2015-01-01;\n"),
        deliver("diagnoses", "case_id;kind;icd;icd_year\nK1;HD;Q21.0;2015\n"),
    )
    assert reasons_of(found) == [
        (2, "case_id", "its stay was not delivered or rejected"),
        (2, "insurant_id", "no such insurant delivered"),
    ]
    assert found.tables["stays"].num_rows == 0


def test_a_bad_key_field_rejects_the_row_and_another_bad_value_becomes_missing(claims, deliver):
    found = claims(
        deliver("insurants", "insurant_id;birth_year;sex;region\nI1;20x0;q;8111\n;2011;w;01001\n"),
        deliver("stays", STAYS + "K1;I1;;2015-02-30;2015-03-01\nK2;I1;;2025-01-01;\nK3;I1;;2015-03-01;2015-02-01\n"),
    )
    assert reasons_of(found) == [
        (2, "admission_date", "impossible date"),
        (3, "admission_date", "date in the future"),
        (3, "insurant_id", "empty"),
    ]
    person = found.tables["persons"].to_pylist()[0]
    assert (person["birth_year"], person["sex"], person["region"]) == (None, "unknown", None)
    assert column(found, "stays", "discharged_on") == [None]
    assert found.notes["stays.discharge_date: discharge before admission"] == 1
    assert found.notes["insurants.birth_year: not a whole number"] == 1


def test_a_key_twice_in_one_file_keeps_the_first(claims, deliver):
    found = claims(deliver("insurants", INSURANTS + "I1;1999;w;01001\n"), deliver("stays", STAYS))
    assert reasons_of(found) == [(4, "insurant_id", "this key stands on an earlier row of the same file")]
    assert column(found, "persons", "birth_year") == [2010, 2011]


def test_a_record_delivered_again_unchanged_changes_nothing(claims, deliver):
    first = deliver("insurants", INSURANTS)
    again = deliver("insurants", INSURANTS.replace("I2;2011;w;01001\n", ""))
    once, twice = claims(first, deliver("stays", STAYS)), claims(first, again, deliver("stays", STAYS))
    assert twice.tables["persons"].equals(once.tables["persons"])
    assert twice.counts["insurants"].repeated == 1
    assert twice.supersedes.num_rows == 0


def test_a_later_file_supersedes_a_record_and_says_which(claims, deliver):
    old = deliver("insurants", INSURANTS)
    new = deliver("insurants", "insurant_id;birth_year;sex;region\nI2;2012;w;01001\n")
    found = claims(old, new, deliver("stays", STAYS))
    assert sorted(column(found, "persons", "birth_year")) == [2010, 2012]
    shas = [file.sha256 for file in found.files[:2]]
    assert found.supersedes.to_pylist() == [
        {"file_sha256": shas[1], "row": 2, "old_file_sha256": shas[0], "old_row": 3}
    ]
    places = {(row["file_sha256"], row["row"]) for row in found.commitments.to_pylist()}
    assert places == {(shas[0], 2), (shas[0], 3), (shas[1], 2)}


def test_the_diagnoses_of_a_stay_are_corrected_together(claims, deliver):
    head = "case_id;kind;icd;icd_year\n"
    found = claims(
        deliver("insurants", INSURANTS),
        deliver("stays", STAYS + "K1;I1;;2015-01-01;\nK2;I2;;2015-01-01;\n"),
        deliver("diagnoses", head + "K1;HD;Q21.0;2015\nK1;ND;Q25.0;2015\nK2;HD;Q20.0;2015\n"),
        deliver("diagnoses", head + "K1;HD;Q21.1;2015\nK2;HD;Q20.0;2015\n"),
    )
    assert column(found, "stays", "icd") == [["Q211"], ["Q200"]]
    count = found.counts["diagnoses"]
    assert (count.used, count.superseded, count.repeated) == (2, 2, 1)


def test_every_delivered_record_is_used_rejected_repeated_or_superseded(claims, deliver):
    found = claims(
        deliver("insurants", INSURANTS + "broken\n"),
        deliver("insurants", INSURANTS.replace("2011", "2012")),
        deliver("stays", STAYS + "K1;I1;;2015-01-01;\nK1;I1;;2015-01-01;\n"),
    )
    for count in found.counts.values():
        assert count.delivered == count.used + count.rejected + count.repeated + count.superseded
    assert sum(file.n_rejected for file in found.files) == len(found.rejects) == 2
    assert sum(file.n_rows for file in found.files) == 3 + 2 + 2


def test_the_same_file_twice_counts_once(claims, deliver):
    found = claims(deliver("insurants", INSURANTS), deliver("insurants", INSURANTS), deliver("stays", STAYS))
    assert found.notes["insurants: the same file delivered twice"] == 1
    assert found.counts["insurants"].delivered == 2


def test_a_hospital_outside_the_study_is_another_one_and_an_empty_number_is_unknown(claims, deliver):
    rows = "K1;I1;260326822;2015-01-01;\nK2;I1;260999999;2016-01-01;\nK3;I1;;2017-01-01;\n"
    hospitals = column(claims(deliver("insurants", INSURANTS), deliver("stays", STAYS + rows)), "stays", "hospital")
    assert hospitals[0] == "north"
    assert hospitals[1].startswith("other-")
    assert hospitals[2] is None


def test_hospital_numbers_that_are_all_unknown_are_not_compared_and_it_is_said(claims, deliver):
    found = claims(deliver("insurants", INSURANTS), deliver("stays", STAYS + "K1;I1;X1;2015-01-01;\n"))
    assert column(found, "stays", "hospital") == [None]
    assert found.notes["stays: no hospital_ik is that of a study hospital, so hospitals are not compared"] == 1


def test_the_insurer_of_a_stay_is_the_one_on_the_day_of_admission(claims, deliver, keyring):
    cover = (
        "insurant_id;insurer;start;end;end_reason\nI1;109;2010-01-01;2014-12-31;change\nI1;108;2015-01-01;9999-12-31;\n"
        "I2;109;2010-01-01;2010-06-30;death\nI2;109;2012-01-01;2011-01-01;\n"
    )
    rows = "K1;I1;;2014-12-31;\nK2;I1;;2015-01-01;\nK3;I2;;2011-01-01;\nK4;I1;;2009-01-01;\n"
    found = claims(deliver("insurants", INSURANTS), deliver("coverage", cover), deliver("stays", STAYS + rows))
    first, second = (keyring.key("ins", "ik", ik) for ik in ("109", "108"))
    assert column(found, "stays", "insurer_key") == [first, second, None, None]
    assert found.notes["coverage: periods of one person that touch"] == 1
    assert reasons_of(found) == [(5, "end", "end before start")]
    assert column(found, "coverage", "end").count(None) == 1


def test_care_outside_hospital_is_read_and_a_second_quarter_is_no_correction(claims, deliver):
    head = "insurant_id;quarter;icd;icd_year;certainty\n"
    found = claims(
        deliver("insurants", INSURANTS),
        deliver("stays", STAYS),
        deliver("outpatient_diagnoses", head + "I1;2019Q3;C91.0;2019;G\n"),
        deliver("outpatient_diagnoses", head + "I1;2019Q4;C91.0;2019;Z\nI1;2019Q5;C91.0;2019;Z\n"),
        deliver("outpatient_services", "insurant_id;date;ebm;n\nI1;2019-08-01;34330;1\nI1;2019-08-01;free text;1\n"),
        deliver("dispensations", "insurant_id,date,atc,ddd\nI1,2019-08-01,L04AD02,30\n"),
    )
    assert column(found, "outpatient_diagnoses", "quarter") == ["2019Q3", "2019Q4"]
    assert column(found, "outpatient_services", "ebm") == ["34330"]
    assert column(found, "dispensations", "ddd") == [30.0]
    assert reasons_of(found) == [
        (3, "ebm", "expected a fee schedule code of five digits"),
        (3, "quarter", "expected a quarter such as 2019Q3"),
    ]


def test_a_part_comes_back_from_a_cache_as_it_was(deliver, keyring):
    file = deliver("insurants", INSURANTS + "I3\n;2000;m;08111\nI4;x;m;08111\n")
    part = parse_claims_file(file, source=ClaimsSource("insurer", [file]), keyring=keyring, today=TODAY)
    assert FilePart.restored(part.table, part.notes()) == FilePart(
        part.kind, part.table, list(part.rejects), part.facts, part.repaired
    )


def test_another_key_gives_other_identifiers_and_other_commitments(deliver, keyring):
    file = deliver("insurants", INSURANTS)
    source = ClaimsSource("insurer", [file])
    here = read_claims(source, keyring=keyring, today=TODAY)
    there = read_claims(source, keyring=type(keyring)(bytes(32)), today=TODAY)
    for table, name in (("persons", "person_key"),):
        assert not set(column(here, table, name)) & set(column(there, table, name))
    assert not set(here.commitments["commitment"].to_pylist()) & set(there.commitments["commitment"].to_pylist())


def test_no_delivered_identifier_is_left_in_any_table_or_reject(claims, deliver):
    marker = "MARKER4711"
    found = claims(
        deliver("insurants", f"insurant_id;birth_year;sex;region\n{marker}1;{marker};{marker};{marker}\n"),
        deliver("coverage", f"insurant_id;insurer;start;end;end_reason\n{marker}1;{marker};2010-01-01;;{marker}\n"),
        deliver(
            "stays",
            "case_id;insurant_id;hospital_ik;admission_date;discharge_date;admission_reason;discharge_reason\n"
            f"{marker}2;{marker}1;{marker};2015-01-01;{marker};{marker};{marker}\n"
            f"{marker}3;{marker}1;;{marker};;;\n",
        ),
        deliver("diagnoses", f"case_id;kind;icd;icd_year\n{marker}2;{marker};Q21.0;{marker}\n{marker}2;HD;{marker};\n"),
        deliver("procedures", f"case_id;ops;ops_year;date\n{marker}2;1-273;{marker};{marker}\n"),
    )
    text = repr([table.to_pylist() for table in found.tables.values()])
    text += repr((found.rejects, found.files, found.notes, found.counts, found.commitments.to_pylist()))
    assert found.tables["stays"].num_rows == 1
    assert marker not in text
