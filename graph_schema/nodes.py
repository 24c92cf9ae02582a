"""
The nodes of the graph: one frozen model each, from which Arrow schemas and DDL are made. Opens nothing.

Every node row in the ledger also carries `id` (this version), `key` (the thing, over all its versions),
`revision` (1, 2, ...) and `leaf` (SHA-256 over content and outgoing edges). The graph adds `system_from`
and `system_to` from the commits. Nothing here can hold a name, a number of the patient or free text.

An edge may only point to a label whose `rank` is lower, or to an older revision of its own: derivation
cannot form a cycle.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["NODES", "Agent", "CalibrationFactor", "CandidatePair", "CoefficientTable", "Cohort", "DoseEstimate",
           "DoseEvent", "LinkDecision", "LinkageModel", "Node", "ParameterSet", "Permit", "Person", "PersonRecord",
           "Procedure", "ProvClass", "RealisationBlock", "Run", "SourceFile", "SourceRecord", "Stay"]  # fmt: skip


class ProvClass(Enum):
    """The PROV-DM class, written as a second label."""

    ENTITY = "Entity"
    ACTIVITY = "Activity"
    AGENT = "Agent"


class Node(BaseModel):
    """What all nodes have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: ClassVar[str]
    prefix: ClassVar[str]
    rank: ClassVar[int]
    prov: ClassVar[ProvClass] = ProvClass.ENTITY

    key: str = Field(description="Keyed identifier of the thing over all its versions.")


class Agent(Node):
    """Who or what was responsible: a person's role, an organisation, a piece of software."""

    label, prefix, rank, prov = "Agent", "agt", 0, ProvClass.AGENT

    agent_type: str = Field(description="Person, Organization or SoftwareAgent (PROV words).")
    name: str = Field(description="Role or product name; never a patient's.")
    version: str | None = Field(None, description="Version of the software.")


class Permit(Node):
    """The authority's permission under which a delivery was received and may be used."""

    label, prefix, rank = "Permit", "prm", 0

    permit_id: str = Field(description="The authority's reference.")
    authority: str | None = Field(None, description="Who gave it.")
    purpose: str = Field(description="What the data may be used for.")
    data_holder: str | None = Field(None, description="Who delivers under it.")
    valid_until: date | None = Field(None, description="Last day of permitted processing.")


class ParameterSet(Node):
    """The settings of a run, in full, as canonical JSON."""

    label, prefix, rank = "ParameterSet", "par", 0

    canonical_json: str = Field(description="RFC 8785 JSON of the settings.")
    sha256: str = Field(description="Digest of canonical_json.")


class Run(Node):
    """One batch run."""

    label, prefix, rank, prov = "Run", "run", 1, ProvClass.ACTIVITY

    run_type: str = Field(description="study, cohort, recall, ...")
    status: str = Field(description="OpenLineage run state: COMPLETE or FAIL.")
    code_version: str = Field(description="Version of doselink that ran.")
    derivation_key: str = Field(description="What it was computed from; equal keys, equal results.")
    seed: int = Field(description="Seed of every named stream.")
    counts_json: str = Field(description="Counts of the run by step, as canonical JSON.")


class SourceFile(Node):
    """One delivered file, by the digest of its bytes."""

    label, prefix, rank = "SourceFile", "fil", 2

    sha256: str = Field(description="Digest of the bytes.")
    source: str = Field(description="Name of the source in the study file.")
    kind: str = Field(description="What it holds: insurants, stays, FALL, cath_lab, rdsr, ...")
    name: str = Field(description="File name where the study file itself spells it out; else source and digest.")
    n_bytes: int = Field(description="Size (bytes).")
    n_rows: int = Field(description="Records delivered.")
    n_rejected: int = Field(description="Records that could not be used.")


class CoefficientTable(Node):
    """Organ dose per kerma-area product, as one versioned table with its citation."""

    label, prefix, rank = "CoefficientTable", "cof", 2

    name: str = Field(description="Name of the table; a demonstration says so in its name.")
    version: str = Field(description="Version of the table.")
    unit: str = Field(description="Unit of the coefficients, mGy/(Gy cm2).")
    sha256: str = Field(description="Digest of the table's bytes.")
    citation: str = Field(description="Where the numbers were published.")
    is_demonstration: bool = Field(description="True where the numbers are not fit for any study.")


class CalibrationFactor(Node):
    """What the displayed kerma-area product of a room is to be multiplied with, for a period."""

    label, prefix, rank = "CalibrationFactor", "cal", 2

    room: str = Field(description="Hospital and room the factor holds for.")
    factor: float = Field(description="True over displayed kerma-area product (1).")
    gsd: float = Field(description="Geometric standard deviation of the factor (1).")
    valid_from: date | None = Field(None, description="First day (inclusive).")
    valid_to: date | None = Field(None, description="End (exclusive).")
    source: str = Field(description="Who measured it, or that it was assumed.")


class LinkageModel(Node):
    """A trained model: m and u of every level of every comparison."""

    label, prefix, rank = "LinkageModel", "mod", 2

    name: str = Field(description="What it links: stays, doses.")
    sha256: str = Field(description="Digest of model_json.")
    settings_sha256: str = Field(description="Digest of the settings it was trained under.")
    model_json: str = Field(description="Comparisons, levels, m, u, prior, thresholds as canonical JSON.")


class SourceRecord(Node):
    """One record of one delivered file: a row, or a DICOM object."""

    label, prefix, rank = "SourceRecord", "rec", 3

    record_type: str = Field(description="insurant, stay, case, cath_lab, dose_report, dose_register.")
    row: int = Field(description="Row in the file, the header being row 1; 1 for a DICOM object.")
    commitment: str = Field(description="Keyed digest of the record's content.")


