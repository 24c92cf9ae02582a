"""
What a run found, as numbers: the one model behind the printed summary, `summary.json` and `report.html`. Opens nothing.

It holds counts, quantiles and model parameters, and no row of anybody: nothing here identifies a child.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["CohortCount", "ComparisonTable", "DoseBin", "DoseLinkCount", "Doses", "FlowStep", "GraphFacts", "Interval",
           "LevelRow", "Linkage", "NamedCount", "NextCommand", "OrganDistribution", "Quality", "RejectCount",
           "RepairCount", "RunFacts", "SourceCount", "StepTime", "Summary", "Truth", "WeightBin"]  # fmt: skip


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StepTime(_Frozen):
    """How long one step of the run took."""

    name: str = Field(description="The step, as the progress bar named it.")
    seconds: float = Field(description="Wall time (s).", ge=0)
    reused: bool = Field(False, description="True where an earlier run had done the work.")


class RunFacts(_Frozen):
    """Everything needed to say which run this was, and to repeat it."""

    run_id: str = Field(description="Identifier of the run.")
    code_version: str = Field(description="Version of doselink that ran.")
    recorded_at: datetime = Field(description="The run's one moment, with its time zone.")
    settings_sha256: str = Field(description="Digest of all settings.")
    seed: int = Field(description="Seed of every named random stream.")
    key_fingerprint: str = Field(description="Says which study key it was, without telling the key.")
    commit_number: int | None = Field(None, description="The ledger's commit that holds the result.")
    commit_sha256: str | None = Field(None, description="Digest of that commit's manifest.")
    steps: tuple[StepTime, ...] = Field((), description="Wall time by step, in the order they ran.")


class SourceCount(_Frozen):
    """What came in from one source, and what became of it: every row is in exactly one of the three."""

    name: str = Field(description="The source's name in the study file.")
    kind: str = Field(description="What it holds: insurants, stays, FALL, cath_lab, rdsr, ...")
    hospital: str | None = Field(None, description="The hospital's name in the study file.")
    n_files: int = Field(description="Files read.", ge=0)
    n_rows: int = Field(description="Rows, or DICOM objects, delivered.", ge=0)
    n_used: int = Field(description="Rows used.", ge=0)
    n_rejected: int = Field(description="Rows that could not be used; why is listed under `rejects`.", ge=0)
    n_left_alone: int = Field(0, description="Recognised and rightly not read: images, CT reports, repeats.", ge=0)

    @model_validator(mode="after")
    def _every_row_is_somewhere(self) -> Self:
        found = self.n_used + self.n_rejected + self.n_left_alone
        if self.n_rows != found:
            raise ValueError(f"source {self.name!r}: {self.n_rows} rows in, but {found} used, rejected or left alone")
        return self


class RejectCount(_Frozen):
    """How many rows of one source were rejected for one reason."""

    source: str = Field(description="The source's name in the study file.")
    reason: str = Field(description="Why, in words that show no delivered value.")
    n_rows: int = Field(description="Rows rejected for it.", ge=0)


class RepairCount(_Frozen):
    """How many values of one source were put right, set to missing, or look odd."""

    source: str = Field(description="The source's name in the study file.")
    what: str = Field(description="Table, column and what was done, in words that show no delivered value.")
    n: int = Field(description="Values or rows.", ge=0)


class Interval(_Frozen):
    """An estimate with its 95 % interval."""

    estimate: float = Field(description="The estimate.")
    low: float = Field(description="Lower end of the 95 % interval.")
    high: float = Field(description="Upper end of the 95 % interval.")


class Quality(_Frozen):
    """What the model itself says about its links, without knowing the truth."""

    precision: Interval = Field(description="Share of the links that are right (1).")
    recall: Interval = Field(description="Share of the true matches that are linked (1).")


class Truth(_Frozen):
    """The same, counted against a truth that only made data have."""

    n_true: int = Field(description="True matches there are.", ge=0)
    n_right: int = Field(description="Links that are true matches.", ge=0)
    n_wrong: int = Field(description="Links that are not.", ge=0)

    @property
    def precision(self) -> float | None:
        """Share of the links that are right (1); None without a link."""
        made = self.n_right + self.n_wrong
        return self.n_right / made if made else None

    @property
    def recall(self) -> float | None:
        """Share of the true matches that are linked (1); None where there are none."""
        return self.n_right / self.n_true if self.n_true else None


class WeightBin(_Frozen):
    """Candidate pairs whose weight lies in `[low_bits, high_bits)`, by what was decided about them."""

    low_bits: float = Field(description="Lower end (bits).")
    high_bits: float = Field(description="Upper end (bits).")
    n_link: int = Field(description="Pairs that were linked.", ge=0)
    n_possible: int = Field(0, description="Pairs that stay undecided.", ge=0)
    n_no_link: int = Field(description="Pairs that were not linked.", ge=0)


class LevelRow(_Frozen):
    """One level of a comparison."""

    name: str = Field(description="The level: exact, one_day, same_month, else, ...")
    m: float = Field(description="Probability of this level among true matches (1).", ge=0, le=1)
    u: float = Field(description="Probability of this level among all other pairs (1).", ge=0, le=1)
    bits: float = Field(description="What it adds to a pair's weight, log2(m/u) (bits).")


class ComparisonTable(_Frozen):
    """What the model learned about one comparison, strongest level first."""

    name: str = Field(description="The comparison: dates, hospital, birth year, ...")
    levels: tuple[LevelRow, ...] = Field(description="Its levels.")


class Linkage(_Frozen):
    """Claims stays with hospital cases, then persons."""

    n_claims_stays: int = Field(description="Stays in the claims extract.", ge=0)
    n_hospital_stays: int = Field(description="Cases delivered by the hospitals.", ge=0)
    n_candidate_pairs: int = Field(description="Pairs that blocking let through to be compared.", ge=0)
    n_links: int = Field(description="Stay pairs linked.", ge=0)
    n_possible: int = Field(0, description="Stay pairs left undecided.", ge=0)
    n_children: int = Field(description="Patients of the hospitals, linked or not.", ge=0)
    n_linked_children: int = Field(description="Persons known to both claims and hospital.", ge=0)
    n_conflicts: int = Field(0, description="Groups of records kept apart because they contradict each other.", ge=0)
    threshold_bits: float | None = Field(None, description="Weight from which a pair is linked (bits).")
    threshold_probability: float | None = Field(None, description="The same as a match probability (1).")
    estimated: Quality | None = Field(None, description="Precision and recall as the model estimates them.")
    truth: Truth | None = Field(None, description="The same counted against evaluation truth, where there is one.")
    weights: tuple[WeightBin, ...] = Field((), description="Histogram of pair weights, ascending.")
    comparisons: tuple[ComparisonTable, ...] = Field((), description="m and u of the stay model.")
    notes: tuple[str, ...] = Field((), description="What the user must know, in sentences.")


class NamedCount(_Frozen):
    """A count with its name."""

    name: str = Field(description="What is counted.")
    n: int = Field(description="How many.", ge=0)


class DoseLinkCount(_Frozen):
    """Dose events by the way they found their examination or stay."""

    way: str = Field(description="accession number, study UID, patient and time, ..., or none.")
    n_events: int = Field(description="Dose events.", ge=0)


class DoseBin(_Frozen):
    """Doses in `[low_mgy, high_mgy)`."""

    low_mgy: float = Field(description="Lower end (mGy).", ge=0)
    high_mgy: float = Field(description="Upper end (mGy).", ge=0)
    n: int = Field(description="How many.", ge=0)


class OrganDistribution(_Frozen):
    """Organ doses of the study's dose events, for one organ."""

    organ: str = Field(description="The organ: active marrow, lung, breast, ...")
    n: int = Field(description="Doses that could be estimated.", ge=0)
    p05_mgy: float | None = Field(None, description="5th percentile (mGy).")
    p25_mgy: float | None = Field(None, description="25th percentile (mGy).")
    median_mgy: float | None = Field(None, description="Median (mGy).")
    p75_mgy: float | None = Field(None, description="75th percentile (mGy).")
    p95_mgy: float | None = Field(None, description="95th percentile (mGy).")
    max_mgy: float | None = Field(None, description="Largest (mGy).")
    gsd_median: float | None = Field(None, description="Median geometric standard deviation of one dose (1).")
    bins: tuple[DoseBin, ...] = Field((), description="Histogram, ascending; the bins may widen with the dose.")


