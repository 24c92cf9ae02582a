"""Which column of a delivery holds which role: separator, headers, what is missing and what was meant. Pure."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from graph_schema.delivery.format import TextFormat
from graph_schema.delivery.lines import split_record
from graph_schema.errors import SourceFileError

__all__ = ["find_columns", "split_headers"]

_SEPARATORS = (";", ",", "\t", "|")


def _plain(header: str) -> str:
    """Headers are compared without case, outer blanks and Unicode form."""
    return unicodedata.normalize("NFC", header).strip().casefold()


def split_headers(line: str, *, format: TextFormat, wanted: Sequence[str], path: Path) -> tuple[str, list[str]]:  # noqa: A002
    """
    The separator and the headers of a header line.

    Args:
        line: The first line of the file.
        format: What is declared; a declared separator is taken as it is.
        wanted: Roles that count in favour of a separator.
        path: Only named in messages.

    Raises:
        SourceFileError: If the header line cannot be split.
    """
    choices = _SEPARATORS if format.separator == "auto" else (format.separator,)
    names = {_plain(format.header(role)) for role in wanted}
    best: tuple[int, int, str, list[str]] | None = None
    for separator in choices:
        try:
            headers = split_record(line, separator)
        except ValueError:
            continue
        if headers is None:
            continue
        score = (sum(_plain(header) in names for header in headers), len(headers))
        if best is None or score > best[:2]:
            best = (*score, separator, [header.strip() for header in headers])
    if best is None:
        raise SourceFileError(path, "headers with closed quotes, separated by ; or ,", row=1)
    return best[2], best[3]


def find_columns(
    headers: Sequence[str],
    *,
    format: TextFormat,  # noqa: A002
    required: Sequence[str],
    optional: Sequence[str],
    path: Path,
) -> dict[str, int]:
    """
    Position of each role's column; optional roles that are not there are left out.

    Raises:
        SourceFileError: If a required column, or a declared one, is missing, or a wanted header stands twice.
    """
    places: dict[str, list[int]] = {}
    for place, header in enumerate(headers):
        places.setdefault(_plain(header), []).append(place)
    found: dict[str, int] = {}
    missing: list[str] = []
    for role in (*required, *optional):
        header = format.header(role)
        at = places.get(_plain(header), [])
        exact = [place for place in at if headers[place] == header]
        if len(at) > 1 and len(exact) != 1:
            raise SourceFileError(path, f"one column {header!r}, but there are {len(at)}: rename or remove one", row=1)
        if at:
            found[role] = (exact or at)[0]
        elif role in required:
            missing.append(role)
    if missing:
        shown = headers if found else _like(headers, [format.header(role) for role in (*required, *optional)])
        raise SourceFileError(path, _what_is_missing(missing, headers, shown=shown, format=format), row=1)
    return found


def _like(headers: Sequence[str], expected: Sequence[str]) -> list[str]:
    """Where no header fits, the first line may be a record: only what resembles a header may be shown."""
    names = [_plain(name) for name in expected]
    return [header for header in headers if difflib.get_close_matches(_plain(header), names, n=1, cutoff=0.6)]


def _what_is_missing(
    roles: Sequence[str],
    headers: Sequence[str],
    *,
    shown: Sequence[str],
    format: TextFormat,  # noqa: A002
) -> str:
    parts = []
    for role in roles:
        header = format.header(role)
        part = f"a column {header!r}" + (f" (role {role})" if header != role else "")
        near = difflib.get_close_matches(_plain(header), [_plain(name) for name in shown], n=1, cutoff=0.6)
        if near:
            meant = next(name for name in shown if _plain(name) == near[0])
            part += f", perhaps {meant!r}"
        parts.append(part)
    found = (
        "Headers found: " + ", ".join(repr(header) for header in shown[:40]) if shown else "None of the headers fits"
    )
    hidden = len(headers) - len(shown)
    if hidden:
        found += f" ({hidden} not shown: the first line may be a record, not headers)"
    return f"{'; '.join(parts)}. {found}. Map other headers under `columns` in the study file"
