"""
The dose of one examination out of its reports: which figure is used, what is doubtful. Pure.

The stated total of a plane is used where there is one, else the sum of its events; both are compared. Real
systems state more than their events add up to (0-16 % in public examples), so neither is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from graph_schema.units import Quantity
from provenance.dose.report import Found, Irradiation, PlaneName, PlaneTotals, Report
from provenance.dose.settings import DoseLimits

__all__ = ["ExamDose", "area_flags", "distinct_events", "event_flags", "sum_reports", "weight_flags"]


@dataclass(frozen=True, slots=True)
class ExamDose:
    """One examination: Gy cm2, mGy, s; None is missing, which is not zero."""

    kap_gycm2: float | None
    kap_a_gycm2: float | None
    kap_b_gycm2: float | None
    kap_basis: str
    kap_unit_as_found: str | None
    kerma_ref_mgy: float | None
    fluoroscopy_time_s: float | None
    n_frames: int | None
    n_irradiation_events: int
    planes: tuple[str, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _PlaneDose:
    plane: PlaneName
    kap_gycm2: float | None
    basis: str
    kerma_ref_mgy: float | None
    flags: frozenset[str]


def sum_reports(reports: Sequence[Report], limits: DoseLimits, *, overlapping: bool = False) -> ExamDose:
    """
    The dose of an examination.

    Args:
        reports: What `identity.distinct_reports` kept: reports that add up.
        limits: Limits of belief.
        overlapping: The reports share some but not all events, so that only events can be added.
    """
    events = distinct_events(reports)
    if overlapping:
        parts = [_Part.of((), events, limits)]
    else:
        parts = [_Part.of(report.totals, distinct_events([report]), limits) for report in reports]
    doses = [dose for part in parts for dose in part.doses]
    totals = [total for report in reports for total in _counted_totals(report.totals)]
    kap = _add(part.kap_gycm2 for part in parts)
    units = sorted({unit for report in reports for unit in report.found_units(Quantity.KAP)})
    return ExamDose(
        kap_gycm2=kap,
        kap_a_gycm2=_add(dose.kap_gycm2 for dose in doses if dose.plane is PlaneName.A),
        kap_b_gycm2=_add(dose.kap_gycm2 for dose in doses if dose.plane is PlaneName.B),
        kap_basis="missing" if kap is None else min(part.basis for part in parts if part.kap_gycm2 is not None),
        kap_unit_as_found=", ".join(units) or None,
        kerma_ref_mgy=_add(part.kerma_ref_mgy for part in parts),
        fluoroscopy_time_s=_add(total.fluoroscopy_time.converted for total in totals if total.fluoroscopy_time),
        n_frames=_whole(_add(total.n_frames for total in totals)),
        n_irradiation_events=len(events),
        planes=tuple(sorted({dose.plane.value for dose in doses if dose.kap_gycm2 is not None})),
        flags=tuple(sorted(_all_flags(reports, parts))),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One report's share: its planes, and what they add up to."""

    doses: tuple[_PlaneDose, ...]
    kap_gycm2: float | None
    kerma_ref_mgy: float | None
    basis: str

    @classmethod
    def of(cls, totals: Sequence[PlaneTotals], events: Sequence[Irradiation], limits: DoseLimits) -> _Part:
        planes = dict.fromkeys([total.plane for total in totals] + [event.plane for event in events])
        doses = tuple(_plane_dose(plane, totals, events, limits) for plane in planes)
        over_all = [dose for dose in doses if dose.plane is PlaneName.ALL and dose.kap_gycm2 is not None]
        counted = over_all or [dose for dose in doses if dose.plane is not PlaneName.ALL]
        known = [dose for dose in counted if dose.kap_gycm2 is not None]
        return cls(
            doses=doses,
            kap_gycm2=_add(dose.kap_gycm2 for dose in known),
            kerma_ref_mgy=_add(dose.kerma_ref_mgy for dose in counted),
            basis=min((dose.basis for dose in known), default="missing"),
        )

    def flags(self) -> set[str]:
        """A room that names its planes has two: of a report with one of them, the other one is missing."""
        found = set(chain.from_iterable(dose.flags for dose in self.doses))
        known = {dose.plane for dose in self.doses if dose.kap_gycm2 is not None}
        named = {dose.plane for dose in self.doses} & {PlaneName.A, PlaneName.B}
        if named and PlaneName.ALL not in known:
            found |= {
                f"plane_{plane.value.lower()}_missing" for plane in (PlaneName.A, PlaneName.B) if plane not in known
            }
        return found


def _all_flags(reports: Sequence[Report], parts: Sequence[_Part]) -> set[str]:
    flags = set(chain.from_iterable(part.flags() for part in parts)) | {flag for r in reports for flag in r.flags}
    found = [x for r in reports for t in r.totals for x in (t.kap, t.kerma_ref) if x is not None]
    found += [x for r in reports for e in r.events for x in (e.kap, e.kerma_ref) if x is not None]
    flags |= {"unit_missing" if x.unit is None else "unit_unknown" for x in found if x.converted is None}
    missing = [part for part in parts if part.kap_gycm2 is None]
    if missing:
        flags.add("kap_missing" if len(missing) == len(parts) else "report_without_kap")
    return flags


