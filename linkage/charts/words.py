"""Labels of charts: settings may quote a value, and two levels may be called the same. Opens nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["labels", "without_literals"]

_QUOTED = re.compile(r"'(?:[^']|'')*'")
_OPERATOR = re.compile(r"(?:[=<>(,\[]|\b(?:i?like|in|between|and|then|else|when))\s*$", re.IGNORECASE)


def without_literals(text: str) -> str:
    """
    A level or rule without the values that its SQL quotes.

    >>> without_literals("l.town = 'Neuruppin' and l.year = r.year")
    "l.town = '…' and l.year = r.year"
    """

    def told(found: re.Match[str]) -> str:
        is_literal = _OPERATOR.search(text[: found.start()]) is not None
        return "'…'" if is_literal and len(found.group(0)) > 2 else found.group(0)

    return _QUOTED.sub(told, text)


def labels(names: Iterable[str], *, remove_sensitive_data: bool = True) -> list[str]:
    """
    Names as a chart shows them, each different from every other.

    Args:
        names: As the settings have them.
        remove_sensitive_data: Leave out the values that SQL in them quotes.
    """
    out: list[str] = []
    used: set[str] = set()
    for name in names:
        told = without_literals(name) if remove_sensitive_data else name
        shown, number = told, 1
        while shown in used:
            number += 1
            shown = f"{told} ({number})"
        used.add(shown)
        out.append(shown)
    return out
