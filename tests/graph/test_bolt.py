"""Questions read and nothing else, end when their time is over, and fail in words; the same on both engines."""

from __future__ import annotations

import logging
import time
from datetime import UTC, date, datetime

import pytest

from graph_schema.errors import ExitCode
from graph_schema.graph.bolt import Auth, Graph
from graph_schema.graph.faults import (
    CredentialsRefused,
    CypherRefused,
    GraphConflict,
    GraphServerError,
    ServerUnreachable,
    TimeLimitReached,
    WriteRefused,
)
from graph_schema.graph.opening import open_graph
from tests.conftest import Engine

ENDLESS = "MATCH (a:Item) MATCH (b:Item) MATCH (c:Item) WHERE a.id + b.id + c.id = 77 RETURN count(*) AS n"
VALUES = {
    "text": "Ärger, 'quotes' and \"more\"",
    "whole": 2**62,
    "number": 0.1 + 0.2,
    "truth": False,
    "day": date(1968, 2, 29),
    "moment": datetime(2026, 3, 1, 23, 59, 59, 123456, tzinfo=UTC),
    "texts": ["a", ""],
    "numbers": [1.0, -2.5],
    "none": [],
}


@pytest.fixture
def items(engine: Engine) -> Engine:
    engine.writer.write("UNWIND range(1, 3000) AS i CREATE (:Item {id: i})")
    return engine


def test_every_type_of_value_comes_back_as_it_went_in(engine: Engine) -> None:
    engine.writer.write("CREATE (n:Item) SET n = $values", {"values": VALUES})

    assert engine.reader.read("MATCH (n:Item) RETURN properties(n) AS p") == [{"p": VALUES}]


def test_nodes_relationships_and_paths_become_plain(engine: Engine) -> None:
    engine.writer.write("CREATE (:Item {id: 1})-[:NEXT {row: 7}]->(:Item {id: 2})")

    answer = engine.reader.query("MATCH p = (a:Item)-[r]->(b) RETURN a, r, p")

    first = {"labels": ["Item"], "properties": {"id": 1}}
    edge = {"type": "NEXT", "properties": {"row": 7}}
    assert answer.columns == ("a", "r", "p")
    assert answer.rows == [(first, edge, [first, edge, {"labels": ["Item"], "properties": {"id": 2}}])]


def test_columns_stand_in_the_order_they_were_asked_for(engine: Engine) -> None:
    answer = engine.reader.query("RETURN 2 AS second, 1 AS first")

    assert (answer.columns, answer.rows) == (("second", "first"), [(2, 1)])


@pytest.mark.parametrize(
    "cypher",
    [
        "CREATE (:Item {id: 1})",
        "MERGE (:Item {id: -1})",
        "MATCH (n:Item) SET n.id = 0",
        "MATCH (n:Item) REMOVE n.id",
        "MATCH (n:Item) DETACH DELETE n",
        "MATCH (n:Item) CREATE (n)-[:NEXT]->(n)",
        "CREATE INDEX item_x IF NOT EXISTS FOR (n:Item) ON (n.x)",
        "CREATE CONSTRAINT item_id IF NOT EXISTS FOR (n:Item) REQUIRE n.id IS UNIQUE",
        "CREATE USER intruder SET PASSWORD 'long enough'",
    ],
)
def test_a_reader_cannot_change_anything(engine: Engine, cypher: str) -> None:
    engine.writer.write("CREATE (:Item {id: 5})")

    with pytest.raises(WriteRefused):
        engine.reader.query(cypher)

    assert engine.reader.read("MATCH (n:Item) RETURN n.id AS id") == [{"id": 5}]
    assert engine.reader.read("MATCH ()-[r]->() RETURN count(r) AS n") == [{"n": 0}]


