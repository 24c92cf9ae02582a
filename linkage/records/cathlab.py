"""Cath-lab registers as standardised examinations: one row each, units converted; times are local as delivered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.delivery import DeclaredFile
from graph_schema.delivery.values import decimal_number, moment, pattern, whole_number
from graph_schema.ids import Keyring
from graph_schema.rooms import RoomFacts, room_name
from graph_schema.units import Quantity, is_known, unit_factor
from linkage.records.account import Books
from linkage.records.codes import GROUP, OPS, ops_in_catalogue
from linkage.records.reading import Reading, Roles
from linkage.records.schema import EXAMS, FilePart, Records, conform

__all__ = ["CATHLAB_ROLES", "CathLabSource", "join_cathlab", "parse_cathlab_file", "read_cathlab"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CATHLAB_ROLES = Roles(
    ("exam_id", "start"),
    (
        "patient_id", "case", "room", "procedure_text", "ops", "weight_kg", "height_cm", "kap", "kap_unit",
        "fluoroscopy_time_s", "n_frames", "accession_number", "study_instance_uid",
    ),
)  # fmt: skip

_ROOM = pattern(r"[\w .,/()+#&-]{1,40}", wanted="a room name of at most 40 characters")


@dataclass(frozen=True, slots=True)
class CathLabSource:
    """
    A register as the study declares it.

    Attributes:
        name: Name of the source.
        files: Its files, later deliveries after earlier ones.
        hospital: The study's name of the hospital.
        rooms: What is known of rooms; those of other hospitals are passed over.
        placeholders: Patient numbers that stand for nobody in particular.
        named_rooms: `hospital/room` of rooms that keep their name; None: all, for those who store nothing.
    """

    name: str
    files: Sequence[DeclaredFile]
    hospital: str
    rooms: Sequence[RoomFacts] = ()
    placeholders: frozenset[str] = frozenset()
    named_rooms: frozenset[str] | None = None


def read_cathlab(source: CathLabSource, *, keyring: Keyring, today: date) -> Records:
    """
    All examinations of a register.

    Args:
        source: The register as declared.
        keyring: Makes the identifiers.
        today: Later times are mistakes.

    Raises:
        SourceMissing, SourceFileError: If a file is not there or not what was declared.
    """
    parts = [parse_cathlab_file(file, source=source, keyring=keyring, today=today) for file in source.files]
    return join_cathlab(parts)


def join_cathlab(parts: Iterable[FilePart]) -> Records:
    """The parsed files as one table of examinations, later deliveries correcting earlier ones."""
    books = Books(parts)
    exams = books.account("cath_lab", EXAMS)
    exams.settle(["exam_key"], field="exam_id", record_type="cath_lab")
    return books.records({"exams": conform(exams.table, EXAMS)})


def parse_cathlab_file(file: DeclaredFile, *, source: CathLabSource, keyring: Keyring, today: date) -> FilePart:
    """
    One file on its own.

    Raises:
        SourceMissing, SourceFileError: If the file is not there or not what was declared.
    """
    reading = Reading(file, roles=CATHLAB_ROLES, source=source.name, keyring=keyring, today=today)
    sheet = reading.sheet
    hospital = source.hospital
    room = sheet.parse("room", _ROOM)
    recorded = sheet.parse("start", moment(today=today), key=True)
    place = pc.binary_join_element_wise(pa.scalar(hospital), _names(room, source, keyring), "/")
    entry = _entries(source.rooms, place, recorded)
    kap, unit = _kap(reading, source.rooms, entry)
    mark = reading.text.decimal
    ops = sheet.parse("ops", OPS)
    columns = {
        "exam_key": reading.key("exam_id", "exm", hospital),
        "procedure_key": reading.hashed(sheet.text("exam_id"), "prd", hospital, "exam"),
        "person_key": _patients(reading, source),
        "stay_key": reading.key("case", "sty", hospital, required=False),
        "accession_key": reading.key("accession_number", "acc", hospital, required=False),
        "study_key": reading.key("study_instance_uid", "stu", "dicom", required=False),
        "source": pa.array([source.name] * sheet.n_records, pa.string()),
        "hospital": pa.array([hospital] * sheet.n_records, pa.string()),
        "room": place,
        "started_at": recorded,
        "procedure_group": sheet.parse("procedure_text", GROUP),
        "ops_code": pa.array([ops_in_catalogue(code) if code else None for code in ops.to_pylist()], pa.string()),
        "weight_kg": sheet.parse("weight_kg", decimal_number(mark=mark, minimum=0.3, maximum=300.0)),
        "height_cm": sheet.parse("height_cm", decimal_number(mark=mark, minimum=20.0, maximum=230.0)),
        "kap_gycm2": kap,
        "kap_unit_as_found": unit,
        "fluoroscopy_time_s": sheet.parse("fluoroscopy_time_s", decimal_number(mark=mark, minimum=0, maximum=86_400)),
        "n_frames": sheet.parse("n_frames", whole_number(pa.int32(), minimum=0, maximum=10_000_000)),
    }
    return reading.part(columns)


def _patients(reading: Reading, source: CathLabSource) -> pa.Array:
    numbers = reading.sheet.text("patient_id").to_pylist()
    held = np.array([number in source.placeholders for number in numbers], dtype=bool)
    reading.sheet.repair(held, "patient_id", "declared placeholder, taken as missing")
    real = [None if out else number for number, out in zip(numbers, held.tolist(), strict=True)]
    return reading.hashed(pa.array(real, pa.string()), "prc", source.hospital)


def _names(room: pa.Array, source: CathLabSource, keyring: Keyring) -> pa.Array:
    """Rooms as they are called from here on."""
    coded = room.dictionary_encode()
    names = [
        room_name(name, hospital=source.hospital, named=source.named_rooms, keyring=keyring)
        for name in coded.dictionary.to_pylist()
    ]
    return pa.array(names, pa.string()).take(coded.indices)


def _entries(rooms: Sequence[RoomFacts], room: pa.Array, recorded: pa.Array) -> IntArray:
    """Which entry of the study's rooms holds for each examination, `(n,)`; -1 for none."""
    days = recorded.cast(pa.date32()).to_pylist()
    found: dict[tuple[str | None, date | None], int] = {}
    entries = np.full(len(room), -1, dtype=np.int64)
    for place, key in enumerate(zip(room.to_pylist(), days, strict=True)):
        name, on = key
        if key not in found:
            found[key] = next((n for n, facts in enumerate(rooms) if on is not None and facts.holds(name, on)), -1)
        entries[place] = found[key]
    return entries


