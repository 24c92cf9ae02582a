"""Asks saved questions, and all integrity questions one after the other. Talks to the graph it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from graph_schema.errors import ExitCode, UserError
from graph_schema.graph.bolt import READ_LIMIT_S, Graph
from graph_schema.questions import Question, find_question, load_questions

__all__ = ["AuditBreach", "Finding", "ask", "ask_all", "refuse_breaches"]

_TODAY = "today"


class AuditBreach(UserError):
    """A question that must come back empty did not."""

    exit_code = ExitCode.AUDIT_BREACH


class Finding(BaseModel):
    """What one question gave."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name of the question.")
    question: str = Field(description="What it asks.")
    must_be_empty: bool = Field(description="Whether a row is a breach.")
    columns: tuple[str, ...] = Field(description="Columns of the answer.")
    rows: tuple[dict[str, Any], ...] = Field(description="The answer.")

    @property
    def is_breach(self) -> bool:
        """Whether a law was found broken."""
        return self.must_be_empty and bool(self.rows)


def ask(
    graph: Graph, name: str, given: Mapping[str, object], *, today: date, timeout_s: float = READ_LIMIT_S
) -> Finding:
    """
    Ask one saved question.

    Args:
        graph: Opened for reading.
        name: Name of the question.
        given: Parameters; `today` is filled in where a question takes it and it is not given.
        today: The day of asking.
        timeout_s: After so many seconds it is ended.

    Raises:
        QuestionUnknown: If there is no such question.
        ParameterWrong: If the parameters are not those it takes.
        TimeLimitReached: If it was ended.
    """
    question = find_question(name)
    answer = question.run(graph, _with_today(question, given, today), timeout_s=timeout_s)
    return Finding(
        name=question.name,
        question=question.question,
        must_be_empty=question.must_be_empty,
        columns=question.columns,
        rows=tuple(answer.dicts()),
    )


def ask_all(graph: Graph, *, today: date, timeout_s: float = READ_LIMIT_S) -> list[Finding]:
    """
    Ask every question that must come back empty, by name.

    Args:
        graph: Opened for reading.
        today: The day of asking: permits that ran out before it are breaches.
        timeout_s: Limit of each question (s).
    """
    names = [question.name for question in load_questions().values() if question.must_be_empty]
    return [ask(graph, name, {}, today=today, timeout_s=timeout_s) for name in names]


def refuse_breaches(findings: Iterable[Finding]) -> None:
    """
    Raises:
        AuditBreach: If a question that must come back empty did not; the message names them and their rows' number.
    """
    found = [f"{finding.name} ({len(finding.rows)})" for finding in findings if finding.is_breach]
    if found:
        raise AuditBreach(f"must come back empty and did not: {', '.join(found)}")


def _with_today(question: Question, given: Mapping[str, object], today: date) -> dict[str, object]:
    takes_today = any(parameter.name == _TODAY for parameter in question.parameters)
    return ({_TODAY: today} if takes_today else {}) | dict(given)
