"""
The documentation's reference pages, made from the code: `python -m doselink.cli.reference docs` writes them anew.

A test holds the written pages against what this module makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from doselink.cli.commands import COMMANDS
from doselink.cli.lazy import load
from graph_schema.errors import ExitCode

__all__ = ["PAGES", "commands_page", "exit_codes_page", "leaves"]

_WIDTH = 100
_MADE = "<!-- made by `python -m doselink.cli.reference docs`; edit the code, not this page -->\n"


def leaves() -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its full name: `("doses read", command)`."""
    for name, mount in COMMANDS.items():
        yield from _leaves(name, load(name, mount))


def commands_page() -> str:
    """`docs/commands.md`: what `--help` says, for every command."""
    parts = [
        "# Commands",
        "",
        _MADE,
        "`doselink --install-completion` teaches the shell to complete them. Every reading command takes `--json`.",
        "What the exit codes mean stands in [exit-codes.md](exit-codes.md).",
        "",
    ]
    panel = ""
    for name, mount in COMMANDS.items():
        if mount.panel != panel:
            panel = mount.panel
            parts += [f"## {panel}", ""]
        for full, command in _leaves(name, load(name, mount)):
            parts += [f"### doselink {full}", "", "```text", _help(full, command), "```", ""]
    return "\n".join(parts)


def exit_codes_page() -> str:
    """`docs/exit-codes.md`: the one table of exit codes."""
    rows = [f"| {code.value} | `{code.name}` | {code.meaning} |" for code in ExitCode]
    parts = [
        "# Exit codes",
        "",
        _MADE,
        "A message on standard error goes with every code but 0: where, what was expected, what to do. It never",
        "shows a delivered value. The codes are `graph_schema.errors.ExitCode`; they keep their numbers.",
        "",
        "| code | name | meaning |",
        "|---:|---|---|",
        *rows,
        "| 130 | | stopped by the user (Ctrl-C); what was committed stays, and the same command carries on |",
        "",
    ]
    return "\n".join(parts)


PAGES = {"commands.md": commands_page, "exit-codes.md": exit_codes_page}


def _leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for inner_name, inner_command in inner.items():
        yield from _leaves(f"{name} {inner_name}", inner_command)


def _help(name: str, command: Any) -> str:
    command.rich_markup_mode = None
    context = typer.Context(command, info_name=f"doselink {name}", terminal_width=_WIDTH)
    lines = str(command.get_help(context)).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


if __name__ == "__main__":
    for page, made in PAGES.items():
        (Path(sys.argv[1]) / page).write_text(made(), encoding="utf-8")
