"""Real dose reports of many makers, against the values another system asserts of them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from graph_schema.units import Quantity
from provenance.dose.dicom import read_report
from provenance.dose.report import Found, Irradiation, LeftAlone, Report, ReportKind
from provenance.dose.settings import DoseLimits
from provenance.dose.totals import distinct_events, sum_reports

DATA = Path(__file__).parents[2].parent / "shared" / "data"
OPENREM, PYSKINDOSE = DATA / "rdsr_openrem", DATA / "rdsr_pyskindose"

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not OPENREM.is_dir(), reason="the public test data do not lie beside the checkout"),
]

# Units of the expected values in our base units.
BASE = {"Gy.m2": (Quantity.KAP, 1e4), "Gy": (Quantity.AIR_KERMA, 1e3), "1": (None, 1.0)}


def report(folder: Path, name: str) -> Report:
    found = read_report(folder / name)
    assert isinstance(found, Report), found
    return found


def left(name: str) -> LeftAlone:
    found = read_report(OPENREM / name)
    assert isinstance(found, LeftAlone)
    return found


def _converted(found: Found | None) -> float | None:
    return None if found is None else found.converted


def _event4(one: Report) -> Irradiation:
    return one.events[3]


QUANTITIES = {
    "total_kap": lambda one: sum_reports([one], DoseLimits()).kap_gycm2,
    "total_reference_air_kerma": lambda one: sum_reports([one], DoseLimits()).kerma_ref_mgy,
    "n_events": lambda one: len(distinct_events([one])),
    "n_planes": lambda one: len(one.totals),
    "fluoro_kap_total": lambda one: _converted(one.totals[0].kap_fluoroscopy),
    "acquisition_kap_total": lambda one: _converted(one.totals[0].kap_acquisition),
    "fluoro_rak_total": lambda one: _converted(one.totals[0].kerma_ref_fluoroscopy),
    "acquisition_rak_total": lambda one: _converted(one.totals[0].kerma_ref_acquisition),
    "event4_kap": lambda one: _converted(_event4(one).kap),
    "event4_rak": lambda one: _converted(_event4(one).kerma_ref),
}


def test_every_quantity_of_ours_equals_the_asserted_value() -> None:
    checked = 0
    with (OPENREM / "expected_shared.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["quantity"] not in QUANTITIES or "+" in row["file"] or row["file"].startswith("MG"):
                continue
            found = QUANTITIES[row["quantity"]](report(OPENREM, row["file"]))
            wanted = float(row["expected"]) * BASE[row["unit"]][1]
            assert found == pytest.approx(wanted, rel=1e-9), (row["file"], row["quantity"])
            checked += 1
    assert checked == 14


def test_the_event_of_ge_has_the_asserted_field_area_and_start() -> None:
    event = _event4(report(OPENREM, "RF-RDSR-GE.dcm"))
    assert event.field_area_cm2 == pytest.approx(419.68)
    assert str(event.started_at) == "2019-03-16 13:27:25"


def test_two_examinations_of_one_patient_add_up_to_the_asserted_totals() -> None:
    both = [report(OPENREM, name) for name in ("RF-RDSR-Siemens-Zee.dcm", "RF-RDSR-Siemens-Zee_adjusted.dcm")]
    doses = [sum_reports([one], DoseLimits()) for one in both]
    assert sum(dose.kap_gycm2 or 0 for dose in doses) == pytest.approx(0.32)
    assert sum(dose.kerma_ref_mgy or 0 for dose in doses) == pytest.approx(5.04)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Dual-RDSR-RF.dcm", ReportKind.FLUOROSCOPY), ("Dual-RDSR-DX.dcm", ReportKind.RADIOGRAPHY),
     ("DX-RDSR-Carestream_DRXEvolution.dcm", ReportKind.RADIOGRAPHY),
     ("RF-RDSR-Canon-Alphenix-rotational.dcm", ReportKind.FLUOROSCOPY)],
)  # fmt: skip
def test_fluoroscopy_and_radiography_are_told_apart(name: str, kind: ReportKind) -> None:
    assert report(OPENREM, name).kind is kind


def test_mammography_is_left_alone_with_its_glandular_doses() -> None:
    found = left("MG-RDSR-Hologic_2D.dcm")
    assert (found.kind, found.n_events) == (ReportKind.MAMMOGRAPHY, 2)
    assert found.stated == (
        ("mean glandular dose, left", 1.3, "mGy"),
        ("mean glandular dose, right", 1.28, "mGy"),
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [("CT-RDSR-GEPixelMed.dcm", ReportKind.CT), ("CT-RDSR-Siemens_Flash-TAP-SS.dcm", ReportKind.CT),
     ("DX-Im-GE_XR220-1.dcm", ReportKind.IMAGE), ("ESR_non-dose.dcm", ReportKind.OTHER_REPORT),
     ("LICENSE", ReportKind.NOT_DICOM)],
)  # fmt: skip
def test_what_is_no_report_of_fluoroscopy_is_recognised_and_left_alone(name: str, kind: ReportKind) -> None:
    found = left(name)
    assert (found.kind, found.damaged) == (kind, False)


@pytest.mark.parametrize(
    ("name", "kap_gycm2", "share_of_events"),
    [("philips_allura_clarity_u601.dcm", 0.10925838852, 0.883), ("siemens_axiom_example_procedure.dcm", 2.7902, 1.0)],
)
def test_totals_are_kept_where_events_fall_short(name: str, kap_gycm2: float, share_of_events: float) -> None:
    one = report(PYSKINDOSE, name)
    dose = sum_reports([one], DoseLimits())
    summed = sum(_converted(event.kap) or 0.0 for event in one.events)
    assert dose.kap_gycm2 == pytest.approx(kap_gycm2, rel=1e-9)
    assert summed / kap_gycm2 == pytest.approx(share_of_events, abs=0.001)
    assert ("total_differs_from_sum" in dose.flags) is (share_of_events < 0.95)


def test_every_file_there_is_read_without_an_error() -> None:
    files = sorted(path for folder in (OPENREM, PYSKINDOSE) for path in folder.iterdir())
    found = [read_report(path) for path in files]
    assert not [one for one in found if isinstance(one, LeftAlone) and one.damaged]
    assert sum(isinstance(one, Report) for one in found) == 10


def test_a_real_report_cut_off_never_passes_for_a_smaller_dose(tmp_path: Path) -> None:
    for name in ("RF-RDSR-GE.dcm", "Dual-RDSR-RF.dcm"):
        raw = (OPENREM / name).read_bytes()
        for length in range(400, len(raw) - 1, len(raw) // 23):
            (tmp_path / "cut").write_bytes(raw[:length])
            found = read_report(tmp_path / "cut")
            assert isinstance(found, LeftAlone), (name, length)
            assert found.damaged, (name, length)
