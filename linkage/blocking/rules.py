"""Blocking rules: expressions that must be equal on both sides, and what more must hold. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.blocking.sqltext import as_key, parsed_rule
from linkage.columns import Expression

__all__ = ["BlockingRule", "block_on"]


class BlockingRule(BaseModel):
    """
    Pairs on which all keys are equal, and for which the filter holds, are compared.

    With `explode` an array column counts as any one of its elements; with `window` the last key need not be equal:
    its values, in sorted order, may be some places apart (sorted neighbourhood). Within one table a pair is proposed
    if the rule holds for it in either order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[Expression, ...] = Field(
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


def block_on(
    *keys: str | Expression,
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
    parsed: list[Expression] = []
    held: list[str] = []
    for key in keys:
        if isinstance(key, Expression):
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
