"""
Any file to a dose report, or to the reason why it is left alone. The only importer of pydicom. Reads files.

Nothing that lies in a delivered folder may stop a run: a file that is cut off, that nests without end, that
inflates without end or that lies about its lengths is left alone with a reason.
"""

from __future__ import annotations

import hashlib
import io
import logging
import warnings
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
from pydicom.filereader import read_partial
from pydicom.uid import UID

from graph_schema.ids import content_digest
from provenance.dose import codes
from provenance.dose.content import children_of, code_of, finite
from provenance.dose.projection import interpret
from provenance.dose.report import LeftAlone, Report, ReportKind
from provenance.dose.scan import Node, NotScannable, scan
from provenance.dose.tree import Header, Item

__all__ = ["MAX_REPORT_BYTES", "read_report"]

MAX_REPORT_BYTES = 64 * 1024 * 1024
"""A dose report of a whole day in a cath lab has under 2 MB; what is larger is not one."""

_SR_CLASSES = "1.2.840.10008.5.1.4.1.1.88."
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_SCANNED = {"1.2.840.10008.1.2": False, "1.2.840.10008.1.2.1": True}
_RADIATION_SR = frozenset({_SR_CLASSES + "67", _SR_CLASSES + "68", _SR_CLASSES + "76"})
_UNDEFINED_LENGTH = 0xFFFFFFFF

_SOP_CLASS, _CONCEPT, _CONTENT = 0x00080016, 0x0040A043, 0x0040A730


def read_report(path: Path) -> Report | LeftAlone:
    """
    What the file at `path` says about dose.

    Returns:
        A report of projection radiology in the file's own identifiers, or what the file is and why it is left
        alone. Damage is told by `LeftAlone.damaged`, never by an exception.

    Raises:
        OSError: If the file cannot be opened.
    """
    n_bytes = path.stat().st_size
    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("pydicom").setLevel(logging.CRITICAL)
        found = _read_any(stream, n_bytes)
        if found.sha256 is not None:
            return found
        stream.seek(0)
        return replace(found, sha256=hashlib.file_digest(stream, "sha256").hexdigest())


def _read_any(stream: io.BufferedReader, n_bytes: int) -> Report | LeftAlone:
    if not _looks_like_dicom(stream.read(132)):
        what = "the file is empty" if n_bytes == 0 else "no DICOM object: nothing in it was read"
        return LeftAlone(ReportKind.NOT_DICOM, what, None, n_bytes, damaged=n_bytes == 0)
    stream.seek(0)
    try:
        return _read_dicom(stream, n_bytes)
    except RecursionError:
        return _damaged("nested deeper than any report", None, n_bytes)
    except Exception:  # noqa: BLE001 - pydicom answers hostile bytes with two dozen kinds of exception
        return _damaged("cut off or damaged: ask the sender for it again", None, n_bytes)


def _looks_like_dicom(head: bytes) -> bool:
    """A preamble, or a bare data set that begins in group 0002 or 0008, as old archives store it."""
    return head[128:132] == b"DICM" or (head[:2] in (b"\x08\x00", b"\x02\x00") and head[3:4] == b"\x00")


def _damaged(reason: str, sha256: str | None, n_bytes: int) -> LeftAlone:
    return LeftAlone(ReportKind.OTHER_DICOM, reason, sha256, n_bytes, damaged=True)


def _read_dicom(stream: io.BufferedReader, n_bytes: int) -> Report | LeftAlone:
    if _inflates_without_end(stream):
        return _damaged("inflates without end", None, n_bytes)
    start = read_partial(stream, stop_when=lambda tag, _vr, _length: tag > _SOP_CLASS, force=True)
    sop_class = str(start.get("SOPClassUID") or start.file_meta.get("MediaStorageSOPClassUID") or "")
    stream.seek(0)
    if not sop_class.startswith(_SR_CLASSES):
        return _other_object(pydicom.dcmread(stream, stop_before_pixels=True, force=True, defer_size=65536), n_bytes)
    if n_bytes > MAX_REPORT_BYTES:
        return _damaged(f"larger than {MAX_REPORT_BYTES // 1024**2} MB: no dose report is", None, n_bytes)
    raw = stream.read()
    sha256 = content_digest(raw)
    content = _scanned(raw, start)
    if content is not None:
        header = read_partial(io.BytesIO(raw), stop_when=lambda tag, _vr, _length: tag >= _CONTENT, force=True)
        return _read_structured(content, header, sop_class, sha256=sha256, n_bytes=n_bytes)
    dataset = pydicom.dcmread(io.BytesIO(raw), force=True)
    if _is_cut_off(dataset):
        return _damaged("cut off before its end: ask the sender for it again", sha256, n_bytes)
    return _read_structured(dataset, dataset, sop_class, sha256=sha256, n_bytes=n_bytes)


def _scanned(raw: bytes, start: Any) -> Node | None:
    """The content by the fast scanner; None where the file is not of the plain kind it reads, or is damaged."""
    syntax = str(start.file_meta.get("TransferSyntaxUID") or "")
    group_length = start.file_meta.get("FileMetaInformationGroupLength")
    if syntax not in _SCANNED or raw[128:132] != b"DICM" or not group_length:
        return None
    try:
        return scan(raw, 144 + int(group_length), explicit=_SCANNED[syntax], wanted=codes.WANTED.__contains__)
    except NotScannable:
        return None


