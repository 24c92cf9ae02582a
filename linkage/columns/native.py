"""The SQL expressions people block on most, by Arrow: nothing is parsed and no database is loaded. Opens nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["by_arrow", "simple_column"]

_CALL = re.compile(r"\s*(\w+)\s*\(\s*([A-Za-z_]\w*)\s*((?:,\s*(?:-?\d+|'[^']*')\s*)*)\)\s*")
_NUMBERS = re.compile(r"\s*,\s*(\d+)\s*,\s*(\d+)\s*")


def simple_column(sql: str) -> str | None:
    """
    The column of a function of one column and constants; None for anything else.

    >>> simple_column("substr(surname, 1, 4)"), simple_column("a || b")
    ('surname', None)
    """
    found = _CALL.fullmatch(sql)
    return found.group(2) if found else None


def by_arrow(values: pa.Array, sql: str) -> pa.Array | None:
    """
    `lower`, `upper`, `substr` and `substring` of text (from place 1 on), `year` of a date, as DuckDB evaluates them.

    Args:
        values: `(n,)` the values of its one column.
        sql: The expression.

    Returns:
        `(n,)`; None where DuckDB has to be asked.
    """
    found = _CALL.fullmatch(sql)
    if found is None:
        return None
    name, constants = found.group(1).lower(), found.group(3)
    if pa.types.is_string(values.type):
        if name in _OF_TEXT and not constants:
            return _OF_TEXT[name](values)
        numbers = _NUMBERS.fullmatch(constants)
        if name in {"substr", "substring"} and numbers and int(numbers.group(1)) >= 1:
            start = int(numbers.group(1)) - 1
            return pc.utf8_slice_codeunits(values, start=start, stop=start + int(numbers.group(2)))
    if pa.types.is_date32(values.type) and name == "year" and not constants:
        return pc.year(values)
    return None


_OF_TEXT: dict[str, Callable[[pa.Array], pa.Array]] = {"lower": pc.utf8_lower, "upper": pc.utf8_upper}
