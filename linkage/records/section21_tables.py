"""One file of a section-21 delivery: typed columns, keyed identifiers, rejected rows. Reads files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.delivery import DeclaredFile
from graph_schema.delivery.values import choice, moment, pattern, whole_number
from graph_schema.ids import Keyring
from linkage.records.account import mask_of
from linkage.records.codes import ICD, OPS
from linkage.records.reading import SEX, SHORT_CODE, Reading, Roles, year
from linkage.records.regions import NO_CROSSWALK, Crosswalk
from linkage.records.schema import FilePart

__all__ = ["SECTION21_ROLES", "Section21Source", "parse_section21_file"]

_CASE = {"case": "KH-internes-Kennzeichen", "ik": "IK", "site": "Standortnummer"}

SECTION21_ROLES: Mapping[str, Roles] = {
    "FALL": Roles(
        ("case", "admitted"),
        (
            "discharged", "ik", "insurer", "birth_year", "birth_month", "sex", "postcode", "admission_reason",
            "admission_cause", "weight_g", "merged", "merge_reason", "discharge_reason", "site",
        ),
        {
            **_CASE,
            "admitted": "Aufnahmedatum",
            "discharged": "Entlassungsdatum",
            "insurer": "IK-der-Krankenkasse",
            "birth_year": "Geburtsjahr",
            "birth_month": "Geburtsmonat",
            "sex": "Geschlecht",
            "postcode": "PLZ",
            "admission_reason": "Aufnahmegrund",
            "admission_cause": "Aufnahmeanlass",
            "weight_g": "Aufnahmegewicht",
            "merged": "Fallzusammenführung",
            "merge_reason": "Fallzusammenführungsgrund",
            "discharge_reason": "Entlassungsgrund",
        },
    ),
    "FAB": Roles(
        ("case", "department"),
        ("department_from", "department_to", "intensive", "ik"),
        {
            **_CASE,
            "department": "Fachabteilung",
            "department_from": "FAB-Aufnahmedatum",
            "department_to": "FAB-Entlassungsdatum",
            "intensive": "Kennung-Intensivbett",
        },
    ),
    "ICD": Roles(
        ("case", "icd"),
        ("kind", "icd_year", "certainty", "secondary", "ik"),
        {
            **_CASE,
            "icd": "ICD-Kode",
            "kind": "Diagnoseart",
            "icd_year": "ICD-Version",
            "certainty": "Diagnosensicherheit",
            "secondary": "Sekundär-Kode",
        },
    ),
    "OPS": Roles(
        ("case", "ops"),
        ("ops_year", "side", "performed", "ik"),
        {**_CASE, "ops": "OPS-Kode", "ops_year": "OPS-Version", "side": "Lokalisation", "performed": "OPS-Datum"},
    ),
    "PATIENTEN": Roles(("case", "patient_id"), ("ik",), _CASE),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section21Source:
    """
    A hospital delivery as the study declares it.

    Attributes:
        name: Name of the source.
        files: Its files, later deliveries after earlier ones.
        hospital: The hospital that delivers; None where the rows say it by their IK.
        hospital_of_ik: Institution number to the study's hospital.
        placeholders: Patient numbers that stand for nobody in particular.
        crosswalk: Postcode to district.
    """

    name: str
    files: Sequence[DeclaredFile]
    hospital: str | None = None
    hospital_of_ik: Mapping[str, str] = field(default_factory=dict)
    placeholders: frozenset[str] = frozenset()
    crosswalk: Crosswalk = NO_CROSSWALK


def parse_section21_file(file: DeclaredFile, *, source: Section21Source, keyring: Keyring, today: date) -> FilePart:
    """
    One file on its own.

    Raises:
        SourceMissing, SourceFileError: If the file is not there or not what was declared.
    """
    reading = Reading(file, roles=SECTION21_ROLES[file.table], source=source.name, keyring=keyring, today=today)
    hospital = _hospital(reading, source)
    return reading.part(_TABLES[file.table](reading, hospital, source))


def _hospital(reading: Reading, source: Section21Source) -> list[str | None]:
    """
    The study's name of each row's hospital.

    A row whose IK is that of another hospital of the study is rejected: its case number means another case.
    """
    iks = reading.sheet.text("ik").to_pylist()
    named = [source.hospital_of_ik.get(ik) if ik is not None else None for ik in iks]
    if source.hospital is None:
        unknown = pa.array([name is None for name in named], pa.bool_())
        reading.sheet.reject(mask_of(unknown), "ik", "IK of no hospital of the study")
        return named
    other = pa.array([name is not None and name != source.hospital for name in named], pa.bool_())
    reading.sheet.reject(mask_of(other), "ik", "IK of another hospital of the study")
    return [source.hospital] * len(named)


def _keyed(
    reading: Reading, role: str, prefix: str, hospital: Sequence[str | None], *scope: str, required: bool = True
) -> pa.Array:
    """Natural keys within each row's hospital as identifiers."""
    values = reading.sheet.text(role, key=required).to_pylist()
    wanted = {(name, value) for name, value in zip(hospital, values, strict=True) if name and value}
    made = {(name, value): reading.keyring.key(prefix, name, *scope, value) for name, value in wanted}
    pairs = zip(hospital, values, strict=True)
    return pa.array([made.get((name, value)) if name and value else None for name, value in pairs], pa.string())


