"""How a delivered text file is declared to be written, and what is handed on of it. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["DeclaredFile", "FileFacts", "Reject", "TextFormat", "TextTable"]

_ENCODINGS = {
    "auto": "auto",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
}
_SEPARATORS = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ","}


class TextFormat(BaseModel):
    """What is declared about a delivered text file; what is not declared is detected and reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: Literal["auto", "utf-8", "cp1252"] = Field(
        "auto", description="utf-8 (with or without byte order mark) or cp1252; auto detects and reports it."
    )
    separator: Literal["auto", ";", ",", "\t", "|"] = Field(
        "auto", description="Character between fields; auto takes the one that gives the expected headers."
    )
    decimal: Literal[".", ","] = Field(".", description="Decimal mark of numbers.")
    columns: dict[str, str] = Field(
        default_factory=dict, description="Role of a column to its header in this delivery, where they differ."
    )

    @field_validator("encoding", mode="before")
    @classmethod
    def _known_spelling(cls, given: object) -> object:
        return _ENCODINGS.get(given.lower(), given) if isinstance(given, str) else given

    @field_validator("separator", mode="before")
    @classmethod
    def _named_separator(cls, given: object) -> object:
        return _SEPARATORS.get(given, given) if isinstance(given, str) else given

    def header(self, role: str) -> str:
        """The header that holds `role` in this delivery."""
        return self.columns.get(role, role)

    def with_default_columns(self, columns: dict[str, str]) -> TextFormat:
        """This format, with the headers of `columns` for the roles that are not declared."""
        return self.model_copy(update={"columns": {**columns, **self.columns}})


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be used. It never holds the value that was found."""

    file_sha256: str
    row: int
    field: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the report says about one delivered file."""

    sha256: str
    kind: str
    name: str
    n_bytes: int
    n_rows: int
    n_rejected: int
    encoding: str


@dataclass(frozen=True, slots=True)
class TextTable:
    """
    The records of one delivered file.

    `table` has a string column per role that was found (trimmed; empty is null) and `row` (int64, the
    line on which the record begins, the header being 1). `n_rows == table.num_rows + len(rejects)`.
    """

    table: pa.Table
    rejects: Sequence[Reject]
    n_rows: int
    sha256: str
    n_bytes: int
    encoding: str
    separator: str
    decimal: str

    def has(self, role: str) -> bool:
        """Whether the delivery has a column for this role."""
        return role in self.table.column_names


@dataclass(frozen=True, slots=True)
class DeclaredFile:
    """
    One delivered file as the study file declares it.

    Attributes:
        table: What it holds: insurants, FALL, cath_lab, ...
        path: Where it lies.
        format: How it is written.
        name: Its name where the study file spells it out; None for one that a pattern or folder found,
            because such names may tell who is inside.
    """

    table: str
    path: Path
    format: TextFormat
    name: str | None = None

    def label(self, source: str, sha256: str) -> str:
        """The name under which ledger and report know the file."""
        return self.name if self.name is not None else f"{source}/{sha256[:12]}"
