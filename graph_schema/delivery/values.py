"""
Typed values out of delivered text, each with what was wrong with it. Pure.

A parser turns a string column into values and reasons. It works on the distinct strings, so that a
column of a million dates costs some thousand parses. Reasons never hold the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "Parsed",
    "Parser",
    "choice",
    "day",
    "decimal_number",
    "distinct_parser",
    "ik_is_valid",
    "moment",
    "pattern",
    "whole_number",
]

_FIRST_YEAR = 1900
_DAY = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[ T]00:00(?::00(?:\.0+)?)?)?|(\d{4})(\d{2})(\d{2})|(\d{2})\.(\d{2})\.(\d{4})"
)
_MOMENT = re.compile(
    r"(?:(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?"
    r"|(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
    r"|(\d{2})\.(\d{2})\.(\d{4})[ ,]+(\d{2}):(\d{2})(?::(\d{2}))?)"
)
_WHOLE = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Parsed:
    """Values (null where none could be read) and, for each bad one, why; both `(n_rows,)`."""

    values: pa.Array
    reasons: pa.Array


Parser = Callable[[pa.Array], Parsed]


def distinct_parser(kind: pa.DataType, read: Callable[[str], object]) -> Parser:
    """A parser that calls `read` once for each distinct string; ValueError's text is the reason."""

    def parse(column: pa.Array) -> Parsed:
        coded = pc.dictionary_encode(column)
        values: list[object] = []
        reasons: list[str | None] = []
        for text in coded.dictionary.to_pylist():
            try:
                values.append(read(text))
                reasons.append(None)
            except ValueError as error:
                values.append(None)
                reasons.append(str(error))
        return Parsed(
            pa.array(values, kind).take(coded.indices),
            pa.array(reasons, pa.string()).take(coded.indices),
        )

    return parse


def day(*, today: date) -> Parser:
    """
    Dates as YYYY-MM-DD, YYYYMMDD or DD.MM.YYYY.

    Impossible dates, dates before 1900 and dates after `today` are bad.
    """

    def read(text: str) -> date:
        found = _DAY.fullmatch(text)
        if found is None:
            raise ValueError("not a date (YYYY-MM-DD, YYYYMMDD or DD.MM.YYYY)")
        g = found.groups()
        year, month, of_month = (g[0], g[1], g[2]) if g[0] else (g[3], g[4], g[5]) if g[3] else (g[8], g[7], g[6])
        try:
            result = date(int(year), int(month), int(of_month))
        except ValueError:
            raise ValueError("impossible date") from None
        _check_range(result, today)
        return result

    return distinct_parser(pa.date32(), read)


def moment(*, today: date) -> Parser:
    """
    Local times as YYYYmmddHHMM, YYYY-MM-DD HH:MM[:SS] or DD.MM.YYYY HH:MM[:SS]; seconds may be missing.

    Impossible times, times before 1900 and times after the end of `today` are bad.
    """

    def read(text: str) -> datetime:
        found = _MOMENT.fullmatch(text)
        if found is None:
            raise ValueError("not a time (YYYYmmddHHMM, YYYY-MM-DD HH:MM or DD.MM.YYYY HH:MM)")
        g = found.groups(default="0")
        if found[1]:
            parts = g[0:6]
        elif found[7]:
            parts = g[6:12]
        else:
            parts = (g[14], g[13], g[12], *g[15:18])
        try:
            result = datetime(*map(int, parts))  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            raise ValueError("impossible time") from None
        _check_range(result.date(), today)
        return result

    return distinct_parser(pa.timestamp("s"), read)


def _check_range(found: date, today: date) -> None:
    if found > today:
        raise ValueError("date in the future")
    if found.year < _FIRST_YEAR:
        raise ValueError(f"date before {_FIRST_YEAR}")


def decimal_number(
    *, mark: str = ".", minimum: float | None = None, maximum: float | None = None, exclusive: bool = False
) -> Parser:
    """
    Decimal numbers with the declared decimal mark; no thousands marks, so that 1.234 is never read as 1234.

    Args:
        mark: `.` or `,`.
        minimum: Smallest possible value.
        maximum: Largest possible value.
        exclusive: Whether `minimum` itself is impossible.
    """

    def read(text: str) -> float:
        if mark == "," and "." in text:
            raise ValueError("not a number with decimal comma")
        plain = text.replace(",", ".") if mark == "," else text
        if _NUMBER.fullmatch(plain) is None:
            raise ValueError("not a number" + (" with decimal point" if "," in text else ""))
        result = float(plain)
        too_small = minimum is not None and (result <= minimum if exclusive else result < minimum)
        if not math.isfinite(result) or too_small or (maximum is not None and result > maximum):
            raise ValueError("number out of its possible range")
        return result

    return distinct_parser(pa.float64(), read)


def whole_number(kind: pa.DataType, *, minimum: int, maximum: int) -> Parser:
    """Whole numbers from `minimum` to `maximum`; `12,0` and `12.0` are taken as 12."""

    def read(text: str) -> int:
        plain = re.sub(r"[.,]0+$", "", text)
        if _WHOLE.fullmatch(plain) is None:
            raise ValueError("not a whole number")
        result = int(plain)
        if not minimum <= result <= maximum:
            raise ValueError("number out of its possible range")
        return result

    return distinct_parser(kind, read)


def choice(words: Mapping[str, str], *, wanted: str) -> Parser:
    """One of a fixed set of words, written in any case, as the study's word for it."""
    lower = {word.casefold(): meaning for word, meaning in words.items()}

    def read(text: str) -> str:
        try:
            return lower[text.casefold()]
        except KeyError:
            raise ValueError(f"expected {wanted}") from None

    return distinct_parser(pa.string(), read)


def pattern(expression: str, *, wanted: str) -> Parser:
    """Text of a fixed form, taken as it is."""
    compiled = re.compile(expression)

    def read(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(f"expected {wanted}")
        return text

    return distinct_parser(pa.string(), read)


def ik_is_valid(text: str) -> bool:
    """
    Whether an institution number (IK) has nine digits and the right check digit.

    Digits 3 to 8 count, weighted 2 and 1 from the left, digit sums, modulo 10.
    Source: GKV-Spitzenverband, Gemeinsames Rundschreiben Institutionskennzeichen, section 1.5.

    >>> ik_is_valid("260326822"), ik_is_valid("260326823")
    (True, False)
    """
    if len(text) != 9 or not (text.isascii() and text.isdigit()):
        return False
    total = 0
    for place, digit in enumerate(text[2:8]):
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += product // 10 + product % 10
    return total % 10 == int(text[8])
