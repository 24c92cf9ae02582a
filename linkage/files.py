"""Link the tables of two files, or find the duplicates of one: read, propose or take settings, link, write."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.errors import SourceFileError
from linkage.arrays import IntArray
from linkage.comparison.encoding import text_of
from linkage.evaluation.labels import LabelScores, score_links
from linkage.linker import Linkage, Linker
from linkage.model.model import Model
from linkage.outcome import InputFacts, LinkSummary, summarise, write_outcome
from linkage.propose import propose
from linkage.settings import BadSettings, LinkSettings, LinkType
from linkage.tables import InputTable, read_table

__all__ = ["LinkRequest", "link_files"]


class _Step(Protocol):
    def advance(self, n: int = 1) -> None: ...


class _Progress(Protocol):
    def step(self, name: str, total: int | None = None, unit: str = "") -> AbstractContextManager[_Step]: ...


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """
    What the user asked for; None where the data or the settings decide.

    Attributes:
        left: The left file, or the only one.
        right: The right file; None for duplicates within `left`.
        out: Folder for the results.
        settings: JSON settings; proposed from the data where None.
        model: JSON model that is used as it is instead of training one.
        truth: Table of known pairs: left id in its first column, right id in its second.
        link_type: How many partners a record may have.
        threshold: Probability at or above which a pair is linked.
        ids: Columns that name the left and the right records.
    """

    left: Path
    right: Path | None
    out: Path
    settings: Path | None = None
    model: Path | None = None
    truth: Path | None = None
    link_type: LinkType | None = None
    threshold: float | None = None
    ids: tuple[str | None, str | None] = (None, None)


def link_files(request: LinkRequest, *, progress: _Progress) -> LinkSummary:
    """
    Link, write the results into `request.out`, and return them in numbers.

    Raises:
        SourceMissing: If a file is not there.
        SourceFileError: If a file cannot be read, or an id column names several rows alike.
        BadSettings: If the settings are wrong, or none can be proposed.
        BudgetExceeded: If the settings propose too many pairs to compare.
    """
    with progress.step("read tables"):
        left = read_table(request.left)
        right = read_table(request.right) if request.right is not None else None
    with progress.step("settle settings"):
        settings = _settings(request, left, right)
        linker = Linker(left.table, right.table if right else None, settings=settings)
        plan = linker.plan()
    model = Model.read(_text(request.model)) if request.model else None
    with progress.step("compare pairs", total=plan.n_pairs, unit="pairs") as step:
        linkage = linker.link(model=model, on_pairs=step.advance)
    with progress.step("write results"):
        return _write(request, linkage, settings=settings, left=left, right=right)


def _write(
    request: LinkRequest, linkage: Linkage, *, settings: LinkSettings, left: InputTable, right: InputTable | None
) -> LinkSummary:
    other = right or left
    ids = (
        _ids(left, settings.left_id, request.left),
        _ids(other, settings.right_id, request.right or request.left),
    )
    inputs = [_facts(request.left, left, settings.left_id)]
    if right is not None and request.right is not None:
        inputs.append(_facts(request.right, right, settings.right_id))
    truth = _truth(request.truth, linkage, ids) if request.truth else None
    summary = summarise(linkage, settings=settings, inputs=tuple(inputs), truth=truth)
    write_outcome(linkage, summary, settings=settings, ids=ids, out=request.out)
    return summary


def _settings(request: LinkRequest, left: InputTable, right: InputTable | None) -> LinkSettings:
    """The settings of the file or the proposal, with what was said on the command line on top."""
    if request.settings is not None:
        settings = LinkSettings.read(_text(request.settings))
    else:
        settings = propose(left.table, right.table if right else None, link_type=request.link_type)
    said = {
        "link_type": request.link_type or settings.link_type,
        "threshold": settings.threshold if request.threshold is None else request.threshold,
        "left_id": request.ids[0] or settings.left_id,
        "right_id": request.ids[1] or (request.ids[0] if right is None else None) or settings.right_id,
    }
    said["possible"] = min(settings.possible, float(str(said["threshold"])))
    if (right is None) is not (said["link_type"] is LinkType.DEDUPE):
        raise BadSettings("link_type: expected dedupe for one table, and one of the others for two")
    return LinkSettings.read(json.dumps({**settings.model_dump(mode="json"), **said}))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadSettings(f"{path} is not there or is no text: expected a JSON file") from None


def _facts(path: Path, table: InputTable, id_column: str | None) -> InputFacts:
    return InputFacts(
        file=path.name,
        sha256=table.sha256,
        n_rows=table.n_rows,
        n_rejected=len(table.rejects),
        id_column=id_column,
    )


def _ids(table: InputTable, column: str | None, path: Path) -> pa.Array:
    """The id of every row as text; row numbers (the first record is 1) where no column names the rows."""
    if column is None:
        return pa.array(np.arange(1, table.table.num_rows + 1)).cast(pa.string())
    if column not in table.table.column_names:
        there = ", ".join(table.table.column_names)
        raise BadSettings(f"{path.name}: expected the id column {column!r}; it has: {there}")
    ids = text_of(table.table.column(column)).combine_chunks()
    n_alike = len(ids) - ids.null_count - len(ids.drop_null().unique())
    if ids.null_count or n_alike:
        wanted = f"an id of its own for each row; {ids.null_count} rows have none, {n_alike} repeat another's"
        raise SourceFileError(path, wanted, field=column)
    return ids


def _truth(path: Path, linkage: Linkage, ids: tuple[pa.Array, pa.Array]) -> LabelScores:
    """Scores against the pairs in a file."""
    known = read_table(path).table
    if known.num_columns < 2:
        raise SourceFileError(path, "two columns: the left and the right id of every true pair")
    rows = [_rows_of(known.column(side), ids[side], path) for side in (0, 1)]
    truth = np.stack(rows, axis=1)
    links = linkage.links
    found = np.stack([links.column("left_row").to_numpy(), links.column("right_row").to_numpy()], axis=1)
    if linkage.cluster is not None:
        truth = np.sort(truth, axis=1)
    return score_links(found, truth)


def _rows_of(labels: pa.ChunkedArray, ids: pa.Array, path: Path) -> IntArray:
    rows = pc.index_in(text_of(labels), value_set=ids)
    if rows.null_count:
        raise SourceFileError(path, f"only ids of the tables; {rows.null_count} rows have another one")
    return np.asarray(rows.to_numpy(), dtype=np.int64)
