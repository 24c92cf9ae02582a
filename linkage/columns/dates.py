"""Dates as they are written, as eight digits. Opens nothing."""

from __future__ import annotations

import re

__all__ = ["date_digits", "keyed_date", "month_and_day"]

_YEAR_FIRST = re.compile(r"^(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})(?:[T ].*)?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_DAY_FIRST = re.compile(r"^(\d{1,2})[-/. ]{1,2}(\d{1,2})[-/. ]{1,2}(\d{4})$")
_KEYED_YEAR_FIRST = re.compile(r"^([0-9A-Za-z]{4})[-/.]([0-9A-Za-z]{1,2})[-/.]([0-9A-Za-z]{1,2})$")
_KEYED_DAY_FIRST = re.compile(r"^([0-9A-Za-z]{1,2})[-/. ]{1,2}([0-9A-Za-z]{1,2})[-/. ]{1,2}([0-9A-Za-z]{4})$")
_FEWEST_DIGITS = 5  # of a damaged date: fewer and it is some other text


def date_digits(text: str) -> str:
    """
    A date as YYYYMMDD, or "" for what is none. An impossible date (month 13) keeps its digits: it is a typo.

    Year first (with or without delimiters) and the German day first are read; month first is not.

    >>> date_digits("3.10.2015"), date_digits("2015-10-03"), date_digits("20151303"), date_digits("n.a.")
    ('20151003', '20151003', '20151303', '')
    """
    found = _COMPACT.match(text) or _YEAR_FIRST.match(text)
    if found:
        year, month, day = found.groups()
    elif found := _DAY_FIRST.match(text):
        day, month, year = found.groups()
    else:
        return ""
    return f"{year}{int(month):02d}{int(day):02d}"


def keyed_date(text: str) -> str:
    """
    A date as `date_digits` has it, and one in which letters stand for some digits in the same eight places.

    >>> keyed_date("3.10.2015"), keyed_date("O3.10.2015"), keyed_date("n.a.")
    ('20151003', '201510O3', '')
    """
    digits = date_digits(text)
    if digits or sum(map(str.isdecimal, text)) < _FEWEST_DIGITS:
        return digits
    if found := _KEYED_YEAR_FIRST.match(text):
        year, month, day = found.groups()
    elif found := _KEYED_DAY_FIRST.match(text):
        day, month, year = found.groups()
    else:
        return ""
    return f"{year}{month:0>2}{day:0>2}".upper()


def month_and_day(text: str) -> str:
    """
    Month and day of a date in ascending order, so that an exchange of the two does not matter; "" for what is none.

    >>> month_and_day("2015-10-03"), month_and_day("10.3.2015")
    ('0310', '0310')
    """
    digits = date_digits(text)
    return "".join(sorted((digits[4:6], digits[6:]))) if digits else ""
