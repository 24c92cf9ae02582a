"""Clocks of catheter laboratories: what identified pairs say about them, and the times put right. Opens nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from linkage.doses.block import Proposed
from linkage.doses.model import RoomClock
from linkage.doses.records import NO_TIME, Dated

__all__ = ["corrected", "room_clocks"]

IntArray = npt.NDArray[np.int64]

_SMALLEST_S = 900
_LARGEST_S = 26 * 3600


def room_clocks(
    events: Dated, exams: Dated, pairs: Proposed, *, rooms: list[str], fewest: int
) -> tuple[RoomClock, ...]:
    """
    How far each room's report clock ran ahead, by year, from pairs with an equal study or number.

    Only a median of at least a quarter of an hour counts, and only where most pairs lie within half an hour of it:
    that is a wrong clock; everything else is how long after its entry an examination begins.
    """
    known = (pairs.rule <= 1) & (events.started[pairs.left] > NO_TIME) & (exams.started[pairs.right] > NO_TIME)
    left = pairs.left[known]
    ahead = events.started[left] - exams.started[pairs.right[known]]
    cell = np.where(events.room[left] >= 0, events.room[left] * 10_000 + _years(events.started[left]), -1)
    out = []
    for code in np.unique(cell[cell >= 0]).tolist():
        own = ahead[cell == code]
        median = int(np.median(own))
        agreeing = float((np.abs(own - median) <= 1800).mean())
        if own.size >= fewest and _SMALLEST_S <= abs(median) <= _LARGEST_S and agreeing > 0.5:
            out.append(RoomClock(room=rooms[code // 10_000], year=code % 10_000, ahead_s=median, n_pairs=int(own.size)))
    return tuple(out)


def corrected(events: Dated, clocks: tuple[RoomClock, ...], *, rooms: list[str]) -> Dated:
    """The events with the times of these rooms and years put right."""
    started = events.started.copy()
    years = _years(events.started)
    for clock in clocks:
        if clock.room in rooms:
            of = (events.room == rooms.index(clock.room)) & (years == clock.year) & (events.started > NO_TIME)
            started[of] -= clock.ahead_s
    return replace(events, started=started)


def _years(started: IntArray) -> IntArray:
    seconds = np.where(started > NO_TIME, started, 0)
    return seconds.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
