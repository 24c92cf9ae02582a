"""
Which reports are one examination, and which of them count. Pure.

Devices send a report again, send a cumulative one, or go on in a new one when an examination is resumed. What
a report is, its irradiation events say: the same events are a copy, more events replace it, other events are
added. The rule was learnt the hard way by dose registries: before it, resumed studies lost dose or had it twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provenance.dose.keyed import KeyedReport
from provenance.dose.report import Report

__all__ = ["Distinct", "by_examination", "distinct_reports"]


@dataclass(frozen=True, slots=True)
class Distinct:
    """
    The reports of one examination.

    Attributes:
        kept: Reports whose doses add up.
        ignored: Copies and reports that another one contains.
        overlapping: The kept ones share some events: only events may be added, not totals.
        flags: What was found out on the way.
    """

    kept: tuple[Report, ...]
    ignored: tuple[Report, ...]
    overlapping: bool
    flags: tuple[str, ...]


def by_examination(reports: Sequence[KeyedReport]) -> dict[str, list[int]]:
    """
    Places of the reports of each examination, by the key of its dose event.

    Reports of one study are one examination. So are reports of two studies that name the same irradiation event of
    the same patient: a cumulative report is sometimes stored under a study of its own, and would count twice. The
    key is that of the report made first, so that a later report changes the event and makes no second one.
    """
    group = list(range(len(reports)))
    seen: dict[tuple[str, str | None, str], int] = {}

    def top(place: int) -> int:
        while group[place] != place:
            place = group[place]
        return place

    for place, one in enumerate(reports):
        names: list[tuple[str, str | None, str]] = [("study", None, one.event_key)]
        names += [("irradiation", one.person_key, uid) for uid in one.told.event_uids]
        for name in names:
            ends = sorted((top(place), top(seen.setdefault(name, place))))
            group[ends[1]] = ends[0]
    places: dict[int, list[int]] = {}
    for place in range(len(reports)):
        places.setdefault(top(place), []).append(place)
    return {_first_key([reports[place] for place in members]): members for members in places.values()}


def _first_key(members: Sequence[KeyedReport]) -> str:
    return min(members, key=lambda one: (str(one.told.created_at), one.event_key)).event_key


def distinct_reports(reports: Sequence[Report]) -> Distinct:
    """
    What counts of the reports of one examination, whatever their order.

    Same SOP instance UID or same events: one of them. Superset: it replaces. Subset: ignored. Disjoint: both.
    A report without event UIDs says nothing that can be told from the others: it counts only where no report
    has any, and then the one with the largest total.
    """
    ordered = sorted(reports, key=_rank, reverse=True)
    kept: list[Report] = []
    ignored: list[Report] = []
    for report in ordered:
        contained = any(report.sop_uid == other.sop_uid or report.event_uids <= other.event_uids for other in kept)
        (ignored if contained and kept else kept).append(report)
    overlapping = any(
        not one.event_uids.isdisjoint(other.event_uids) for n, one in enumerate(kept) for other in kept[:n]
    )
    kept.sort(key=lambda report: (str(report.started_at), report.sop_uid or "", report.sha256))
    return Distinct(tuple(kept), tuple(ignored), overlapping, _flags(kept, ignored, overlapping=overlapping))


def _rank(report: Report) -> tuple[int, float, str, str, str]:
    """Larger event sets first, then larger totals, then the later one; digests break ties for good."""
    total = sum(t.kap.converted or 0.0 for t in report.totals if t.kap)
    return (len(report.event_uids), total, str(report.created_at), report.sop_uid or "", report.sha256)


def _flags(kept: Sequence[Report], ignored: Sequence[Report], *, overlapping: bool) -> tuple[str, ...]:
    flags = set()
    if any(not report.event_uids for report in (*kept, *ignored)):
        flags.add("report_without_event_uids")
    if len(kept) > 1:
        flags.add("several_reports")
    if overlapping:
        flags.add("overlapping_reports")
    if any(_is_cumulative(one, other) for one in kept for other in ignored):
        flags.add("cumulative_report")
    if any(one.sop_uid == other.sop_uid and one.sha256 != other.sha256 for one in kept for other in ignored):
        flags.add("same_uid_other_bytes")
    return tuple(sorted(flags))


def _is_cumulative(one: Report, other: Report) -> bool:
    return bool(other.event_uids) and other.event_uids < one.event_uids
