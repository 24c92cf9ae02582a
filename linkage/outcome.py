"""
What `doselink link` writes: links, model, settings, summary, report, and what later runs need. Writes files.

Of the tables' own values only the records' ids are written. Equal inputs give equal bytes.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import FloatArray
from linkage.evaluation.labels import LabelScores
from linkage.evaluation.quality import QualityEstimate
from linkage.linker.linkage import Linkage
from linkage.linker.linker import Linker
from linkage.linker.settings import LinkSettings
from linkage.page import page

__all__ = [
    "InputFacts",
    "LinkSummary",
    "NotWritable",
    "links_table",
    "make_folder",
    "summarise",
    "write_outcome",
    "write_settings",
]

_SURE = 0.9  # probability from which a link needs no second look
_DIGITS = 3  # of a weight in bits: more says nothing more
_FEWEST_RELIABLE = 30  # links below which a stated quality means nothing


class NotWritable(UserError):
    """Results cannot be written where they were to go."""

    exit_code = ExitCode.STORAGE


class InputFacts(BaseModel):
    """One table that was linked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name of the table in links.")
    file: str = Field(description="File name.")
    sha256: str = Field(description="Digest of its bytes.")
    n_rows: int = Field(description="Rows, rejected ones included.")
    n_rejected: int = Field(description="Rows that could not be read.")
    id_column: str | None = Field(description="Column whose values name the rows in the links; None: row numbers.")


class LinkSummary(BaseModel):
    """A linkage in numbers. It holds no value of any record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: tuple[InputFacts, ...] = Field(description="The tables.")
    link_type: str = Field(description="Which records were compared: link_only, dedupe_only, link_and_dedupe.")
    cardinality: str = Field(description="How many partners a record may have.")
    threshold: float = Field(description="Probability at or above which a pair is linked.")
    n_possible_pairs: int = Field(description="All pairs that may be linked.")
    n_compared_pairs: int = Field(description="Pairs that blocking let through, each counted once.")
    rules: tuple[tuple[str, int], ...] = Field(description="Pairs that each blocking rule proposes.")
    n_links: int = Field(description="Pairs linked.")
    n_possible_links: int = Field(description="Pairs that fit best but stay below the threshold: to be looked at.")
    n_doubtful_links: int = Field(description="Links below 0.9, alone or beside what competes: look at them.")
    n_near_ties: int = Field(description="Links that another assignment of about the same weight would not hold.")
    n_lost: int = Field(description="Pairs that lost their records to a better pair.")
    n_groups: int | None = Field(description="Groups of duplicates, where they were sought; else None.")
    quality: QualityEstimate | None = Field(description="Precision, recall, blocking loss: estimated without labels.")
    prior: float = Field(description="Probability that a random pair is a match.")
    converged: bool | None = Field(description="Whether training ended by itself; None if the model was given.")
    warnings: tuple[str, ...] = Field(description="What makes the result doubtful.")
    model_sha256: str = Field(description="Digest of model.json.")
    settings_sha256: str = Field(description="Digest of settings.json.")
    truth: LabelScores | None = Field(None, description="Scores against known pairs, where they were given.")


def summarise(
    linkage: Linkage, *, linker: Linker, inputs: tuple[InputFacts, ...], truth: LabelScores | None = None
) -> LinkSummary:
    """The numbers of a linkage."""
    decided, plan, settings = linkage.decisions.decided, linkage.plan, linker.settings
    judged = linkage.pairs.column("judgement").to_pylist()
    warnings = list(linkage.trained.fit.warnings if linkage.trained else ())
    if decided.n_greedy:
        warnings.append(f"{decided.n_greedy} groups of competing records were too large for the best assignment")
    quality = None
    if judged.count("link") >= _FEWEST_RELIABLE:
        quality = linker.evaluation.estimate_without_labels(linkage.decisions)
    label = linkage.clusters.label if linkage.clusters is not None else None
    return LinkSummary(
        inputs=inputs,
        link_type=settings.link_type.value,
        cardinality=str(settings.cardinality),
        threshold=settings.threshold,
        n_possible_pairs=plan.n_possible,
        n_compared_pairs=linkage.n_compared,
        rules=tuple((rule.rule, rule.n_pairs) for rule in plan.rules),
        n_links=judged.count("link"),
        n_possible_links=judged.count("possible_link"),
        n_doubtful_links=int((decided.link & (_surest(linkage) < _SURE)).sum()),
        n_near_ties=int((decided.near_tie & decided.link).sum()),
        n_lost=int(decided.lost.sum()),
        n_groups=None if label is None else int((np.bincount(label) > 1).sum()),
        quality=quality,
        prior=linkage.model.prior,
        converged=linkage.trained.fit.converged if linkage.trained else None,
        warnings=tuple(warnings),
        model_sha256=linkage.model.digest,
        settings_sha256=settings.digest,
        truth=truth,
    )


def _surest(linkage: Linkage) -> FloatArray:
    """`(n_pairs,)` the lower of a pair's probability alone and over all admissible assignments."""
    pairs = linkage.decisions.predictions.pairs
    lowest: FloatArray = np.minimum(pairs.probability, linkage.decisions.decided.probability_assigned)
    return lowest


