"""Hospital deliveries (section 21 KHEntgG) as standardised records: patients and cases with their codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.ids import Keyring
from linkage.records.account import Account, Books, mask_of
from linkage.records.codesets import further_rows, gather_diagnoses, gather_procedures, places_of, procedure_records
from linkage.records.schema import PERSONS, STAYS, FilePart, Records, conform
from linkage.records.section21_tables import SECTION21_ROLES, Section21Source, parse_section21_file

__all__ = ["SECTION21_ROLES", "Section21Source", "join_section21", "parse_section21_file", "read_section21"]

BoolArray = npt.NDArray[np.bool_]

_CHILD = [("stay_key", pa.string()), ("file_sha256", pa.string()), ("row", pa.int64())]
_ICD = pa.schema([*_CHILD, ("is_main", pa.bool_()), ("icd", pa.string()), ("secondary", pa.string()),
                  ("code_year", pa.int16())])  # fmt: skip
_OPS = pa.schema([*_CHILD, ("ops", pa.string()), ("ops_year", pa.int16()), ("performed_on", pa.date32())])
_PATIENTS = pa.schema([*_CHILD, ("person_key", pa.string()), ("placeholder", pa.bool_())])


def read_section21(source: Section21Source, *, keyring: Keyring, today: date) -> Records:
    """
    All records of a hospital delivery.

    Args:
        source: The delivery as declared.
        keyring: Makes the identifiers.
        today: Later dates are mistakes.

    Raises:
        SourceMissing, SourceFileError: If a file is not there or not what was declared.
    """
    parts = [parse_section21_file(file, source=source, keyring=keyring, today=today) for file in source.files]
    return join_section21(parts, source=source, keyring=keyring)


def join_section21(parts: Iterable[FilePart], *, source: Section21Source, keyring: Keyring) -> Records:
    """The parsed files as one set of records: corrections settled, orphans rejected, patients told apart."""
    books = Books(parts)
    cases = books.account("FALL", STAYS)
    cases.settle(["stay_key"], field="case", record_type="case")
    patients = _children(books, "PATIENTEN", _PATIENTS, cases, settled_by="stay_key")
    _children(books, "FAB", pa.schema(_CHILD), cases)
    delivered_icd = _children(books, "ICD", _ICD, cases)
    icd = _with_secondary(delivered_icd)
    ops = _children(books, "OPS", _OPS, cases)
    table, n = cases.table, cases.table.num_rows
    keys = table["stay_key"]
    person_keys, not_persons = _patients(books, table, patients)
    codes = gather_diagnoses(icd, places_of(icd["stay_key"], keys), n_stays=n)
    year = pc.year(pc.coalesce(table["discharged_on"], table["admitted_on"])).cast(pa.int16())
    columns = {
        **{name: table[name] for name in table.column_names},
        **codes,
        **gather_procedures(ops, places_of(ops["stay_key"], keys), n_stays=n),
        "person_key": person_keys,
        "code_year": pc.coalesce(codes["code_year"], year.combine_chunks()),
        "side": pa.array(["hospital"] * n, pa.string()),
        "source": pa.array([source.name] * n, pa.string()),
    }
    stays = conform(columns, STAYS)
    subjects = person_keys.take(pa.array(places_of(ops["stay_key"], keys)))
    tables = {
        "persons": _persons(stays),
        "stays": stays,
        "procedures": procedure_records(ops, person_keys=subjects, side="hospital", keyring=keyring),
        "further_rows": further_rows(delivered_icd, ops, patients),
    }
    return replace(books.records(tables), not_persons=not_persons)


def _children(books: Books, kind: str, schema: pa.Schema, cases: Account, *, settled_by: str | None = None) -> pa.Table:
    account = books.account(kind, schema)
    if settled_by is None:
        account.settle_groups(["stay_key"])
    else:
        account.settle([settled_by], field="case")
    if account.table.num_rows:
        orphan = places_of(account.table["stay_key"], cases.table["stay_key"]) < 0
        account.reject(orphan, "case", "its case was not delivered or rejected")
    return account.table


def _with_secondary(icd: pa.Table) -> pa.Table:
    """Secondary codes (dagger and asterisk pairs) as further diagnoses behind their own."""
    wanted = ["stay_key", "is_main", "icd", "code_year"]
    second = icd.filter(pc.is_valid(icd["secondary"]))
    second = second.set_column(second.column_names.index("icd"), "icd", second["secondary"])
    no = pa.array(np.zeros(second.num_rows, dtype=bool))
    second = second.set_column(second.column_names.index("is_main"), "is_main", no)
    return pa.concat_tables([icd.select(wanted), second.select(wanted)])


def _patients(books: Books, cases: pa.Table, patients: pa.Table) -> tuple[pa.Array, tuple[str, ...]]:
    """
    The patient of each case, `(n_cases,)`, and the keys of patient numbers that stand for nobody in particular.

    Where the patient number is missing, is a declared placeholder, or is shared by cases of different sex or
    of birth years more than one apart, every case is a patient of its own: a wrong join would put one child's
    dose on another, a missing one is found again by the linkage.
    """
    place = places_of(cases["stay_key"], patients["stay_key"])
    where = pa.array(place, mask=place < 0)
    number = patients["person_key"].combine_chunks().take(where)
    declared = mask_of(patients["placeholder"].combine_chunks().take(where))
    books.note("FALL: cases without a patient number, each taken as a patient of its own", int((place < 0).sum()))
    books.note(
        "FALL: cases under a declared placeholder number, each taken as a patient of its own", int(declared.sum())
    )
    delivered = number
    number = pc.if_else(pa.array(declared), pa.scalar(None, pa.string()), number)
    shared = _contradicts(cases, number)
    books.note("FALL: cases under a patient number of several persons, each taken on its own", int(shared.sum()))
    number = pc.if_else(pa.array(shared), pa.scalar(None, pa.string()), number)
    nobody = tuple(sorted(pc.unique(delivered.filter(pa.array(declared | shared))).to_pylist()))
    if "case_person_key" not in cases.column_names:
        return number, nobody
    return pc.coalesce(number, cases["case_person_key"].combine_chunks()), nobody


def _contradicts(cases: pa.Table, number: pa.Array) -> BoolArray:
    """Whether the case's patient number has cases of both sexes, or of birth years more than one apart."""
    known = pc.is_in(cases["sex"], value_set=pa.array(["male", "female"]))
    sex = pc.if_else(known, cases["sex"], pa.scalar(None, pa.string()))
    table = pa.table({"number": number, "sex": sex, "birth_year": cases["birth_year"]})
    grouped = table.filter(pc.is_valid(number)).group_by("number", use_threads=False)
    found = grouped.aggregate([("sex", "count_distinct"), ("birth_year", "min"), ("birth_year", "max")])
    apart = pc.subtract(found["birth_year_max"].cast(pa.int32()), found["birth_year_min"].cast(pa.int32()))
    wrong = mask_of(pc.greater(found["sex_count_distinct"], 1)) | mask_of(pc.greater(apart, 1))
    numbers: Any = found["number"].filter(pa.array(wrong)).combine_chunks()
    return mask_of(pc.is_in(number, value_set=numbers)) if len(numbers) else np.zeros(len(number), dtype=bool)


def _persons(stays: pa.Table) -> pa.Table:
    """Patients as their latest case describes them: the place of residence moves, the rest does not."""
    order = [("admitted_at", "descending"), ("stay_key", "ascending")]
    latest = stays.sort_by(order)
    first = np.unique(
        np.asarray(pc.dictionary_encode(latest["person_key"].combine_chunks()).indices.to_numpy(zero_copy_only=False)),
        return_index=True,
    )[1]
    chosen = latest.take(pa.array(np.sort(first))).sort_by([("file_sha256", "ascending"), ("row", "ascending")])
    return conform(chosen, PERSONS)
