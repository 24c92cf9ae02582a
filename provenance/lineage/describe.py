"""One line of facts about a node, for trees and tables. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["describe"]

Row = Mapping[str, Any]


def describe(label: str, row: Row) -> str:
    """
    What a reader wants to know of a node first.

    Args:
        label: Its label.
        row: Its properties.
    """
    told = _TELLERS.get(label)
    return told(row) if told is not None else ""


def _joined(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part not in (None, ""))


def _kap(row: Row) -> str:
    kap = row["kap_gycm2"]
    return "KAP missing" if kap is None else f"KAP {kap:.4g} Gy·cm² ({row['kap_basis']})"


def _doses(row: Row) -> str:
    return ", ".join(f"{organ} {mean:.3g} mGy" for organ, mean in zip(row["organs"], row["mean_mgy"], strict=True))


_TELLERS: dict[str, Callable[[Row], str]] = {
    "Agent": lambda row: _joined(row["name"], row["version"]),
    "CalibrationFactor": lambda row: _joined(row["room"], f"factor {row['factor']:.4g}", row["source"]),
    "CandidatePair": lambda row: _joined(
        row["pair_type"], f"{row['match_weight']:.1f} bits", f"p = {row['match_probability']:.4f}"
    ),
    "CoefficientTable": lambda row: _joined(row["name"], row["version"], "demonstration" * row["is_demonstration"]),
    "Cohort": lambda row: _joined(row["name"], f"{row['n_persons']} persons"),
    "DoseEstimate": _doses,
    "DoseEvent": lambda row: _joined(row["performed_on"], row["room"], _kap(row), *row["flags"]),
    "LinkDecision": lambda row: _joined(row["judgement"], row["reason_code"], f"p = {row['match_probability']:.4f}"),
    "LinkageModel": lambda row: _joined(row["name"], f"model {row['sha256'][:12]}…"),
    "ParameterSet": lambda row: f"settings {row['sha256'][:12]}…",
    "Permit": lambda row: _joined(row["permit_id"], row["valid_until"] and f"valid until {row['valid_until']}"),
    "Person": lambda row: f"{row['n_claims_records']} claims and {row['n_hospital_records']} hospital records",
    "PersonRecord": lambda row: _joined(row["side"], row["source"], row["sex"], row["birth_year"]),
    "Procedure": lambda row: _joined(row["side"], row["ops_code"], row["performed_on"], row["room"]),
    "RealisationBlock": lambda row: f"{row['n_rows']} events × {row['n_realisations']} realisations",
    "Run": lambda row: _joined(row["run_type"], row["status"], row["code_version"]),
    "SourceFile": lambda row: _joined(row["name"], row["kind"], f"sha256 {row['sha256'][:12]}…"),
    "SourceRecord": lambda row: f"{row['record_type']}, row {row['row']}",
    "Stay": lambda row: _joined(row["side"], row["hospital"], f"{row['admitted_on']} to {row['discharged_on']}"),
}
