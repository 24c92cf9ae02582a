"""The fast scanner reads what pydicom reads, or refuses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from provenance.dose import dicom
from provenance.dose.dicom import read_report
from provenance.dose.report import LeftAlone, Report
from provenance.dose.scan import Node, NotScannable, scan
from tests.dose.made import PROJECTION, container, event, number, totals, write

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data"

Slowly = Callable[[Path], Report | LeftAlone]


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Slowly:
    """Reads a file with pydicom alone."""

    def read(path: Path) -> Report | LeftAlone:
        with monkeypatch.context() as patch:
            patch.setattr(dicom, "_scanned", lambda _raw, _start: None)
            return read_report(path)

    return read


def made(path: Path) -> Path:
    private = container("113702", [number("113722", "9", scheme="99PHI-IXR-XPER")])
    unwanted = container("122505", [number("122322", "1", "1"), container("113702", [number("113722", "7")])])
    content = [PROJECTION, unwanted, private, totals("A", "3e-5"), totals("B", None), event("2.25.11", "1e-5")]
    return write(path, content)


def _with_undefined_lengths(dataset: Dataset) -> None:
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for node in element.value:
                node.is_undefined_length_sequence_item = True
                _with_undefined_lengths(node)


def test_the_scanner_is_used_for_a_plain_report(tmp_path: Path) -> None:
    raw = made(tmp_path / "a").read_bytes()
    start = 144 + int.from_bytes(raw[140:144], "little")
    assert 0x0040A730 in scan(raw, start, explicit=True, wanted=lambda _: True)


def test_a_made_report_is_read_alike(tmp_path: Path, slowly: Slowly) -> None:
    found = read_report(made(tmp_path / "a"))
    assert isinstance(found, Report)
    assert found == slowly(tmp_path / "a")


def test_undefined_lengths_are_read_alike(tmp_path: Path, slowly: Slowly) -> None:
    dataset = dcmread(made(tmp_path / "a"))
    _with_undefined_lengths(dataset)
    dataset.save_as(tmp_path / "b")
    found = read_report(tmp_path / "b")
    assert isinstance(found, Report)
    assert found == slowly(tmp_path / "b")


def test_implicit_value_representations_are_read_alike(tmp_path: Path, slowly: Slowly) -> None:
    dataset = dcmread(made(tmp_path / "a"))
    _ = str(dataset)  # converts all elements, so that they are written anew
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(tmp_path / "b", implicit_vr=True, little_endian=True)
    found = read_report(tmp_path / "b")
    assert isinstance(found, Report)
    assert found == slowly(tmp_path / "b")


def test_a_number_given_as_floating_point_alone_is_read_alike(tmp_path: Path, slowly: Slowly) -> None:
    node = number("113722", "1")
    del node.MeasuredValueSequence[0][0x0040A30A]
    node.MeasuredValueSequence[0].FloatingPointValue = 4e-5
    path = write(tmp_path / "a", [PROJECTION, container("113702", [node])])
    found = read_report(path)
    assert isinstance(found, Report)
    assert found.totals[0].kap is not None
    assert found.totals[0].kap.amount == 4e-5
    assert found == slowly(path)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "fixtures/tiny/rdsr_a").rglob("IM*")))
def test_the_fixtures_are_read_alike(name: str, slowly: Slowly) -> None:
    (path,) = (ROOT / "fixtures/tiny/rdsr_a").rglob(name)
    assert read_report(path) == slowly(path)


@pytest.mark.shared_data
@pytest.mark.skipif(not REAL.is_dir(), reason="the public test data do not lie beside the checkout")
def test_real_reports_are_read_alike(slowly: Slowly) -> None:
    for path in sorted(REAL.glob("rdsr_*/*.dcm")):
        assert read_report(path) == slowly(path), path.name


@settings(deadline=None)
@given(raw=st.binary(max_size=200), explicit=st.booleans())
def test_any_bytes_are_read_or_refused_and_never_crash(raw: bytes, explicit: bool) -> None:
    with suppress(NotScannable):
        assert isinstance(scan(raw, 0, explicit=explicit, wanted=lambda _: True), Node)


@pytest.mark.parametrize("cut", [1, 5, 9, 40, 333])
def test_what_is_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    raw = made(tmp_path / "a").read_bytes()
    with pytest.raises(NotScannable):
        scan(raw[:-cut], 144 + int.from_bytes(raw[140:144], "little"), explicit=True, wanted=lambda _: True)
