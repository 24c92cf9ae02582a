"""
How fast and how lean is the linkage engine beside Splink 5 and recordlinkage, on people made from a seed?

Before anything is measured both engines score the same pairs with Splink's own model, and the bench ends if their
candidate pairs, predicted pairs or weights differ.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cases import FRESH, Bench, Case, Peer
from bench.environment import splink_python
from bench.inputs import run_unmeasured
from bench.linkage_check import compare_predictions
from bench.linkage_goals import judged
from bench.measure import BenchFailed, measure

__all__ = ["LINKAGE", "SIZES", "Size"]

_WORKERS = Path(__file__).parent / "workers"
_OURS = (sys.executable, "-m", "bench.workers.our_linkage")
_RECORDLINKAGE = (sys.executable, "-m", "bench.workers.recordlinkage_linkage")
_REPOSITORY = Path(__file__).parents[1]
NUMPY, NUMBA = "ours, NumPy", "ours, numba"
SPLINK, CHUNKED, RECORDLINKAGE = "Splink 5", "Splink 5, 4 chunks", "recordlinkage"


@dataclass(frozen=True, slots=True)
class Size:
    """
    One case.

    Attributes:
        n_left, n_right: Rows.
        overlap: Share of the smaller table's people who are in both.
        peers: Who takes part, the base of the ratios first.
        codes: Whether sets of procedure codes are compared too.
        scoring: Whether only blocking and scoring are done, with Splink's model.
    """

    n_left: int
    n_right: int
    overlap: float = 0.7
    peers: tuple[str, ...] = (SPLINK, NUMPY, NUMBA)
    codes: bool = False
    scoring: bool = False


_M, _K = 1_000_000, 1_000
SIZES: dict[str, Size] = {
    "100k": Size(100 * _K, 100 * _K),
    "recordlinkage-100k": Size(100 * _K, 100 * _K, peers=(RECORDLINKAGE, NUMPY, NUMBA)),
    "250k": Size(250 * _K, 250 * _K, peers=(NUMPY, NUMBA)),
    "500k": Size(500 * _K, 500 * _K, peers=(NUMPY, NUMBA)),
    "1m": Size(_M, _M, peers=(SPLINK, CHUNKED, NUMPY, NUMBA)),
    "1m-codes": Size(_M, _M, codes=True),
    "1m-scoring": Size(_M, _M, scoring=True),
    "5m": Size(5 * _M, 100 * _K, overlap=0.9, peers=(SPLINK, CHUNKED, NUMPY, NUMBA)),
    "25m": Size(25 * _M, 100 * _K, overlap=0.9, peers=(NUMPY, NUMBA)),
}


def _case(name: str, folder: Path) -> Case:
    size = SIZES[name]
    tables = _people(folder, size)
    kept = folder / f"linkage-splink-{size.n_left}-{size.n_right}{'-codes' if size.codes else ''}"
    n_candidates = _check(tables, kept, size) if SPLINK in size.peers else _count(tables, size)
    model = kept / "model.json" if size.scoring else None
    peers = tuple(Peer(peer, _command(peer, tables, size, model=model), reads_json=True) for peer in size.peers)
    return Case(name, peers, amount=n_candidates, unit="candidate pairs")


def _people(folder: Path, size: Size) -> Path:
    """The two tables of a size, made once."""
    made = folder / f"linkage-people-{size.n_left}-{size.n_right}"
    if not (made / "truth.parquet").is_file():
        rows = ("--left", str(size.n_left), "--right", str(size.n_right), "--overlap", str(size.overlap))
        run_unmeasured(sys.executable, "-m", "bench.linkage_people", str(made), *rows)
    return made


def _command(
    peer: str, tables: Path, size: Size, *, model: Path | None, out: str = FRESH, more: Sequence[str] = ()
) -> tuple[str, ...]:
    """The process of a peer."""
    start: tuple[str, ...]
    if peer in {SPLINK, CHUNKED}:
        start = (splink_python(), str(_WORKERS / "splink_linkage.py"))
        start += ("--chunks", "4") if peer == CHUNKED else ()
    elif peer == RECORDLINKAGE:
        start = _RECORDLINKAGE
    else:
        start = (*_OURS, *(("--plain",) if peer == NUMPY else ()))
    given = (*(("--codes",) if size.codes else ()), *(("--model", str(model)) if model else ()), *more)
    return (*start, str(tables / "left.parquet"), str(tables / "right.parquet"), "--out", out, *given)


def _run(command: Sequence[str]) -> Mapping[str, Any]:
    printed = measure(command, cwd=_REPOSITORY, reads_json=True).printed
    if not isinstance(printed, dict):
        raise BenchFailed(f"{command[0]} printed no JSON object")
    return printed


def _count(tables: Path, size: Size) -> int:
    """Candidate pairs of a size, as this engine counts them."""
    return int(_run(_command(NUMPY, tables, size, model=None, out=str(tables / "ours")))["n_candidates"])


def _check(tables: Path, kept: Path, size: Size) -> int:
    """
    Both engines with Splink's model: the same candidate pairs, the same predicted pairs, the same weights.

    Splink's part is kept beside the data; ours is done anew every time, by each of our variants.

    Raises:
        BenchFailed: If they differ.
    """
    if not (kept / "printed.json").is_file():
        found = _run(_command(SPLINK, tables, size, model=None, out=str(kept), more=("--count",)))
        (kept / "printed.json").write_text(json.dumps(found), encoding="utf-8")
    theirs = json.loads((kept / "printed.json").read_text(encoding="utf-8"))
    for peer in (peer for peer in size.peers if peer in {NUMPY, NUMBA}):
        out = kept / peer.replace(", ", "-")
        ours = _run(_command(peer, tables, size, model=kept / "model.json", out=str(out)))
        agreement = compare_predictions(kept / "predictions.parquet", out / "predictions.parquet")
        print(f"{peer} with Splink's model: {ours['n_candidates']:,} candidate pairs; {agreement}", file=sys.stderr)
        if ours["n_candidates"] != theirs["n_candidates"] or not agreement.same:
            raise BenchFailed(
                f"{peer} and Splink differ with the same model: {ours['n_candidates']:,} and "
                f"{theirs['n_candidates']:,} candidate pairs; {agreement}"
            )
    return int(theirs["n_candidates"])


LINKAGE = Bench(
    name="linkage",
    question="How fast and how lean is the linkage engine beside Splink 5 and recordlinkage?",
    cases=tuple(SIZES),
    make=_case,
    judge=judged,
)
