"""The reference pages are those the code makes, and every command keeps the same manners."""

from __future__ import annotations

from pathlib import Path

import pytest

from doselink.cli.commands import COMMANDS
from doselink.cli.lazy import load
from doselink.cli.reference import PAGES, leaves

DOCS = Path(__file__).parents[2] / "docs"
WRITES_ONLY = {
    "init",
    "export links",
    "export persons",
    "export doses",
    "graph up",
    "graph down",
    "graph rebuild",
    "link",
}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_reference_page_is_current(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), (
        "run `python -m doselink.cli.reference docs` to write it anew"
    )


def test_the_issues_commands_are_all_there() -> None:
    assert {name for name, _ in leaves()} == {
        "init", "check", "run", "report", "status", "link", "doses read", "graph up", "graph down", "graph check",
        "graph rebuild", "graph status", "audit list", "audit run", "cypher", "explain", "trace", "export links",
        "export persons", "export doses",
    }  # fmt: skip


def test_every_commands_help_shows_an_example() -> None:
    without = [
        name for name, command in leaves() if f"Example: doselink {name}" not in f"{command.help} {command.epilog}"
    ]
    assert without == []


def test_every_reading_command_takes_json() -> None:
    without = {name for name, command in leaves() if not any("--json" in option.opts for option in command.params)}
    assert without <= WRITES_ONLY


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_line_in_the_help_is_the_first_line_of_the_commands_own(name: str) -> None:
    own = (load(name, COMMANDS[name]).help or "").split("\n\n")[0]
    assert own == COMMANDS[name].summary
