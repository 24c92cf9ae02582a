"""How many dose reports an hour, by one process and by two, beside plain decoding by pydicom."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.cases import Bench, Case, Peer
from bench.inputs import many_reports

__all__ = ["RDSR"]

_SIZES = {"1k": 1_000, "4k": 4_000}
_WORKER = (sys.executable, "-m", "bench.workers.reports")


def _case(name: str, folder: Path) -> Case:
    reports = str(many_reports(folder, _SIZES[name]))
    return Case(
        name=name,
        peers=(
            Peer("one process", (*_WORKER, reports), reads_json=True),
            Peer("two processes", (*_WORKER, reports, "--processes", "2"), reads_json=True),
            Peer("pydicom, every element", (*_WORKER, reports, "--decode"), reads_json=True),
        ),
        amount=_SIZES[name],
        unit="files",
    )


RDSR = Bench(
    name="rdsr",
    question="How many dose reports an hour, with one process and with two?",
    cases=tuple(_SIZES),
    make=_case,
)
