"""How right are the links: settings proposed from the data, settings written by hand, and Splink's shipped ones."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bench.accuracy_data import SETS, LabelledSet, read_set
from bench.accuracy_scores import codes_of
from bench.cases import Bench, Case, Peer
from bench.environment import splink_python

__all__ = ["ACCURACY", "DATA_VARIABLE", "PEERS", "table"]

DATA_VARIABLE = "DOSELINK_TEST_DATA"
PEERS = ("ours, proposed", "ours, hand-written", "Splink shipped")
_WORKER = (sys.executable, "-m", "bench.accuracy_worker")


def _case(name: str, folder: Path) -> Case:
    told = os.environ.get(DATA_VARIABLE)
    found = read_set(name, Path(told) if told else None)
    place = folder / f"accuracy-{name}"
    if found is None:
        return Case(
            name, (Peer(f"left out: not under {DATA_VARIABLE}", (*_WORKER, str(place)), reads_json=True),), 0, "records"
        )
    _write(found, place)
    amount = found.left.num_rows + (0 if found.right is None else found.right.num_rows)
    commands = (
        (*_WORKER, str(place)),
        (*_WORKER, str(place), "--hand-written"),
        (splink_python(), "-m", "bench.accuracy_splink", str(place)),
    )
    peers = tuple(Peer(peer, command, reads_json=True) for peer, command in zip(PEERS, commands, strict=True))
    return Case(name, peers, amount, "records")


def _write(found: LabelledSet, place: Path) -> None:
    """The tables without truth, and the truth as numbers beside them."""
    place.mkdir(parents=True, exist_ok=True)
    left, right = codes_of(found.left_entity, found.right_entity)
    pq.write_table(found.left, place / "left.parquet")
    if found.right is not None:
        pq.write_table(found.right, place / "right.parquet")
    truth = {"name": found.name, "left": left.tolist(), "right": None if found.right is None else right.tolist()}
    (place / "truth.json").write_text(json.dumps(truth), encoding="utf-8")


def table(printed: Mapping[str, Mapping[str, Sequence[Any]]]) -> list[str]:
    """A line a peer and set: precision, recall and F1 of pairs, F1 of clusters, B-cubed, and the best F1 there was."""
    lines = ["", f"{'set':18} {'peer':20} {'P':>7} {'R':>7} {'F1':>7} {'cluster':>8} {'B3':>7} {'at best':>8}"]
    left_out = []
    for name, peers in printed.items():
        for peer, runs in peers.items():
            if "left_out" in runs[-1]:
                left_out.append(name)
                continue
            lines.append(_line(name, peer, runs[-1]))
    if left_out:
        lines.append(f"left out, because {DATA_VARIABLE} does not lead to them: {', '.join(left_out)}")
    return lines


def _line(name: str, peer: str, found: Mapping[str, Any]) -> str:
    pairs = found["pairs"]
    return (
        f"{name:18} {peer:20} {pairs['precision']:7.4f} {pairs['recall']:7.4f} {pairs['f1']:7.4f} "
        f"{found['clusters']['f1']:8.4f} {found['bcubed']['f1']:7.4f} {found['best_pair_f1']:8.4f}  "
        f"{pairs['right']:,} of {pairs['true']:,}, {pairs['found'] - pairs['right']:,} wrong, at {found['threshold']}"
    )


ACCURACY = Bench(
    name="accuracy",
    question="How right are the links, beside Splink 5 with the settings its examples ship?",
    cases=tuple(SETS),
    make=_case,
    details=table,
)
