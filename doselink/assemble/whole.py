"""The whole desired state of a study run, part by part in the order the data pass. Opens nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from doselink.assemble.doses import add_calibrations, add_coefficient_table, add_estimates
from doselink.assemble.links import add_model, add_pairs, add_persons_of_study
from doselink.assemble.records import (
    add_dose_events,
    add_exams,
    add_further_rows,
    add_persons,
    add_procedures,
    add_source_records,
    add_stays,
)
from doselink.assemble.reuse import Estimates
from doselink.assemble.state import Assembly
from doselink.compute.ingest import Delivered
from doselink.compute.steps import Computed, Deliveries
from doselink.study import Study
from doselink.tables import among, rows_of
from graph_schema.ids import Keyring, content_digest
from graph_schema.ledger import Desired, Ledger
from linkage.records.schema import COMMITMENTS, SUPERSEDES
from linkage.stays.settings import StaySettings

__all__ = ["RunRow", "desired_state"]

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class RunRow:
    """What the Run node says, and by whom the run was done."""

    key: str
    derivation_key: str
    code_version: str
    counts: Mapping[str, int]
    previous_run: str | None


def desired_state(
    study: Study, computed: Computed, estimates: Estimates, *, run: RunRow, keyring: Keyring, ledger: Ledger
) -> Desired:
    """
    What the ledger should hold after this run.

    Of the claims background only those persons enter the graph whom the linkage proposed for a hospital
    patient; everybody else stays a row of a block.
    """
    assembly = Assembly(keyring, run.key)
    _add_run(assembly, study, run)
    graphed = _in_graph(computed)
    _add_sources(assembly, study, computed.delivered, graphed)
    _add_records(assembly, computed.delivered, graphed)
    _add_links(assembly, study, computed, ledger)
    _add_doses(assembly, computed, estimates)
    return assembly.desired


@dataclass(frozen=True, slots=True)
class _Graphed:
    """Those claims tables' rows that become nodes."""

    persons: pa.Table
    stays: pa.Table
    procedures: pa.Table


def _in_graph(computed: Computed) -> _Graphed:
    delivered = computed.delivered
    proposed = set(computed.stays.person_pairs.column("left_key").to_pylist())
    proposed |= set(computed.stays.pairs.column("left_person_key").to_pylist())
    stays = among(delivered.claims_stays, "person_key", proposed)
    return _Graphed(
        persons=among(delivered.claims_persons, "person_key", proposed),
        stays=stays,
        procedures=among(delivered.claims_procedures, "stay_key", stays.column("stay_key").to_pylist()),
    )


def _add_run(assembly: Assembly, study: Study, run: RunRow) -> None:
    ring = assembly.keyring
    text = study.settings_for_ledger
    sha256 = content_digest(text.encode())
    settings_key = ring.key("par", sha256)
    software_key = ring.key("agt", "software", "doselink", run.code_version)
    settings = {"key": settings_key, "canonical_json": text, "sha256": sha256}
    assembly.nodes("ParameterSet", pa.Table.from_pylist([settings]))
    agent = {"key": software_key, "agent_type": "SoftwareAgent", "name": "doselink", "version": run.code_version}
    assembly.nodes("Agent", pa.Table.from_pylist([agent]))
    row = {
        "key": run.key,
        "run_type": "study",
        "status": "COMPLETE",
        "code_version": run.code_version,
        "derivation_key": run.derivation_key,
        "seed": study.seed,
        "counts_json": json.dumps(run.counts, sort_keys=True, separators=(",", ":")),
    }
    assembly.nodes("Run", pa.Table.from_pylist([row]))
    run_ref = ("Run", [run.key])
    assembly.relate("USED", run_ref, ("ParameterSet", [settings_key]), role=pa.array(["settings"]))
    assembly.relate("WAS_ASSOCIATED_WITH", run_ref, ("Agent", [software_key]), role=pa.array(["executed"]))
    if run.previous_run is not None:
        assembly.relate("WAS_INFORMED_BY", run_ref, ("Run", [run.previous_run]))


def _add_sources(assembly: Assembly, study: Study, delivered: Deliveries, graphed: _Graphed) -> None:
    permits = _add_permits(assembly, study)
    files = _distinct([*delivered.intake.files, *delivered.doses.files])
    keys = {item.facts.sha256: assembly.keyring.key("fil", item.facts.sha256) for item in files}
    rows = [
        {
            "key": keys[item.facts.sha256],
            "sha256": item.facts.sha256,
            "source": item.source,
            "kind": item.facts.kind,
            "name": item.facts.name,
            "n_bytes": item.facts.n_bytes,
            "n_rows": item.facts.n_rows,
            "n_rejected": item.facts.n_rejected,
        }
        for item in files
    ]
    if rows:
        assembly.nodes("SourceFile", pa.Table.from_pylist(rows))
    under = [item for item in files if item.permit in permits]
    assembly.relate(
        "UNDER_PERMIT",
        ("SourceFile", [keys[item.facts.sha256] for item in under]),
        ("Permit", [permits[item.permit or ""] for item in under]),
    )
    _add_source_records(assembly, delivered, graphed, keys)
    for owners, key in (
        (graphed.stays, "stay_key"),
        (graphed.persons, "person_key"),
        (delivered.hospital_stays, "stay_key"),
    ):
        add_further_rows(assembly, owners, delivered.further_rows, key=key, file_keys=keys)


