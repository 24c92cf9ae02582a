"""
Code values of dose reports, in the old (SRT, SNM3) and the new (SCT) scheme. Pure.

Makers spell code meanings as they like ("Fluoro Dose(RP) Total"), so only values count. Source: DICOM
PS3.16 TID 10001-10007, 10011-10014 and the context groups they name.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from provenance.dose.report import IrradiationType, PlaneName, ReportKind

__all__ = [
    "ACCUMULATED",
    "CONTAINERS",
    "CT_ACCUMULATED",
    "CT_ACQUISITION",
    "EVENT",
    "FILTERS",
    "FILTER_ELEMENT",
    "IRRADIATION_TYPE",
    "KIND_OF_DEVICE",
    "KIND_OF_PROCEDURE",
    "LATERAL",
    "LATERALITY",
    "PLANES",
    "ROOT_RADIATION_DOSE",
    "ROOT_RADIOPHARMACEUTICAL",
    "WANTED",
]

ROOT_RADIATION_DOSE = "113701"
ROOT_RADIOPHARMACEUTICAL = "113500"

ACCUMULATED = "113702"
EVENT = "113706"
CT_ACCUMULATED = "113811"
CT_ACQUISITION = "113819"
FILTERS = "113771"

PLANES: Mapping[str, PlaneName] = MappingProxyType(
    {"113620": PlaneName.A, "113621": PlaneName.B, "113622": PlaneName.SINGLE, "113890": PlaneName.ALL}
)
IRRADIATION_TYPE: Mapping[str, IrradiationType] = MappingProxyType(
    {
        "P5-06000": IrradiationType.FLUOROSCOPY,
        "P5-0600": IrradiationType.FLUOROSCOPY,
        "44491008": IrradiationType.FLUOROSCOPY,
        "113611": IrradiationType.STATIONARY,
        "113612": IrradiationType.STEPPING,
        "113613": IrradiationType.ROTATIONAL,
    }
)
KIND_OF_PROCEDURE: Mapping[str, ReportKind] = MappingProxyType(
    {
        "113704": ReportKind.FLUOROSCOPY,
        "P5-40010": ReportKind.MAMMOGRAPHY,
        "71651007": ReportKind.MAMMOGRAPHY,
        "P5-08000": ReportKind.CT,
        "77477000": ReportKind.CT,
    }
)
KIND_OF_DEVICE: Mapping[str, ReportKind] = MappingProxyType(
    {"113957": ReportKind.FLUOROSCOPY, "113958": ReportKind.RADIOGRAPHY, "113959": ReportKind.RADIOGRAPHY}
)
FILTER_ELEMENT: Mapping[str, str] = MappingProxyType(
    {"C-127F9": "Cu", "66925006": "Cu", "C-120F9": "Al", "12503006": "Al"}
)

LATERAL = frozenset({"G-C171", "272741003"})
LATERALITY: Mapping[str, str] = MappingProxyType(
    {
        "T-04030": "left",
        "G-A101": "left",
        "80248007": "left",
        "7771000": "left",
        "T-04020": "right",
        "G-A100": "right",
        "73056007": "right",
        "24028007": "right",
    }
)

CONTAINERS = frozenset({ACCUMULATED, EVENT, CT_ACCUMULATED, CT_ACQUISITION, FILTERS})
"""Containers that are walked into; all others (wedges, beam positions, comments) are passed by."""

WANTED = CONTAINERS | frozenset(
    {
        # what the report is
        "121058", "122142",
        # totals: KAP, reference kerma, fluoroscopy, acquisition, times, frames, mean glandular dose, DLP
        "113722", "113725", "113726", "113728", "113727", "113729", "113730", "113855", "113731", "111637", "113812",
        "113813", "113764",
        # one irradiation event
        "113769", "113721", "111526", "122130", "113738", "112011", "112012", "113733", "113790", "113742",
        "113768", "113791",
        # its filters; side of a breast
        "113757", "113758", "113773", "G-C171", "272741003",
    }
)  # fmt: skip
"""Concepts that are read; what is not named here is not even decoded."""
