"""Saved questions: Cypher files whose header says what they ask, for whom, and what must come back. Reads files."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from graph_schema.errors import ExitCode, UserError
from graph_schema.graph.bolt import READ_LIMIT_S, Answer, Graph
from graph_schema.questions.parameters import Parameter, QuestionFileWrong, bind, parse_parameters

__all__ = ["Question", "QuestionUnknown", "find_question", "load_questions", "parse_question"]

_HEAD = ("name", "question", "for", "parameters", "columns", "expects")


class QuestionUnknown(UserError):
    """There is no saved question of this name."""

    exit_code = ExitCode.QUERY


class Question(BaseModel):
    """One saved question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name, as given to `doselink audit run`; the file's own name.")
    question: str = Field(description="What it asks, as a sentence.")
    audience: tuple[str, ...] = Field(description="Who asks it.")
    parameters: tuple[Parameter, ...] = Field(description="What it takes.")
    columns: tuple[str, ...] = Field(description="Columns of the answer, in order.")
    expects: Literal["rows", "no rows"] = Field(description="`no rows` where any row is a breach of a law.")
    cypher: str = Field(description="The query.")

    @property
    def must_be_empty(self) -> bool:
        """Whether a row in the answer is a finding."""
        return self.expects == "no rows"

    def run(
        self, graph: Graph, parameters: Mapping[str, object] | None = None, *, timeout_s: float = READ_LIMIT_S
    ) -> Answer:
        """
        Ask it.

        Args:
            graph: Opened for reading.
            parameters: Values by name, of their type or as text; those left out take their default.
            timeout_s: After so many seconds it is ended.

        Raises:
            ParameterWrong: If a parameter is unknown, missing or not of its type.
            TimeLimitReached: If it was ended.
        """
        answer = graph.query(self.cypher, bind(self.parameters, parameters or {}), timeout_s=timeout_s)
        # One of the engines does not name the columns of an answer without rows.
        return answer if answer.columns else Answer(self.columns, answer.rows)


def parse_question(text: str, *, file_name: str) -> Question:
    """
    Read a question file: lines `// name: …` to `// expects: …` in this order, then the Cypher.

    Raises:
        QuestionFileWrong: If a line of the header is missing or wrong; the message gives file and line.
    """
    lines = text.splitlines()
    found = {}
    for number, name in enumerate(_HEAD, start=1):
        line = lines[number - 1] if number <= len(lines) else ""
        before, _, after = line.partition(":")
        if before.strip() != f"// {name}":
            raise QuestionFileWrong(f"{file_name}, line {number}: expected `// {name}: …`")
        found[name] = after.strip()
    if found["name"] != file_name.removesuffix(".cypher"):
        raise QuestionFileWrong(f"{file_name}, line 1: expected the file's own name")
    expects = found["expects"]
    if expects != "rows" and expects != "no rows":
        raise QuestionFileWrong(f"{file_name}, line {len(_HEAD)}: expected `rows` or `no rows`")
    try:
        parameters = parse_parameters(found["parameters"])
    except QuestionFileWrong as error:
        raise QuestionFileWrong(f"{file_name}: {error}") from None
    return Question(
        name=found["name"],
        question=found["question"],
        audience=_words(found["for"]),
        parameters=parameters,
        columns=_words(found["columns"]),
        expects=expects,
        cypher="\n".join(lines[len(_HEAD) :]).strip() + "\n",
    )


@cache
def load_questions() -> Mapping[str, Question]:
    """All saved questions by name, sorted."""
    folder = resources.files("graph_schema.questions") / "audit"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".cypher")), key=lambda file: file.name)
    parsed = [parse_question(file.read_text(encoding="utf-8"), file_name=file.name) for file in files]
    return {question.name: question for question in parsed}


def find_question(name: str) -> Question:
    """
    The question of this name.

    Raises:
        QuestionUnknown: If there is none; the message suggests the nearest.
    """
    questions = load_questions()
    if name in questions:
        return questions[name]
    near = get_close_matches(name, questions, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else "`doselink audit list` shows them all"
    raise QuestionUnknown(f"there is no question {name!r}: {hint}")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
