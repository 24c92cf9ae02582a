"""
One examination's row of the dose event table, out of its reports and register rows. Pure.

The report is preferred; the register's row is kept as a source, and feeds the dose only where no report does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from graph_schema.units import Quantity
from provenance.dose.identity import distinct_reports
from provenance.dose.keyed import KeyedReport
from provenance.dose.register import RegisterRow
from provenance.dose.report import Found, PlaneName, PlaneTotals, Report, ReportKind
from provenance.dose.settings import DoseLimits
from provenance.dose.totals import ExamDose, area_flags, sum_reports

__all__ = ["Exam", "register_dose", "report_dose", "with_register", "with_unit"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exam:
    """What is known of one examination."""

    dose: ExamDose
    reports: tuple[Report, ...]
    sources: tuple[tuple[str, int], ...]
    started_at: datetime | None = None
    weight_kg: float | None = None
    birth_year: int | None = field(default=None, repr=False)
    sex: str = "unknown"
    person_key: str | None = None
    accession_key: str | None = None


def with_unit(report: Report, unit: str) -> Report:
    """The report with `unit` wherever it gives a kerma-area product without one; flagged where that was so."""

    def put(found: Found | None) -> Found | None:
        return found.with_unit(unit) if found and found.unit is None and found.quantity is Quantity.KAP else found

    totals = tuple(
        replace(t, kap=put(t.kap), kap_fluoroscopy=put(t.kap_fluoroscopy), kap_acquisition=put(t.kap_acquisition))
        for t in report.totals
    )
    events = tuple(replace(event, kap=put(event.kap)) for event in report.events)
    if totals == report.totals and events == report.events:
        return report
    return replace(report, totals=totals, events=events, flags=tuple(sorted({*report.flags, "unit_inferred"})))


def report_dose(keyed: Sequence[KeyedReport], limits: DoseLimits) -> Exam:
    """One examination out of all reports on it."""
    reports = [one.told for one in keyed]
    distinct = distinct_reports(reports)
    dose = sum_reports(distinct.kept, limits, overlapping=distinct.overlapping)
    patients = {one.person_key for one in keyed} - {None}
    flags = {*dose.flags, *distinct.flags}
    if len(patients) > 1:
        flags.add("patients_differ")
    if len({one.event_key for one in keyed}) > 1:
        flags.add("studies_share_events")
    starts = [report.started_at for report in distinct.kept if report.started_at]
    weights = [report.weight_kg for report in distinct.kept if report.weight_kg]
    weight = next((kg for kg in weights if limits.weight_low_kg <= kg <= limits.weight_high_kg), None)
    if weights and weight is None:
        flags.add("weight_implausible")
    sexes = {report.sex for report in distinct.kept} - {"unknown"}
    return Exam(
        dose=replace(dose, flags=tuple(sorted(flags))),
        reports=distinct.kept,
        sources=tuple(sorted({(report.sha256, 1) for report in reports})),
        started_at=min(starts) if starts else None,
        weight_kg=weight,
        birth_year=_only({report.birth_year for report in distinct.kept}),
        sex=_only(sexes) or "unknown",
        person_key=_only(patients),
        accession_key=_only(one.accession_key for one in keyed),
    )


def register_dose(rows: Sequence[RegisterRow], limits: DoseLimits, *, unit: str | None) -> Exam:
    """
    One examination out of its register rows, one a plane.

    Args:
        rows: Its rows; of two rows on one plane the later counts.
        limits: Limits of belief.
        unit: What a number without a unit means in this room at that time, where the study knows.
    """
    flags: set[str] = set()
    latest: dict[PlaneName, RegisterRow] = {}
    for row in sorted(rows, key=lambda row: (row.file_sha256, row.row)):
        before = latest.get(row.plane)
        if before is not None and before.kap != row.kap:
            flags.add("register_rows_disagree")
        latest[row.plane] = row
    totals = []
    for row in latest.values():
        kap = row.kap
        if kap is not None and kap.unit is None and unit is not None:
            kap = kap.with_unit(unit)
            flags.add("unit_inferred")
        time = None if row.fluoroscopy_time_s is None else Found(row.fluoroscopy_time_s, "s", Quantity.TIME)
        totals.append(
            PlaneTotals(row.plane, kap=kap, kerma_ref=row.kerma_ref, fluoroscopy_time=time, n_frames=row.n_frames)
        )
    dose = sum_reports([_as_report(totals, rows[0].file_sha256)], limits)
    basis = "register" if dose.kap_gycm2 is not None else "missing"
    dose = replace(dose, kap_basis=basis, flags=tuple(sorted({*dose.flags, *flags})))
    sources = tuple(sorted({(row.file_sha256, row.row) for row in rows}))
    return Exam(dose=dose, reports=(), sources=sources)


def with_register(exam: Exam, register: Exam, limits: DoseLimits) -> Exam:
    """An examination known by report and by register: one dose, the report's, unless it has none."""
    dose, other = exam.dose, register.dose
    flags = set(dose.flags)
    if dose.kap_gycm2 is None and other.kap_gycm2 is not None:
        flags = (flags - {"kap_missing"}) | set(other.flags) | {"kap_from_register"}
        flags |= set(area_flags(other.kap_gycm2, dose.kerma_ref_mgy, limits))
        dose = replace(
            dose,
            kap_gycm2=other.kap_gycm2,
            kap_a_gycm2=other.kap_a_gycm2,
            kap_b_gycm2=other.kap_b_gycm2,
            kap_basis=other.kap_basis,
            kap_unit_as_found=other.kap_unit_as_found,
            planes=other.planes,
        )
    elif dose.kap_gycm2 is not None and other.kap_gycm2 is not None:
        larger = max(dose.kap_gycm2, other.kap_gycm2)
        if abs(dose.kap_gycm2 - other.kap_gycm2) > limits.total_tolerance * larger:
            flags.add("register_differs_from_report")
    sources = tuple(sorted({*exam.sources, *register.sources}))
    return replace(exam, dose=replace(dose, flags=tuple(sorted(flags))), sources=sources)


def _as_report(totals: Iterable[PlaneTotals], sha256: str) -> Report:
    return Report(
        kind=ReportKind.FLUOROSCOPY, sha256=sha256, n_bytes=0, sop_uid=None, study_uid=None, accession=None,
        patient_id=None, birth_year=None, sex="unknown", weight_kg=None, height_cm=None, manufacturer=None,
        model=None, station=None, serial=None, started_at=None, created_at=None, is_complete=True,
        totals=tuple(totals), events=(),
    )  # fmt: skip


def _only(found: Iterable[T | None]) -> T | None:
    """The one thing found; None where nothing or several were."""
    known = {thing for thing in found if thing is not None}
    return known.pop() if len(known) == 1 else None
