"""The whole demonstration study: where does the time go, and how does it grow with the number of children?"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.cases import FRESH, Bench, Case, Peer
from bench.inputs import DOSELINK, demo_study

__all__ = ["RUN"]

_SCALES = {"1x": 1, "4x": 4, "16x": 16}
_CHILDREN = 4_000
_NOW = "2026-01-01T00:00:00"
_FIRST = "first run, with graph"


def _case(name: str, folder: Path) -> Case:
    study = str(demo_study(folder, _SCALES[name]))
    run = (*DOSELINK, "run", study, "--workspace", FRESH, "--now", _NOW, "--json")
    return Case(
        name=name,
        peers=(
            Peer(_FIRST, run, reads_json=True),
            Peer("first run, ledger only", (*run, "--no-graph"), reads_json=True),
            Peer("again, nothing new", (*run, "--no-graph"), before=((*run, "--no-graph"),), reads_json=True),
        ),
        amount=_SCALES[name] * _CHILDREN,
        unit="children",
    )


def _details(printed: Mapping[str, Mapping[str, Sequence[object]]]) -> list[str]:
    """Median seconds by step and case, and the exponent with which each step grows between neighbouring cases."""
    cases = [name for name in _SCALES if name in printed]
    seconds = {case: _steps(printed[case][_FIRST]) for case in cases}
    names = list(dict.fromkeys(step for case in cases for step in seconds[case]))
    width = max((len(name) for name in names), default=4)
    lines = ["", f"{'step'.ljust(width)}" + "".join(f"{case:>10}" for case in cases) + "  grows with children to the"]
    for name in names:
        took = [seconds[case].get(name, math.nan) for case in cases]
        powers = ", ".join(_power(cases, took))
        lines.append(f"{name.ljust(width)}" + "".join(f"{each:10.2f}" for each in took) + f"  {powers}")
    return lines


def _steps(runs: Sequence[Any]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for run in runs:
        for step in run["summary"]["run"]["steps"]:
            found.setdefault(step["name"], []).append(step["seconds"])
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def _power(cases: Sequence[str], took: Sequence[float]) -> list[str]:
    powers = []
    for place in range(1, len(cases)):
        before, after = took[place - 1], took[place]
        if before > 0.05 and after > 0:
            times = _SCALES[cases[place]] / _SCALES[cases[place - 1]]
            powers.append(f"{math.log(after / before) / math.log(times):.2f}")
        else:
            powers.append("too short")
    return powers


RUN = Bench(
    name="run",
    question="Where does the time of a whole study go, and how does it grow?",
    cases=tuple(_SCALES),
    make=_case,
    details=_details,
)
