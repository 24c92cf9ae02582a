"""
Load a workspace's ledger into a graph and ask six saved questions of it:
`python -m bench.workers.graph WORKSPACE (--graph-dir DIR | --url URL)`.

Prints one JSON document: seconds to start and load, seconds a question, rows, and the server's resident memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from doselink.run.workspace import Workspace
from graph_schema.graph.bolt import Graph
from graph_schema.graph.load import rebuild, standing
from graph_schema.graph.opening import open_graph
from graph_schema.ledger import Ledger
from graph_schema.questions import load_questions

PERSONS = 10
REPEATS = 3
_MARK = "MERGE (b:BenchOfDoselink {id: 'bench'}) RETURN 1 AS n"


def main() -> None:
    """Load, ask, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--graph-dir", type=Path, default=Path())
    parser.add_argument("--url")
    told = parser.parse_args()
    ledger = Workspace.find(told.workspace).ledger
    began = time.perf_counter()
    with open_graph(told.url, told.graph_dir, reader=False) as graph:
        refuse_strangers(graph, ledger)
        loaded = rebuild(graph, ledger)
        graph.write(_MARK)
        load_s = time.perf_counter() - began
        with open_graph(told.url, told.graph_dir, reader=True) as reader:
            questions = {name: ask(reader, name, parameters) for name, parameters in asked(ledger)}
        found = {
            "n_nodes": loaded.n_nodes,
            "n_edges": loaded.n_edges,
            "load_s": load_s,
            "questions": questions,
            "server_rss_bytes": resident(graph.url),
        }
    json.dump(found, sys.stdout)


def refuse_strangers(graph: Graph, ledger: Ledger) -> None:
    """A server that holds anything but this ledger or an earlier case of the bench is somebody's: it is not emptied."""
    if graph.read("MATCH (b:BenchOfDoselink) RETURN count(b) AS n")[0]["n"]:
        return
    now = standing(graph)
    if now is None and graph.read("MATCH (n) RETURN count(n) AS n")[0]["n"]:
        sys.exit("the server holds a graph that is not ours: give the bench an empty one")
    if now is not None and now.ledger not in ("", ledger.manifests()[0].sha256):
        sys.exit("the server holds another study: give the bench an empty one, such as `make neo4j` starts")


def asked(ledger: Ledger) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """The six questions, each with the parameters it is asked with: the same for the same ledger."""
    persons = ledger.current("Person").select(["key", "n_claims_records", "n_hospital_records"]).to_pylist()
    linked = sorted(row["key"] for row in persons if row["n_claims_records"] and row["n_hospital_records"])[:PERSONS]
    files = sorted(ledger.current("SourceFile").select(["n_rows", "key"]).to_pylist(), key=lambda row: row["n_rows"])
    table = min(ledger.current("CoefficientTable").column("name").to_pylist())
    middle = files[len(files) // 2]["key"]
    yield "last-run", [{}] * REPEATS
    yield "links-of-person", [{"person": key} for key in linked]
    yield "files-behind-organ-dose", [{"person": key, "organ": "lung"} for key in linked]
    yield "reach-of-file", [{"file": middle}] * REPEATS
    yield "doses-using-table", [{"table": table}] * REPEATS
    yield "record-in-two-persons", [{}] * REPEATS


def ask(graph: Graph, name: str, asked_with: list[dict[str, object]]) -> dict[str, object]:
    """Seconds and rows of one question, each time it is asked; the first time pays for planning."""
    question = load_questions()[name]
    seconds, n_rows = [], 0
    for parameters in asked_with:
        began = time.perf_counter()
        n_rows += len(question.run(graph, parameters).rows)
        seconds.append(time.perf_counter() - began)
    return {"first_s": seconds[0], "median_s": statistics.median(seconds), "n_rows": n_rows, "n_asked": len(seconds)}


def resident(url: str) -> int | None:
    """Resident memory of the process that listens at this address; None where it is not on this machine."""
    port = urlsplit(url).port
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            return psutil.Process(connection.pid).memory_info().rss if connection.pid else None
    return None


if __name__ == "__main__":
    main()
