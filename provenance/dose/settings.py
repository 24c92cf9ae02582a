"""What is set and known about doses: plausibility limits, rooms, uncertainty. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from graph_schema.rooms import RoomFacts
from provenance.dose.flags import FLAGS

__all__ = ["ORGANS", "DoseLimits", "DoseSettings", "Organ", "declared_unit", "true_time"]

Organ = Literal["active_marrow", "lung", "breast", "oesophagus", "thyroid", "heart"]
ORGANS: tuple[Organ, ...] = ("active_marrow", "lung", "breast", "oesophagus", "thyroid", "heart")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DoseLimits(_Frozen):
    """Limits of belief. What is outside is flagged and kept, never dropped."""

    total_tolerance: float = Field(
        0.05, description="Share by which a stated total may differ from its parts or its events (1).", gt=0, lt=1
    )
    field_area_low_cm2: float = Field(
        2.0, description="Smallest field area at the reference point, KAP over K_ref, of a plane (cm2).", gt=0
    )
    field_area_high_cm2: float = Field(
        600.0, description="Largest field area at the reference point (cm2); 639 real events: 0.5-506.", gt=0
    )
    judged_from_gycm2: float = Field(
        0.002, description="Events below this kerma-area product are rounding: not judged (Gy cm2).", ge=0
    )
    kap_per_kg_low: float = Field(
        0.0002, description="Smallest kerma-area product by body weight that is believed (Gy cm2/kg).", ge=0
    )
    kap_per_kg_high: float = Field(
        6.0,
        description="Largest kerma-area product by body weight (Gy cm2/kg): five times the 90th percentile of "
        "German interventions, Onnasch 2007.",
        gt=0,
    )
    room_ratio: float = Field(
        5.0, description="Factor by which an exam's field area may differ from its room's median (1).", gt=1
    )
    room_min_exams: int = Field(8, description="Exams a room needs before its median is used.", ge=3)
    weight_low_kg: float = Field(0.3, description="Smallest body weight that is believed (kg).", gt=0)
    weight_high_kg: float = Field(250.0, description="Largest body weight that is believed (kg).", gt=0)


def declared_unit(rooms: Sequence[RoomFacts], room: str | None, moment: datetime | None) -> str | None:
    """The unit of a kerma-area product that `room` means where it gives none; None where nobody knows."""
    return next((facts.kap_unit for facts in rooms if facts.kap_unit and facts.holds(room, moment)), None)


def true_time(rooms: Sequence[RoomFacts], room: str | None, moment: datetime | None) -> datetime | None:
    """Local time of what the clock of `room` showed; the period is looked up by the clock's own date."""
    if moment is None:
        return None
    return moment - timedelta(seconds=next((f.clock_offset_s for f in rooms if f.holds(room, moment)), 0))


class DoseSettings(_Frozen):
    """Everything that a derivation of organ doses needs to be repeated, besides its inputs."""

    organs: tuple[Organ, ...] = Field(ORGANS, description="Organs to derive, in this order.", min_length=1)
    n_realisations: int = Field(300, description="Realisations: one is one draw of all shared errors.", ge=2, le=5000)
    default_calibration: float = Field(
        0.6,
        description="True over displayed KAP of rooms without a measured factor (1): middle of 0.4-0.9, "
        "the factors found in SENTINEL with table and mattress (Padovani 2008).",
        gt=0,
        le=3,
    )
    default_calibration_gsd: float = Field(
        1.25, description="Geometric SD of that assumed factor, shared by room (1): the same range read as 95 %.", ge=1
    )
    protocol_gsd: float = Field(
        1.15, description="Geometric SD of geometry and filtration the table assumes, shared by hospital and era (1).",
        ge=1,
    )  # fmt: skip
    era_years: int = Field(5, description="Length of an era over which protocol assumptions are shared (years).", ge=1)
    organ_correlation: float = Field(
        0.8, description="Correlation between organs of the coefficient table's shared error (1).", ge=0, le=1
    )
    anatomy_gsd: float = Field(1.2, description="Geometric SD of a person's anatomy against the phantom (1).", ge=1)
    event_gsd: float = Field(1.15, description="Geometric SD of one exam: beam position, rounding (1).", ge=1)
    age_band_gsd: float = Field(
        1.25, description="Further geometric SD of an exam whose weight is unknown, so that age stands in (1).", ge=1
    )
    withheld_flags: tuple[str, ...] = Field(
        ("field_area_implausible", "kap_per_weight_implausible"),
        description="Events with one of these flags have no dose: their kerma-area product may be off by a factor of "
        "ten or a hundred, and missing is better than that. Take a flag out once a dosimetrist has looked.",
    )
    memory_budget_mb: int = Field(4096, description="Largest size of the realisations of one derivation (MB).", ge=1)
    limits: DoseLimits = Field(default_factory=DoseLimits, description="Limits of belief.")

    @field_validator("withheld_flags")
    @classmethod
    def _are_flags(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(given) - set(FLAGS))
        if unknown:
            raise ValueError(f"unknown flag {unknown[0]!r}: expected some of {', '.join(sorted(FLAGS))}")
        return tuple(sorted(given))
