"""
What a delivered file holds, in counts: missing, distinct, units. Reads files.

No value of a column is given away, no smallest and no largest one; only the spellings of units are shown, and
those that are no unit of dose are counted together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow.compute as pc

from graph_schema.delivery import DeclaredFile, FileFacts, Reject, TextTable
from graph_schema.units import Quantity, is_known
from linkage.records.reading import Roles

__all__ = ["ColumnProfile", "FileProfile", "count_reasons", "profile_file"]

_UNITS = {"kap_unit": Quantity.KAP, "kerma_unit": Quantity.AIR_KERMA}


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of a file: its header, how many values are missing and how many are distinct."""

    role: str
    header: str
    n_missing: int
    n_distinct: int


@dataclass(frozen=True, slots=True)
class FileProfile:
    """
    One file.

    Attributes:
        name: Its name, or its source and digest where the study file does not spell it out.
        table: What it holds.
        encoding: As detected or declared; `parquet` for Parquet.
        separator: As detected or declared.
        n_rows: Records delivered.
        rejected: `field: reason` to the records that cannot be used for it.
        repaired: `field: reason` to the values that are set to null or put right.
        columns: Columns found.
        absent: Optional roles that the file has no column for.
        units: Unit as found to the number of rows with it.
    """

    name: str
    table: str
    encoding: str
    separator: str
    n_bytes: int
    n_rows: int
    rejected: Mapping[str, int]
    repaired: Mapping[str, int]
    columns: Sequence[ColumnProfile]
    absent: Sequence[str]
    units: Mapping[str, int] = field(default_factory=dict)


def profile_file(
    file: DeclaredFile,
    roles: Roles,
    *,
    facts: FileFacts,
    rejects: Sequence[Reject],
    repaired: Mapping[str, int],
) -> FileProfile:
    """
    The profile of one file.

    Args:
        file: The file as declared.
        roles: Its columns.
        facts: What reading it found.
        rejects: Rejects of the whole source; those of this file are counted.
        repaired: What reading it put right.

    Raises:
        SourceMissing, SourceFileError: If the file is not there or not what was declared.
    """
    text = roles.open(file)
    return FileProfile(
        name=facts.name,
        table=file.table,
        encoding=text.encoding,
        separator={"\t": "tab"}.get(text.separator, text.separator),
        n_bytes=text.n_bytes,
        n_rows=text.n_rows,
        rejected=count_reasons(reject for reject in rejects if reject.file_sha256 == text.sha256),
        repaired=dict(repaired),
        columns=_columns(text, roles, file),
        absent=[role for role in roles.all if not text.has(role)],
        units=_units(text),
    )


def count_reasons(rejects: Iterable[Reject]) -> dict[str, int]:
    """`field: reason` to how often it was given, most frequent first."""
    found: Counter[str] = Counter()
    for reject in rejects:
        found[f"{reject.field}: {reject.reason}" if reject.field else reject.reason] += 1
    return dict(found.most_common())


def _columns(text: TextTable, roles: Roles, file: DeclaredFile) -> list[ColumnProfile]:
    declared = file.format.with_default_columns(dict(roles.headers))
    return [
        ColumnProfile(
            role, declared.header(role), text.table[role].null_count, pc.count_distinct(text.table[role]).as_py()
        )
        for role in roles.all
        if text.has(role)
    ]


def _units(text: TextTable) -> dict[str, int]:
    found: Counter[str] = Counter()
    for role, quantity in _UNITS.items():
        if not text.has(role):
            continue
        for pair in pc.value_counts(text.table[role]).to_pylist():
            unit = pair["values"]
            shown = "none" if unit is None else unit if is_known(unit, quantity) else "not a unit we know"
            found[f"{role}: {shown}"] += pair["counts"]
    return dict(found.most_common())
