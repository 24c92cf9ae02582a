"""
The README's tour: its commands run in order, its outputs put in or compared.

`python -m tests.docs.tour` writes the outputs into README.md anew; the test compares them.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
KEY = "5a" * 32
MORE = "…"
_MOST_LINES = 34
_BLOCK = re.compile(r"^```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)^```$", re.MULTILINE | re.DOTALL)
_PYTHON = re.compile(r"^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
_PERSON = re.compile(r"per_[0-9a-f]{24}")
_CLOCK = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC|\+00:00)?"), "<time>"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "<seconds>"),
    (re.compile(r"\d+(,\d{3})*(\.\d+)? a second"), "<rate>"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One command of the tour, what the README says it prints, and what it printed."""

    command: str
    said: str
    printed: str


def run_tour(text: str, folder: Path) -> list[Shown]:
    """Run every command of the tour in order, in a folder that sees the fixtures and holds a known study key."""
    (folder / "fixtures").symlink_to(ROOT / "fixtures")
    (folder / "tour" / "keys").mkdir(parents=True)
    (folder / "tour" / "keys" / "study.key").write_text(KEY + "\n")
    person = ""
    shown = []
    for block in _BLOCK.finditer(text):
        command = block["command"]
        printed = _run(_PERSON.sub(person, command).replace("PERSON", person), folder)
        if not person and (found := _PERSON.search(printed)):
            person = found[0]
        shown.append(Shown(command, block["output"], printed))
    return shown


def python_examples(text: str) -> list[str]:
    """The Python code of the README."""
    return [block["code"] for block in _PYTHON.finditer(text)]


def without_clock(text: str) -> str:
    """The text without what differs from run to run: times and durations."""
    for pattern, instead in _CLOCK:
        text = pattern.sub(instead, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _run(command: str, folder: Path) -> str:
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "COLUMNS": "120", "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        shlex.split(command), cwd=folder, env=environment, text=True, capture_output=True, timeout=300, check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"{command}\nended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout.replace(str(folder) + "/", "")


def _with_outputs(text: str, shown: list[Shown]) -> str:
    person = next(found[0] for one in shown if (found := _PERSON.search(one.printed)))
    outputs = iter(shown)

    def put_in(block: re.Match[str]) -> str:
        one = next(outputs)
        lines = [line.rstrip() for line in one.printed.strip().splitlines()]
        body = "\n".join(lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], MORE])
        return f"```console\n$ {one.command.replace('PERSON', person)}\n{body}\n```"

    return _BLOCK.sub(put_in, text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        now = README.read_text(encoding="utf-8")
        README.write_text(_with_outputs(now, run_tour(now, Path(made))), encoding="utf-8")