def distinct_events(reports: Iterable[Report]) -> tuple[Irradiation, ...]:
    """Events of all reports, each UID once; an event without UID cannot be told from another and is kept."""
    seen: dict[object, Irradiation] = {}
    for number, event in enumerate(chain.from_iterable(report.events for report in reports)):
        seen.setdefault(event.uid or number, event)
    return tuple(seen.values())


def weight_flags(kap_gycm2: float | None, weight_kg: float | None, limits: DoseLimits) -> tuple[str, ...]:
    """Whether a kerma-area product is believed of a child of this weight; of unknown weight, of the heaviest."""
    if not kap_gycm2:
        return ()
    too_much = kap_gycm2 > limits.kap_per_kg_high * (weight_kg or limits.weight_high_kg)
    too_little = weight_kg is not None and kap_gycm2 < limits.kap_per_kg_low * weight_kg
    return ("kap_per_weight_implausible",) if too_much or too_little else ()


def area_flags(kap_gycm2: float | None, kerma_ref_mgy: float | None, limits: DoseLimits) -> tuple[str, ...]:
    """Whether a kerma-area product from one source and the reference kerma of another can be of one examination."""
    if kap_gycm2 is None or _area_is_plausible(kap_gycm2, kerma_ref_mgy, limits):
        return ()
    return ("field_area_implausible",)


def event_flags(event: Irradiation, limits: DoseLimits) -> tuple[str, ...]:
    """What is doubtful about one irradiation event."""
    flags = []
    kap = event.kap.converted if event.kap else None
    kerma = event.kerma_ref.converted if event.kerma_ref else None
    if kap is None:
        flags.append("kap_missing")
    elif not _area_is_plausible(kap, kerma, limits):
        flags.append("field_area_implausible")
    return tuple(flags)


def _plane_dose(
    plane: PlaneName, totals: Sequence[PlaneTotals], events: Sequence[Irradiation], limits: DoseLimits
) -> _PlaneDose:
    flags: set[str] = set()
    own_totals = [total for total in totals if total.plane is plane]
    own_events = [event for event in events if plane is PlaneName.ALL or event.plane is plane]
    stated = _largest(total.kap for total in own_totals)
    summed = _add(event.kap.converted for event in own_events if event.kap)
    if any(event.kap is None or event.kap.converted is None for event in own_events):
        flags.add("events_without_kap")
    if stated is not None and summed is not None and _differs(stated, summed, limits):
        flags.add("total_differs_from_sum")
    if any(_parts_differ(total, limits) for total in own_totals):
        flags.add("parts_differ_from_total")
    if stated == 0.0 and not own_events and plane in (PlaneName.A, PlaneName.B):
        stated = None  # a plane that was not used and a plane that was not recorded look the same
    kap, basis = (summed, "event_sum") if not stated and summed else (stated, "stated_total")
    kerma = _kerma(own_totals, own_events)
    if kap == 0.0 and (kerma or own_events or any(_time(total) or total.n_frames for total in own_totals)):
        kap = None  # rounded away, or never measured: nobody can tell, but there was radiation
        flags.add("kap_zero_despite_irradiation")
    if kap is not None and not _area_is_plausible(kap, kerma, limits):
        flags.add("field_area_implausible")
    return _PlaneDose(plane, kap, basis if kap is not None else "missing", kerma, frozenset(flags))


def _kerma(totals: Sequence[PlaneTotals], events: Sequence[Irradiation]) -> float | None:
    stated = _largest(total.kerma_ref for total in totals)
    return stated or _add(event.kerma_ref.converted for event in events if event.kerma_ref) or stated


def _counted_totals(totals: Sequence[PlaneTotals]) -> list[PlaneTotals]:
    over_all = [total for total in totals if total.plane is PlaneName.ALL]
    return over_all or list(totals)


def _time(total: PlaneTotals) -> float | None:
    return total.fluoroscopy_time.converted if total.fluoroscopy_time else None


def _parts_differ(total: PlaneTotals, limits: DoseLimits) -> bool:
    whole = total.kap.converted if total.kap else None
    parts = [x.converted for x in (total.kap_fluoroscopy, total.kap_acquisition) if x is not None]
    if whole is None or len(parts) < 2 or None in parts:
        return False
    return _differs(whole, sum(part for part in parts if part is not None), limits)


def _differs(whole: float, parts: float, limits: DoseLimits) -> bool:
    return abs(whole - parts) > limits.total_tolerance * max(whole, parts)


def _area_is_plausible(kap_gycm2: float, kerma_ref_mgy: float | None, limits: DoseLimits) -> bool:
    """KAP over K_ref is the field area at the reference point: a wrong unit of one of them moves it by 10 or more."""
    if not kerma_ref_mgy or kap_gycm2 < limits.judged_from_gycm2:
        return True
    return limits.field_area_low_cm2 <= kap_gycm2 / (kerma_ref_mgy / 1000.0) <= limits.field_area_high_cm2


def _largest(found: Iterable[Found | None]) -> float | None:
    amounts = [x.converted for x in found if x is not None]
    return max((amount for amount in amounts if amount is not None), default=None)


def _add(amounts: Iterable[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _whole(amount: float | None) -> int | None:
    return None if amount is None else round(amount)
