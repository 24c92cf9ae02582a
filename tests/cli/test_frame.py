"""The frame of the command line: help, errors, exit codes, suggestions, what is imported when."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from doselink.cli import defect, main, where
from doselink.cli.commands import COMMANDS
from doselink.cli.lazy import Mount, load
from graph_schema.errors import ExitCode, SourceFileError, UserError

HEAVY = ("numpy", "pandas", "pyarrow", "neo4j", "scipy", "altair", "jinja2", "pydicom", "networkx")


@pytest.fixture(autouse=True)
def _libraries_as_they_were(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    handlers = logging.getLogger().handlers[:]
    with warnings.catch_warnings():
        yield
    logging.getLogger().handlers[:] = handlers
    os.environ.pop("PYTHONWARNINGS", None)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main.main(list(arguments))
    printed = capsys.readouterr()
    return int(left.value.code or 0), printed.out, printed.err


def test_version_is_printed_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, "doselink 0.1.0\n", "")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert [name for name in COMMANDS if f"│ {name} " not in out] == []


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom doselink.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        (["statsu"], "Did you mean `doselink status`?"),
        (["read", "folder"], "Did you mean `doselink doses read`?"),
        (["rebiuld"], "Did you mean `doselink graph rebuild`?"),
        (["run", "--quite"], "--quiet"),
        (["export", "link", "--out", "x.csv"], "Did you mean 'links'"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(
    capsys: pytest.CaptureFixture[str], typed: list[str], suggested: str
) -> None:
    code, out, err = run(capsys, *typed)
    assert (code, out) == (2, "")
    assert suggested in " ".join(err.replace("│", " ").split())


def test_a_word_like_no_command_is_pointed_to_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "xylophone")
    assert code == 2
    assert "`doselink --help` lists them all." in " ".join(err.replace("│", " ").split())


class _Torn(UserError):
    exit_code = ExitCode.LEDGER


def test_a_users_error_is_a_sentence_and_its_own_exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(_: Path) -> None:
        raise _Torn("commit 3 is torn: restore it")

    monkeypatch.setattr("doselink.cli.run.resolve", torn)
    assert run(capsys, "report", ".") == (15, "", "doselink: commit 3 is torn: restore it\n")


def test_a_defect_shows_the_program_and_withholds_the_data(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(defect.SHOW_MESSAGES, raising=False)

    def broken(_: Path) -> None:
        patient = "MARKER-4711"
        try:
            _ = {}[patient]
        except KeyError as error:
            raise ValueError(f"no row for {patient}") from error

    monkeypatch.setattr("doselink.cli.run.resolve", broken)
    code, out, err = run(capsys, "report", ".")
    assert (code, out) == (1, "")
    assert "MARKER-4711" not in err
    assert "builtins.KeyError" in err
    assert "builtins.ValueError" in err
    assert "in broken" in err
    assert "please report" in err


def test_warnings_and_log_lines_of_libraries_stay_off_the_terminal() -> None:
    program = (
        "import logging, subprocess, sys, warnings\n"
        "from doselink.cli.defect import quiet_libraries\nquiet_libraries()\n"
        "warnings.warn('MARKER-4711')\nlogging.getLogger('some.library').error('MARKER-4712')\n"
        "subprocess.run([sys.executable, '-c', \"import warnings; warnings.warn('MARKER-4713')\"], check=True)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_defects_message_is_shown_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(defect.SHOW_MESSAGES, "1")
    assert "builtins.ValueError: made data only" in defect.describe_defect(ValueError("made data only"))


def test_our_own_messages_stay_in_a_defects_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(defect.SHOW_MESSAGES, raising=False)
    error = RuntimeError("foreign words")
    error.__cause__ = SourceFileError(Path("stays.csv"), "a date", row=7, field="admitted_on")
    shown = defect.describe_defect(error)
    assert "stays.csv, row 7, field 'admitted_on': expected a date" in shown
    assert "foreign words" not in shown


def test_an_interrupted_command_says_that_it_carries_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("doselink.cli.run.resolve", stopped)
    code, out, _ = run(capsys, "report", ".")
    assert (code, out) == (130, "")


def test_completion_of_the_shell_offers_commands() -> None:
    environment = os.environ | {
        "_DOSELINK_COMPLETE": "complete_bash",
        "COMP_WORDS": "doselink st",
        "COMP_CWORD": "1",
    }
    program = "from doselink.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.split() == ["status"]


def test_a_missing_study_file_suggests_the_one_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").touch()
    with pytest.raises(where.NoSuchStudyFile, match=r"did you mean .*/study\.yaml\?") as refused:
        where.study_file(tmp_path / "stduy.yaml")
    assert refused.value.exit_code == 12


def test_an_empty_folder_suggests_init(tmp_path: Path) -> None:
    with pytest.raises(where.NoSuchStudyFile, match="doselink init DIR"):
        where.study_file(tmp_path)


def test_a_folder_stands_for_the_study_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").touch()
    assert where.study_file(tmp_path) == tmp_path / "study.yaml"


def test_a_workspace_stands_for_the_study_file_it_was_run_with(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text('{"study_file": "/studies/catheter/study.yaml"}', encoding="utf-8")
    assert where.study_file(tmp_path) == Path("/studies/catheter/study.yaml")


def test_a_mounted_function_becomes_a_command_with_reflowed_help(monkeypatch: pytest.MonkeyPatch) -> None:
    def greet() -> None:
        """
        Greet.

        One sentence that the
        source breaks in two.
        """

    monkeypatch.setattr("doselink.cli.where.greet", greet, raising=False)
    command = load("greet", Mount("doselink.cli.where", "greet", "Greet.", "Tests"))
    assert command.help == "Greet.\n\nOne sentence that the source breaks in two."


def test_one_command_of_a_mounted_application_can_be_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer()
    app.command("one")(lambda: None)
    app.command("two")(lambda: None)
    monkeypatch.setattr("doselink.cli.where.app", app, raising=False)
    assert load("two", Mount("doselink.cli.where", "app", "Two.", "Tests", inside="two")).name == "two"