class Doses(_Frozen):
    """Dose events and what was derived from them."""

    n_events: int = Field(description="Dose events.", ge=0)
    n_events_of_linked_children: int = Field(0, description="Those of persons known to both sides.", ge=0)
    n_estimates: int = Field(description="Organ doses estimated, one an event and organ.", ge=0)
    n_missing_kap: int = Field(0, description="Events without a usable kerma-area product: no dose, not a zero.", ge=0)
    n_without_band: int = Field(
        0, description="Events whose weight and age are unknown or in no band of the table: no dose.", ge=0
    )
    n_withheld: int = Field(
        0, description="Events whose kerma-area product is not believed: no dose until looked at.", ge=0
    )
    n_realisations: int = Field(0, description="Draws a dose, shared errors being shared.", ge=0)
    coefficient_table: str | None = Field(None, description="Name and version of the coefficient table.")
    is_demonstration: bool = Field(False, description="True where that table is not fit for any study.")
    links: tuple[DoseLinkCount, ...] = Field((), description="How events found their examination.")
    notes: tuple[str, ...] = Field((), description="What the user must know, in sentences.")
    flags: tuple[NamedCount, ...] = Field((), description="Events by what was odd about them.")
    organs: tuple[OrganDistribution, ...] = Field((), description="Distribution of doses by organ.")


