"""The facts of the machine, without which no number means anything."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import psutil

__all__ = ["machine_facts"]

_PACKAGES = (
    "doselink",
    "numpy",
    "numba",
    "pyarrow",
    "scipy",
    "rapidfuzz",
    "duckdb",
    "pydicom",
    "neo4j",
    "arcadedb-embedded",
    "recordlinkage",
)


def machine_facts(repository: Path) -> dict[str, object]:
    """Processor, memory, system, versions, load at the start and the code measured."""
    return {
        "processor": _processor(),
        "n_cores": psutil.cpu_count(logical=False),
        "n_threads": psutil.cpu_count(),
        "n_usable": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "memory_free_gib": round(psutil.virtual_memory().available / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "load_1_min": round(os.getloadavg()[0], 2),
        "commit": _commit(repository),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit(repository: Path) -> str | None:
    done = subprocess.run(
        ["git", "-C", str(repository), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None
