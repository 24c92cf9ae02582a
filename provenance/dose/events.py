"""
Keyed reports and register rows to the table of dose events, corrected and checked. Pure.

One examination is one dose event, however many reports and rows tell of it. Its key is made from the study
instance UID where a report gives one, else from the examination's or the accession number, so that a report
delivered again, or a cumulative one, changes the event and makes no second one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import pyarrow as pa

from graph_schema.delivery import Reject
from graph_schema.ids import Keyring
from graph_schema.rooms import RoomFacts
from graph_schema.units import Quantity, UnknownUnit, is_known
from provenance.dose.exam import Exam, register_dose, report_dose, with_register, with_unit
from provenance.dose.identity import by_examination
from provenance.dose.keyed import KeyedReport, is_placeholder
from provenance.dose.known_exams import KnownExam, KnownExams
from provenance.dose.register import RegisterRow
from provenance.dose.report import Report, ReportKind
from provenance.dose.schema import DOSE_EVENTS, IRRADIATIONS
from provenance.dose.settings import DoseLimits, declared_unit, true_time
from provenance.dose.totals import ExamDose, distinct_events, event_flags, weight_flags

__all__ = ["SourcedReport", "SourcedRow", "Standardised", "standardise"]


@dataclass(frozen=True, slots=True)
class SourcedReport:
    """A report and whose it is."""

    source: str
    hospital: str
    report: KeyedReport

    @property
    def told(self) -> Report:
        """What it measured."""
        return self.report.told


@dataclass(frozen=True, slots=True)
class SourcedRow:
    """A register row and whose it is."""

    source: str
    hospital: str
    row: RegisterRow


@dataclass(frozen=True, slots=True)
class Standardised:
    """
    Dose events and their irradiation events; sorted by key.

    Every report and row is a source of one event, or is in `rejects`.
    """

    events: pa.Table
    irradiations: pa.Table
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class _Keyed:
    """An examination on its way into the table: keys beside what was measured."""

    source: str
    hospital: str
    exam: Exam
    room: str | None = None
    started_at: datetime | None = None
    person_key: str | None = None
    study_key: str | None = None
    accession_key: str | None = None
    exam_key: str | None = None
    weight_kg: float | None = None


def standardise(
    reports: Sequence[SourcedReport],
    rows: Sequence[SourcedRow] = (),
    *,
    keyring: Keyring,
    rooms: Sequence[RoomFacts] = (),
    exams: pa.Table | None = None,
    limits: DoseLimits | None = None,
    today: date | None = None,
) -> Standardised:
    """
    Dose events of all reports and register rows of a study.

    Args:
        reports: Reports of projection radiology, keyed as they were read.
        rows: Rows of dose registers as read.
        keyring: Makes the keys; nothing else of an identifier leaves this function.
        rooms: What the study knows of rooms: units, clock errors.
        exams: The cath-lab register (`exams` of docs/architecture.md): says which register row and which report
            are one examination, and what is not in a report (patient, weight, room, start).
        limits: Limits of belief.
        today: Day of the run; a later examination is rejected.

    Returns:
        Tables `DOSE_EVENTS` and `IRRADIATIONS`, whatever the order of the input.
    """
    limits = limits or DoseLimits()
    known = KnownExams(exams)
    used, rejects = _usable(reports, today=today, rooms=rooms)
    keyed: dict[str, _Keyed] = {}
    for key, members in _by_examination(used).items():
        keyed[key] = _with_known_exam(_keyed_reports(members, limits=limits, rooms=rooms), known)
    for key, group in _by_exam(rows, keyed, keyring=keyring, known=known, rooms=rooms, rejects=rejects).items():
        register = _keyed_rows(group, limits=limits)
        before = keyed.get(key)
        keyed[key] = (
            register if before is None else replace(before, exam=with_register(before.exam, register.exam, limits))
        )
    order = sorted(keyed)
    lines = [line for key in order for line in _irradiations(key, keyed[key], keyring, rooms=rooms, limits=limits)]
    return Standardised(
        events=pa.Table.from_pylist([_event(key, keyed[key], limits) for key in order], schema=DOSE_EVENTS),
        irradiations=pa.Table.from_pylist(lines, schema=IRRADIATIONS),
        rejects=tuple(sorted(rejects, key=lambda reject: (reject.file_sha256, reject.row))),
    )


def _usable(
    reports: Sequence[SourcedReport], *, today: date | None, rooms: Sequence[RoomFacts]
) -> tuple[list[SourcedReport], list[Reject]]:
    """Reports to be used, units put in where a room is known to mean one, and rejects of the others."""
    used: dict[str, SourcedReport] = {}
    rejects: list[Reject] = []
    for one in reports:
        report = one.told
        reason = None
        if report.kind is not ReportKind.FLUOROSCOPY:
            reason = ("kind", f"a {report.kind.value}: no catheter examination")
        elif today is not None and report.started_at is not None and report.started_at.date() > today:
            reason = ("started_at", "the examination is in the future: check the clock of the device")
        elif (unknown := _unknown_unit(report)) is not None:
            reason = ("unit", str(unknown))
        if reason is not None:
            rejects.append(Reject(report.sha256, 1, *reason))
            continue
        unit = declared_unit(rooms, _room(one), report.started_at)
        filled = report if unit is None else with_unit(report, unit)
        used.setdefault(report.sha256, replace(one, report=replace(one.report, told=filled)))
    return list(used.values()), rejects


def _unknown_unit(report: Report) -> UnknownUnit | None:
    """The error of a unit that is there and in no table: what stands beside it may be off by any factor."""
    for quantity in (Quantity.KAP, Quantity.AIR_KERMA):
        for unit in report.found_units(quantity):
            if unit != "(none)" and not is_known(unit, quantity):
                return UnknownUnit(unit, quantity)
    return None


def _room(one: SourcedReport) -> str | None:
    name = one.told.station or one.told.serial
    return f"{one.hospital}/{name}" if name else None


def _by_examination(reports: Sequence[SourcedReport]) -> dict[str, list[SourcedReport]]:
    ordered = sorted(reports, key=lambda one: (one.source, one.told.sha256))
    groups = by_examination([one.report for one in ordered])
    return {key: [ordered[place] for place in places] for key, places in groups.items()}


def _keyed_reports(members: Sequence[SourcedReport], *, limits: DoseLimits, rooms: Sequence[RoomFacts]) -> _Keyed:
    exam = report_dose([member.report for member in members], limits)
    first = next(member for member in members if member.told is exam.reports[0])
    room = _room(first)
    return _Keyed(
        source=first.source,
        hospital=first.hospital,
        exam=exam,
        room=room,
        started_at=true_time(rooms, room, exam.started_at),
        person_key=exam.person_key,
        study_key=first.report.study_key,
        accession_key=exam.accession_key,
        weight_kg=exam.weight_kg,
    )


def _with_known_exam(found: _Keyed, known: KnownExams) -> _Keyed:
    """What the cath-lab register knows of a report's examination, unless the two name different patients."""
    exam = known.find(study_key=found.study_key, accession_key=found.accession_key)
    if exam is None:
        return found
    if found.person_key and exam.person_key and found.person_key != exam.person_key:
        return replace(found, exam=_flagged(found.exam, "patient_differs_from_exam"))
    filled = replace(
        found,
        exam_key=exam.exam_key,
        person_key=found.person_key or exam.person_key,
        room=found.room or exam.room,
        started_at=found.started_at or exam.started_at,
        weight_kg=found.weight_kg or exam.weight_kg,
    )
    if replace(filled, exam_key=found.exam_key) == found:
        return filled
    return replace(filled, exam=_with_source(filled.exam, exam))


