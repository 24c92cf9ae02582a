"""What can be made of a value before it is compared or blocked on. Works on distinct values. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.columns import sql
from linkage.columns.dates import date_digits, keyed_date, month_and_day
from linkage.columns.folding import fold, fold_all, name_parts
from linkage.columns.german import ags, code, ik, kvnr, plz
from linkage.columns.phonetic import cologne

__all__ = ["Kind", "Transform"]

Kind = Literal[
    "access_extreme_array_element",
    "ags",
    "cast_to_string",
    "code",
    "date",
    "first_letters",
    "first_part",
    "folded",
    "ik",
    "keyed_date",
    "kvnr",
    "last_letters",
    "lower",
    "month_day",
    "name",
    "nullif",
    "phonetic",
    "plz",
    "regex_extract",
    "substr",
    "try_parse_date",
    "try_parse_timestamp",
    "year",
]

# kind -> types of its arguments, and those that are taken where none are given
_ARGUMENTS: dict[Kind, tuple[tuple[type, ...], tuple[str | int, ...]]] = {
    "access_extreme_array_element": ((str,), ("first",)),
    "first_letters": ((int,), (4,)),
    "last_letters": ((int,), (4,)),
    "nullif": ((str,), ("",)),
    "regex_extract": ((str, int), (".*", 0)),
    "substr": ((int, int), (1, 1)),
    "try_parse_date": ((str,), ("",)),
    "try_parse_timestamp": ((str,), ("",)),
}


class Transform(BaseModel):
    """
    One step from a value to what is compared.

    Ours: folded (one German spelling), first_letters and last_letters (n; of the folded text without blanks),
    first_part (of a name, without particles), phonetic (Cologne), date, year, month_day (in ascending order), name
    (folded, without particles), keyed_date (a date, letters read for digits kept), and kvnr, ik, plz, ags, code
    (German numbers and keys; missing where a check digit or the shape is wrong). Splink's:
    lower, substr (start, length), nullif (text), regex_extract (pattern, group), cast_to_string, try_parse_date and
    try_parse_timestamp (format; "" = ISO), access_extreme_array_element ("first" or "last").
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(description="What is done.")
    arguments: tuple[int | str, ...] = Field((), description="With what, in the order in which the kind names them.")

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, given: Any) -> Any:
        return {"kind": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _arguments_fit(self) -> Transform:
        types, usual = _ARGUMENTS.get(self.kind, ((), ()))
        if len(self.arguments) > len(types):
            raise ValueError(f"{self.kind}: expected at most {len(types)} arguments")
        filled = (*self.arguments, *usual[len(self.arguments) :])
        if not all(isinstance(value, wanted) for value, wanted in zip(filled, types, strict=True)):
            raise ValueError(f"{self.kind}: expected arguments of the types {', '.join(t.__name__ for t in types)}")
        if self.kind in {"first_letters", "last_letters"} and int(filled[0]) < 1:
            raise ValueError(f"{self.kind}: expected at least 1 letter")
        if self.kind == "access_extreme_array_element" and filled[0] not in {"first", "last"}:
            raise ValueError("access_extreme_array_element: expected 'first' or 'last'")
        object.__setattr__(self, "arguments", filled)
        return self

    def around(self, text: str) -> str:
        """The expression `text` with this step around it, as names of rules show it."""
        shown = [repr(a) if isinstance(a, str) else str(a) for a in self.arguments if a != ""]
        return f"{self.kind}({', '.join([text, *shown])})"

    def apply(self, values: pa.Array) -> pa.Array:
        """
        The step on texts.

        Args:
            values: `(n,)` strings.

        Returns:
            `(n,)` strings; null or "" where nothing is left.
        """
        if self.kind in _EACH:
            return _each(values, _EACH[self.kind])
        return _WHOLE[self.kind](values, *self.arguments)


def _each(values: pa.Array, function: Callable[[str], str]) -> pa.Array:
    return pa.array([None if text is None else function(text) for text in values.to_pylist()], pa.string())


def _first_part(text: str) -> str:
    return next(iter(name_parts(fold(text))), "")


def _year(text: str) -> str:
    return date_digits(text)[:4]


_EACH: dict[Kind, Callable[[str], str]] = {
    "ags": ags,
    "code": code,
    "date": date_digits,
    "first_part": _first_part,
    "ik": ik,
    "keyed_date": keyed_date,
    "kvnr": kvnr,
    "month_day": month_and_day,
    "phonetic": cologne,
    "plz": plz,
    "year": _year,
}


def _letters(values: pa.Array) -> pa.Array:
    return pc.replace_substring(fold_all(values), pattern=" ", replacement="")


def _names(values: pa.Array) -> pa.Array:
    """Folded, without particles: only names of several parts have any."""
    folded = fold_all(values)
    several = pc.fill_null(pc.match_substring(folded, " "), False)
    bare = pa.array([" ".join(name_parts(text)) for text in folded.filter(several).to_pylist()], pa.string())
    return pc.replace_with_mask(folded, several, bare)


def _first_letters(values: pa.Array, length: int) -> pa.Array:
    return pc.utf8_slice_codeunits(_letters(values), start=0, stop=length)


def _last_letters(values: pa.Array, length: int) -> pa.Array:
    return pc.utf8_slice_codeunits(_letters(values), start=-length)


def _substr(values: pa.Array, start: int, length: int) -> pa.Array:
    return _by_sql(values, f"substr(x, {start}, {length})")


def _nullif(values: pa.Array, unwanted: str) -> pa.Array:
    return pc.if_else(pc.equal(values, unwanted), pa.scalar(None, pa.string()), values)


def _regex_extract(values: pa.Array, pattern: str, group: int) -> pa.Array:
    return _by_sql(values, f"regexp_extract(x, {sql.literal(pattern)}, {group})")


def _parsed_date(values: pa.Array, form: str) -> pa.Array:
    return _by_sql(values, f"try_strptime(x, {sql.literal(form)})::date" if form else "try_cast(x as date)")


def _parsed_timestamp(values: pa.Array, form: str) -> pa.Array:
    return _by_sql(values, f"try_strptime(x, {sql.literal(form)})" if form else "try_cast(x as timestamp)")


def _unchanged(values: pa.Array, *_: str) -> pa.Array:
    return values


def _by_sql(values: pa.Array, expression: str) -> pa.Array:
    found = sql.scalar(pa.table({"x": values}), f"cast({expression} as varchar)").cast(pa.string())
    return pa.concat_arrays(found.chunks) if found.num_chunks else pa.array([], pa.string())


_WHOLE: dict[Kind, Callable[..., pa.Array]] = {
    "access_extreme_array_element": _unchanged,  # taken of the column itself, before it is encoded
    "cast_to_string": _unchanged,
    "first_letters": _first_letters,
    "folded": fold_all,
    "last_letters": _last_letters,
    "lower": pc.utf8_lower,
    "name": _names,
    "nullif": _nullif,
    "regex_extract": _regex_extract,
    "substr": _substr,
    "try_parse_date": _parsed_date,
    "try_parse_timestamp": _parsed_timestamp,
}
