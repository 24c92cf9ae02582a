"""
One examination, one dose: dose events and examinations brought together after linkage. Pure.

Exact numbers bring most reports and register rows together when they are standardised. What only linkage
could find (room, time, weight) is settled here: a register row of an examination that has a report becomes a
source of the report's event, and an examination whose dose stands in the cath-lab register alone becomes an event.
Without this step such an examination would be counted twice, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.ids import Keyring
from provenance.dose.schema import DOSE_EVENTS
from provenance.dose.settings import DoseLimits
from provenance.dose.totals import area_flags, weight_flags

__all__ = ["reports_of", "settle_exams"]

_REPORT_BASES = ("stated_total", "event_sum")
_FROM_EXAM = ("person_key", "room", "started_at", "weight_kg")
_KAP = ("kap_gycm2", "kap_a_gycm2", "kap_b_gycm2", "kap_basis", "kap_unit_as_found", "planes")


def settle_exams(
    events: pa.Table,
    exams: pa.Table,
    *,
    keyring: Keyring,
    exam_of: Mapping[str, str] | None = None,
    limits: DoseLimits | None = None,
) -> pa.Table:
    """
    Dose events, at most one report and register dose an examination.

    Args:
        events: `DOSE_EVENTS`.
        exams: `exams` of docs/architecture.md.
        keyring: The study's.
        exam_of: Event key to the linked examination's `procedure_key`; exact exam keys need no entry.
        limits: Limits of belief.

    Returns:
        `DOSE_EVENTS`, sorted by key. Patient, room, start and weight are filled from the examination where an
        event has none; the examination's row is then one of the event's sources.
    """
    limits = limits or DoseLimits()
    rows = exams.to_pylist()
    by_procedure = {row["procedure_key"]: row for row in rows}
    by_exam = {row["exam_key"]: row for row in rows if row["exam_key"] is not None}
    settled: dict[str, dict[str, Any]] = {}
    of_exam: dict[str, list[str]] = {}
    for event in sorted(events.to_pylist(), key=lambda row: str(row["event_key"])):
        key = event["event_key"]
        exam = by_procedure.get((exam_of or {}).get(key, "")) or by_exam.get(event["exam_key"])
        if exam is None:
            settled[key] = event
        elif event["person_key"] and exam["person_key"] and event["person_key"] != exam["person_key"]:
            # Nothing of another patient's examination is taken over: not the weight, and not the dose.
            flags = {*event["flags"], "patient_differs_from_exam"}
            settled[key] = {**event, "exam_key": None, "flags": sorted(flags)}
        else:
            settled[key] = _filled(event, exam, limits)
            of_exam.setdefault(exam["procedure_key"], []).append(key)
    for keys in of_exam.values():
        _fold(settled, keys, limits)
    for exam in rows:
        if exam["kap_gycm2"] is not None and exam["exam_key"] is not None and exam["procedure_key"] not in of_exam:
            event = _from_exam(exam, keyring.key("dse", "exam", exam["exam_key"]), limits)
            settled[event["event_key"]] = event
    return pa.Table.from_pylist([settled[key] for key in sorted(settled)], schema=DOSE_EVENTS)


def reports_of(events: pa.Table) -> pa.Table:
    """Those of `DOSE_EVENTS` that a dose report tells of."""
    by_report = pc.is_in(events["kap_basis"], value_set=pa.array(_REPORT_BASES))
    return events.filter(pc.or_(by_report, pc.greater(events["n_irradiation_events"], 0)))


def _filled(event: dict[str, Any], exam: dict[str, Any], limits: DoseLimits) -> dict[str, Any]:
    """The event with what its examination knows and itself does not."""
    flags = set(event["flags"])
    taken = {name: exam[name] for name in _FROM_EXAM if event[name] is None and exam[name] is not None}
    if "started_at" in taken:
        flags.discard("start_missing")
    filled = {**event, **taken, "exam_key": exam["exam_key"]}
    flags |= set(weight_flags(filled["kap_gycm2"], filled["weight_kg"], limits))
    filled["flags"] = sorted(flags)
    if filled["kap_gycm2"] is None and exam["kap_gycm2"] is not None and not _is_zero_despite_irradiation(exam):
        filled = _with_kap(filled, _from_exam(exam, event["event_key"], limits), limits)
        return _with_sources(filled, exam)
    return _with_sources(filled, exam) if taken else filled


def _fold(settled: dict[str, dict[str, Any]], keys: list[str], limits: DoseLimits) -> None:
    """Register doses of an examination that has a report's become sources of the report's event."""
    reports = [key for key in keys if _is_report(settled[key])]
    if not reports:
        return
    first = reports[0]
    for key in keys:
        if _is_report(settled[key]):
            continue
        other = settled.pop(key)
        if settled[first]["kap_gycm2"] is None and other["kap_gycm2"] is not None:
            settled[first] = _with_kap(settled[first], other, limits)
        elif len(reports) == 1 and _differ(settled[first]["kap_gycm2"], other["kap_gycm2"], limits):
            flags = {*settled[first]["flags"], "register_differs_from_report"}
            settled[first] = {**settled[first], "flags": sorted(flags)}
        for sha256, row in zip(other["file_sha256"], other["row"], strict=True):
            settled[first] = _with_sources(settled[first], {"file_sha256": sha256, "row": row})


def _is_report(event: dict[str, Any]) -> bool:
    return bool(event["kap_basis"] in _REPORT_BASES or event["n_irradiation_events"] > 0)


def _differ(one: float | None, other: float | None, limits: DoseLimits) -> bool:
    return one is not None and other is not None and abs(one - other) > limits.total_tolerance * max(one, other)


def _with_kap(event: dict[str, Any], other: dict[str, Any], limits: DoseLimits) -> dict[str, Any]:
    """The event with another source's kerma-area product and all doubts about it, those of both together included."""
    flags = (set(event["flags"]) - {"kap_missing"}) | {"kap_from_register"} | (set(other["flags"]) - {"start_missing"})
    flags |= set(weight_flags(other["kap_gycm2"], event["weight_kg"], limits))
    flags |= set(area_flags(other["kap_gycm2"], event["kerma_ref_mgy"], limits))
    return {**event, **{name: other[name] for name in _KAP}, "flags": sorted(flags)}


