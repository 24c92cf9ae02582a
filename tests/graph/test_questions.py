"""A saved question says what it asks and takes; what does not fit is answered in words."""

from __future__ import annotations

from datetime import date

import pytest

from graph_schema.errors import ExitCode
from graph_schema.questions import ParameterWrong, QuestionUnknown, find_question, load_questions
from graph_schema.questions.loader import Question, parse_question
from graph_schema.questions.parameters import QuestionFileWrong, bind, parse_parameters
from tests.conftest import Engine

TEXT = """\
// name: items-above
// question: Which items lie above a number?
// for: auditor, epidemiologist
// parameters: least (integer, required), day (date, default 2024-12-31), exact (boolean, optional)
// columns: id, day
// expects: rows
MATCH (n:Item) WHERE n.id > $least RETURN n.id AS id, $day AS day ORDER BY id
"""


@pytest.fixture
def question() -> Question:
    return parse_question(TEXT, file_name="items-above.cypher")


def test_the_header_is_read(question: Question) -> None:
    assert question.name == "items-above"
    assert question.audience == ("auditor", "epidemiologist")
    assert question.columns == ("id", "day")
    assert not question.must_be_empty
    assert [parameter.declaration for parameter in question.parameters] == [
        "least (integer, required)",
        "day (date, default 2024-12-31)",
        "exact (boolean, optional)",
    ]


def test_a_question_is_asked_with_texts_or_values(question: Question, engine: Engine) -> None:
    engine.writer.write("UNWIND [1, 2, 3] AS i CREATE (:Item {id: i})")

    assert question.run(engine.reader, {"least": "1"}).rows == [(2, date(2024, 12, 31)), (3, date(2024, 12, 31))]
    assert question.run(engine.reader, {"least": 2, "day": date(2020, 1, 1)}).rows == [(3, date(2020, 1, 1))]


def test_an_answer_without_rows_has_the_columns_of_the_header(question: Question, engine: Engine) -> None:
    answer = question.run(engine.reader, {"least": 9})

    assert (answer.columns, answer.rows) == (("id", "day"), [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "parameter 'least' is missing: expected a whole number"),
        ({"least": "many"}, "parameter 'least': expected a whole number"),
        ({"least": True}, "parameter 'least': expected a whole number"),
        ({"least": 1, "day": "31.12.2024"}, "parameter 'day': expected a date as 2024-12-31"),
        ({"least": 1, "exact": "perhaps"}, "parameter 'exact': expected true or false"),
        ({"lest": 1}, "there is no parameter 'lest': did you mean 'least'?"),
    ],
)
def test_a_wrong_parameter_is_named_and_its_value_is_not(
    question: Question, given: dict[str, object], message: str
) -> None:
    with pytest.raises(ParameterWrong) as caught:
        bind(question.parameters, given)
    assert str(caught.value) == message
    assert caught.value.exit_code == ExitCode.QUERY


@pytest.mark.parametrize("text", ["x", "x (text, required)", "x (string, needed)", "x (integer, default none)"])
def test_a_wrong_declaration_is_refused(text: str) -> None:
    with pytest.raises((QuestionFileWrong, ParameterWrong)):
        parse_parameters(text)


def test_a_missing_header_line_is_named_by_file_and_line() -> None:
    with pytest.raises(QuestionFileWrong, match=r"items-above\.cypher, line 3: expected `// for: …`"):
        parse_question(TEXT.replace("// for:", "// whom:"), file_name="items-above.cypher")


def test_every_saved_question_loads_under_its_own_name() -> None:
    questions = load_questions()

    assert len(questions) >= 20
    assert [question.name for question in questions.values()] == sorted(questions)


def test_an_unknown_question_suggests_the_nearest() -> None:
    with pytest.raises(QuestionUnknown, match="did you mean 'why-linked'"):
        find_question("why-linkd")
