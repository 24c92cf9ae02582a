"""The tiny study, run once for all tests that only look, and copied for those that change it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from doselink.run import RunResult, run_study

FIXTURES = Path(__file__).parents[2] / "fixtures"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "5a" * 32


def with_key(workspace: Path) -> Path:
    """A workspace whose study key is known, so that two of them hold the same identifiers."""
    (workspace / "keys").mkdir(parents=True)
    (workspace / "keys" / "study.key").write_text(KEY + "\n")
    return workspace


def run_tiny(study: Path, workspace: Path, now: datetime = NOW, *, load_graph: bool = False) -> RunResult:
    return run_study(study / "study.yaml", workspace=workspace, now=now, load_graph=load_graph)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """The tiny study, run; look, do not touch."""
    return run_tiny(FIXTURES / "tiny", with_key(tmp_path_factory.mktemp("ran")))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A copy of the tiny study's deliveries that may be changed."""
    return Path(shutil.copytree(FIXTURES / "tiny", tmp_path / "study"))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return with_key(tmp_path / "workspace")


def bytes_below(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its relative path."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="session")
def ledger_bytes() -> Callable[[Path], dict[str, bytes]]:
    """What must be equal between equal runs: commits, segments and blocks."""

    def read(workspace: Path) -> dict[str, bytes]:
        return {
            f"{part}/{name}": raw
            for part in ("ledger/commits", "ledger/segments", "blocks")
            for name, raw in bytes_below(workspace / part).items()
        }

    return read
