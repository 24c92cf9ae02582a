"""
Control limits by room: field areas that are unlike those of their room. Pure.

A unit that is wrong by 10 lies inside the spread of all devices together, but seldom inside that of its own.
The worklist is made when it is asked for; it is no flag of an event, since it changes with every delivery.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provenance.dose.settings import DoseLimits

__all__ = ["WORKLIST", "room_notes", "room_worklist"]

WORKLIST = pa.schema(
    [
        ("event_key", pa.string()),
        ("room", pa.string()),
        ("field_area_cm2", pa.float64()),
        ("room_median_cm2", pa.float64()),
        ("ratio", pa.float64()),
    ]
)


def room_worklist(events: pa.Table, limits: DoseLimits) -> pa.Table:
    """
    Dose events whose field area, KAP over K_ref, differs from the median of their room by more than a factor.

    Args:
        events: `DOSE_EVENTS`.
        limits: `room_ratio`, `room_min_exams`, `judged_from_gycm2`.

    Returns:
        `WORKLIST`, the largest deviation first; rooms with too few examinations are not judged.
    """
    kap, kerma = events["kap_gycm2"], events["kerma_ref_mgy"]
    judged = pc.and_(pc.greater_equal(kap, limits.judged_from_gycm2), pc.greater(kerma, 0.0))
    judged = pc.and_(pc.fill_null(judged, False), pc.is_valid(events["room"]))
    table = events.select(["event_key", "room", "kap_gycm2", "kerma_ref_mgy"]).filter(judged)
    area = table["kap_gycm2"].to_numpy() / (table["kerma_ref_mgy"].to_numpy() / 1000.0)
    rooms, place = np.unique(np.asarray(table["room"].to_pylist(), dtype=str), return_inverse=True)
    own = [area[place == number] for number in range(len(rooms))]
    median = np.array([np.median(part) if len(part) >= limits.room_min_exams else np.nan for part in own])
    ratio = area / median[place] if len(area) else area
    deviation = np.abs(np.log(ratio))
    found = np.flatnonzero(deviation > np.log(limits.room_ratio))  # nan is not greater
    order = found[np.lexsort((found, -deviation[found]))]
    columns = [
        table["event_key"].take(pa.array(order)),
        table["room"].take(pa.array(order)),
        pa.array(area[order]),
        pa.array(median[place][order] if len(order) else []),
        pa.array(ratio[order]),
    ]
    return pa.table(columns, schema=WORKLIST)


def room_notes(events: pa.Table, limits: DoseLimits) -> tuple[str, ...]:
    """A sentence for each room that has events unlike it, in the order of the rooms' names; for the report."""
    counts = Counter(room_worklist(events, limits)["room"].to_pylist())
    return tuple(
        f"room {room}: the field area of {n:,} dose event{'s' if n > 1 else ''} is more than {limits.room_ratio:g} "
        f"times off the room's median: look at its unit and at the display"
        for room, n in sorted(counts.items())
    )
