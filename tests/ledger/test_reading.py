"""A segment is read once its bytes were seen to be what its name says."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph_schema.ledger import Ledger, LedgerDamaged
from tests.graph.sample import two_commits


def test_a_segment_that_was_exchanged_is_not_read(tmp_path: Path) -> None:
    ledger = two_commits(tmp_path / "ledger", n_records=3)
    (segment,) = [ref for ref in ledger.manifests()[0].nodes() if ref.label == "SourceRecord"]
    path = ledger.segments.path(segment.sha256)
    forged = ledger.segment(segment.sha256).to_pylist()
    forged[0]["commitment"] = "00"
    pq.write_table(pa.Table.from_pylist(forged, schema=pq.read_schema(path)), path)

    with pytest.raises(LedgerDamaged, match="was changed"):
        Ledger(ledger.folder).nodes("SourceRecord")


def test_a_segment_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(two_commits(tmp_path / "ledger", n_records=3).folder)
    asked: list[str] = []
    intact = ledger.segments.intact
    monkeypatch.setattr(ledger.segments, "intact", lambda sha256: asked.append(sha256) or intact(sha256))

    ledger.nodes("SourceRecord")
    ledger.nodes("SourceRecord")

    assert len(asked) == len(set(asked)) > 0