def links_table(pairs: pa.Table, *, linkage: Linkage) -> pa.Table:
    """
    Pairs for people: the level of every comparison in words beside its number, weights rounded, no row numbers.

    Args:
        pairs: Rows of `linkage.pairs`.
        linkage: Where they come from.
    """
    columns: dict[str, pa.ChunkedArray] = {}
    words = {
        f"gamma_{part.name}": pa.array([*part.level_names, "null"], pa.string()) for part in linkage.model.comparisons
    }
    for name in pairs.column_names:
        column = pairs.column(name)
        if name in {"left_row", "right_row"}:
            continue
        if name.startswith("mw_") or name in {"match_weight", "margin_bits"}:
            column = pc.round(column, _DIGITS)
        columns[name] = column
        if name in words:
            number = column.cast(pa.int32())
            place = pc.if_else(pc.less(number, 0), len(words[name]) - 1, number)
            columns[f"level_{name.removeprefix('gamma_')}"] = words[name].take(place)
    return pa.table(columns)


def write_outcome(linkage: Linkage, summary: LinkSummary, *, settings: LinkSettings, out: Path) -> None:
    """
    Write links.csv, links.parquet, possible_links.csv, pairs.parquet, model.json, settings.json, summary.json,
    report.html and, where duplicates were sought, clusters.csv into `out`.
    """
    make_folder(out)
    links = links_table(linkage.links, linkage=linkage)
    pa_csv.write_csv(links, out / "links.csv")
    pq.write_table(links, out / "links.parquet")
    pa_csv.write_csv(links_table(linkage.decisions.possible_links, linkage=linkage), out / "possible_links.csv")
    pq.write_table(linkage.pairs.drop_columns(["left_row", "right_row"]), out / "pairs.parquet")
    (out / "clusters.csv").unlink(missing_ok=True)  # of an earlier run that sought duplicates
    if linkage.clusters is not None:
        pa_csv.write_csv(linkage.clusters.table, out / "clusters.csv")
    (out / "model.json").write_bytes(linkage.model.canonical_json() + b"\n")
    write_settings(settings, out=out)
    numbers = json.dumps(summary.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (out / "summary.json").write_text(numbers + "\n", encoding="utf-8")
    (out / "report.html").write_text(page(linkage, summary, settings=settings), encoding="utf-8")


def make_folder(out: Path) -> None:
    """
    Make the folder for the results.

    Raises:
        NotWritable: If it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritable(f"{out}: the folder cannot be made ({error.strerror}); name another") from None


def write_settings(settings: LinkSettings, *, out: Path) -> None:
    """Write settings.json, readable, into `out`."""
    make_folder(out)
    (out / "settings.json").write_text(settings.model_dump_json(indent=1) + "\n", encoding="utf-8")
