"""
Nothing identifying is written anywhere: every delivered identifier carries a marker, and every byte is searched.

The marker is put before each identifier in every delivered table, into every text of the DICOM headers that can
name somebody, and into file and folder names. UIDs hold digits only: they are searched for as they are.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pydicom
import pytest

from graph_schema.graph.opening import open_graph

from .conftest import FIXTURES, with_key

MARKER = "Qz7x"
IDENTIFYING = {
    "insurant_id", "case_id", "KH-internes-Kennzeichen", "patient_id", "exam_id", "case", "accession_number",
    "procedure_text",
}  # fmt: skip
NAMING = (
    "PatientName", "PatientID", "OtherPatientNames", "PatientAddress", "PatientComments", "ReferringPhysicianName",
    "OperatorsName", "PerformingPhysicianName", "AccessionNumber", "StudyID", "StudyDescription", "SeriesDescription",
    "InstitutionName", "RequestedProcedureDescription", "ImageComments",
)  # fmt: skip


def mark_table(path: Path) -> None:
    raw = path.read_bytes()
    encoding = "utf-8" if _is_utf8(raw) else "cp1252"
    text = raw.decode(encoding).removeprefix("\ufeff")
    separator = ";" if text.splitlines()[0].count(";") else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    columns = [place for place, name in enumerate(rows[0]) if name in IDENTIFYING]
    for row in rows[1:]:
        for place in columns:
            if row[place]:
                row[place] = MARKER + row[place]
    rows += free_text(rows[0], rows[1:])
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))


def free_text(headers: list[str], rows: list[list[str]]) -> list[list[str]]:
    """Rows with a marker where none belongs: in each column of a good row alone and beside it, in all, in too few."""
    found = [[f"{MARKER}{name}"[:15] for name in headers], [MARKER]]
    for place in range(len(headers)):
        good = rows[place % len(rows)]
        texts = (f"{MARKER}{headers[place]}"[:11], f"{good[place]} {MARKER}")
        found += [[text if at == place else old for at, old in enumerate(good)] for text in texts]
    return found


def mark_object(path: Path, *, spoilt: bool) -> set[str]:
    """Mark a DICOM object, where `spoilt` in what the readers need too; returns its UIDs."""
    try:
        dataset = pydicom.dcmread(path)
    except pydicom.errors.InvalidDicomError:
        return set()
    for name in NAMING:
        dataset.__setattr__(name, MARKER + str(dataset.get(name) or "")[:12])
    dataset.PatientBirthDate = "20090923"
    dataset.private_block(0x0099, "MADE UP", create=True).add_new(1, "LO", f"{MARKER}private")
    if spoilt:
        dataset.StationName = f"{MARKER} Frau"
        dataset.DeviceSerialNumber = f"{MARKER}serial"
        for element in dataset.iterall():
            if element.keyword in {"CodeMeaning", "TextValue", "PersonName"}:
                element.value = f"{MARKER}text"
    dataset.save_as(path)
    uids = {str(element.value) for element in dataset.iterall() if element.VR == "UI" and element.value}
    return {uid for uid in uids if not uid.startswith("1.2.840.10008.")}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    study = Path(shutil.copytree(FIXTURES / "tiny", tmp_path_factory.mktemp("planted") / "study"))
    for path in sorted(study.rglob("*.csv")):
        if path.parent.name not in {"tables", "truth"}:
            mark_table(path)
    uids: set[str] = set()
    for number, path in enumerate(sorted((study / "rdsr_a").rglob("*"))):
        if path.is_file() and path.suffix != ".txt" and path.stat().st_size > 3000:
            uids |= mark_object(path, spoilt=number % 3 == 0)
            path.rename(path.with_name(f"{MARKER}_{path.name}"))
    (study / "rdsr_a" / "2018").rename(study / "rdsr_a" / f"{MARKER}_Kind")
    for path in sorted((study / "hospital_a").glob("FALL_*.csv")):
        path.rename(path.with_name(path.name.replace("FALL_", f"FALL_{MARKER}_")))
    (study / "rdsr_a" / f"{MARKER}.dcm").write_bytes(bytes(128) + b"DICM" + MARKER.encode() * 400)
    (study / "hospital_a" / "IDENTITAET.csv").write_text(
        f"KH-internes-Kennzeichen;KVNR;Nachname\n1;{MARKER};{MARKER}\n"
    )
    said = (study / "study.yaml").read_text()
    hospital = "  kind: section21\n  hospital: heart-centre-a\n"
    (study / "study.yaml").write_text(said.replace(hospital, f"{hospital}  placeholders: ['{MARKER}99']\n", 1))
    return study, uids


@pytest.fixture(scope="module")
def told(planted: tuple[Path, set[str]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The workspace after a run with the graph, and everything that was printed on the way."""
    study, _ = planted
    workspace = with_key(tmp_path_factory.mktemp("told") / "workspace")
    commands = (
        ["run", str(study / "study.yaml"), "--workspace", str(workspace)],
        ["check", str(study / "study.yaml")],
        ["status", str(workspace), "--json"],
        ["audit", "run", "persons-with-doses", "--study", str(workspace)],
        ["audit", "run", "conflicts", "--study", str(workspace)],
        ["audit", "run", "unit-doubts", "--study", str(workspace)],
        ["audit", "run", "dose-events-without-stay", "--study", str(workspace), "--json"],
        ["graph", "check", "--study", str(workspace)],
        ["report", str(workspace)],
        ["cypher", "MATCH (n) RETURN n LIMIT 2000", "--study", str(workspace), "--json"],
    )
    said = []
    for command in commands:
        done = subprocess.run([sys.executable, "-m", "doselink", *command], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout + done.stderr)
    return workspace, "\n".join(said)