def _fall(reading: Reading, hospital: Sequence[str | None], source: Section21Source) -> dict[str, pa.Array]:
    sheet = reading.sheet
    admitted = sheet.parse("admitted", moment(today=reading.today), key=True)
    discharged = sheet.parse("discharged", moment(today=reading.today))
    before = mask_of(pc.less(discharged, admitted))
    sheet.repair(before, "discharged", "discharge before admission")
    discharged = pc.if_else(pa.array(before), pa.scalar(None, pa.timestamp("s")), discharged)
    merged = sheet.parse("merged", choice({"J": "J", "N": "N", "1": "J", "0": "N"}, wanted="J or N (taken as N)"))
    postcode = sheet.text("postcode")
    if not source.crosswalk.districts:
        sheet.repair(mask_of(pc.is_valid(postcode)), "postcode", "no crosswalk table, so the region stays unknown")
        region = pa.nulls(len(postcode), pa.string())
    else:
        region = sheet.parse("postcode", source.crosswalk.parser)
    return {
        "stay_key": _keyed(reading, "case", "sty", hospital),
        "case_person_key": _keyed(reading, "case", "prc", hospital, "case"),
        "hospital": pa.array(hospital, pa.string()),
        "admitted_at": admitted,
        "discharged_at": discharged,
        "admitted_on": admitted.cast(pa.date32()),
        "discharged_on": discharged.cast(pa.date32()),
        "birth_year": sheet.parse("birth_year", year(today=reading.today)),
        "birth_month": sheet.parse("birth_month", whole_number(pa.int8(), minimum=1, maximum=12)),
        "sex": pc.fill_null(sheet.parse("sex", SEX), "unknown"),
        "region": region,
        "insurer_key": reading.key("insurer", "ins", "ik", required=False),
        "weight_g": sheet.parse("weight_g", whole_number(pa.int32(), minimum=200, maximum=30_000)),
        "merged": pc.equal(pc.fill_null(merged, "N"), "J"),
        "admission_reason": sheet.parse("admission_reason", SHORT_CODE),
        "discharge_reason": sheet.parse("discharge_reason", SHORT_CODE),
    }


def _fab(reading: Reading, hospital: Sequence[str | None], _: Section21Source) -> dict[str, pa.Array]:
    sheet = reading.sheet
    return {
        "stay_key": _keyed(reading, "case", "sty", hospital),
        "department": sheet.parse(
            "department", pattern(r"(HA|BA|BE)\d{4}", wanted="a department such as HA2900"), key=True
        ),
        "from_at": sheet.parse("department_from", moment(today=reading.today)),
        "to_at": sheet.parse("department_to", moment(today=reading.today)),
    }


def _icd(reading: Reading, hospital: Sequence[str | None], _: Section21Source) -> dict[str, pa.Array]:
    sheet = reading.sheet
    kind = sheet.parse("kind", choice({"HD": "HD", "ND": "ND", "SD": "ND"}, wanted="HD or ND (taken as ND)"))
    return {
        "stay_key": _keyed(reading, "case", "sty", hospital),
        "is_main": pc.equal(pc.fill_null(kind, "ND"), "HD"),
        "icd": sheet.parse("icd", ICD, key=True),
        "secondary": sheet.parse("secondary", ICD),
        "code_year": sheet.parse("icd_year", year(today=reading.today)),
    }


def _ops(reading: Reading, hospital: Sequence[str | None], _: Section21Source) -> dict[str, pa.Array]:
    sheet = reading.sheet
    return {
        "stay_key": _keyed(reading, "case", "sty", hospital),
        "ops": sheet.parse("ops", OPS, key=True),
        "ops_year": sheet.parse("ops_year", year(today=reading.today)),
        "performed_on": sheet.parse("performed", moment(today=reading.today)).cast(pa.date32()),
    }


def _patients(reading: Reading, hospital: Sequence[str | None], source: Section21Source) -> dict[str, pa.Array]:
    numbers = reading.sheet.text("patient_id").to_pylist()
    return {
        "stay_key": _keyed(reading, "case", "sty", hospital),
        "person_key": _keyed(reading, "patient_id", "prc", hospital),
        "placeholder": pa.array([number in source.placeholders for number in numbers], pa.bool_()),
    }


_TABLES: Mapping[str, Callable[[Reading, Sequence[str | None], Section21Source], dict[str, pa.Array]]] = {
    "FALL": _fall,
    "FAB": _fab,
    "ICD": _icd,
    "OPS": _ops,
    "PATIENTEN": _patients,
}
