"""The tables of dose events, as docs/architecture.md lays them down. Opens nothing."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["DOSE_EVENTS", "ESTIMATES", "IRRADIATIONS", "MISSING"]

_TEXT, _NUMBER, _TIME = pa.string(), pa.float64(), pa.timestamp("s")

DOSE_EVENTS = pa.schema(
    [
        ("event_key", _TEXT),
        ("source", _TEXT),
        ("hospital", _TEXT),
        ("room", _TEXT),
        ("started_at", _TIME),
        ("person_key", _TEXT),
        ("exam_key", _TEXT),
        ("accession_key", _TEXT),
        ("study_key", _TEXT),
        ("weight_kg", _NUMBER),
        ("birth_year", pa.int16()),
        ("sex", _TEXT),
        ("kap_gycm2", _NUMBER),
        ("kap_a_gycm2", _NUMBER),
        ("kap_b_gycm2", _NUMBER),
        ("kap_basis", _TEXT),
        ("kap_unit_as_found", _TEXT),
        ("kerma_ref_mgy", _NUMBER),
        ("fluoroscopy_time_s", _NUMBER),
        ("n_frames", pa.int32()),
        ("n_irradiation_events", pa.int32()),
        ("planes", pa.list_(_TEXT)),
        ("flags", pa.list_(_TEXT)),
        ("file_sha256", pa.list_(_TEXT)),
        ("row", pa.list_(pa.int64())),
    ]
)
"""One row an examination; the lists `file_sha256` and `row` are its sources, those that feed no number included."""

IRRADIATIONS = pa.schema(
    [
        ("event_key", _TEXT),
        ("irradiation_key", _TEXT),
        ("plane", _TEXT),
        ("irradiation_type", _TEXT),
        ("started_at", _TIME),
        ("kap_gycm2", _NUMBER),
        ("kerma_ref_mgy", _NUMBER),
        ("kvp_kv", _NUMBER),
        ("field_area_cm2", _NUMBER),
        ("duration_s", _NUMBER),
        ("n_pulses", pa.int32()),
        ("primary_angle_deg", _NUMBER),
        ("secondary_angle_deg", _NUMBER),
        ("copper_mm", _NUMBER),
        ("aluminium_mm", _NUMBER),
        ("flags", pa.list_(_TEXT)),
    ]
)
"""One row an irradiation event of a report that counts; kept as a block, not as nodes."""

ESTIMATES = pa.schema(
    [
        ("event_key", _TEXT),
        ("organs", pa.list_(_TEXT)),
        ("mean_mgy", pa.list_(_NUMBER)),
        ("sd_mgy", pa.list_(_NUMBER)),
        ("p025_mgy", pa.list_(_NUMBER)),
        ("p975_mgy", pa.list_(_NUMBER)),
        ("block_row", pa.int64()),
        ("calibration_id", _TEXT),
        ("band", _TEXT),
        ("derivation_key", _TEXT),
    ]
)
"""One row a dose event that has a dose."""

MISSING = pa.schema([("event_key", _TEXT), ("reason", _TEXT)])
"""One row a dose event without a dose, and why: kap_missing, kap_doubtful, no_band, no_weight_no_age."""
