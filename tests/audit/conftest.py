"""The mini study, loaded by the real loader into a real graph: the embedded one and Neo4j in turn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph_schema.graph.bolt import Graph
from graph_schema.graph.load import rebuild
from graph_schema.graph.opening import open_graph
from provenance import Study
from tests.audit import mini
from tests.audit.worlds import empty
from tests.oracle import World


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return mini.build(tmp_path_factory.mktemp("mini"))


@pytest.fixture(scope="session")
def world(study: Study) -> World:
    return World.of(study.ledger)


@pytest.fixture(scope="module", params=["embedded", "neo4j"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """An empty graph on one of the two engines."""
    folder: Path = tmp_path_factory.mktemp("graph")
    url = None if request.param == "embedded" else os.environ.get("NEO4J_URI")
    if request.param == "neo4j" and not url:
        pytest.fail("NEO4J_URI is not set: run `make test`, which starts a Neo4j")
    with open_graph(url, folder, reader=False) as graph:
        empty(graph)
        yield graph
        empty(graph)


@pytest.fixture(scope="module")
def graph(engine: Graph, study: Study) -> Graph:
    """The graph with the mini study in it."""
    rebuild(engine, study.ledger)
    return engine
