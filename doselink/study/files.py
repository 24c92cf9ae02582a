"""Which delivered files a source of the study stands for. Lists folders."""

from __future__ import annotations

import re
from pathlib import Path

from doselink.study.models import REQUIRED_TABLES, TABLES_OF_KIND, Source, Study
from graph_schema.delivery import DeclaredFile, SourceMissing, TextFormat, find_files

__all__ = ["folder_paths", "source_files", "table_path"]

_SUFFIXES = frozenset({".csv", ".txt", ".tsv", ".parquet"})


def source_files(study: Study, source: Source) -> list[DeclaredFile]:
    """
    The text files of a source, by table and then by path.

    With `files`, as declared there. With a `path` and a kind of one table, everything that it finds. With
    a `path` and a kind of several, the files whose name is the table's, alone or before `_`, `-`, `.` or
    a digit, in any case: `FALL.csv`, `fall_2021.csv`.

    Raises:
        SourceMissing: If a declared file is not there, or the folder lacks a required table.
    """
    tables = TABLES_OF_KIND[source.kind]
    found: list[DeclaredFile] = []
    if source.files:
        for table in tables:
            if table in source.files:
                declared = source.files[table]
                found += _declared(study, table, declared.paths, declared.format)
        return found
    if len(tables) == 1:
        return _declared(study, tables[0], source.paths, source.format)
    everything = _declared(study, "", source.paths, source.format)
    for table in tables:
        files = [file for file in everything if _is_of(table, file.path)]
        if not files and table in REQUIRED_TABLES.get(source.kind, ()):
            where = ", ".join(source.paths)
            raise SourceMissing(f"source {source.name}: {where} holds no file for table {table}, such as {table}.csv")
        found += [DeclaredFile(table, file.path, file.format, _plain_name(table, file)) for file in files]
    return found


def folder_paths(study: Study, source: Source) -> list[Path]:
    """
    What the paths of a source of kind rdsr stand for, every one of them there.

    Raises:
        SourceMissing: If one is not there or is an empty folder.
    """
    return [path for declared in source.paths for path in find_files(declared, base=study.base)]


def table_path(study: Study, declared: str) -> Path:
    """
    One file of the study team.

    Raises:
        SourceMissing: If it is not there.
    """
    return find_files(declared, base=study.base)[0]


def _declared(study: Study, table: str, paths: tuple[str, ...], text_format: TextFormat) -> list[DeclaredFile]:
    files: list[DeclaredFile] = []
    for declared in paths:
        for path in find_files(declared, base=study.base):
            name = path.name if path.name == Path(declared).name else None
            files.append(DeclaredFile(table, path, text_format, name))
    return files


def _is_of(table: str, path: Path) -> bool:
    stem = path.name.casefold()
    return path.suffix.casefold() in _SUFFIXES and re.match(rf"{table.casefold()}([_.\-]|\d|$)", stem) is not None


def _plain_name(table: str, file: DeclaredFile) -> str | None:
    """The file's name where it is the table's and nothing else; what a sender adds to it may tell who is inside."""
    return file.path.name if file.path.stem.casefold() == table.casefold() else file.name
