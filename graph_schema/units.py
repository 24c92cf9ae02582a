"""
Units of dose and their spellings: the one table. Pure.

A kerma-area product that is off by a factor of 10 or 100 still looks like a child's: no range check finds
it, only the unit code does. So every spelling that is taken is a row of a table, and one that is not known
is an error, never passed on unscaled.

Source of the factors: SI; 1 cGy cm2 = 1 uGy m2 = 0.01 Gy cm2 as in IEC 60580 and the statement of EFOMP
on the display of kerma-area product.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from types import MappingProxyType

from graph_schema.errors import ExitCode, UserError

__all__ = ["Quantity", "UnknownUnit", "base_unit", "convert", "is_known", "known_units", "unit_factor"]


class Quantity(Enum):
    """What is measured. The value is what messages call it."""

    KAP = "kerma-area product"
    AIR_KERMA = "air kerma"
    DOSE_LENGTH = "dose-length product"
    TIME = "time"
    AREA = "area"


class UnknownUnit(UserError):
    """A unit that is in no table: nothing is guessed."""

    exit_code = ExitCode.UNIT

    def __init__(self, unit: str | None, quantity: Quantity) -> None:
        known = ", ".join(known_units(quantity))
        found = "no unit" if unit is None else f"unknown unit {_printable(unit)}"
        super().__init__(f"{found} of {quantity.value}: expected one of {known}; correct it or declare it for the room")
        self.quantity = quantity


# Factor of one unit in the base unit; the first is the base. Separators are dropped and the micro sign is `u`
# before the look-up, so that Gy.cm2, Gy*cm2, Gy·cm², Gycm2 and Gy cm^2 are one row.
_TABLES: Mapping[Quantity, Mapping[str, float]] = MappingProxyType(
    {
        Quantity.KAP: {
            "Gycm2": 1.0,
            "dGycm2": 0.1,
            "cGycm2": 0.01,
            "mGycm2": 1e-3,
            "uGycm2": 1e-6,
            "Gym2": 1e4,
            "dGym2": 1e3,
            "cGym2": 100.0,
            "mGym2": 10.0,
            "uGym2": 0.01,
            "nGym2": 1e-5,
        },
        Quantity.AIR_KERMA: {"mGy": 1.0, "Gy": 1e3, "dGy": 100.0, "cGy": 10.0, "uGy": 1e-3, "nGy": 1e-6},
        Quantity.DOSE_LENGTH: {"mGycm": 1.0, "Gycm": 1e3, "cGycm": 10.0, "uGycm": 1e-3, "mGym": 100.0},
        Quantity.TIME: {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0},
        Quantity.AREA: {"cm2": 1.0, "mm2": 0.01, "dm2": 100.0, "m2": 1e4},
    }
)
_SHOWN = MappingProxyType({"Gycm2": "Gy.cm2", "Gym2": "Gy.m2", "Gycm": "Gy.cm", "Gym": "Gy.m"})
_LIKE_A_UNIT = re.compile(r"[a-zµμ]?(gy|sv|rad|r)[ .*·⋅×_^-]{0,2}([a-z]?m)?[ ^*]{0,2}[23²³]?", re.IGNORECASE)
_SEPARATORS = frozenset(" .*·⋅∙•×_^-\u00a0\t")


def base_unit(quantity: Quantity) -> str:
    """
    The unit everything of this quantity is stored in.

    >>> base_unit(Quantity.KAP)
    'Gy.cm2'
    """
    return _shown(next(iter(_TABLES[quantity])))


def known_units(quantity: Quantity) -> tuple[str, ...]:
    """All units that are taken, as UCUM spells them, in the table's order."""
    return tuple(_shown(unit) for unit in _TABLES[quantity])


def is_known(unit: str | None, quantity: Quantity) -> bool:
    """Whether `unit` can be converted."""
    return unit is not None and _look_up(unit, quantity) is not None


def unit_factor(unit: str | None, quantity: Quantity) -> float:
    """
    What an amount in `unit` is to be multiplied with to be in the base unit.

    Raises:
        UnknownUnit: If the unit is missing or in no table.

    >>> unit_factor("Gym2", Quantity.KAP), unit_factor("µGy·m²", Quantity.KAP), unit_factor("mGy", Quantity.AIR_KERMA)
    (10000.0, 0.01, 1.0)
    """
    factor = None if unit is None else _look_up(unit, quantity)
    if factor is None:
        raise UnknownUnit(unit, quantity)
    return factor


def convert(amount: float, unit: str | None, quantity: Quantity) -> float:
    """
    `amount` in the base unit of its quantity (Gy cm2, mGy, mGy cm, s, cm2), to 12 digits.

    No display has more digits, and without the rest 0.00037 Gy.m2 is 3.7 Gy.cm2 and not 3.6999999999999997.

    Raises:
        UnknownUnit: If the unit is missing or in no table.

    >>> convert(1.6e-05, "Gym2", Quantity.KAP)
    0.16
    """
    return float(f"{amount * unit_factor(unit, quantity):.12g}")


@lru_cache(maxsize=1024)
def _look_up(unit: str, quantity: Quantity) -> float | None:
    table = _TABLES[quantity]
    folded = _fold(unit)
    if folded in table:
        return table[folded]
    # Only where the whole spelling is in one case is the case of the prefix no information (MGY, mgy).
    if folded.isupper() or folded.islower():
        return {known.lower(): factor for known, factor in table.items()}.get(folded.lower())
    return None


def _fold(unit: str) -> str:
    """Without separators, with `u` for micro, `2` for a raised two and `cm2` for the German qcm and cm*cm."""
    text = unicodedata.normalize("NFKC", unit.strip()).replace("\u03bc", "u")
    text = "".join(letter for letter in text if letter not in _SEPARATORS)
    for long, short in (("qcm", "cm2"), ("qmm", "mm2"), ("qm", "m2"), ("cmcm", "cm2"), ("Gymm", "Gym2")):
        if text.endswith(long):
            return text.removesuffix(long) + short
    return text


def _shown(unit: str) -> str:
    for plain, dotted in _SHOWN.items():
        if unit.endswith(plain):
            return unit.removesuffix(plain) + dotted
    return unit


def _printable(unit: str) -> str:
    """What is not spelt like a unit of dose may be anything, a name too, so it is not repeated."""
    return repr(unit) if _LIKE_A_UNIT.fullmatch(unit) else f"of {len(unit)} characters"