@pytest.mark.parametrize(
    "cypher",
    [
        "LOAD CSV FROM 'file:///etc/hostname' AS line RETURN line",
        "load /* aside */ csv from 'https://example.org' as line return line",
        "CALL dbms.listConfig() YIELD name RETURN name",
        "CALL `apoc`.load.json('file:///etc/hostname') YIELD value RETURN value",
        "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    ],
)
def test_a_question_does_not_reach_out_of_the_graph(engine: Engine, cypher: str) -> None:
    with pytest.raises(CypherRefused, match=r"may|not allowed"):
        engine.reader.query(cypher)


def test_the_server_itself_refuses_to_load_a_file(engine: Engine) -> None:
    with pytest.raises((CypherRefused, WriteRefused, GraphConflict)):
        engine.writer.write("LOAD CSV FROM 'file:///etc/hostname' AS line RETURN line")


def test_subqueries_and_words_in_strings_are_allowed(engine: Engine) -> None:
    cypher = "CALL { RETURN 'LOAD CSV' AS a } RETURN a // CALL dbms.x()"

    assert engine.reader.read(cypher) == [{"a": "LOAD CSV"}]


def test_a_connection_for_reading_does_not_even_ask_to_write(engine: Engine) -> None:
    with pytest.raises(WriteRefused, match="for questions"):
        engine.reader.write("RETURN 1 AS one")


def test_a_question_that_takes_too_long_is_ended_and_the_next_is_answered(items: Engine) -> None:
    began = time.monotonic()

    with pytest.raises(TimeLimitReached, match="after its limit of 1 s") as caught:
        items.reader.query(ENDLESS, timeout_s=1.0)

    assert time.monotonic() - began < 4.0
    assert caught.value.exit_code == ExitCode.TIME_LIMIT
    assert items.reader.read("MATCH (n:Item) RETURN count(n) AS n") == [{"n": 3000}]


def test_wrong_cypher_is_refused_with_the_servers_reason(engine: Engine) -> None:
    with pytest.raises(CypherRefused, match=r"does not accept this Cypher: .+") as caught:
        engine.reader.query("MATCH (n RETURN n")
    assert caught.value.exit_code == ExitCode.QUERY


def test_a_broken_constraint_does_not_tell_the_value(engine: Engine) -> None:
    engine.writer.write("CREATE CONSTRAINT thing_id IF NOT EXISTS FOR (n:Thing) REQUIRE n.id IS UNIQUE")
    engine.writer.write("CREATE (:Thing {id: 'MARKER-4711'})")

    with pytest.raises(GraphConflict) as caught:
        engine.writer.write("CREATE (:Thing {id: 'MARKER-4711'})")
    assert "4711" not in str(caught.value)


def test_work_that_fails_leaves_nothing(engine: Engine) -> None:
    def fail(transaction: object) -> None:
        transaction.run("CREATE (:Item {id: 1})")  # type: ignore[attr-defined]
        raise KeyError

    with pytest.raises(KeyError):
        engine.writer.transact(fail)
    assert engine.reader.read("MATCH (n:Item) RETURN count(n) AS n") == [{"n": 0}]


def test_a_wrong_password_is_refused_and_never_shown(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="neo4j")

    with pytest.raises(CredentialsRefused, match="refused the credentials") as caught:
        Graph.connect(engine.writer.url, Auth("neo4j", "MARKER-wrong-password"), "doselink")

    assert caught.value.exit_code == ExitCode.GRAPH_SERVER
    assert "MARKER" not in str(caught.value) + repr(Auth("u", "MARKER")) + caplog.text


def test_nobody_at_the_address_is_said_at_once() -> None:
    with pytest.raises(ServerUnreachable, match=r"no graph server answers at bolt://127\.0\.0\.1:1"):
        Graph.connect("bolt://127.0.0.1:1", Auth("neo4j", "x"), "neo4j")


def test_a_server_without_password_in_the_environment_says_what_to_set(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CredentialsRefused, match="NEO4J_USER and NEO4J_PASSWORD"):
        open_graph("bolt://127.0.0.1:1", tmp_path, reader=True, environment={})


def test_an_address_that_is_none_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(GraphServerError, match="expected 'embedded' or bolt://host:port"):
        open_graph("http://localhost:7474", tmp_path, reader=True)
