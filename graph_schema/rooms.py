"""What a study knows of examination rooms, period by period; readers of records and of doses ask it alike. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator

from graph_schema.ids import Keyring
from graph_schema.units import Quantity, is_known, known_units

__all__ = ["RoomFacts", "room_name"]


class RoomFacts(BaseModel):
    """What is known of an examination room for a period; a room has an entry for each period."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hospital: str = Field(description="Name of the hospital; see `hospitals`.")
    room: str = Field(description="Name of the room as the register or the reports (station name) write it.")
    kap_unit: str | None = Field(None, description="Unit of the kerma-area product where a delivery gives none.")
    clock_offset_s: int = Field(
        0,
        description="Seconds the clock of the room's device is ahead of true local time: puts its dose reports right. "
        "A register's times are taken as local time.",
    )
    valid_from: date | None = Field(None, description="First day (inclusive); absent = from the beginning.")
    valid_to: date | None = Field(None, description="End (exclusive); absent = still valid.")

    @field_validator("kap_unit")
    @classmethod
    def _is_known(cls, given: str | None) -> str | None:
        if given is not None and not is_known(given, Quantity.KAP):
            raise ValueError(f"expected a unit of kerma-area product, one of {', '.join(known_units(Quantity.KAP))}")
        return given

    def holds(self, room: str | None, moment: date | datetime | None) -> bool:
        """Whether this is about `room` (`hospital/room`) at `moment`; an unknown time only fits an open period."""
        if room != f"{self.hospital}/{self.room}":
            return False
        if moment is None:
            return self.valid_from is None and self.valid_to is None
        day = moment.date() if isinstance(moment, datetime) else moment
        return (self.valid_from is None or day >= self.valid_from) and (self.valid_to is None or day < self.valid_to)


def room_name(delivered: str | None, *, hospital: str, named: Collection[str] | None, keyring: Keyring) -> str | None:
    """
    What a room is called from its reading on: its name where the study knows it, else a keyed one.

    Station names and register columns are free text, and a name of a person was typed into both: what neither the
    study file nor the calibration table names is nowhere repeated. Equal texts of one hospital stay equal.

    Args:
        delivered: As the register or the report writes it.
        hospital: The study's name of the hospital.
        named: `hospital/room` of the rooms the study names; None: all, for those who store nothing.
        keyring: The study's.

    >>> ring = Keyring(bytes(32))
    >>> room_name("Lab 1", hospital="north", named={"north/Lab 1"}, keyring=ring)
    'Lab 1'
    >>> room_name("Dr. Muster", hospital="north", named={"north/Lab 1"}, keyring=ring)
    'room-bc827a4e'
    """
    if delivered is None or named is None or f"{hospital}/{delivered}" in named:
        return delivered
    return f"room-{keyring.digest('room', hospital, delivered)[:8]}"
