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

__all__ = ["ExamDose", "distinct_events", "event_flags", "sum_reports"]


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
    parts = (
        [_plane_doses((), events, limits)]
        if overlapping
        else [_plane_doses(report.totals, distinct_events([report]), limits) for report in reports]
    )
    doses = list(chain.from_iterable(parts))
    planes = sorted({dose.plane for dose in doses}, key=lambda plane: plane.value)
    flags = set(chain.from_iterable(dose.flags for dose in doses)) | {f for r in reports for f in r.flags}
    kap, more = _over_planes(doses)
    units = sorted({unit for report in reports for unit in report.found_units(Quantity.KAP)})
    return ExamDose(
        kap_gycm2=kap,
        kap_a_gycm2=_add(dose.kap_gycm2 for dose in doses if dose.plane is PlaneName.A),
        kap_b_gycm2=_add(dose.kap_gycm2 for dose in doses if dose.plane is PlaneName.B),
        kap_basis=_basis(doses, kap),
        kap_unit_as_found=", ".join(units) or None,
        kerma_ref_mgy=_add(dose.kerma_ref_mgy for dose in _counted(doses)),
        fluoroscopy_time_s=_add(_time(total) for report in reports for total in _counted_totals(report.totals)),
        n_frames=_add_int(total.n_frames for report in reports for total in _counted_totals(report.totals)),
        n_irradiation_events=len(events),
        planes=tuple(plane.value for plane in planes),
        flags=tuple(sorted(flags | more | _unit_flags(reports))),
    )


def distinct_events(reports: Iterable[Report]) -> tuple[Irradiation, ...]:
    """Events of all reports, each UID once; an event without UID cannot be told from another and is kept."""
    seen: dict[object, Irradiation] = {}
    for number, event in enumerate(chain.from_iterable(report.events for report in reports)):
        seen.setdefault(event.uid or number, event)
    return tuple(seen.values())


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


def _plane_doses(totals: Sequence[PlaneTotals], events: Sequence[Irradiation], limits: DoseLimits) -> list[_PlaneDose]:
    planes = list(dict.fromkeys([t.plane for t in totals] + [e.plane for e in events]))
    return [_plane_dose(plane, totals, events, limits) for plane in planes]


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
    kap, basis = (summed, "event_sum") if not stated and summed else (stated, "stated_total")
    kerma = _kerma(own_totals, own_events)
    if kap is not None and not _area_is_plausible(kap, kerma, limits):
        flags.add("field_area_implausible")
    return _PlaneDose(plane, kap, basis if kap is not None else "missing", kerma, frozenset(flags))


def _kerma(totals: Sequence[PlaneTotals], events: Sequence[Irradiation]) -> float | None:
    stated = _largest(total.kerma_ref for total in totals)
    return stated or _add(event.kerma_ref.converted for event in events if event.kerma_ref) or stated


def _over_planes(doses: Sequence[_PlaneDose]) -> tuple[float | None, set[str]]:
    """Total over planes, and what is missing of it."""
    known = {dose.plane for dose in doses if dose.kap_gycm2 is not None}
    total = _add(dose.kap_gycm2 for dose in _counted(doses))
    if total is None:
        return None, {"kap_missing"} | _missing_planes(known, doses)
    return total, set() if PlaneName.ALL in known else _missing_planes(known, doses)


def _missing_planes(known: set[PlaneName], doses: Sequence[_PlaneDose]) -> set[str]:
    """A room that names its planes has two: of a report with one of them, the other one is missing."""
    named = {dose.plane for dose in doses}
    if not named & {PlaneName.A, PlaneName.B}:
        return set()
    missing = {PlaneName.A: "plane_a_missing", PlaneName.B: "plane_b_missing"}
    return {flag for plane, flag in missing.items() if plane not in known}


def _counted(doses: Sequence[_PlaneDose]) -> list[_PlaneDose]:
    """The plane doses that add up to the total: the single planes, or the total over all where one is missing."""
    single = [dose for dose in doses if dose.plane is not PlaneName.ALL]
    over_all = [dose for dose in doses if dose.plane is PlaneName.ALL and dose.kap_gycm2 is not None]
    return over_all if over_all else single


def _counted_totals(totals: Sequence[PlaneTotals]) -> list[PlaneTotals]:
    over_all = [total for total in totals if total.plane is PlaneName.ALL]
    return over_all if over_all else list(totals)


def _basis(doses: Sequence[_PlaneDose], kap: float | None) -> str:
    if kap is None:
        return "missing"
    used = {dose.basis for dose in _counted(doses)} - {"missing"}
    return "event_sum" if "event_sum" in used else "stated_total"


def _unit_flags(reports: Iterable[Report]) -> set[str]:
    found = [x for r in reports for t in r.totals for x in (t.kap, t.kerma_ref) if x is not None]
    found += [x for r in reports for e in r.events for x in (e.kap, e.kerma_ref) if x is not None]
    flags = {"unit_missing" if x.unit is None else "unit_unknown" for x in found if x.converted is None}
    return flags


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
    """KAP over K_ref is the field area at the reference point: a wrong unit of one of the two moves it by 10 or more."""
    if not kerma_ref_mgy or kap_gycm2 < limits.judged_from_gycm2:
        return True
    return limits.field_area_low_cm2 <= kap_gycm2 / (kerma_ref_mgy / 1000.0) <= limits.field_area_high_cm2


def _largest(found: Iterable[Found | None]) -> float | None:
    amounts = [x.converted for x in found if x is not None]
    return max((amount for amount in amounts if amount is not None), default=None)


def _add(amounts: Iterable[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _add_int(amounts: Iterable[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
