"""
The look at a study's deliveries before anything is run: what is there, what is missing, what cannot be used.

Counts only; nothing is kept. A source that cannot be read does not hide the others. Reads files.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from doselink.run.truth import true_stay_pairs
from doselink.study import (
    Source,
    Study,
    cathlab_source,
    claims_source,
    crosswalk_of,
    folder_paths,
    section21_source,
    source_files,
    table_path,
)
from doselink.study.models import TableFile
from graph_schema.delivery import DeclaredFile, FileFacts, Reject
from graph_schema.errors import ExitCode, UserError
from graph_schema.ids import KEY_BYTES, Keyring
from linkage.records import (
    NO_CROSSWALK,
    Crosswalk,
    FilePart,
    Records,
    join_cathlab,
    join_claims,
    join_section21,
    parse_cathlab_file,
    parse_claims_file,
    parse_section21_file,
)
from linkage.records.cathlab import CATHLAB_ROLES
from linkage.records.claims import CLAIMS_ROLES
from linkage.records.profile import FileProfile, profile_file
from linkage.records.reading import Roles
from linkage.records.section21 import SECTION21_ROLES
from provenance.dose.calibration import read_calibrations
from provenance.dose.coefficients import read_coefficients
from provenance.dose.dicom import read_report
from provenance.dose.register import OPTIONAL, read_register
from provenance.dose.report import Report

__all__ = ["SourceProfile", "StudyProfile", "check_study"]

_REGISTER_ROLES = Roles(("kap",), OPTIONAL)
_MOST_REPORTS = 200

T = TypeVar("T")
Parse = Callable[[DeclaredFile], FilePart]
Join = Callable[[Sequence[FilePart]], Records]


@dataclass(slots=True)
class _Findings:
    """What has to be put right first, in the order found."""

    problems: list[str] = field(default_factory=list)
    exit_codes: list[ExitCode] = field(default_factory=list)

    def attempt(self, action: Callable[[], T]) -> T | None:
        """What `action` gives; None where the user has to put something right first, which is noted."""
        try:
            return action()
        except UserError as error:
            self.problems.append(str(error))
            self.exit_codes.append(error.exit_code)
            return None


@dataclass(frozen=True, slots=True)
class SourceProfile:
    """
    One source.

    Attributes:
        name: Name in the study file.
        kind: Kind in the study file.
        n_files: Files found.
        files: Profiles of its text files.
        counts: What a folder of dose reports holds, by kind of object and by unit as found.
        notes: What was put right or looks odd over all files, counted.
        problems: What keeps the source, or a file of it, from being read.
        exit_codes: One for each problem.
    """

    name: str
    kind: str
    n_files: int = 0
    files: Sequence[FileProfile] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[str] = ()
    exit_codes: Sequence[ExitCode] = ()


@dataclass(frozen=True, slots=True)
class StudyProfile:
    """All sources; `problems` are those of the tables of the study team."""

    study: str
    sources: Sequence[SourceProfile]
    problems: Sequence[str] = ()
    exit_codes: Sequence[ExitCode] = ()

    @property
    def exit_code(self) -> ExitCode:
        """OK, or that of the first thing to put right."""
        codes = [*self.exit_codes, *(code for source in self.sources for code in source.exit_codes)]
        return codes[0] if codes else ExitCode.OK


def check_study(study: Study, *, today: date) -> StudyProfile:
    """
    Profile every source of a study.

    Args:
        study: A validated study file.
        today: Later dates are mistakes.
    """
    found = _Findings()
    # Identifiers are keyed as in a run, so that duplicates and orphans are found; the key is thrown away.
    keyring = Keyring(secrets.token_bytes(KEY_BYTES))
    _check_tables(found, study, keyring)
    crosswalk = found.attempt(lambda: crosswalk_of(study)) or NO_CROSSWALK
    sources = [_check_source(study, source, crosswalk, keyring=keyring, today=today) for source in study.sources]
    return StudyProfile(study.study, sources, found.problems, found.exit_codes)


def _check_tables(found: _Findings, study: Study, keyring: Keyring) -> None:
    """The tables of the study team, read as a run reads them: one wrong number there stops the run."""

    def read(declared: TableFile | None, reader: Callable[[Path], object]) -> None:
        if declared is not None:
            found.attempt(lambda: reader(table_path(study, declared.path)))

    read(study.tables.calibration, read_calibrations)
    read(study.tables.coefficients, read_coefficients)
    read(study.evaluation.person_links, lambda path: path)
    read(study.evaluation.dose_links, lambda path: path)
    found.attempt(lambda: true_stay_pairs(study, keyring))


def _check_source(
    study: Study, source: Source, crosswalk: Crosswalk, *, keyring: Keyring, today: date
) -> SourceProfile:
    found = _Findings()
    if source.kind == "rdsr":
        return _check_reports(study, source, found)
    files = found.attempt(lambda: source_files(study, source)) or []
    if source.kind == "dose_register":
        return _check_registers(source, files, found)
    roles, parse, join = _reader(study, source, files, crosswalk=crosswalk, keyring=keyring, today=today)
    parts = [(file, part) for file in files if (part := _attempt_file(found, parse, file)) is not None]
    records = join([part for _, part in parts])
    profiles = [
        profile_file(file, roles[file.table], facts=part.facts, rejects=records.rejects, repaired=part.repaired)
        for file, part in parts
    ]
    return SourceProfile(
        name=source.name,
        kind=source.kind,
        n_files=len(files),
        files=profiles,
        notes=records.notes,
        problems=found.problems,
        exit_codes=found.exit_codes,
    )


def _attempt_file(found: _Findings, parse: Parse, file: DeclaredFile) -> FilePart | None:
    return found.attempt(lambda: parse(file))


def _reader(
    study: Study,
    source: Source,
    files: Sequence[DeclaredFile],
    *,
    crosswalk: Crosswalk,
    keyring: Keyring,
    today: date,
) -> tuple[Mapping[str, Roles], Parse, Join]:
    """Columns, parser and joiner of the source's kind."""
    if source.kind == "claims":
        claims = claims_source(study, source, files)
        return (
            CLAIMS_ROLES,
            lambda file: parse_claims_file(file, source=claims, keyring=keyring, today=today),
            lambda parts: join_claims(parts, source=claims, keyring=keyring),
        )
    if source.kind == "section21":
        cases = section21_source(study, source, files, crosswalk=crosswalk)
        return (
            SECTION21_ROLES,
            lambda file: parse_section21_file(file, source=cases, keyring=keyring, today=today),
            lambda parts: join_section21(parts, source=cases, keyring=keyring),
        )
    register = cathlab_source(study, source, files)
    return (
        {"cath_lab": CATHLAB_ROLES},
        lambda file: parse_cathlab_file(file, source=register, keyring=keyring, today=today),
        join_cathlab,
    )


