"""`doselink doses read`: what is printed, what never is, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from doselink.cli.main import main
from graph_schema.errors import ExitCode
from provenance.dose import folder
from provenance.dose.folder import read_reports
from provenance.dose.report import LeftAlone, Report
from tests.dose.made import MARKER, PROJECTION, event, totals, write


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["doses", "read", *arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    top = tmp_path / "archive"
    content = [PROJECTION, totals("single", "3.12e-005", "Gym2"), event("2.25.11", "3.12e-005", "Gym2")]
    write(top / "2019" / "HK1" / "a.dcm", content)
    (top / "readme.txt").write_text("nothing to see\n", encoding="utf-8")
    return top


def test_every_file_is_one_object_with_totals_units_and_why_it_was_left(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, str(archive), "--json")
    report, text = json.loads(out)
    assert (code, err) == (0, "")
    assert (report["file"], report["kind"]) == ("2019/HK1/a.dcm", "fluoroscopy dose report")
    assert (report["kap_gycm2"], report["n_irradiation_events"], report["planes"]) == (0.312, 1, ["single"])
    assert report["units_as_found"] == {"kap": ["Gym2"], "air_kerma": ["Gy"]}
    assert report["totals"][0]["kap"] == {"as_found": 3.12e-05, "unit_as_found": "Gym2", "gycm2": 0.312}
    assert (text["file"], text["left_alone"]) == ("readme.txt", "no DICOM object: nothing in it was read")


def test_people_get_the_same_as_sentences(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, str(archive))
    assert "plane single: KAP 0.312 Gy cm2 (found 3.12e-05 Gym2), K_ref 10 mGy (found 0.01 Gy)" in out
    assert "left alone: no DICOM object" in out


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_nothing_of_the_patient_is_printed(
    archive: Path, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]
) -> None:
    _, out, err = run(capsys, str(archive), *form)
    for mark in (MARKER, "P-4711", "ACC-1", "2.25.", "2011", "20190305", "2019-03", str(archive.parent)):
        assert mark not in out + err, mark


def test_a_damaged_report_is_told_after_all_others_were_printed(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (archive / "2019" / "HK1" / "a.dcm").read_bytes()
    (archive / "0cut.dcm").write_bytes(whole[:700])
    code, out, err = run(capsys, str(archive))
    assert code == ExitCode.SOURCE_FILE
    assert "KAP used: 0.312 Gy cm2" in out
    assert "1 of 3 files are empty, cut off or damaged" in err


def test_an_unknown_unit_ends_with_its_own_code(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(archive / "b.dcm", [PROJECTION, totals("single", "12", "R.cm2")])
    code, out, _ = run(capsys, str(archive))
    assert code == ExitCode.UNIT
    assert "KAP unknown: found 12 R.cm2" in out


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, str(tmp_path / "nowhere"))
    assert code == ExitCode.SOURCE_MISSING
    assert "is not there" in err


def test_a_single_file_is_called_by_its_name(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, str(archive / "2019" / "HK1" / "a.dcm"), "--json")
    assert [one["file"] for one in json.loads(out)] == ["a.dcm"]


def test_several_processes_read_the_same_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_ALONE_BELOW", 2)
    for number in range(70):
        write(tmp_path / f"{number:03}.dcm", [PROJECTION, totals("single", f"{number + 1}e-6")])
    files = sorted(tmp_path.iterdir())
    done: list[int] = []
    found = list(read_reports(files, n_processes=2, advance=done.append))
    assert found == list(read_reports(files, n_processes=1))
    assert sum(done) == 70
    assert all(isinstance(one, Report) for one in found)


def test_a_file_that_cannot_be_opened_stops_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", [PROJECTION, totals("single", "1e-6")])
    found = list(read_reports([tmp_path / "gone.dcm", tmp_path / "a.dcm"]))
    assert isinstance(found[0], LeftAlone)
    assert found[0].damaged
    assert isinstance(found[1], Report)


def test_a_flag_is_explained_where_people_read_it(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(archive / "b.dcm", [PROJECTION, totals("A", "1e-5")])
    _, out, _ = run(capsys, str(archive / "b.dcm"))
    assert "flag plane_b_missing: plane B has no dose, or a zero without events" in out


def test_a_plain_script_may_read_many_reports_in_processes(archive: Path, tmp_path: Path) -> None:
    for number in range(600):
        (archive / f"{number}.txt").write_text("x", encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from provenance.dose.folder import read_reports\n"
        f"paths = sorted(path for path in Path({str(archive)!r}).rglob('*') if path.is_file())\n"
        "print(len(list(read_reports(paths))))\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("602\n", "")
