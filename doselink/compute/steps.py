"""Steps one to five of a run: everything that is computed, and nothing that is committed. Reads files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from doselink.compute.dose_events import DoseIntake, read_dose_events
from doselink.compute.ingest import Intake, ingest_tables
from doselink.compute.stages import StageCache
from doselink.progress import Progress, Step
from doselink.study import Study, table_path
from doselink.tables import rows_of
from graph_schema.ids import Keyring
from graph_schema.ledger import Ledger
from linkage.doses import DoseLinkage, DoseModel, link_doses
from linkage.records.schema import COVERAGE, EXAMS, FURTHER_ROWS, PERSONS, PROCEDURES, STAYS
from linkage.stays import StayLinkage, StayModel, link_stays
from provenance.dose.calibration import Calibration, read_calibrations
from provenance.dose.coefficients import CoefficientTable, demonstration_table, read_coefficients
from provenance.dose.derive import Derivation, derive
from provenance.dose.settings import DoseLimits
from provenance.dose.settle import reports_of, settle_exams
from provenance.dose.totals import weight_flags

__all__ = ["Computed", "Deliveries", "compute"]

Trained = TypeVar("Trained")


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Everything delivered, as standardised tables (docs/architecture.md), and the accounts behind them."""

    intake: Intake
    doses: DoseIntake
    claims_persons: pa.Table
    hospital_persons: pa.Table
    coverage: pa.Table
    claims_stays: pa.Table
    hospital_stays: pa.Table
    claims_procedures: pa.Table
    hospital_procedures: pa.Table
    exams: pa.Table
    events: pa.Table
    further_rows: pa.Table


@dataclass(frozen=True, slots=True)
class Computed:
    """
    What a run computed.

    Attributes:
        delivered: The records.
        stays: Links of stays and persons.
        doses: Links of doses.
        coefficients: The table used.
        calibrations: Factors delivered by medical physics.
        derivation: Organ doses.
    """

    delivered: Deliveries
    stays: StayLinkage
    doses: DoseLinkage
    coefficients: CoefficientTable
    calibrations: tuple[Calibration, ...]
    derivation: Derivation


def compute(
    study: Study, *, keyring: Keyring, ledger: Ledger, today: date, cache: StageCache, progress: Progress
) -> Computed:
    """
    Read, link and derive.

    Models that an earlier run trained under the same settings are used as they are: a new delivery adds links
    and does not move those that are there.

    Args:
        study: What is delivered and how to treat it.
        keyring: Makes the identifiers.
        ledger: Where trained models and earlier persons are.
        today: Day of the run.
        cache: Remembers parsed files.
        progress: Told of every step.
    """
    delivered = _read(study, keyring=keyring, today=today, cache=cache, progress=progress)
    with progress.step("link stays and persons", total=1, unit="linkages") as step:
        settings = study.linkage.stays.model_copy(update={"seed": study.seed})
        stays = link_stays(
            delivered.claims_stays,
            delivered.hospital_stays,
            delivered.coverage,
            settings=settings,
            model=_trained(ledger, "stays", settings.digest, StayModel.read),
        )
        step.advance(1)
    with progress.step("link doses", total=2, unit="passes") as step:
        delivered, doses = _link_doses(study, delivered, keyring=keyring, ledger=ledger, step=step)
    events = _with_subject_facts(delivered, doses, study.dose.limits)
    coefficients = _coefficients(study)
    calibrations = _calibrations(study)
    with progress.step("derive organ doses", total=events.num_rows, unit="dose events") as step:
        derivation = derive(
            events, coefficients=coefficients, calibrations=calibrations, settings=study.dose, seed=study.seed
        )
        step.advance(events.num_rows)
    return Computed(replace(delivered, events=events), stays, doses, coefficients, calibrations, derivation)


def _read(study: Study, *, keyring: Keyring, today: date, cache: StageCache, progress: Progress) -> Deliveries:
    intake = ingest_tables(study, keyring=keyring, today=today, cache=cache, progress=progress)
    exams = _without_nobody(intake.table("cath_lab", "exams", EXAMS), intake.not_persons)
    doses = read_dose_events(
        study, keyring=keyring, today=today, exams=exams, progress=progress, limits=study.dose.limits, cache=cache
    )
    return Deliveries(
        intake=intake,
        doses=doses,
        claims_persons=intake.table("claims", "persons", PERSONS),
        hospital_persons=intake.table("hospital", "persons", PERSONS),
        coverage=intake.table("claims", "coverage", COVERAGE),
        claims_stays=intake.table("claims", "stays", STAYS),
        hospital_stays=intake.table("hospital", "stays", STAYS),
        claims_procedures=intake.table("claims", "procedures", PROCEDURES),
        hospital_procedures=intake.table("hospital", "procedures", PROCEDURES),
        exams=exams,
        events=_without_nobody(doses.events, intake.not_persons),
        further_rows=pa.concat_tables(
            [intake.table(side, "further_rows", FURTHER_ROWS) for side in ("claims", "hospital")]
        ),
    )


