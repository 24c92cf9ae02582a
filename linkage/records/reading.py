"""One delivered file opened under its roles, and handed on as a keyed part. Reads files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.delivery import DeclaredFile, FileFacts, TextTable, read_text_table
from graph_schema.delivery.sheet import Sheet
from graph_schema.delivery.values import Parser, choice, pattern, whole_number
from graph_schema.ids import Keyring
from linkage.records.schema import FilePart
from linkage.records.settle import commitments

__all__ = ["SEX", "SHORT_CODE", "Reading", "Roles", "year"]

SEX: Parser = choice(
    {
        **dict.fromkeys(("m", "male", "männlich", "maennlich", "1"), "male"),
        **dict.fromkeys(("w", "f", "female", "weiblich", "2"), "female"),
        **dict.fromkeys(("d", "other", "divers", "3"), "other"),
        **dict.fromkeys(("x", "u", "unknown", "unbekannt", "unbestimmt", "0", "9"), "unknown"),
    },
    wanted="a sex (m, w, d, x)",
)
# Reasons are short codes; anything longer could be free text, which no table may hold.
SHORT_CODE: Parser = pattern(r"[0-9A-Za-z]{1,4}", wanted="a code of at most four characters")


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns of one kind of table: those it needs, those it may have, and their usual headers."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def all(self) -> tuple[str, ...]:
        """Every role, required ones first."""
        return self.required + self.optional

    def open(self, file: DeclaredFile) -> TextTable:
        """
        The file as text. A column that the study file maps must be there, even one that is optional.

        Raises:
            SourceMissing, SourceFileError: If the file is not there or not what was declared.
        """
        declared = tuple(role for role in self.optional if role in file.format.columns)
        return read_text_table(
            file.path,
            format=file.format.with_default_columns(dict(self.headers)),
            required=self.required + declared,
            optional=tuple(role for role in self.optional if role not in declared),
        )


class Reading:
    """One file being read: its sheet, the study's key and the day; `part` closes it."""

    def __init__(self, file: DeclaredFile, *, roles: Roles, source: str, keyring: Keyring, today: date) -> None:
        self.file = file
        self.source = source
        self.keyring = keyring
        self.today = today
        self.roles = roles
        self.text = roles.open(file)
        self.sheet = Sheet(self.text)

    def key(self, role: str, prefix: str, *scope: str, required: bool = True) -> pa.Array:
        """A natural key as the study's identifier; with `required`, an empty one rejects the row."""
        return self.hashed(self.sheet.text(role, key=required), prefix, *scope)

    def hashed(self, values: pa.Array, prefix: str, *scope: str) -> pa.Array:
        """Identifiers of natural keys within a scope of one or more parts; equal ones are hashed once."""
        coded = pc.dictionary_encode(values)
        made = [self.keyring.key(prefix, *scope, value) for value in coded.dictionary.to_pylist()]
        return pa.array(made, pa.string()).take(coded.indices)

    def part(self, columns: dict[str, pa.Array]) -> FilePart:
        """The good records as a keyed table with `commitment`, `file_sha256` and `row`."""
        delivered = [self.sheet.text(role) for role in self.roles.all]
        columns = {**columns, "commitment": commitments(self.file.table, delivered, self.keyring)}
        table, rejects = self.sheet.finish(columns)
        facts = FileFacts(
            sha256=self.text.sha256,
            kind=self.file.table,
            name=self.file.label(self.source, self.text.sha256),
            n_bytes=self.text.n_bytes,
            n_rows=self.text.n_rows,
            n_rejected=len(rejects),
            encoding=self.text.encoding,
        )
        repaired = {f"{role}: {why}": n for (role, why), n in sorted(self.sheet.repaired.items())}
        return FilePart(self.file.table, table, tuple(rejects), facts, repaired)


def year(*, today: date) -> Parser:
    """Years from 1900 to this one."""
    return whole_number(pa.int16(), minimum=1900, maximum=today.year)
