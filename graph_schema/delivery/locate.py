"""Where the delivered files are: one path, a folder or a pattern, always in the same order. Lists folders."""

from __future__ import annotations

from pathlib import Path

from graph_schema.errors import ExitCode, UserError

__all__ = ["SourceMissing", "find_files"]

_WILD = frozenset("*?[")


class SourceMissing(UserError):
    """A declared file or folder is not there."""

    exit_code = ExitCode.SOURCE_MISSING


def find_files(declared: str | Path, *, base: Path) -> list[Path]:
    """
    The files that `declared` stands for, sorted by path.

    Args:
        declared: A file, a folder (every file in it and below, hidden ones left out) or a pattern with
            `*`, `?`, `[...]` or `**`.
        base: What a relative path is relative to: the folder of the study file.

    Raises:
        SourceMissing: If nothing is there; the message names the part of the path that still exists.
    """
    path = Path(declared).expanduser()
    path = path if path.is_absolute() else base / path
    wild = next((n for n, part in enumerate(path.parts) if _WILD & set(part)), None)
    if wild is None:
        if path.is_dir():
            return _all_below(path)
        if path.is_file():
            return [path]
        raise SourceMissing(f"{path} is not there{_nearest(path)}: put the delivery there or correct the path")
    root = Path(*path.parts[:wild])
    if not root.is_dir():
        raise SourceMissing(f"{root} is not a folder{_nearest(root)}: put the delivery there or correct the path")
    found = sorted(file for file in root.glob(str(Path(*path.parts[wild:]))) if file.is_file())
    if not found:
        raise SourceMissing(f"no file matches {path}: put the delivery there or correct the pattern")
    return found


def _all_below(folder: Path) -> list[Path]:
    found = sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    if not found:
        raise SourceMissing(f"the folder {folder} holds no file: put the delivery there or correct the path")
    return found


def _nearest(path: Path) -> str:
    """`; the nearest folder that exists is X`, or nothing where that would be the root."""
    for parent in path.parents:
        if parent.is_dir():
            return "" if parent == Path(parent.anchor) else f" (the nearest folder that exists is {parent})"
    return ""
