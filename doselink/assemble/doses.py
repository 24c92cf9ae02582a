"""Nodes of what doses were derived with and what came out. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from doselink.assemble.reuse import Block
from doselink.assemble.state import Assembly
from provenance.dose.calibration import Calibration
from provenance.dose.coefficients import CoefficientTable

__all__ = ["add_calibrations", "add_coefficient_table", "add_estimates"]


def add_coefficient_table(assembly: Assembly, table: CoefficientTable) -> str:
    """A coefficient table by the digest of its bytes; returns its key."""
    key = assembly.keyring.key("cof", table.sha256)
    row = {
        "key": key,
        "name": table.name,
        "version": table.version,
        "unit": table.unit,
        "sha256": table.sha256,
        "citation": table.citation,
        "is_demonstration": table.is_demonstration,
    }
    assembly.nodes("CoefficientTable", pa.Table.from_pylist([row]))
    return key


def add_calibrations(assembly: Assembly, calibrations: Iterable[Calibration]) -> dict[str, str]:
    """Calibration factors; returns calibration id to key. A key is a room and a period: a new factor is a revision."""
    keys: dict[str, str] = {}
    rows = []
    for item in calibrations:
        key = assembly.keyring.key("cal", item.room, str(item.valid_from), str(item.valid_to))
        keys[item.calibration_id] = key
        rows.append(
            {
                "key": key,
                "room": item.room,
                "factor": item.factor,
                "gsd": item.gsd,
                "valid_from": item.valid_from,
                "valid_to": item.valid_to,
                "source": item.source,
            }
        )
    if rows:
        assembly.nodes("CalibrationFactor", pa.Table.from_pylist(rows))
    return keys


def add_estimates(
    assembly: Assembly,
    estimates: pa.Table,
    *,
    table_key: str,
    calibration_keys: Mapping[str, str],
    block: Block,
    subjects: Mapping[str, str],
) -> None:
    """
    Organ doses of dose events.

    Args:
        assembly: Where to add them.
        estimates: event_key, organs, mean_mgy, sd_mgy, p025_mgy, p975_mgy, block_row, calibration_id (null
            where the room has no factor of its own); one row an event that has a dose.
        table_key: The coefficient table's key.
        calibration_keys: Calibration id to key.
        block: The realisation block that holds them.
        subjects: Dose event's key to the key of the decision that says whose dose it is.
    """
    events = estimates.column("event_key").to_pylist()
    keys = [assembly.keyring.key("est", event) for event in events]
    n = len(keys)
    block_key = assembly.keyring.key("rea", block.sha256)
    organs = estimates.column("organs")[0].as_py() if n else []
    row = {
        "key": block_key,
        "sha256": block.sha256,
        "n_rows": block.n_rows,
        "n_realisations": block.n_realisations,
        "organs": organs,
    }
    assembly.nodes("RealisationBlock", pa.Table.from_pylist([row]), generated=True)
    assembly.desired.blocks.add(block.sha256)
    assembly.nodes("DoseEstimate", estimates.append_column("key", pa.array(keys, pa.string())), generated=True)
    source = ("DoseEstimate", keys)
    derived: dict[str, list[str | None]] = {
        "DoseEvent": events,
        "CoefficientTable": [table_key] * n,
        "CalibrationFactor": [calibration_keys.get(name) for name in estimates.column("calibration_id").to_pylist()],
        "LinkDecision": [subjects.get(event) for event in events],
    }
    roles = {
        "DoseEvent": "dose_event",
        "CoefficientTable": "coefficient",
        "CalibrationFactor": "calibration",
        "LinkDecision": "subject",
    }
    for label, targets in derived.items():
        role = pa.array([roles[label]] * n, pa.string())
        assembly.relate("WAS_DERIVED_FROM", source, (label, targets), role=role)
    rows = estimates.column("block_row")
    assembly.relate("STORED_IN", source, ("RealisationBlock", [block_key] * n), row=rows)
