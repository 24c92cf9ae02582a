"""
A dose report without anything that says whose it is: every identifier keyed, or left out. Pure.

This is what a run works on, and the only form of a report that may be kept between runs: a second delivery need
not read the first one again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from graph_schema.ids import Keyring
from graph_schema.rooms import room_name
from graph_schema.units import Quantity, is_known
from provenance.dose.report import Found, Irradiation, LeftAlone, Report, amounts_of

__all__ = ["VERSION", "KeyedReport", "is_placeholder", "keyed", "restored", "to_keep"]

VERSION = 1
"""Raised by hand when the same file gives another report: what was kept is then not used any more."""

_NOBODY = frozenset({"UNKNOWN", "UNBEKANNT", "ANONYM", "ANONYMOUS", "ANONYMIZED", "NOTFALL", "TEST", "DUMMY", "NA"})


@dataclass(frozen=True, slots=True)
class KeyedReport:
    """
    A report and the keys of what it is about.

    Attributes:
        event_key: Key of the dose event: of the study, else of the report itself.
        person_key: Key of the patient number; None where there is none or it stands for nobody in particular.
        study_key: Key of the study instance UID.
        accession_key: Key of the accession number; None as with the patient.
        told: What was measured. UIDs of the report and of its irradiation events are keys, other identifiers None.
    """

    event_key: str
    person_key: str | None
    study_key: str | None
    accession_key: str | None
    told: Report


_KEPT: TypeAdapter[KeyedReport | LeftAlone] = TypeAdapter(KeyedReport | LeftAlone)


def is_placeholder(identifier: str | None) -> bool:
    """
    Whether an identifier stands for nobody in particular: empty, all one digit, or a word for it.

    >>> is_placeholder("99999999"), is_placeholder("Notfall"), is_placeholder("0004711")
    (True, True, False)
    """
    text = (identifier or "").strip().upper()
    return not text or (len(set(text)) == 1 and not text.isalpha()) or text in _NOBODY


def keyed(
    report: Report, *, keyring: Keyring, hospital: str, named_rooms: Collection[str] | None = None
) -> KeyedReport:
    """
    The report with keys for identifiers; what a run has no use for (maker, model, body height) is left out.

    Args:
        report: As read from its file.
        keyring: The study's.
        hospital: Whose patient and accession numbers these are.
        named_rooms: `hospital/room` of rooms that keep their name; None: all, for those who store nothing.
    """

    def own(prefix: str, number: str | None) -> str | None:
        return None if number is None or is_placeholder(number) else keyring.key(prefix, hospital, number)

    def told(event: Irradiation) -> Irradiation:
        return replace(event, uid=keyring.key("irr", "uid", event.uid)) if event.uid else event

    sop_uid, study_uid = report.sop_uid, report.study_uid
    return KeyedReport(
        event_key=keyring.key("dse", "study", study_uid or sop_uid or report.sha256),
        person_key=own("prc", report.patient_id),
        study_key=keyring.key("stu", "dicom", study_uid) if study_uid else None,
        accession_key=own("acc", report.accession),
        told=replace(
            report,
            sop_uid=keyring.key("sop", "dicom", sop_uid) if sop_uid else None,
            study_uid=None,
            accession=None,
            patient_id=None,
            height_cm=None,
            manufacturer=None,
            model=None,
            station=room_name(report.station or report.serial, hospital=hospital, named=named_rooms, keyring=keyring),
            serial=None,
            events=tuple(told(event) for event in report.events),
        ),
    )


def to_keep(found: KeyedReport | LeftAlone) -> str | None:
    """
    What may be kept of a file, as JSON; None where nothing may.

    A unit that is in no table is the file's own text and may be anything, a name too: such a report is a reject
    and is read again each time. Figures of a file that is left alone are for people who look at it, not for runs.
    """
    if isinstance(found, LeftAlone):
        return _KEPT.dump_json(replace(found, stated=())).decode()
    if any(unit is not None and not is_known(unit, quantity) for unit, quantity in _units(found.told)):
        return None
    return _KEPT.dump_json(found).decode()


def restored(kept: str) -> KeyedReport | LeftAlone:
    """
    What `to_keep` kept.

    Raises:
        ValueError: If it is not that.
    """
    return _KEPT.validate_json(kept)


def _units(report: Report) -> set[tuple[str | None, Quantity]]:
    found: list[Found | None] = []
    for total in report.totals:
        found += amounts_of(total)
    for event in report.events:
        found += [event.kap, event.kerma_ref]
    return {(one.unit, one.quantity) for one in found if one is not None}
