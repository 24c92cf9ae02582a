"""What a bench is: peers that do the same work, case by case. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.compare import CaseResult

__all__ = ["FRESH", "Bench", "Case", "Peer"]

FRESH = "{fresh}"


@dataclass(frozen=True, slots=True)
class Peer:
    """
    One way to do the work.

    Attributes:
        name: What the table calls it.
        command: The process that is measured, from its start to its end. `FRESH` in an argument becomes a
            folder of this measurement alone, removed afterwards.
        before: Processes run in the same folder beforehand and not measured.
        environment: Variables set on top of the harness's own.
        reads_json: True where the process prints one JSON document to be kept with the measurement.
    """

    name: str
    command: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    reads_json: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """
    One size or kind of the work.

    Attributes:
        name: What `--case` chooses.
        peers: At least one; the first is what the others are compared with.
        amount: How much work it is.
        unit: What the amount counts, in the plural.
    """

    name: str
    peers: tuple[Peer, ...]
    amount: int
    unit: str


@dataclass(frozen=True, slots=True)
class Bench:
    """
    A named question about speed or memory.

    Attributes:
        name: What the command line calls it.
        question: What it answers.
        cases: Names of its cases, smallest first.
        make: Gives the case of a name; may write its input into the folder it is given, unmeasured.
        details: Turns what the processes printed into further lines of the report, case by case.
        judge: Holds what was measured against what is wanted: further lines of the report.
    """

    name: str
    question: str
    cases: tuple[str, ...]
    make: Callable[[str, Path], Case]
    details: Callable[[Mapping[str, Mapping[str, Sequence[object]]]], list[str]] | None = None
    judge: Callable[[Sequence[CaseResult]], list[str]] | None = None
