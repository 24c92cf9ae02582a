"""Blocking rules: tuples of column expressions that must be equal on both sides. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import IntArray
from linkage.blocking.phonetic import cologne
from linkage.comparison.base import column_of
from linkage.comparison.dates import date_digits
from linkage.comparison.encoding import Codes, encode
from linkage.comparison.folding import fold, name_parts

__all__ = ["BlockingRule", "Key", "RuleKeys", "Transform"]

Transform = Literal["folded", "first_letters", "last_letters", "first_part", "phonetic", "year", "date", "month_day"]


class Key(BaseModel):
    """One expression of a column. Missing and empty values block with nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str = Field(min_length=1, description="Column of the left table, and of the right unless named below.")
    right_column: str | None = Field(None, description="Column of the right table, where it is another.")
    transform: Transform = Field(
        "folded", description="What of the value must be equal: all of it, some letters, its sound, a part of a date."
    )
    length: int = Field(4, ge=1, description="Letters of first_letters and last_letters, code digits of phonetic.")

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
            "first_part": _first_part,
            "phonetic": cologne,
            "date": date_digits,
            "year": _year,
            "month_day": _month_day,
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
        return encode(
            column_of(left, self.column, rule),
            column_of(right, self.right_column or self.column, rule),
            standardise=self.standardise(),
        )


class BlockingRule(BaseModel):
    """Pairs on which all expressions are equal are compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[Key, ...] = Field(description="Expressions that must all be equal; none at all proposes every pair.")

    @property
    def name(self) -> str:
        """The rule as the links' `match_key` shows it."""
        return " & ".join(key.text for key in self.keys) or "every pair"

    def bind(self, left: pa.Table, right: pa.Table, *, known: dict[Key, Codes] | None = None) -> RuleKeys:
        """
        The rule's keys of all rows of both tables as exact integers (no hashes: equal means equal).

        Args:
            left: The left table.
            right: The right table.
            known: Expressions of these tables that are encoded already; what is encoded here is added.

        Raises:
            ColumnMissing: If a table lacks a column.
        """
        keys = RuleKeys(np.zeros(left.num_rows, np.int64), np.zeros(right.num_rows, np.int64), 1)
        for key in self.keys:
            coded = known.get(key) if known is not None else None
            if coded is None:
                coded = key.encode(left, right, rule=self.name)
            if known is not None:
                known[key] = coded
            keys = keys.with_codes(coded.left.astype(np.int64), coded.right.astype(np.int64), len(coded.values))
        return keys


class RuleKeys:
    """
    Dense keys of one rule.

    Attributes:
        left: `(n_left,)` key, -1 where an expression is missing.
        right: `(n_right,)` the same.
        n_keys: Keys are below this.
    """

    __slots__ = ("left", "n_keys", "right")

    def __init__(self, left: IntArray, right: IntArray, n_keys: int) -> None:
        self.left, self.right, self.n_keys = left, right, n_keys

    def counts(self, keys: IntArray) -> IntArray:
        """`(n_keys,)` rows of one side with each key."""
        return np.bincount(keys[keys >= 0], minlength=self.n_keys).astype(np.int64)

    def with_codes(self, left: IntArray, right: IntArray, n_values: int) -> RuleKeys:
        """These keys and one more expression."""
        n_left = len(self.left)
        mine, other = np.concatenate([self.left, self.right]), np.concatenate([left, right])
        there = (mine >= 0) & (other >= 0)
        joint = mine[there] * n_values + other[there]
        keys = np.full(len(mine), -1, dtype=np.int64)
        if self.n_keys == 1:
            keys[there], n_keys = joint, n_values
        else:
            distinct, keys[there] = np.unique(joint, return_inverse=True)
            n_keys = len(distinct)
        return RuleKeys(keys[:n_left], keys[n_left:], max(n_keys, 1))


def _letters(text: str, *, first: bool, length: int) -> str:
    bare = fold(text).replace(" ", "")
    return bare[:length] if first else bare[-length:]


def _first_part(text: str) -> str:
    return next(iter(name_parts(fold(text))), "")


def _year(text: str) -> str:
    return date_digits(text)[:4]


def _month_day(text: str) -> str:
    """Month and day in ascending order, so that an exchange of the two does not matter."""
    digits = date_digits(text)
    return "".join(sorted((digits[4:6], digits[6:]))) if digits else ""
