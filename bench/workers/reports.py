"""
Read every dose report below a folder: `python -m bench.workers.reports FOLDER --processes N [--decode]`.

Prints one JSON document: files, dose reports, irradiation events. `--decode` has pydicom decode every element and
understands none of them: what a reader would pay that walks the whole data set.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

CHUNK = 50


def read(path: Path) -> tuple[int, int]:
    """1 and the number of irradiation events for a dose report, else 0 and 0."""
    from provenance.dose.dicom import read_report
    from provenance.dose.report import LeftAlone

    found = read_report(path)
    return (0, 0) if isinstance(found, LeftAlone) else (1, len(found.events))


def decode(path: Path) -> tuple[int, int]:
    """1 and the number of content items, decoded and not understood."""
    import pydicom

    dataset = pydicom.dcmread(path, force=True)
    return 1, sum(1 for _ in dataset.iterall())


def main() -> None:
    """Read them all and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--decode", action="store_true")
    told = parser.parse_args()
    paths = sorted(path for path in told.folder.rglob("*") if path.is_file())
    work = decode if told.decode else read
    if told.processes == 1:
        found = [work(path) for path in paths]
    else:
        with ProcessPoolExecutor(told.processes, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(work, paths, chunksize=CHUNK))
    reports, events = (sum(column) for column in zip(*found, strict=True))
    json.dump({"files": len(paths), "reports": reports, "items": events}, sys.stdout)


if __name__ == "__main__":
    main()
