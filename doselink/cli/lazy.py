"""Commands imported when they are called, so that `doselink --help` answers at once. Imports modules by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_group

__all__ = ["LazyGroup", "Mount", "load"]


@dataclass(frozen=True, slots=True)
class Mount:
    """
    Where a command lives.

    Attributes:
        module: The module that holds it.
        attribute: Name of the `typer.Typer` application or of the command's function.
        summary: The line beside its name in `doselink --help`.
        panel: The heading it stands under there.
        inside: Where the attribute is an application of several commands, the one meant.
        below: Names of its own commands, where it is a group; for suggestions.
    """

    module: str
    attribute: str
    summary: str
    panel: str
    inside: str | None = None
    below: tuple[str, ...] = ()


def load(name: str, mount: Mount) -> Any:
    """The command itself, imported now: a click command or group under the name `name`."""
    found = getattr(importlib.import_module(mount.module), mount.attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        return _reflowed(get_group(alone).commands[name])
    group = get_group(found)
    group.name = name
    return _reflowed(group if mount.inside is None else group.commands[mount.inside])


def _reflowed(command: Any) -> Any:
    """A docstring's line ends are the source's: only its paragraphs are kept."""
    if command.help:
        command.help = "\n\n".join(" ".join(part.split()) for part in command.help.split("\n\n"))
    for inner in getattr(command, "commands", {}).values():
        _reflowed(inner)
    return command


class LazyGroup(TyperGroup):
    """
    The top of the command line. Its commands are lines of a table until one of them is called.

    Types of the context are those of the parser inside typer, which it does not make public.
    """

    mounts: ClassVar[Mapping[str, Mount]] = {}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that was asked for; one that does not exist is answered with the nearest."""
        name = args[0] if args else ""
        if name in self.mounts:
            self.commands[name] = load(name, self.mounts[name])
        elif name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"there is no command {name!r}. {self._nearest(name)}")
        return super().resolve_command(ctx, args)

    def _nearest(self, name: str) -> str:
        below = {inner: f"{outer} {inner}" for outer, mount in self.mounts.items() for inner in mount.below}
        if name in below:
            return f"Did you mean `doselink {below[name]}`?"
        found = get_close_matches(name, [*self.mounts, *below], n=1, cutoff=0.6)
        if not found:
            return "`doselink --help` lists them all."
        return f"Did you mean `doselink {below.get(found[0], found[0])}`?"
