"""Step two: dose reports and dose registers as dose events. Reads files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from doselink.compute.ingest import Delivered, count_rejects
from doselink.compute.kept_reports import read_keyed
from doselink.compute.stages import StageCache
from doselink.progress import Progress
from doselink.report.summary import RejectCount, SourceCount
from doselink.study import Source, Study, folder_paths, named_rooms, source_files
from graph_schema.delivery import FileFacts, Reject
from graph_schema.ids import Keyring
from provenance.dose.events import SourcedReport, SourcedRow, standardise
from provenance.dose.keyed import KeyedReport
from provenance.dose.register import read_register
from provenance.dose.report import LeftAlone
from provenance.dose.schema import DOSE_EVENTS, IRRADIATIONS
from provenance.dose.settings import DoseLimits

__all__ = ["DoseIntake", "read_dose_events"]


@dataclass(slots=True)
class DoseIntake:
    """
    Dose events of all sources, and what became of every report and row.

    Attributes:
        events: `DOSE_EVENTS`.
        irradiations: `IRRADIATIONS`, to be kept as a block.
        files: Files that were reports or registers.
        rejects: Source to what cannot be used.
        counts: Per source, where the files or rows went.
        notes: Per source, what was left alone and why, what was repaired, and how often.
        commitments: file_sha256, row, record_type, commitment of what events rest on.
    """

    events: pa.Table = field(default_factory=DOSE_EVENTS.empty_table)
    irradiations: pa.Table = field(default_factory=IRRADIATIONS.empty_table)
    files: list[Delivered] = field(default_factory=list)
    rejects: dict[str, list[Reject]] = field(default_factory=dict)
    counts: list[SourceCount] = field(default_factory=list)
    notes: dict[str, dict[str, int]] = field(default_factory=dict)
    commitments: pa.Table | None = None

    def reject_counts(self) -> tuple[RejectCount, ...]:
        """Rejects by source and reason, most frequent first."""
        return count_rejects(self.rejects)


@dataclass(slots=True)
class _Read:
    """What one source gave: reports or rows, rejects, files, and how many things were left alone."""

    source: Source
    reports: list[KeyedReport] = field(default_factory=list)
    rows: list[SourcedRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    files: dict[str, FileFacts] = field(default_factory=dict)
    n_files: int = 0
    n_delivered: int = 0
    n_left_alone: int = 0
    notes: Counter[str] = field(default_factory=Counter)

    def leave(self, why: str, n: int = 1) -> None:
        """Count what is left alone: recognised and rightly not used."""
        self.n_left_alone += n
        self.notes[f"left alone: {why}"] += n


def read_dose_events(
    study: Study,
    *,
    keyring: Keyring,
    today: date,
    exams: pa.Table,
    progress: Progress,
    limits: DoseLimits,
    cache: StageCache | None = None,
) -> DoseIntake:
    """
    All dose events of a study.

    Args:
        study: What is delivered.
        keyring: Makes the identifiers.
        today: A later examination is rejected.
        exams: The cath-lab registers' examinations.
        progress: Told of every report.
        limits: Limits of belief.
        cache: Remembers reports that were read, keyed; None: nothing is remembered.

    Raises:
        SourceMissing, SourceFileError: If a file is not there or not what was declared.
    """
    read = []
    for source in study.sources:
        if source.kind == "rdsr":
            read.append(_read_archive(study, source, keyring=keyring, cache=cache, progress=progress))
        elif source.kind == "dose_register":
            read.append(_read_dose_register(study, source, progress))
    reports = [
        SourcedReport(one.source.name, one.source.hospital or "", report) for one in read for report in one.reports
    ]
    rows = [row for one in read for row in one.rows]
    made = standardise(reports, rows, keyring=keyring, rooms=study.rooms, exams=exams, limits=limits, today=today)
    intake = DoseIntake(events=made.events, irradiations=made.irradiations)
    of_file = {sha256: one for one in read for sha256 in one.files}
    for reject in made.rejects:
        of_file[reject.file_sha256].rejects.append(reject)
    for one in read:
        _account(intake, one)
    intake.commitments = _commitments(made.events, keyring, of_file)
    return intake


def _read_archive(
    study: Study, source: Source, *, keyring: Keyring, cache: StageCache | None, progress: Progress
) -> _Read:
    """A folder of dose reports; anything else in it is left alone, what is damaged is a reject."""
    one = _Read(source)
    paths = folder_paths(study, source)
    with progress.step(f"read dose reports of {source.name}", total=len(paths), unit="files") as step:
        for found in read_keyed(paths, source=source, keyring=keyring, cache=cache, named_rooms=named_rooms(study)):
            step.advance(1)
            one.n_files += 1
            one.n_delivered += 1
            _take(one, found)
    return one


def _take(one: _Read, found: KeyedReport | LeftAlone) -> None:
    if isinstance(found, LeftAlone):
        if found.damaged and found.sha256 is not None:
            one.rejects.append(Reject(found.sha256, 1, None, found.reason))
            _note_file(one, found.sha256, found.n_bytes)
        else:
            one.leave(found.reason)
        return
    if found.told.sha256 in one.files:
        one.leave("the same file again")
        return
    _note_file(one, found.told.sha256, found.told.n_bytes)
    one.reports.append(found)


def _note_file(one: _Read, sha256: str, n_bytes: int) -> None:
    name = f"{one.source.name}/{sha256[:12]}"
    one.files[sha256] = FileFacts(sha256, "rdsr", name, n_bytes, n_rows=1, n_rejected=0, encoding="DICOM")


def _read_dose_register(study: Study, source: Source, progress: Progress) -> _Read:
    one = _Read(source)
    files = source_files(study, source)
    with progress.step(f"read dose register {source.name}", total=len(files), unit="files") as step:
        for file in files:
            register = read_register(file.path, format=file.format)
            step.advance(1)
            one.n_files += 1
            one.n_delivered += register.n_rows
            if register.sha256 in one.files:
                one.leave("rows of the same file again", register.n_rows)
                continue
            one.notes.update({f"{role}: {why}": n for role, why, n in register.repaired})
            one.rows += [SourcedRow(source.name, source.hospital or "", row) for row in register.rows]
            one.rejects += register.rejects
            name = file.label(source.name, register.sha256)
            one.files[register.sha256] = FileFacts(
                register.sha256, "dose_register", name, register.n_bytes, register.n_rows, 0, register.encoding
            )
    return one


def _account(intake: DoseIntake, one: _Read) -> None:
    """Law 1 for one source: delivered = used + rejected + left alone."""
    per_file: dict[str, int] = {}
    for reject in one.rejects:
        per_file[reject.file_sha256] = per_file.get(reject.file_sha256, 0) + 1
    for sha256, facts in one.files.items():
        counted = FileFacts(
            sha256, facts.kind, facts.name, facts.n_bytes, facts.n_rows, per_file.get(sha256, 0), facts.encoding
        )
        intake.files.append(Delivered(one.source.name, one.source.permit, counted))
    intake.rejects.setdefault(one.source.name, []).extend(one.rejects)
    intake.notes[one.source.name] = dict(sorted(one.notes.items()))
    intake.counts.append(
        SourceCount(
            name=one.source.name,
            kind=one.source.kind,
            hospital=one.source.hospital,
            n_files=one.n_files,
            n_rows=one.n_delivered,
            n_used=one.n_delivered - len(one.rejects) - one.n_left_alone,
            n_rejected=len(one.rejects),
            n_left_alone=one.n_left_alone,
        )
    )


def _commitments(events: pa.Table, keyring: Keyring, of_file: dict[str, _Read]) -> pa.Table:
    """One record for each report and register row that an event rests on."""
    kinds = {"rdsr": "dose_report", "dose_register": "dose_register"}
    found = zip(events.column("file_sha256").to_pylist(), events.column("row").to_pylist(), strict=True)
    every = {place for shas, rows in found for place in zip(shas, rows, strict=True)}
    # An event may also rest on a row of a cath-lab register, which is accounted for with that register.
    places = sorted((sha256, row) for sha256, row in every if sha256 in of_file)
    return pa.table(
        {
            "file_sha256": pa.array([sha256 for sha256, _ in places], pa.string()),
            "row": pa.array([row for _, row in places], pa.int64()),
            "record_type": pa.array([kinds[of_file[sha256].source.kind] for sha256, _ in places], pa.string()),
            "commitment": pa.array(
                [keyring.digest("dose-record", sha256, str(row))[:32] for sha256, row in places], pa.string()
            ),
        }
    )
