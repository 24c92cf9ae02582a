"""Diagnosis and procedure codes in one spelling; procedure texts as groups. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import pyarrow as pa

from graph_schema.delivery.values import Parser, distinct_parser

__all__ = ["GROUP", "ICD", "OPS", "PROCEDURE_GROUPS", "icd_code", "ops_code", "ops_in_catalogue", "procedure_group"]

_ICD = re.compile(r"([A-Z]\d\d)\.?([0-9]{0,3})-?[!*+†#]?")
_OPS = re.compile(r"([1-9])-?(\d\d)(?:([0-9a-zA-Z])\.?([0-9a-zA-Z]{0,2}))?")
_OPS_WITH_SIDE = re.compile(r"([1-9]-?\d\d[0-9a-z]\.?[0-9a-z]{0,2})[ :#]?[RLB]")

# The first group whose keyword is found counts; what opens or widens something counts before mere looking.
PROCEDURE_GROUPS: Mapping[str, tuple[str, ...]] = {
    "ablation": ("ablation", "kryoablation", "hochfrequenz"),
    "electrophysiology": ("elektrophysiolog", "epu", "mapping", "electrophysiolog"),
    "pacemaker": ("schrittmacher", "pacemaker", "defibrillator", "icd-implant"),
    "biopsy": ("biopsie", "biopsy"),
    "valve": ("klappenimplant", "pulmonalklappenersatz", "tpvi", "melody", "valvuloplastie", "valvuloplasty"),
    "occlusion": (
        "verschluss", "okkluder", "occluder", "closure", "coil", "asd-device", "embolisation", "embolization",
    ),
    "stent": ("stent",),
    "septostomy": ("rashkind", "septostom", "atrioseptostomie"),
    "dilatation": ("dilatation", "angioplast", "ballon", "balloon", "pta"),
    "intervention": ("intervention",),
    "diagnostic": (
        "diagnost", "herzkatheter", "rechtsherz", "linksherz", "angiokardio", "angiograph", "catheteri", "katheter",
        "druckmessung", "hzv",
    ),
}  # fmt: skip


def icd_code(text: str) -> str:
    """
    An ICD-10-GM code without dot and marks.

    Raises:
        ValueError: If it has not the form of a code.

    >>> icd_code("q21.0"), icd_code("S7188!")
    ('Q210', 'S7188')
    """
    found = _ICD.fullmatch(text.strip().upper())
    if found is None:
        raise ValueError("expected an ICD-10-GM code such as Q21.0")
    return found[1] + found[2]


def ops_code(text: str) -> str:
    """
    An OPS code without dash, dot and side; a code cut off at its category (1-27) is kept as that.

    Raises:
        ValueError: If it has not the form of a code.

    >>> ops_code("5-378.c0"), ops_code("5378c0"), ops_code("1-273.0:L")
    ('5378c0', '5378c0', '12730')
    """
    plain = text.strip()
    sided = _OPS_WITH_SIDE.fullmatch(plain)
    found = _OPS.fullmatch(sided[1] if sided else plain)
    if found is None:
        raise ValueError("expected an OPS code such as 1-273.0")
    return "".join(part for part in found.groups() if part).lower()


def ops_in_catalogue(normalised: str) -> str:
    """
    A normalised OPS code as the catalogue writes it.

    >>> ops_in_catalogue("5378c0"), ops_in_catalogue("1273")
    ('5-378.c0', '1-273')
    """
    head = f"{normalised[0]}-{normalised[1:4]}"
    return f"{head}.{normalised[4:]}" if len(normalised) > 4 else head


def procedure_group(text: str) -> str:
    """
    The group of a free procedure text, so that the text itself need not be kept; `other` where no keyword fits.

    >>> procedure_group("ASD-Verschluss mit Okkluder"), procedure_group("Rechtsherzkatheter")
    ('occlusion', 'diagnostic')
    """
    plain = unicodedata.normalize("NFC", text).casefold()
    for group, keywords in PROCEDURE_GROUPS.items():
        if any(keyword in plain for keyword in keywords):
            return group
    return "other"


ICD: Parser = distinct_parser(pa.string(), icd_code)
OPS: Parser = distinct_parser(pa.string(), ops_code)
GROUP: Parser = distinct_parser(pa.string(), procedure_group)