def _with_source(exam: Exam, known: KnownExam) -> Exam:
    """A row of the cath-lab register that something was taken from is a source of the dose event."""
    return replace(exam, sources=tuple(sorted({*exam.sources, (known.file_sha256, known.row)})))


def _flagged(exam: Exam, flag: str) -> Exam:
    return replace(exam, dose=replace(exam.dose, flags=tuple(sorted({*exam.dose.flags, flag}))))


@dataclass(frozen=True, slots=True)
class _RowGroup:
    """Register rows of one examination."""

    rows: list[SourcedRow]
    exam: KnownExam | None
    exam_key: str | None
    accession_key: str | None
    unit: str | None


def _by_exam(
    rows: Sequence[SourcedRow],
    keyed: Mapping[str, _Keyed],
    *,
    keyring: Keyring,
    known: KnownExams,
    rooms: Sequence[RoomFacts],
    rejects: list[Reject],
) -> dict[str, _RowGroup]:
    """Register rows by the key of the dose event they belong to; rows that no unit can be found for are rejected."""
    of_report = {key: event for event, one in keyed.items() for key in _names(one)}
    groups: dict[str, _RowGroup] = {}
    for one in sorted(rows, key=lambda one: (one.row.file_sha256, one.row.row)):
        exam_key, accession_key = _row_keys(one, keyring)
        exam = known.find(exam_key=exam_key, accession_key=accession_key)
        unit = declared_unit(rooms, exam.room, exam.started_at) if exam else None
        if one.row.kap is not None and one.row.kap.unit is None and unit is None:
            rejects.append(Reject(one.row.file_sha256, one.row.row, "kap_unit", str(UnknownUnit(None, Quantity.KAP))))
            continue
        if exam is not None:
            exam_key, accession_key = exam.exam_key, accession_key or exam.accession_key
        names = (exam_key, exam.study_key if exam else None, accession_key)
        event = next((of_report[name] for name in names if name in of_report), None)
        event = event or keyring.key("dse", "exam", exam_key or accession_key or "")
        group = groups.setdefault(event, _RowGroup([], exam, exam_key, accession_key, unit))
        group.rows.append(one)
    return groups


