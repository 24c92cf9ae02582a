"""Read and validate a study file: every mistake at once, each with file, line, key and what was expected."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from doselink.study.document import Document, KeyPath, Problem, parse_document
from doselink.study.models import REQUIRED_TABLES, TABLES_OF_KIND, Study
from doselink.study.roles import ROLES_OF_TABLE
from graph_schema.errors import ExitCode, UserError
from graph_schema.rooms import RoomFacts

__all__ = ["StudyFileError", "read_study"]


class StudyFileError(UserError):
    """The study file is not there or is wrong; `problems` holds every mistake."""

    exit_code = ExitCode.STUDY_FILE

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.path != (), str(problem.path)))
        head = f"{path.name} has {len(problems)} mistake{'s' if len(problems) != 1 else ''}"
        super().__init__("\n".join([head, *(f"  {path.name}, {problem}" for problem in self.problems)]))


def read_study(path: Path) -> Study:
    """
    The study that the file at `path` describes. Delivered files are not looked at.

    Raises:
        StudyFileError: With every mistake: line, key and what was expected.
    """
    document = parse_document(_text(path))
    if document.problems:
        raise StudyFileError(path, document.problems)
    if not isinstance(document.data, dict):
        raise StudyFileError(
            path, [Problem(1, (), "expected keys such as `study:` and `sources:`; see `doselink init`")]
        )
    if "base" in document.data:
        raise StudyFileError(path, [Problem(document.line(("base",)), ("base",), "unknown key")])
    try:
        study = Study.model_validate({**document.data, "base": path.resolve().parent})
    except ValidationError as error:
        found = [_problem(document, details) for details in error.errors(include_url=False, include_input=False)]
        problems = [problem for problem in found if problem is not None]
        raise StudyFileError(path, problems) from None
    problems = list(_contradictions(study, document))
    if problems:
        raise StudyFileError(path, problems)
    return study


def _text(path: Path) -> str:
    if not path.is_file():
        where = path / "study.yaml"
        hint = f"give {where}" if where.is_file() else "make one with `doselink init DIR`"
        raise StudyFileError(path, [Problem(1, (), f"there is no such file: {hint}")])
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise StudyFileError(path, [Problem(line, (), "expected UTF-8 text: save the file as UTF-8")]) from None


def _problem(document: Document, details: ErrorDetails) -> Problem | None:
    """One pydantic error as a line of the file, without the value; None for one that only follows from another."""
    path = tuple(part for part in details["loc"] if not _is_union_branch(document, details["loc"], part))
    if details["type"] == "extra_forbidden":
        wanted = _unknown_key(str(path[-1]), _keys_at(Study, path[:-1]))
    elif details["type"] == "missing":
        wanted = "this key is required" + _described(path)
    elif details["type"] == "too_short" and _at(document.data, path):
        return None
    elif details["type"] == "string_pattern_mismatch":
        wanted = "expected another form" + _described(path)
    else:
        wanted = details["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
        wanted += _described(path)
    return Problem(document.line(path), path, wanted)


def _at(data: object, path: KeyPath) -> object:
    """What the file holds at `path`."""
    for part in path:
        data = data[part] if isinstance(data, dict | list) else None  # type: ignore[index]
    return data


def _is_union_branch(document: Document, loc: KeyPath, part: str | int) -> bool:
    """pydantic adds the branch of a union (`str`, `tuple[str, ...]`) to the path; the file has no such key."""
    return isinstance(part, str) and part in {"str", "tuple[str, ...]"} and loc not in document.lines


def _described(path: KeyPath) -> str:
    model = _model_at(Study, path[:-1])
    info = _field(model, str(path[-1])) if model is not None and path else None
    return f" ({info.rstrip('.')})" if info else ""


def _field(model: type[BaseModel], key: str) -> str | None:
    for name, info in model.model_fields.items():
        if key in (name, info.alias):
            return info.description
    return None


def _unknown_key(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key.casefold(), list(known), n=1, cutoff=0.6)
    meant = f", perhaps {near[0]!r}" if near else ""
    return f"unknown key{meant}; expected one of {', '.join(known)}"


def _keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    found = _model_at(model, path)
    if found is None:
        return []
    return [info.alias or name for name, info in found.model_fields.items() if name != "base"]


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The model that describes the mapping at `path`."""
    annotation: object = model
    for part in path:
        annotation = _without_none(_step(annotation, part))
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _step(annotation: object, part: str | int) -> object:
    """The annotation of what stands under `part`: a field of a model, an item of a tuple, a value of a dictionary."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return next((info.annotation for name, info in fields if part in (name, info.alias)), None)
    inner = typing.get_args(annotation)
    return inner[0 if isinstance(part, int) else -1] if inner else None


def _without_none(annotation: object) -> object:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return next(inner for inner in typing.get_args(annotation) if inner is not type(None))
    return annotation


def _contradictions(study: Study, document: Document) -> Iterable[Problem]:
    """What is well-formed on its own but does not fit together."""
    for path, wanted in (
        *_repeated(study),
        *_delivered_twice(study),
        *_unknown_names(study),
        *_wrong_tables(study),
        *_wrong_roles(study),
        *_wrong_periods(study),
    ):
        yield Problem(document.line(path), path, wanted)


def _repeated(study: Study) -> Iterable[tuple[KeyPath, str]]:
    named: list[tuple[str, str, list[str]]] = [
        ("hospitals", "name", [hospital.name for hospital in study.hospitals]),
        ("sources", "name", [source.name for source in study.sources]),
        ("permits", "id", [permit.id for permit in study.permits]),
        ("cohorts", "name", [cohort.name for cohort in study.cohorts]),
    ]
    for section, key, names in named:
        for place, name in enumerate(names):
            if name in names[:place]:
                yield (section, place, key), "expected another name: this one is already taken"
    seen: set[str] = set()
    for place, hospital in enumerate(study.hospitals):
        for number, ik in enumerate(hospital.iks):
            if ik in seen:
                yield ("hospitals", place, "iks", number), "expected an institution number that no other hospital has"
            seen.add(ik)


def _delivered_twice(study: Study) -> Iterable[tuple[KeyPath, str]]:
    """
    Two sources whose case numbers mean the same cases, or may be the same by chance.

    Corrections are settled within a source; over two of them a case would count twice, and equal numbers of
    two senders of claims would make one child of two.
    """
    seen: dict[tuple[str, str | None], str] = {}
    for place, source in enumerate(study.sources):
        if source.kind not in {"claims", "section21", "cath_lab"}:
            continue
        key = (source.kind, None if source.kind == "claims" else source.hospital)
        if key in seen:
            of = "" if key[1] is None else f" for {key[1]}"
            wanted = f"expected one source of kind {source.kind}{of}: list these files under source {seen[key]}"
            yield ("sources", place), wanted
        seen.setdefault(key, source.name)


def _unknown_names(study: Study) -> Iterable[tuple[KeyPath, str]]:
    hospitals = [hospital.name for hospital in study.hospitals]
    permits = [permit.id for permit in study.permits]
    for place, source in enumerate(study.sources):
        if source.hospital is not None and source.hospital not in hospitals:
            yield ("sources", place, "hospital"), _one_of("hospitals", source.hospital, hospitals)
        if source.permit is not None and source.permit not in permits:
            yield ("sources", place, "permit"), _one_of("permits", source.permit, permits)
        if source.hospital is None and source.kind in {"cath_lab", "rdsr", "dose_register"}:
            yield ("sources", place), f"a source of kind {source.kind} needs `hospital`"
        if source.hospital is None and source.kind == "section21" and not study.hospital_of_ik:
            yield ("sources", place), "a source of kind section21 needs `hospital`, or `iks` under `hospitals`"
    for place, room in enumerate(study.rooms):
        if room.hospital not in hospitals:
            yield ("rooms", place, "hospital"), _one_of("hospitals", room.hospital, hospitals)


def _one_of(section: str, given: str, known: Sequence[str]) -> str:
    if not known:
        return f"expected a name listed under `{section}`, which is empty"
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.6)
    return f"expected a name listed under `{section}` ({', '.join(known)})" + (f"; perhaps {near[0]!r}" if near else "")


def _wrong_tables(study: Study) -> Iterable[tuple[KeyPath, str]]:
    for place, source in enumerate(study.sources):
        known = TABLES_OF_KIND[source.kind]
        for table in source.files:
            if table not in known:
                yield ("sources", place, "files", table), _unknown_key(table, known)
        lacking = [table for table in REQUIRED_TABLES.get(source.kind, ()) if table not in source.files]
        if source.files and lacking:
            yield ("sources", place, "files"), f"expected also the table {' and '.join(lacking)}"


def _wrong_roles(study: Study) -> Iterable[tuple[KeyPath, str]]:
    """Columns mapped under a role that the table has not: the column would silently not be read."""
    for place, source in enumerate(study.sources):
        tables = TABLES_OF_KIND[source.kind]
        if source.columns and len(tables) != 1:
            wanted = "expected `columns` under the table it is about, in `files`"
            yield ("sources", place, "columns"), wanted
        elif source.columns:
            yield from _unknown_roles(("sources", place, "columns"), source.columns, tables[0])
        for table, declared in source.files.items():
            if table in tables:
                yield from _unknown_roles(("sources", place, "files", table, "columns"), declared.columns, table)


def _unknown_roles(path: KeyPath, columns: Iterable[str], table: str) -> Iterable[tuple[KeyPath, str]]:
    known = ROLES_OF_TABLE[table]
    for role in columns:
        if role not in known:
            yield (*path, role), _unknown_key(role, known)


def _wrong_periods(study: Study) -> Iterable[tuple[KeyPath, str]]:
    for place, room in enumerate(study.rooms):
        if room.valid_from and room.valid_to and room.valid_to <= room.valid_from:
            yield ("rooms", place, "valid_to"), "expected a day after valid_from (the end is exclusive)"
        before = [other for other in study.rooms[:place] if (other.hospital, other.room) == (room.hospital, room.room)]
        if any(_overlap(room, other) for other in before):
            yield ("rooms", place), "expected a period that no other entry of this room covers"
    for place, cohort in enumerate(study.cohorts):
        if cohort.from_ and cohort.to and cohort.to <= cohort.from_:
            yield ("cohorts", place, "to"), "expected a day after `from` (the end is exclusive)"


def _overlap(left: RoomFacts, right: RoomFacts) -> bool:
    """Whether the half-open periods of two entries share a day; an absent end is open."""
    starts = max(left.valid_from or date.min, right.valid_from or date.min)
    ends = min(left.valid_to or date.max, right.valid_to or date.max)
    return starts < ends
