"""
Organ doses of dose events: D = KAP x calibration x coefficient, with realisations. Pure.

A dose event without a kerma-area product, or of a child that no band of the table holds, has no dose. It is
listed as missing with the reason; it is never a zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graph_schema.ids import content_digest, derivation_key
from provenance.dose.calibration import Calibration, assumed_calibration, calibration_at
from provenance.dose.coefficients import Coefficient, CoefficientIndex, CoefficientTable
from provenance.dose.schema import ESTIMATES, MISSING
from provenance.dose.settings import DoseSettings, Organ
from provenance.dose.uncertainty import EventErrors, SharedDraws, check_budget, log_errors, organ_draws, sigma_of

__all__ = ["VERSION", "Derivation", "derive"]

VERSION = 1
"""Raised when the same inputs give other doses."""

_CHUNK = 2048
_NEEDED = ("event_key", "hospital", "room", "started_at", "person_key", "weight_kg", "birth_year", "sex", "kap_gycm2",
           "kap_a_gycm2", "kap_b_gycm2", "flags")  # fmt: skip

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Derivation:
    """
    Organ doses.

    Attributes:
        estimates: `ESTIMATES`, sorted by event key; `block_row` is the row in `realisations`.
        realisations: `event_key`, `realisations` (fixed-size list of float32, organ by organ, mGy); one row an
            estimate. Element `organ * n_realisations + k` is realisation k.
        missing: `MISSING`: events without a dose, and why.
        calibrations: Factors that were used, assumed ones included, sorted by id.
    """

    estimates: pa.Table
    realisations: pa.Table
    missing: pa.Table
    calibrations: tuple[Calibration, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """What doses are derived with."""

    table: CoefficientTable
    index: CoefficientIndex
    calibrations: Sequence[Calibration]
    bands: frozenset[str]
    has_planes: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """One event that has a dose, before any error is drawn; arrays are `(n_organs,)`."""

    event_key: str
    dose_mgy: FloatArray
    sigma_coefficient: FloatArray
    is_mean: npt.NDArray[np.bool_]
    errors: EventErrors
    calibration: Calibration
    band: str
    derivation_key: str


def derive(
    events: pa.Table,
    *,
    coefficients: CoefficientTable,
    calibrations: Sequence[Calibration],
    settings: DoseSettings,
    seed: int,
) -> Derivation:
    """
    Organ doses and their realisations.

    Args:
        events: Dose events (`DOSE_EVENTS`); order does not matter.
        coefficients: The table.
        calibrations: Factors by room and period.
        settings: Organs, realisations, sizes of errors.
        seed: The study's seed.

    Raises:
        DoseBudgetExceeded: If the realisations need more memory than the settings allow.
    """
    check_budget(events.num_rows, settings)
    parameters = content_digest(settings.model_dump_json().encode())
    given = _Given(
        table=coefficients,
        index=CoefficientIndex(coefficients),
        calibrations=calibrations,
        bands=coefficients.bands,
        has_planes=coefficients.has_planes,
    )
    plans: list[_Plan] = []
    missing: list[dict[str, str]] = []
    for event in sorted(events.select(list(_NEEDED)).to_pylist(), key=lambda row: str(row["event_key"])):
        found = _plan(event, given, settings=settings, stamp=(parameters, seed))
        if isinstance(found, str):
            missing.append({"event_key": event["event_key"], "reason": found})
        else:
            plans.append(found)
    matrix = _realise(plans, settings, seed=seed)
    used = {plan.calibration.calibration_id: plan.calibration for plan in plans}
    return Derivation(
        estimates=_estimates(plans, matrix, settings),
        realisations=_as_table(plans, matrix),
        missing=pa.Table.from_pylist(missing, schema=MISSING),
        calibrations=tuple(used[name] for name in sorted(used)),
    )


def _plan(event: dict[str, Any], given: _Given, *, settings: DoseSettings, stamp: tuple[str, int]) -> _Plan | str:
    """What is to be realised of one event, or why it has no dose."""
    if event["kap_gycm2"] is None:
        return "kap_missing"
    if not set(settings.withheld_flags).isdisjoint(event["flags"] or ()):
        return "kap_doubtful"
    band, at = _band(event, given.bands)
    if band is None:
        return "no_weight_no_age"
    parts = _parts(event, has_planes=given.has_planes)
    rows = _coefficients(event, [plane for plane, _ in parts], given, organs=settings.organs, band=(band, at))
    if rows is None:
        return "no_band"
    room = event["room"] or f"{event['hospital']}/(unknown)"
    started: datetime | None = event["started_at"]
    calibration = calibration_at(given.calibrations, room, started.date() if started else None)
    calibration = calibration or assumed_calibration(room, settings)
    doses = [
        [row.mgy_per_gycm2 * kap * calibration.factor for row, (_, kap) in zip(organ_rows, parts, strict=True)]
        for organ_rows in rows
    ]
    totals = [sum(planes) for planes in doses]
    errors = _errors(event, calibration, settings, by_age=band == "age" and "weight" in given.bands)
    inputs = [str(event[name]) for name in ("event_key", "person_key", "hospital", "room", "started_at")]
    inputs += [*map(repr, totals), repr(calibration), repr(errors), given.table.sha256]
    return _Plan(
        event_key=event["event_key"],
        dose_mgy=np.array(totals),
        sigma_coefficient=np.array([_weighted_sigma(r, d) for r, d in zip(rows, doses, strict=True)]),
        is_mean=np.array([organ_rows[0].statistic == "mean" for organ_rows in rows]),
        errors=errors,
        calibration=calibration,
        band=_band_name(rows[0][0]),
        derivation_key=derivation_key("derive-dose", VERSION, inputs, f"{stamp[0]}/{stamp[1]}"),
    )


def _coefficients(
    event: dict[str, Any], planes: Sequence[str], given: _Given, *, organs: Sequence[Organ], band: tuple[str, float]
) -> list[list[Coefficient]] | None:
    """Coefficients by organ and plane; None where one of them is in no band."""
    sex = str(event["sex"])
    found = []
    for organ in organs:
        rows = [given.index.find(organ, band=band[0], at=band[1], sex=sex, plane=plane) for plane in planes]
        known = [row for row in rows if row is not None]
        if len(known) < len(rows):
            return None
        found.append(known)
    return found


def _band(event: dict[str, Any], bands: frozenset[str]) -> tuple[str | None, float]:
    """Weight where the table and the event have it, else age, else the table's one band."""
    if "weight" in bands and event["weight_kg"]:
        return "weight", float(event["weight_kg"])
    if "age" in bands and event["birth_year"] and event["started_at"]:
        started: datetime = event["started_at"]
        # The day of birth is not known: it is taken as the middle of the year.
        years = started.year - int(event["birth_year"]) + (started.timetuple().tm_yday - 183) / 365.25
        return "age", max(0.0, years)
    return ("any", 0.0) if "any" in bands else (None, 0.0)


