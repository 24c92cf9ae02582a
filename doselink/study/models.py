"""What a study file says: frozen models, every field described. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from doselink.study.sections import LinkageSection
from graph_schema.delivery import TextFormat
from graph_schema.ids import content_digest
from graph_schema.rooms import RoomFacts
from provenance.dose.settings import ORGANS, DoseSettings

__all__ = ["CohortDefinition", "Evaluation", "FileDeclaration", "GraphTarget", "Hospital", "PermitDeclaration",
           "Source", "SourceKind", "Study", "TableFile", "Tables"]  # fmt: skip

SourceKind = Literal["claims", "section21", "cath_lab", "rdsr", "dose_register"]

TABLES_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "claims": (
        "insurants", "coverage", "stays", "diagnoses", "procedures",
        "outpatient_diagnoses", "outpatient_services", "dispensations",
    ),
    "section21": ("FALL", "FAB", "ICD", "OPS", "PATIENTEN"),
    "cath_lab": ("cath_lab",),
    "rdsr": (),
    "dose_register": ("dose_register",),
}  # fmt: skip
REQUIRED_TABLES: Mapping[str, tuple[str, ...]] = {"claims": ("insurants", "stays"), "section21": ("FALL",)}


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class GraphTarget(_Model):
    """Where the graph is."""

    url: str = Field(
        "embedded",
        pattern=r"^(embedded|(bolt|neo4j)(\+s|\+ssc)?://.+)$",
        description="embedded, or the Bolt address of a Neo4j server, for example bolt://localhost:7687.",
    )


class PermitDeclaration(_Model):
    """The authority's permission for a delivery."""

    id: str = Field(min_length=1, description="The authority's reference.")
    authority: str | None = Field(None, description="Who gave it.")
    purpose: str = Field(min_length=1, description="What the data may be used for.")
    data_holder: str | None = Field(None, description="Who delivers under it.")
    data_categories: tuple[str, ...] = Field((), description="What may be delivered.")
    valid_until: date | None = Field(None, description="Last day of permitted processing (YYYY-MM-DD).")


class Hospital(_Model):
    """A hospital of the study and the institution numbers (IK) it had over the years."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="Short name used everywhere in the study.")
    iks: tuple[str, ...] = Field((), description="Institution numbers (IK), nine digits, or the pseudonyms delivered.")


class FileDeclaration(TextFormat):
    """Files of one table: where they are and how they are written."""

    path: str | tuple[str, ...] = Field(description="File, folder or pattern; relative to the study file.")

    @property
    def paths(self) -> tuple[str, ...]:
        """The declared paths."""
        return (self.path,) if isinstance(self.path, str) else self.path

    @property
    def format(self) -> TextFormat:
        """The declaration without its paths."""
        return TextFormat.model_validate(self.model_dump(exclude={"path"}))


class Source(TextFormat):
    """One sender's delivery of one kind."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="Short name of the source.")
    kind: SourceKind = Field(description="claims, section21, cath_lab, rdsr or dose_register.")
    hospital: str | None = Field(None, description="Name of the hospital that delivers; see `hospitals`.")
    permit: str | None = Field(None, description="Id of the permit under which it is delivered; see `permits`.")
    path: str | tuple[str, ...] | None = Field(None, description="File, folder or pattern, relative to the study file.")
    files: dict[str, FileDeclaration] = Field(
        default_factory=dict, description="Table to its files, where there are several."
    )
    placeholders: tuple[str, ...] = Field((), description="Patient numbers that stand for nobody in particular.")

    @model_validator(mode="after")
    def _says_where(self) -> Source:
        if (self.path is None) == (not self.files):
            raise ValueError("expected either `path` or `files`")
        if self.kind == "rdsr" and self.files:
            raise ValueError("a source of kind rdsr has a `path`, no `files`")
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """The declared paths of a source without `files`."""
        if self.path is None:
            return ()
        return (self.path,) if isinstance(self.path, str) else self.path

    @property
    def format(self) -> TextFormat:
        """How the files of a source without `files` are written."""
        return TextFormat.model_validate(self.model_dump(include=set(TextFormat.model_fields)))


