"""Which study a command means: the workspace folder, the study file, or the folder one stands in. Reads names only."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graph_schema.errors import ExitCode, UserError

if TYPE_CHECKING:
    from doselink.run.workspace import Workspace

__all__ = ["NoSuchStudyFile", "StudyOption", "resolve", "study_file"]

_STUDY_FILE = "study.yaml"
_SUFFIXES = (".yaml", ".yml")

StudyOption = Annotated[
    Path,
    typer.Option("--study", help="Workspace folder or study file; the current folder unless told.", metavar="PATH"),
]


class NoSuchStudyFile(UserError):
    """There is no study file where one was said to be."""

    exit_code = ExitCode.SOURCE_MISSING


def resolve(path: Path) -> Workspace:
    """
    The workspace a command means.

    Args:
        path: A workspace folder, or a study file that has been run into the folder it lies in.

    Raises:
        NotAWorkspace: If no study was run there.
        NoSuchStudyFile: If there is nothing at `path`.
    """
    from doselink.run.workspace import Workspace

    if not path.exists():
        raise NoSuchStudyFile(_missing(path, "a workspace folder or a study file"))
    return Workspace.find(path)


def study_file(path: Path) -> Path:
    """
    The study file a command means.

    Args:
        path: A study file, a folder with a `study.yaml`, or a workspace that remembers its study file.

    Raises:
        NoSuchStudyFile: If there is none; the message names the nearest one there is.
    """
    if path.is_file():
        return path
    if (path / _STUDY_FILE).is_file():
        return path / _STUDY_FILE
    if (path / "study.json").is_file():
        return resolve(path).study_file
    if path.is_dir():
        raise NoSuchStudyFile(f"no {_STUDY_FILE} in {path}: {_nearest(path, _STUDY_FILE)}")
    raise NoSuchStudyFile(_missing(path, "a study file"))


def _missing(path: Path, wanted: str) -> str:
    return f"nothing at {path}: expected {wanted}; {_nearest(path.parent, path.name)}"


def _nearest(folder: Path, name: str) -> str:
    if not folder.is_dir():
        return f"the folder {folder} is not there either"
    there = sorted(entry.name for entry in folder.iterdir() if entry.suffix in _SUFFIXES or entry.is_dir())
    found = get_close_matches(name, there, n=1, cutoff=0.5)
    if not found:
        found = [entry for entry in there if entry.endswith(_SUFFIXES)][:1]
    if found:
        return f"did you mean {folder / found[0]}?"
    return "write one with `doselink init DIR`"
