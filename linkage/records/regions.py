"""From postcode to district: the crosswalk of the study, read once, and the districts themselves. Reads a file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from graph_schema.delivery import Reject, TextFormat, read_text_table
from graph_schema.delivery.sheet import Sheet
from graph_schema.delivery.values import Parser, decimal_number, distinct_parser, pattern
from graph_schema.errors import SourceFileError
from graph_schema.ids import content_digest

__all__ = ["DISTRICT", "NO_CROSSWALK", "Crosswalk", "district_key", "read_crosswalk"]

_DISTRICT = re.compile(r"(0[1-9]|1[0-6])\d{3}")


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """
    Postcode to district key (AGS, 5 digits).

    Attributes:
        districts: Where a postcode lies in several districts, the one with the largest share.
        sha256: Digest of what `districts` says, for caches.
        rejects: Rows of the table that could not be used.
    """

    districts: dict[str, str]
    sha256: str
    rejects: tuple[Reject, ...] = ()

    @property
    def parser(self) -> Parser:
        """Postcodes to districts."""

        def look_up(text: str) -> str:
            if not re.fullmatch(r"\d{5}", text):
                raise ValueError("expected a postcode of five digits")
            if text not in self.districts:
                raise ValueError("postcode not in the crosswalk table")
            return self.districts[text]

        return distinct_parser(pa.string(), look_up)


NO_CROSSWALK = Crosswalk({}, content_digest(b"{}"))


def district_key(text: str) -> str:
    """
    The district (Kreis) of an official municipality key of 5 or 8 digits.

    Raises:
        ValueError: If it is no such key.

    >>> district_key("08111000"), district_key("08111")
    ('08111', '08111')
    """
    if len(text) not in (5, 8) or _DISTRICT.fullmatch(text[:5]) is None or not text.isdigit():
        raise ValueError("expected a district key of five digits (AGS)")
    return text[:5]


DISTRICT: Parser = distinct_parser(pa.string(), district_key)


def read_crosswalk(path: Path, *, format: TextFormat | None = None) -> Crosswalk:  # noqa: A002
    """
    The crosswalk table at `path`: columns plz, kreis (or ags) and optionally share.

    Raises:
        SourceMissing: If the file is not there.
        SourceFileError: If it lacks a column.
    """
    text = read_text_table(path, format=format or TextFormat(), required=("plz",), optional=("kreis", "ags", "share"))
    if not (text.has("kreis") or text.has("ags")):
        raise SourceFileError(path, "a column 'kreis' or 'ags' with the district key of five digits", row=1)
    sheet = Sheet(text)
    columns = {
        "plz": sheet.parse("plz", pattern(r"\d{5}", wanted="a postcode of five digits"), key=True),
        "ags": sheet.parse("kreis" if text.has("kreis") else "ags", DISTRICT, key=True),
        "share": sheet.parse("share", decimal_number(mark=text.decimal, minimum=0.0)),
    }
    table, rejects = sheet.finish(columns)
    best: dict[str, tuple[float, str]] = {}
    for row in table.select(["plz", "ags", "share"]).to_pylist():
        candidate = (-(row["share"] or 0.0), row["ags"])
        best[row["plz"]] = min(best.get(row["plz"], candidate), candidate)
    districts = {plz: ags for plz, (_, ags) in sorted(best.items())}
    return Crosswalk(districts, content_digest(json.dumps(districts).encode()), tuple(rejects))
