"""One file of a claims extract: typed columns, keyed identifiers, rejected rows. Reads files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.delivery import DeclaredFile
from graph_schema.delivery.values import (
    choice,
    day,
    decimal_number,
    distinct_parser,
    ik_is_valid,
    pattern,
    whole_number,
)
from graph_schema.ids import Keyring
from linkage.records.account import mask_of
from linkage.records.codes import ICD, OPS
from linkage.records.reading import SEX, SHORT_CODE, Reading, Roles, year
from linkage.records.regions import DISTRICT
from linkage.records.schema import FilePart

__all__ = ["CLAIMS_ROLES", "ClaimsSource", "parse_claims_file"]

_FAR_FUTURE = date(2900, 1, 1)

CLAIMS_ROLES: Mapping[str, Roles] = {
    "insurants": Roles(("insurant_id",), ("birth_year", "sex", "region")),
    "coverage": Roles(("insurant_id", "start"), ("insurer", "end", "end_reason")),
    "stays": Roles(
        ("case_id", "insurant_id", "admission_date"),
        ("discharge_date", "hospital_ik", "admission_reason", "discharge_reason", "admission_weight_g"),
    ),
    "diagnoses": Roles(("case_id", "icd"), ("kind", "icd_year")),
    "procedures": Roles(("case_id", "ops"), ("ops_year", "date")),
    "outpatient_diagnoses": Roles(("insurant_id", "quarter", "icd"), ("icd_year", "certainty")),
    "outpatient_services": Roles(("insurant_id", "date", "ebm"), ("n",)),
    "dispensations": Roles(("insurant_id", "date", "atc"), ("ddd",)),
}


@dataclass(frozen=True, slots=True)
class ClaimsSource:
    """
    A claims extract as the study declares it.

    Attributes:
        name: Name of the source.
        files: Its files, later deliveries after earlier ones.
        hospital_of_ik: Institution number (or the pseudonym delivered for it) to the study's hospital.
    """

    name: str
    files: Sequence[DeclaredFile]
    hospital_of_ik: Mapping[str, str] = field(default_factory=dict)


def parse_claims_file(file: DeclaredFile, *, source: ClaimsSource, keyring: Keyring, today: date) -> FilePart:
    """
    One file on its own.

    Raises:
        SourceMissing, SourceFileError: If the file is not there or not what was declared.
    """
    reading = Reading(file, roles=CLAIMS_ROLES[file.table], source=source.name, keyring=keyring, today=today)
    if file.table == "stays":
        return reading.part(_stays(reading, source.hospital_of_ik))
    return reading.part(_TABLES[file.table](reading))


def _person(reading: Reading) -> pa.Array:
    return reading.key("insurant_id", "prc", "claims")


def _stay(reading: Reading) -> pa.Array:
    return reading.key("case_id", "sty", "claims")


def _insurants(reading: Reading) -> dict[str, pa.Array]:
    sheet = reading.sheet
    return {
        "person_key": _person(reading),
        "birth_year": sheet.parse("birth_year", year(today=reading.today)),
        "sex": pc.fill_null(sheet.parse("sex", SEX), "unknown"),
        "region": sheet.parse("region", DISTRICT),
    }


def _coverage(reading: Reading) -> dict[str, pa.Array]:
    sheet = reading.sheet
    start = sheet.parse("start", day(today=reading.today), key=True)
    # An end in the far future (9999-12-31) is how a sender without nulls says that there is none.
    end = sheet.parse("end", day(today=date.max), strict=True)
    end = pc.if_else(pc.greater_equal(end, pa.scalar(_FAR_FUTURE)), pa.scalar(None, pa.date32()), end)
    sheet.reject(mask_of(pc.less(end, start)), "end", "end before start")
    words = {"death": "death", "tod": "death", "change": "change", "wechsel": "change", "other": "other"}
    return {
        "person_key": _person(reading),
        "insurer_key": reading.key("insurer", "ins", "ik", required=False),
        "start": start,
        "end": end,
        "end_reason": sheet.parse("end_reason", choice(words, wanted="death, change or other")),
    }


def _stays(reading: Reading, hospital_of_ik: Mapping[str, str]) -> dict[str, pa.Array]:
    sheet = reading.sheet
    admitted = sheet.parse("admission_date", day(today=reading.today), key=True)
    discharged = sheet.parse("discharge_date", day(today=reading.today))
    before = mask_of(pc.less(discharged, admitted))
    sheet.repair(before, "discharge_date", "discharge before admission")
    iks = sheet.text("hospital_ik")
    wrong = pa.array(
        [ik for ik in pc.unique(iks).to_pylist() if ik and re.fullmatch(r"\d{9}", ik) and not ik_is_valid(ik)]
    )
    mistyped = mask_of(pc.is_in(iks, value_set=wrong.cast(pa.string())))
    sheet.repair(mistyped, "hospital_ik", "check digit is wrong (taken as it is)")
    return {
        "stay_key": _stay(reading),
        "person_key": _person(reading),
        "hospital": distinct_parser(pa.string(), hospital_of_ik.get)(iks).values,
        "hospital_key": reading.key("hospital_ik", "hos", "ik", required=False),
        "admitted_on": admitted,
        "discharged_on": pc.if_else(pa.array(before), pa.scalar(None, pa.date32()), discharged),
        "admission_reason": sheet.parse("admission_reason", SHORT_CODE),
        "discharge_reason": sheet.parse("discharge_reason", SHORT_CODE),
        "weight_g": sheet.parse("admission_weight_g", whole_number(pa.int32(), minimum=200, maximum=30_000)),
    }


def _diagnoses(reading: Reading) -> dict[str, pa.Array]:
    kinds = choice({"HD": "HD", "ND": "ND"}, wanted="HD or ND (taken as ND)")
    return {
        "stay_key": _stay(reading),
        "is_main": pc.equal(pc.fill_null(reading.sheet.parse("kind", kinds), "ND"), "HD"),
        "icd": reading.sheet.parse("icd", ICD, key=True),
        "code_year": reading.sheet.parse("icd_year", year(today=reading.today)),
    }


def _procedures(reading: Reading) -> dict[str, pa.Array]:
    return {
        "stay_key": _stay(reading),
        "ops": reading.sheet.parse("ops", OPS, key=True),
        "ops_year": reading.sheet.parse("ops_year", year(today=reading.today)),
        "performed_on": reading.sheet.parse("date", day(today=reading.today)),
    }


def _quarter(text: str) -> str:
    plain = text.upper().replace("-", "").replace("/", "").replace("Q", "")
    if len(plain) != 5 or not plain.isdigit() or plain[4] not in "1234" or not "1900" <= plain[:4] <= "2999":
        raise ValueError("expected a quarter such as 2019Q3")
    return f"{plain[:4]}Q{plain[4]}"


def _outpatient_diagnoses(reading: Reading) -> dict[str, pa.Array]:
    certainty = choice({letter: letter for letter in "GVAZ"}, wanted="a certainty (G, V, A, Z)")
    quarter = reading.sheet.parse("quarter", distinct_parser(pa.string(), _quarter), key=True)
    now = f"{reading.today.year}Q{(reading.today.month + 2) // 3}"
    reading.sheet.reject(mask_of(pc.greater(quarter, now)), "quarter", "quarter in the future")
    return {
        "person_key": _person(reading),
        "quarter": quarter,
        "icd": reading.sheet.parse("icd", ICD, key=True),
        "icd_year": reading.sheet.parse("icd_year", year(today=reading.today)),
        "certainty": reading.sheet.parse("certainty", certainty),
    }


def _outpatient_services(reading: Reading) -> dict[str, pa.Array]:
    ebm = pattern(r"\d{5}[A-Z]?", wanted="a fee schedule code of five digits")
    return {
        "person_key": _person(reading),
        "performed_on": reading.sheet.parse("date", day(today=reading.today), key=True),
        "ebm": reading.sheet.parse("ebm", ebm, key=True),
        "n_services": reading.sheet.parse("n", whole_number(pa.int32(), minimum=0, maximum=10_000)),
    }


def _dispensations(reading: Reading) -> dict[str, pa.Array]:
    atc = pattern(r"[A-Z](\d{2}([A-Z]([A-Z](\d{2})?)?)?)?", wanted="an ATC code")
    return {
        "person_key": _person(reading),
        "dispensed_on": reading.sheet.parse("date", day(today=reading.today), key=True),
        "atc": reading.sheet.parse("atc", atc, key=True),
        "ddd": reading.sheet.parse("ddd", decimal_number(mark=reading.text.decimal, minimum=0.0)),
    }


_TABLES: Mapping[str, Callable[[Reading], dict[str, pa.Array]]] = {
    "insurants": _insurants,
    "coverage": _coverage,
    "diagnoses": _diagnoses,
    "procedures": _procedures,
    "outpatient_diagnoses": _outpatient_diagnoses,
    "outpatient_services": _outpatient_services,
    "dispensations": _dispensations,
}
