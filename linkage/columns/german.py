"""German identifiers: a number that fails its check digit, or a key of the wrong shape, is missing. Opens nothing."""

from __future__ import annotations

import re

__all__ = ["ags", "code", "ik", "kvnr", "plz"]

_KVNR = re.compile(r"[A-Z]\d{9}")
_IK = re.compile(r"\d{9}")
_AGS = re.compile(r"\d{2}|\d{3}|\d{5}|\d{8}")
_PLZ = re.compile(r"(?:D(?:E)?-?)?(\d{4,5})", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s./-]+")
_KVNR_LONG = (20, 30)  # characters of the full forms: with the insurer's IK, and with the main insured person


def _cross_sum(digits: str, *, first: int) -> int:
    """Digits times 1 and 2 in turn, starting with `first`, cross sums added up, modulo 10."""
    weights = (first, 3 - first)
    products = (int(digit) * weights[place % 2] for place, digit in enumerate(digits))
    return sum(product // 10 + product % 10 for product in products) % 10


def kvnr(text: str) -> str:
    """
    The lifelong part of a health insurance number: a letter, eight digits, a check digit; "" if it fails the check.

    The full forms of 20 and 30 characters are cut to it.

    Source: § 290 SGB V; the letter counts as two digits (A = 01), weights 1, 2, 1, ... from the left.

    >>> kvnr("A 12345678 0"), kvnr("A123456789")
    ('A123456780', '')
    """
    bare = _BETWEEN.sub("", text).upper()
    number = bare[:10] if len(bare) in _KVNR_LONG else bare
    if not _KVNR.fullmatch(number):
        return ""
    digits = f"{ord(number[0]) - ord('A') + 1:02d}{number[1:9]}"
    return number if _cross_sum(digits, first=1) == int(number[9]) else ""


def ik(text: str) -> str:
    """
    An institution's number (Institutionskennzeichen) of nine digits; "" if it fails the check.

    Source: § 293 SGB V; the check digit covers digits 3 to 8, weights 2, 1, ... from the left.

    >>> ik("260326822"), ik("260326823")
    ('260326822', '')
    """
    number = _BETWEEN.sub("", text)
    return number if _IK.fullmatch(number) and _cross_sum(number[2:8], first=2) == int(number[8]) else ""


def plz(text: str) -> str:
    """
    A German postcode of five digits, its leading zero restored where a number lost it; "" for what is none.

    >>> plz("1067"), plz("D-01067"), plz("London")
    ('01067', '01067', '')
    """
    found = _PLZ.fullmatch(text.strip().replace(" ", ""))
    return found.group(1).zfill(5) if found and int(found.group(1)) >= 1000 else ""


def ags(text: str) -> str:
    """
    A municipality key (AGS) of 8 digits, or its first 2 (Land), 3 (Bezirk) or 5 (Kreis); "" for what is none.

    Keys that lost a leading zero (7, 4 or 1 digits) have it again.

    >>> ags("08 1 11 000"), ags("8111000"), ags("8111")
    ('08111000', '08111000', '08111')
    """
    number = _BETWEEN.sub("", text)
    if number.isdecimal() and len(number) in {1, 4, 7}:
        number = number.zfill(len(number) + 1)
    return number if _AGS.fullmatch(number) and 1 <= int(number[:2]) <= 16 else ""


def code(text: str) -> str:
    """
    A diagnosis or procedure code in upper case without points, hyphens and marks.

    >>> code("q21.0+"), code("1-273")
    ('Q210', '1273')
    """
    return re.sub(r"[^0-9A-Z]", "", text.upper())
