"""
A dose report as its file tells it, before anything is keyed or stored. Pure.

`Report` holds the file's own identifiers: it lives between the reader and `keyed.keyed`, is never written
anywhere before that, and its `repr` leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from graph_schema.units import Quantity, convert, is_known

__all__ = [
    "Found",
    "Irradiation",
    "IrradiationType",
    "LeftAlone",
    "PlaneName",
    "PlaneTotals",
    "Report",
    "ReportKind",
    "amounts_of",
]


class ReportKind(Enum):
    """What a file is; the value is the word that is printed."""

    FLUOROSCOPY = "fluoroscopy dose report"
    RADIOGRAPHY = "radiography dose report"
    MAMMOGRAPHY = "mammography dose report"
    CT = "CT dose report"
    RADIOPHARMACEUTICAL = "radiopharmaceutical dose report"
    OTHER_REPORT = "structured report without radiation dose"
    IMAGE = "image"
    OTHER_DICOM = "other DICOM object"
    NOT_DICOM = "not DICOM"


class PlaneName(Enum):
    """Which X-ray tube; ALL is a total over both."""

    A = "A"
    B = "B"
    SINGLE = "single"
    ALL = "all"


class IrradiationType(Enum):
    """Kind of an irradiation event."""

    FLUOROSCOPY = "fluoroscopy"
    STATIONARY = "stationary"
    STEPPING = "stepping"
    ROTATIONAL = "rotational"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """
    A number with the unit code beside it, as found.

    `converted` is in the base unit of `quantity` (Gy cm2, mGy, ...), or None where the unit is missing or unknown.
    """

    amount: float
    unit: str | None
    quantity: Quantity

    @property
    def converted(self) -> float | None:
        """The amount in the base unit; None where the unit is missing or unknown."""
        return convert(self.amount, self.unit, self.quantity) if is_known(self.unit, self.quantity) else None

    def with_unit(self, unit: str) -> Found:
        """This amount read in another unit."""
        return replace(self, unit=unit)


@dataclass(frozen=True, slots=True)
class PlaneTotals:
    """Accumulated dose data of one plane; None is missing, which is not zero."""

    plane: PlaneName
    kap: Found | None = None
    kap_fluoroscopy: Found | None = None
    kap_acquisition: Found | None = None
    kerma_ref: Found | None = None
    kerma_ref_fluoroscopy: Found | None = None
    kerma_ref_acquisition: Found | None = None
    fluoroscopy_time: Found | None = None
    n_frames: int | None = None


@dataclass(frozen=True, slots=True)
class Irradiation:
    """One irradiation event; angles in degrees, filters in mm, field area in cm2."""

    uid: str | None = field(repr=False)
    plane: PlaneName
    irradiation_type: IrradiationType = IrradiationType.UNKNOWN
    started_at: datetime | None = None
    kap: Found | None = None
    kerma_ref: Found | None = None
    kvp_kv: float | None = None
    field_area_cm2: float | None = None
    duration_s: float | None = None
    n_pulses: int | None = None
    primary_angle_deg: float | None = None
    secondary_angle_deg: float | None = None
    copper_mm: float | None = None
    aluminium_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """
    A dose report of projection radiology.

    Identifiers are the file's own; times are local as written; weight in kg, height in cm.
    `damage` names what in the file could not be read (code `unit_unknown:KAP` and the like).
    """

    kind: ReportKind
    sha256: str
    n_bytes: int
    sop_uid: str | None = field(repr=False)
    study_uid: str | None = field(repr=False)
    accession: str | None = field(repr=False)
    patient_id: str | None = field(repr=False)
    birth_year: int | None = field(repr=False)
    sex: str
    weight_kg: float | None
    height_cm: float | None
    manufacturer: str | None
    model: str | None
    station: str | None
    serial: str | None
    started_at: datetime | None
    created_at: datetime | None
    is_complete: bool
    totals: tuple[PlaneTotals, ...]
    events: tuple[Irradiation, ...]
    flags: tuple[str, ...] = ()

    @property
    def event_uids(self) -> frozenset[str]:
        """UIDs of its irradiation events."""
        return frozenset(event.uid for event in self.events if event.uid)

    @property
    def device(self) -> str:
        """Manufacturer and model, as one text for people."""
        return " ".join(part for part in (self.manufacturer, self.model) if part) or "unnamed device"

    def found_units(self, quantity: Quantity) -> tuple[str, ...]:
        """Distinct unit codes of a quantity as they stand in the file, sorted; `(none)` where one is missing."""
        amounts = [found for total in self.totals for found in amounts_of(total)]
        amounts += [found for event in self.events for found in (event.kap, event.kerma_ref)]
        return tuple(sorted({found.unit or "(none)" for found in amounts if found and found.quantity is quantity}))


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """
    A file that gives no dose event, and why.

    `damaged` is True where something should be done about it: the file is cut off, or says it is a dose
    report and has none. `stated` are dose figures it holds all the same (name, amount, unit), for people.
    """

    kind: ReportKind
    reason: str
    sha256: str | None
    n_bytes: int
    damaged: bool = False
    n_events: int | None = None
    stated: tuple[tuple[str, float, str], ...] = ()


def amounts_of(total: PlaneTotals) -> tuple[Found | None, ...]:
    """Every amount that a total gives, parts included."""
    return (
        total.kap,
        total.kap_fluoroscopy,
        total.kap_acquisition,
        total.kerma_ref,
        total.kerma_ref_fluoroscopy,
        total.kerma_ref_acquisition,
        total.fluoroscopy_time,
    )
