"""The section of the study file that `linkage` defines the settings of. Opens nothing."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from linkage.doses.settings import DoseLinkSettings
from linkage.stays.settings import StaySettings

__all__ = ["LinkageSection"]


class LinkageSection(BaseModel):
    """Settings of the linkage by what is linked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stays: StaySettings = Field(default_factory=StaySettings, description="Stays and persons.")
    doses: DoseLinkSettings = Field(default_factory=DoseLinkSettings, description="Doses and examinations.")
