"""What the registry says becomes constraints and indexes, once for every label."""

from __future__ import annotations

from graph_schema.graph.ddl import statements
from graph_schema.nodes import NODES
from tests.conftest import Engine


def test_every_label_has_a_unique_id_and_an_index_of_keys() -> None:
    found = statements()

    assert "CREATE CONSTRAINT dose_event_id IF NOT EXISTS FOR (n:DoseEvent) REQUIRE n.id IS UNIQUE" in found
    assert "CREATE INDEX dose_event_key IF NOT EXISTS FOR (n:DoseEvent) ON (n.key)" in found
    assert [label for label in NODES if sum(f"(n:{label})" in text for text in found) < 2] == []


def test_the_statements_may_be_run_again(engine: Engine) -> None:
    for text in statements() + statements():
        engine.writer.write(text)

    assert engine.reader.read("RETURN 1 AS one") == [{"one": 1}]
