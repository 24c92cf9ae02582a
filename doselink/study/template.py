"""A commented study file to start from. Writes one file."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from graph_schema.errors import ExitCode, UserError

__all__ = ["STUDY_FILE", "AlreadyThere", "write_template"]

STUDY_FILE = "study.yaml"


class AlreadyThere(UserError):
    """A study file would be overwritten."""

    exit_code = ExitCode.USAGE


def write_template(folder: Path) -> Path:
    """
    Write `study.yaml` into `folder`, which is made where it is not there; the study is named after it.

    Raises:
        AlreadyThere: If there is a study file, or `folder` is a file.
    """
    path = folder / STUDY_FILE
    if folder.exists() and not folder.is_dir():
        raise AlreadyThere(f"{folder} is a file: give the name of a folder")
    folder.mkdir(parents=True, exist_ok=True)
    text = files("doselink").joinpath("study_template.yaml").read_text(encoding="utf-8")
    name = json.dumps(folder.resolve().name or "study", ensure_ascii=False)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text.format(study=name))
    except FileExistsError:
        raise AlreadyThere(f"{path} is already there and is not overwritten: edit it, or give another folder") from None
    return path
