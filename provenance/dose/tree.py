"""
The content tree of a structured report, and the header beside it, as plain values. Pure.

`dicom` makes them from a file; `projection` reads them. Between the two there is no DICOM library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

__all__ = ["Header", "Item", "date_of", "moment_of"]


@dataclass(frozen=True, slots=True)
class Item:
    """
    One content item.

    Attributes:
        concept: Code value of the concept name.
        text: Text, UID or date of the item.
        code: Code value, where the item is a code.
        amount: Number, where the item is one that could be read; None where the measured value is empty.
        unit: Code value of its unit.
        problem: What was wrong with its number (`several`, `unreadable`, `negative`), or None.
        children: Items below.
    """

    concept: str
    text: str | None = field(default=None, repr=False)
    code: str | None = None
    amount: float | None = None
    unit: str | None = None
    problem: str | None = None
    children: tuple[Item, ...] = ()

    def all(self, concept: str) -> Iterator[Item]:
        """Children with this concept, in the file's order."""
        return (child for child in self.children if child.concept == concept)

    def first(self, concept: str) -> Item | None:
        """The first child with this concept."""
        return next(self.all(concept), None)

    def text_of(self, concept: str) -> str | None:
        """Text of the first child with this concept."""
        found = self.first(concept)
        return None if found is None else found.text

    def code_of(self, concept: str) -> str | None:
        """Code of the first child with this concept."""
        found = self.first(concept)
        return None if found is None else found.code

    def amount_of(self, concept: str) -> float | None:
        """Number of the first child with this concept; its unit is the standard's."""
        found = self.first(concept)
        return None if found is None else found.amount

    def walk(self) -> Iterator[Item]:
        """This item and all below."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Header:
    """The attributes beside the content tree; text as in the file, empty is None. Identifiers are not shown."""

    sha256: str
    n_bytes: int
    sop_uid: str | None = field(repr=False)
    study_uid: str | None = field(repr=False)
    accession: str | None = field(repr=False)
    patient_id: str | None = field(repr=False)
    birth_date: str | None = field(repr=False)
    sex: str | None
    weight_kg: float | None
    height_m: float | None
    manufacturer: str | None
    model: str | None
    station: str | None
    serial: str | None
    study_date: str | None
    study_time: str | None
    content_date: str | None
    content_time: str | None
    completion: str | None


def date_of(text: str | None) -> datetime | None:
    """Midnight of a DICOM date (YYYYMMDD, or YYYY.MM.DD of old systems); None where it is none."""
    digits = "".join(letter for letter in text or "" if letter.isdigit())
    return _checked(digits, "") if len(digits) == 8 else None


def moment_of(date: str | None, time: str | None = None) -> datetime | None:
    """
    Local time of a DICOM date and time, or of a date-time in one text.

    Fractions are dropped. An offset from UTC is not applied: the digits are what the device's clock showed.

    >>> moment_of("20160512101154.0129+0000")
    datetime.datetime(2016, 5, 12, 10, 11, 54)
    """
    text = (date or "").strip()
    whole = text.split(".")[0].split("+")[0].split("-")[0] if time is None else text
    if time is None:
        return _checked(whole[:8], whole[8:]) if len(whole) >= 8 else None
    return _checked(whole, time.strip().split(".")[0].replace(":", ""))


def _checked(day: str, clock: str) -> datetime | None:
    if len(day) != 8 or not (day + clock).isascii() or not (day + clock).isdigit():
        return None
    clock = clock[:6].ljust(6, "0")
    try:
        found = datetime(int(day[:4]), int(day[4:6]), int(day[6:]), int(clock[:2]), int(clock[2:4]))  # noqa: DTZ001
    except ValueError:
        return None
    seconds = int(clock[4:])
    return found + timedelta(seconds=seconds) if found.year >= 1900 and seconds <= 60 else None
