"""Levels that integers settle: missing, equal, a given value, columns exchanged, anything else. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from linkage.arrays import BoolArray
from linkage.columns import Codes, Expression
from linkage.comparison.arrays import is_list
from linkage.comparison.base import Near
from linkage.comparison.levels.base import Bound, ColumnField, Level
from linkage.comparison.pairs import Pairs
from linkage.comparison.sources import Sources

__all__ = [
    "ColumnsReversedLevel",
    "ElseLevel",
    "ExactMatchLevel",
    "LiteralMatchLevel",
    "MissingLevel",
    "MissingOn",
    "NullLevel",
    "Presence",
]

MissingOn = Literal["either", "left", "right", "both", "one"]


@dataclass(frozen=True, slots=True)
class Presence(Bound):
    """
    Which rows lack a value.

    Attributes:
        left: `(n_left,)`.
        right: `(n_right,)`.
        side: On which side it must be missing.
    """

    left: BoolArray
    right: BoolArray
    side: MissingOn

    def reached(self, pairs: Pairs) -> BoolArray:
        a, b = self.left[pairs.left], self.right[pairs.right]
        match self.side:
            case "either":
                return a | b
            case "both":
                return a & b
            case "one":
                return a ^ b
        return a if self.side == "left" else b

    def absent(self, pairs: Pairs) -> BoolArray:
        return np.zeros(len(pairs), dtype=bool)


class _AboutMissing(Level):
    column: ColumnField = Field(description="The column.")
    missing_if: Literal["null", "empty_array", "no_number"] = Field(
        "null", description="Whether an array without elements, or text that is no number, counts as missing too."
    )

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def presence(self, sources: Sources, side: MissingOn) -> Presence:
        """Which rows of both tables lack a value."""
        if self.missing_if == "empty_array":
            sets = sources.collections(self.column)
            return Presence(sets.left.sizes == 0, sets.right.sizes == 0, side)
        if self.missing_if == "no_number":
            left, right = sources.numbers(self.column)
            return Presence(np.isnan(left), np.isnan(right), side)
        raw = sources.raw(self.column)
        element = self.column.transforms[:1] and self.column.transforms[0].kind == "access_extreme_array_element"
        if is_list(raw[0].type) and not element:
            null = [np.asarray(part.is_null().to_numpy(), dtype=bool) for part in raw]
            return Presence(null[0], null[1], side)
        codes = sources.codes(self.column)
        return Presence(codes.left < 0, codes.right < 0, side)


class NullLevel(_AboutMissing):
    """A value is missing: the pair says neither yes nor no (weight 0)."""

    kind: Literal["null"] = Field("null", description="What this is.")

    is_null: ClassVar[bool] = True

    @property
    def short(self) -> str:
        return "missing"

    def bind(self, sources: Sources) -> Presence:
        return self.presence(sources, "either")


class MissingLevel(_AboutMissing):
    """A value is missing, as a level with m and u of its own: missing on one side may itself say something."""

    kind: Literal["missing"] = Field("missing", description="What this is.")
    side: MissingOn = Field("either", description="Where it is missing: either, left, right, both, or one (not both).")

    @property
    def short(self) -> str:
        return "missing" if self.side == "either" else f"missing_{self.side}"

    def bind(self, sources: Sources) -> Presence:
        return self.presence(sources, self.side)


@dataclass(frozen=True, slots=True)
class _Everything(Bound):
    def reached(self, pairs: Pairs) -> BoolArray:
        return np.ones(len(pairs), dtype=bool)

    def absent(self, pairs: Pairs) -> BoolArray:
        return np.zeros(len(pairs), dtype=bool)

    def impossible(self, pairs: Pairs) -> BoolArray:
        return np.zeros(len(pairs), dtype=bool)


class ElseLevel(Level):
    """What reaches no other level."""

    kind: Literal["else"] = Field("else", description="What this is.")

    @property
    def short(self) -> str:
        return "else"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return ()

    def bind(self, sources: Sources) -> Bound:  # noqa: ARG002
        return _Everything()


@dataclass(frozen=True, slots=True)
class Equality(Bound):
    """
    Attributes:
        codes: The values.
    """

    codes: Codes

    def reached(self, pairs: Pairs) -> BoolArray:
        a, b = pairs.codes(self.codes)
        return np.asarray((a == b) & (a >= 0), dtype=bool)

    def absent(self, pairs: Pairs) -> BoolArray:
        return pairs.absent(self.codes)

    def impossible(self, pairs: Pairs) -> BoolArray:
        return ~self.reached(pairs)

    def near(self) -> Near:
        return Near(self.codes.left, self.codes.right, 0)


class ExactMatchLevel(Level):
    """Both sides have the same value."""

    kind: Literal["exact"] = Field("exact", description="What this is.")
    column: ColumnField = Field(description="The column.")

    @property
    def short(self) -> str:
        return "exact"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        return Equality(sources.exact(self.column))


@dataclass(frozen=True, slots=True)
class _Given(Bound):
    codes: Codes
    code: int
    side: Literal["both", "left", "right"]

    def reached(self, pairs: Pairs) -> BoolArray:
        a, b = pairs.codes(self.codes)
        if self.side == "both":
            return np.asarray((a == self.code) & (b == self.code), dtype=bool)
        return np.asarray((a if self.side == "left" else b) == self.code, dtype=bool)

    def absent(self, pairs: Pairs) -> BoolArray:
        a, b = pairs.codes(self.codes)
        if self.side == "both":
            return pairs.absent(self.codes)
        return np.asarray((a if self.side == "left" else b) < 0, dtype=bool)

    def impossible(self, pairs: Pairs) -> BoolArray:
        return ~self.reached(pairs)


class LiteralMatchLevel(Level):
    """A column holds a given value, on both sides or on one."""

    kind: Literal["literal"] = Field("literal", description="What this is.")
    column: ColumnField = Field(description="The column.")
    literal_value: str = Field(min_length=1, description="The value, as text.")
    literal_datatype: Literal["string", "int", "float", "date"] = Field("string", description="What it is.")
    side_of_comparison: Literal["both", "left", "right"] = Field("both", description="On which side it must stand.")

    @property
    def short(self) -> str:
        side = "" if self.side_of_comparison == "both" else f"_{self.side_of_comparison}"
        return f"is_{self.literal_value}{side}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        codes = sources.codes(self.column)
        text = self.literal_value.strip()
        if self.literal_datatype in {"int", "float"} and float(text).is_integer():
            text = str(int(float(text)))
        found = {value: code for code, value in enumerate(codes.values)}
        return _Given(codes, found.get(text, -2), self.side_of_comparison)

    @model_validator(mode="after")
    def _is_what_it_says(self) -> LiteralMatchLevel:
        if self.literal_datatype in {"int", "float"}:
            try:
                float(self.literal_value)
            except ValueError:
                raise ValueError(f"literal_value: expected a number for {self.literal_datatype}") from None
        return self


@dataclass(frozen=True, slots=True)
class _Crossed(Bound):
    one: Codes
    two: Codes
    both_ways: bool

    rare: ClassVar[bool] = True

    def reached(self, pairs: Pairs) -> BoolArray:
        a, b = pairs.codes(self.one)[0], pairs.codes(self.two)[1]
        out = (a == b) & (a >= 0)
        if self.both_ways:
            c, d = pairs.codes(self.two)[0], pairs.codes(self.one)[1]
            out &= (c == d) & (c >= 0)
        return np.asarray(out, dtype=bool)

    def absent(self, pairs: Pairs) -> BoolArray:
        (a, b), (c, d) = pairs.codes(self.one), pairs.codes(self.two)
        return np.asarray(((a | d) < 0) | (((b | c) < 0) if self.both_ways else False), dtype=bool)

    def impossible(self, pairs: Pairs) -> BoolArray:
        return ~self.reached(pairs)


class ColumnsReversedLevel(Level):
    """The value of one column stands in another column of the other side: given and family name exchanged."""

    kind: Literal["reversed"] = Field("reversed", description="What this is.")
    column: ColumnField = Field(description="One column.")
    other_column: ColumnField = Field(description="The column it may have been exchanged with.")
    symmetrical: bool = Field(True, description="Whether it must hold both ways.")

    @property
    def short(self) -> str:
        return "swapped"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column, self.other_column)

    def bind(self, sources: Sources) -> Bound:
        one, two = sources.once(
            ("together", self.column, self.other_column), lambda: _together(sources, self.column, self.other_column)
        )
        return _Crossed(one, two, self.symmetrical)


def _together(sources: Sources, one: Expression, two: Expression) -> tuple[Codes, Codes]:
    """Two columns over one dictionary, so that equality across columns is equality of codes."""
    first, second = sources.codes(one), sources.codes(two)
    values = sorted({*first.values, *second.values})
    number = {value: code for code, value in enumerate(values)}
    out = []
    for codes in (first, second):
        remap = np.array([*(number[value] for value in codes.values), -1], dtype=np.int32)
        out.append(Codes(remap[codes.left], remap[codes.right], values))
    return out[0], out[1]
