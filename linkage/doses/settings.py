"""Settings of the dose linkage."""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict, Field

from graph_schema.ids import content_digest

__all__ = ["DoseLinkSettings"]


class DoseLinkSettings(BaseModel):
    """Everything the linkage of doses with examinations and stays needs to be repeated exactly."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accept_probability: float = Field(0.9, ge=0.5, lt=1, description="Pairs at or above are linked.")
    possible_probability: float = Field(0.1, gt=0, lt=1, description="Pairs at or above are possible links.")
    keep_probability: float = Field(0.001, gt=0, lt=1, description="Scored pairs below are not kept.")
    window_hours: float = Field(12.0, gt=0, le=72, description="Dose and examination may start so far apart.")
    conflict_hours: float = Field(36.0, gt=0, description="Equal identifiers further apart in time are a conflict.")
    stay_tolerance_days: int = Field(1, ge=0, le=3, description="An examination may lie so far outside a stay.")
    clock_pairs: int = Field(8, ge=3, description="Identified pairs of a room and year needed to correct its clock.")
    max_candidate_pairs: int = Field(20_000_000, gt=0, description="Budget of candidate pairs, checked first.")

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON."""
        return content_digest(json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":")).encode())
