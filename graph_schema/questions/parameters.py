"""Parameters of saved questions: their declarations, and the values a user gives. Opens nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from graph_schema.errors import ExitCode, UserError

__all__ = ["Kind", "Parameter", "ParameterWrong", "QuestionFileWrong", "bind", "parse_parameters"]

Kind = Literal["string", "integer", "float", "boolean", "date"]
Value = str | int | float | bool | date | None

_DECLARATION = re.compile(r"(?P<name>[a-z][a-z0-9_]*)\s*\((?P<words>[^()]*)\)\s*(?:,\s*|$)")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class QuestionFileWrong(UserError):
    """A saved question's header does not say what it must."""

    exit_code = ExitCode.QUERY


class ParameterWrong(UserError):
    """A parameter is unknown, missing, or not of its type. The message never repeats the value."""

    exit_code = ExitCode.QUERY


class Parameter(BaseModel):
    """One declared parameter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name, as in the Cypher without the dollar sign.")
    kind: Kind = Field(description="What it takes.")
    required: bool = Field(description="Whether it must be given.")
    default: str | int | float | bool | date | None = Field(None, description="Taken where it is not given.")

    @property
    def declaration(self) -> str:
        """As it stands in the header, for help texts."""
        how = "required" if self.required else "optional" if self.default is None else f"default {self.default}"
        return f"{self.name} ({self.kind}, {how})"

    def value(self, given: object) -> Value:
        """
        The value as its type.

        Args:
            given: A value of the type, or its text as typed on a command line.

        Raises:
            ParameterWrong: If it is neither.
        """
        try:
            return _READERS[self.kind](given)
        except (ValueError, TypeError):
            raise ParameterWrong(f"parameter {self.name!r}: expected {_WANTED[self.kind]}") from None


def parse_parameters(text: str) -> tuple[Parameter, ...]:
    """
    Read the `parameters` line of a header.

    >>> [p.declaration for p in parse_parameters("person (string, required), threshold (float, default 0.9)")]
    ['person (string, required)', 'threshold (float, default 0.9)']

    Raises:
        QuestionFileWrong: If it is not `name (type, required | optional | default VALUE), …`.
    """
    found: list[Parameter] = []
    position = 0
    while position < len(text):
        match = _DECLARATION.match(text, position)
        if match is None:
            raise QuestionFileWrong(f"parameters: expected `name (type, required | optional | default …)` in {text!r}")
        found.append(_declared(match["name"], match["words"]))
        position = match.end()
    return tuple(found)


def bind(parameters: tuple[Parameter, ...], given: Mapping[str, object]) -> dict[str, Value]:
    """
    A value for every declared parameter.

    Raises:
        ParameterWrong: If one is missing, unknown, or not of its type.
    """
    names = [parameter.name for parameter in parameters]
    for name in given:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(names) or 'none'}"
            raise ParameterWrong(f"there is no parameter {name!r}: {hint}")
    bound: dict[str, Value] = {}
    for parameter in parameters:
        if given.get(parameter.name) is not None:
            bound[parameter.name] = parameter.value(given[parameter.name])
        elif parameter.required:
            raise ParameterWrong(f"parameter {parameter.name!r} is missing: expected {_WANTED[parameter.kind]}")
        else:
            bound[parameter.name] = parameter.default
    return bound


def _declared(name: str, words: str) -> Parameter:
    kind, _, how = (part.strip() for part in words.partition(","))
    if kind not in _READERS:
        raise QuestionFileWrong(f"parameter {name!r}: expected a type out of {', '.join(_READERS)}")
    bare = Parameter(name=name, kind=kind, required=how == "required")
    if how in ("required", "optional"):
        return bare
    if not how.startswith("default "):
        raise QuestionFileWrong(f"parameter {name!r}: expected required, optional or default VALUE")
    return bare.model_copy(update={"default": bare.value(how.removeprefix("default ").strip())})


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise TypeError
    return given


def _integer(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise TypeError
    return int(given)


def _float(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise TypeError
    number = float(given)
    if number - number != 0.0:  # infinite, or not a number
        raise ValueError
    return number


def _boolean(given: object) -> bool:
    if isinstance(given, bool):
        return given
    truth = _TRUTH.get(_text(given).strip().lower())
    if truth is None:
        raise ValueError
    return truth


def _date(given: object) -> date:
    return given if isinstance(given, date) else date.fromisoformat(_text(given))


_READERS: dict[str, Callable[[object], Value]] = {
    "string": _text,
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
    "date": _date,
}
_WANTED = {
    "string": "a text",
    "integer": "a whole number",
    "float": "a number",
    "boolean": "true or false",
    "date": "a date as 2024-12-31",
}
