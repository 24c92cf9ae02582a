"""Link the tables of files, or find the duplicates of one: read, propose or take settings, link, write."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from graph_schema.errors import SourceFileError
from linkage.arrays import IntArray
from linkage.columns import text_of
from linkage.decision.cardinality import Cardinality
from linkage.evaluation.labels import LabelScores, score_links
from linkage.inputs import BadInput
from linkage.linker.linkage import Linkage
from linkage.linker.linker import Linker, read_settings
from linkage.linker.plan import LinkPlan, plan_linkage
from linkage.linker.settings import BadSettings, LinkSettings, LinkType
from linkage.model.model import Model
from linkage.outcome import InputFacts, LinkSummary, make_folder, summarise, write_outcome, write_settings
from linkage.proposal.profile import find_id
from linkage.proposal.propose import propose_for
from linkage.tables import InputTable, read_table

__all__ = ["LinkRequest", "link_files", "plan_files"]


class _Step(Protocol):
    def advance(self, n: int = 1) -> None: ...


class _Progress(Protocol):
    def step(self, name: str, total: int | None = None, unit: str = "") -> AbstractContextManager[_Step]: ...


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """
    What the user asked for; None where the data or the settings decide.

    Attributes:
        tables: The files; one to find its duplicates.
        out: Folder for the results.
        settings: JSON settings, or a Splink model or settings; proposed from the data where None.
        model: JSON model that is used as it is instead of training one.
        truth: Table of known pairs: left id in its first column, right id in its second.
        cardinality: How many partners a record may have.
        threshold: Probability at or above which a pair is linked.
        ids: Columns that name the records: one for all tables, or one each.
    """

    tables: tuple[Path, ...]
    out: Path
    settings: Path | None = None
    model: Path | None = None
    truth: Path | None = None
    cardinality: str | None = None
    threshold: float | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Named:
    """A file under the name its table has in links."""

    name: str
    path: Path
    read: InputTable


def link_files(request: LinkRequest, *, progress: _Progress) -> LinkSummary:
    """
    Link, write the results into `request.out`, and return them in numbers.

    Raises:
        SourceMissing: If a file is not there.
        SourceFileError: If a file cannot be read.
        BadInput: If an id column is missing, or names several rows alike.
        BadSettings: If the settings are wrong, or none can be proposed.
        BudgetExceeded: If the settings propose too many pairs to compare.
        NotWritable: If `request.out` cannot be made.
    """
    with progress.step("read tables"):
        files = _files(request.tables)
    with progress.step("settle settings"):
        settings, model = _settings(request, files)
        linker = Linker({file.name: file.read.table for file in files}, settings, model=model)
        plan = linker.engine.plan()
        true_pairs = _true_pairs(request.truth, linker) if request.truth else None
        make_folder(request.out)
    with progress.step("compare pairs", total=plan.n_pairs, unit="pairs") as step:
        linkage = linker.link(on_pairs=step.advance)
    with progress.step("write results"):
        truth = None if true_pairs is None else _scores(true_pairs, linkage, linker)
        facts = tuple(_facts(file, linker) for file in files)
        summary = summarise(linkage, linker=linker, inputs=facts, truth=truth)
        write_outcome(linkage, summary, settings=settings, out=request.out)
    return summary


def plan_files(request: LinkRequest, *, progress: _Progress) -> LinkPlan:
    """
    Propose or read settings, write them as settings.json into `request.out`, count what they cost, link nothing.

    Raises:
        SourceMissing: If a file is not there.
        SourceFileError: If a file cannot be read.
        BadInput: If an id column is missing, or names several rows alike.
        BadSettings: If the settings are wrong, or none can be proposed.
    """
    with progress.step("read tables"):
        files = _files(request.tables)
    with progress.step("settle settings"):
        settings, model = _settings(request, files)
        linker = Linker({file.name: file.read.table for file in files}, settings, model=model)
    with progress.step("count pairs"):
        plan = plan_linkage(linker)
    write_settings(settings, out=request.out)
    return plan


def _files(paths: tuple[Path, ...]) -> list[_Named]:
    """Tables by the stems of their files; what is called alike is numbered."""
    stems = [path.stem for path in paths]
    names = [stem if stems.count(stem) == 1 else f"{stem}_{place + 1}" for place, stem in enumerate(stems)]
    return [_Named(name, path, read_table(path)) for name, path in zip(names, paths, strict=True)]


def _settings(request: LinkRequest, files: list[_Named]) -> tuple[LinkSettings, Model | None]:
    """The settings of the file or the proposal, with what was said on the command line on top."""
    model = Model.read(_text(request.model)) if request.model else None
    tables = [file.read.table for file in files]
    if request.settings is not None:
        settings, loaded = read_settings(request.settings)
        model = model or loaded
    else:
        settings = propose_for(tables, cardinality=_cardinality(request.cardinality))
    said: dict[str, Any] = {
        "threshold": settings.threshold if request.threshold is None else request.threshold,
        "link_type": _link_type(settings, len(files)),
        **_named_ids(_ids(request, settings, files), settings, files),
    }
    if request.cardinality is not None:
        said["cardinality"] = str(_cardinality(request.cardinality))
    said["possible"] = min(settings.possible, float(said["threshold"]))
    return LinkSettings.read(json.dumps({**settings.model_dump(mode="json"), **said}, default=str)), model


def _link_type(settings: LinkSettings, n_tables: int) -> LinkType:
    if n_tables == 1:
        return LinkType.DEDUPE_ONLY
    return LinkType.LINK_ONLY if settings.link_type is LinkType.DEDUPE_ONLY else settings.link_type


def _cardinality(word: str | None) -> Cardinality | None:
    try:
        return None if word is None else Cardinality.read(word)
    except ValueError as error:
        raise BadSettings(f"cardinality: {error}") from None


def _ids(request: LinkRequest, settings: LinkSettings, files: list[_Named]) -> tuple[str, ...]:
    """Column that names the records of each table; none where they go by their row numbers."""
    if request.ids:
        if len(request.ids) not in {1, len(files)}:
            raise BadSettings(f"id columns: expected one for all tables or one for each of {len(files)}")
        return request.ids if len(request.ids) == len(files) else request.ids * len(files)
    if settings.unique_id_column_name is not None or settings.columns:
        return ()
    found = [find_id(file.read.table) for file in files]
    return tuple(name for name in found if name is not None) if None not in found else ()


def _named_ids(ids: tuple[str, ...], settings: LinkSettings, files: list[_Named]) -> dict[str, Any]:
    """Settings of the id columns; those of different names are called `unique_id` in the linkage."""
    if not ids:
        return {}
    if len(set(ids)) == 1:
        return {"unique_id_column_name": ids[0]}
    renames = {file.name: {column: "unique_id"} for file, column in zip(files, ids, strict=True)}
    return {"unique_id_column_name": "unique_id", "columns": {**settings.columns, **renames}}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadSettings(f"{path} is not there or is no text: expected a JSON file") from None


def _facts(file: _Named, linker: Linker) -> InputFacts:
    return InputFacts(
        name=file.name,
        file=file.path.name,
        sha256=file.read.sha256,
        n_rows=file.read.n_rows,
        n_rejected=len(file.read.rejects),
        id_column=linker.inputs.id_column,
    )


def _true_pairs(path: Path, linker: Linker) -> IntArray:
    """`(n_true, 2)` records of the pairs in a file, the lower one first."""
    known = read_table(path).table
    if known.num_columns < 2:
        raise SourceFileError(path, "two columns: the left and the right id of every true pair")
    inputs = linker.inputs
    sides = []
    for place in (0, 1):
        ids = text_of(known.column(place)).combine_chunks()
        name = inputs.names[0 if place == 0 else -1]
        try:
            sides.append(inputs.find(pa.array([name] * len(ids), pa.string()), ids))
        except BadInput:
            raise SourceFileError(path, f"in column {place + 1} only ids of the table {name!r}") from None
    return np.sort(np.stack(sides, axis=1), axis=1)


def _scores(true_pairs: IntArray, linkage: Linkage, linker: Linker) -> LabelScores:
    """The links against known pairs of records."""
    links = linkage.links
    found = linker.engine.records(links.column("left_row").to_numpy(), links.column("right_row").to_numpy())
    return score_links(np.sort(np.stack(found, axis=1), axis=1), true_pairs)