def _parts(event: dict[str, Any], *, has_planes: bool) -> list[tuple[str, float]]:
    """Plane and its kerma-area product; all in one where the table does not tell planes apart."""
    total = float(event["kap_gycm2"])
    planes = [("A", event["kap_a_gycm2"]), ("B", event["kap_b_gycm2"])]
    known = [(plane, float(kap)) for plane, kap in planes if kap is not None]
    if not has_planes or not known:
        return [("any", total)]
    rest = total - sum(kap for _, kap in known)
    return known + ([("any", rest)] if rest > 1e-9 * total else [])


def _weighted_sigma(rows: Sequence[Coefficient], doses: Sequence[float]) -> float:
    """Sigma of the coefficient's error, over planes weighted by dose: their errors are one and the same."""
    sigmas = [sigma_of(row.gsd) for row in rows]
    total = sum(doses)
    return sum(sigma * dose for sigma, dose in zip(sigmas, doses, strict=True)) / total if total > 0 else max(sigmas)


def _errors(event: dict[str, Any], calibration: Calibration, settings: DoseSettings, *, by_age: bool) -> EventErrors:
    started: datetime | None = event["started_at"]
    era = started.year // settings.era_years if started else "unknown"
    person = event["person_key"] or event["event_key"]
    unshared = [
        (f"anatomy/{person}", sigma_of(settings.anatomy_gsd)),
        (f"event/{event['event_key']}", sigma_of(settings.event_gsd)),
    ]
    if by_age:
        unshared.append((f"age/{event['event_key']}", sigma_of(settings.age_band_gsd)))
    return EventErrors(
        shared=(
            (f"calibration/{calibration.calibration_id}", sigma_of(calibration.gsd)),
            (f"protocol/{event['hospital']}/{era}", sigma_of(settings.protocol_gsd)),
        ),
        unshared=tuple(unshared),
    )


