"""Reads a whole ledger again and says everything that is wrong with it. Opens files, changes none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from graph_schema.edges import RULES
from graph_schema.ledger.blocks import BlockMissing, BlockStore
from graph_schema.ledger.manifest import LedgerDamaged, Manifest, SegmentRef, merkle_root
from graph_schema.ledger.store import Ledger

__all__ = ["Finding", "verify"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the manifests say."""

    commit: int
    what: str


def verify(ledger: Ledger, *, blocks: Path) -> list[Finding]:
    """
    Everything that is wrong: broken chain, changed or missing bytes, illegal edges, edges to nothing.

    Args:
        ledger: The ledger.
        blocks: Folder of the blocks the commits name.

    Returns:
        The findings in the order of the commits; empty where the ledger is sound.
    """
    try:
        manifests = ledger.manifests()
    except LedgerDamaged as error:
        return [Finding(0, str(error))]
    findings: list[Finding] = []
    known: set[str] = set()
    for manifest in manifests:
        findings.extend(_check_bytes(manifest, ledger.segments, BlockStore(blocks)))
        try:
            findings.extend(_check_rows(manifest, ledger, known))
        except LedgerDamaged:
            continue  # told by _check_bytes
        except BlockMissing as error:
            findings.append(Finding(manifest.number, str(error)))
    return findings


def _check_bytes(manifest: Manifest, segments: BlockStore, blocks: BlockStore) -> list[Finding]:
    found = [
        Finding(manifest.number, f"segment {segment.sha256[:12]}… ({_name(segment)}) is missing or changed")
        for segment in manifest.segments
        if not segments.intact(segment.sha256)
    ]
    found += [
        Finding(manifest.number, f"block {sha256[:12]}… is missing or changed")
        for sha256 in manifest.blocks
        if not blocks.intact(sha256)
    ]
    leaves = [segment.sha256 for segment in manifest.segments] + list(manifest.blocks)
    if merkle_root(leaves) != manifest.root:
        found.append(Finding(manifest.number, "the Merkle root is not that of its segments and blocks"))
    return found


def _check_rows(manifest: Manifest, ledger: Ledger, known: set[str]) -> list[Finding]:
    found = []
    for segment in manifest.nodes():
        ids = ledger.segment(segment.sha256).column("id").to_pylist()
        if len(ids) != segment.n_rows or len(set(ids)) != len(ids) or not known.isdisjoint(ids):
            found.append(Finding(manifest.number, f"{_name(segment)}: an id is used twice, or rows are missing"))
        known.update(ids)
    for segment in manifest.edges():
        table = ledger.segment(segment.sha256)
        if segment.triple not in RULES:
            found.append(Finding(manifest.number, f"{_name(segment)}: no rule allows this edge"))
        if not _ends(table) <= known:
            found.append(Finding(manifest.number, f"{_name(segment)}: an edge has no node at one end"))
    return found


def _ends(table: pa.Table) -> set[str]:
    return set(table.column("source_id").to_pylist()) | set(table.column("target_id").to_pylist())


def _name(segment: SegmentRef) -> str:
    if segment.kind == "edges":
        return f"({segment.source})-[:{segment.type}]->({segment.target})"
    return segment.label or segment.kind
