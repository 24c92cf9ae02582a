"""What the user must be told about the deliveries: above all, what a missing hospital id costs. Opens nothing."""

from __future__ import annotations

import numpy as np

from linkage.stays.arrays import MISSING, NO_DAY, StayArrays

__all__ = ["hospital_note", "unique_share"]

_TOLD_FROM = 0.02


def hospital_note(left: StayArrays, right: StayArrays) -> tuple[str, ...]:
    """A warning where claims stays lack the hospital, with the uniqueness lost by it; empty otherwise."""
    delivered = left.parts[:, 0] == MISSING
    n = int(delivered.sum())
    if n == 0:
        return ()
    missing = float((left.hospital[delivered] == MISSING).mean())
    if missing < _TOLD_FROM:
        return ()
    with_id, without = unique_share(right, hospital=True), unique_share(right, hospital=False)
    dates_with, dates_without = (unique_share(right, hospital=h, person=False) for h in (True, False))
    warning = (
        f"WARNING: the hospital is missing on {missing:.0%} of the claims stays ({n:,} stays), so they "
        "compete with the cases of every hospital. Estimated cost: hospital cases that are alone on admission, "
        f"discharge, sex and birth year fall from {with_id:.1%} to {without:.1%}, on the dates alone from "
        f"{dates_with:.1%} to {dates_without:.1%}; codes and region must make up for it. Ask the data holder "
        "for the institution number or a pseudonym of it."
    )
    return (warning,)


def unique_share(stays: StayArrays, *, hospital: bool, person: bool = True) -> float:
    """Share of delivered stays that nothing else equals on admission, discharge, and what is chosen."""
    rows = np.flatnonzero((stays.parts[:, 0] == MISSING) & (stays.admitted > NO_DAY))
    if rows.size == 0:
        return 1.0
    columns = [stays.admitted, stays.discharged]
    columns += [stays.hospital] if hospital else []
    columns += [stays.sex, stays.birth_year] if person else []
    _, index, count = np.unique(
        np.column_stack([c[rows] for c in columns]), axis=0, return_inverse=True, return_counts=True
    )
    return float((count[index.ravel()] == 1).mean())
