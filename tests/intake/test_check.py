"""`doselink init` and `doselink check`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from doselink.cli.study import app

run = CliRunner().invoke
MARKER = "MARKER4711"


@pytest.fixture
def study(tmp_path):
    (tmp_path / "study.yaml").write_text(
        "study: small\nhospitals: [{name: north}]\nsources:\n"
        "  - {name: insurer, kind: claims, path: claims}\n"
        "  - {name: lab, kind: cath_lab, hospital: north, path: lab.csv}\n"
        "  - {name: gone, kind: rdsr, hospital: north, path: reports}\n",
        encoding="utf-8",
    )
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "insurants.csv").write_text(
        f"insurant_id;birth_year;sex;region\n{MARKER};2010;m;08111\n{MARKER};2010;m;08111\nI2;{MARKER};w;\n"
    )
    (tmp_path / "claims" / "stays.csv").write_text(f"case_id;insurant_id;admission_date\nK1;{MARKER};2015-02-30\n")
    (tmp_path / "claims" / "coverage.csv").write_text("")
    (tmp_path / "lab.csv").write_text(
        "exam_id;start;kap;kap_unit\n"
        f"E1;2015-01-01 10:00;1;Gy.cm2\nE2;2015-01-01 11:00;1;{MARKER}\nE3;2015-01-01 12:00;1;\n"
    )
    return tmp_path / "study.yaml"


def test_init_writes_a_study_and_says_what_is_next(tmp_path):
    result = run(app, ["init", str(tmp_path / "new")])
    assert result.exit_code == 0
    assert f"then: doselink check {tmp_path / 'new' / 'study.yaml'}" in result.output.replace("\n", "")


def test_check_profiles_every_source_though_one_file_is_empty_and_one_folder_missing(study):
    result = run(app, ["check", str(study), "--json"])
    assert result.exit_code == 11
    claims, lab, gone = json.loads(result.output)["sources"]
    assert claims["problems"] == [
        "coverage.csv: expected a header line and records, but the file is empty: ask for it again"
    ]
    insurants, stays = claims["files"]
    assert (insurants["n_rows"], insurants["encoding"], insurants["separator"]) == (3, "utf-8", ";")
    assert insurants["rejected"] == {"insurant_id: this key stands on an earlier row of the same file": 1}
    assert insurants["repaired"] == {"birth_year: not a whole number": 1}
    assert insurants["columns"][0] == {"role": "insurant_id", "header": "insurant_id", "n_missing": 0, "n_distinct": 2}
    assert stays["rejected"] == {"admission_date: impossible date": 1}
    assert lab["files"][0]["units"] == {"kap_unit: Gy.cm2": 1, "kap_unit: not a unit we know": 1, "kap_unit: none": 1}
    assert "reports is not there" in gone["problems"][0]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_check_shows_no_value_of_a_delivery(study, options):
    assert MARKER not in run(app, ["check", str(study), *options]).output


def test_check_for_people_says_what_to_put_right(study):
    output = run(app, ["check", str(study)]).output
    assert "source insurer (claims): 3 files" in output
    assert "  rejected: 1 x admission_date: impossible date" in output
    assert output.rstrip().endswith("2 to put right before a run")


def test_check_writes_nothing(study):
    before = sorted(study.parent.rglob("*"))
    run(app, ["check", str(study)])
    assert sorted(study.parent.rglob("*")) == before


def test_the_tiny_fixture_can_be_read_whole():
    tiny = Path(__file__).parents[2] / "fixtures" / "tiny" / "study.yaml"
    result = run(app, ["check", str(tiny), "--json"])
    found = json.loads(result.output)
    assert result.exit_code == 0
    assert [problem for source in found["sources"] for problem in source["problems"]] == []
    assert sum(sum(file["rejected"].values()) for source in found["sources"] for file in source["files"]) == 0


@pytest.mark.parametrize(
    ("file", "old", "new", "wanted"),
    [
        ("tables/calibration.csv", "0.82", "x.82", "calibration.csv, row 2, field 'factor'"),
        ("truth/stay_links.csv", "case_id", "caseid", "stay_links.csv, row 1: expected a column 'case_id'"),
    ],
)
def test_check_finds_the_mistake_in_a_table_that_would_stop_the_run(tmp_path, file, old, new, wanted):
    tiny = Path(shutil.copytree(Path(__file__).parents[2] / "fixtures" / "tiny", tmp_path / "tiny"))
    text = (tiny / file).read_text(encoding="utf-8")
    (tiny / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    result = run(app, ["check", str(tiny / "study.yaml"), "--json"])
    assert result.exit_code == 11
    assert json.loads(result.output)["problems"][0].startswith(wanted)
