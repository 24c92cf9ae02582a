"""The graph is what the ledger says, however often and however badly the loading was disturbed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pyarrow as pa
import pytest

from graph_schema.graph import load
from graph_schema.graph.bolt import Graph
from graph_schema.graph.check import check
from graph_schema.graph.faults import GraphConflict
from graph_schema.graph.opening import open_graph, rebuild_graph
from graph_schema.ledger import Ledger, settle
from tests.conftest import Engine
from tests.graph.sample import EVENT, FIRST_AT, SECOND_AT, add_second, desired, two_commits

N_EDGES = 3 + 3 + 3 + 1


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return two_commits(tmp_path / "ledger")


def everything(graph: Graph) -> tuple[list[object], list[object]]:
    """All nodes and edges but the counter, in an order of their own."""
    nodes = graph.query("MATCH (n) WHERE NOT n:Projection RETURN properties(n) AS p, labels(n) AS l").rows
    edges = graph.query("MATCH (a)-[r]->(b) RETURN a.id, type(r), b.id, properties(r)").rows
    return sorted(([row[0], sorted(row[1])] for row in nodes), key=str), sorted(map(list, edges), key=str)


def test_every_type_of_property_comes_back_as_it_went_in(engine: Engine, ledger: Ledger) -> None:
    load.apply(engine.writer, ledger)

    event = engine.reader.read("MATCH (n:DoseEvent {id: 'dse_1'}) RETURN properties(n) AS p")[0]["p"]
    table = engine.reader.read("MATCH (n:CoefficientTable) RETURN n.name AS name, n.is_demonstration AS demo")[0]
    pair = engine.reader.read("MATCH (n:CandidatePair) RETURN n.level_bits AS bits, n.levels AS levels")[0]

    given = {name: column[0] for name, column in EVENT.items() if not isinstance(column, pa.Array)}
    assert {name: event[name] for name in given} == given
    assert event["flags"] == []
    assert (event["system_from"], event["system_to"]) == (FIRST_AT, SECOND_AT)
    assert table == {"name": "demonstration, not for any study: Ärger & 'quotes'", "demo": True}
    assert pair == {"bits": [5.25, -3.5], "levels": ["time=close", "weight=else"]}


def test_what_is_not_known_is_absent(engine: Engine, ledger: Ledger) -> None:
    load.apply(engine.writer, ledger)

    asked = "MATCH (n:DoseEvent {id: 'dse_1'}) WHERE n.kerma_ref_mgy IS NULL RETURN keys(n) AS names"
    assert "kerma_ref_mgy" not in engine.reader.read(asked)[0]["names"]


def test_a_load_says_what_it_did(engine: Engine, ledger: Ledger) -> None:
    told: list[tuple[int, int]] = []

    report = load.apply(engine.writer, ledger, progress=lambda done, total: told.append((done, total)))

    # Two commits: file, three records, event, table, pair, agent; then the event's second revision.
    assert (report.commits, report.n_nodes, report.n_edges, report.n_closed) == ((1, 2), 9, N_EDGES, 2)
    assert told[-1] == (9 + N_EDGES + 2, 9 + N_EDGES + 2)


def test_loading_again_does_nothing(engine: Engine, ledger: Ledger) -> None:
    load.apply(engine.writer, ledger)
    before = everything(engine.reader)

    assert load.apply(engine.writer, ledger).commits == ()
    assert everything(engine.reader) == before


def test_a_later_commit_is_added_to_what_is_there(engine: Engine, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.append(settle(desired(), ledger), run_id="r", recorded_at=FIRST_AT, key_fingerprint="f")
    load.apply(engine.writer, ledger)
    add_second(ledger)

    report = load.apply(engine.writer, ledger)

    assert (report.commits, report.rebuilt) == ((2,), False)
    assert check(engine.reader, ledger) == []


def test_a_rebuild_gives_the_same_graph(engine: Engine, ledger: Ledger) -> None:
    load.apply(engine.writer, ledger)
    before = everything(engine.reader)

    report = rebuild_graph(engine.url, engine.graph_dir, ledger)

    assert report.rebuilt
    assert everything(engine.reader) == before


def test_a_ledger_set_back_to_an_earlier_commit_rebuilds_the_graph(engine: Engine, ledger: Ledger) -> None:
    load.apply(engine.writer, ledger)
    (ledger.folder / "commits" / "00000002.json").unlink()
    earlier = Ledger(ledger.folder)

    assert load.apply(engine.writer, earlier).rebuilt
    assert check(engine.reader, earlier) == []


def test_a_graph_of_another_study_is_left_alone(engine: Engine, ledger: Ledger, tmp_path: Path) -> None:
    load.apply(engine.writer, ledger)
    other = Ledger(tmp_path / "other")
    other.append(settle(desired(n_records=1), other), run_id="r", recorded_at=FIRST_AT, key_fingerprint="g")

    with pytest.raises(load.ProjectionForeign, match="another study"):
        load.apply(engine.writer, other)
    assert check(engine.reader, ledger) == []


def test_a_batch_that_lacks_its_nodes_writes_nothing(engine: Engine, ledger: Ledger) -> None:
    load.apply(engine.writer, Ledger(ledger.folder / "empty"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "node_chunks", lambda *_, **__: iter(()))
        with pytest.raises(GraphConflict, match="lacks nodes"):
            load.apply(engine.writer, ledger)

    assert engine.reader.read("MATCH ()-[r]->() RETURN count(r) AS n") == [{"n": 0}]


def test_a_loader_that_finds_the_counter_moved_stops(engine: Engine, ledger: Ledger) -> None:
    load.apply(engine.writer, Ledger(ledger.folder / "empty"))
    now = load.standing(engine.reader)
    assert now is not None
    moved = "MATCH (p:Projection) SET p.position = 7"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "standing", lambda _: now)
        engine.writer.write(moved)
        with pytest.raises(GraphConflict, match="another process is loading"):
            load.apply(engine.writer, ledger)


def _load_slowly(url: str | None, graph_dir: Path, folder: Path) -> None:
    load.BATCH_ROWS = 20
    with open_graph(url, graph_dir, reader=False) as graph:
        load.apply(graph, Ledger(folder))


@pytest.mark.parametrize("rows_before_the_kill", [1, 450])
def test_a_loader_killed_in_the_middle_is_finished_by_the_next(
    engine: Engine, tmp_path: Path, rows_before_the_kill: int
) -> None:
    ledger = two_commits(tmp_path / "ledger", n_records=200)
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_load_slowly, args=(engine.url, engine.graph_dir, ledger.folder))
    child.start()
    _wait_for_rows(engine.reader, rows_before_the_kill)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    now = load.standing(engine.reader)
    assert now is not None
    assert now.applied_commit < 2

    load.apply(engine.writer, ledger)

    assert check(engine.reader, ledger) == []


def _wait_for_rows(graph: Graph, n_rows: int) -> None:
    patience = time.monotonic() + 30
    while time.monotonic() < patience:
        now = load.standing(graph)
        if now is not None and (now.position >= n_rows or now.applied_commit):
            return
        time.sleep(0.02)
    pytest.fail("the loader did not get that far")


def test_check_is_content_with_a_sound_graph(engine: Engine, ledger: Ledger) -> None:
    load.apply(engine.writer, ledger)

    assert check(engine.reader, ledger) == []


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("MATCH (n:SourceRecord {id: 'rec_000001'}) DETACH DELETE n", "rec_000001 is missing"),
        ("MATCH (n:DoseEvent {id: 'dse_1.r2'}) SET n.kap_gycm2 = 2.5", "dse_1.r2 differs from the ledger in kap_gycm2"),
        ("MATCH (n:DoseEvent {id: 'dse_1'}) REMOVE n.system_to", "dse_1 differs from the ledger in system_to"),
        ("MATCH (n:SourceFile) SET n.note = 'x'", "fil_1 differs from the ledger in note"),
        ("CREATE (n:Person {id: 'per_9'})", "1 nodes, expected 0"),
        ("CREATE (n:Note {text: 'x'})", "1 nodes, expected 0"),
        ("MATCH (a:DoseEvent {id: 'dse_1'}), (b:SourceFile) CREATE (a)-[:SAME_AS]->(b)", "1 edges, expected 0"),
        ("MATCH (a:DoseEvent {id: 'dse_1'}), (b:SourceFile) CREATE (a)-[:USED]->(b)", "1 edges, expected 0"),
        ("MATCH (:DoseEvent {id: 'dse_1'})-[r:WAS_DERIVED_FROM]->(:SourceRecord {id: 'rec_000002'}) SET r.note = 'x'",
         "the edge from dse_1 to rec_000002 is missing or changed"),
        ("MATCH (:DoseEvent {id: 'dse_1'})-[r:WAS_DERIVED_FROM]->(:SourceRecord {id: 'rec_000002'}) DELETE r",
         "the edge from dse_1 to rec_000002 is missing or changed"),
        ("MATCH (:SourceRecord {id: 'rec_000000'})-[r:HAD_PRIMARY_SOURCE]->() SET r.row = 99",
         "the edge from rec_000000 to fil_1 is missing or changed"),
        ("MATCH (p:Projection) SET p.applied_commit = 1", ("the graph stands at commit 1, the ledger at 2: "
         "the next run brings it up, or `doselink graph rebuild`")),
    ],
)  # fmt: skip
def test_check_finds_what_was_changed_by_hand(engine: Engine, ledger: Ledger, damage: str, finding: str) -> None:
    load.apply(engine.writer, ledger)

    engine.writer.write(damage)

    assert finding in [found.what for found in check(engine.reader, ledger)]


def test_a_sample_is_checked_where_not_everything_is(engine: Engine, ledger: Ledger) -> None:
    load.apply(engine.writer, ledger)
    engine.writer.write("MATCH (n:SourceFile) SET n.n_rows = 4")

    assert [found.what for found in check(engine.reader, ledger, full=False)] == [
        "fil_1 differs from the ledger in n_rows"
    ]
