"""What may not be read or written is said as such, with its own exit code and without a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from doselink.cli.main import main
from doselink.cli.storage import describe_storage
from graph_schema.delivery import SourceMissing, find_files

FIXTURES = Path(__file__).parents[2] / "fixtures"


def leaves_with(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0)


def test_a_workspace_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results").write_text("")
    code = leaves_with(["run", str(FIXTURES / "tiny"), "--workspace", str(tmp_path / "results"), "--no-graph"])
    assert code == 24
    assert "results is already there and is something else" in capsys.readouterr().err


def test_a_report_written_onto_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = IsADirectoryError(21, "Is a directory", str(tmp_path / "part"), None, str(tmp_path))
    assert describe_storage(error) == f"{tmp_path} is a folder where a file is needed: name another place"


def test_another_error_of_the_system_is_a_defect() -> None:
    assert describe_storage(FileNotFoundError(2, "No such file", "x")) is None
    assert describe_storage(OSError("without a number")) is None


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Paths that are closed to us; the tests may run as root, to whom nothing is."""
    paths: set[Path] = set()
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) not in paths)
    return paths


@pytest.mark.parametrize("declared", ["archive", "archive/*/*.dcm", "archive/**/*.dcm"])
def test_a_closed_folder_is_not_left_out_without_a_word(tmp_path: Path, closed: set[Path], declared: str) -> None:
    for year in ("2018", "2019"):
        (tmp_path / "archive" / year).mkdir(parents=True)
        (tmp_path / "archive" / year / "MUELLER.dcm").write_bytes(b"x")
    assert len(find_files(declared, base=tmp_path)) == 2
    closed.add(tmp_path / "archive" / "2018")
    with pytest.raises(SourceMissing, match="1 folders of it are closed to you"):
        find_files(declared, base=tmp_path)


def test_a_closed_file_is_counted_and_not_named(tmp_path: Path, closed: set[Path]) -> None:
    for name in ("MUELLER.dcm", "SCHMIDT.dcm"):
        (tmp_path / name).write_bytes(b"x")
    closed.add(tmp_path / "MUELLER.dcm")
    with pytest.raises(SourceMissing, match="may not be read: 1 of 2 files") as caught:
        find_files(".", base=tmp_path)
    assert "MUELLER" not in str(caught.value)


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    for name in (".git/a", "b", ".c", "d/.e", "d/f"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [path.relative_to(tmp_path).as_posix() for path in find_files(tmp_path, base=tmp_path)] == ["b", "d/f"]
