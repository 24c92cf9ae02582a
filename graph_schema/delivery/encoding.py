"""
The encoding of delivered bytes: UTF-8 or CP1252, told apart by what the bytes allow. Opens nothing.

A non-ASCII CP1252 text is almost never valid UTF-8, so validity decides. Where most non-ASCII lines are
valid UTF-8 the file is UTF-8 with damaged lines, and only those lines are lost.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from graph_schema.errors import SourceFileError

__all__ = ["Decoded", "to_utf8"]

_NOT_CP1252 = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
_ONE_LINE_IN = 20
_COMPRESSED = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip file", b"\xfd7zXZ": "an xz file"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """UTF-8 bytes without byte order mark and with LF or CRLF ends; damaged lines are emptied."""

    data: bytes
    encoding: str
    damaged_lines: tuple[int, ...]


def to_utf8(raw: bytes, *, declared: str, path: Path) -> Decoded:
    """
    The file's text as UTF-8 bytes, in the declared or the detected encoding.

    Args:
        raw: The file's bytes.
        declared: `auto`, `utf-8` or `cp1252`.
        path: Only named in messages.

    Raises:
        SourceFileError: If the file is not text in the declared encoding, or in neither when it is `auto`.
    """
    _refuse_other_things(raw, path)
    marked = raw.startswith(codecs.BOM_UTF8)
    body = raw[len(codecs.BOM_UTF8) :] if marked else raw
    if b"\n" not in body and b"\r" in body:
        body = body.replace(b"\r", b"\n")
    if body.isascii():
        return Decoded(body, "cp1252" if declared == "cp1252" and not marked else "utf-8", ())
    good, bad = _lines_outside_ascii(body)
    if declared == "cp1252" or (declared == "auto" and not marked and len(bad) > good):
        if declared == "cp1252" and (marked or not bad):
            wanted = "CP1252 text as declared, but these bytes are UTF-8: declare utf-8 or auto"
            raise SourceFileError(path, wanted, row=1 if marked else _first_line_outside_ascii(body))
        return _from_cp1252(body, path)
    if bad and (len(bad) > good or bad[0] == 1):
        wanted = "UTF-8 text as declared, but these bytes are not: declare cp1252 or auto, or deliver again"
        raise SourceFileError(path, wanted, row=bad[0])
    return Decoded(_emptied(body, bad), "utf-8", tuple(bad))


def _refuse_other_things(raw: bytes, path: Path) -> None:
    if not raw.strip():
        raise SourceFileError(path, "a header line and records, but the file is empty: ask for it again")
    for magic, what in _COMPRESSED.items():
        if raw.startswith(magic):
            raise SourceFileError(path, f"a text or Parquet file, but this is {what}: unpack it first")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or raw[:4096].count(0) * 10 > len(raw[:4096]):
        raise SourceFileError(path, "UTF-8 or CP1252 text, but this is UTF-16 or binary: save it as UTF-8", row=1)


def _lines_outside_ascii(body: bytes) -> tuple[int, list[int]]:
    """How many lines with non-ASCII bytes are valid UTF-8, and the numbers of those that are not."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return 1, []
    good, bad = 0, []
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            bad.append(number)
    return good, bad


def _first_line_outside_ascii(body: bytes) -> int:
    return next(number for number, line in enumerate(body.split(b"\n"), start=1) if not line.isascii())


def _from_cp1252(body: bytes, path: Path) -> Decoded:
    """The text; a few lines with bytes that CP1252 has not are damaged, many (or the first) say it is another code."""
    bad = [
        number for number, line in enumerate(body.split(b"\n"), start=1) if line.translate(None, _NOT_CP1252) != line
    ]
    if bad and (bad[0] == 1 or len(bad) * _ONE_LINE_IN > body.count(b"\n")):
        raise SourceFileError(path, "UTF-8 or CP1252 text, but a byte here belongs to neither", row=bad[0])
    return Decoded(_emptied(body, bad).decode("cp1252").encode("utf-8"), "cp1252", tuple(bad))


def _emptied(body: bytes, bad: list[int]) -> bytes:
    if not bad:
        return body
    lines = body.split(b"\n")
    for number in bad:
        lines[number - 1] = b""
    return b"\n".join(lines)
