"""Step one: every delivered file as keyed records. A file that was parsed before is not parsed again. Reads files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pyarrow as pa

from doselink.compute.stages import StageCache, StageResult, settings_digest
from doselink.progress import Progress
from doselink.report.summary import RejectCount, SourceCount
from doselink.study import Source, Study, cathlab_source, claims_source, crosswalk_of, named_rooms, section21_source
from graph_schema.delivery import DeclaredFile, FileFacts, Reject
from graph_schema.ids import Keyring, content_digest
from linkage.records import (
    NO_CROSSWALK,
    FilePart,
    Records,
    join_cathlab,
    join_claims,
    join_section21,
    parse_cathlab_file,
    parse_claims_file,
    parse_section21_file,
)

__all__ = ["Delivered", "Intake", "count_rejects", "ingest_tables"]

# Raised by hand when a reader's results change.
PARSE_VERSION = 2

Parse = Callable[[DeclaredFile], FilePart]


@dataclass(frozen=True, slots=True)
class Delivered:
    """One file of one source, for the ledger."""

    source: str
    permit: str | None
    facts: FileFacts


@dataclass(slots=True)
class Intake:
    """
    What all sources delivered.

    Attributes:
        tables: Side and table (`("claims", "stays")`, `("hospital", "stays")`, `("cath_lab", "exams")`) to rows.
        files: Every file.
        rejects: Source to the records that cannot be used.
        counts: Per source and table, where the rows went.
        commitments: Records the graph can rest on.
        supersedes: Which record corrects which.
        not_persons: Person keys of patient numbers that stand for nobody in particular.
        notes: Per source, what was repaired or looks odd.
    """

    tables: dict[tuple[str, str], list[pa.Table]] = field(default_factory=dict)
    files: list[Delivered] = field(default_factory=list)
    rejects: dict[str, list[Reject]] = field(default_factory=dict)
    counts: list[SourceCount] = field(default_factory=list)
    commitments: list[pa.Table] = field(default_factory=list)
    supersedes: list[pa.Table] = field(default_factory=list)
    not_persons: set[str] = field(default_factory=set)
    notes: dict[str, dict[str, int]] = field(default_factory=dict)

    def take(self, source: Source, side: str, records: Records) -> None:
        """Add what one source delivered."""
        for name, table in records.tables.items():
            self.tables.setdefault((side, name), []).append(table)
        self.files += [Delivered(source.name, source.permit, facts) for facts in records.files]
        self.rejects.setdefault(source.name, []).extend(records.rejects)
        self.commitments.append(records.commitments)
        self.supersedes.append(records.supersedes)
        self.not_persons |= set(records.not_persons)
        self.notes[source.name] = dict(records.notes)
        per_kind = Counter(facts.kind for facts in records.files)
        for kind, count in records.counts.items():
            self.counts.append(
                SourceCount(
                    name=source.name,
                    kind=kind,
                    hospital=source.hospital,
                    n_files=per_kind[kind],
                    n_rows=count.delivered,
                    n_used=count.used,
                    n_rejected=count.rejected,
                    n_left_alone=count.repeated + count.superseded,
                )
            )

    def table(self, side: str, name: str, schema: pa.Schema) -> pa.Table:
        """All rows of a table of one side, in the order of the sources; empty where none was delivered."""
        return pa.concat_tables([schema.empty_table(), *self.tables.get((side, name), [])]).combine_chunks()

    def reject_counts(self) -> tuple[RejectCount, ...]:
        """Rejects by source and reason, most frequent first."""
        return count_rejects(self.rejects)


def count_rejects(rejects: Mapping[str, Sequence[Reject]]) -> tuple[RejectCount, ...]:
    """Rejects by source and reason, most frequent first."""
    found = Counter((source, reject.reason) for source, members in rejects.items() for reject in members)
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(RejectCount(source=source, reason=reason, n_rows=n) for (source, reason), n in ordered)


@dataclass(frozen=True, slots=True)
class _Reader:
    """How one kind of source is parsed and joined, and what its parse depends on beside the file."""

    side: str
    files: Sequence[DeclaredFile]
    parse: Parse
    join: Callable[[Iterable[FilePart]], Records]
    depends_on: object


def ingest_tables(study: Study, *, keyring: Keyring, today: date, cache: StageCache, progress: Progress) -> Intake:
    """
    Read every source of text tables.

    Args:
        study: What is delivered.
        keyring: Makes the identifiers.
        today: Later dates are mistakes.
        cache: Remembers parsed files.
        progress: Told of every file.

    Raises:
        SourceMissing, SourceFileError: If a file is not there or not what was declared.
    """
    readers = [(source, reader) for source in study.sources if (reader := _reader(study, source, keyring, today))]
    intake = Intake()
    n_files = sum(len(reader.files) for _, reader in readers)
    with progress.step("read deliveries", total=n_files, unit="files") as step:
        for source, reader in readers:
            parts = []
            for file in reader.files:
                parts.append(_parsed(file, reader, source=source, keyring=keyring, cache=cache))
                step.advance(1)
            intake.take(source, reader.side, reader.join(parts))
    return intake


def _reader(study: Study, source: Source, keyring: Keyring, today: date) -> _Reader | None:
    if source.kind == "claims":
        claims = claims_source(study, source)
        return _Reader(
            "claims",
            claims.files,
            lambda file: parse_claims_file(file, source=claims, keyring=keyring, today=today),
            lambda parts: join_claims(parts, source=claims, keyring=keyring),
            dict(claims.hospital_of_ik),
        )
    if source.kind == "section21":
        crosswalk = crosswalk_of(study) or NO_CROSSWALK
        hospital = section21_source(study, source, crosswalk=crosswalk)
        return _Reader(
            "hospital",
            hospital.files,
            lambda file: parse_section21_file(file, source=hospital, keyring=keyring, today=today),
            lambda parts: join_section21(parts, source=hospital, keyring=keyring),
            [crosswalk.sha256, sorted(hospital.placeholders), dict(hospital.hospital_of_ik), hospital.hospital],
        )
    if source.kind == "cath_lab":
        register = replace(cathlab_source(study, source), named_rooms=named_rooms(study))
        return _Reader(
            "cath_lab",
            register.files,
            lambda file: parse_cathlab_file(file, source=register, keyring=keyring, today=today),
            join_cathlab,
            [
                register.hospital,
                sorted(register.placeholders),
                [repr(room) for room in register.rooms],
                sorted(register.named_rooms or ()),
            ],
        )
    return None


def _parsed(file: DeclaredFile, reader: _Reader, *, source: Source, keyring: Keyring, cache: StageCache) -> FilePart:
    """
    The file's part, from the cache where the same bytes were parsed under the same declaration and key.

    The day is not part of the cache's key: a date that lay in the future when the file was first read was
    wrong when it was delivered, and does not become right by waiting.
    """
    parameters: Mapping[str, object] = {
        "source": source.name,
        "table": file.table,
        "name": file.name,
        "format": file.format.model_dump(),
        "depends_on": reader.depends_on,
        "key": keyring.fingerprint,
    }
    result = cache.get_or_make(
        "parse-file",
        version=PARSE_VERSION,
        inputs=[content_digest(file.path.read_bytes()) if file.path.is_file() else "missing"],
        parameters=settings_digest(parameters),
        make=lambda: _made(reader.parse(file)),
    )
    return FilePart.restored(result.tables["records"], result.facts)


def _made(part: FilePart) -> StageResult:
    return StageResult({"records": part.table}, part.notes())