def texts_of(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder, Parquet unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()
            if path.suffix == ".parquet":
                yield path, repr(pq.read_table(path).to_pylist()).encode()


def findings(folder: Path, wanted: set[str]) -> list[str]:
    needles = [needle.encode() for needle in sorted(wanted)]
    return [f"{path.name}: {needle!r}" for path, raw in texts_of(folder) for needle in needles if needle in raw]


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [f"x{MARKER}y"]}), tmp_path / "t.parquet", compression="zstd")

    assert set(findings(tmp_path, {MARKER})) == {f"t.parquet: {MARKER.encode()!r}"}


def test_the_deliveries_are_full_of_markers(planted: tuple[Path, set[str]]) -> None:
    study, uids = planted

    assert sum(raw.count(MARKER.encode()) for _, raw in texts_of(study)) > 500
    assert len(uids) > 50


def test_no_file_of_the_workspace_holds_an_identifier(planted: tuple[Path, set[str]], told: tuple[Path, str]) -> None:
    _, uids = planted
    workspace, _ = told

    assert findings(workspace, {MARKER, "20090923", *uids}) == []
    assert not [path for path in workspace.rglob("*") if MARKER in path.name]


def test_the_search_reaches_the_dose_reports_that_are_kept(told: tuple[Path, str]) -> None:
    workspace, _ = told
    kept = [raw for path, raw in texts_of(workspace / "blocks") if b'"event_key":"dse_' in raw]
    notes = [raw for _, raw in texts_of(workspace / "stages") if b"read-dose-reports" in raw]

    assert kept
    assert len(notes) == 1


def test_nothing_that_was_printed_holds_an_identifier(planted: tuple[Path, set[str]], told: tuple[Path, str]) -> None:
    _, uids = planted
    _, said = told

    assert len(said) > 5000
    assert [needle for needle in {MARKER, "20090923", *uids} if needle in said] == []


def test_no_property_in_the_graph_holds_an_identifier(planted: tuple[Path, set[str]], told: tuple[Path, str]) -> None:
    _, uids = planted
    workspace, _ = told
    with open_graph(None, workspace / "graph", reader=True) as graph:
        rows = graph.read("MATCH (n) RETURN properties(n) AS p")
        edges = graph.read("MATCH ()-[r]->() RETURN properties(r) AS p")

    text = repr(rows) + repr(edges)
    assert len(rows) > 600
    assert [needle for needle in {MARKER, "20090923", *uids} if needle in text] == []


def test_an_error_about_a_delivery_shows_no_value(planted: tuple[Path, set[str]], tmp_path: Path) -> None:
    study = Path(shutil.copytree(planted[0], tmp_path / "study"))
    stays = study / "claims" / "stays.csv"
    stays.write_text(stays.read_text().replace("case_id", "fall_id", 1))

    done = subprocess.run(
        [sys.executable, "-m", "doselink", "run", str(study / "study.yaml"), "--no-graph"],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 11
    assert "stays.csv" in done.stderr
    assert "case_id" in done.stderr
    assert MARKER not in done.stdout + done.stderr


def test_without_the_key_nothing_is_given_back(told: tuple[Path, str], tmp_path: Path) -> None:
    workspace = Path(shutil.copytree(told[0], tmp_path / "copy", ignore=shutil.ignore_patterns("graph", "keys")))

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "doselink",
            "export",
            "links",
            "--study",
            str(workspace),
            "--out",
            str(tmp_path / "l.csv"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 14
    assert "no study key" in done.stderr
    assert not (tmp_path / "l.csv").exists()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