def _band_name(row: Coefficient) -> str:
    if row.band == "any":
        return "any"
    unit = "kg" if row.band == "weight" else "years"
    return f"{row.band} {row.low:g}-{row.high:g} {unit}"


def _realise(plans: Sequence[_Plan], settings: DoseSettings, *, seed: int) -> npt.NDArray[np.float32]:
    """Realisations (mGy), `(n_events, n_organs, n_realisations)`."""
    n_draws = settings.n_realisations
    matrix = np.empty((len(plans), len(settings.organs), n_draws), dtype=np.float32)
    draws = SharedDraws(seed=seed, n_realisations=n_draws)
    by_organ = organ_draws(settings.organs, settings, seed=seed)
    for first in range(0, len(plans), _CHUNK):
        part = plans[first : first + _CHUNK]
        factor = np.exp(log_errors([plan.errors for plan in part], draws, n_realisations=n_draws))
        variance = np.array([plan.errors.variance for plan in part])
        for place in range(len(settings.organs)):
            dose = np.array([plan.dose_mgy[place] for plan in part])
            sigma = np.array([plan.sigma_coefficient[place] for plan in part])
            is_mean = np.array([plan.is_mean[place] for plan in part])
            # A table of means must keep its mean: exp of a normal error has the mean exp(variance / 2).
            dose = np.where(is_mean, dose * np.exp(-(variance + sigma**2) / 2.0), dose)
            matrix[first : first + len(part), place] = (
                dose[:, None] * factor * np.exp(sigma[:, None] * by_organ[place][None, :])
            )
    return matrix


def _estimates(plans: Sequence[_Plan], matrix: npt.NDArray[np.float32], settings: DoseSettings) -> pa.Table:
    rows = []
    for first in range(0, len(plans), _CHUNK):
        part = matrix[first : first + _CHUNK].astype(np.float64)
        low, high = np.percentile(part, [2.5, 97.5], axis=2) if len(part) else (part, part)
        mean, sd = part.mean(axis=2), part.std(axis=2, ddof=1)
        for place in range(len(part)):
            plan = plans[first + place]
            rows.append(
                {
                    "event_key": plan.event_key,
                    "organs": list(settings.organs),
                    "mean_mgy": mean[place].tolist(),
                    "sd_mgy": sd[place].tolist(),
                    "p025_mgy": low[place].tolist(),
                    "p975_mgy": high[place].tolist(),
                    "block_row": first + place,
                    "calibration_id": plan.calibration.calibration_id,
                    "band": plan.band,
                    "derivation_key": plan.derivation_key,
                }
            )
    return pa.Table.from_pylist(rows, schema=ESTIMATES)


def _as_table(plans: Sequence[_Plan], matrix: npt.NDArray[np.float32]) -> pa.Table:
    width = matrix.shape[1] * matrix.shape[2]
    lists = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1), pa.float32()), width)
    return pa.table({"event_key": pa.array([plan.event_key for plan in plans], pa.string()), "realisations": lists})
