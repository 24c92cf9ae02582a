"""Settings of the stay and person linkage: one frozen model, every field described."""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict, Field

from graph_schema.ids import content_digest

__all__ = ["StaySettings"]


class StaySettings(BaseModel):
    """Everything the stay linkage needs to be repeated exactly, beside its two tables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(1, description="Seed of the decoy shifts.")
    accept_probability: float = Field(0.9, ge=0.5, lt=1, description="Pairs at or above are linked.")
    possible_probability: float = Field(0.1, gt=0, lt=1, description="Pairs at or above are possible links.")
    keep_probability: float = Field(0.001, gt=0, lt=1, description="Scored pairs below are counted but not kept.")
    date_window_days: int = Field(1, ge=0, le=3, description="Admission or discharge may differ by so many days.")
    far_window_days: int = Field(
        45, ge=0, le=120, description="Widest admission difference of the far-date rule; 0 turns the rule off."
    )
    soft_hospital: bool = Field(
        True, description="Second pass without the hospital, for wrong or missing hospital ids."
    )
    coverage_tolerance_days: int = Field(2, ge=0, description="A stay may begin so many days outside the coverage.")
    overlap_tolerance_days: int = Field(
        14, ge=0, description="Two pseudonyms whose coverage overlaps by at most so many days may be one child."
    )
    merge_gap_days: int = Field(
        30, ge=0, description="Cases at most so many days apart may be one stay on the other side."
    )
    n_decoys: int = Field(4, ge=1, le=12, description="Year-shifted decoy sets for the chance rates.")
    n_quality_decoys: int = Field(
        2, ge=0, le=12, description="Decoy sets that compete with the targets to measure precision."
    )
    max_candidate_pairs: int = Field(
        60_000_000, gt=0, description="Budget of candidate pairs, checked before they are made."
    )
    max_rounds: int = Field(6, ge=1, description="Rounds of person posterior and re-estimation.")
    alpha: float = Field(0.12, gt=0, lt=1, description="Start: share of claims stays at the hospital without a case.")
    beta: float = Field(0.06, gt=0, lt=1, description="Start: share of cases inside coverage without a claims stay.")
    merge_rate: float = Field(0.02, gt=0, lt=1, description="Start: share of matches that are merged stays.")
    far_rate: float = Field(
        0.015, gt=0, lt=1, description="Share of true stay pairs with far dates, before it is estimated."
    )
    wrong_hospital_rate: float = Field(
        0.007, gt=0, lt=1, description="Start: share of claims stays with a wrong hospital."
    )

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON: goes into the model, the decisions and the graph."""
        return content_digest(json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":")).encode())