class TableFile(_Model):
    """A table of the study team; `name: file.csv` is short for `name: {path: file.csv}`."""

    path: str = Field(description="CSV or Parquet file, relative to the study file.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: object) -> object:
        return {"path": given} if isinstance(given, str) else given


class Tables(_Model):
    """Tables of the study team. What is absent is unknown (region), assumed (calibration) or a demonstration."""

    region_crosswalk: TableFile | None = Field(None, description="Postcode to district: plz, kreis (or ags), share.")
    calibration: TableFile | None = Field(None, description="KAP-meter calibration factors by room and period.")
    coefficients: TableFile | None = Field(None, description="Organ dose per kerma-area product.")


class CohortDefinition(_Model):
    """A cohort to be kept in the graph."""

    name: str = Field(min_length=1, description="Name of the cohort.")
    ops: tuple[str, ...] = Field(min_length=1, description="OPS codes that qualify; a code stands for all below it.")
    age_under_years: int = Field(22, gt=0, le=120, description="Age at the first qualifying procedure is below this.")
    from_: date | None = Field(None, alias="from", description="First day of qualifying procedures (inclusive).")
    to: date | None = Field(None, description="End of qualifying procedures (exclusive).")
    link_probability: float = Field(0.9, ge=0, le=1, description="Smallest link probability of a member.")
    lag_years: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict,
        description="Organ to the years after which a dose counts, such as {active_marrow: 2}; one number is for all.",
    )

    @field_validator("lag_years", mode="before")
    @classmethod
    def _one_for_all(cls, given: object) -> object:
        return dict.fromkeys(ORGANS, given) if isinstance(given, int) else given


class Evaluation(_Model):
    """Known truth, where there is any (fixtures, gold standards)."""

    stay_links: TableFile | None = Field(None, description="CSV of true pairs: claims case_id, hospital, case.")
    person_links: TableFile | None = Field(None, description="CSV of true pairs: insurant_id, hospital, patient_id.")
    dose_links: TableFile | None = Field(None, description="CSV of true pairs: dose event, examination or case.")


class Study(_Model):
    """A whole study file, validated."""

    study: str = Field(min_length=1, description="Name of the study.")
    seed: int = Field(1, ge=0, description="Seed of every named random stream.")
    graph: GraphTarget = Field(default_factory=GraphTarget, description="Where the graph is.")
    permits: tuple[PermitDeclaration, ...] = Field((), description="Permits under which data are processed.")
    hospitals: tuple[Hospital, ...] = Field((), description="Hospitals of the study.")
    sources: tuple[Source, ...] = Field(min_length=1, description="What is delivered.")
    tables: Tables = Field(default_factory=Tables, description="Tables of the study team.")
    rooms: tuple[RoomFacts, ...] = Field((), description="What is known of the rooms.")
    linkage: LinkageSection = Field(default_factory=LinkageSection, description="Settings of the linkage.")
    dose: DoseSettings = Field(default_factory=DoseSettings, description="Settings of the dose derivation.")
    cohorts: tuple[CohortDefinition, ...] = Field((), description="Cohorts to be kept.")
    evaluation: Evaluation = Field(default_factory=Evaluation, description="Known truth, where there is any.")
    base: Path = Field(Path(), exclude=True, description="Folder of the study file; not a key of the file.")

    @property
    def hospital_of_ik(self) -> dict[str, str]:
        """Institution number to the study's name of the hospital."""
        return {ik: hospital.name for hospital in self.hospitals for ik in hospital.iks}

    @property
    def settings_json(self) -> str:
        """RFC 8785 JSON of everything but where the graph and the study file are."""
        settings: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude={"graph", "base"})
        raw: bytes = rfc8785.dumps(settings)
        return raw.decode()

    @property
    def settings_for_ledger(self) -> str:
        """RFC 8785 JSON of the settings without paths and patient numbers: what may be kept for ever."""
        settings = self.model_dump(
            mode="json", by_alias=True, exclude={"graph", "base", "sources", "tables", "evaluation"}
        )
        settings["sources"] = [
            source.model_dump(mode="json", include={"name", "kind", "hospital", "permit"}) for source in self.sources
        ]
        raw: bytes = rfc8785.dumps(settings)
        return raw.decode()

    @property
    def digest(self) -> str:
        """SHA-256 of `settings_json`."""
        return content_digest(self.settings_json.encode())
