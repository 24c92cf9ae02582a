"""`doselink audit` and `doselink cypher`: what they print, and the exit code that says a law is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doselink.cli import audit, cypher
from doselink.cli.ask import ParameterText, parameters
from doselink.cli.main import main
from graph_schema.graph.bolt import Graph
from graph_schema.questions import load_questions


@pytest.fixture(autouse=True)
def _asks_the_mini_study(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands' graph is the one with the mini study in it, where a test asks for a graph at all."""

    @contextmanager
    def reading(_: Path) -> Iterator[Graph]:
        yield request.getfixturevalue("graph")

    monkeypatch.setattr(audit, "reading", reading)
    monkeypatch.setattr(cypher, "reading", reading)


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_the_list_names_every_question_and_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _printed(capsys, "audit", "list", "--json")
    found = {row["name"]: row for row in json.loads(out)}
    assert (code, set(found)) == (0, set(load_questions()))
    assert found["permit-expired"]["parameters"] == ["today (date, required)"]


def test_a_sound_study_passes_all_integrity_questions(graph: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = _printed(capsys, "audit", "run", "--all-integrity", "--json")
    assert (code, err, [len(finding["rows"]) for finding in json.loads(out)]) == (0, "", [0] * 15)


def test_a_broken_law_is_printed_and_told_by_the_exit_code(graph: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    graph.write("CREATE (p:Person:Entity {id: 'per_planted', key: 'per_planted'})")
    code, out, err = _printed(capsys, "audit", "run", "person-without-record")
    graph.write("MATCH (p:Person {id: 'per_planted'}) DELETE p")
    assert (code, "per_planted" in out) == (22, True)
    assert err == "doselink: must come back empty and did not: person-without-record (1)\n"


def test_parameters_are_given_by_name(graph: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _printed(capsys, "audit", "run", "person-records", "-p", "person=per_anna", "--json")
    assert [row["record_key"] for row in json.loads(out)] == ["prc_c_anna", "prc_h_anna"]


def test_a_missing_parameter_is_named(graph: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _printed(capsys, "audit", "run", "person-records")
    assert (code, err) == (17, "doselink: parameter 'person' is missing: expected a text\n")


def test_neither_a_name_nor_all_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _printed(capsys, "audit", "run")
    assert (code, "expected a NAME or --all-integrity" in err) == (2, True)


def test_cypher_prints_rows_as_json(graph: Graph, capsys: pytest.CaptureFixture[str]) -> None:
    query = "MATCH (p:Person) WHERE p.system_to IS NULL AND p.key = $key RETURN p.n_claims_records AS n"
    code, out, _ = _printed(capsys, "cypher", query, "--param", "key=per_anna", "--json")
    assert (code, json.loads(out)) == (0, [{"n": 1}])


def test_cypher_that_cannot_be_read_ends_with_its_own_exit_code(
    graph: Graph, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = _printed(capsys, "cypher", "MATSCH (n) RETURN n")
    assert (code, out, err.startswith("doselink: the server does not accept this Cypher")) == (17, "", True)


def test_a_parameter_without_its_name_is_refused_without_repeating_it() -> None:
    with pytest.raises(ParameterText) as refused:
        parameters(["organ=lung", "Muster"])
    assert str(refused.value) == "parameter 2: expected NAME=VALUE, for example --param organ=lung"