def _kap(reading: Reading, rooms: Sequence[RoomFacts], entry: IntArray) -> tuple[pa.Array, pa.Array]:
    """
    Kerma-area product (Gy cm2) and the unit as it was found; nothing is guessed.

    A unit that is not delivered is that of the room; a value without any, or with an unknown one, is missing.
    """
    sheet = reading.sheet
    found = sheet.parse("kap", decimal_number(mark=reading.text.decimal, minimum=0.0, exclusive=True))
    values: FloatArray = pc.fill_null(found, np.nan).to_numpy(zero_copy_only=False)
    units = sheet.text("kap_unit").to_pylist()
    declared = np.array([_declared_factor(facts) for facts in rooms] + [np.nan])[entry]
    known = {unit: unit_factor(unit, Quantity.KAP) for unit in set(units) if is_known(unit, Quantity.KAP)}
    delivered = np.array([unit is not None for unit in units], dtype=bool)
    own = np.array([known.get(unit, np.nan) if unit else np.nan for unit in units], dtype=np.float64)
    factor = np.where(delivered, own, declared)
    has = ~np.isnan(values)
    sheet.repair(has & delivered & np.isnan(own), "kap_unit", "unit of kerma-area product unknown, so no value")
    sheet.repair(has & ~delivered & np.isnan(declared), "kap_unit", "no unit delivered or declared, so no value")
    sheet.repair(has & ~delivered & ~np.isnan(declared), "kap_unit", "no unit delivered, that of the room taken")
    kap = values * factor
    as_found = pa.array([unit if unit in known else None for unit in units], pa.string())
    return pa.array(kap, mask=np.isnan(kap)), as_found


def _declared_factor(facts: RoomFacts) -> float:
    return np.nan if facts.kap_unit is None else unit_factor(facts.kap_unit, Quantity.KAP)
