"""Input of the benches, made from the fixtures' seeds and kept between rounds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.measure import BenchFailed

__all__ = ["DOSELINK", "demo_study", "many_reports", "run_unmeasured", "study_workspace"]

DOSELINK = (sys.executable, "-c", "from doselink.cli.main import main; main()")
_REPOSITORY = Path(__file__).parents[1]


def demo_study(folder: Path, scale: int) -> Path:
    """The study file of the demonstration study at a scale; 1 is about 4,000 catheterised children."""
    made = folder / f"demo-{scale}"
    if not (made / "study.yaml").is_file():
        run_unmeasured(sys.executable, "-m", "fixtures.make", "demo", "--out", str(made), "--scale", str(scale))
    return made / "study.yaml"


def study_workspace(folder: Path, scale: int) -> Path:
    """A workspace in which the demonstration study was run, its graph left alone."""
    made = folder / f"workspace-{scale}"
    if not (made / "study.json").is_file():
        study = demo_study(folder, scale)
        run_unmeasured(*DOSELINK, "run", str(study), "--workspace", str(made), "--no-graph", "--quiet")
    return made


def many_reports(folder: Path, n_files: int) -> Path:
    """A folder of `n_files` DICOM files: those of the hand-made study again and again, as links to one copy each."""
    made = folder / f"reports-{n_files}"
    if made.is_dir():
        return made
    source = folder / "tiny"
    run_unmeasured(sys.executable, "-m", "fixtures.make", "tiny", "--out", str(source))
    originals = [path for path in sorted(source.rglob("*")) if path.is_file() and _is_dicom(path)]
    if not originals:
        raise BenchFailed("the hand-made study holds no DICOM file")
    beside = folder / f".reports-{n_files}"
    for number in range(n_files):
        original = originals[number % len(originals)]
        place = beside / f"{number // 500:03}" / f"{number:06}.dcm"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        os.link(original, place)
    beside.rename(made)
    return made


def run_unmeasured(*command: str) -> None:
    """Run a process that prepares; its end must be a good one."""
    done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"
