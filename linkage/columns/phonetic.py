"""Kölner Phonetik: German names that sound alike have one code. Opens nothing."""

from __future__ import annotations

from functools import lru_cache

from linkage.columns.folding import fold

__all__ = ["cologne"]

_PLAIN = {
    **dict.fromkeys("aeijouy", "0"),
    "b": "1",
    **dict.fromkeys("fvw", "3"),
    **dict.fromkeys("gkq", "4"),
    "l": "5",
    **dict.fromkeys("mn", "6"),
    "r": "7",
    **dict.fromkeys("sz", "8"),
}


@lru_cache(maxsize=200_000)
def cologne(text: str) -> str:
    """
    The code of a name: digits, runs collapsed first, then every 0 but a leading one removed.

    Source: Postel, Die Kölner Phonetik, IBM-Nachrichten 19 (1969) 925-931.

    >>> cologne("Müller"), cologne("Schmidt"), cologne("Zimmermann"), cologne("Christopher")
    ('657', '862', '86766', '478237')
    """
    letters = "".join(c for c in fold(text) if "a" <= c <= "z")
    digits = "".join(_digit(letters, i) for i in range(len(letters)))
    collapsed = "".join(d for i, d in enumerate(digits) if i == 0 or d != digits[i - 1])
    return collapsed[:1] + collapsed[1:].replace("0", "")


def _digit(letters: str, i: int) -> str:
    """Code of one letter in its place; h has none."""
    letter, after, before = letters[i], letters[i + 1 : i + 2], letters[i - 1 : i] if i else ""
    if letter == "p":
        return "3" if after == "h" else "1"
    if letter in "dt":
        return "8" if after and after in "csz" else "2"
    if letter == "c":
        return _digit_of_c(before, after)
    if letter == "x":
        return "8" if before and before in "ckq" else "48"
    return _PLAIN.get(letter, "")


def _digit_of_c(before: str, after: str) -> str:
    if not before:
        return "4" if after and after in "ahkloqrux" else "8"
    if before in "sz":
        return "8"
    return "4" if after and after in "ahkoqux" else "8"
