"""
Content items out of the nodes of a data set, pydicom's or the scanner's. Pure.

Both answer `tag in node`, `node[tag].value` for sequences and `node.get_item(tag)` for raw bytes; nothing else is
asked of them, so that no element is converted that nobody needs.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from provenance.dose import codes
from provenance.dose.tree import Item

__all__ = ["children_of", "code_of", "finite"]

_MAX_DEPTH = 24

_CODE_VALUE, _SCHEME, _UNIT_CODES = 0x00080100, 0x00080102, 0x004008EA
_CONTENT, _CONCEPT, _CONCEPT_CODE, _MEASURED = 0x0040A730, 0x0040A043, 0x0040A168, 0x0040A300
_NUMBER, _FLOAT, _TEXT, _UID, _DATE_TIME = 0x0040A30A, 0x0040A161, 0x0040A160, 0x0040A124, 0x0040A120


def children_of(dataset: Any) -> tuple[Item, ...]:
    """
    Content items below `dataset` that anybody asks for; the others are not decoded.

    Raises:
        RecursionError: If they are nested deeper than in any report.
    """
    return _below(dataset, 0)


def finite(text: str | None) -> float | None:
    """A number, with decimal point or comma; None where it is none or not finite."""
    try:
        amount = float((text or "").replace(",", "."))
    except ValueError:
        return None
    return amount if math.isfinite(amount) else None


def _below(dataset: Any, depth: int) -> tuple[Item, ...]:
    """Content items below `dataset` that anybody asks for; the others are not decoded."""
    if _CONTENT not in dataset:
        return ()
    if depth > _MAX_DEPTH:
        raise RecursionError
    items = []
    for node in dataset[_CONTENT].value or ():
        concept = code_of(node, _CONCEPT)
        if concept in codes.WANTED:
            items.append(_item(concept, node, depth))
    return tuple(items)


def _item(concept: str, node: Any, depth: int) -> Item:
    if concept in codes.CONTAINERS:
        return Item(concept, children=_below(node, depth + 1))
    if _MEASURED in node:
        return _numeric(concept, node, depth)
    code = code_of(node, _CONCEPT_CODE)
    return Item(concept, text=_item_text(node), code=code, children=() if code is None else _below(node, depth + 1))


def _item_text(node: Any) -> str | None:
    """Text, UID or date-time; some makers write UIDs as text. Only ASCII is of any use here."""
    for tag in (_UID, _DATE_TIME, _TEXT):
        text = _ascii(node, tag)
        if text:
            return text
    return None


def _numeric(concept: str, node: Any, depth: int) -> Item:
    """A number with its unit; an empty measured value is a missing number, never zero."""
    measured = node[_MEASURED].value
    if not measured:
        return Item(concept)
    text = _ascii(measured[0], _NUMBER)
    if not text and _FLOAT in measured[0]:
        text = _double(measured[0][_FLOAT].value)
    amount, problem = _read_amount(text)
    unit = code_of(measured[0], _UNIT_CODES, any_scheme=True)
    return Item(concept, amount=amount, unit=unit, problem=problem, children=_below(node, depth + 1))


def _double(found: object) -> str:
    """A floating point value as text: a number from pydicom, eight bytes from the scanner."""
    if isinstance(found, bytes):
        return repr(struct.unpack("<d", found[:8])[0]) if len(found) >= 8 else ""
    return str(found)


def _read_amount(text: str | None) -> tuple[float | None, str | None]:
    if not text:
        return None, None
    parts = [part for part in text.split("\\") if part.strip()]
    amounts = [finite(part) for part in parts]
    good = [amount for amount in amounts if amount is not None]
    if len(good) < len(parts) or not good:
        return None, "unreadable"
    return sum(good) / len(good), "several" if len(good) > 1 else None


def code_of(dataset: Any, tag: int, *, any_scheme: bool = False) -> str | None:
    """Code value of the first item of a code sequence; codes of private schemes say nothing to us."""
    if tag not in dataset:
        return None
    sequence = dataset[tag].value
    if not sequence:
        return None
    if not any_scheme and (_ascii(sequence[0], _SCHEME) or "").startswith("99"):
        return ""
    return _ascii(sequence[0], _CODE_VALUE)


def _ascii(dataset: Any, tag: int) -> str | None:
    """An element's bytes as text without converting it; None where it is absent."""
    element = dataset.get_item(tag)
    if element is None:
        return None
    found = element.value
    text = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found or "")
    return text.strip("\0 ")