def _add_permits(assembly: Assembly, study: Study) -> dict[str, str]:
    keys = {permit.id: assembly.keyring.key("prm", permit.id) for permit in study.permits}
    rows = [
        {
            "key": keys[permit.id],
            "permit_id": permit.id,
            "authority": permit.authority,
            "purpose": permit.purpose,
            "data_holder": permit.data_holder,
            "valid_until": permit.valid_until,
        }
        for permit in study.permits
    ]
    if rows:
        assembly.nodes("Permit", pa.Table.from_pylist(rows))
    return keys


def _distinct(files: Iterable[Delivered]) -> list[Delivered]:
    """One entry a content: the same bytes delivered twice are one file."""
    found: dict[str, Delivered] = {}
    for item in files:
        found.setdefault(item.facts.sha256, item)
    return list(found.values())


def _add_source_records(
    assembly: Assembly, delivered: Deliveries, graphed: _Graphed, file_keys: Mapping[str, str]
) -> None:
    supersedes = pa.concat_tables([SUPERSEDES.empty_table(), *delivered.intake.supersedes])
    tables = (
        graphed.persons, graphed.stays, delivered.hospital_persons, delivered.hospital_stays, delivered.exams,
    )  # fmt: skip
    wanted: set[Place] = {place for table in tables for place in rows_of(table, "file_sha256", "row")}
    wanted |= _event_places(delivered.events)
    supersedes = _chain(supersedes, wanted)
    kinds = [delivered.doses.commitments] if delivered.doses.commitments is not None else []
    every = pa.concat_tables([COMMITMENTS.empty_table(), *delivered.intake.commitments, *kinds])
    seen: set[Place] = set()
    keep = []
    for place in rows_of(every, "file_sha256", "row"):
        keep.append(place in wanted and place not in seen)
        seen.add((place[0], place[1]))
    records = every.filter(pa.array(keep, pa.bool_()))
    owners = [file_keys.get(sha256) for sha256 in records.column("file_sha256").to_pylist()]
    add_source_records(assembly, records.append_column("file_key", pa.array(owners, pa.string())), supersedes)


def _event_places(events: pa.Table) -> set[Place]:
    return {
        (sha256, row)
        for shas, rows in rows_of(events, "file_sha256", "row")
        for sha256, row in zip(shas, rows, strict=True)
    }


def _chain(supersedes: pa.Table, wanted: set[Place]) -> pa.Table:
    """The corrections that lead to a wanted record; what they corrected is wanted too."""
    older = {(new, row): (old, old_row) for new, row, old, old_row in rows_of(supersedes, *SUPERSEDES.names)}
    for place in list(wanted):
        corrected = older.get(place)
        while corrected is not None and corrected not in wanted:
            wanted.add(corrected)
            corrected = older.get(corrected)
    keep = [
        (new, row) in wanted and (old, old_row) in wanted
        for new, row, old, old_row in rows_of(supersedes, *SUPERSEDES.names)
    ]
    return supersedes.filter(pa.array(keep, pa.bool_()))


def _add_records(assembly: Assembly, delivered: Deliveries, graphed: _Graphed) -> None:
    add_persons(assembly, graphed.persons, side="claims")
    add_persons(assembly, delivered.hospital_persons, side="hospital")
    add_stays(assembly, graphed.stays)
    add_stays(assembly, delivered.hospital_stays)
    add_procedures(assembly, graphed.procedures)
    add_procedures(assembly, delivered.hospital_procedures)
    add_exams(assembly, delivered.exams)
    add_dose_events(assembly, delivered.events)


def _add_links(assembly: Assembly, study: Study, computed: Computed, ledger: Ledger) -> None:
    settings: StaySettings = study.linkage.stays
    stays, doses = computed.stays, computed.doses
    text = stays.model.canonical_json().decode()
    model = add_model(assembly, name="stays", model_json=text, settings_sha256=stays.model.settings_digest)
    threshold = settings.accept_probability
    add_pairs(assembly, stays.pairs, kind="stay", sides=("Stay", "Stay"), model=model, threshold=threshold)
    add_pairs(
        assembly,
        stays.person_pairs,
        kind="person",
        sides=("PersonRecord", "PersonRecord"),
        model=model,
        threshold=threshold,
    )
    add_persons_of_study(assembly, stays.person_pairs, ledger)
    text = doses.model.canonical_json().decode()
    model = add_model(assembly, name="doses", model_json=text, settings_sha256=doses.model.settings_digest)
    threshold = study.linkage.doses.accept_probability
    for label in ("Procedure", "Stay"):
        pairs = doses.pairs.filter(pc.equal(doses.pairs.column("right_label"), label))
        add_pairs(assembly, pairs, kind="dose", sides=("DoseEvent", label), model=model, threshold=threshold)
    add_pairs(assembly, doses.exam_pairs, kind="exam", sides=("Procedure", "Stay"), model=model, threshold=threshold)


def _add_doses(assembly: Assembly, computed: Computed, estimates: Estimates) -> None:
    table_key = add_coefficient_table(assembly, computed.coefficients)
    calibrations = {item.calibration_id: item for item in (*computed.calibrations, *computed.derivation.calibrations)}
    keys = add_calibrations(assembly, calibrations.values())
    linked = computed.doses.pairs.filter(pc.equal(computed.doses.pairs.column("judgement"), "link"))
    subjects = {
        left: assembly.keyring.key("dec", "dose", left, right)
        for left, right in rows_of(linked, "left_key", "right_key")
    }
    for block, table in estimates.blocks:
        add_estimates(assembly, table, table_key=table_key, calibration_keys=keys, block=block, subjects=subjects)
