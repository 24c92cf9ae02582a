"""Files to reports: makers' quirks, and everything that only looks like a report."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset

from provenance.dose.dicom import read_report
from provenance.dose.report import LeftAlone, PlaneName, Report, ReportKind
from provenance.dose.settings import DoseLimits
from provenance.dose.totals import ExamDose, sum_reports
from tests.dose.made import (
    MARKER,
    PROJECTION,
    code,
    coded,
    container,
    event,
    item,
    number,
    totals,
    write,
)


def report(path: Path) -> Report:
    found = read_report(path)
    assert isinstance(found, Report), found
    return found


def left(path: Path) -> LeftAlone:
    found = read_report(path)
    assert isinstance(found, LeftAlone)
    return found


def dose(path: Path) -> ExamDose:
    return sum_reports([report(path)], DoseLimits())


def two_events() -> list[Dataset]:
    return [event("2.25.11", "1e-5"), event("2.25.12", "2.12e-005")]


def test_siemens_writes_gym2_and_an_exponent_of_three_digits(tmp_path: Path) -> None:
    content = [PROJECTION, totals("single", "3.12e-005", "Gym2"), event("2.25.11", "3.12e-005", "Gym2")]
    assert dose(write(tmp_path / "a", content)).kap_gycm2 == 0.312


def test_canon_writes_dgycm2_and_mgy(tmp_path: Path) -> None:
    content = [PROJECTION, totals("single", "68.5", "dGy.cm2", kerma="85.6", dose="mGy")]
    found = dose(write(tmp_path / "a", content))
    assert (found.kap_gycm2, found.kerma_ref_mgy, found.kap_unit_as_found) == (6.85, 85.6, "dGy.cm2")


def test_an_empty_measured_value_is_missing_and_not_zero(tmp_path: Path) -> None:
    found = dose(write(tmp_path / "a", [PROJECTION, totals("single", None), event("2.25.11", None)]))
    assert (found.kap_gycm2, found.kap_basis) == (None, "missing")
    assert "kap_missing" in found.flags


def test_without_a_stated_total_the_events_are_added_and_it_says_so(tmp_path: Path) -> None:
    found = dose(write(tmp_path / "a", [PROJECTION, totals("single", None), *two_events()]))
    assert found.kap_gycm2 == pytest.approx(0.312)
    assert found.kap_basis == "event_sum"


def test_a_total_above_the_sum_of_events_is_used_and_flagged(tmp_path: Path) -> None:
    found = dose(write(tmp_path / "a", [PROJECTION, totals("single", "4e-5"), *two_events()]))
    assert (found.kap_gycm2, found.kap_basis) == (0.4, "stated_total")
    assert "total_differs_from_sum" in found.flags


def test_planes_go_by_their_code_and_not_by_their_order(tmp_path: Path) -> None:
    content = [PROJECTION, totals("B", "1e-5"), totals("A", "3e-5")]
    content += [event("2.25.11", "3e-5", plane="A"), event("2.25.12", "1e-5", plane="B")]
    found = dose(write(tmp_path / "a", content))
    assert (found.kap_a_gycm2, found.kap_b_gycm2, found.kap_gycm2) == (0.3, 0.1, 0.4)
    assert found.flags == ()


def test_a_missing_plane_b_is_flagged_and_not_zero(tmp_path: Path) -> None:
    found = dose(write(tmp_path / "a", [PROJECTION, totals("A", "3e-5"), event("2.25.11", "3e-5", plane="A")]))
    assert (found.kap_gycm2, found.kap_b_gycm2, found.planes) == (0.3, None, ("A",))
    assert "plane_b_missing" in found.flags


def test_a_plane_b_of_zero_without_events_is_missing_too(tmp_path: Path) -> None:
    content = [PROJECTION, totals("A", "3e-5"), totals("B", "0", kerma="0"), event("2.25.11", "3e-5", plane="A")]
    found = dose(write(tmp_path / "a", content))
    assert found.kap_b_gycm2 is None
    assert "plane_b_missing" in found.flags


def test_a_total_of_zero_though_there_was_radiation_is_missing(tmp_path: Path) -> None:
    found = dose(write(tmp_path / "a", [PROJECTION, totals("single", "0", kerma="0.01")]))
    assert (found.kap_gycm2, found.kap_basis) == (None, "missing")
    assert "kap_zero_despite_irradiation" in found.flags


def test_a_total_over_all_planes_is_not_added_to_its_planes(tmp_path: Path) -> None:
    content = [PROJECTION, totals("all", "4e-5"), totals("A", "3e-5"), totals("B", "1e-5")]
    assert dose(write(tmp_path / "a", content)).kap_gycm2 == 0.4


def test_codes_of_the_new_scheme_are_read_like_those_of_the_old(tmp_path: Path) -> None:
    content = [PROJECTION, totals("single", "1e-5"), event("2.25.11", "1e-5", kind=("44491008", "SCT"))]
    assert report(write(tmp_path / "a", content)).events[0].irradiation_type.value == "fluoroscopy"


def test_a_private_code_with_a_standard_number_says_nothing(tmp_path: Path) -> None:
    private = container("113702", [number("113722", "9", "Gy.m2", scheme="99PHI-IXR-XPER"), number("113722", "1e-5")])
    assert dose(write(tmp_path / "a", [PROJECTION, private])).kap_gycm2 == 0.1


def test_an_event_uid_written_as_text_is_read(tmp_path: Path) -> None:
    named = item("TEXT", "113769")
    named.TextValue = "2.25.11"
    content = [PROJECTION, totals("single", "1e-5"), container("113706", [named, number("122130", "1e-5")])]
    assert report(write(tmp_path / "a", content)).event_uids == {"2.25.11"}


def test_filters_of_one_element_add_up(tmp_path: Path) -> None:
    def sheet(thickness: str) -> Dataset:
        return container("113771", [code("113757", "C-127F9", "SRT"), number("113773", thickness, "mm")])

    content = [PROJECTION, event("2.25.11", "1e-5", extra=[sheet("0.1"), sheet("0.4")])]
    assert report(write(tmp_path / "a", content)).events[0].copper_mm == 0.5


def test_a_decimal_comma_is_read_and_a_word_is_flagged(tmp_path: Path) -> None:
    comma = write(tmp_path / "a", [PROJECTION, totals("single", "0,00004")])
    word = write(tmp_path / "b", [PROJECTION, totals("single", "n/a"), event("2.25.11", "1e-5")])
    assert dose(comma).kap_gycm2 == 0.4
    assert (dose(word).kap_gycm2, dose(word).kap_basis) == (0.1, "event_sum")
    assert "number_unreadable" in dose(word).flags


@pytest.mark.parametrize("amount", ["-1e-5", "nan", "inf", "1e-5\\2e-5"])
def test_a_kap_that_is_no_amount_is_missing_and_flagged(tmp_path: Path, amount: str) -> None:
    found = dose(write(tmp_path / "a", [PROJECTION, totals("single", amount)]))
    assert found.kap_gycm2 is None
    assert any(flag.startswith("number_") for flag in found.flags)


def test_an_unknown_unit_gives_no_dose_and_is_flagged(tmp_path: Path) -> None:
    found = dose(write(tmp_path / "a", [PROJECTION, totals("single", "12", "R.cm2")]))
    assert found.kap_gycm2 is None
    assert "unit_unknown" in found.flags


def test_a_wrong_unit_of_one_quantity_gives_itself_away_by_the_field_area(tmp_path: Path) -> None:
    right = write(tmp_path / "a", [PROJECTION, totals("single", "1e-4", kerma="0.0125")])
    wrong = write(tmp_path / "b", [PROJECTION, totals("single", "1e-4", "Gy.cm2", kerma="0.0125")])
    too_large = write(tmp_path / "c", [PROJECTION, totals("single", "100", "Gy.cm2", kerma="0.0125")])
    assert "field_area_implausible" not in dose(right).flags
    assert "field_area_implausible" not in dose(wrong).flags  # below what is judged
    assert "field_area_implausible" in dose(too_large).flags


def test_fluoroscopy_and_acquisition_that_miss_the_total_are_flagged(tmp_path: Path) -> None:
    numbers = [number("113722", "4e-5"), number("113726", "1e-5"), number("113727", "1e-5")]
    assert "parts_differ_from_total" in dose(write(tmp_path / "a", [PROJECTION, container("113702", numbers)])).flags


def test_single_exposures_are_radiography_and_cine_runs_are_not(tmp_path: Path) -> None:
    def still(pulses: str) -> Dataset:
        return event("2.25.11", "1e-5", kind=("113611", "DCM"), extra=[number("113768", pulses, "1")])

    bare = container("113702", [number("113722", "1e-5")])
    assert report(write(tmp_path / "a", [PROJECTION, bare, still("1")])).kind is ReportKind.RADIOGRAPHY
    assert report(write(tmp_path / "b", [PROJECTION, bare, still("45")])).kind is ReportKind.FLUOROSCOPY


def test_a_ct_report_is_left_alone_and_its_own_figure_told(tmp_path: Path) -> None:
    content = [code("121058", "P5-08000", "SRT"), container("113811", [number("113813", "586.34", "mGy.cm")])]
    found = left(write(tmp_path / "a", [*content, container("113819", [])]))
    assert (found.kind, found.n_events, found.damaged) == (ReportKind.CT, 1, False)
    assert found.stated == (("dose-length product", 586.34, "mGy.cm"),)


def test_an_image_is_left_alone_and_the_dose_of_its_header_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a", [], SOPClassUID="1.2.840.10008.5.1.4.1.1.12.1", Rows=2)
    dataset = dcmread(path)
    dataset.ImageAndFluoroscopyAreaDoseProduct = "0.41"
    del dataset.ContentSequence, dataset.ConceptNameCodeSequence
    dataset.save_as(path)
    found = left(path)
    assert (found.kind, found.stated) == (ReportKind.IMAGE, (("kerma-area product", 0.41, "dGy.cm2"),))


def test_another_structured_report_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a", [], SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22")
    dataset = dcmread(path)
    dataset.ConceptNameCodeSequence = [coded("18748-4", "LN")]
    dataset.save_as(path)
    assert left(path).kind is ReportKind.OTHER_REPORT


def test_a_dose_report_stored_as_enhanced_sr_is_a_dose_report(tmp_path: Path) -> None:
    content = [PROJECTION, totals("single", "1e-5")]
    assert dose(write(tmp_path / "a", content, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22")).kap_gycm2 == 0.1


def test_a_report_without_totals_and_events_is_damaged_and_not_a_dose_of_zero(tmp_path: Path) -> None:
    assert left(write(tmp_path / "a", [PROJECTION])).damaged


@pytest.mark.parametrize(("raw", "damaged"), [(b"", True), (b"exam;kap\n1;2\n", False), (b"\x08\x00" * 40, True)])
def test_what_is_no_dicom_is_left_alone(tmp_path: Path, raw: bytes, damaged: bool) -> None:
    (tmp_path / "a").write_bytes(raw)
    assert left(tmp_path / "a").damaged is damaged


def test_a_report_cut_off_anywhere_never_passes_for_a_smaller_dose(tmp_path: Path) -> None:
    raw = write(tmp_path / "a", [PROJECTION, totals("single", None), *two_events()]).read_bytes()
    for length in range(200, len(raw), 7):
        (tmp_path / "b").write_bytes(raw[:length])
        assert left(tmp_path / "b").damaged, length


def test_a_report_with_undefined_lengths_cut_off_anywhere_never_passes_either(tmp_path: Path) -> None:
    path = write(tmp_path / "a", [PROJECTION, totals("single", None), *two_events()])
    dataset = dcmread(path)
    dataset["ContentSequence"].is_undefined_length = True
    dataset.save_as(path)
    raw = path.read_bytes()
    for length in range(200, len(raw), 7):
        (tmp_path / "b").write_bytes(raw[:length])
        assert left(tmp_path / "b").damaged, length


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 3000), junk=st.binary(min_size=1, max_size=12))
def test_no_overwritten_bytes_crash_the_reader(tmp_path: Path, place: int, junk: bytes) -> None:
    raw = bytearray(write(tmp_path / "a", [PROJECTION, totals("single", "1e-5"), *two_events()]).read_bytes())
    place %= len(raw)
    raw[place : place + len(junk)] = junk
    (tmp_path / "b").write_bytes(bytes(raw))
    assert isinstance(read_report(tmp_path / "b"), Report | LeftAlone)


def test_endless_nesting_is_refused(tmp_path: Path) -> None:
    node = number("113722", "1e-5")
    for _ in range(60):
        node = container("113702", [node])
    assert left(write(tmp_path / "a", [PROJECTION, node])).damaged


def test_a_deflated_bomb_is_refused(tmp_path: Path) -> None:
    plain = write(tmp_path / "a", [PROJECTION, totals("single", "1e-5")]).read_bytes()
    meta_end = 144 + int.from_bytes(plain[140:144], "little")
    meta = plain[:meta_end].replace(b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.2.1.99")
    grown = len(meta) - meta_end
    meta = meta[:140] + (int.from_bytes(plain[140:144], "little") + grown).to_bytes(4, "little") + meta[144:]
    length_at = meta.index(b"1.2.840.10008.1.2.1.99") - 2
    meta = meta[:length_at] + (22).to_bytes(2, "little") + meta[length_at + 2 :]
    squeeze = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    stream = io.BytesIO()
    stream.write(squeeze.compress(plain[meta_end:]))
    for _ in range(70):
        stream.write(squeeze.compress(bytes(1024 * 1024)))
    (tmp_path / "b").write_bytes(meta + stream.getvalue() + squeeze.flush())
    assert left(tmp_path / "b").reason == "inflates without end"


def test_nothing_that_says_whose_it_is_shows_in_the_repr(tmp_path: Path) -> None:
    shown = repr(report(write(tmp_path / "a", [PROJECTION, totals("single", "1e-5"), *two_events()])))
    assert not [mark for mark in (MARKER, "P-4711", "ACC-1", "2.25.", "2011") if mark in shown]


def test_times_are_the_clocks_own_and_the_first_event_starts_the_examination(tmp_path: Path) -> None:
    content = [PROJECTION, event("2.25.12", "1e-5", started="20190306001000.5+0100")]
    content.append(event("2.25.11", "1e-5", started="20190305234500"))
    found = report(write(tmp_path / "a", content))
    assert str(found.started_at) == "2019-03-05 23:45:00"
    assert found.events[0].plane is PlaneName.SINGLE
