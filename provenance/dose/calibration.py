"""
KAP-meter calibration factors by room and period, and what is assumed where there is none. Reads files.

The factor in a report's calibration block is not one: makers write 1 there (in every public example), so it
is never used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from graph_schema.delivery import TextFormat, read_text_table
from graph_schema.delivery.sheet import Sheet
from graph_schema.delivery.values import day, decimal_number
from graph_schema.errors import SourceFileError
from provenance.dose.settings import DoseSettings

__all__ = ["Calibration", "assumed_calibration", "calibration_at", "read_calibrations"]

_FAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    True over displayed kerma-area product of a room for a period; fields as in `nodes.CalibrationFactor`.

    Attributes:
        calibration_id: Names it in tables, and names the stream its shared error is drawn from.
        room: `hospital/room`.
        factor: Factor (1).
        gsd: Geometric standard deviation of the factor (1).
        valid_from: First day (inclusive); None: from the beginning.
        valid_to: End (exclusive); None: still valid.
        source: Who measured it, or that it was assumed.
    """

    calibration_id: str
    room: str
    factor: float
    gsd: float
    valid_from: date | None
    valid_to: date | None
    source: str

    def holds(self, room: str, on: date | None) -> bool:
        """Whether it is the factor of `room` on that day; an unknown day only fits an open period."""
        if room != self.room:
            return False
        if on is None:
            return self.valid_from is None and self.valid_to is None
        return (self.valid_from is None or on >= self.valid_from) and (self.valid_to is None or on < self.valid_to)


def calibration_at(calibrations: Sequence[Calibration], room: str | None, on: date | None) -> Calibration | None:
    """The factor that holds for a room on a day; None where none was measured."""
    return None if room is None else next((one for one in calibrations if one.holds(room, on)), None)


def assumed_calibration(room: str, settings: DoseSettings) -> Calibration:
    """What is assumed of a room that has no factor of its own: one unknown factor for all its time."""
    return Calibration(
        calibration_id=f"assumed/{room}",
        room=room,
        factor=settings.default_calibration,
        gsd=settings.default_calibration_gsd,
        valid_from=None,
        valid_to=None,
        source="assumed (dose settings): no calibration was delivered for this room and time",
    )


def read_calibrations(path: Path, *, format: TextFormat | None = None) -> tuple[Calibration, ...]:  # noqa: A002
    """
    Calibration factors: hospital, room, valid_from, valid_to, factor, gsd, source; sorted by room and period.

    Raises:
        SourceMissing: If the file is not there.
        SourceFileError: If a row is wrong, or two periods of a room overlap. Nothing is left out silently.
    """
    required = ("hospital", "room", "factor", "gsd")
    text = read_text_table(
        path, format=format or TextFormat(), required=required, optional=("valid_from", "valid_to", "source")
    )
    sheet = Sheet(text)
    columns: dict[str, pa.Array] = {name: sheet.text(name, key=True) for name in ("hospital", "room")}
    columns["factor"] = sheet.parse("factor", decimal_number(mark=text.decimal, minimum=0.05, maximum=5.0), key=True)
    columns["gsd"] = sheet.parse("gsd", decimal_number(mark=text.decimal, minimum=1.0, maximum=5.0), key=True)
    columns |= {name: sheet.parse(name, day(today=_FAR)) for name in ("valid_from", "valid_to")}
    columns["source"] = sheet.text("source")
    table, rejects = sheet.finish(columns)
    if rejects:
        first = rejects[0]
        raise SourceFileError(path, f"a calibration factor: {first.reason}", row=first.row, field=first.field)
    for (role, why), n in sheet.repaired.items():
        if n:
            raise SourceFileError(path, f"days: {why}", field=role)
    found = [_calibration(row) for row in table.to_pylist()]
    found.sort(key=lambda one: (one.room, one.valid_from or date.min))
    _check_periods(path, found)
    return tuple(found)


def _calibration(row: dict[str, object]) -> Calibration:
    room = f"{row['hospital']}/{row['room']}"
    valid_from, valid_to = row["valid_from"], row["valid_to"]
    return Calibration(
        calibration_id=f"{room}/{valid_from or ''}/{valid_to or ''}",
        room=room,
        factor=float(str(row["factor"])),
        gsd=float(str(row["gsd"])),
        valid_from=valid_from if isinstance(valid_from, date) else None,
        valid_to=valid_to if isinstance(valid_to, date) else None,
        source=str(row["source"] or "not stated"),
    )


def _check_periods(path: Path, found: Sequence[Calibration]) -> None:
    for before, after in pairwise(found):
        if before.room == after.room and (before.valid_to or _FAR) > (after.valid_from or date.min):
            raise SourceFileError(path, f"one factor at a time; two periods of room {after.room!r} overlap")