def _link_doses(
    study: Study, delivered: Deliveries, *, keyring: Keyring, ledger: Ledger, step: Step
) -> tuple[Deliveries, DoseLinkage]:
    """
    Dose events with examinations and stays, one dose an examination.

    The first pass says which reports and register rows are one examination; they are brought together, and the
    second pass, with the first one's model, says where each dose belongs.
    """
    settings = study.linkage.doses
    trained = _trained(ledger, "doses", settings.digest, DoseModel.read)
    exams, stays = delivered.exams, delivered.hospital_stays
    first = link_doses(delivered.events, exams, stays, settings=settings, model=trained)
    # An examination takes one dose: its register's row would keep it from its report, were they to compete.
    reports = link_doses(reports_of(delivered.events), exams, stays, settings=settings, model=first.model)
    step.advance(1)
    exam_of = {
        event: procedure
        for chains in (first.chains, reports.chains)
        for event, procedure in rows_of(chains, "event_key", "procedure_key")
        if procedure is not None
    }
    events = settle_exams(delivered.events, exams, keyring=keyring, exam_of=exam_of, limits=study.dose.limits)
    second = link_doses(events, exams, stays, settings=settings, model=first.model)
    step.advance(1)
    return replace(delivered, events=events), second


def _without_nobody(table: pa.Table, not_persons: set[str]) -> pa.Table:
    """Patient numbers that stand for nobody in particular join nothing: they become missing."""
    if not not_persons:
        return table
    column = table.column("person_key")
    nobody = pc.is_in(column, value_set=pa.array(sorted(not_persons), pa.string()))
    cleaned = pc.if_else(nobody, pa.scalar(None, pa.string()), column)
    return table.set_column(table.column_names.index("person_key"), "person_key", cleaned)


def _trained(ledger: Ledger, name: str, settings_digest: str, read: Callable[[str], Trained]) -> Trained | None:
    """The model an earlier run trained under these settings, if there is one; the first one stays."""
    models = ledger.nodes("LinkageModel", ["name", "settings_sha256", "model_json"])
    for found, digest, text in rows_of(models, "name", "settings_sha256", "model_json"):
        if found == name and digest == settings_digest:
            return read(text)
    return None


def _with_subject_facts(delivered: Deliveries, doses: DoseLinkage, limits: DoseLimits) -> pa.Table:
    """
    Dose events with year of birth and sex of the stay they were linked to, and weight of their examination,
    where their own source did not say: what the coefficient depends on. A weight may raise a doubt about the dose.
    """
    stays = {key: (year, sex) for key, year, sex in rows_of(delivered.hospital_stays, "stay_key", "birth_year", "sex")}
    weights = dict(rows_of(delivered.exams, "procedure_key", "weight_kg"))
    chains = {
        event: (procedure, stay)
        for event, procedure, stay in rows_of(doses.chains, "event_key", "procedure_key", "stay_key")
    }
    years, sexes, kilograms = [], [], []
    for key, year, sex, weight in rows_of(delivered.events, "event_key", "birth_year", "sex", "weight_kg"):
        procedure, stay = chains.get(key, (None, None))
        born, told = stays.get(stay, (None, None))
        years.append(year if year is not None else born)
        sexes.append(sex if sex in {"male", "female", "other"} else told or sex)
        kilograms.append(weight if weight is not None else weights.get(procedure))
    events = delivered.events
    doubts = [
        sorted({*flags, *weight_flags(kap, weight, limits)})
        for (flags, kap), weight in zip(rows_of(events, "flags", "kap_gycm2"), kilograms, strict=True)
    ]
    for name, values, kind in (
        ("birth_year", years, pa.int16()),
        ("sex", sexes, pa.string()),
        ("weight_kg", kilograms, pa.float64()),
        ("flags", doubts, pa.list_(pa.string())),
    ):
        events = events.set_column(events.column_names.index(name), name, pa.array(values, kind))
    return events


def _coefficients(study: Study) -> CoefficientTable:
    declared = study.tables.coefficients
    return demonstration_table() if declared is None else read_coefficients(table_path(study, declared.path))


def _calibrations(study: Study) -> tuple[Calibration, ...]:
    declared = study.tables.calibration
    return () if declared is None else read_calibrations(table_path(study, declared.path))