class FlowStep(_Frozen):
    """One box of the flow of counts."""

    name: str = Field(description="What is counted here: rows used, stays linked, ...")
    n: int = Field(description="How many.", ge=0)
    unit: str = Field(description="What one of them is, in the plural.")
    n_lost: int = Field(
        0, description="How many of the step before did not come this far, where that is countable.", ge=0
    )
    why_lost: str = Field("", description="Why they did not.")


class CohortCount(_Frozen):
    """A cohort the study file defines."""

    name: str = Field(description="The cohort's name.")
    n_persons: int = Field(description="Children in it.", ge=0)
    n_events: int = Field(0, description="Dose events of these children.", ge=0)


class GraphFacts(_Frozen):
    """Where the graph stands after the run."""

    engine: str = Field(description="The server's product and version.")
    n_nodes: int = Field(description="Nodes in the graph.", ge=0)
    n_edges: int = Field(description="Edges in the graph.", ge=0)
    seconds: float = Field(0.0, description="Time to bring it to the ledger's head (s).", ge=0)
    labels: tuple[NamedCount, ...] = Field((), description="Nodes by label.")


class NextCommand(_Frozen):
    """Something worth trying now."""

    command: str = Field(description="The command; the word WORKSPACE in it stands for the study's folder.")
    why: str = Field(description="What it shows.")


class Summary(_Frozen):
    """All a run has to say."""

    study: str = Field(description="The study's name.")
    run: RunFacts = Field(description="Which run this was.")
    sources: tuple[SourceCount, ...] = Field((), description="What came in, by source.")
    rejects: tuple[RejectCount, ...] = Field((), description="Rows rejected, by source and reason.")
    repairs: tuple[RepairCount, ...] = Field((), description="Values put right, set to missing, or odd, by source.")
    flow: tuple[FlowStep, ...] = Field((), description="Flow of counts from the deliveries to the cohorts.")
    linkage: Linkage | None = Field(
        None, description="The linkage of stays and persons; None where nothing was linked."
    )
    doses: Doses | None = Field(None, description="Dose events and organ doses; None where no dose was delivered.")
    cohorts: tuple[CohortCount, ...] = Field((), description="Cohorts.")
    graph: GraphFacts | None = Field(None, description="The graph; None where it was not loaded.")
    next_commands: tuple[NextCommand, ...] = Field((), description="Three commands to try next.")
