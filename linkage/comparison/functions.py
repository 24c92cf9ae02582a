"""Python functions that levels may name: the settings hold the name, the program the function. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from graph_schema.errors import ExitCode, UserError

__all__ = ["FunctionMissing", "LevelFunction", "function_named", "register_function"]

LevelFunction: TypeAlias = Callable[..., Any]

_FUNCTIONS: dict[str, LevelFunction] = {}


class FunctionMissing(UserError):
    """Settings name a Python function that the program has not registered."""

    exit_code = ExitCode.SETTINGS


def register_function(name: str, function: LevelFunction) -> None:
    """
    Make a function known to levels.

    Args:
        name: The name that settings use.
        function: From two values (as they are typed; two tuples where a level has several columns) to whether they
            agree, or to a number that the level has a threshold for. It must depend on nothing else.
    """
    _FUNCTIONS[name] = function


def function_named(name: str, *, user: str) -> LevelFunction:
    """
    A registered function.

    Raises:
        FunctionMissing: If there is none of that name; the message names those there are.
    """
    if name not in _FUNCTIONS:
        there = ", ".join(sorted(_FUNCTIONS)) or "none"
        raise FunctionMissing(
            f"{user}: expected a registered function {name!r}, there are: {there}; call register_function first"
        )
    return _FUNCTIONS[name]
