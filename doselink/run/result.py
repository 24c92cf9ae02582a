"""What a run hands back. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from doselink.report.summary import Summary

__all__ = ["RunResult"]


@dataclass(frozen=True, slots=True)
class RunResult:
    """
    One call of `run_study`.

    Attributes:
        run_id: The Run node.
        did_work: False where an earlier run had done everything.
        workspace: The study's folder.
        summary: What was found.
        report_path: The report.
    """

    run_id: str
    did_work: bool
    workspace: Path
    summary: Summary
    report_path: Path
