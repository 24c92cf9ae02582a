"""
The content tree of an X-ray radiation dose report (TID 10001 and 10011) read into totals and events. Pure.

Reports of CT and mammography are recognised, their own totals are told, and they are left alone: what they
state is no kerma-area product of a catheter examination.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from graph_schema.units import Quantity, convert, is_known
from provenance.dose import codes
from provenance.dose.report import (
    Found,
    Irradiation,
    IrradiationType,
    LeftAlone,
    PlaneName,
    PlaneTotals,
    Report,
    ReportKind,
)
from provenance.dose.tree import Header, Item, date_of, moment_of

__all__ = ["interpret"]

_SEX = {"M": "male", "F": "female", "O": "other"}


def interpret(root: Item, header: Header) -> Report | LeftAlone:
    """
    What the report says.

    Args:
        root: The tree below 113701.
        header: Attributes beside it.
    """
    kind = _kind(root)
    if kind is ReportKind.CT:
        return _left_ct(root, header)
    if kind is ReportKind.MAMMOGRAPHY:
        return _left_mammography(root, header)
    events = tuple(_event(item) for item in root.all(codes.EVENT))
    totals = tuple(_totals(item) for item in root.all(codes.ACCUMULATED))
    if not events and not totals:
        reason = "a dose report without totals and without irradiation events: ask the sender for it again"
        return LeftAlone(kind, reason, header.sha256, header.n_bytes, damaged=True)
    if kind is ReportKind.FLUOROSCOPY and _is_radiography(root, totals, events):
        kind = ReportKind.RADIOGRAPHY
    return _report(kind, header, totals=totals, events=events, flags=_reading_flags(root))


def _kind(root: Item) -> ReportKind:
    if root.first(codes.CT_ACCUMULATED) or root.first(codes.CT_ACQUISITION):
        return ReportKind.CT
    return codes.KIND_OF_PROCEDURE.get(root.code_of("121058") or "", ReportKind.FLUOROSCOPY)


def _is_radiography(root: Item, totals: Iterable[PlaneTotals], events: tuple[Irradiation, ...]) -> bool:
    """
    Whether single exposures were made, not an examination under fluoroscopy.

    Where the report does not name the kind of device, it takes all signs together: cine runs of a second
    report on a catheter examination are stationary acquisitions as well, but have many frames and angles.
    """
    device = codes.KIND_OF_DEVICE.get(root.code_of("122142") or "")
    if device is not None:
        return device is ReportKind.RADIOGRAPHY
    screened = any(
        found is not None and found.amount > 0 for t in totals for found in (t.kap_fluoroscopy, t.fluoroscopy_time)
    )
    return bool(events) and not screened and all(_is_single_exposure(event) for event in events)


def _is_single_exposure(event: Irradiation) -> bool:
    return (
        event.irradiation_type is IrradiationType.STATIONARY
        and (event.n_pulses or 1) <= 1
        and (event.duration_s or 0.0) < 1.0
        and event.primary_angle_deg is None
    )


def _report(
    kind: ReportKind,
    header: Header,
    *,
    totals: tuple[PlaneTotals, ...],
    events: tuple[Irradiation, ...],
    flags: tuple[str, ...],
) -> Report:
    created = moment_of(header.content_date, header.content_time or "")
    studied = moment_of(header.study_date, header.study_time or "")
    starts = [event.started_at for event in events if event.started_at]
    birth = date_of(header.birth_date)
    return Report(
        kind=kind,
        sha256=header.sha256,
        n_bytes=header.n_bytes,
        sop_uid=header.sop_uid,
        study_uid=header.study_uid,
        accession=header.accession,
        patient_id=header.patient_id,
        birth_year=birth.year if birth else None,
        sex=_SEX.get((header.sex or "").upper(), "unknown"),
        weight_kg=_positive(header.weight_kg),
        height_cm=_positive(header.height_m * 100.0 if header.height_m else None),
        manufacturer=header.manufacturer,
        model=header.model,
        station=header.station,
        serial=header.serial,
        started_at=min(starts) if starts else studied or created,
        created_at=created,
        is_complete=header.completion != "PARTIAL",
        totals=totals,
        events=events,
        flags=flags,
    )


def _totals(item: Item) -> PlaneTotals:
    frames = item.amount_of("113731")
    return PlaneTotals(
        plane=_plane(item),
        kap=_found(item, "113722", Quantity.KAP),
        kap_fluoroscopy=_found(item, "113726", Quantity.KAP),
        kap_acquisition=_found(item, "113727", Quantity.KAP),
        kerma_ref=_found(item, "113725", Quantity.AIR_KERMA),
        kerma_ref_fluoroscopy=_found(item, "113728", Quantity.AIR_KERMA),
        kerma_ref_acquisition=_found(item, "113729", Quantity.AIR_KERMA),
        fluoroscopy_time=_found(item, "113730", Quantity.TIME),
        n_frames=None if frames is None else round(frames),
    )


def _event(item: Item) -> Irradiation:
    copper, aluminium = _filters(item)
    pulses = item.amount_of("113768")
    return Irradiation(
        uid=item.text_of("113769"),
        plane=_plane(item),
        irradiation_type=codes.IRRADIATION_TYPE.get(item.code_of("113721") or "", IrradiationType.UNKNOWN),
        started_at=moment_of(item.text_of("111526")),
        kap=_found(item, "122130", Quantity.KAP),
        kerma_ref=_found(item, "113738", Quantity.AIR_KERMA),
        kvp_kv=_positive(item.amount_of("113733")),
        field_area_cm2=_converted(item.first("113790"), Quantity.AREA),
        duration_s=_converted(item.first("113742"), Quantity.TIME),
        n_pulses=None if pulses is None else round(pulses),
        primary_angle_deg=item.amount_of("112011"),
        secondary_angle_deg=item.amount_of("112012"),
        copper_mm=copper,
        aluminium_mm=aluminium,
    )


def _plane(item: Item) -> PlaneName:
    return codes.PLANES.get(item.code_of("113764") or "", PlaneName.SINGLE)


def _found(item: Item, concept: str, quantity: Quantity) -> Found | None:
    """The number with its unit; None where it is absent, empty, unreadable or below zero."""
    number = item.first(concept)
    if number is None or number.amount is None or number.amount < 0 or number.problem is not None:
        return None
    return Found(number.amount, number.unit or None, quantity)


def _converted(item: Item | None, quantity: Quantity) -> float | None:
    if item is None or item.amount is None or not is_known(item.unit, quantity):
        return None
    return _positive(convert(item.amount, item.unit, quantity))


def _positive(amount: float | None) -> float | None:
    """Makers and anonymisers write 0 for what they do not know of weights, voltages and areas."""
    return amount if amount is not None and amount > 0 else None


def _filters(event: Item) -> tuple[float | None, float | None]:
    """Thickness of all copper and of all aluminium in the beam (mm), None where there is none."""
    thickness: Counter[str] = Counter()
    for item in event.all(codes.FILTERS):
        element = codes.FILTER_ELEMENT.get(item.code_of("113757") or "")
        amounts = [amount for amount in (item.amount_of("113758"), item.amount_of("113773")) if amount is not None]
        if element and amounts:
            thickness[element] += max(amounts)  # type: ignore[assignment]
    return (thickness.get("Cu"), thickness.get("Al"))


def _reading_flags(root: Item) -> tuple[str, ...]:
    problems = {item.problem for item in root.walk() if item.problem and item.concept in _DOSE_CONCEPTS}
    flags = {f"number_{problem}" for problem in problems}
    if any(item.amount is not None and item.amount < 0 and item.concept in _DOSE_CONCEPTS for item in root.walk()):
        flags.add("number_negative")
    return tuple(sorted(flags))


_DOSE_CONCEPTS = frozenset({"113722", "113725", "113726", "113727", "113728", "113729", "122130", "113738"})


def _left_ct(root: Item, header: Header) -> LeftAlone:
    stated = []
    for item in root.all(codes.CT_ACCUMULATED):
        found = item.first("113813")
        if found is not None and found.amount is not None:
            stated.append(("dose-length product", found.amount, found.unit or "(none)"))
    n_events = sum(1 for _ in root.all(codes.CT_ACQUISITION))
    reason = "a CT dose report: dose-length products are no catheter examination"
    return LeftAlone(ReportKind.CT, reason, header.sha256, header.n_bytes, n_events=n_events, stated=tuple(stated))


def _left_mammography(root: Item, header: Header) -> LeftAlone:
    stated = []
    for item in root.all(codes.ACCUMULATED):
        for found in item.all("111637"):
            if found.amount is not None:
                side = codes.LATERALITY.get(
                    next((c.code for c in found.children if c.concept in codes.LATERAL), "") or ""
                )
                name = "mean glandular dose" if side is None else f"mean glandular dose, {side}"
                stated.append((name, found.amount, found.unit or "(none)"))
    n_events = sum(1 for _ in root.all(codes.EVENT))
    reason = "a mammography dose report: glandular doses are no catheter examination"
    return LeftAlone(
        ReportKind.MAMMOGRAPHY, reason, header.sha256, header.n_bytes, n_events=n_events, stated=tuple(stated)
    )
