"""The same ledger loaded into both engines, and the same six saved questions asked of both."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.cases import FRESH, Bench, Case, Peer
from bench.inputs import study_workspace

__all__ = ["GRAPH"]

_SCALES = {"1x": 1, "4x": 4}
_WORKER = (sys.executable, "-m", "bench.workers.graph")
_EMBEDDED, _NEO4J = "embedded", "neo4j"


def _case(name: str, folder: Path) -> Case:
    workspace = study_workspace(folder, _SCALES[name])
    peers = [Peer(_EMBEDDED, (*_WORKER, str(workspace), "--graph-dir", FRESH), reads_json=True)]
    url = os.environ.get("NEO4J_URI")
    if url:
        peers.append(Peer(_NEO4J, (*_WORKER, str(workspace), "--url", url), reads_json=True))
    else:
        print("graph: NEO4J_URI is not set, so only the embedded engine is measured; see `make neo4j`", file=sys.stderr)
    return Case(name=name, peers=tuple(peers), amount=1, unit="loads and six questions")


def _details(printed: Mapping[str, Mapping[str, Sequence[object]]]) -> list[str]:
    """Median seconds of the load and of each question, engine by engine."""
    lines: list[str] = []
    for case, peers in printed.items():
        first: Any = next(iter(peers.values()))[0]
        lines += ["", f"{case}: {first['n_nodes']:,} nodes, {first['n_edges']:,} edges; median seconds"]
        names = ["start and load", *first["questions"]]
        width = max(map(len, names))
        lines.append(" " * width + "".join(f"{peer:>12}" for peer in peers) + "    rows")
        for name in names:
            took = [_median(runs, name) for runs in peers.values()]
            rows = f"{first['questions'][name]['n_rows']:8,}" if name in first["questions"] else ""
            lines.append(name.ljust(width) + "".join(f"{seconds:12.3f}" for seconds in took) + rows)
    return lines


def _median(runs: Sequence[Any], name: str) -> float:
    if name == "start and load":
        return statistics.median([float(run["load_s"]) for run in runs])
    return statistics.median([float(run["questions"][name]["median_s"]) for run in runs])


GRAPH = Bench(
    name="graph",
    question="How long do loading a study's graph and its saved questions take, on both engines?",
    cases=tuple(_SCALES),
    make=_case,
    details=_details,
)
