"""The sources of a study as the readers of records want them. Reads the crosswalk table."""

from __future__ import annotations

from collections.abc import Sequence

from doselink.study.files import source_files, table_path
from doselink.study.models import Source, Study
from graph_schema.delivery import DeclaredFile
from graph_schema.rooms import RoomFacts
from linkage.records import (
    NO_CROSSWALK,
    CathLabSource,
    ClaimsSource,
    Crosswalk,
    Section21Source,
    read_crosswalk,
)
from provenance.dose.calibration import read_calibrations

__all__ = ["cathlab_source", "claims_source", "crosswalk_of", "named_rooms", "rooms_of", "section21_source"]


def crosswalk_of(study: Study) -> Crosswalk:
    """
    The study's postcode crosswalk; without one, hospital postcodes are dropped and regions stay unknown.

    Raises:
        SourceMissing, SourceFileError: If it is declared and cannot be read.
    """
    declared = study.tables.region_crosswalk
    return NO_CROSSWALK if declared is None else read_crosswalk(table_path(study, declared.path))


def rooms_of(study: Study, hospital: str | None) -> tuple[RoomFacts, ...]:
    """What the study knows of the rooms of one hospital."""
    return tuple(room for room in study.rooms if room.hospital == hospital)


def named_rooms(study: Study) -> frozenset[str]:
    """
    `hospital/room` of every room that the study file or the calibration table names: these names are kept.

    Raises:
        SourceMissing, SourceFileError: If a calibration table is declared and cannot be read.
    """
    declared = study.tables.calibration
    calibrated = () if declared is None else read_calibrations(table_path(study, declared.path))
    return frozenset({f"{room.hospital}/{room.room}" for room in study.rooms} | {one.room for one in calibrated})


def claims_source(study: Study, source: Source, files: Sequence[DeclaredFile] | None = None) -> ClaimsSource:
    """A source of kind claims with its files; they are looked for unless given."""
    return ClaimsSource(source.name, _files(study, source, files), study.hospital_of_ik)


def section21_source(
    study: Study, source: Source, files: Sequence[DeclaredFile] | None = None, *, crosswalk: Crosswalk
) -> Section21Source:
    """A source of kind section21 with its files; they are looked for unless given."""
    return Section21Source(
        name=source.name,
        files=_files(study, source, files),
        hospital=source.hospital,
        hospital_of_ik=study.hospital_of_ik,
        placeholders=frozenset(source.placeholders),
        crosswalk=crosswalk,
    )


def cathlab_source(study: Study, source: Source, files: Sequence[DeclaredFile] | None = None) -> CathLabSource:
    """A source of kind cath_lab with its files; they are looked for unless given."""
    return CathLabSource(
        name=source.name,
        files=_files(study, source, files),
        hospital=source.hospital or "",
        rooms=rooms_of(study, source.hospital),
        placeholders=frozenset(source.placeholders),
    )


def _files(study: Study, source: Source, files: Sequence[DeclaredFile] | None) -> Sequence[DeclaredFile]:
    return source_files(study, source) if files is None else files
