"""Levels on dates and times: how far apart, keyed wrong, a default in place of a birthday. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from linkage.arrays import BoolArray, FloatArray, Int8Array, Int32Array, IntArray
from linkage.columns import Codes, Expression
from linkage.comparison.base import Near
from linkage.comparison.levels.base import Bound, ColumnField, Level
from linkage.comparison.pairs import Pairs
from linkage.comparison.sources import Sources

__all__ = ["DefaultDateLevel", "KeyingErrorLevel", "Metric", "TimeDifferenceLevel"]

Metric = Literal["second", "minute", "hour", "day", "month", "year"]
_Digits: TypeAlias = NDArray[np.uint32]  # dates as eight decimal digits, four bits each

_SECONDS: dict[Metric, float] = {  # months and years as Splink has them: elapsed time, no calendar
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86_400.0,
    "month": 86_400.0 * 365.25 / 12,
    "year": 86_400.0 * 365.25,
}
_DAY = 86_400.0
_MOST_DAYS = 1 << 30
_UNREADABLE = 0xF  # in place of a digit


@dataclass(frozen=True, slots=True)
class _Apart(Bound):
    """
    Attributes:
        codes: The moments.
        seconds: `(n_values + 1,)` of each, NaN where there is none.
        most: Largest difference (s).
        days: Whole days of all left and all right rows; None where there are parts of days.
    """

    codes: Codes
    seconds: FloatArray
    most: float
    days: Callable[[], tuple[Int32Array, Int32Array] | None]

    cost: ClassVar[int] = 1

    def reached(self, pairs: Pairs) -> BoolArray:
        (apart,) = pairs.kept(("apart", id(self.seconds)), lambda: (self._apart(pairs),))
        return np.asarray(apart <= self.most, dtype=bool)

    def _apart(self, pairs: Pairs) -> FloatArray:
        a, b = pairs.codes(self.codes)
        apart = self.seconds[a]
        apart -= self.seconds[b]
        return np.asarray(np.abs(apart, out=apart), dtype=np.float64)

    def absent(self, pairs: Pairs) -> BoolArray:
        a, b = pairs.codes(self.codes)
        return np.asarray(np.isnan(self.seconds[a]) | np.isnan(self.seconds[b]), dtype=bool)

    def near(self) -> Near | None:
        days = self.days()
        return None if days is None else Near(*days, int(min(self.most // _DAY, _MOST_DAYS)))


def _days(codes: Codes, seconds: FloatArray) -> tuple[Int32Array, Int32Array] | None:
    """Days of all rows from the first day on, -1 where there is none."""
    there = ~np.isnan(seconds)
    first = seconds[there].min(initial=np.inf)
    days = np.where(there, seconds - first, -_DAY) / _DAY
    if (days % 1).any() or days.max(initial=0.0) > _MOST_DAYS:
        return None
    numbers = days.astype(np.int32)
    left = numbers[codes.left]
    return left, left if codes.right is codes.left else numbers[codes.right]


class TimeDifferenceLevel(Level):
    """Two dates or moments that lie at most so much time apart; a month is a twelfth of 365.25 days."""

    kind: Literal["time_difference"] = Field("time_difference", description="What this is.")
    column: ColumnField = Field(description="The column: dates, timestamps, or text.")
    threshold: float = Field(ge=0, description="Largest difference, in units of `metric`.")
    metric: Metric = Field("day", description="second, minute, hour, day, month or year.")
    datetime_format: str | None = Field(
        None, description="Format of text (strptime); None reads ISO and German dates, ISO timestamps."
    )
    exact_time: bool = Field(False, description="Whether the time of the day counts; else whole days.")

    @property
    def short(self) -> str:
        unit = self.metric if self.threshold == 1 and self.metric != "day" else f"{self.metric}s"
        return f"within_{self.threshold:g}_{unit}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        codes, seconds = sources.moments(self.column, form=self.datetime_format, exact=self.exact_time)
        days = sources.once(("days", id(seconds)), lambda: cache(partial(_days, codes, seconds)))
        return _Apart(codes, seconds, self.threshold * _SECONDS[self.metric], days)


@dataclass(frozen=True, slots=True)
class _KeyedWrong(Bound):
    codes: Codes
    packed: _Digits
    errors: frozenset[str]

    cost: ClassVar[int] = 1

    def reached(self, pairs: Pairs) -> BoolArray:
        a, b = pairs.codes(self.codes)
        out = np.zeros(len(a), dtype=bool)
        there = np.flatnonzero(((a | b) >= 0) & (a != b))
        one, two = (
            (self.packed[a], self.packed[b]) if len(there) == len(a) else (self.packed[a[there]], self.packed[b[there]])
        )
        n_differ = _differing_digits(one, two)
        hit = (n_differ == 1) if "digit" in self.errors else np.zeros(len(one), dtype=bool)
        if "neighbours" in self.errors:
            near = np.flatnonzero(n_differ == 2)
            hit[near] |= _neighbours(one[near], two[near])
        if "day_month" in self.errors:
            near = np.flatnonzero((n_differ > 1) & (n_differ <= 4) & (one >> 16 == two >> 16))
            hit[near] |= _day_and_month(one[near], two[near])
        out[there] = hit
        return out

    def absent(self, pairs: Pairs) -> BoolArray:
        return pairs.absent(self.codes)


def _differing_digits(one: _Digits, two: _Digits) -> Int8Array:
    """How many of the eight decimal digits, four bits each, differ."""
    differs = one ^ two
    differs |= differs >> 2
    differs |= differs >> 1
    return np.asarray(np.bitwise_count(differs & np.uint32(0x11111111)), dtype=np.int8)


def _day_and_month(one: _Digits, two: _Digits) -> BoolArray:
    """Whether day and month are exchanged."""
    head, low = np.uint32(0xFFFF0000), np.uint32(0xFF)
    return np.asarray(two == (one & head | (one & low) << 8 | one >> 8 & low), dtype=bool)


def _neighbours(one: _Digits, two: _Digits) -> BoolArray:
    """Whether two neighbouring digits are exchanged."""
    out = np.zeros(len(one), dtype=bool)
    for place in range(0, 28, 4):
        pair = np.uint32(0xFF << place)
        right, left = one >> place & np.uint32(0xF), one >> (place + 4) & np.uint32(0xF)
        out |= two == (one & ~pair | right << (place + 4) | left << place)
    return out


class KeyingErrorLevel(Level):
    """
    Dates that one keying error explains: a wrong digit, two neighbours exchanged, day and month exchanged.

    Dates in which letters stand for digits (O for 0, as text recognition gives them) are compared digit by digit too.
    """

    kind: Literal["keying_error"] = Field("keying_error", description="What this is.")
    column: ColumnField = Field(description="The column: dates, or text with ISO or German dates.")
    errors: tuple[Literal["digit", "neighbours", "day_month"], ...] = Field(
        ("digit", "neighbours", "day_month"), min_length=1, description="Which errors count."
    )

    @property
    def short(self) -> str:
        return "swapped_day_month" if self.errors == ("day_month",) else "keying_error"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        keyed = any(step.kind in {"keyed_date", "date"} for step in self.column.transforms)
        codes = sources.codes(self.column if keyed else self.column.then("keyed_date"))
        packed = sources.once(("packed", id(codes)), lambda: _packed(codes))
        return _KeyedWrong(codes, packed, frozenset(self.errors))


def _packed(codes: Codes) -> _Digits:
    """Eight digits of each date; another character is a digit that equals only itself."""
    return np.array(
        [sum((int(c) if c.isdecimal() else _UNREADABLE) << 4 * (7 - i) for i, c in enumerate(v)) for v in codes.values],
        dtype=np.uint32,
    )


@dataclass(frozen=True, slots=True)
class _Default(Bound):
    codes: Codes
    years: IntArray
    default: BoolArray

    cost: ClassVar[int] = 1

    def reached(self, pairs: Pairs) -> BoolArray:
        a, b = pairs.codes(self.codes)
        same = self.years[a] == self.years[b]
        return np.asarray(same & (self.default[a] | self.default[b]) & ((a | b) >= 0), dtype=bool)

    def absent(self, pairs: Pairs) -> BoolArray:
        return pairs.absent(self.codes)


class DefaultDateLevel(Level):
    """The same year, and one side has a day that stands for an unknown one: 1 January, 15 June, the 0 of 00."""

    kind: Literal["default_date"] = Field("default_date", description="What this is.")
    column: ColumnField = Field(description="The column: dates, or text with ISO or German dates.")
    defaults: tuple[str, ...] = Field(
        ("0101", "0000"), min_length=1, description="Month and day (MMDD) that are entered where the day is unknown."
    )

    @property
    def short(self) -> str:
        return "default_date"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        dated = any(step.kind in {"keyed_date", "date"} for step in self.column.transforms)
        codes = sources.codes(self.column if dated else self.column.then("date"))
        years = np.array([*(int(v[:4]) if v[:4].isdecimal() else -2 - i for i, v in enumerate(codes.values)), -1])
        default = np.array([*(v[4:] in self.defaults for v in codes.values), False], dtype=bool)
        return _Default(codes, years.astype(np.int64), default)
