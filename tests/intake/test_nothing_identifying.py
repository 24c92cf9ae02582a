"""Markers planted in every field of a delivery; none of them may come out of a reader."""

from __future__ import annotations

import pytest

from graph_schema.errors import UserError
from graph_schema.rooms import RoomFacts
from linkage.records import (
    CathLabSource,
    Crosswalk,
    Section21Source,
    parse_section21_file,
    read_cathlab,
    read_section21,
)
from linkage.records.cathlab import CATHLAB_ROLES
from linkage.records.section21 import SECTION21_ROLES

from .conftest import TODAY

MARKER = "MARKER4711"


def everything_in(found):
    """All that a reader hands over, as text."""
    tables = [table.to_pylist() for table in found.tables.values()]
    parts = (found.rejects, found.files, found.notes, found.counts, found.not_persons)
    return repr((tables, parts, found.commitments.to_pylist(), found.supersedes.to_pylist()))


def delivery(roles, good, *, kept=()):
    """
    Headers, a row with a marker in every field, a usable one, and rows in which a marker replaces one good field.

    Fields of `kept` stay good: what they say is meant to be kept as it is.
    """
    key = roles.all[0]
    headers = [roles.headers.get(role, role) for role in roles.all]
    usable = {role: good.get(role, MARKER) for role in roles.all}
    rows = [dict.fromkeys(roles.all, MARKER), usable]
    rows += [{**usable, role: MARKER} for role in good if role not in kept]
    lines = [[row[role] if role != key else f"{MARKER}-{n}" for role in roles.all] for n, row in enumerate(rows)]
    return "\n".join(";".join(line) for line in [headers, *lines]) + "\n" + MARKER + "\n"


GOOD = {
    "FALL": {"admitted": "201501011200", "ik": "111"},
    "FAB": {"department": "HA2900"},
    "ICD": {"icd": "Q21.0"},
    "OPS": {"ops": "1-273"},
    "PATIENTEN": {},
}


def test_a_hospital_delivery_leaves_no_value_behind(deliver, keyring):
    files = [deliver(table, delivery(roles, GOOD[table])) for table, roles in SECTION21_ROLES.items()]
    source = Section21Source(
        "north-cases", files, "north", {"111": "north"}, frozenset({MARKER}), Crosswalk({"01067": "1"}, "x")
    )
    found = read_section21(source, keyring=keyring, today=TODAY)
    assert found.tables["stays"].num_rows > 0
    assert len(found.rejects) > 10
    assert MARKER not in everything_in(found)


def test_a_parsed_file_holds_no_value_even_before_the_files_are_joined(deliver, keyring):
    source = Section21Source("north-cases", [], "north")
    for table, roles in SECTION21_ROLES.items():
        part = parse_section21_file(
            deliver(table, delivery(roles, GOOD[table])), source=source, keyring=keyring, today=TODAY
        )
        assert MARKER not in repr((part.table.to_pylist(), part.notes()))


def test_a_register_leaves_no_value_behind(deliver, keyring):
    good = {"start": "2015-01-01 10:00", "room": "Lab 1", "kap": "1", "kap_unit": "Gy.cm2", "ops": "1-273"}
    source = CathLabSource(
        "lab",
        [deliver("cath_lab", delivery(CATHLAB_ROLES, good))],
        "north",
        [RoomFacts(hospital="north", room="Lab 1")],
        named_rooms=frozenset({"north/Lab 1"}),
    )
    found = read_cathlab(source, keyring=keyring, today=TODAY)
    rooms = found.tables["exams"].column("room").to_pylist()
    assert sorted(room[:11] for room in rooms) == ["north/Lab 1"] * 4 + ["north/room-"]
    assert MARKER not in everything_in(found)


@pytest.mark.parametrize(
    "text", [f"{MARKER};{MARKER}\n1;2\n", f'"{MARKER}\n', "x;y\n"], ids=["no header", "open", "other"]
)
def test_an_error_about_a_file_shows_no_value(deliver, keyring, text):
    source = CathLabSource("lab", [deliver("cath_lab", text)], "north")
    with pytest.raises(UserError) as error:
        read_cathlab(source, keyring=keyring, today=TODAY)
    assert MARKER not in str(error.value)