def _names(one: _Keyed) -> list[str]:
    return [key for key in (one.exam_key, one.study_key, one.accession_key) if key is not None]


def _row_keys(one: SourcedRow, keyring: Keyring) -> tuple[str | None, str | None]:
    exam, accession = one.row.exam_id, one.row.accession
    return (
        keyring.key("exm", one.hospital, exam) if exam else None,
        keyring.key("acc", one.hospital, accession) if accession and not is_placeholder(accession) else None,
    )


def _keyed_rows(group: _RowGroup, *, limits: DoseLimits) -> _Keyed:
    exam, first = group.exam, group.rows[0]
    dose = register_dose([one.row for one in group.rows], limits, unit=group.unit)
    return _Keyed(
        source=first.source,
        hospital=first.hospital,
        exam=_with_source(dose, exam) if exam else dose,
        room=exam.room if exam else None,
        started_at=exam.started_at if exam else None,
        person_key=exam.person_key if exam else None,
        study_key=exam.study_key if exam else None,
        accession_key=group.accession_key,
        exam_key=group.exam_key,
        weight_kg=exam.weight_kg if exam else None,
    )


def _event(key: str, one: _Keyed, limits: DoseLimits) -> dict[str, object]:
    exam, dose = one.exam, one.exam.dose
    flags = {*dose.flags, *weight_flags(dose.kap_gycm2, one.weight_kg, limits)}
    if one.started_at is None:
        flags.add("start_missing")
    measured = {name: getattr(dose, name) for name in ExamDose.__slots__}
    return {
        **measured,
        "event_key": key,
        "source": one.source,
        "hospital": one.hospital,
        "room": one.room,
        "started_at": one.started_at,
        "person_key": one.person_key,
        "exam_key": one.exam_key,
        "accession_key": one.accession_key,
        "study_key": one.study_key,
        "weight_kg": one.weight_kg,
        "birth_year": exam.birth_year,
        "sex": exam.sex,
        "flags": sorted(flags),
        "file_sha256": [sha256 for sha256, _ in exam.sources],
        "row": [row for _, row in exam.sources],
    }


def _irradiations(
    key: str, one: _Keyed, keyring: Keyring, *, rooms: Sequence[RoomFacts], limits: DoseLimits
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number, event in enumerate(distinct_events(one.exam.reports)):
        rows.append(
            {
                "event_key": key,
                "irradiation_key": event.uid or keyring.key("irr", "number", key, str(number)),
                "plane": event.plane.value,
                "irradiation_type": event.irradiation_type.value,
                "started_at": true_time(rooms, one.room, event.started_at),
                "kap_gycm2": event.kap.converted if event.kap else None,
                "kerma_ref_mgy": event.kerma_ref.converted if event.kerma_ref else None,
                **{name: getattr(event, name) for name in _MECHANICAL},
                "flags": list(event_flags(event, limits)),
            }
        )
    return sorted(rows, key=lambda row: (str(row["started_at"]), str(row["irradiation_key"])))


_MECHANICAL = ("kvp_kv", "field_area_cm2", "duration_s", "n_pulses", "primary_angle_deg", "secondary_angle_deg",
               "copper_mm", "aluminium_mm")  # fmt: skip
