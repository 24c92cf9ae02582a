"""The `doselink` command: where every command is mounted, and how errors become messages and exit codes."""

from __future__ import annotations

import sys
from typing import Annotated, ClassVar

import typer
from typer.main import get_command

from doselink import __version__
from doselink.cli.commands import COMMANDS
from doselink.cli.defect import describe_defect, quiet_libraries
from doselink.cli.lazy import LazyGroup, Mount
from doselink.cli.storage import describe_storage
from graph_schema.errors import ExitCode, UserError

__all__ = ["app", "main"]

_INTERRUPTED = 130


class _Top(LazyGroup):
    mounts: ClassVar[dict[str, Mount]] = COMMANDS


app = typer.Typer(
    cls=_Top,
    name="doselink",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: doselink run study.yaml",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"doselink {__version__}\n")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and leave.")
    ] = False,
) -> None:
    """Who was exposed, to how much, and where every number came from."""


def _line_in_help() -> None:
    """Stands for a command in `doselink --help` until the command itself is imported."""


for _name, _mount in COMMANDS.items():
    app.command(_name, help=_mount.summary, rich_help_panel=_mount.panel)(_line_in_help)


def main(arguments: list[str] | None = None) -> None:
    """
    Run one command and leave the process.

    Args:
        arguments: What was typed after `doselink`; those of the process unless told.

    Raises:
        SystemExit: Always, with a code of `docs/exit-codes.md`.
    """
    quiet_libraries()
    try:
        get_command(app).main(args=arguments, prog_name="doselink")
    except UserError as error:
        sys.stderr.write(f"doselink: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("doselink: stopped; what was committed stays, and the same command carries on\n")
        sys.exit(_INTERRUPTED)
    except OSError as error:
        refusal = describe_storage(error)
        sys.stderr.write(describe_defect(error) if refusal is None else f"doselink: {refusal}\n")
        sys.exit(ExitCode.DEFECT if refusal is None else ExitCode.STORAGE)
    except Exception as error:  # noqa: BLE001 - the last stop: nothing may print a delivered value by accident
        sys.stderr.write(describe_defect(error))
        sys.exit(ExitCode.DEFECT)
