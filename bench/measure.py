"""One process measured from its start to its end: wall time, processor time, peak memory of it and all it started."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["BenchFailed", "Measurement", "measure"]

_SAMPLE_S = 0.02
_MARK = "DOSELINK_BENCH_TOKEN"


class BenchFailed(RuntimeError):
    """A measured process did not end well: a number would be worthless."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """
    One run of one peer.

    Attributes:
        wall_s: Time from start to end (s).
        cpu_s: Processor time of the process and its children (s); of those it does not wait for, as sampled.
        peak_rss_bytes: Largest resident memory of the process and all it started together, a server that
            detached itself included; sampled, so that a spike shorter than a fiftieth of a second may be
            missed, but never below the process's own peak.
        printed: The JSON document it printed, where it was asked for one.
    """

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int
    printed: object = None


def measure(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None, reads_json: bool = False
) -> Measurement:
    """
    Run a process to its end.

    Args:
        command: Program and arguments.
        cwd: Folder it is run in.
        environment: Variables on top of this process's own.
        reads_json: Parse what it prints.

    Raises:
        BenchFailed: If it ends with another code than 0, or prints no JSON where it should.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        token = secrets.token_hex(8)
        began = time.perf_counter()
        child = subprocess.Popen(
            list(command), cwd=cwd, env={**os.environ, **(environment or {}), _MARK: token}, stdout=out, stderr=err
        )
        peak = _Peak(child.pid, token)
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        sampled, sampled_cpu_s = peak.end()
        if child.returncode != 0:
            err.seek(0)
            tail = err.read().decode(errors="replace")[-2000:]
            raise BenchFailed(f"{' '.join(command)} ended with {child.returncode}:\n{tail}")
        out.seek(0)
        printed = _parsed(out.read(), command) if reads_json else None
    own = usage.ru_maxrss * 1024
    cpu_s = max(usage.ru_utime + usage.ru_stime, sampled_cpu_s)
    return Measurement(wall_s, cpu_s, max(sampled, own), printed)


def _parsed(raw: bytes, command: Sequence[str]) -> object:
    try:
        return json.loads(raw)
    except json.JSONDecodeError:
        raise BenchFailed(f"{' '.join(command)} printed no JSON") from None


class _Peak:
    """Samples memory and processor time of a process and all it started until told to end."""

    def __init__(self, pid: int, token: str) -> None:
        self._pid = pid
        self._token = token
        self._ours: dict[int, psutil.Process | None] = {}
        self._most = 0
        self._cpu_s: dict[int, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def end(self) -> tuple[int, float]:
        """Largest resident memory (bytes) and processor time (s) that were seen."""
        self._over.set()
        self._thread.join()
        return self._most, sum(self._cpu_s.values())

    def _sample(self) -> None:
        try:
            root = psutil.Process(self._pid)
        except psutil.NoSuchProcess:
            return
        while not self._over.wait(_SAMPLE_S):
            self._most = max(self._most, self._look(root))

    def _others(self) -> list[psutil.Process]:
        """Processes that carry the token: also those that have left the family, as a server does."""
        for pid in psutil.pids():
            if pid not in self._ours and pid != self._pid:
                try:
                    process = psutil.Process(pid)
                    self._ours[pid] = process if process.environ().get(_MARK) == self._token else None
                except psutil.Error:
                    self._ours[pid] = None
        return [process for process in self._ours.values() if process is not None]

    def _look(self, root: psutil.Process) -> int:
        total = 0
        for process in (root, *self._others()):
            try:
                total += process.memory_info().rss
                times = process.cpu_times()
            except psutil.Error:
                continue
            self._cpu_s[process.pid] = times.user + times.system
        return total
