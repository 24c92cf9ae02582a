"""
From bytes to records: which physical lines are records, which records span lines, which lines are broken.

The lines that are plainly well-formed (all of them, in most files) stay together as one buffer for the
fast reader. A line whose quotes are not plainly closed is read by hand: it is a record over several lines
if closing quotes and the number of fields say so, and otherwise it alone is rejected, so that a stray
quote never swallows the good lines after it. Opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Lines", "split_header", "split_lines", "split_record"]

_LF, _CR, _QUOTE = 10, 13, 34
_MOST_LINES_OF_A_RECORD = 200


@dataclass(frozen=True, slots=True)
class Lines:
    """
    The body of a text file, taken apart.

    `plain` holds the well-formed lines, `plain_rows` (n_plain,) the line number of each; `by_hand` the
    records read one at a time as (line number, fields); `broken` the lines that are no record, with why.
    """

    plain: bytes
    plain_rows: npt.NDArray[np.int64]
    by_hand: list[tuple[int, list[str]]]
    broken: list[tuple[int, str]]
    longest: int


def split_header(data: bytes) -> tuple[bytes, int]:
    """The first line, and where the body begins. A header never spans lines."""
    end = data.find(b"\n")
    return (data.rstrip(b"\r"), len(data)) if end < 0 else (data[:end].rstrip(b"\r"), end + 1)


def split_record(text: str, separator: str) -> list[str] | None:
    """
    The fields of one record; None if its last quote is still open.

    Raises:
        ValueError: If something other than a separator follows a closing quote.

    >>> split_record('1;"a;b";c', ";")
    ['1', 'a;b', 'c']
    """
    fields, at = [], 0
    while True:
        if text[at : at + 1] == '"':
            field, at = _quoted(text, at)
            if at < 0:
                return None
            if at < len(text) and text[at] != separator:
                raise ValueError("text after a closing quote")
        else:
            end = text.find(separator, at)
            end = len(text) if end < 0 else end
            field, at = text[at:end], end
        fields.append(field)
        if at >= len(text):
            return fields
        at += 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The field that opens at `at` and the position after its closing quote; -1 if it never closes."""
    start = at + 1
    while True:
        end = text.find('"', start)
        if end < 0:
            return "", -1
        if text[end + 1 : end + 2] != '"':
            return text[at + 1 : end].replace('""', '"'), end + 1
        start = end + 2


def split_lines(data: bytes, *, start: int, separator: str, n_fields: int) -> Lines:
    """
    Take the body of `data`, which begins at byte `start` on line 2, apart into records.

    Args:
        data: UTF-8 bytes.
        start: First byte of the body.
        separator: One ASCII character.
        n_fields: Fields of the header, which every record must have.
    """
    body = data[start:] if data.endswith(b"\n") or start >= len(data) else data[start:] + b"\n"
    marks = np.frombuffer(body, dtype=np.uint8)
    ends = np.flatnonzero(marks == _LF).astype(np.int64)
    starts = np.concatenate([np.zeros(min(1, len(ends)), dtype=np.int64), ends[:-1] + 1])
    taken = _blank(marks, starts, ends)
    broken: list[tuple[int, str]] = []
    for line in np.unique(np.searchsorted(ends, np.flatnonzero(marks == 0))):
        taken[line] = True
        broken.append((int(line) + 2, "holds a NUL byte"))
    shape = _Shape(body, starts, ends, separator, n_fields)
    suspects = np.union1d(_suspects(marks, ends, separator), _with_inner_return(marks, ends))
    by_hand = _read_suspects(shape, suspects, taken, broken)
    longest = int((ends - starts).max()) if len(ends) else 0
    return Lines(_kept(body, starts, ends, taken), np.flatnonzero(~taken) + 2, by_hand, sorted(broken), longest)