def _check_registers(source: Source, files: Sequence[DeclaredFile], found: _Findings) -> SourceProfile:
    profiles = [profile for file in files if (profile := _check_register(source, file, found)) is not None]
    return SourceProfile(
        name=source.name,
        kind=source.kind,
        n_files=len(files),
        files=profiles,
        problems=found.problems,
        exit_codes=found.exit_codes,
    )


def _check_register(source: Source, file: DeclaredFile, found: _Findings) -> FileProfile | None:
    def profile() -> FileProfile:
        read = read_register(file.path, format=file.format)
        rejects: Sequence[Reject] = read.rejects
        text = _REGISTER_ROLES.open(file)
        facts = FileFacts(
            sha256=text.sha256,
            kind=file.table,
            name=file.label(source.name, text.sha256),
            n_bytes=text.n_bytes,
            n_rows=text.n_rows,
            n_rejected=len(rejects),
            encoding=text.encoding,
        )
        return profile_file(file, _REGISTER_ROLES, facts=facts, rejects=rejects, repaired={})

    return found.attempt(profile)


def _check_reports(study: Study, source: Source, found: _Findings) -> SourceProfile:
    """A folder of dose reports: what its files are, and the units of their totals as found."""
    paths = found.attempt(lambda: folder_paths(study, source)) or []
    counts: Counter[str] = Counter()
    # Evenly over the folder: all rooms and years are seen, and a folder of 100,000 reports does not take an hour.
    step = -(-len(paths) // _MOST_REPORTS) or 1
    looked_at = paths[::step]
    if len(looked_at) < len(paths):
        counts[f"files looked at, of {len(paths):,}"] = len(looked_at)
    for path in looked_at:
        report = read_report(path)
        if isinstance(report, Report):
            counts[f"dose report: {report.kind.value}"] += 1
            units = {total.kap.unit or "none" for total in report.totals if total.kap is not None}
            counts.update(f"kap_unit: {unit}" for unit in units)
        else:
            counts[f"left alone: {report.kind.value}"] += 1
    return SourceProfile(
        name=source.name,
        kind=source.kind,
        n_files=len(paths),
        counts=dict(sorted(counts.items())),
        problems=found.problems,
        exit_codes=found.exit_codes,
    )
