"""Many files read as dose reports, on all processors. Reads files; starts processes where there is enough to do."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from provenance.dose.dicom import read_report
from provenance.dose.report import LeftAlone, Report

__all__ = ["read_reports"]

# Below this a second process takes longer to start than it saves.
_WORTH_PROCESSES = 64
_CHUNK = 16


def read_reports(paths: Sequence[Path], *, n_processes: int | None = None) -> Iterator[Report | LeftAlone]:
    """
    What each file is, in the order given.

    Args:
        paths: Files of any kind.
        n_processes: How many to use; one a processor unless told.
    """
    wanted = n_processes or os.cpu_count() or 1
    if wanted == 1 or len(paths) < _WORTH_PROCESSES:
        yield from map(read_report, paths)
        return
    with ProcessPoolExecutor(max_workers=wanted) as pool:
        yield from pool.map(read_report, paths, chunksize=_CHUNK)
