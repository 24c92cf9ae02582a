"""What levels read of two tables: codes, texts, numbers, moments, sets, vectors; a wrong type is said so. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import FloatArray
from linkage.columns import Codes, Columns, Expression, Transform
from linkage.comparison.arrays import Collections, is_list, typed_codes
from linkage.comparison.measured import Measured, MeasureName
from linkage.comparison.numbers import numbers_of
from linkage.comparison.similar import Texts

__all__ = ["Sources", "WrongType", "stepped"]

_PARSING = {"date", "keyed_date", "try_parse_date", "try_parse_timestamp"}
_ENOUGH = 10  # distinct values of which none can be read: the column is of another kind

T = TypeVar("T")


class WrongType(UserError):
    """A level cannot work on the values of its column."""

    exit_code = ExitCode.SETTINGS


class Sources:
    """
    Columns as the levels of one comparison want them; each is made once.

    Args:
        columns: The tables.
        comparison: Name of the comparison, for messages.
    """

    def __init__(self, columns: Columns, comparison: str) -> None:
        self.columns, self.user = columns, f"comparison {comparison!r}"
        self._made: dict[object, Any] = {}

    def once(self, key: object, make: Callable[[], T]) -> T:
        """What was made under this key, or what `make` makes now."""
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found

    def codes(self, expression: Expression) -> Codes:
        """Distinct values as integers; a list counts as one value."""
        return self.once(("codes", expression), lambda: self._codes(expression))

    def exact(self, expression: Expression) -> Codes:
        """As `codes`, but the time of the day of timestamps counts."""
        kinds = [side.type for side in self._typed(expression)]
        if expression.transforms or not kinds or not all(map(pa.types.is_timestamp, kinds)):
            return self.codes(expression)
        return self.once(("exact", expression), lambda: self._coded(*(_written_out(s) for s in self.raw(expression))))

    def texts(self, expression: Expression) -> Texts:
        """The distinct values ready for string distances."""
        self._not_a_list(expression, "text")
        return self.once(("texts", expression), lambda: Texts.of(self.codes(expression).dictionary))

    def measured(self, expression: Expression, measure: MeasureName) -> Measured:
        """A string measure of the pairs of values, shared by the levels that have thresholds on it."""
        key = ("measured", expression, measure)
        return self.once(key, lambda: Measured(self.codes(expression), self.texts(expression), measure))

    def numbers(self, expression: Expression) -> tuple[FloatArray, FloatArray]:
        """Numbers of all left and all right rows, NaN where there is none."""
        return self.once(("numbers", expression), lambda: self._numbers(expression))

    def moments(self, expression: Expression, *, form: str | None, exact: bool) -> tuple[Codes, FloatArray]:
        """
        Codes, and `(n_values + 1,)` seconds since 1970 of each value, NaN where there is none and for missing (last).

        Args:
            expression: The column: dates, timestamps, or text.
            form: Format of text (strptime); None for ISO and German dates, ISO timestamps.
            exact: Whether the time of the day counts.
        """
        key = ("moments", expression, form, exact)
        return self.once(key, lambda: self._moments(expression, form, exact=exact))

    def collections(self, expression: Expression) -> Collections:
        """Lists as sets of codes; texts are split at blanks, commas, semicolons and bars."""
        return self.once(("collections", expression), lambda: self._collections(expression))

    def vectors(self, expression: Expression) -> tuple[FloatArray, FloatArray]:
        """Embeddings of unit length `(n_rows, n_dimensions)`, rows of NaN where there is none."""
        return self.once(("vectors", expression), lambda: self._vectors(expression))

    def row_values(self, column: str) -> tuple[Codes, pa.ChunkedArray]:
        """A column as it is typed: a code for each distinct value, and the values by code."""
        return self.once(("rows", column), lambda: self._row_values(column))

    def wrong(self, expression: Expression, wanted: str, remedy: str) -> WrongType:
        """The error that says what a column holds and what was expected."""
        kind = self.raw(expression)[0].type
        return WrongType(f"{self.user}: expected {wanted} in {expression.text!r}, it holds {kind}: {remedy}")

    def raw(self, expression: Expression) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
        """The columns as they are typed."""
        return self.columns.raw(expression, user=self.user)

    def _not_a_list(self, expression: Expression, wanted: str) -> None:
        if any(is_list(side.type) for side in self._typed(expression)):
            raise self.wrong(expression, wanted, "use a level for arrays (ArrayIntersectLevel, pairwise distance)")

    def _typed(self, expression: Expression) -> tuple[pa.ChunkedArray, ...]:
        if expression.transforms and expression.transforms[0].kind == "access_extreme_array_element":
            return ()
        return self.raw(expression) if expression.sql is None else ()

    def _codes(self, expression: Expression) -> Codes:
        if not any(is_list(side.type) for side in self._typed(expression)):
            *before, last = expression.transforms or (None,)
            if last is None or last.kind == "access_extreme_array_element":
                return self.columns.codes(expression, user=self.user)
            shorter = expression.model_copy(update={"transforms": tuple(before)})
            return stepped(self.codes(shorter), last)
        if expression.transforms:
            raise self.wrong(expression, "single values", "transforms of arrays go with levels for arrays")
        joined = [pc.binary_join(side.cast(pa.list_(pa.string())), "\x1f") for side in self.raw(expression)]
        return self._coded(joined[0], joined[1])

    def _coded(self, left: pa.ChunkedArray, right: pa.ChunkedArray) -> Codes:
        """Codes of texts that were made of the columns."""
        other = None if self.columns.within else pa.table({"x": right})
        return Columns(pa.table({"x": left}), other).codes(Expression(column="x"))

    def _numbers(self, expression: Expression) -> tuple[FloatArray, FloatArray]:
        sides = []
        for side in self._plain(expression):
            if is_list(side.type) or pa.types.is_temporal(side.type) or pa.types.is_boolean(side.type):
                raise self.wrong(expression, "numbers", "choose a level that fits (dates, arrays, exact)")
            numbers = numbers_of(side)
            if np.isnan(numbers).all() and len(pc.unique(side.drop_null())) >= _ENOUGH:
                raise self.wrong(expression, "numbers", "not one of its values is a number")
            sides.append(numbers)
        return sides[0], sides[-1]

    def _plain(self, expression: Expression) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
        """The column as it is typed, or the text that its transforms make of it."""
        if not expression.transforms:
            return self.raw(expression)
        codes = self.columns.codes(expression, user=self.user)
        return tuple(
            pa.chunked_array([codes.dictionary.take(pa.array(side, mask=side < 0))])
            for side in (codes.left, codes.right)
        )

    def _moments(self, expression: Expression, form: str | None, *, exact: bool) -> tuple[Codes, FloatArray]:
        kinds = [side.type for side in self._typed(expression)]
        if exact and not expression.transforms and kinds and all(map(pa.types.is_timestamp, kinds)):
            return _typed_moments(*self.raw(expression), within=self.columns.within)
        if not expression.transforms and not all(map(_has_dates, kinds)):
            raise self.wrong(expression, "dates, timestamps or text", "choose a level that fits")
        typed = not expression.transforms and bool(kinds) and all(map(pa.types.is_temporal, kinds))
        codes = self.codes(expression if typed else _parsed(expression, form, exact=exact))
        moments = np.array([*map(_moment, codes.values), np.nan])
        if np.isnan(moments).all() and len(self.codes(expression)) >= _ENOUGH:
            raise self.wrong(expression, "dates", "none of its values reads as one: give datetime_format")
        return codes, moments

    def _collections(self, expression: Expression) -> Collections:
        if expression.transforms and expression.sql is not None:
            raise self.wrong(expression, "a column of arrays", "no SQL")
        left, right = self.columns.raw(expression, user=self.user)
        for side in (left, right):
            if not (is_list(side.type) or pa.types.is_string(side.type) or pa.types.is_large_string(side.type)):
                raise self.wrong(expression, "arrays, or text that is a list", "choose a level for single values")
        return Collections.of(left, right, expression.transforms)

    def _vectors(self, expression: Expression) -> tuple[FloatArray, FloatArray]:
        sides = [_matrix(side) for side in self.raw(expression)]
        if any(side is None for side in sides) or len({side.shape[1] for side in sides if side is not None}) > 1:
            raise self.wrong(expression, "arrays of numbers, all of one length", "embed both tables by one model")
        return sides[0], sides[1]  # type: ignore[return-value]

    def _row_values(self, column: str) -> tuple[Codes, pa.ChunkedArray]:
        return typed_codes(*self.raw(Expression(column=column)), within=self.columns.within)


def stepped(codes: Codes, step: Transform) -> Codes:
    """What a further transform makes of the distinct values."""
    made = step.apply(codes.dictionary)
    present = pc.fill_null(pc.not_equal(made, ""), False)
    values = pc.unique(made.filter(present))
    values = values.take(pc.sort_indices(values))
    found = pc.index_in(pc.if_else(present, made, pa.scalar(None, pa.string())), value_set=values)
    remap = np.append(found.fill_null(-1).to_numpy(zero_copy_only=False), -1).astype(np.int32)
    left = remap[codes.left]
    return Codes(left, left if codes.right is codes.left else remap[codes.right], values)


def _has_dates(kind: pa.DataType) -> bool:
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    return bool(text or pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_null(kind))


def _parsed(expression: Expression, form: str | None, *, exact: bool) -> Expression:
    """Text as ISO dates or timestamps, unless it is parsed already."""
    if expression.transforms and expression.transforms[-1].kind in _PARSING:
        return expression
    if exact:
        return expression.try_parse_timestamp(form)
    return expression.try_parse_date(form) if form else expression.then("date")


def _moment(text: str) -> float:
    """Seconds since 1970 of an ISO date or timestamp, or of eight digits; NaN for what is none."""
    if text.isdecimal() and len(text) == 8:
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    try:
        return float(np.datetime64(text.replace(" ", "T"), "s").astype(np.int64))
    except ValueError:
        return float("nan")


def _typed_moments(left: pa.ChunkedArray, right: pa.ChunkedArray, *, within: bool) -> tuple[Codes, FloatArray]:
    """Timestamps to the microsecond; those with a zone by their moment."""
    codes, values = typed_codes(*(_plain_time(side) for side in (left, right)), within=within)
    seconds = values.cast(pa.int64()).to_numpy().astype(np.float64) / 1e6
    seconds[values.is_null().to_numpy()] = np.nan
    return codes, np.append(seconds, np.nan)


def _written_out(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return _plain_time(column).cast(pa.string())


def _plain_time(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.timestamp(column.type.unit), safe=False).cast(pa.timestamp("us"), safe=False)


def _matrix(column: pa.ChunkedArray) -> NDArray[np.float64] | None:
    """`(n_rows, n_dimensions)` rows of unit length; None if the lists are of several lengths or hold no numbers."""
    if not is_list(column.type) or not (
        pa.types.is_floating(column.type.value_type) or pa.types.is_integer(column.type.value_type)
    ):
        return None
    lists = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False), dtype=np.int64)
    there = lengths > 0
    width = int(lengths.max(initial=0))
    if (lengths[there] != width).any():
        return None
    out = np.full((len(lists), width), np.nan)
    values = np.asarray(pc.list_flatten(lists).to_numpy(zero_copy_only=False), dtype=np.float64)
    out[there] = values.reshape(-1, max(width, 1))[:, :width]
    norms = np.sqrt((out**2).sum(axis=1, keepdims=True))
    return np.asarray(out / np.where(norms == 0, np.nan, norms), dtype=np.float64)
