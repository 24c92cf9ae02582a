"""
Many files at once: dose reports of a whole archive, over several processes. Reads files.

Reading is bound by the decoding of nested sequences, not by the disk, so that processes help and threads do not.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from provenance.dose.dicom import read_report
from provenance.dose.report import LeftAlone, Report, ReportKind

__all__ = ["read_reports"]

_ALONE_BELOW = 512
_CHUNK = 16


def read_reports(
    paths: Sequence[Path], *, n_processes: int = 2, advance: Callable[[int], object] = lambda _n: None
) -> Iterator[Report | LeftAlone]:
    """
    What each file says about dose, in the order of `paths`.

    Args:
        paths: Files of any kind.
        n_processes: Processes to read with; few files are read in this one.
        advance: Told how many files more are done.
    """
    if n_processes <= 1 or len(paths) < _ALONE_BELOW:
        for path in paths:
            yield _read(path)
            advance(1)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(n_processes, mp_context=context) as pool:
        with _without_main():
            reading = pool.map(_read, paths, chunksize=_CHUNK)
        for found in reading:
            yield found
            advance(1)


@contextmanager
def _without_main() -> Iterator[None]:
    """
    Start processes that do not run the caller's script again: they need nothing of it.

    Without this, a script that calls us and has no `if __name__ == "__main__"` would end in a broken pool.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _read(path: Path) -> Report | LeftAlone:
    try:
        return read_report(path)
    except OSError as error:
        reason = f"cannot be opened ({error.strerror or 'input error'}): check its permissions"
        return LeftAlone(ReportKind.NOT_DICOM, reason, None, 0, damaged=True)
