"""
Coefficient tables: organ dose per kerma-area product, by weight or age, sex and plane. Reads files.

A table is an input like any other: versioned, addressed by the digest of its bytes, never edited in place.
The one that is shipped is a demonstration and says so in its name; no study may use it.

The file is CSV with `;`. Lines that begin with `#` come first and hold `# key: text`: name, version and
citation are required, anything else is for people.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from graph_schema.delivery import SourceMissing
from graph_schema.errors import SourceFileError
from graph_schema.ids import content_digest
from graph_schema.units import Quantity, UnknownUnit, unit_factor
from provenance.dose.settings import Organ

__all__ = [
    "Coefficient",
    "CoefficientIndex",
    "CoefficientTable",
    "demonstration_path",
    "demonstration_table",
    "read_coefficients",
]

UNIT = "mGy/(Gy cm2)"
_DEMONSTRATION = "DEMONSTRATION_organ_dose_per_kap.csv"
_REQUIRED_FACTS = ("name", "version", "citation")


class Coefficient(BaseModel):
    """One line: the organ dose of 1 Gy cm2 in children of one band."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    organ: Organ = Field(description="Organ.")
    band: Literal["weight", "age", "any"] = Field(description="What the band is of: body weight (kg) or age (years).")
    low: float = Field(0.0, description="Lower end of the band (inclusive).", ge=0)
    high: float = Field(float("inf"), description="Upper end of the band (exclusive).", gt=0)
    sex: Literal["male", "female", "any"] = Field("any", description="Sex it holds for.")
    plane: Literal["A", "B", "any"] = Field("any", description="Plane it holds for.")
    value: float = Field(description="Organ dose per kerma-area product.", gt=0)
    unit: str = Field(UNIT, description="Unit of the value, dose over kerma-area product.")
    gsd: float = Field(description="Geometric SD of the value, shared by all it is used for (1).", ge=1, le=10)
    statistic: Literal["mean", "median"] = Field(description="Whether the value is a mean or a median.")

    @model_validator(mode="after")
    def _ends_in_order(self) -> Coefficient:
        if self.high <= self.low:
            raise ValueError("the band's upper end is not above its lower end")
        return self

    @cached_property
    def mgy_per_gycm2(self) -> float:
        """The value in mGy/(Gy cm2)."""
        return self.value * _factor(self.unit)


class CoefficientTable(BaseModel):
    """A table with where it is from; fields as in `nodes.CoefficientTable`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name; a demonstration says so.", min_length=1)
    version: str = Field(description="Version.", min_length=1)
    citation: str = Field(description="Where the numbers were published, and what was made of them.", min_length=1)
    sha256: str = Field(description="Digest of the file's bytes.")
    rows: tuple[Coefficient, ...] = Field(description="The coefficients.", min_length=1)
    unit: str = Field(UNIT, description="Unit in which coefficients are used.")

    @property
    def is_demonstration(self) -> bool:
        """Whether the numbers are fit for no study."""
        return "demonstration" in self.name.casefold()

    @property
    def bands(self) -> frozenset[str]:
        """What it has bands of."""
        return frozenset(row.band for row in self.rows)

    @property
    def has_planes(self) -> bool:
        """Whether it tells planes apart."""
        return any(row.plane != "any" for row in self.rows)


class CoefficientIndex:
    """Finds the coefficient of an organ, a band, a sex and a plane in a table."""

    def __init__(self, table: CoefficientTable) -> None:
        self._rows: dict[tuple[str, str, str, str], list[Coefficient]] = {}
        for row in sorted(table.rows, key=lambda row: row.low):
            self._rows.setdefault((row.organ, row.band, row.sex, row.plane), []).append(row)
        self._lows = {key: [row.low for row in rows] for key, rows in self._rows.items()}

    def find(self, organ: str, *, band: str, at: float, sex: str, plane: str) -> Coefficient | None:
        """The organ's own sex and plane before `any`; None where no band holds `at`."""
        for key in ((organ, band, s, p) for s in dict.fromkeys((sex, "any")) for p in dict.fromkeys((plane, "any"))):
            place = bisect_right(self._lows.get(key, []), at) - 1
            if place >= 0 and at < self._rows[key][place].high:
                return self._rows[key][place]
        return None


