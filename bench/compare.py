"""Peers run alternately, so that what the machine does meanwhile hits them all; ratios are taken round by round."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cases import FRESH, Case, Peer
from bench.measure import BenchFailed, Measurement, measure

__all__ = ["CaseResult", "Spread", "alternate", "spread_of"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Smallest, median and largest of some numbers, and how many there were."""

    low: float
    median: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class CaseResult:
    """
    What one case gave.

    Attributes:
        case: The case.
        runs: Peer to its measurements, round by round.
    """

    case: Case
    runs: dict[str, list[Measurement]]

    @property
    def base(self) -> str:
        """The peer the others are compared with."""
        return self.case.peers[0].name

    def wall(self, peer: str) -> Spread:
        """Wall time (s)."""
        return spread_of([run.wall_s for run in self.runs[peer]])

    def times_as_fast(self, peer: str) -> Spread:
        """Wall time of the base over that of the peer in the same round; above 1 the peer is faster."""
        pairs = zip(self.runs[self.base], self.runs[peer], strict=True)
        return spread_of([base.wall_s / own.wall_s for base, own in pairs])

    def memory_ratio(self, peer: str) -> Spread:
        """Peak memory of the peer over that of the base in the same round; below 1 the peer needs less."""
        pairs = zip(self.runs[self.base], self.runs[peer], strict=True)
        return spread_of([own.peak_rss_bytes / base.peak_rss_bytes for base, own in pairs])

    def an_hour(self, peer: str) -> float:
        """Units of work an hour at the median wall time."""
        return self.case.amount * 3600.0 / self.wall(peer).median


def spread_of(numbers: Sequence[float]) -> Spread:
    """
    >>> spread_of([3.0, 1.0, 2.0])
    Spread(low=1.0, median=2.0, high=3.0, n=3)
    """
    return Spread(min(numbers), statistics.median(numbers), max(numbers), len(numbers))


def alternate(case: Case, *, rounds: int, cwd: Path, said: Callable[[str], None] = lambda _: None) -> CaseResult:
    """
    Measure the peers of a case in turn.

    Args:
        case: Its peers and the amount of work.
        rounds: How often each is measured; the order turns by one each round.
        cwd: Folder the processes run in.
        said: Told about every measurement as it ends.

    Raises:
        BenchFailed: If a process does not end well.
    """
    runs: dict[str, list[Measurement]] = {peer.name: [] for peer in case.peers}
    for turn in range(rounds):
        shift = turn % len(case.peers)
        for peer in (*case.peers[shift:], *case.peers[:shift]):
            found = _once(peer, cwd)
            runs[peer.name].append(found)
            said(f"{case.name}, round {turn + 1} of {rounds}, {peer.name}: {found.wall_s:.2f} s")
    return CaseResult(case, runs)


def _once(peer: Peer, cwd: Path) -> Measurement:
    fresh = tempfile.mkdtemp(prefix="bench-")
    try:
        for before in peer.before:
            _prepare([argument.replace(FRESH, fresh) for argument in before], cwd)
        command = [argument.replace(FRESH, fresh) for argument in peer.command]
        return measure(command, cwd=cwd, environment=peer.environment, reads_json=peer.reads_json)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _prepare(command: Sequence[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
