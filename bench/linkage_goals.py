"""What the linkage bench is held to: times as fast as Splink, share of its memory; and the cost of a pair."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.compare import CaseResult

__all__ = ["GOALS", "Goal", "judged"]

_GIB = 2**30


@dataclass(frozen=True, slots=True)
class Goal:
    """
    What a peer must reach in a case.

    Attributes:
        times: As fast as the base at least.
        aim: As fast as is aimed for.
        memory: Share of the base's peak memory at most.
        below: A peer whose peak memory must not be exceeded either.
        gib: Peak memory at most (GiB).
        step: Compare the seconds of this step, told by both processes, and not whole processes.
    """

    times: float | None = None
    aim: float | None = None
    memory: float | None = None
    below: str | None = None
    gib: float | None = None
    step: str | None = None


_CHUNKED = "Splink 5, 4 chunks"
_NUMPY, _NUMBA = "ours, NumPy", "ours, numba"
GOALS: dict[tuple[str, str], Goal] = {
    ("100k", _NUMPY): Goal(times=2, aim=4, gib=0.5),
    ("100k", _NUMBA): Goal(times=2, aim=4, gib=0.5),
    ("1m", _NUMPY): Goal(times=5, aim=12, memory=1 / 3, below=_CHUNKED),
    ("1m", _NUMBA): Goal(times=8, aim=12, memory=1 / 3, below=_CHUNKED),
    ("1m-codes", _NUMPY): Goal(times=7, aim=15, memory=1 / 3),
    ("1m-codes", _NUMBA): Goal(times=7, aim=15, memory=1 / 3),
    ("1m-scoring", _NUMPY): Goal(times=8, aim=15, step="block and predict"),
    ("1m-scoring", _NUMBA): Goal(times=8, aim=15, step="block and predict"),
    ("5m", _NUMPY): Goal(times=5, aim=8, memory=1 / 2, below=_CHUNKED),
    ("5m", _NUMBA): Goal(times=5, aim=8, memory=1 / 2, below=_CHUNKED),
    ("25m", _NUMPY): Goal(gib=8),
    ("25m", _NUMBA): Goal(gib=8),
}


def judged(results: Sequence[CaseResult]) -> list[str]:
    """The goals, the steps and the curve as lines."""
    return [*_goals(results), *_steps(results), *_curve(results)]


def _goals(results: Sequence[CaseResult]) -> Iterator[str]:
    yield "\nheld to (median of the rounds):"
    for result in results:
        for peer in (peer.name for peer in result.case.peers):
            goal = GOALS.get((result.case.name, peer))
            if goal is not None:
                yield f"  {result.case.name}, {peer}: " + "; ".join(_verdicts(result, peer, goal))


def _verdicts(result: CaseResult, peer: str, goal: Goal) -> Iterator[str]:
    if goal.times is not None:
        times = _times(result, peer, goal.step)
        of = f" in {goal.step!r} alone" if goal.step else ""
        yield f"{times:.1f}x as fast{of}, at least {goal.times:g} ({_yes(times >= goal.times)}), aim {goal.aim:g}"
    if goal.memory is not None:
        share = result.memory_ratio(peer).median
        yield f"{share:.2f} of the memory, at most {goal.memory:.2f} ({_yes(share <= goal.memory)})"
    if goal.below in result.runs:
        own, other = _peak(result, peer), _peak(result, goal.below)
        yield f"{own:.2f} GiB, not above {other:.2f} of {goal.below} ({_yes(own <= other)})"
    if goal.gib is not None:
        own = _peak(result, peer)
        yield f"{own:.2f} GiB, at most {goal.gib:g} ({_yes(own <= goal.gib)})"


def _times(result: CaseResult, peer: str, step: str | None) -> float:
    if step is None:
        return result.times_as_fast(peer).median
    rounds = zip(result.runs[result.base], result.runs[peer], strict=True)
    return statistics.median([_seconds(base.printed)[step] / _seconds(own.printed)[step] for base, own in rounds])


def _steps(results: Sequence[CaseResult]) -> Iterator[str]:
    """Median seconds by step, as the processes tell them."""
    for result in results:
        yield f"\n{result.case.name}, seconds by step:"
        for peer, runs in result.runs.items():
            steps = [_seconds(run.printed) for run in runs]
            told = (f"{name} {statistics.median([each[name] for each in steps]):.2f}" for name in steps[0])
            yield f"  {peer}: " + ", ".join(told)


def _curve(results: Sequence[CaseResult]) -> Iterator[str]:
    """Seconds over candidate pairs, and the power with which they grow from one size to the next."""
    for peer in (_NUMPY, _NUMBA):
        found = sorted(
            (result.case.amount, result.wall(peer).median)
            for result in results
            if peer in result.runs and result.case.name in {"100k", "250k", "500k", "1m"}
        )
        if len(found) > 1:
            yield f"\n{peer}, seconds over candidate pairs:"
            for place, (pairs, seconds) in enumerate(found):
                power = ""
                if place:
                    before = found[place - 1]
                    power = f", grown with the power {math.log(seconds / before[1]) / math.log(pairs / before[0]):.2f}"
                yield f"  {pairs:12,} pairs {seconds:8.2f} s, {seconds / pairs * 1e9:8.1f} ns a pair{power}"


def _seconds(printed: Any) -> dict[str, float]:
    return dict(printed["seconds"])


def _peak(result: CaseResult, peer: str) -> float:
    return statistics.median([run.peak_rss_bytes for run in result.runs[peer]]) / _GIB


def _yes(held: bool) -> str:
    return "reached" if held else "NOT reached"
