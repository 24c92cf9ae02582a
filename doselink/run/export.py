"""
The result in the deliveries' own identifiers, for the data steward. Reads ledger and deliveries, writes one file.

Nothing here is kept: the identifiers are rebuilt from the deliveries with the study key, and are only in the
file that is written, which its owner alone can read.
"""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from doselink.progress import Progress, Silent
from doselink.run.history import last_study_run
from doselink.run.natural import Natural, natural_keys
from doselink.run.workspace import NotAWorkspace, Workspace
from doselink.study import read_study
from provenance import open_study
from provenance.lineage.ownership import accepted_links, event_owners, person_of_records
from provenance.study.snapshot import Snapshot

__all__ = ["export_doses", "export_links", "export_persons"]

_TEXT, _NUMBER = pa.string(), pa.float64()
_LINKS = pa.schema(
    [("claims_case_id", _TEXT), ("hospital", _TEXT), ("case", _TEXT), ("match_probability", _NUMBER),
     ("match_weight_bits", _NUMBER), ("decision", _TEXT), ("reason", _TEXT), ("run_id", _TEXT)]
)  # fmt: skip
_PERSONS = pa.schema([("person", _TEXT), ("data_holder", _TEXT), ("identifier", _TEXT), ("link_probability", _NUMBER)])
_DOSES = pa.schema(
    [("hospital", _TEXT), ("exam_id", _TEXT), ("accession_number", _TEXT), ("study_instance_uid", _TEXT),
     ("performed_on", pa.date32()), ("person", _TEXT), ("dose_link_probability", _NUMBER), ("kap_gycm2", _NUMBER),
     ("organ", _TEXT), ("mean_mgy", _NUMBER), ("sd_mgy", _NUMBER), ("p025_mgy", _NUMBER), ("p975_mgy", _NUMBER),
     ("run_id", _TEXT)]
)  # fmt: skip


def export_links(
    workspace: Workspace, study_file: Path, out: Path, *, today: date | None = None, progress: Progress | None = None
) -> int:
    """
    Linked stays: claims_case_id, hospital, case, match_probability, match_weight_bits, decision, reason, run_id.

    Returns:
        Rows written.

    Raises:
        KeyMissing: Without the study key.
    """
    snapshot, natural = _opened(workspace, study_file, today=today, progress=progress)
    keys = snapshot.keys("Stay")
    links = (
        accepted_links(snapshot, "stay")
        .merge(_weights(snapshot), on="pair_id")
        .merge(_runs(snapshot), on="decision_id")
    )
    rows = [
        {
            "claims_case_id": _natural(natural, keys[left])[-1],
            "hospital": _natural(natural, keys[right])[0],
            "case": _natural(natural, keys[right])[-1],
            "match_probability": probability,
            "match_weight_bits": weight,
            "decision": "link",
            "reason": reason,
            "run_id": run,
        }
        for left, right, probability, weight, reason, run in _rows(
            links, "left_id", "right_id", "match_probability", "match_weight", "reason_code", "run_id"
        )
    ]
    return _write(out, rows, schema=_LINKS)


def export_persons(
    workspace: Workspace, study_file: Path, out: Path, *, today: date | None = None, progress: Progress | None = None
) -> int:
    """
    Records of persons: person, data_holder, identifier, link_probability; one row a record.

    Returns:
        Rows written.

    Raises:
        KeyMissing: Without the study key.
    """
    snapshot, natural = _opened(workspace, study_file, today=today, progress=progress)
    persons = snapshot.nodes("Person")[["id", "key", "link_probability"]].rename(columns={"id": "person_id"})
    records = snapshot.keys("PersonRecord")
    members = person_of_records(snapshot).merge(persons, on="person_id")
    rows = []
    for record, person, probability in _rows(members, "record_id", "key", "link_probability"):
        found = _natural(natural, records[record])
        rows.append(
            {
                "person": person,
                "data_holder": found[0],
                "identifier": found[-1],
                "link_probability": None if pd.isna(probability) else probability,
            }
        )
    return _write(out, rows, schema=_PERSONS)


