"""Blocking rules: expressions that must be equal on both sides, and what more must hold. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.blocking.keys import Part, RuleKeys, dense_keys
from linkage.blocking.sqltext import as_key, parsed_rule
from linkage.columns import Codes, Columns, Expression
from linkage.columns.dates import date_digits, month_and_day
from linkage.columns.folding import fold, name_parts
from linkage.columns.phonetic import cologne
from linkage.columns.transforms import Transform as Step

__all__ = ["BlockingRule", "Key", "RuleKeys", "Transform", "block_on"]

Transform = Literal["folded", "first_letters", "last_letters", "first_part", "phonetic", "year", "date", "month_day"]


class Key(BaseModel):
    """One column and one transform; `Expression` says the same and more. Missing values block with nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str = Field(min_length=1, description="Column of the left table, and of the right unless named below.")
    right_column: str | None = Field(None, description="Column of the right table, where it is another.")
    transform: Transform = Field(
        "folded", description="What of the value must be equal: all of it, some letters, its sound, a part of a date."
    )
    length: int = Field(4, ge=1, description="Letters of first_letters and last_letters, code digits of phonetic.")

    @property
    def expression(self) -> Expression:
        """The same as an expression."""
        arguments = (self.length,) if self.transform in {"first_letters", "last_letters"} else ()
        step = Step(kind=self.transform, arguments=arguments)
        return Expression(column=self.column, right_column=self.right_column, transforms=(step,))

    @property
    def text(self) -> str:
        """The expression as the links' `match_key` shows it."""
        crossed = f"~{self.right_column}" if self.right_column and self.right_column != self.column else ""
        if self.transform == "folded":
            return f"{self.column}{crossed}"
        length = f",{self.length}" if self.transform in {"first_letters", "last_letters"} else ""
        return f"{self.transform}({self.column}{crossed}{length})"

    def standardise(self) -> Callable[[str], str]:
        """The function from a value to what must be equal."""
        simple: dict[str, Callable[[str], str]] = {
            "folded": fold,
            "first_part": lambda text: next(iter(name_parts(fold(text))), ""),
            "phonetic": cologne,
            "date": date_digits,
            "year": lambda text: date_digits(text)[:4],
            "month_day": month_and_day,
        }
        if self.transform in simple:
            return simple[self.transform]
        return partial(_letters, first=self.transform == "first_letters", length=self.length)

    def encode(self, left: pa.Table, right: pa.Table, *, rule: str) -> Codes:
        """
        The expression of all rows of both tables.

        Raises:
            ColumnMissing: If a table lacks the column; `rule` is named.
        """
        return Columns(left, right).codes(self.expression, user=f"blocking rule {rule!r}")


def _letters(text: str, *, first: bool, length: int) -> str:
    bare = fold(text).replace(" ", "")
    return bare[:length] if first else bare[-length:]


class BlockingRule(BaseModel):
    """
    Pairs on which all keys are equal, and for which the filter holds, are compared.

    With `explode` an array column counts as any one of its elements; with `window` the last key need not be equal:
    its values, in sorted order, may be some places apart (sorted neighbourhood). Within one table a pair is proposed
    if the rule holds for it in either order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[Annotated[Key | Expression, Field(union_mode="left_to_right")], ...] = Field(
        description="Expressions that must all be equal; none at all proposes every pair."
    )
    filter: str | None = Field(
        None, min_length=1, description="What more must hold: SQL over l.column and r.column (DuckDB)."
    )
    explode: tuple[str, ...] = Field((), description="Array columns that count as any one of their elements.")
    salting_partitions: int | None = Field(
        None, ge=1, description="Splink's; without effect here: large blocks are split by themselves."
    )
    window: int | None = Field(
        None, ge=3, description="Sorted neighbourhood: how many neighbouring values the last key may span; odd."
    )

    @model_validator(mode="before")
    @classmethod
    def _by_text(cls, given: Any) -> Any:
        return block_on(given).model_dump() if isinstance(given, str) else given

    @model_validator(mode="after")
    def _window_fits(self) -> BlockingRule:
        if self.window is not None and (self.window % 2 == 0 or not self.keys):
            raise ValueError("window: expected an odd number and at least one key")
        if self.window is not None and self.explode:
            raise ValueError("window: expected no exploded arrays with it")
        return self

    @property
    def name(self) -> str:
        """The rule as the links' `match_key` shows it."""
        said = [key.text for key in self.keys]
        if self.window is not None:
            said[-1] = f"{said[-1]} within {self.window // 2} places"
        if self.explode:
            said.append(f"any of {', '.join(self.explode)}")
        return " & ".join([*said, *([self.filter] if self.filter else [])]) or "every pair"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The keys as expressions."""
        return tuple(key.expression if isinstance(key, Key) else key for key in self.keys)

    def bind(self, left: pa.Table, right: pa.Table) -> RuleKeys:
        """
        The rule's keys of all rows of two tables as exact integers, without filter, window and arrays.

        Raises:
            ColumnMissing: If a table lacks a column.
        """
        columns = Columns(left, None if right is left else right)
        coded = [columns.codes(expression, user=f"blocking rule {self.name!r}") for expression in self.expressions]
        parts = [Part(codes.left, codes.right, len(codes)) for codes in coded]
        return dense_keys(parts, n_left=left.num_rows, n_right=right.num_rows)


def block_on(
    *keys: str | Expression | Key,
    arrays_to_explode: Sequence[str] | None = None,
    salting_partitions: int | None = None,
    window: int | None = None,
) -> BlockingRule:
    """
    A rule from columns and SQL expressions that must be equal, or from the text of a Splink rule.

    Args:
        keys: `"surname"`, `"substr(postcode, 1, 2)"`, an expression; or one text over both sides:
            `"l.surname = r.surname and abs(l.age - r.age) <= 2"`.
        arrays_to_explode: Array columns of which any one element counts.
        salting_partitions: Splink's; without effect here.
        window: Sorted neighbourhood over the last key.

    Raises:
        BadExpression: If a text cannot be read.

    >>> block_on("surname", "substr(postcode, 1, 2)").name
    'surname & substr(postcode, 1, 2)'
    """
    parsed: list[Expression | Key] = []
    held: list[str] = []
    for key in keys:
        if isinstance(key, Expression | Key):
            parsed.append(key)
            continue
        both = parsed_rule(key)
        if both is None:
            parsed.append(as_key(key))
        else:
            parsed += both.keys
            held += [both.filter] if both.filter else []
    return BlockingRule(
        keys=tuple(parsed),
        filter=" AND ".join(f"({text})" for text in held) if len(held) > 1 else "".join(held) or None,
        explode=tuple(arrays_to_explode or ()),
        salting_partitions=salting_partitions,
        window=window,
    )
