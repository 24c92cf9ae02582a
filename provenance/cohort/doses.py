"""Organ doses of persons: sums of means, and sums of realisations over shared draws. Opens blocks for reading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from graph_schema.errors import ExitCode, UserError
from graph_schema.ledger import BlockStore
from graph_schema.ledger.blocks import BlockMissing
from provenance.study.errors import DefinitionWrong
from provenance.study.snapshot import Snapshot

__all__ = ["DrawsDiffer", "EventDoses", "FloatMatrix", "FloatVector", "event_doses", "summed_realisations"]

FloatVector = np.ndarray[tuple[int], np.dtype[np.float64]]
FloatMatrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]

_BATCH_ROWS = 2048


class DrawsDiffer(UserError):
    """Realisations of two derivations cannot be added: their columns are not the same draws."""

    exit_code = ExitCode.LEDGER


@dataclass(frozen=True, slots=True)
class EventDoses:
    """
    Mean organ doses by dose event.

    Attributes:
        organs: The organs, in the order of the columns.
        means: `estimate_id` and one column of mean dose (mGy) an organ; one row an estimate.
        stored: `estimate_id`, `block_id`, `row`: where its realisations lie.
        blocks: `block_id`, `sha256`, `n_realisations`, `organs`.
    """

    organs: tuple[str, ...]
    means: pd.DataFrame
    stored: pd.DataFrame
    blocks: pd.DataFrame

    def check_organ(self, organ: str) -> None:
        """
        Raises:
            DefinitionWrong: If no estimate has this organ.
        """
        if organ not in self.organs:
            raise DefinitionWrong(f"no dose was estimated for {organ!r}: expected one of {', '.join(self.organs)}")


def event_doses(snapshot: Snapshot) -> EventDoses:
    """What the ledger's current estimates say."""
    estimates = snapshot.nodes("DoseEstimate")[["id", "organs", "mean_mgy"]]
    organs = tuple(sorted({organ for row in estimates["organs"] for organ in row}))
    found: dict[str, list[float]] = {organ: [] for organ in organs}
    for names, means in zip(estimates["organs"], estimates["mean_mgy"], strict=True):
        told = dict(zip(names, means, strict=True))
        for organ in organs:
            found[organ].append(told.get(organ, np.nan))
    means = pd.DataFrame({"estimate_id": estimates["id"].to_numpy(), **found})
    stored = snapshot.edges("STORED_IN", "DoseEstimate", "RealisationBlock")
    stored = stored.rename(columns={"source_id": "estimate_id", "target_id": "block_id"})
    blocks = snapshot.nodes("RealisationBlock")[["id", "sha256", "n_realisations", "organs"]]
    return EventDoses(organs, means, stored, blocks.rename(columns={"id": "block_id"}))


def summed_realisations(
    doses: EventDoses, blocks: BlockStore, *, organ: str, rows: pd.DataFrame, n_persons: int
) -> FloatMatrix:
    """
    Sum of the realisations of some dose events, by person.

    A column is one shared draw of everything that is shared, for all persons; that is why sums are taken
    column by column and blocks with another number of draws are refused.

    Args:
        doses: Where realisations lie.
        blocks: The study's blocks; read in batches, never whole.
        organ: The organ.
        rows: `estimate_id`, `place` (row of the result); one row a dose event that counts.
        n_persons: Rows of the result.

    Returns:
        `(n_persons, n_realisations)`, mGy; zero where a person has no row in `rows`.

    Raises:
        DrawsDiffer: If two blocks hold different numbers of draws.
        BlockMissing: If a block is not there.
    """
    doses.check_organ(organ)
    n_draws = sorted(set(doses.blocks["n_realisations"].tolist()))
    if len(n_draws) != 1:
        raise DrawsDiffer(f"the doses were derived with {n_draws} realisations: run the study again with one number")
    total = np.zeros((n_persons, int(n_draws[0])), dtype=np.float64)
    wanted = rows.merge(doses.stored, on="estimate_id").merge(doses.blocks, on="block_id")
    for (sha256,), part in wanted.sort_values(["sha256", "row"]).groupby(["sha256"]):
        organs = list(part["organs"].iloc[0])
        if organ in organs:
            _add_block(total, blocks, str(sha256), part, organ_place=organs.index(organ))
    return total


def _add_block(total: FloatMatrix, blocks: BlockStore, sha256: str, part: pd.DataFrame, *, organ_place: int) -> None:
    n_draws = total.shape[1]
    path = blocks.path(sha256)
    if not path.is_file():
        raise BlockMissing(f"block {sha256[:12]}… is not in {blocks.folder}: restore it from a backup")
    block_rows, places = part["row"].to_numpy(), part["place"].to_numpy()
    first = 0
    for batch in pq.ParquetFile(path).iter_batches(batch_size=_BATCH_ROWS, columns=["realisations"]):
        inside = (block_rows >= first) & (block_rows < first + batch.num_rows)
        if inside.any():
            flat = batch.column(0).flatten().to_numpy(zero_copy_only=False)
            cube = flat.reshape(batch.num_rows, -1, n_draws)
            np.add.at(total, places[inside], cube[block_rows[inside] - first, organ_place, :])
        first += batch.num_rows
