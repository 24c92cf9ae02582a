"""Comparison of dates: equal, one keying error apart, near, else. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field, model_validator

from linkage.arrays import BoolArray, Int8Array, Int32Array, IntArray
from linkage.columns.dates import date_digits
from linkage.comparison.base import Comparison, Prepared, first_reached
from linkage.comparison.encoding import Codes, encode

__all__ = ["DateComparison", "date_digits"]

UIntArray: TypeAlias = NDArray[np.uint32]  # dates as eight decimal digits, four bits each
_NO_DAY = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class _PreparedDate(Prepared):
    coded: Codes
    packed: UIntArray
    days: IntArray
    within_days: tuple[int, ...]
    keying: bool

    @property
    def codes(self) -> Codes:
        return self.coded

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        a, b = self.coded.left[left_rows], self.coded.right[right_rows]
        missing, equal = (a < 0) | (b < 0), a == b
        if not len(self.coded.values):
            return first_reached([], missing)
        known = (self.days[a] != _NO_DAY) & (self.days[b] != _NO_DAY)
        apart = np.abs(np.where(known, self.days[a] - self.days[b], np.iinfo(np.int64).max))
        reached: list[tuple[int, BoolArray]] = [(i + 1, apart <= limit) for i, limit in enumerate(self.within_days)]
        if self.keying:
            reached.append((len(reached) + 1, self._keyed_wrong(a, b)))
        return first_reached([*reached, (len(reached) + 1, equal)], missing)

    def _keyed_wrong(self, a: Int32Array, b: Int32Array) -> BoolArray:
        """One digit differs, two neighbouring digits are exchanged, or day and month are."""
        one, two = self.packed[a], self.packed[b]
        n_differ = _differing_digits(one, two)
        near = np.flatnonzero((n_differ > 1) & (n_differ <= 4) & (one >> 16 == two >> 16) | (n_differ == 2))
        out = n_differ == 1
        out[near] = _exchanged(one[near], two[near])
        return np.asarray(out, dtype=bool)


def _differing_digits(one: UIntArray, two: UIntArray) -> Int8Array:
    """How many of the eight decimal digits, four bits each, differ."""
    differs = one ^ two
    differs |= differs >> 2
    differs |= differs >> 1
    return np.asarray(np.bitwise_count(differs & np.uint32(0x11111111)), dtype=np.int8)


def _exchanged(one: UIntArray, two: UIntArray) -> BoolArray:
    """Whether day and month, or two neighbouring digits, are exchanged."""
    head, low = np.uint32(0xFFFF0000), np.uint32(0xFF)
    out = two == (one & head | (one & low) << 8 | one >> 8 & low)
    for place in range(0, 28, 4):
        pair = np.uint32(0xFF << place)
        right, left = one >> place & np.uint32(0xF), one >> (place + 4) & np.uint32(0xF)
        out |= two == (one & ~pair | right << (place + 4) | left << place)
    return np.asarray(out, dtype=bool)


class DateComparison(Comparison):
    """
    Dates: equal; one keying error apart (a digit, two neighbours or day and month exchanged); near; else.

    For dates that are no birth dates, `keying_errors=False` and small `within_days` are the usual choice.
    """

    kind: Literal["date"] = Field("date", description="What this is.")
    within_days: tuple[int, ...] = Field((366, 31), description="Descending largest differences (days), each a level.")
    keying_errors: bool = Field(True, description="Whether one keying error is a level of its own, above nearness.")

    @model_validator(mode="after")
    def _descending(self) -> DateComparison:
        if (
            list(self.within_days) != sorted(set(self.within_days), reverse=True)
            or min(self.within_days, default=1) < 1
        ):
            raise ValueError("within_days: expected descending numbers of days, from 1")
        return self

    @property
    def level_names(self) -> tuple[str, ...]:
        near = tuple(f"within_{days}_days" for days in self.within_days)
        return ("else", *near, *(("keying_error",) if self.keying_errors else ()), "exact")

    def prepare(self, left: pa.Table, right: pa.Table) -> Prepared:
        coded = encode(*self.sides(left, right), standardise=date_digits)
        packed = np.array([int(value, 16) for value in coded.values], dtype=np.uint32)
        days = np.array([_day_number(value) for value in coded.values], dtype=np.int64)
        return _PreparedDate(coded, packed, days, self.within_days, self.keying_errors)


def _day_number(digits: str) -> int:
    try:
        return int(np.datetime64(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}", "D").astype(np.int64))
    except ValueError:
        return _NO_DAY
