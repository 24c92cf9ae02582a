"""Dose reports written for tests: the content tree from tuples, as DICOM files and as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from graph_schema.units import Quantity
from provenance.dose.report import Found, Irradiation, IrradiationType, PlaneName, PlaneTotals, Report, ReportKind

RDSR = "1.2.840.10008.5.1.4.1.1.88.67"
PLANE = {"A": "113620", "B": "113621", "single": "113622", "all": "113890"}
FLUOROSCOPY = ("P5-06000", "SRT")
MARKER = "MARKERPATIENT"


def coded(value: str, scheme: str = "DCM", meaning: str = "a meaning nobody may rely on") -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def item(kind: str, concept: str, relation: str = "CONTAINS", scheme: str = "DCM") -> Dataset:
    node = Dataset()
    node.RelationshipType, node.ValueType = relation, kind
    node.ConceptNameCodeSequence = [coded(concept, scheme)]
    return node


def number(concept: str, amount: str | None, unit: str = "Gy.m2", scheme: str = "DCM") -> Dataset:
    """A measured value; None is an empty MeasuredValueSequence."""
    node = item("NUM", concept, scheme=scheme)
    node.MeasuredValueSequence = []
    if amount is not None:
        measured = Dataset()
        measured.add_new(0x0040A30A, "LO", amount)  # makers write what no DS allows
        measured.MeasurementUnitsCodeSequence = [coded(unit, "UCUM")] if unit else []
        node.MeasuredValueSequence = [measured]
    return node


def code(concept: str, value: str, scheme: str = "DCM", relation: str = "CONTAINS") -> Dataset:
    node = item("CODE", concept, relation)
    node.ConceptCodeSequence = [coded(value, scheme)]
    return node


def container(concept: str, children: Sequence[Dataset]) -> Dataset:
    node = item("CONTAINER", concept)
    node.ContentSequence = list(children)
    return node


def plane_of(name: str) -> Dataset:
    return code("113764", PLANE[name], relation="HAS CONCEPT MOD")


def totals(plane: str, kap: str | None, unit: str = "Gy.m2", kerma: str | None = "0.01", dose: str = "Gy") -> Dataset:
    numbers = [number("113722", kap, unit), number("113725", kerma, dose), number("113730", "60", "s")]
    return container("113702", [plane_of(plane), *numbers])


def event(uid: str, kap: str | None, unit: str = "Gy.m2", plane: str = "single", **more: Any) -> Dataset:
    started = item("DATETIME", "111526")
    started.DateTime = more.get("started", "20190305081500")
    named = item("UIDREF", "113769")
    named.UID = uid
    kind = code("113721", *more.get("kind", FLUOROSCOPY))
    numbers = [number("122130", kap, unit), number("113738", more.get("kerma", "0.002"), more.get("dose", "Gy"))]
    return container("113706", [plane_of(plane), started, named, kind, *numbers, *more.get("extra", ())])


def write(path: Path, content: Sequence[Dataset], **header: Any) -> Path:
    """A dose report at `path`; header keywords replace the defaults, None removes."""
    dataset = Dataset()
    defaults: dict[str, Any] = {
        "SOPClassUID": RDSR, "SOPInstanceUID": "2.25.1", "StudyInstanceUID": "2.25.100", "Modality": "SR",
        "PatientID": "P-4711", "PatientName": f"{MARKER}^Anna", "PatientBirthDate": "20110304", "PatientSex": "F",
        "PatientWeight": "18.4", "AccessionNumber": "ACC-1", "StudyDate": "20190305", "StudyTime": "081000",
        "ContentDate": "20190305", "ContentTime": "093000", "Manufacturer": "Siemens", "StationName": "HK1",
        "ManufacturerModelName": "AXIOM-Artis", "DeviceSerialNumber": "77", "CompletionFlag": "COMPLETE",
    }  # fmt: skip
    for keyword, value in {**defaults, **header}.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.ConceptNameCodeSequence = [coded("113701")]
    dataset.ContentSequence = list(content)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


PROJECTION = code("121058", "113704", relation="HAS CONCEPT MOD")


def kap(amount: float | None, unit: str | None = "Gy.cm2") -> Found | None:
    return None if amount is None else Found(amount, unit, Quantity.KAP)


def kerma(amount: float | None) -> Found | None:
    return None if amount is None else Found(amount, "mGy", Quantity.AIR_KERMA)


def plain_event(uid: str | None, amount: float | None, plane: PlaneName = PlaneName.SINGLE) -> Irradiation:
    return Irradiation(
        uid=uid, plane=plane, irradiation_type=IrradiationType.FLUOROSCOPY, kap=kap(amount), kerma_ref=kerma(10.0)
    )


def plain(
    uids: Sequence[str | None],
    *,
    each: float = 1.0,
    total: float | None = None,
    sop: str = "2.25.1",
    **more: Any,
) -> Report:
    """A report of events of `each` Gy cm2; its total is their sum unless told."""
    events = more.pop("events", tuple(plain_event(uid, each) for uid in uids))
    stated = len(uids) * each if total is None else total
    defaults: dict[str, Any] = {
        "kind": ReportKind.FLUOROSCOPY, "sha256": f"{sop}-{len(uids)}", "n_bytes": 1, "sop_uid": sop,
        "study_uid": "2.25.100", "accession": "ACC-1", "patient_id": "P-4711", "birth_year": 2011, "sex": "female",
        "weight_kg": 18.4, "height_cm": 108.0, "manufacturer": "Siemens", "model": "Artis", "station": "HK1",
        "serial": "77", "started_at": datetime.fromisoformat("2019-03-05T08:15"),
        "created_at": datetime.fromisoformat("2019-03-05T09:30"),
        "is_complete": True, "totals": (PlaneTotals(PlaneName.SINGLE, kap=kap(stated), kerma_ref=kerma(10.0)),),
    }  # fmt: skip
    return Report(**{**defaults, "events": events, **more})