def _inflates_without_end(stream: io.BufferedReader) -> bool:
    """Whether a deflated data set inflates to more than a report can have; looked at before pydicom inflates it."""
    head = stream.read(1024)
    stream.seek(0)
    if head[128:132] != b"DICM" or _DEFLATED not in head:
        return False
    meta_length = int.from_bytes(head[140:144], "little")
    stream.seek(144 + meta_length)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflater.decompress(stream.read(MAX_REPORT_BYTES), MAX_REPORT_BYTES)
    stream.seek(0)
    return bool(inflater.unconsumed_tail)


def _is_cut_off(dataset: Any) -> bool:
    """pydicom hands on the part that is there of an element whose length goes beyond the end of the file."""
    for tag in dataset.keys():  # noqa: SIM118 - iterating the data set itself would convert every element
        element = dataset.get_item(tag)
        length = getattr(element, "length", None)
        if length is None or length == _UNDEFINED_LENGTH or element.value is None:
            continue  # converted, of undefined length, or put off because it is large
        if len(element.value) < length:
            return True
    return False


def _read_structured(content: Any, header: Any, sop_class: str, *, sha256: str, n_bytes: int) -> Report | LeftAlone:
    """
    What a structured report says.

    Args:
        content: The data set with its content tree: pydicom's, or the scanner's nodes, which answer alike.
        header: pydicom's data set with the attributes before the tree.
        sop_class: SOP class UID.
        sha256: Digest of the file.
        n_bytes: Size of the file.
    """
    root = code_of(content, _CONCEPT)
    if root is None and sop_class in _RADIATION_SR:
        return _damaged("says it is a dose report, but has no content: ask the sender for it again", sha256, n_bytes)
    if sop_class == _SR_CLASSES + "68" or root == codes.ROOT_RADIOPHARMACEUTICAL:
        reason = "a radiopharmaceutical dose report: no X-rays"
        return LeftAlone(ReportKind.RADIOPHARMACEUTICAL, reason, sha256, n_bytes)
    if root != codes.ROOT_RADIATION_DOSE:
        reason = f"{_class_name(sop_class)} without an X-ray radiation dose report in it"
        return LeftAlone(ReportKind.OTHER_REPORT, reason, sha256, n_bytes)
    return interpret(Item(root, children=children_of(content)), _header(header, sha256, n_bytes))


def _class_name(sop_class: str) -> str:
    name = UID(sop_class).name
    return "an unknown kind of structured report" if name == sop_class else name.removesuffix(" Storage")


def _other_object(dataset: Any, n_bytes: int) -> LeftAlone:
    is_cut_off = _is_cut_off(dataset)  # before anything converts an element
    is_image = "Rows" in dataset or "PixelData" in dataset
    sop_class = _text(dataset, "SOPClassUID")
    if sop_class is None or is_cut_off:
        return _damaged("a DICOM object that is cut off or damaged", None, n_bytes)
    name = UID(sop_class).name
    what = "a private or unknown class" if name == sop_class else name.removesuffix(" Storage")
    stated = tuple(_header_doses(dataset))
    kind = ReportKind.IMAGE if is_image or "Image" in what else ReportKind.OTHER_DICOM
    reason = f"{what}: not a dose report" + ("; its header states a dose" if stated else "")
    return LeftAlone(kind, reason, None, n_bytes, stated=stated)


def _header_doses(dataset: Any) -> list[tuple[str, float, str]]:
    """Dose figures in image headers, in the unit that the standard lays down for them."""
    wanted = (
        ("ImageAndFluoroscopyAreaDoseProduct", "kerma-area product", "dGy.cm2"),
        ("AcquiredImageAreaDoseProduct", "kerma-area product of the image", "dGy.cm2"),
        ("EntranceDoseInmGy", "entrance dose", "mGy"),
        ("OrganDose", "organ dose", "dGy"),
    )
    amounts = [(name, _number(dataset, keyword), unit) for keyword, name, unit in wanted]
    return [(name, amount, unit) for name, amount, unit in amounts if amount is not None]


def _header(dataset: Any, sha256: str, n_bytes: int) -> Header:
    def text(keyword: str) -> str | None:
        return _text(dataset, keyword)

    return Header(
        sha256=sha256,
        n_bytes=n_bytes,
        sop_uid=text("SOPInstanceUID"),
        study_uid=text("StudyInstanceUID"),
        accession=text("AccessionNumber"),
        patient_id=text("PatientID"),
        birth_date=text("PatientBirthDate"),
        sex=text("PatientSex"),
        weight_kg=_number(dataset, "PatientWeight"),
        height_m=_number(dataset, "PatientSize"),
        manufacturer=text("Manufacturer"),
        model=text("ManufacturerModelName"),
        station=text("StationName"),
        serial=text("DeviceSerialNumber"),
        study_date=text("StudyDate"),
        study_time=text("StudyTime"),
        content_date=text("ContentDate"),
        content_time=text("ContentTime"),
        completion=text("CompletionFlag"),
    )


def _text(dataset: Any, keyword: str) -> str | None:
    """A header attribute as text; None where it is absent, empty or cannot be decoded."""
    try:
        return str(dataset.get(keyword) or "").strip("\0 ") or None
    except Exception:  # noqa: BLE001 - one bad attribute is no reason to lose the report
        return None


def _number(dataset: Any, keyword: str) -> float | None:
    return finite(_text(dataset, keyword))
