"""
The one tree of errors, and the one table of exit codes. Opens nothing.

    DoselinkError
      UserError                 you can put this right; printed without a traceback
        (every package's own errors; each takes its exit code from ExitCode)
"""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

__all__ = ["DoselinkError", "ExitCode", "SourceFileError", "UserError"]


class ExitCode(IntEnum):
    """What the process says to the batch scheduler; `docs/exit-codes.md` is made from these sentences."""

    OK = 0
    DEFECT = 1
    USAGE = 2
    STUDY_FILE = 10
    SOURCE_FILE = 11
    SOURCE_MISSING = 12
    UNIT = 13
    KEY = 14
    LEDGER = 15
    GRAPH_SERVER = 16
    QUERY = 17
    BUDGET = 18
    SETTINGS = 19
    NOT_FOUND = 20
    LOCKED = 21
    AUDIT_BREACH = 22
    TIME_LIMIT = 23
    STORAGE = 24

    @property
    def meaning(self) -> str:
        """The sentence the documentation prints beside the number."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.OK: "done; rejected rows, if any, are counted in the summary and listed under runs/",
    ExitCode.DEFECT: "a defect of doselink itself: a traceback is printed; please report it",
    ExitCode.USAGE: "the command line is wrong; the message suggests the right one",
    ExitCode.STUDY_FILE: "the study file is wrong; the message gives file, line, key and what was expected",
    ExitCode.SOURCE_FILE: "a delivered file does not hold what its declaration promises",
    ExitCode.SOURCE_MISSING: "a declared file or folder is not there, or may not be read",
    ExitCode.UNIT: "a unit is unknown or cannot be converted",
    ExitCode.KEY: "the study key is missing, too short or not the one this ledger was made with",
    ExitCode.LEDGER: "the ledger is damaged or does not fit this version",
    ExitCode.GRAPH_SERVER: "the graph server cannot be started or reached, or refused the credentials",
    ExitCode.QUERY: "a question is unknown, its parameters are wrong, or its Cypher is refused",
    ExitCode.BUDGET: "the plan is over its budget of pairs or memory; the numbers are in the message",
    ExitCode.SETTINGS: "linkage or dose settings are wrong; the message names the key and the allowed values",
    ExitCode.NOT_FOUND: "the person, link, dose or run asked for does not exist",
    ExitCode.LOCKED: "another process is writing to this study; the message says which",
    ExitCode.AUDIT_BREACH: "an integrity question that must come back empty did not",
    ExitCode.TIME_LIMIT: "the question ran into its time limit and was ended",
    ExitCode.STORAGE: "a result cannot be written: permission, a full disk, a file where a folder should be",
}


class DoselinkError(Exception):
    """Root of every error this project raises on purpose."""

    exit_code: ExitCode = ExitCode.DEFECT


class UserError(DoselinkError):
    """Something the user can put right. The message says where, what was expected and what to do."""

    exit_code = ExitCode.USAGE


class SourceFileError(UserError):
    """A source file does not hold what its declaration promises."""

    exit_code = ExitCode.SOURCE_FILE

    def __init__(self, path: Path, wanted: str, *, row: int | None = None, field: str | None = None) -> None:
        place = path.name
        if row is not None:
            place += f", row {row}"
        if field is not None:
            place += f", field {field!r}"
        super().__init__(f"{place}: expected {wanted}")
        self.path = path
        self.row = row
        self.field = field
