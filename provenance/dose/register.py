"""
Dose registers: rows of a CSV for places that make no dose reports, one row a plane. Reads files.

A register gives a number and a unit beside it, or a number alone. What a number alone means only the study
file can say; where it does, the unit is taken from there and flagged, and where it does not, the row is
rejected: a guess of a factor of 100 would pass every check.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.delivery import Reject, TextFormat, read_text_table
from graph_schema.delivery.sheet import Sheet
from graph_schema.delivery.values import choice, decimal_number, whole_number
from graph_schema.units import Quantity, is_known, known_units
from provenance.dose.report import Found, PlaneName

__all__ = ["RegisterFile", "RegisterRow", "read_register"]

OPTIONAL = (
    "exam_id",
    "accession_number",
    "plane",
    "kap_unit",
    "kerma_ref",
    "kerma_unit",
    "fluoroscopy_time_s",
    "n_frames",
)
_PLANES = {
    "A": "A", "frontal": "A", "PA": "A", "B": "B", "lateral": "B", "LAT": "B", "single": "single", "mono": "single",
    "all": "all", "total": "all", "gesamt": "all", "A+B": "all", "AB": "all",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One row: a plane's dose of an examination, in the register's own identifiers."""

    file_sha256: str
    row: int
    exam_id: str | None = field(repr=False)
    accession: str | None = field(repr=False)
    plane: PlaneName
    kap: Found | None
    kerma_ref: Found | None
    fluoroscopy_time_s: float | None
    n_frames: int | None


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """
    A dose register, read. `n_rows == len(rows) + len(rejects)`.

    `repaired` counts values that could not be read and were left out (field, reason, number).
    """

    sha256: str
    n_bytes: int
    n_rows: int
    encoding: str
    rows: tuple[RegisterRow, ...]
    rejects: tuple[Reject, ...]
    repaired: tuple[tuple[str, str, int], ...]


def read_register(path: Path, *, format: TextFormat) -> RegisterFile:  # noqa: A002
    """
    The rows of a dose register.

    Args:
        path: CSV or Parquet with exam_id or accession_number, plane, kap, kap_unit, kerma_ref, kerma_unit,
            fluoroscopy_time_s, n_frames.
        format: What is declared about it.

    Raises:
        SourceMissing: If the file is not there.
        SourceFileError: If it cannot be read or has no column `kap`.
    """
    text = read_text_table(path, format=format, required=("kap",), optional=OPTIONAL)
    sheet = Sheet(text)
    number = decimal_number(mark=text.decimal, minimum=0.0)
    columns = {
        "exam_id": sheet.text("exam_id"),
        "accession": sheet.text("accession_number"),
        "plane": sheet.parse("plane", choice(_PLANES, wanted="plane A, B, single or all"), key=False),
        "kap": sheet.parse("kap", number),
        "kap_unit": sheet.text("kap_unit"),
        "kerma_ref": sheet.parse("kerma_ref", number),
        "kerma_unit": sheet.text("kerma_unit"),
        "fluoroscopy_time_s": sheet.parse("fluoroscopy_time_s", number),
        "n_frames": sheet.parse("n_frames", whole_number(pa.int32(), minimum=0, maximum=1_000_000)),
    }
    _reject(sheet, columns)
    table, rejects = sheet.finish(columns)
    return RegisterFile(
        sha256=text.sha256,
        n_bytes=text.n_bytes,
        n_rows=text.n_rows,
        encoding=text.encoding,
        rows=tuple(_row(values) for values in table.to_pylist()),
        rejects=tuple(rejects),
        repaired=tuple((role, why, n) for (role, why), n in sorted(sheet.repaired.items())),
    )


def _reject(sheet: Sheet, columns: dict[str, pa.Array]) -> None:
    """Rows that name no examination, and rows whose unit nobody knows."""
    exams, accessions = columns["exam_id"].to_pylist(), columns["accession"].to_pylist()
    nobody = np.array([e is None and a is None for e, a in zip(exams, accessions, strict=True)], dtype=bool)
    sheet.reject(nobody, "exam_id", "neither exam_id nor accession_number: the row belongs to nobody")
    unread = pc.and_(pc.is_valid(sheet.text("plane")), pc.is_null(columns["plane"]))
    sheet.reject(unread.to_numpy(zero_copy_only=False), "plane", "expected plane A, B, single or all")
    for role, quantity in (("kap_unit", Quantity.KAP), ("kerma_unit", Quantity.AIR_KERMA)):
        units = columns[role].to_pylist()
        known = {unit for unit in units if unit is None or is_known(unit, quantity)}
        # What was found is not repeated: in a row whose columns slipped it may be a name.
        reason = f"unit of {quantity.value} is none of {', '.join(known_units(quantity))}"
        sheet.reject(np.array([unit not in known for unit in units], dtype=bool), role, reason)


def _row(values: dict[str, object]) -> RegisterRow:
    plane = values["plane"]
    return RegisterRow(
        file_sha256=str(values["file_sha256"]),
        row=int(str(values["row"])),
        exam_id=_text(values["exam_id"]),
        accession=_text(values["accession"]),
        plane=PlaneName.ALL if plane is None else PlaneName(plane),
        kap=_found(values, "kap", "kap_unit", Quantity.KAP),
        kerma_ref=_found(values, "kerma_ref", "kerma_unit", Quantity.AIR_KERMA),
        fluoroscopy_time_s=_number(values["fluoroscopy_time_s"]),
        n_frames=None if values["n_frames"] is None else int(str(values["n_frames"])),
    )


def _found(values: dict[str, object], role: str, unit_role: str, quantity: Quantity) -> Found | None:
    amount = _number(values[role])
    return None if amount is None else Found(amount, _text(values[unit_role]), quantity)


def _text(found: object) -> str | None:
    return None if found is None else str(found)


def _number(found: object) -> float | None:
    return None if found is None else float(str(found))