def _blank(
    marks: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Lines that hold nothing, or nothing but a carriage return: no records."""
    length = ends - starts
    # A line of length 0 starts at its own line feed, so that `starts` is always a valid place.
    blank: npt.NDArray[np.bool_] = (length == 0) | ((length == 1) & (marks[starts] == _CR))
    return blank


def _suspects(marks: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64], separator: str) -> npt.NDArray[np.int64]:
    """Lines with a quote that does not plainly open or close a field, or that is never closed."""
    quotes = np.flatnonzero(marks == _QUOTE)
    if not len(quotes):
        return quotes.astype(np.int64)
    line = np.searchsorted(ends, quotes)
    first = np.searchsorted(line, line, side="left")
    opens = (np.arange(len(quotes)) - first) % 2 == 0
    before = np.where(quotes > 0, marks[np.maximum(quotes - 1, 0)], _LF)
    after = marks[np.minimum(quotes + 1, len(marks) - 1)]
    edge = (ord(separator), _LF)
    wrong = np.where(opens, ~np.isin(before, (*edge, _QUOTE)), ~np.isin(after, (*edge, _CR, _QUOTE)))
    # A quote that "opens" right after one that closed must be a doubled quote inside a field; where the
    # first of the two opened the field, as in `"";` it closed an empty field and nothing may follow.
    twice = marks[np.maximum(quotes - 2, 0)]
    wrong |= opens & (before == _QUOTE) & ((quotes < 2) | np.isin(twice, edge))
    odd = np.bincount(line, minlength=len(ends)) % 2 == 1
    odd[line[wrong]] = True
    return np.flatnonzero(odd)


def _with_inner_return(marks: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Lines with a carriage return that does not end them: the fast reader would end the record there."""
    returns = np.flatnonzero(marks == _CR)
    inner = returns[marks[returns + 1] != _LF]
    line: npt.NDArray[np.int64] = np.searchsorted(ends, inner).astype(np.int64)
    return line


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where the lines lie in the body, and what a record must look like."""

    body: bytes
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    separator: str
    n_fields: int


def _read_suspects(
    shape: _Shape,
    suspects: npt.NDArray[np.int64],
    taken: npt.NDArray[np.bool_],
    broken: list[tuple[int, str]],
) -> list[tuple[int, list[str]]]:
    """Read the suspect lines by hand; marks in `taken` every line they use up, adds to `broken` what fails."""
    records: list[tuple[int, list[str]]] = []
    for line in suspects.tolist():
        if taken[line]:
            continue
        taken[line] = True
        n_lines, fields, why = _assemble(shape, line)
        if fields is None:
            broken.append((line + 2, why))
        else:
            taken[line : line + n_lines] = True
            records.append((line + 2, fields))
    return records


def _assemble(shape: _Shape, line: int) -> tuple[int, list[str] | None, str]:
    """The record that begins on `line`: lines used, its fields, or why it is none."""
    last = min(line + _MOST_LINES_OF_A_RECORD, len(shape.ends))
    for end in range(line, last):
        text = shape.body[shape.starts[line] : shape.ends[end]].decode("utf-8").removesuffix("\r")
        try:
            fields = split_record(text, shape.separator)
        except ValueError:
            return 1, None, "a quote is not closed, or stands inside a quoted field"
        if fields is None:
            continue
        if len(fields) != shape.n_fields:
            return 1, None, f"number of fields is {len(fields)}, the header has {shape.n_fields}"
        return end - line + 1, fields, ""
    return 1, None, "a quote is not closed"


def _kept(
    body: bytes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], taken: npt.NDArray[np.bool_]
) -> bytes:
    """The lines not taken, as one buffer: cut only where something was taken out."""
    if not taken.any():
        return body
    edges = np.diff(np.concatenate([[1], taken.astype(np.int8), [1]]))
    first, after = np.flatnonzero(edges == -1), np.flatnonzero(edges == 1)
    spans = zip(starts[first].tolist(), (ends[after - 1] + 1).tolist(), strict=True)
    return b"".join(body[begin:end] for begin, end in spans)
