"""Real graph servers for every test that needs one: the embedded engine, and Neo4j, whose absence is a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from graph_schema.graph.bolt import Graph
from graph_schema.graph.opening import open_graph

# a busy machine makes no property false: no deadline for an example; equal runs try equal examples
settings.register_profile("doselink", deadline=None, derandomize=True)
settings.load_profile("doselink")


@dataclass(frozen=True, slots=True)
class Engine:
    """One graph server, open for writing and for reading."""

    name: str
    url: str | None
    graph_dir: Path
    writer: Graph
    reader: Graph

    def empty(self) -> None:
        """Take out everything that a test put in."""
        while self.writer.write("MATCH (n) WITH n LIMIT 10000 DETACH DELETE n RETURN count(*) AS n")[0]["n"]:
            pass


def _open(name: str, url: str | None, folder: Path) -> Iterator[Engine]:
    with open_graph(url, folder, reader=False) as writer, open_graph(url, folder, reader=True) as reader:
        engine = Engine(name, url, folder, writer, reader)
        engine.empty()
        yield engine
        engine.empty()


@pytest.fixture(scope="session")
def neo4j_url() -> str:
    """Address of the Neo4j that `make test` started."""
    url = os.environ.get("NEO4J_URI")
    if not url:
        pytest.fail("NEO4J_URI is not set: run `make test`, or `sh tools/with-neo4j.sh .venv/bin/python -m pytest`")
    return url


@pytest.fixture(scope="session")
def embedded_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The embedded engine, for the whole session."""
    yield from _open("embedded", None, tmp_path_factory.mktemp("embedded") / "graph")


@pytest.fixture(scope="session")
def neo4j_graph(neo4j_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A real Neo4j, for the whole session."""
    yield from _open("neo4j", neo4j_url, tmp_path_factory.mktemp("neo4j"))


@pytest.fixture(params=["embedded_graph", "neo4j_graph"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, empty."""
    found: Engine = request.getfixturevalue(request.param)
    found.empty()
    return found
