"""Claims extracts as standardised records: persons, coverage, stays with their codes, care outside hospital."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.ids import Keyring
from linkage.records.account import Account, Books, mask_of
from linkage.records.claims_tables import CLAIMS_ROLES, ClaimsSource, parse_claims_file
from linkage.records.codesets import further_rows, gather_diagnoses, gather_procedures, places_of, procedure_records
from linkage.records.schema import (
    COVERAGE,
    DISPENSATIONS,
    OUTPATIENT_DIAGNOSES,
    OUTPATIENT_SERVICES,
    PERSONS,
    STAYS,
    FilePart,
    Records,
    conform,
)

__all__ = ["CLAIMS_ROLES", "ClaimsSource", "join_claims", "parse_claims_file", "read_claims"]

IntArray = npt.NDArray[np.int64]

_DIAGNOSES = pa.schema(
    [
        ("stay_key", pa.string()),
        ("is_main", pa.bool_()),
        ("icd", pa.string()),
        ("code_year", pa.int16()),
        ("file_sha256", pa.string()),
        ("row", pa.int64()),
    ]
)
_PROCEDURES = pa.schema(
    [
        ("stay_key", pa.string()),
        ("ops", pa.string()),
        ("ops_year", pa.int16()),
        ("performed_on", pa.date32()),
        ("file_sha256", pa.string()),
        ("row", pa.int64()),
    ]
)
_OUTSIDE_HOSPITAL = {
    "outpatient_diagnoses": (OUTPATIENT_DIAGNOSES, ("person_key", "quarter")),
    "outpatient_services": (OUTPATIENT_SERVICES, ("person_key", "performed_on")),
    "dispensations": (DISPENSATIONS, ("person_key", "dispensed_on")),
}


def read_claims(source: ClaimsSource, *, keyring: Keyring, today: date) -> Records:
    """
    All records of a claims extract.

    Args:
        source: The extract as declared.
        keyring: Makes the identifiers.
        today: Later dates are mistakes.

    Raises:
        SourceMissing, SourceFileError: If a file is not there or not what was declared.
    """
    parts = [parse_claims_file(file, source=source, keyring=keyring, today=today) for file in source.files]
    return join_claims(parts, source=source, keyring=keyring)


def join_claims(parts: Iterable[FilePart], *, source: ClaimsSource, keyring: Keyring) -> Records:
    """The parsed files as one set of records: corrections settled, orphans rejected, codes under their stays."""
    books = Books(parts)
    persons = books.account("insurants", PERSONS)
    persons.settle(["person_key"], field="insurant_id", record_type="insurant")
    coverage = _coverage(books, persons)
    stays = books.account("stays", STAYS)
    stays.settle(["stay_key"], field="case_id", record_type="stay")
    _reject_orphans(stays, "person_key", persons.table["person_key"], "insurant_id", "no such insurant delivered")
    tables = {
        "persons": conform(_with(persons.table, source=_repeat(source.name, persons.table.num_rows)), PERSONS),
        "coverage": coverage,
        **_stays(books, persons, stays, coverage, source=source, keyring=keyring),
    }
    for kind, (schema, group) in _OUTSIDE_HOSPITAL.items():
        account = books.account(kind, schema)
        account.settle_groups(group)
        _reject_orphans(account, "person_key", persons.table["person_key"], "insurant_id", "no such insurant delivered")
        tables[kind] = conform(account.table, schema)
    return books.records(tables)


def _coverage(books: Books, persons: Account) -> pa.Table:
    account = books.account("coverage", COVERAGE)
    account.settle(["person_key", "insurer_key", "start"], field="start")
    _reject_orphans(account, "person_key", persons.table["person_key"], "insurant_id", "no such insurant delivered")
    table = conform(account.table, COVERAGE).sort_by([("person_key", "ascending"), ("start", "ascending")])
    start = table["start"].cast(pa.int32()).to_numpy().astype(np.int64)
    end = pc.fill_null(table["end"].cast(pa.int32()), 2**31 - 2).to_numpy().astype(np.int64)
    person = places_of(table["person_key"], persons.table["person_key"])
    same = person[1:] == person[:-1]
    books.note("coverage: periods of one person that overlap", int((same & (start[1:] <= end[:-1])).sum()))
    books.note("coverage: periods of one person that touch", int((same & (start[1:] == end[:-1] + 1)).sum()))
    return table


def _stays(
    books: Books, persons: Account, stays: Account, coverage: pa.Table, *, source: ClaimsSource, keyring: Keyring
) -> dict[str, pa.Table]:
    """The `stays` and `procedures` tables."""
    diagnoses = _children(books, "diagnoses", _DIAGNOSES, stays)
    procedures = _children(books, "procedures", _PROCEDURES, stays)
    table, n = stays.table, stays.table.num_rows
    keys = table["stay_key"]
    person = pa.array(places_of(table["person_key"], persons.table["person_key"]))
    facts = {name: persons.table[name].take(person) for name in ("birth_year", "sex", "region")}
    codes = gather_diagnoses(diagnoses, places_of(diagnoses["stay_key"], keys), n_stays=n)
    year = pc.year(pc.coalesce(table["discharged_on"], table["admitted_on"])).cast(pa.int16())
    born_later = mask_of(pc.less(pc.year(table["admitted_on"]), facts["birth_year"].cast(pa.int64())))
    books.note("stays: admission before the year of birth", int(born_later.sum()))
    columns = {
        **facts,
        **codes,
        **gather_procedures(procedures, places_of(procedures["stay_key"], keys), n_stays=n),
        "code_year": pc.coalesce(codes["code_year"], year.combine_chunks()),
        "side": _repeat("claims", n),
        "source": _repeat(source.name, n),
        "hospital": _hospitals(books, table),
        "insurer_key": _insurers(books, table, coverage),
        "merged": pa.array(np.zeros(n, dtype=bool)),
    }
    subjects = table["person_key"].take(pa.array(places_of(procedures["stay_key"], keys)))
    return {
        "stays": conform(_with(table, **columns), STAYS),
        "procedures": procedure_records(procedures, person_keys=subjects, side="claims", keyring=keyring),
        "further_rows": pa.concat_tables(
            [further_rows(diagnoses, procedures), further_rows(coverage, parent="person_key")]
        ),
    }


def _children(books: Books, kind: str, schema: pa.Schema, stays: Account) -> pa.Table:
    account = books.account(kind, schema)
    account.settle_groups(["stay_key"])
    _reject_orphans(account, "stay_key", stays.table["stay_key"], "case_id", "its stay was not delivered or rejected")
    return account.table


def _reject_orphans(account: Account, column: str, parents: Any, field: str, reason: str) -> None:
    if account.table.num_rows:
        account.reject(places_of(account.table[column], parents) < 0, field, reason)


def _hospitals(books: Books, stays: pa.Table) -> pa.Array:
    """
    The study's hospital, or `other-...` (keyed) for one outside the study; null where it is not known.

    Where not one institution number is known to the study, the numbers are pseudonyms of their own and say
    nothing: all hospitals are null, and it is noted loudly.
    """
    if "hospital_key" not in stays.column_names or not stays.num_rows:
        return pa.nulls(stays.num_rows, pa.string())
    known, keys = stays["hospital"], stays["hospital_key"]
    books.note("stays: hospital_ik is empty", keys.null_count)
    if known.null_count == len(known):
        books.note("stays: no hospital_ik is that of a study hospital, so hospitals are not compared", len(known))
        return pa.nulls(stays.num_rows, pa.string())
    others = pc.binary_join_element_wise("other", pc.utf8_slice_codeunits(keys, 4, 16), "-")
    return pc.coalesce(known, others).combine_chunks()


def _insurers(books: Books, stays: pa.Table, coverage: pa.Table) -> pa.Array:
    """The insurer on the day of admission; null where no period of the person covers it."""
    if not coverage.num_rows:
        return pa.nulls(stays.num_rows, pa.string())
    people = pc.unique(coverage["person_key"])
    start = _sortable(places_of(coverage["person_key"], people), coverage["start"])
    order = np.argsort(start, kind="stable")
    person = places_of(stays["person_key"], people)
    place = np.searchsorted(start[order], _sortable(person, stays["admitted_on"]), side="right") - 1
    found = order[np.maximum(place, 0)]
    end = pc.fill_null(coverage["end"].cast(pa.int32()), 2**31 - 1).to_numpy()
    admitted = stays["admitted_on"].cast(pa.int32()).to_numpy()
    covers = (place >= 0) & (person >= 0) & (end[found] >= admitted)
    covers &= places_of(coverage["person_key"], people)[found] == person
    books.note("stays: admission outside every period of coverage", int((~covers).sum()))
    return coverage["insurer_key"].combine_chunks().take(pa.array(found, mask=~covers))


def _sortable(person: IntArray, days: Any) -> IntArray:
    """One number that sorts by person, then by day."""
    number: IntArray = person * 2**33 + days.cast(pa.int32()).to_numpy().astype(np.int64) + 2**32
    return number


def _repeat(text: str, n: int) -> pa.Array:
    return pa.array([text] * n, pa.string())


def _with(table: pa.Table, **columns: Any) -> dict[str, Any]:
    return {**{name: table[name] for name in table.column_names}, **columns}
