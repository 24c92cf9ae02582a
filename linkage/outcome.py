"""
What `doselink link` writes: links, model, settings, summary, report. Writes files.

Of the tables' own values only those of the id columns are written. Equal inputs give equal bytes.
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

from linkage.evaluation.labels import LabelScores
from linkage.linker import Linkage
from linkage.page import page
from linkage.settings import LinkSettings

__all__ = ["LinkSummary", "links_table", "summarise", "write_outcome"]

_DIGITS = 3  # of a weight in bits: more says nothing more


class InputFacts(BaseModel):
    """One table that was linked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(description="File name.")
    sha256: str = Field(description="Digest of its bytes.")
    n_rows: int = Field(description="Rows, rejected ones included.")
    n_rejected: int = Field(description="Rows that could not be read.")
    id_column: str | None = Field(description="Column whose values name the rows in the links; None: row numbers.")


class LinkSummary(BaseModel):
    """A linkage in numbers. It holds no value of any record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: tuple[InputFacts, ...] = Field(description="The table, or the left and the right one.")
    link_type: str = Field(description="How many partners a record may have.")
    threshold: float = Field(description="Probability at or above which a pair is linked.")
    n_possible_pairs: int = Field(description="All pairs of the tables.")
    n_compared_pairs: int = Field(description="Pairs that blocking let through, each counted once.")
    rules: tuple[tuple[str, int], ...] = Field(description="Pairs that each blocking rule proposes.")
    n_links: int = Field(description="Pairs linked.")
    n_possible_links: int = Field(description="Pairs that fit best but stay below the threshold: to be looked at.")
    n_lost: int = Field(description="Pairs that lost their records to a better pair.")
    n_groups: int | None = Field(description="Groups of duplicates, where one table was searched; else None.")
    expected_precision: float | None = Field(description="Mean probability of the links.")
    expected_recall: float | None = Field(description="Summed probability of the links over that of all matches.")
    prior: float = Field(description="Probability that a random pair is a match.")
    converged: bool | None = Field(description="Whether training ended by itself; None if the model was given.")
    warnings: tuple[str, ...] = Field(description="What makes the result doubtful.")
    model_sha256: str = Field(description="Digest of model.json.")
    settings_sha256: str = Field(description="Digest of settings.json.")
    truth: LabelScores | None = Field(None, description="Scores against known pairs, where they were given.")


def summarise(
    linkage: Linkage,
    *,
    settings: LinkSettings,
    inputs: tuple[InputFacts, ...],
    truth: LabelScores | None = None,
) -> LinkSummary:
    """The numbers of a linkage."""
    judged = linkage.pairs.column("judgement").to_pylist()
    decided, plan = linkage.decided, linkage.plan
    probability = linkage.links.column("match_probability")
    found = float(pc.sum(probability).as_py() or 0.0)
    matches = max(linkage.model.prior * plan.n_possible, decided.expected_matches)
    warnings = list(linkage.fit.warnings if linkage.fit else ())
    if decided.n_greedy:
        warnings.append(f"{decided.n_greedy} groups of competing records were too large for the best assignment")
    return LinkSummary(
        inputs=inputs,
        link_type=settings.link_type.value,
        threshold=settings.threshold,
        n_possible_pairs=plan.n_possible,
        n_compared_pairs=linkage.n_compared,
        rules=tuple((rule.rule, rule.n_pairs) for rule in plan.rules),
        n_links=judged.count("link"),
        n_possible_links=judged.count("possible_link"),
        n_lost=judged.count("non_link"),
        n_groups=None if linkage.cluster is None else int((np.bincount(linkage.cluster) > 1).sum()),
        expected_precision=None if np.isnan(decided.expected_precision) else round(decided.expected_precision, 6),
        expected_recall=round(min(1.0, found / matches), 6) if matches > 0 else None,
        prior=linkage.model.prior,
        converged=linkage.fit.converged if linkage.fit else None,
        warnings=tuple(warnings),
        model_sha256=linkage.model.digest,
        settings_sha256=settings.digest,
        truth=truth,
    )


def links_table(pairs: pa.Table, *, linkage: Linkage, left_ids: pa.Array, right_ids: pa.Array) -> pa.Table:
    """
    Pairs with the records' own ids, and level and weight of every comparison in columns of their own.

    Args:
        pairs: Rows of `linkage.pairs`.
        linkage: Where they come from.
        left_ids: `(n_left,)` id of each left row.
        right_ids: `(n_right,)` id of each right row.
    """
    columns = {
        "left_id": left_ids.take(pairs.column("left_row")),
        "right_id": right_ids.take(pairs.column("right_row")),
        "match_probability": pairs.column("match_probability"),
        "match_weight": pc.round(pairs.column("match_weight"), _DIGITS),
        "match_key": pairs.column("match_key"),
        "judgement": pairs.column("judgement"),
        "reason_code": pairs.column("reason_code"),
    }
    for place, part in enumerate(linkage.model.comparisons):
        reached = pc.list_element(pairs.column("levels"), place)
        columns[f"level_{part.name}"] = pc.utf8_slice_codeunits(reached, len(part.name) + 1)
        columns[f"bits_{part.name}"] = pc.round(pc.list_element(pairs.column("level_bits"), place), _DIGITS)
    return pa.table(columns)


def write_outcome(
    linkage: Linkage,
    summary: LinkSummary,
    *,
    settings: LinkSettings,
    ids: tuple[pa.Array, pa.Array],
    out: Path,
) -> None:
    """
    Write links.csv, links.parquet, possible_links.csv, model.json, settings.json, summary.json, report.html and,
    for duplicates, clusters.csv into `out`.
    """
    out.mkdir(parents=True, exist_ok=True)
    links = links_table(linkage.links, linkage=linkage, left_ids=ids[0], right_ids=ids[1])
    pa_csv.write_csv(links, out / "links.csv")
    pq.write_table(links, out / "links.parquet")
    unsure = linkage.pairs.filter(pc.equal(linkage.pairs.column("judgement"), "possible_link"))
    pa_csv.write_csv(
        links_table(unsure, linkage=linkage, left_ids=ids[0], right_ids=ids[1]), out / "possible_links.csv"
    )
    if linkage.cluster is not None:
        pa_csv.write_csv(_clusters_table(linkage.cluster, ids[0]), out / "clusters.csv")
    (out / "model.json").write_bytes(linkage.model.canonical_json() + b"\n")
    (out / "settings.json").write_text(settings.model_dump_json(indent=1) + "\n", encoding="utf-8")
    numbers = json.dumps(summary.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (out / "summary.json").write_text(numbers + "\n", encoding="utf-8")
    (out / "report.html").write_text(page(linkage, summary.model_dump(), settings=settings), encoding="utf-8")


def _clusters_table(cluster: np.ndarray, ids: pa.Array) -> pa.Table:
    """Every record and the id of the first record of its group."""
    return pa.table({"id": ids, "cluster": ids.take(pa.array(cluster))})
