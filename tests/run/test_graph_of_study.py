"""A real study's graph: on the embedded engine, on Neo4j and in plain Python every question has the same answer."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from doselink.run import RunResult
from graph_schema.graph.check import check
from graph_schema.graph.load import rebuild
from graph_schema.ledger import Ledger
from graph_schema.questions.loader import load_questions
from tests.conftest import Engine
from tests.oracle import ANSWERS, World


@pytest.fixture(scope="module")
def ledger(ran: RunResult) -> Ledger:
    return Ledger(ran.workspace / "ledger")


@pytest.fixture
def loaded(engine: Engine, ledger: Ledger) -> Engine:
    rebuild(engine.writer, ledger)
    return engine


def parameters(ledger: Ledger, name: str) -> dict[str, Any]:
    """Values for the parameters a question requires, taken from the study itself."""
    persons = ledger.current("Person").to_pylist()
    person = next(row["key"] for row in persons if row["n_claims_records"] and row["n_hospital_records"] > 1)
    records = {row["key"] for row in ledger.current("PersonRecord").to_pylist()}
    stays = sorted(row["key"] for row in ledger.current("Stay").to_pylist())
    fall = next(row for row in ledger.current("SourceFile").to_pylist() if row["kind"] == "FALL")
    table = ledger.current("CoefficientTable").to_pylist()[0]
    assert records
    given: dict[str, dict[str, Any]] = {
        "files-behind-organ-dose": {"person": person, "organ": "lung"},
        "reach-of-file": {"file": fall["sha256"]},
        "doses-using-table": {"table": table["name"]},
        "doses-using-calibration": {"room": "heart-centre-a/HK1"},
        "why-linked": {"a": stays[0], "b": stays[1]},
        "permit-expired": {"today": date(2026, 3, 1)},
    }
    needs = {parameter.name for parameter in load_questions()[name].parameters}
    return given.get(name, {"person": person} if "person" in needs else {})


def test_the_graph_is_what_the_ledger_says(loaded: Engine, ledger: Ledger) -> None:
    assert check(loaded.writer, ledger, full=True) == []


def test_every_saved_question_has_one_answer_on_every_engine(loaded: Engine, ledger: Ledger) -> None:
    world = World.of(ledger)
    answered = 0
    for name, question in sorted(load_questions().items()):
        given = parameters(ledger, name)
        answer = question.run(loaded.reader, given)
        expected = [tuple(row[column] for column in question.columns) for row in ANSWERS[name](world, **given)]
        assert [_plain(row) for row in answer.rows] == [_plain(row) for row in expected], name
        answered += bool(answer.rows)
        if question.must_be_empty:
            assert not answer.rows, name
    assert answered >= 10, "a study of 25 children has something to say to most questions"


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(round(value, 9) if isinstance(value, float) else value for value in row)