def export_doses(
    workspace: Workspace, study_file: Path, out: Path, *, today: date | None = None, progress: Progress | None = None
) -> int:
    """
    Organ doses: hospital, exam_id, accession_number, study_instance_uid, performed_on, person, dose_link_probability,
    kap_gycm2, organ, mean_mgy, sd_mgy, p025_mgy, p975_mgy, run_id; one row an event and organ.

    Returns:
        Rows written.

    Raises:
        KeyMissing: Without the study key.
    """
    snapshot, natural = _opened(workspace, study_file, today=today, progress=progress)
    facts = _event_facts(workspace).set_index("event_key")
    owners = event_owners(snapshot).merge(
        snapshot.nodes("Person")[["id", "key"]].rename(columns={"id": "person_id", "key": "person"}),
        on="person_id",
        how="left",
    )
    estimates = snapshot.nodes("DoseEstimate").rename(columns={"id": "estimate_id"})
    of_event = snapshot.ends("WAS_DERIVED_FROM", "DoseEstimate", "DoseEvent", ("estimate_id", "event_id"))
    runs = snapshot.ends("WAS_GENERATED_BY", "DoseEstimate", "Run", ("estimate_id", "run_id"))
    events = snapshot.nodes("DoseEvent")[["id", "key", "performed_on", "kap_gycm2"]].rename(
        columns={"id": "event_id", "key": "event_key"}
    )
    table = estimates.merge(of_event, on="estimate_id").merge(runs, on="estimate_id").merge(events, on="event_id")
    table = table.merge(owners, on="event_id", how="left")
    rows = []
    for row in table.to_dict("records"):
        fact = facts.loc[row["event_key"]]
        for place, organ in enumerate(row["organs"]):
            rows.append(
                {
                    "hospital": fact["hospital"],
                    "exam_id": _last(natural, fact["exam_key"]),
                    "accession_number": _last(natural, fact["accession_key"]),
                    "study_instance_uid": _last(natural, fact["study_key"]),
                    "performed_on": None if pd.isna(row["performed_on"]) else row["performed_on"].date(),
                    "person": _text(row["person"]),
                    "dose_link_probability": None if pd.isna(row["match_probability"]) else row["match_probability"],
                    "kap_gycm2": row["kap_gycm2"],
                    "organ": organ,
                    "mean_mgy": row["mean_mgy"][place],
                    "sd_mgy": row["sd_mgy"][place],
                    "p025_mgy": row["p025_mgy"][place],
                    "p975_mgy": row["p975_mgy"][place],
                    "run_id": row["run_id"],
                }
            )
    return _write(out, rows, schema=_DOSES)


def _opened(
    workspace: Workspace, study_file: Path, *, today: date | None, progress: Progress | None
) -> tuple[Snapshot, Natural]:
    day = today or datetime.now(UTC).date()
    natural = natural_keys(read_study(study_file), workspace, today=day, progress=progress or Silent())
    return open_study(workspace.root).snapshot, natural


def _natural(natural: Natural, key: str) -> tuple[str, ...]:
    """The natural key; `("", "")` for a record that is in none of the deliveries that are there now."""
    return natural.get(key, ("", ""))


def _last(natural: Natural, key: object) -> str | None:
    found = natural.get(key) if isinstance(key, str) else None
    return None if found is None else found[-1]


def _text(found: object) -> str | None:
    return found if isinstance(found, str) else None


def _weights(snapshot: Snapshot) -> pd.DataFrame:
    return snapshot.nodes("CandidatePair")[["id", "match_weight"]].rename(columns={"id": "pair_id"})


def _runs(snapshot: Snapshot) -> pd.DataFrame:
    return snapshot.ends("WAS_GENERATED_BY", "LinkDecision", "Run", ("decision_id", "run_id"))


def _rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return list(zip(*(frame[name].tolist() for name in columns), strict=True))


def _event_facts(workspace: Workspace) -> pd.DataFrame:
    """Keys of each dose event's examination, from the last run's block of dose events."""
    last = last_study_run(workspace.ledger)
    if last is None:
        raise NotAWorkspace(f"nothing is committed in {workspace.root.name}: run `doselink run` first")
    manifest = json.loads((workspace.run_dir(last[0]) / "manifest.json").read_bytes())
    columns = ["event_key", "hospital", "exam_key", "accession_key", "study_key"]
    frame: pd.DataFrame = workspace.blocks.get(manifest["blocks"]["dose_events"], columns).to_pandas()
    return frame


def _write(out: Path, rows: list[dict[str, Any]], *, schema: pa.Schema) -> int:
    """Write the rows, sorted; the file is readable by its owner only from its first byte on."""
    table = pa.Table.from_pylist(rows, schema=schema)
    ordered = [name for name in schema.names if pa.types.is_string(schema.field(name).type)]
    table = table.sort_by([(name, "ascending") for name in ordered])
    sink = io.BytesIO()
    if out.suffix == ".parquet":
        pq.write_table(table, sink)
    else:
        pyarrow.csv.write_csv(table, sink)
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(sink.getvalue())
    return len(rows)
