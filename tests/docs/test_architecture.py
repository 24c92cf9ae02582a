"""The map is true to the code: the tables that the rooms hand over have the columns the page gives them."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from linkage.records import schema as records
from provenance.dose import schema as doses

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
SCHEMAS = {
    "persons": records.PERSONS,
    "coverage": records.COVERAGE,
    "stays": records.STAYS,
    "procedures": records.PROCEDURES,
    "exams": records.EXAMS,
    "outpatient_diagnoses": records.OUTPATIENT_DIAGNOSES,
    "outpatient_services": records.OUTPATIENT_SERVICES,
    "dispensations": records.DISPENSATIONS,
    "supersedes": records.SUPERSEDES,
    "commitments": records.COMMITMENTS,
    "dose_events": doses.DOSE_EVENTS,
}


def columns_told(table: str) -> set[str]:
    """Names in the page's row of a table: the first word of each entry, without what stands in brackets."""
    (row,) = re.findall(rf"^\| `{table}`[^|]*\| (.*) \|$", PAGE, re.MULTILINE)
    plain = re.sub(r"\([^)]*\)", "", row.split(": which")[0])
    names = {entry.split()[0].strip(":?") for entry in re.split("[,;]", plain) if entry.strip()}
    return names - {"lineage"} | ({"file_sha256", "row"} if "lineage" in names else set())


@pytest.mark.parametrize(("table", "schema"), SCHEMAS.items())
def test_a_standard_table_has_the_columns_of_its_row(table: str, schema: pa.Schema) -> None:
    assert columns_told(table) == set(schema.names)


@pytest.mark.parametrize("package", ["graph_schema", "linkage", "provenance", "doselink"])
def test_every_module_the_page_names_is_there(package: str) -> None:
    root = Path(__file__).parents[2]
    named = set(re.findall(rf"`({package}(?:\.[a-z_0-9]+)+)[`(]", PAGE))
    gone = [
        name
        for name in named
        if not any((root / part).exists() for part in (name.replace(".", "/"), name.replace(".", "/") + ".py"))
        and not (root / (name.rpartition(".")[0].replace(".", "/") + ".py")).exists()
    ]
    assert gone == []
