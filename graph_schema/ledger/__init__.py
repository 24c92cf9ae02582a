"""The system of record: immutable Parquet segments named by hash-chained commits."""

from graph_schema.ledger.batch import Batch, Desired
from graph_schema.ledger.blocks import BlockStore
from graph_schema.ledger.manifest import LedgerDamaged, Manifest, SegmentRef
from graph_schema.ledger.revise import settle
from graph_schema.ledger.store import Ledger, WriterLocked
from graph_schema.ledger.verify import Finding, verify

__all__ = [
    "Batch",
    "BlockStore",
    "Desired",
    "Finding",
    "Ledger",
    "LedgerDamaged",
    "Manifest",
    "SegmentRef",
    "WriterLocked",
    "settle",
    "verify",
]
