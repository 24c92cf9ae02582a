"""Nodes of what was delivered: records, persons, stays, procedures, dose events. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from doselink.assemble.state import Assembly
from doselink.tables import among, rows_of

__all__ = [
    "add_dose_events",
    "add_exams",
    "add_further_rows",
    "add_persons",
    "add_procedures",
    "add_source_records",
    "add_stays",
]


def add_source_records(assembly: Assembly, commitments: pa.Table, supersedes: pa.Table) -> None:
    """
    One node a delivered record that something in the graph rests on, and which record it corrects.

    Args:
        assembly: Where to add them.
        commitments: file_key, file_sha256, row, record_type, commitment; one row a record.
        supersedes: file_sha256, row, old_file_sha256, old_row; both records are in `commitments`.
    """
    keys = assembly.record_keys(commitments.column("file_sha256").to_pylist(), commitments.column("row").to_pylist())
    table = commitments.append_column("key", pa.array(keys, pa.string()))
    assembly.nodes("SourceRecord", table)
    assembly.relate(
        "HAD_PRIMARY_SOURCE", ("SourceRecord", keys), ("SourceFile", table.column("file_key")), row=table.column("row")
    )
    new = assembly.record_keys(supersedes.column("file_sha256").to_pylist(), supersedes.column("row").to_pylist())
    old = assembly.record_keys(
        supersedes.column("old_file_sha256").to_pylist(), supersedes.column("old_row").to_pylist()
    )
    reasons = ["corrected by a later delivery"] * supersedes.num_rows
    assembly.relate("WAS_REVISION_OF", ("SourceRecord", new), ("SourceRecord", old), reason=reasons)


def add_persons(assembly: Assembly, persons: pa.Table, *, side: str) -> None:
    """
    Persons as one data holder knows them.

    Args:
        assembly: Where to add them.
        persons: person_key, source, birth_year, sex, file_sha256, row; several rows a person are
            several records of the same person, the first being the one described.
        side: claims or hospital.
    """
    keys = persons.column("person_key")
    first = pa.array(_first_rows(keys.to_pylist()), pa.int64())
    one = persons.take(first)
    nodes = pa.table(
        {
            "key": one.column("person_key"),
            "side": [side] * one.num_rows,
            "source": one.column("source"),
            "birth_year": one.column("birth_year").cast(pa.int64()),
            "sex": pc.fill_null(one.column("sex").cast(pa.string()), "unknown"),
        }
    )
    assembly.nodes("PersonRecord", nodes)
    _derive_from_rows(assembly, "PersonRecord", persons, key="person_key")


def add_stays(assembly: Assembly, stays: pa.Table) -> None:
    """Stays of either side with the person they are of and the row they came from."""
    nodes = pa.table(
        {
            "key": stays.column("stay_key"),
            "side": stays.column("side"),
            "hospital": stays.column("hospital"),
            "admitted_on": stays.column("admitted_on"),
            "discharged_on": stays.column("discharged_on"),
            "n_diagnoses": pc.fill_null(pc.list_value_length(stays.column("icd")), 0),
            "n_procedures": pc.fill_null(pc.list_value_length(stays.column("ops")), 0),
        }
    )
    assembly.nodes("Stay", nodes)
    assembly.relate("HAD_SUBJECT", ("Stay", stays.column("stay_key")), ("PersonRecord", stays.column("person_key")))
    _derive_from_rows(assembly, "Stay", stays, key="stay_key")


def add_procedures(assembly: Assembly, procedures: pa.Table) -> None:
    """Coded procedures of stays that are in the graph."""
    nodes = pa.table(
        {
            "key": procedures.column("procedure_key"),
            "side": procedures.column("side"),
            "ops_code": procedures.column("ops_code"),
            "ops_year": procedures.column("ops_year"),
            "performed_on": procedures.column("performed_on"),
        }
    )
    assembly.nodes("Procedure", nodes)
    keys = procedures.column("procedure_key")
    assembly.relate("HAD_ENCOUNTER", ("Procedure", keys), ("Stay", procedures.column("stay_key")))


def add_further_rows(
    assembly: Assembly, owners: pa.Table, further: pa.Table, *, key: str, file_keys: Mapping[str, str]
) -> None:
    """
    A case is one record that lies in several files: its codes and its patient number stand in files of their own.

    Args:
        assembly: Where to add the edges.
        owners: `key`, file_sha256, row of the records' own rows.
        further: parent_key, file_sha256, row (`linkage.records.schema.FURTHER_ROWS`).
        key: Name of the owners' key column.
        file_keys: Digest to SourceFile key.
    """
    own = {owner: (sha256, row) for owner, sha256, row in rows_of(owners, key, "file_sha256", "row")}
    rows = [
        (own[parent], sha256, row) for parent, sha256, row in rows_of(further, *further.column_names) if parent in own
    ]
    records = assembly.record_keys([place[0] for place, _, _ in rows], [place[1] for place, _, _ in rows])
    files = [file_keys.get(sha256) for _, sha256, _ in rows]
    at = pa.array([row for _, _, row in rows], pa.int64())
    assembly.relate("HAD_PRIMARY_SOURCE", ("SourceRecord", records), ("SourceFile", files), row=at)


def add_exams(assembly: Assembly, exams: pa.Table) -> None:
    """Examinations of a cath-lab register. A case or patient number that was not delivered otherwise leaves no edge."""
    keys = exams.column("procedure_key")
    nodes = pa.table(
        {
            "key": keys,
            "side": ["cath_lab"] * exams.num_rows,
            "ops_code": exams.column("ops_code"),
            "performed_on": exams.column("started_at").cast(pa.date32()),
            "room": exams.column("room"),
        }
    )
    assembly.nodes("Procedure", nodes)
    _relate_known(assembly, "HAD_ENCOUNTER", ("Procedure", keys), ("Stay", exams.column("stay_key")))
    _relate_known(assembly, "HAD_SUBJECT", ("Procedure", keys), ("PersonRecord", exams.column("person_key")))
    _derive_from_rows(assembly, "Procedure", exams, key="procedure_key")


def add_dose_events(assembly: Assembly, events: pa.Table) -> None:
    """Dose events with every report and register row they were read from."""
    keys = events.column("event_key")
    nodes = events.append_column("key", keys).append_column(
        "performed_on", events.column("started_at").cast(pa.date32())
    )
    assembly.nodes("DoseEvent", nodes, generated=True)
    _relate_known(assembly, "HAD_SUBJECT", ("DoseEvent", keys), ("PersonRecord", events.column("person_key")))
    owners: list[str] = []
    files: list[str] = []
    rows: list[int] = []
    for key, shas, numbers in rows_of(events, "event_key", "file_sha256", "row"):
        owners += [key] * len(shas)
        files += shas
        rows += numbers
    records = assembly.record_keys(files, rows)
    assembly.relate("WAS_DERIVED_FROM", ("DoseEvent", owners), ("SourceRecord", records), role=["dose"] * len(records))


def _derive_from_rows(assembly: Assembly, label: str, table: pa.Table, *, key: str) -> None:
    records = assembly.record_keys(table.column("file_sha256").to_pylist(), table.column("row").to_pylist())
    roles = ["record"] * table.num_rows
    assembly.relate("WAS_DERIVED_FROM", (label, table.column(key)), ("SourceRecord", records), role=roles)


def _relate_known(
    assembly: Assembly, edge_type: str, source: tuple[str, pa.ChunkedArray], target: tuple[str, pa.ChunkedArray]
) -> None:
    """Edges to those targets that are nodes of this run."""
    known = assembly.desired.nodes.get(target[0])
    wanted = [] if known is None else known.column("key").to_pylist()
    pairs = pa.table({"source": source[1], "target": target[1].cast(pa.string())})
    found = among(pairs, "target", wanted)
    assembly.relate(edge_type, (source[0], found.column("source")), (target[0], found.column("target")))


def _first_rows(keys: list[str]) -> list[int]:
    seen: dict[str, int] = {}
    for row, key in enumerate(keys):
        seen.setdefault(key, row)
    return list(seen.values())
