"""The story of one person as typed values. Opens nothing."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["DoseStory", "Explanation", "FileStory", "LevelStory", "LinkStory", "OrganStory", "RecordStory", "StayStory"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileStory(_Frozen):
    """One place in a delivery."""

    name: str = Field(description="Name of the file in the ledger.")
    kind: str = Field(description="What the file holds.")
    sha256: str = Field(description="Digest of its bytes.")
    row: int | None = Field(description="Row in it, the header being row 1; 1 for a DICOM object.")


class RecordStory(_Frozen):
    """The person as one data holder knows them."""

    record: str = Field(description="Key of the record.")
    side: str = Field(description="claims or hospital.")
    source: str = Field(description="Name of the source in the study file.")
    sex: str = Field(description="Administrative sex.")
    birth_year: int | None = Field(description="Year of birth.")
    files: tuple[FileStory, ...] = Field(description="Where it was delivered.")


class StayStory(_Frozen):
    """An inpatient stay of the person."""

    stay: str = Field(description="Key of the stay.")
    side: str = Field(description="claims or hospital.")
    hospital: str | None = Field(description="The study's name for the hospital.")
    admitted_on: date | None = Field(description="Day of admission.")
    discharged_on: date | None = Field(description="Day of discharge.")
    files: tuple[FileStory, ...] = Field(description="Where it was delivered.")


class LevelStory(_Frozen):
    """What one comparison said."""

    level: str = Field(description="comparison=level.")
    bits: float = Field(description="What it adds to the weight (bits).")


class LinkStory(_Frozen):
    """A comparison of one of the person's records, stays or doses, and what was decided."""

    pair_type: str = Field(description="stay, person, dose or exam.")
    left: str = Field(description="Key of the left side.")
    right: str = Field(description="Key of the right side.")
    judgement: str = Field(description="link, possible_link or non_link.")
    reason_code: str = Field(description="Why.")
    match_weight: float = Field(description="Sum of the weights with the prior (bits).")
    match_probability: float = Field(description="Probability the decision stood on.")
    threshold: float = Field(description="Probability at or above which a pair is linked.")
    match_key: str = Field(description="Blocking rule that proposed the pair.")
    levels: tuple[LevelStory, ...] = Field(description="The evidence, comparison by comparison.")
    model_sha256: str | None = Field(description="Digest of the model that weighed it.")
    run: str | None = Field(description="Key of the run that decided.")


class OrganStory(_Frozen):
    """Dose of one organ."""

    organ: str = Field(description="The organ.")
    mean_mgy: float = Field(description="Mean (mGy).")
    p025_mgy: float = Field(description="2.5th percentile (mGy).")
    p975_mgy: float = Field(description="97.5th percentile (mGy).")


class DoseStory(_Frozen):
    """A dose event of the person."""

    event: str = Field(description="Key of the dose event.")
    performed_on: date | None = Field(description="Day of the examination.")
    room: str | None = Field(description="Hospital and room.")
    kap_gycm2: float | None = Field(description="Kerma-area product (Gy cm2); None: missing.")
    flags: tuple[str, ...] = Field(description="Doubts about it.")
    estimate: str | None = Field(description="Key of the organ-dose estimate; None: no dose could be estimated.")
    table: str | None = Field(description="Coefficient table, name and version.")
    calibration: str | None = Field(description="Calibration factor of the room, where there is one.")
    organs: tuple[OrganStory, ...] = Field(description="Organ doses; empty where none could be estimated.")
    files: tuple[FileStory, ...] = Field(description="Reports and register rows it was read from.")


class Explanation(_Frozen):
    """Everything the ledger knows of how one person came to be linked and dosed."""

    person: str = Field(description="Key of the person.")
    link_probability: float | None = Field(description="Smallest probability among the accepted links.")
    records: tuple[RecordStory, ...] = Field(description="Records held together, by side and key.")
    stays: tuple[StayStory, ...] = Field(description="Stays, by day of admission.")
    links: tuple[LinkStory, ...] = Field(description="Decisions, accepted ones first, by weight.")
    doses: tuple[DoseStory, ...] = Field(description="Dose events, by day.")
