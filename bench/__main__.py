"""`python -m bench list` and `python -m bench NAME [--case C] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

from bench.cases import Bench
from bench.compare import CaseResult, alternate
from bench.machine import machine_facts
from bench.measure import BenchFailed
from bench.names import BENCHES
from bench.tell import as_document, as_lines

__all__ = ["main"]

REPOSITORY = Path(__file__).parents[1]


def main(arguments: list[str] | None = None) -> int:
    """
    Run one bench, or list them.

    Returns:
        0; 1 where a measured process failed; 2 where the name of a bench or case is wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure doselink as whole processes.")
    parser.add_argument("name", help="list, or: " + ", ".join(BENCHES))
    parser.add_argument("--case", action="append", help="one of the bench's cases; may be given again; all unless told")
    parser.add_argument("--rounds", type=int, default=3, help="measurements a peer (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement to this file")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the cases' input here for the next time")
    told = parser.parse_args(arguments)
    if told.name == "list":
        _list()
        return 0
    bench = BENCHES.get(told.name)
    wanted = told.case or (bench.cases if bench else ())
    if bench is None or not set(wanted) <= set(bench.cases):
        parser.exit(2, f"no such bench or case: expected one of\n{_names()}\n")
    try:
        results = _measure(bench, wanted, rounds=told.rounds, data=told.data)
    except BenchFailed as error:
        print(f"bench {told.name}: {error}", file=sys.stderr)
        return 1
    _tell(bench, results, told.json)
    return 0


def _measure(bench: Bench, wanted: Collection[str], *, rounds: int, data: Path | None) -> list[CaseResult]:
    with tempfile.TemporaryDirectory(prefix="bench-data-") as kept:
        folder = (data or Path(kept)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        results = []
        for name in bench.cases:
            if name in wanted:
                print(f"{bench.name} {name}: making its input", file=sys.stderr)
                case = bench.make(name, folder)
                results.append(alternate(case, rounds=rounds, cwd=REPOSITORY, said=_say))
        return results


def _tell(bench: Bench, results: list[CaseResult], out: Path | None) -> None:
    facts = machine_facts(REPOSITORY)
    for line in as_lines(facts, results):
        print(line)
    if bench.details is not None:
        printed = {
            result.case.name: {peer: [run.printed for run in runs] for peer, runs in result.runs.items()}
            for result in results
        }
        for line in bench.details(printed):
            print(line)
    if bench.judge is not None:
        for line in bench.judge(results):
            print(line)
    if out is not None:
        document = as_document(bench.name, facts, results)
        out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _list() -> None:
    width = max(map(len, BENCHES)) + 2
    for bench in BENCHES.values():
        print(f"{bench.name.ljust(width)}{bench.question}\n{' ' * width}cases: {', '.join(bench.cases)}")


def _names() -> str:
    return "\n".join(f"  {bench.name}: {', '.join(bench.cases)}" for bench in BENCHES.values())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
