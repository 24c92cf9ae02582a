"""
What commands print: tables and sentences for people, JSON for programs. Writes to standard output only.

Nothing here interprets markup: a bracket in a hospital's name stays a bracket.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["as_json", "cell", "pairs", "rows", "text"]

_WIDE = 10_000
_MANY_COLUMNS = 6


def as_json(found: object) -> None:
    """Print anything made of models, dataclasses, mappings, sequences and plain values as one JSON document."""
    sys.stdout.write(json.dumps(_plain(found), indent=1, ensure_ascii=False) + "\n")


def text(line: str) -> None:
    """Print one line as it stands."""
    sys.stdout.write(line + "\n")


def rows(
    found: Sequence[Mapping[str, object]],
    *,
    json: bool = False,
    columns: Sequence[str] | None = None,
    title: str | None = None,
    empty: str = "nothing found",
) -> None:
    """
    Print rows as a table, or as a JSON list. One row of many columns is printed downwards.

    Args:
        found: The rows.
        json: JSON instead of a table.
        columns: Which columns, in which order; those of the first row unless told.
        title: A line above the table.
        empty: What to say where there is no row.
    """
    if json:
        as_json(found)
        return
    if title is not None:
        text(title)
    if not found:
        text(empty)
        return
    names = list(columns if columns is not None else found[0])
    if len(found) == 1 and len(names) > _MANY_COLUMNS:
        pairs((name, found[0].get(name)) for name in names)
        return
    _print_table(names, [[row.get(name) for name in names] for row in found])


def pairs(found: Mapping[str, object] | Iterable[tuple[str, object]], *, json: bool = False) -> None:
    """Print names with their values, one a line, or as a JSON object."""
    items = dict(found)
    if json:
        as_json(items)
        return
    width = max(map(len, items), default=0)
    for name, found_value in items.items():
        text(f"{name.ljust(width)}  {cell(found_value)}")


def cell(found: object) -> str:
    """
    How one value reads in a table.

    >>> cell(12345), cell(0.98765432), cell(None), cell(True), cell(["a", "b"])
    ('12,345', '0.9877', '', 'yes', 'a, b')
    """
    if found is None:
        return ""
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, int) and not isinstance(found, Enum):
        return f"{found:,}"
    if isinstance(found, float):
        return f"{found:,.1f}" if abs(found) >= 1000 else f"{found:.4g}"
    if isinstance(found, Mapping):
        return ", ".join(f"{name} {cell(item)}" for name, item in found.items()) or "none"
    if isinstance(found, list | tuple | set | frozenset):
        return ", ".join(map(cell, found))
    return str(_plain(found))


def _plain(found: object) -> Any:
    if isinstance(found, BaseModel):
        return found.model_dump(mode="json")
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        return {field.name: _plain(getattr(found, field.name)) for field in dataclasses.fields(found)}
    if isinstance(found, Mapping):
        return {str(name): _plain(item) for name, item in found.items()}
    if isinstance(found, Enum):
        return found.value
    if isinstance(found, datetime | date):
        return found.isoformat()
    if isinstance(found, float) and not math.isfinite(found):
        return None
    if found is None or isinstance(found, str | int | float | bool):
        return found
    if isinstance(found, set | frozenset):
        return sorted(map(_plain, found))
    if isinstance(found, Iterable) and not isinstance(found, bytes | Path):
        return [_plain(item) for item in found]
    return str(found)


def _print_table(names: Sequence[str], found: Sequence[Sequence[object]]) -> None:
    console = _console()
    table = _table(names, found)
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        text(line.rstrip())


def _table(names: Sequence[str], found: Sequence[Sequence[object]]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, name in enumerate(names):
        numbers = all(_is_number(row[place]) for row in found)
        table.add_column(Text(name), justify="right" if numbers else "left", overflow="fold")
    for row in found:
        table.add_row(*(Text(cell(value)) for value in row))
    return table


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _console() -> Console:
    from rich.console import Console

    return Console(file=sys.stdout) if sys.stdout.isatty() else Console(file=sys.stdout, width=_WIDE)
