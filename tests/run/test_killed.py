"""A run that is killed at any moment and started again ends with the ledger of one that was left alone."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from doselink.run import RunResult

from .conftest import FIXTURES, with_key

Bytes = Callable[[Path], dict[str, bytes]]


def start(study: Path, workspace: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "doselink", "run", str(study / "study.yaml"), "--workspace", str(workspace)]
    return subprocess.Popen(
        [*command, "--no-graph", "--quiet", "--now", "2026-03-01T12:00:00"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_points_and_run_again(seed: int, ran: RunResult, tmp_path: Path, ledger_bytes: Bytes) -> None:
    study = Path(shutil.copytree(FIXTURES / "tiny", tmp_path / "study"))
    workspace = with_key(tmp_path / "workspace")
    chance = random.Random(seed)
    began = time.monotonic()
    assert start(study, with_key(tmp_path / "timed")).wait(120) == 0
    whole_s = time.monotonic() - began
    killed = 0
    for _ in range(6):
        process = start(study, workspace)
        time.sleep(chance.uniform(0.35, 1.0) * whole_s)
        process.send_signal(signal.SIGKILL)
        killed += process.wait(30) == -signal.SIGKILL

    assert start(study, workspace).wait(120) == 0

    assert killed >= 1, "no run was caught at work: the test shows nothing"
    assert ledger_bytes(workspace) == ledger_bytes(ran.workspace)
    assert not list(workspace.rglob("*.part"))


def test_two_runs_at_once_do_not_mix(tmp_path: Path, ran: RunResult, ledger_bytes: Bytes) -> None:
    study = Path(shutil.copytree(FIXTURES / "tiny", tmp_path / "study"))
    workspace = with_key(tmp_path / "workspace")

    both = [start(study, workspace), start(study, workspace)]
    codes = sorted(process.wait(120) for process in both)

    assert codes in ([0, 0], [0, 21])
    assert ledger_bytes(workspace) == ledger_bytes(ran.workspace)
