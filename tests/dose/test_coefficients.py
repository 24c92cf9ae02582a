"""Coefficient and calibration tables: what is taken, what is refused, and what the shipped one is."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pytest

from graph_schema.delivery import SourceMissing
from graph_schema.errors import SourceFileError
from graph_schema.ids import content_digest
from provenance.dose.calibration import assumed_calibration, calibration_at, read_calibrations
from provenance.dose.coefficients import (
    CoefficientIndex,
    CoefficientTable,
    demonstration_path,
    demonstration_table,
    read_coefficients,
)
from provenance.dose.settings import ORGANS, DoseSettings

FACTS = "# name: table of a test\n# version: 3\n# citation: nobody 2020\n"
HEADER = "organ;band;low;high;sex;plane;value;unit;gsd;statistic\n"


def table(folder: Path, *lines: str, facts: str = FACTS) -> CoefficientTable:
    path = folder / "coefficients.csv"
    path.write_text(facts + HEADER + "".join(line + "\n" for line in lines), encoding="utf-8")
    return read_coefficients(path)


def test_a_table_knows_its_facts_and_the_digest_of_its_bytes(tmp_path: Path) -> None:
    found = table(tmp_path, "lung;weight;0;10;any;any;8.5;mGy/(Gy cm2);1.2;median")
    assert (found.name, found.version, found.citation) == ("table of a test", "3", "nobody 2020")
    assert found.sha256 == content_digest((tmp_path / "coefficients.csv").read_bytes())
    assert not found.is_demonstration


def test_a_coefficient_in_another_unit_is_converted(tmp_path: Path) -> None:
    found = table(tmp_path, "lung;any;;;any;any;85;uGy/(cGy cm2);1.2;mean")
    assert found.rows[0].mgy_per_gycm2 == pytest.approx(8.5)


def test_the_upper_end_of_a_band_belongs_to_the_next(tmp_path: Path) -> None:
    lines = [f"lung;weight;{low};{high};any;any;{value};mGy/(Gy cm2);1.2;median" for low, high, value in
             [(0, 5, 9), (5, 10, 6)]]  # fmt: skip
    index = CoefficientIndex(table(tmp_path, *lines))
    found = [index.find("lung", band="weight", at=at, sex="female", plane="any") for at in (4.99, 5.0, 10.0)]
    assert [row and row.value for row in found] == [9.0, 6.0, None]


def test_the_own_sex_and_plane_count_before_any(tmp_path: Path) -> None:
    lines = ["breast;any;;;any;any;1;mGy/(Gy cm2);1.2;median", "breast;any;;;female;any;2;mGy/(Gy cm2);1.2;median",
             "breast;any;;;female;B;3;mGy/(Gy cm2);1.2;median"]  # fmt: skip
    index = CoefficientIndex(table(tmp_path, *lines))

    def value(sex: str, plane: str) -> float | None:
        row = index.find("breast", band="any", at=0.0, sex=sex, plane=plane)
        return row and row.value

    assert (value("female", "B"), value("female", "A"), value("male", "B")) == (3.0, 2.0, 1.0)


@pytest.mark.parametrize(
    ("line", "says"),
    [("lung;weight;0;10;any;any;-1;mGy/(Gy cm2);1.2;median", "row 5, field 'value'"),
     ("skin;weight;0;10;any;any;1;mGy/(Gy cm2);1.2;median", "field 'organ'"),
     ("lung;weight;0;10;any;any;1;mSv/(Gy cm2);1.2;median", "field 'unit'"),
     ("lung;weight;0;10;any;any;1;mGy/(Gy cm2);0.9;median", "field 'gsd'"),
     ("lung;weight;0;10;any;any;1;mGy/(Gy cm2);1.2;", "field 'statistic'"),
     ("lung;weight;10;5;any;any;1;mGy/(Gy cm2);1.2;median", "upper end"),
     ("lung;weight;10;20;any;any;1;mGy/(Gy cm2);1.2;median", "leave a gap at 10"),
     ("lung;weight;4;20;any;any;1;mGy/(Gy cm2);1.2;median", "overlap at 4")],
)  # fmt: skip
def test_a_wrong_line_is_refused_and_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(SourceFileError, match=says):
        table(tmp_path, line if "gap" not in says and "overlap" not in says else
              "lung;weight;0;5;any;any;1;mGy/(Gy cm2);1.2;median\n" + line)  # fmt: skip


@pytest.mark.parametrize("fact", ["name", "version", "citation"])
def test_a_table_without_name_version_or_citation_is_refused(tmp_path: Path, fact: str) -> None:
    facts = "".join(line + "\n" for line in FACTS.splitlines() if fact not in line)
    with pytest.raises(SourceFileError, match=f"# {fact}"):
        table(tmp_path, "lung;any;;;any;any;1;mGy/(Gy cm2);1.2;median", facts=facts)


def test_a_column_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(FACTS + "organ;dose\nlung;1\n", encoding="utf-8")
    with pytest.raises(SourceFileError, match="not 'dose'"):
        read_coefficients(path)


def test_a_table_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing):
        read_coefficients(tmp_path / "nowhere.csv")


def test_the_shipped_table_is_a_demonstration_by_name_and_says_so_in_the_file() -> None:
    shipped = demonstration_table()
    assert shipped.is_demonstration
    assert demonstration_path().name.startswith("DEMONSTRATION")
    assert "NOT FIT FOR ANY STUDY" in demonstration_path().read_text(encoding="utf-8")
    assert "no organ coefficient below was published" in shipped.citation


@pytest.mark.parametrize("organ", ORGANS)
def test_the_shipped_table_holds_every_child_by_weight_and_by_age(organ: str) -> None:
    index = CoefficientIndex(demonstration_table())
    weights = [index.find(organ, band="weight", at=kg, sex="female", plane="any") for kg in (0.4, 3.4, 19, 120)]
    ages = [index.find(organ, band="age", at=years, sex="male", plane="A") for years in (0, 4.9, 12, 21.9)]
    assert None not in weights + ages


def test_the_shipped_numbers_are_what_its_header_says_they_are_made_from() -> None:
    relative = {"active_marrow": 1.2 / 4.6, "lung": 1.0, "breast": 1.78 / 3.56, "oesophagus": 2.7 / 4.6,
                "thyroid": 1.2 / 4.6, "heart": 2.2 / 4.6}  # fmt: skip
    weight = {"active_marrow": 0.12, "lung": 0.12, "breast": 0.12, "oesophagus": 0.04, "thyroid": 0.04,
              "heart": 0.12 / 14}  # fmt: skip
    lung_over_e = 1 / sum(weight[organ] * relative[organ] for organ in ORGANS)
    by_age = {0: math.sqrt(3.7 * 1.9), 1: math.sqrt(1.9), 5: math.sqrt(0.6), 10: math.sqrt(0.24), 15: 0.4}
    for row in demonstration_table().rows:
        if row.band == "age":
            e_per_kap = by_age[int(row.low)]
        else:
            middle = {0.0: 2.5, 70.0: 80.0}.get(row.low) or math.sqrt(row.low * row.high)
            e_per_kap = 10.54 * middle**-0.810
        assert row.value == pytest.approx(e_per_kap * lung_over_e * relative[row.organ], rel=0.01)


CALIBRATIONS = "hospital;room;valid_from;valid_to;factor;gsd;source\n"


def calibrations(folder: Path, *lines: str) -> Path:
    path = folder / "calibration.csv"
    path.write_text(CALIBRATIONS + "".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_calibration_factor_holds_from_its_first_day_to_the_day_before_its_end(tmp_path: Path) -> None:
    lines = ["h;HK1;2018-01-01;2020-01-01;0.82;1.1;measured", "h;HK1;2020-01-01;;0.95;1.1;measured"]
    found = read_calibrations(calibrations(tmp_path, *lines))
    days = [date(2017, 12, 31), date(2018, 1, 1), date(2019, 12, 31), date(2020, 1, 1)]
    factors = [calibration_at(found, "h/HK1", day) for day in days]
    assert [one and one.factor for one in factors] == [None, 0.82, 0.82, 0.95]


@pytest.mark.parametrize(
    ("lines", "says"),
    [(["h;HK1;;;82;1.1;x"], "row 2, field 'factor'"), (["h;HK1;2019;;0.8;1.1;x"], "valid_from"),
     (["h;HK1;;2020-01-01;0.8;1.1;x", "h;HK1;2019-01-01;;0.9;1.1;x"], "overlap"), (["h;;;;0.8;1.1;x"], "'room'")],
)  # fmt: skip
def test_a_wrong_calibration_is_refused_and_not_left_out(tmp_path: Path, lines: list[str], says: str) -> None:
    with pytest.raises(SourceFileError, match=says):
        read_calibrations(calibrations(tmp_path, *lines))


def test_an_assumed_factor_says_that_it_is_assumed() -> None:
    found = assumed_calibration("h/HK9", DoseSettings())
    assert found.source.startswith("assumed")
    assert found.factor == 0.6
