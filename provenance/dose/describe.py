"""A dose report as plain values for people and programs, without anything that says whose it is. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from graph_schema.units import Quantity
from provenance.dose.flags import FLAGS
from provenance.dose.report import Found, LeftAlone, PlaneTotals, Report
from provenance.dose.settings import DoseLimits
from provenance.dose.totals import distinct_events, sum_reports

__all__ = ["describe", "sentences"]

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]


def describe(found: Report | LeftAlone, *, file: str, limits: DoseLimits | None = None) -> dict[str, Value]:
    """
    One file as a JSON object.

    Patient, numbers, UIDs and dates are left out: only `file` is as the caller gave it.

    Args:
        found: What was read.
        file: What to call the file: the part of its path below what was asked for.
        limits: Limits of belief.
    """
    if isinstance(found, LeftAlone):
        return {
            "file": file,
            "kind": found.kind.value,
            "left_alone": found.reason,
            "damaged": found.damaged,
            "n_irradiation_events": found.n_events,
            "stated": [{"name": name, "amount": amount, "unit": unit} for name, amount, unit in found.stated],
        }
    dose = sum_reports([found], limits or DoseLimits())
    kaps = [event.kap.converted for event in distinct_events([found]) if event.kap]
    known = [kap for kap in kaps if kap is not None]
    return {
        "file": file,
        "kind": found.kind.value,
        "left_alone": None,
        "damaged": False,
        "device": {name: getattr(found, name) for name in ("manufacturer", "model", "station", "serial")},
        "kap_gycm2": dose.kap_gycm2,
        "kap_a_gycm2": dose.kap_a_gycm2,
        "kap_b_gycm2": dose.kap_b_gycm2,
        "kap_basis": dose.kap_basis,
        "kap_events_gycm2": sum(known) if known else None,
        "kerma_ref_mgy": dose.kerma_ref_mgy,
        "fluoroscopy_time_s": dose.fluoroscopy_time_s,
        "n_frames": dose.n_frames,
        "n_irradiation_events": dose.n_irradiation_events,
        "planes": list(dose.planes),
        "units_as_found": {
            "kap": list(found.found_units(Quantity.KAP)),
            "air_kerma": list(found.found_units(Quantity.AIR_KERMA)),
        },
        "totals": [_total(total) for total in found.totals],
        "flags": list(dose.flags),
    }


def _total(total: PlaneTotals) -> Value:
    return {
        "plane": total.plane.value,
        "kap": _found(total.kap, "gycm2"),
        "kap_fluoroscopy": _found(total.kap_fluoroscopy, "gycm2"),
        "kap_acquisition": _found(total.kap_acquisition, "gycm2"),
        "kerma_ref": _found(total.kerma_ref, "mgy"),
        "kerma_ref_fluoroscopy": _found(total.kerma_ref_fluoroscopy, "mgy"),
        "kerma_ref_acquisition": _found(total.kerma_ref_acquisition, "mgy"),
        "fluoroscopy_time": _found(total.fluoroscopy_time, "s"),
        "n_frames": total.n_frames,
    }


def _found(found: Found | None, unit: str) -> Value:
    return None if found is None else {"as_found": found.amount, "unit_as_found": found.unit, unit: found.converted}


def sentences(found: Report | LeftAlone, *, file: str, limits: DoseLimits | None = None) -> Iterator[str]:
    """The same for people: one line with what the file is, and indented ones with what it holds."""
    if isinstance(found, LeftAlone):
        yield f"{file}: {found.kind.value}"
        yield f"    {'damaged' if found.damaged else 'left alone'}: {found.reason}"
        for name, amount, unit in found.stated:
            yield f"    states {name} {amount:g} {unit}"
        return
    dose = sum_reports([found], limits or DoseLimits())
    yield f"{file}: {found.kind.value}, {found.device}"
    for total in found.totals:
        parts = [
            f"KAP {_amount(total.kap, 'Gy cm2')}",
            f"K_ref {_amount(total.kerma_ref, 'mGy')}",
            f"fluoroscopy {_amount(total.fluoroscopy_time, 's')}",
        ]
        yield f"    plane {total.plane.value}: " + ", ".join(parts)
    kaps = [event.kap.converted for event in distinct_events([found]) if event.kap]
    known = [kap for kap in kaps if kap is not None]
    summed = f"their KAP adds up to {sum(known):.6g} Gy cm2" if known else "none with a KAP"
    yield f"    {dose.n_irradiation_events} irradiation events, {summed}"
    used = "missing" if dose.kap_gycm2 is None else f"{dose.kap_gycm2:.6g} Gy cm2 ({dose.kap_basis})"
    yield f"    KAP used: {used}"
    for flag in dose.flags:
        yield f"    flag {flag}: {FLAGS[flag]}"


def _amount(found: Found | None, unit: str) -> str:
    if found is None:
        return "missing"
    as_found = f"{found.amount:g} {found.unit or '(no unit)'}"
    if found.converted is None:
        return f"unknown: found {as_found}"
    return as_found if found.unit == unit else f"{found.converted:.6g} {unit} (found {as_found})"