class PersonRecord(Node):
    """A person as one data holder knows them: a claims pseudonym, or a hospital's patient number."""

    label, prefix, rank = "PersonRecord", "prc", 4

    side: str = Field(description="claims or hospital.")
    source: str = Field(description="Name of the source in the study file.")
    birth_year: int | None = Field(None, description="Year of birth.")
    sex: str = Field(description="male, female, other, unknown (FHIR administrative gender).")


class Stay(Node):
    """An inpatient stay: a claims case, or a hospital case."""

    label, prefix, rank = "Stay", "sty", 5

    side: str = Field(description="claims or hospital.")
    hospital: str | None = Field(None, description="The study's name for the hospital, where known.")
    admitted_on: date | None = Field(None, description="Day of admission.")
    discharged_on: date | None = Field(None, description="Day of discharge.")
    n_diagnoses: int = Field(description="Distinct ICD-10-GM codes.")
    n_procedures: int = Field(description="OPS codes.")


class Procedure(Node):
    """A coded procedure (OPS) of a stay, or an examination in a cath-lab register."""

    label, prefix, rank = "Procedure", "prd", 6

    side: str = Field(description="claims, hospital or cath_lab.")
    ops_code: str | None = Field(None, description="OPS code with dash and dot, as in the catalogue.")
    ops_year: int | None = Field(None, description="Year of the OPS catalogue.")
    performed_on: date | None = Field(None, description="Day of the procedure.")
    room: str | None = Field(None, description="Hospital and room of the examination.")


class DoseEvent(Node):
    """One examination's dose: from reports or a register, units converted, totals checked."""

    label, prefix, rank = "DoseEvent", "dse", 7

    performed_on: date | None = Field(None, description="Day of the examination.")
    room: str | None = Field(None, description="Hospital and room or device.")
    kap_gycm2: float | None = Field(None, description="Kerma-area product (Gy cm2); missing is not zero.")
    kap_basis: str = Field(description="stated_total, event_sum, register or missing: which figure fed kap_gycm2.")
    kap_unit_as_found: str | None = Field(None, description="Unit code in the delivery, before conversion.")
    kerma_ref_mgy: float | None = Field(None, description="Air kerma at the reference point (mGy).")
    fluoroscopy_time_s: float | None = Field(None, description="Fluoroscopy time (s).")
    n_irradiation_events: int = Field(description="Irradiation events with distinct UIDs.")
    planes: list[str] = Field(description="Planes with data: A, B, single, all.")
    flags: list[str] = Field(description="Doubts: plane_b_missing, unit_inferred, total_differs_from_sum, ...")


class CandidatePair(Node):
    """Two records compared: the level reached in every comparison and its weight. No compared value."""

    label, prefix, rank = "CandidatePair", "pai", 8

    pair_type: str = Field(description="stay, person, dose, or exam (an examination with its stay).")
    levels: list[str] = Field(description="comparison=level, in the model's order.")
    level_bits: list[float] = Field(description="Match weight of each level (bits), in the same order.")
    match_weight: float = Field(description="Sum of weights with the prior (bits).")
    match_probability: float = Field(description="Posterior probability of a match.")
    match_key: str = Field(description="Blocking rule that proposed the pair.")


class LinkDecision(Node):
    """What was decided about a candidate pair."""

    label, prefix, rank = "LinkDecision", "dec", 9

    judgement: str = Field(description="link, possible_link or non_link (Fellegi and Sunter).")
    reason_code: str = Field(description="assigned, below_threshold, lost_assignment, conflict_sex, ...")
    match_probability: float = Field(description="Probability the decision stood on.")
    threshold: float = Field(description="Probability at or above which a pair is linked.")


class Person(Node):
    """A child of the study: minted once, kept over re-linkage."""

    label, prefix, rank = "Person", "per", 10

    n_claims_records: int = Field(description="Claims pseudonyms held together.")
    n_hospital_records: int = Field(description="Hospital patient numbers held together.")
    link_probability: float | None = Field(None, description="Smallest probability among its accepted links.")


class RealisationBlock(Node):
    """A Parquet block of organ-dose realisations."""

    label, prefix, rank = "RealisationBlock", "rea", 2

    sha256: str = Field(description="Digest of the block's bytes; blocks/<sha256>.parquet.")
    n_rows: int = Field(description="Dose events.")
    n_realisations: int = Field(description="Columns: realisation k is the same shared draw for everybody.")
    organs: list[str] = Field(description="Organs, in the order of the third axis.")


class DoseEstimate(Node):
    """Organ doses of one dose event, with their spread over the realisations."""

    label, prefix, rank = "DoseEstimate", "est", 11

    organs: list[str] = Field(description="Organs, in the order of the lists below.")
    mean_mgy: list[float] = Field(description="Mean organ dose (mGy).")
    sd_mgy: list[float] = Field(description="Standard deviation over realisations (mGy).")
    p025_mgy: list[float] = Field(description="2.5th percentile (mGy).")
    p975_mgy: list[float] = Field(description="97.5th percentile (mGy).")
    block_row: int = Field(description="Row in the realisation block.")
    derivation_key: str = Field(description="What it was computed from; equal keys, equal doses.")


class Cohort(Node):
    """A selection of persons with its definition and attrition."""

    label, prefix, rank = "Cohort", "coh", 12

    name: str = Field(description="Name given by the cohort builder.")
    definition_json: str = Field(description="The definition as canonical JSON.")
    n_persons: int = Field(description="Persons selected.")
    members_sha256: str = Field(description="Digest over the sorted person keys.")
    attrition_json: str = Field(description="Attrition table, first row the deliveries, as canonical JSON.")


NODES: dict[str, type[Node]] = {
    model.label: model for model in sorted(Node.__subclasses__(), key=lambda model: (model.rank, model.label))
}
