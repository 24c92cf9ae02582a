"""How many partners a record may have. Opens nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

__all__ = ["Cardinality"]

_SHORT = re.compile(r"([1-9][0-9]{0,8}|n|m|\*) *: *([1-9][0-9]{0,8}|n|m|\*)")
_ALLOWED = "one_to_one, one_to_many, many_to_one, many_to_many, or most left:most right such as 2:3 or 1:n"


@dataclass(frozen=True, slots=True)
class Cardinality:
    """
    How many partners a record may have; written as one word in settings and JSON.

    The word is read like `one_to_many`: left to right. In `2:3` at most two left records share a right one, and a left
    record has at most three right ones; `n`, `m` or `*` is any number.

    Attributes:
        of_left: Most partners of a left record; None = any number.
        of_right: Most partners of a right record; None = any number.

    >>> Cardinality.read("one_to_many").of_left is None, Cardinality.read("2:3").of_left
    (True, 3)
    """

    of_left: int | None
    of_right: int | None

    ONE_TO_ONE: ClassVar[Cardinality]
    ONE_TO_MANY: ClassVar[Cardinality]
    MANY_TO_ONE: ClassVar[Cardinality]
    MANY_TO_MANY: ClassVar[Cardinality]

    @classmethod
    def read(cls, text: str | Cardinality) -> Self:
        """
        The cardinality a word names.

        Raises:
            ValueError: With the words there are.
        """
        if isinstance(text, Cardinality):
            return cls(text.of_left, text.of_right)
        if not isinstance(text, str):
            raise ValueError(f"expected {_ALLOWED}")  # noqa: TRY004 - pydantic turns a ValueError into its own
        if text in _NAMED:
            return cls(*_NAMED[text])
        found = _SHORT.fullmatch(text.strip())
        if not found:
            raise ValueError(f"expected {_ALLOWED}")
        left, right = (None if word in "nm*" else int(word) for word in found.groups())
        return cls(right, left)

    def __str__(self) -> str:
        for name, (of_left, of_right) in _NAMED.items():
            if (of_left, of_right) == (self.of_left, self.of_right):
                return name
        return f"{self.of_right or 'n'}:{self.of_left or 'n'}"

    @property
    def flipped(self) -> Cardinality:
        """The same with left and right exchanged."""
        return Cardinality(self.of_right, self.of_left)

    @property
    def free(self) -> bool:
        """Whether a record may have any number of partners on both sides: nothing competes."""
        return self.of_left is None and self.of_right is None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.read, serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=_TEXT)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "description": _ALLOWED, "examples": [*_NAMED, "2:3"]}


_TEXT = core_schema.str_schema()
_NAMED: dict[str, tuple[int | None, int | None]] = {
    "one_to_one": (1, 1),
    "one_to_many": (None, 1),
    "many_to_one": (1, None),
    "many_to_many": (None, None),
}
Cardinality.ONE_TO_ONE = Cardinality(1, 1)
Cardinality.ONE_TO_MANY = Cardinality(None, 1)
Cardinality.MANY_TO_ONE = Cardinality(1, None)
Cardinality.MANY_TO_MANY = Cardinality(None, None)
