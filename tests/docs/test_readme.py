"""What the README shows is what happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .tour import MORE, README, Shown, python_examples, run_tour, without_clock


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Shown]]:
    folder = tmp_path_factory.mktemp("tour")
    return folder, run_tour(README.read_text(encoding="utf-8"), folder)


def test_every_command_of_the_tour_prints_what_the_readme_says(toured: tuple[Path, list[Shown]]) -> None:
    _, shown = toured

    assert len(shown) >= 8
    for one in shown:
        said, printed = without_clock(one.said).splitlines(), without_clock(one.printed).splitlines()
        if said[-1] == MORE:
            said, printed = said[:-1], printed[: len(said) - 1]
        assert printed == said, one.command


@pytest.mark.parametrize(("example", "printed"), [(0, ", 300)"), (1, "A0000       B1874")])
def test_the_python_of_the_readme_runs(toured: tuple[Path, list[Shown]], example: int, printed: str) -> None:
    folder, _ = toured
    code = python_examples(README.read_text(encoding="utf-8"))[example]

    done = subprocess.run([sys.executable, "-c", code], cwd=folder, text=True, capture_output=True, timeout=120)

    assert done.returncode == 0, done.stderr
    assert printed in done.stdout


def test_the_two_commands_are_there() -> None:
    text = README.read_text(encoding="utf-8")

    assert "make demo" in text
    assert "make test" in text
