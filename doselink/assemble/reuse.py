"""Dose estimates that an earlier run derived from the same things keep their place; only new ones are stored."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from doselink.tables import rows_of
from graph_schema.edges import Triple
from graph_schema.ledger import BlockStore, Ledger
from provenance.dose.derive import Derivation

__all__ = ["Block", "Estimates", "settle_estimates"]

_STORED = Triple("STORED_IN", "DoseEstimate", "RealisationBlock")


@dataclass(frozen=True, slots=True)
class Block:
    """A realisation block: digest, rows, realisations."""

    sha256: str
    n_rows: int
    n_realisations: int


@dataclass(frozen=True, slots=True)
class Estimates:
    """
    All current estimates by the block that holds their realisations.

    Attributes:
        blocks: Each block with its estimates (`ESTIMATES`, `block_row` being the row in that block).
        n_new: Estimates that no earlier run had.
    """

    blocks: list[tuple[Block, pa.Table]]
    n_new: int


def settle_estimates(derivation: Derivation, *, n_realisations: int, ledger: Ledger, blocks: BlockStore) -> Estimates:
    """
    Which estimates are stored already, and a new block for the others.

    Two estimates of one derivation key are the same numbers: the draws are named after room, period, person
    and event, and do not depend on what else is derived with them.

    Args:
        derivation: Everything derived in this run.
        n_realisations: Realisations of each.
        ledger: Where earlier estimates are.
        blocks: Where the new block goes.
    """
    stored = _stored(ledger)
    estimates = derivation.estimates
    places = [stored.get(key) for key in estimates.column("derivation_key").to_pylist()]
    found: list[tuple[Block, pa.Table]] = []
    for block in sorted({place[0] for place in places if place is not None}, key=lambda block: block.sha256):
        rows = [i for i, place in enumerate(places) if place is not None and place[0] == block]
        kept = estimates.take(pa.array(rows, pa.int64()))
        at = pa.array([place[1] for place in places if place is not None and place[0] == block], pa.int64())
        found.append((block, kept.set_column(kept.column_names.index("block_row"), "block_row", at)))
    new = pa.array([i for i, place in enumerate(places) if place is None], pa.int64())
    if len(new):
        fresh = estimates.take(new)
        matrix = derivation.realisations.take(fresh.column("block_row").combine_chunks())
        block = Block(blocks.put(matrix), len(new), n_realisations)
        at = pa.array(range(len(new)), pa.int64())
        found.append((block, fresh.set_column(fresh.column_names.index("block_row"), "block_row", at)))
    return Estimates(found, len(new))


def _stored(ledger: Ledger) -> dict[str, tuple[Block, int]]:
    """Derivation key to block and row, of the ledger's current estimates."""
    facts = ledger.nodes("RealisationBlock", ["id", "sha256", "n_rows", "n_realisations"])
    blocks = {row[0]: Block(*row[1:]) for row in rows_of(facts, "id", "sha256", "n_rows", "n_realisations")}
    edges = ledger.current_edges(_STORED)
    places = {source: (blocks[target], row) for source, target, row in rows_of(edges, "source_id", "target_id", "row")}
    estimates = ledger.current("DoseEstimate", ["id", "derivation_key"])
    return {key: places[node] for node, key in rows_of(estimates, "id", "derivation_key") if node in places}
