"""The results of a bench as lines for people and as one JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from bench.compare import CaseResult, Spread

__all__ = ["as_document", "as_lines"]

_GIB = 2**30


def as_document(bench: str, facts: Mapping[str, object], results: Sequence[CaseResult]) -> dict[str, object]:
    """Everything measured, run by run, with the ratios and the machine."""
    return {
        "bench": bench,
        "machine": dict(facts),
        "cases": [
            {
                "case": result.case.name,
                "amount": result.case.amount,
                "unit": result.case.unit,
                "base": result.base,
                "peers": [_peer(result, peer.name) for peer in result.case.peers],
            }
            for result in results
        ],
    }


def as_lines(facts: Mapping[str, object], results: Sequence[CaseResult]) -> Iterator[str]:
    """A line a peer: wall time, processor time, memory, rate, and the ratio to the first peer."""
    yield (
        f"{facts['processor']}, {facts['n_usable']} of {facts['n_threads']} threads, {facts['memory_gib']} GiB, "
        f"{facts['system']}, Python {facts['python']}, load {facts['load_1_min']}, commit {facts['commit']}"
    )
    for result in results:
        yield f"\n{result.case.name}: {result.case.amount:,} {result.case.unit}"
        width = max(len(peer.name) for peer in result.case.peers)
        for peer in result.case.peers:
            yield f"  {peer.name.ljust(width)}  {_line(result, peer.name)}"


def _line(result: CaseResult, peer: str) -> str:
    runs = result.runs[peer]
    cpu = sorted(run.cpu_s for run in runs)[len(runs) // 2]
    memory = max(run.peak_rss_bytes for run in runs) / _GIB
    line = (
        f"{_seconds(result.wall(peer))} s wall, {cpu:.2f} s cpu, {memory:.2f} GiB, "
        f"{result.an_hour(peer):,.0f} {result.case.unit} an hour"
    )
    if peer != result.base:
        fast, memory_ratio = result.times_as_fast(peer), result.memory_ratio(peer)
        line += f"; {_times(fast)} as fast as {result.base}, {_times(memory_ratio)} its memory"
    return line


def _seconds(found: Spread) -> str:
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def _times(found: Spread) -> str:
    return f"{found.median:.2f}x ({found.low:.2f} to {found.high:.2f})"


def _peer(result: CaseResult, peer: str) -> dict[str, object]:
    return {
        "peer": peer,
        "wall_s": asdict(result.wall(peer)),
        "times_as_fast_as_base": asdict(result.times_as_fast(peer)),
        "peak_rss_over_base": asdict(result.memory_ratio(peer)),
        "amount_an_hour": result.an_hour(peer),
        "runs": [asdict(run) for run in result.runs[peer]],
    }
