"""
This engine on one of the labelled sets. `python -m bench.accuracy_worker FOLDER [--hand-written]` prints scores.

Without the option the settings are proposed from the data alone, as `doselink link A B` does without a settings file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bench.accuracy_scores import Answer, all_scores
from bench.accuracy_settings import hand_written
from linkage.linker.linker import Linker
from linkage.proposal.propose import propose

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Link one prepared set and print the scores; without a set, say that it was left out."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy_worker")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hand-written", action="store_true")
    told = parser.parse_args(arguments)
    if not told.folder.is_dir():
        print(json.dumps({"left_out": True}))
        return 0
    truth = json.loads((told.folder / "truth.json").read_text(encoding="utf-8"))
    left = pq.read_table(told.folder / "left.parquet")
    right = pq.read_table(told.folder / "right.parquet") if (told.folder / "right.parquet").is_file() else None
    began = time.perf_counter()
    answer, threshold, warnings = link(truth["name"], left, right, written=told.hand_written)
    found = all_scores(answer, truth)
    seconds = time.perf_counter() - began
    print(json.dumps({**found, "threshold": threshold, "warnings": warnings, "seconds": seconds}))
    return 0


def link(name: str, left: pa.Table, right: pa.Table | None, *, written: bool) -> tuple[Answer, float, list[str]]:
    """
    The engine's pairs and decisions, its threshold and what it says of its training.

    Args:
        name: Of the set, which chooses the settings written by hand.
        left: The left table.
        right: The right table, if any.
        written: Settings written by hand instead of proposed ones.
    """
    settings = hand_written(name) if written else propose(left, right)
    linker = Linker([left] if right is None else [left, right], settings)
    linkage = linker.link()
    pairs = linkage.pairs
    answer = Answer(
        left=pairs.column("left_row").to_numpy(),
        right=pairs.column("right_row").to_numpy(),
        weight=pairs.column("match_weight").to_numpy(),
        linked=linkage.decisions.decided.link,
        clusters=None if linkage.clusters is None else linkage.clusters.label,
    )
    return answer, settings.threshold, list(linkage.trained.fit.warnings) if linkage.trained else []


if __name__ == "__main__":
    sys.exit(main())
