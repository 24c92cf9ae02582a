"""What every level is: settings that can be bound to columns and then asked of pairs. Opens nothing."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Annotated, Any, ClassVar, Self, TypeAlias

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from linkage.arrays import BoolArray, Int8Array
from linkage.columns import Expression
from linkage.comparison.base import Near
from linkage.comparison.pairs import Pairs
from linkage.comparison.sources import Sources

__all__ = ["Bound", "ColumnField", "Level", "expression_of"]

FALSE, UNKNOWN, TRUE = 0, 1, 2  # of three-valued logic: And is the least, Or the largest, Not is 2 less


_CALL = re.compile(r"[A-Za-z_]\w*\(.*\)", re.DOTALL)
_QUOTED = re.compile(r'"([^"]+)"')


def expression_of(given: Any) -> Any:
    """A column by its name, SQL by its form as in Splink (`lower(surname)`); anything else as it is."""
    if not isinstance(given, str):
        return given
    if _CALL.fullmatch(given):
        return Expression(sql=given)
    quoted = _QUOTED.fullmatch(given)
    return Expression(column=quoted[1] if quoted else given)


def _written(expression: Expression) -> str | dict[str, Any]:
    """A plain column is written as its name, anything else without what is not given."""
    if expression.column is not None and expression == expression_of(expression.column):
        return expression.column
    return expression.model_dump(mode="json", exclude_defaults=True)


ColumnField: TypeAlias = Annotated[Expression, BeforeValidator(expression_of), PlainSerializer(_written)]


class Bound(ABC):
    """
    A level bound to two tables.

    Attributes:
        cost: 0 where pairs are compared as integers, 1 as numbers or sets, 2 as texts, 3 by SQL or Python.
        screens: Whether `impossible` may tell more than that a value is missing.
        rare: Whether so few pairs reach it that a quick look is not worth its while.
    """

    cost: ClassVar[int] = 0
    screens: ClassVar[bool] = False
    rare: ClassVar[bool] = False

    @abstractmethod
    def reached(self, pairs: Pairs) -> BoolArray:
        """`(n_pairs,)` whether each pair reaches the level; a missing value reaches nothing."""

    @abstractmethod
    def absent(self, pairs: Pairs) -> BoolArray:
        """`(n_pairs,)` whether a value that the level needs is missing: its truth is unknown then."""

    def impossible(self, pairs: Pairs) -> BoolArray:
        """`(n_pairs,)` whether cheap integer work shows that a pair does not reach the level; False is no answer."""
        return self.absent(pairs)

    def near(self) -> Near | None:
        """The level as a test of two integers, where it is one."""
        return None

    def truth(self, pairs: Pairs) -> Int8Array:
        """`(n_pairs,)` false, unknown or true, as in SQL."""
        out = np.where(self.reached(pairs), np.int8(TRUE), np.int8(FALSE))
        return np.where(self.absent(pairs), np.int8(UNKNOWN), out)


class Level(BaseModel, ABC):
    """
    One level of a comparison: a condition, and what may be said of its m, u and term frequencies.

    The words are those of Splink's `ComparisonLevelCreator.configure`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(None, min_length=1, description="Name in models and charts; made from the level if None.")
    label_for_charts: str | None = Field(None, description="What people read instead of the name.")
    m_probability: float | None = Field(None, ge=0, le=1, description="Probability among matches to start from.")
    u_probability: float | None = Field(None, ge=0, le=1, description="Probability among non-matches to start from.")
    fix_m_probability: bool = Field(False, description="Whether training leaves m as it is given.")
    fix_u_probability: bool = Field(False, description="Whether training leaves u as it is given.")
    tf_adjustment_column: ColumnField | None = Field(
        None, description="Column whose frequent values count less where this level is reached."
    )
    tf_adjustment_weight: float = Field(1.0, ge=0, description="How much of the adjustment is made.")
    tf_minimum_u_value: float = Field(0.0, ge=0, lt=1, description="A rarer value counts as this frequent.")
    disable_tf_exact_match_detection: bool = Field(
        False, description="Adjust this level's own u, not that of the exact level of the column."
    )

    is_null: ClassVar[bool] = False
    symmetric: ClassVar[bool] = True

    @property
    @abstractmethod
    def short(self) -> str:
        """The name that is made from the level."""

    @property
    @abstractmethod
    def expressions(self) -> tuple[Expression, ...]:
        """What is read of the records."""

    @abstractmethod
    def bind(self, sources: Sources) -> Bound:
        """
        The level on two tables.

        Raises:
            ColumnMissing: If a table lacks a column.
            WrongType: If the level cannot work on the values.
        """

    @property
    def title(self) -> str:
        """Its name in models."""
        return self.name or self.short

    @property
    def about(self) -> str:
        """The columns it is about, to tell it from a level of the same name."""
        return ", ".join(dict.fromkeys(expression.text for expression in self.expressions))

    def configure(self, **changes: Any) -> Self:
        """
        The level with some of the fields that all levels have set.

        Raises:
            ValidationError: If there is no such field or it cannot have that value.
        """
        return type(self).model_validate({**{key: getattr(self, key) for key in self.model_fields_set}, **changes})

    @model_serializer(mode="wrap")
    def _without_usual(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What is as usual is not written."""
        written: dict[str, Any] = handler(self)
        usual = {name: field.default for name, field in type(self).model_fields.items()}
        return {
            key: value
            for key, value in written.items()
            if key == "kind" or usual[key] is ... or getattr(self, key) != usual[key]
        }
