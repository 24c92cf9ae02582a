"""Environments of peers that are no dependency of ours: made once, kept in the user's cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.measure import BenchFailed

__all__ = ["SPLINK", "SPLINK_VARIABLE", "splink_python"]

SPLINK = "splink==5.0.0"
SPLINK_VARIABLE = "DOSELINK_BENCH_SPLINK"
_PACKAGES = (SPLINK, "numpy", "pandas", "pyarrow")


def splink_python() -> str:
    """
    The Python of an environment with Splink 5 from PyPI and the newest DuckDB it takes.

    The one `DOSELINK_BENCH_SPLINK` names, else one made by uv, or by venv and pip where there is no uv.

    Raises:
        BenchFailed: If it cannot be made.
    """
    told = os.environ.get(SPLINK_VARIABLE)
    if told:
        return told
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "doselink-bench"
    place = cache / f"{SPLINK.replace('==', '-')}-py{sys.version_info.major}.{sys.version_info.minor}"
    if not (place / "made").is_file():
        _make(place)
    return str(place / "bin" / "python")


def _make(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    python, uv = str(place / "bin" / "python"), _uv()
    if uv is not None:
        commands = [[uv, "venv", "--quiet", "--python", sys.executable, str(place)]]
        commands.append([uv, "pip", "install", "--quiet", "--python", python, *_PACKAGES])
    else:
        commands = [[sys.executable, "-m", "venv", str(place)]]
        commands.append([python, "-m", "pip", "install", "--quiet", *_PACKAGES])
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchFailed(f"an environment with {SPLINK} could not be made:\n{done.stderr[-2000:]}")
    (place / "made").touch()


def _uv() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.is_file() else shutil.which("uv")
