"""
Read every file below a folder: `python -m bench.workers.reports FOLDER --processes N [--decode]`.

Prints one JSON document: files, dose reports, irradiation events. `--decode` has pydicom decode every element and
understands none of them: what a reader would pay that walks the whole data set.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path


def read(paths: Sequence[Path], n_processes: int) -> dict[str, int]:
    """How many are dose reports, and how many irradiation events they hold."""
    from provenance.dose.folder import read_reports
    from provenance.dose.report import Report

    reports = [found for found in read_reports(paths, n_processes=n_processes) if isinstance(found, Report)]
    return {"files": len(paths), "reports": len(reports), "events": sum(len(report.events) for report in reports)}


def decode(paths: Sequence[Path]) -> dict[str, int]:
    """How many elements there are, decoded and not understood."""
    import pydicom

    return {"files": len(paths), "elements": sum(1 for path in paths for _ in pydicom.dcmread(path).iterall())}


def main() -> None:
    """Read them all and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--decode", action="store_true")
    told = parser.parse_args()
    paths = sorted(path for path in told.folder.rglob("*") if path.is_file())
    found = decode(paths) if told.decode else read(paths, told.processes)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
