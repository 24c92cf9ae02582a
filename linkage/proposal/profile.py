"""What a column holds, recognised by its content. Opens nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa

from linkage.columns import Codes, encode
from linkage.columns.dates import date_digits
from linkage.columns.folding import fold
from linkage.comparison.codes import looks_like_codes

__all__ = ["ColumnKind", "ColumnProfile", "find_id", "profile"]

_SAMPLE = 4000  # distinct values looked at; evenly spread over the sorted ones
_MOST = 0.9
_LONGEST_PLACE_CODE = 6  # digits; a telephone number has more
_SEX = frozenset("m f w d u x 1 2 9 male female mann frau maennlich weiblich divers unbekannt unknown other".split())  # noqa: SIM905
_DIGITS = re.compile(r"\d+")
_DECIMAL = re.compile(r"[+-]?\d+[.,]\d+|[+-]?\d+")
_ID_HEADER = re.compile(
    r"(^|[\W_])(u?id|uuid|nr|no|key|number|nummer)$"
    r"|(akten|case|daten|entity|fall|pat(ient(en)?)?|pers(on(en)?)?|proband(en)?|rec(ord)?|row|satz|simulant|subject)"
    r"(id|key|kennung|nr|no|number|nummer|zeichen)$",
    re.IGNORECASE,
)
_OF_A_PERSON = re.compile(  # unique, and no record's name: written into the links it would tell who somebody is
    r"account|ausweis|fax|haus|house|iban|insur|konto|kvnr|mail|mobil|national|nhs|pass|phone|social|sozial|ssn|steuer"
    r"|tax|tel|versich",
    re.IGNORECASE,
)


class ColumnKind(StrEnum):
    """What kind of thing a column holds."""

    ROW_ID = "row_id"
    CONSTANT = "constant"
    SEX = "sex"
    DATE = "date"
    YEAR = "year"
    CODE_SET = "code_set"
    IDENTIFIER = "identifier"
    EMAIL = "email"
    PLACE_CODE = "place_code"
    SHORT_NUMBER = "short_number"
    DECIMAL = "decimal"
    CATEGORY = "category"
    NAME = "name"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """
    What is known of a column of both tables.

    Attributes:
        column: Its name on the left.
        right_column: Its name on the right.
        kind: What it holds.
        n_distinct: Distinct values of both tables.
        present: Share of rows with a value.
        chance: Probability that two random values are equal.
    """

    column: str
    right_column: str
    kind: ColumnKind
    n_distinct: int
    present: float
    chance: float


def profile(left: pa.Table, right: pa.Table, *, column: str, right_column: str, within: bool) -> ColumnProfile:
    """
    Look at a column of both tables.

    Args:
        left: The left table.
        right: The right table; the same where `within`.
        column: Its name on the left.
        right_column: Its name on the right.
        within: Whether duplicates of one table are sought.
    """
    a, b = left.column(column), right.column(right_column)
    listed = pa.types.is_list(a.type) or pa.types.is_large_list(a.type)
    if listed:
        return ColumnProfile(column, right_column, ColumnKind.CODE_SET, 0, 1 - a.null_count / max(len(a), 1), 0.0)
    coded = encode(a, b)
    counts = coded.counts()
    n_rows, present = len(coded.left), int(counts[0].sum())
    if not within:
        n_rows, present = n_rows + len(coded.right), present + int(counts[1].sum())
    shares = coded.pooled_shares()
    kind = ColumnKind.ROW_ID if _names_rows(coded, within=within) else _kind(coded, present=present)
    return ColumnProfile(
        column, right_column, kind, len(coded.values), present / max(n_rows, 1), float((shares * shares).sum())
    )


def _names_rows(coded: Codes, *, within: bool) -> bool:
    """
    Whether values only number the rows of each table.

    They do if every row of each has its own and the tables share next to none, or if both count up without gaps.
    """
    left, right = coded.counts()
    everyone = bool((coded.left >= 0).all() and (coded.right >= 0).all())
    if not everyone or left.max(initial=0) > 1 or right.max(initial=0) > 1:
        return False
    if within:
        return True
    shared = int(((left > 0) & (right > 0)).sum())
    return shared < 0.01 * min(len(coded.left), len(coded.right)) or (
        _counts_up(coded, left) and _counts_up(coded, right)
    )


def _counts_up(coded: Codes, counts: np.ndarray) -> bool:
    return _count_up([coded.values[i] for i in np.flatnonzero(counts)])


def _count_up(values: list[str]) -> bool:
    if not all(value.isdigit() and len(value) < 10 for value in values):
        return False
    numbers = [int(value) for value in values]
    return max(numbers) - min(numbers) + 1 == len(numbers) and min(numbers) in {0, 1}


def _kind(coded: Codes, *, present: int) -> ColumnKind:
    step = max(1, len(coded.values) // _SAMPLE)
    values = coded.values[::step]
    n_distinct = len(coded.values)
    if n_distinct < 2:
        return ColumnKind.CONSTANT
    if n_distinct <= 6 and {fold(value) for value in values} <= _SEX:
        return ColumnKind.SEX
    if _share(values, _is_date) >= _MOST:
        return ColumnKind.DATE
    if _share(values, lambda text: bool(_DIGITS.fullmatch(text))) >= _MOST:
        return _kind_of_digits(values, n_distinct=n_distinct, present=present)
    if _share(values, lambda text: bool(_DECIMAL.fullmatch(text))) >= _MOST:
        return ColumnKind.DECIMAL
    if _share(values, lambda text: "@" in text) >= _MOST:
        return ColumnKind.EMAIL
    if _share(values, looks_like_codes) >= _MOST:
        return ColumnKind.CODE_SET
    if n_distinct <= 30 and present / n_distinct >= 5:
        return ColumnKind.CATEGORY
    if _share(values, lambda text: any(c.isdigit() for c in text)) >= 0.5 and n_distinct > 0.3 * present:
        return ColumnKind.IDENTIFIER if _share(values, lambda text: " " not in text) >= _MOST else ColumnKind.TEXT
    one_word = _share(values, lambda text: len(text.split()) <= 1 and not any(c.isdigit() for c in text))
    return ColumnKind.NAME if one_word >= 0.75 else ColumnKind.TEXT


def _kind_of_digits(values: tuple[str, ...], *, n_distinct: int, present: int) -> ColumnKind:
    longest = max(map(len, values))
    one_length = _share(values, lambda text: len(text) == longest) >= _MOST
    if one_length and longest == 4 and _share(values, lambda text: 1880 <= int(text) <= 2100) >= _MOST:
        return ColumnKind.YEAR
    if longest >= 6 and n_distinct > 0.3 * present:
        return ColumnKind.IDENTIFIER
    if 3 <= longest <= _LONGEST_PLACE_CODE and one_length and n_distinct > 30:
        return ColumnKind.PLACE_CODE
    if longest > _LONGEST_PLACE_CODE and one_length and n_distinct > 30:
        return ColumnKind.IDENTIFIER
    return ColumnKind.SHORT_NUMBER


def _share(values: tuple[str, ...], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, values)) / len(values)


def _is_date(text: str) -> bool:
    digits = date_digits(text)
    return bool(digits) and 1850 <= int(digits[:4]) <= 2100 and int(digits[4:6]) <= 39


def find_id(table: pa.Table) -> str | None:
    """
    The column whose values name the rows: present and different everywhere, and called so or merely counting up.

    Ids are written into the results, so a name, an insurance number or a free text is none, however unique.
    """
    unique = [name for name in table.column_names if _is_unique(table.column(name))]
    called = [name for name in unique if _ID_HEADER.search(name.strip()) and not _OF_A_PERSON.search(name)]
    counting = [name for name in unique if _numbers_rows(table.column(name))]
    return next(iter([*called, *counting]), None)


def _numbers_rows(column: pa.ChunkedArray) -> bool:
    values = [str(value) for value in column.to_pylist()]
    return len(values) > 1 and _count_up(values)


def _is_unique(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return False
    return len(column) > 0 and column.null_count == 0 and len(column.unique()) == len(column)
