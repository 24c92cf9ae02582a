"""A small ledger with every type of property, two commits, a revision and a closure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from graph_schema.edges import Triple
from graph_schema.ledger import Desired, Ledger, settle

FIRST_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND_AT = datetime(2026, 1, 2, 12, 30, 15, tzinfo=UTC)

RECORD_TO_FILE = Triple("HAD_PRIMARY_SOURCE", "SourceRecord", "SourceFile")
EVENT_TO_RECORD = Triple("WAS_DERIVED_FROM", "DoseEvent", "SourceRecord")

EVENT = {
    "key": ["dse_1"],
    "performed_on": [date(2020, 2, 29)],
    "room": ["north/1"],
    "kap_gycm2": [12.345678901234567],
    "kap_basis": ["stated_total"],
    "kap_unit_as_found": pa.array([None], pa.string()),
    "kerma_ref_mgy": pa.array([None], pa.float64()),
    "fluoroscopy_time_s": [600.0],
    "n_irradiation_events": [2**40],
    "planes": [["A", "B"]],
    "flags": pa.array([[]], pa.list_(pa.string())),
}
TABLE = {
    "key": ["cof_1"],
    "name": ["demonstration, not for any study: Ärger & 'quotes'"],
    "version": ["1"],
    "unit": ["mGy/(Gy cm2)"],
    "sha256": ["00"],
    "citation": ["none"],
    "is_demonstration": [True],
}
PAIR = {
    "key": ["pai_1"],
    "pair_type": ["dose"],
    "levels": [["time=close", "weight=else"]],
    "level_bits": [[5.25, -3.5]],
    "match_weight": [1.75],
    "match_probability": [0.75],
    "match_key": ["room+time"],
}


def desired(*, n_records: int = 3, kap_gycm2: float = 12.345678901234567, with_pair: bool = True) -> Desired:
    """The state of a study with `n_records` records of one file and one dose event on all of them."""
    wanted = Desired(closing=frozenset({"SourceFile", "SourceRecord", "DoseEvent", "CandidatePair"}))
    wanted.add_nodes(
        "SourceFile",
        pa.table(
            {"key": ["fil_1"], "sha256": ["00"], "source": ["lab"], "kind": ["rdsr"], "name": ["lab 00"],
             "n_bytes": [10], "n_rows": [3], "n_rejected": [0]}
        ),
    )  # fmt: skip
    keys = [f"rec_{number:06d}" for number in range(n_records)]
    wanted.add_nodes(
        "SourceRecord",
        pa.table(
            {
                "key": keys,
                "record_type": ["dose_report"] * n_records,
                "row": list(range(n_records)),
                "commitment": ["aa"] * n_records,
            }
        ),
    )
    wanted.add_edges(
        RECORD_TO_FILE,
        pa.table({"source_key": keys, "target_key": ["fil_1"] * n_records, "row": list(range(n_records))}),
    )
    wanted.add_nodes("DoseEvent", pa.table(EVENT | {"kap_gycm2": [kap_gycm2]}))
    wanted.add_edges(
        EVENT_TO_RECORD,
        pa.table({"source_key": ["dse_1"] * n_records, "target_key": keys, "role": ["dose_report"] * n_records}),
    )
    wanted.add_nodes("CoefficientTable", pa.table(TABLE))
    wanted.add_nodes("Agent", pa.table({"key": ["agt_1"], "agent_type": ["SoftwareAgent"], "name": ["doselink"]}))
    if with_pair:
        wanted.add_nodes("CandidatePair", pa.table(PAIR))
    return wanted


def two_commits(folder: Path, *, n_records: int = 3) -> Ledger:
    """A ledger whose second commit revises the dose event and closes the candidate pair."""
    ledger = Ledger(folder)
    ledger.append(settle(desired(n_records=n_records), ledger), run_id="r", recorded_at=FIRST_AT, key_fingerprint="f")
    add_second(ledger, n_records=n_records)
    return ledger


def add_second(ledger: Ledger, *, n_records: int = 3) -> None:
    """The second commit."""
    batch = settle(desired(n_records=n_records, kap_gycm2=1.5, with_pair=False), ledger)
    ledger.append(batch, run_id="r", recorded_at=SECOND_AT, key_fingerprint="f")
