"""Further files beside those that were read before: by pattern, with times in them, corrected, and odd paths."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from doselink.run import RunResult
from doselink.run.workspace import OtherKey
from graph_schema.errors import ExitCode
from graph_schema.ledger import Ledger

from .conftest import FIXTURES, NOW, run_tiny, with_key


def _corrected_case(study: Path) -> None:
    """A third FALL file: case A1002 left the hospital a day later than was first delivered."""
    header, _, row, *_ = (study / "hospital_a/FALL_2022-01.csv").read_text(encoding="utf-8").splitlines()
    text = f"{header}\n{row.replace('201809121000', '201809131000')}\n"
    (study / "hospital_a/FALL_2023-01_korrektur.csv").write_text(text, encoding="utf-8")


def _further_exam(study: Path) -> None:
    """A second file of the register, found by a pattern."""
    declared = (study / "study.yaml").read_text(encoding="utf-8")
    (study / "study.yaml").write_text(declared.replace("path: cathlab_a.csv", "path: cathlab_a*.csv"), encoding="utf-8")
    header, row, *_ = (study / "cathlab_a.csv").read_text(encoding="utf-8").splitlines()
    fields = row.split(";")
    later = ["HK19-0999", *fields[1:3], "2019-03-05 11:40:00", *fields[4:13], "RIS79999", ""]
    (study / "cathlab_a_2.csv").write_text(f"{header}\n{';'.join(later)}\n", encoding="utf-8")


def _rows(workspace: Path, label: str, *columns: str) -> list[tuple[object, ...]]:
    found = Ledger(workspace / "ledger").current(label, list(columns)).to_pylist()
    return sorted(tuple(row[name] for name in columns) for row in found)


def test_new_files_beside_read_ones_end_where_one_run_on_all_of_them_ends(
    study: Path, workspace: Path, tmp_path: Path
) -> None:
    declared = (study / "study.yaml").read_text(encoding="utf-8")
    (study / "study.yaml").write_text(declared.replace("path: cathlab_a.csv", "path: cathlab_a*.csv"), encoding="utf-8")
    run_tiny(study, workspace)
    before = _rows(workspace, "Stay", "key", "discharged_on")
    _corrected_case(study)
    _further_exam(study)

    second = run_tiny(study, workspace, NOW + timedelta(days=1))
    at_once = run_tiny(study, with_key(tmp_path / "at-once"), NOW + timedelta(days=1))

    assert second.did_work
    after = _rows(workspace, "Stay", "key", "discharged_on")
    assert len(set(after) - set(before)) == 1
    assert after == _rows(at_once.workspace, "Stay", "key", "discharged_on")
    assert _rows(workspace, "Procedure", "key") == _rows(at_once.workspace, "Procedure", "key")


def test_a_study_in_a_folder_with_blanks_and_umlauts(tmp_path: Path, ran: RunResult) -> None:
    study = Path(shutil.copytree(FIXTURES / "tiny", tmp_path / "Größe der Änderung" / "tiny 1"))

    result = run_tiny(study, with_key(tmp_path / "Ergebnis für alle"))

    assert result.run_id == ran.run_id
    assert result.report_path.is_file()


def test_another_key_is_refused_before_any_work(study: Path, workspace: Path) -> None:
    run_tiny(study, workspace)
    (workspace / "keys" / "study.key").write_text("6b" * 32 + "\n")
    (study / "claims" / "dispensations.csv").write_text("insurant_id,date,atc,ddd\nV0001,2021-02-15,N02BE01,5\n")
    before = sorted(workspace.rglob("*"))

    with pytest.raises(OtherKey, match="restore the right one") as caught:
        run_tiny(study, workspace, NOW + timedelta(days=1))

    assert caught.value.exit_code is ExitCode.KEY
    assert sorted(workspace.rglob("*")) == before