def _with_sources(event: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    known = zip(event["file_sha256"], event["row"], strict=True)
    sources = sorted({*known, (row["file_sha256"], row["row"])})
    return {**event, "file_sha256": [sha256 for sha256, _ in sources], "row": [number for _, number in sources]}


def _is_zero_despite_irradiation(exam: dict[str, Any]) -> bool:
    return exam["kap_gycm2"] == 0.0 and bool(exam["fluoroscopy_time_s"] or exam["n_frames"])


def _from_exam(exam: dict[str, Any], key: str, limits: DoseLimits) -> dict[str, Any]:
    """The dose of an examination that only its own register knows of; the planes are not told apart there."""
    names = ("source", "hospital", "room", "started_at", "person_key", "exam_key", "accession_key", "study_key",
             "weight_kg", "kap_gycm2", "kap_unit_as_found", "fluoroscopy_time_s", "n_frames")  # fmt: skip
    flags = set(weight_flags(exam["kap_gycm2"], exam["weight_kg"], limits))
    if exam["started_at"] is None:
        flags.add("start_missing")
    if exam["kap_unit_as_found"] is None:
        flags.add("unit_inferred")
    without = _is_zero_despite_irradiation(exam)
    if without:
        flags |= {"kap_zero_despite_irradiation", "kap_missing"}
    return {
        **{name: exam[name] for name in names},
        "event_key": key,
        "birth_year": None,
        "sex": "unknown",
        "kap_a_gycm2": None,
        "kap_b_gycm2": None,
        **({"kap_gycm2": None} if without else {}),
        "kap_basis": "missing" if without else "register",
        "kerma_ref_mgy": None,
        "n_irradiation_events": 0,
        "planes": [] if without else ["all"],
        "flags": sorted(flags),
        "file_sha256": [exam["file_sha256"]],
        "row": [exam["row"]],
    }