def demonstration_path() -> Path:
    """The shipped demonstration table."""
    return Path(str(resources.files("provenance.tables") / _DEMONSTRATION))


def demonstration_table() -> CoefficientTable:
    """The shipped table, made from published series to show the method; fit for no study."""
    return read_coefficients(demonstration_path())


def read_coefficients(path: Path) -> CoefficientTable:
    """
    A coefficient table.

    Raises:
        SourceMissing: If the file is not there.
        SourceFileError: If a fact, a column or a number is wrong, bands overlap or leave gaps; says which line.
    """
    if not path.is_file():
        raise SourceMissing(f"{path} is not there: put the coefficient table there or correct the path")
    raw = path.read_bytes()
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise SourceFileError(path, "UTF-8: save the table as UTF-8") from None
    facts = dict(_facts(lines))
    missing = [name for name in _REQUIRED_FACTS if not facts.get(name)]
    if missing:
        raise SourceFileError(path, f"a line `# {missing[0]}: ...` before the header")
    rows = tuple(_rows(path, lines))
    if not rows:
        raise SourceFileError(path, "at least one coefficient below the header")
    _check_bands(path, [row for _, row in rows])
    return CoefficientTable(
        name=facts["name"],
        version=facts["version"],
        citation=facts["citation"],
        sha256=content_digest(raw),
        rows=tuple(row for _, row in rows),
    )


def _facts(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if not line.startswith("#"):
            return
        name, _, text = line.lstrip("# ").partition(":")
        yield name.strip().lower(), text.strip()


def _rows(path: Path, lines: Sequence[str]) -> Iterator[tuple[int, Coefficient]]:
    """Line number and coefficient."""
    head = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    known = tuple(Coefficient.model_fields)
    for number, values in enumerate(csv.DictReader(lines[head:], delimiter=";"), start=head + 2):
        extra = sorted(str(name) for name in values if name not in known)
        if extra:
            raise SourceFileError(path, f"the columns {', '.join(known)}; not {extra[0]!r}", row=head + 1)
        given = {name: text.strip() for name, text in values.items() if text is not None and text.strip()}
        try:
            row = Coefficient.model_validate(given)
            _factor(row.unit)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = str(first["loc"][0]) if first["loc"] else None
            raise SourceFileError(path, f"another value: {first['msg']}", row=number, field=field) from None
        except UnknownUnit as error:
            raise SourceFileError(path, f"a unit like {UNIT}: {error}", row=number, field="unit") from None
        yield number, row


def _factor(unit: str) -> float:
    """
    Factor from `unit` to mGy/(Gy cm2).

    >>> _factor("mGy/(cGy cm2)")
    100.0
    """
    dose, _, product = unit.partition("/")
    per = product.strip().removeprefix("(").removesuffix(")")
    return unit_factor(dose.strip(), Quantity.AIR_KERMA) / unit_factor(per, Quantity.KAP)


def _check_bands(path: Path, rows: Sequence[Coefficient]) -> None:
    """Bands of one organ, sex and plane must follow each other without gap and overlap."""
    groups: dict[tuple[str, ...], list[Coefficient]] = {}
    for row in rows:
        groups.setdefault((row.organ, row.band, row.sex, row.plane), []).append(row)
    for (organ, band, sex, plane), members in groups.items():
        members.sort(key=lambda row: row.low)
        for before, after in pairwise(members):
            if before.high != after.low:
                word = "overlap" if before.high > after.low else "leave a gap"
                where = f"{organ}, {band}, sex {sex}, plane {plane}"
                raise SourceFileError(path, f"bands that follow each other; those of {where} {word} at {after.low:g}")
