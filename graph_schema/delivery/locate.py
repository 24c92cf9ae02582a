"""Where the delivered files are: one path, a folder or a pattern, always in the same order. Lists folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from graph_schema.errors import ExitCode, UserError

__all__ = ["SourceMissing", "find_files"]

_WILD = frozenset("*?[")


class SourceMissing(UserError):
    """A declared file or folder is not there, or may not be read."""

    exit_code = ExitCode.SOURCE_MISSING


def find_files(declared: str | Path, *, base: Path) -> list[Path]:
    """
    The files that `declared` stands for, sorted by path.

    Args:
        declared: A file, a folder (every file in it and below, hidden ones left out) or a pattern with
            `*`, `?`, `[...]` or `**`.
        base: What a relative path is relative to: the folder of the study file.

    Raises:
        SourceMissing: If nothing is there, the message names the part of the path that still exists; if a file or
            a folder below may not be read, how many: a year of reports must not be left out without a word.
    """
    path = Path(declared).expanduser()
    path = path if path.is_absolute() else base / path
    wild = next((n for n, part in enumerate(path.parts) if _WILD & set(part)), None)
    if wild is None:
        if path.is_dir():
            return _all_below(path)
        if path.is_file():
            return _readable([path], declared=path)
        raise SourceMissing(f"{path} is not there{_nearest(path)}: put the delivery there or correct the path")
    root = Path(*path.parts[:wild])
    if not root.is_dir():
        raise SourceMissing(f"{root} is not a folder{_nearest(root)}: put the delivery there or correct the path")
    above = path.parts[wild:-1]
    folders = (folder for folder in root.glob(str(Path(*above))) if folder.is_dir()) if above else [root]
    _refuse_closed(folders, declared=path)
    found = sorted(file for file in root.glob(str(Path(*path.parts[wild:]))) if file.is_file())
    if not found:
        raise SourceMissing(f"no file matches {path}: put the delivery there or correct the pattern")
    return _readable(found, declared=path)


def _all_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    seen: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        seen += [Path(place), *(Path(place, name) for name in folders)]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    _refuse_closed(set(seen), declared=folder)
    files = sorted(path for path in found if path.is_file())
    if not files:
        raise SourceMissing(f"the folder {folder} holds no file: put the delivery there or correct the path")
    return _readable(files, declared=folder)


def _readable(files: list[Path], *, declared: Path) -> list[Path]:
    """The files, every one of them open to us; below a folder they are counted, as their names may tell of people."""
    n_closed = sum(not os.access(path, os.R_OK) for path in files)
    if n_closed:
        which = "" if files == [declared] else f": {n_closed:,} of {len(files):,} files"
        raise SourceMissing(f"{declared} may not be read{which}: ask its owner for permission to read")
    return files


def _refuse_closed(folders: Iterable[Path], *, declared: Path) -> None:
    n_closed = sum(not os.access(folder, os.R_OK | os.X_OK) for folder in folders)
    if n_closed:
        raise SourceMissing(
            f"{declared} may not be read: {n_closed:,} folders of it are closed to you; ask their owner for permission"
        )


def _nearest(path: Path) -> str:
    """`; the nearest folder that exists is X`, or nothing where that would be the root."""
    for parent in path.parents:
        if parent.is_dir():
            return "" if parent == Path(parent.anchor) else f" (the nearest folder that exists is {parent})"
    return ""
