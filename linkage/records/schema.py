"""The standardised records: Arrow schemas of docs/architecture.md, and what a reader hands over. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from graph_schema.delivery import FileFacts, Reject

__all__ = [
    "COMMITMENTS", "COVERAGE", "DISPENSATIONS", "EXAMS", "FURTHER_ROWS", "OUTPATIENT_DIAGNOSES", "OUTPATIENT_SERVICES",
    "PERSONS", "PROCEDURES", "STAYS", "SUPERSEDES", "FilePart", "Records", "TableCount", "conform",
]  # fmt: skip

_LINEAGE = [("file_sha256", pa.string()), ("row", pa.int64())]
_DAY, _TIME, _TEXT = pa.date32(), pa.timestamp("s"), pa.string()

PERSONS = pa.schema(
    [("person_key", _TEXT), ("source", _TEXT), ("birth_year", pa.int16()), ("sex", _TEXT), ("region", _TEXT), *_LINEAGE]
)
COVERAGE = pa.schema(
    [("person_key", _TEXT), ("insurer_key", _TEXT), ("start", _DAY), ("end", _DAY), ("end_reason", _TEXT), *_LINEAGE]
)
STAYS = pa.schema(
    [
        ("stay_key", _TEXT),
        ("person_key", _TEXT),
        ("side", _TEXT),
        ("source", _TEXT),
        ("hospital", _TEXT),
        ("admitted_on", _DAY),
        ("discharged_on", _DAY),
        ("admitted_at", _TIME),
        ("discharged_at", _TIME),
        ("birth_year", pa.int16()),
        ("birth_month", pa.int8()),
        ("sex", _TEXT),
        ("region", _TEXT),
        ("insurer_key", _TEXT),
        ("weight_g", pa.int32()),
        ("icd_main", _TEXT),
        ("icd", pa.list_(_TEXT)),
        ("ops", pa.list_(_TEXT)),
        ("ops_on", pa.list_(_DAY)),
        ("code_year", pa.int16()),
        ("merged", pa.bool_()),
        ("admission_reason", _TEXT),
        ("discharge_reason", _TEXT),
        *_LINEAGE,
    ]
)
PROCEDURES = pa.schema(
    [
        ("procedure_key", _TEXT),
        ("stay_key", _TEXT),
        ("person_key", _TEXT),
        ("side", _TEXT),
        ("ops_code", _TEXT),
        ("ops_year", pa.int16()),
        ("performed_on", _DAY),
        *_LINEAGE,
    ]
)
EXAMS = pa.schema(
    [
        ("procedure_key", _TEXT),
        ("person_key", _TEXT),
        ("stay_key", _TEXT),
        ("source", _TEXT),
        ("hospital", _TEXT),
        ("room", _TEXT),
        ("started_at", _TIME),
        ("procedure_group", _TEXT),
        ("ops_code", _TEXT),
        ("weight_kg", pa.float64()),
        ("height_cm", pa.float64()),
        ("kap_gycm2", pa.float64()),
        ("kap_unit_as_found", _TEXT),
        ("fluoroscopy_time_s", pa.float64()),
        ("n_frames", pa.int32()),
        ("exam_key", _TEXT),
        ("accession_key", _TEXT),
        ("study_key", _TEXT),
        *_LINEAGE,
    ]
)
OUTPATIENT_DIAGNOSES = pa.schema(
    [
        ("person_key", _TEXT),
        ("quarter", _TEXT),
        ("icd", _TEXT),
        ("icd_year", pa.int16()),
        ("certainty", _TEXT),
        *_LINEAGE,
    ]
)
OUTPATIENT_SERVICES = pa.schema(
    [("person_key", _TEXT), ("performed_on", _DAY), ("ebm", _TEXT), ("n_services", pa.int32()), *_LINEAGE]
)
DISPENSATIONS = pa.schema(
    [("person_key", _TEXT), ("dispensed_on", _DAY), ("atc", _TEXT), ("ddd", pa.float64()), *_LINEAGE]
)
FURTHER_ROWS = pa.schema([("parent_key", _TEXT), *_LINEAGE])
SUPERSEDES = pa.schema([*_LINEAGE, ("old_file_sha256", _TEXT), ("old_row", pa.int64())])
COMMITMENTS = pa.schema([*_LINEAGE, ("record_type", _TEXT), ("commitment", _TEXT)])


@dataclass(frozen=True, slots=True)
class TableCount:
    """
    Where the delivered records of one table went: `delivered` is the sum of all the others.

    `repeated` are records delivered again unchanged, `superseded` those that a later file corrects.
    """

    delivered: int
    used: int
    rejected: int
    repeated: int = 0
    superseded: int = 0


@dataclass(frozen=True, slots=True)
class FilePart:
    """
    One file, parsed and keyed on its own: a function of the file, its declaration, the key and the day.

    Attributes:
        kind: Table it holds.
        table: Keyed, typed columns; no identifier as delivered.
        rejects: Records of the file that cannot be used.
        facts: For the report.
        repaired: `field: reason` to the number of values set to null or put right.
    """

    kind: str
    table: pa.Table
    rejects: Sequence[Reject]
    facts: FileFacts
    repaired: Mapping[str, int]

    def notes(self) -> dict[str, Any]:
        """Everything but the table, as JSON values: what a cache keeps beside the table's block."""
        return {
            "kind": self.kind,
            "rejects": [[reject.row, reject.field, reject.reason] for reject in self.rejects],
            "facts": asdict(self.facts),
            "repaired": dict(self.repaired),
        }

    @classmethod
    def restored(cls, table: pa.Table, notes: Mapping[str, Any]) -> FilePart:
        """The part that `notes` and its table were made of."""
        facts = FileFacts(**notes["facts"])
        rejects = [Reject(facts.sha256, row, name, reason) for row, name, reason in notes["rejects"]]
        return cls(notes["kind"], table, rejects, facts, dict(notes["repaired"]))


@dataclass(frozen=True, slots=True)
class Records:
    """
    What a reader hands over for one source.

    Attributes:
        tables: `persons`, `coverage`, `stays`, ... in the schemas above. `further_rows` (FURTHER_ROWS) names the
            first row of each other file that tells of a stay or person: its codes, its patient number, its coverage.
        rejects: Every record that is not used, with why; in order of file and row.
        files: Facts of every file, their `n_rejected` counting the rejects of all steps.
        supersedes: Records that a later file corrected (SUPERSEDES).
        commitments: Records the graph can rest on, superseded ones among them (COMMITMENTS).
        counts: Table to where its delivered records went.
        notes: What was repaired or looks odd, counted.
        not_persons: Person keys of patient numbers that stand for nobody in particular; where an
            examination or a dose report bears one, it says nothing about whose it is.
    """

    tables: Mapping[str, pa.Table]
    rejects: Sequence[Reject]
    files: Sequence[FileFacts]
    supersedes: pa.Table
    commitments: pa.Table
    counts: Mapping[str, TableCount] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    not_persons: tuple[str, ...] = ()


def conform(columns: Mapping[str, Any] | pa.Table, schema: pa.Schema) -> pa.Table:
    """A table of exactly `schema`: columns chosen, ordered and cast; missing ones are null."""
    names = set(columns.column_names) if isinstance(columns, pa.Table) else set(columns)
    n_rows = columns.num_rows if isinstance(columns, pa.Table) else len(next(iter(columns.values())))
    made = [columns[f.name].cast(f.type) if f.name in names else pa.nulls(n_rows, f.type) for f in schema]
    return pa.table(made, schema=schema)
