"""The ledger keeps what it was given, adds only what is new, and says what was done to it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from graph_schema.edges import IllegalEdge, Triple
from graph_schema.ids import KeyMissing, Keyring, derivation_key
from graph_schema.ledger import Batch, BlockStore, Desired, Ledger, LedgerDamaged, WriterLocked, settle, verify
from graph_schema.ledger.manifest import SCHEMA_VERSION, Manifest, merkle_root
from graph_schema.ledger.revise import DesiredStateWrong

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 12, tzinfo=UTC)
RECORD_TO_FILE = Triple("HAD_PRIMARY_SOURCE", "SourceRecord", "SourceFile")
PERSON_TO_RECORD = Triple("WAS_DERIVED_FROM", "PersonRecord", "SourceRecord")


def wanted(*, commitment: str = "aa", with_person: bool = True) -> Desired:
    desired = Desired(closing=frozenset({"SourceFile", "SourceRecord", "PersonRecord"}))
    desired.add_nodes(
        "SourceFile",
        pa.table(
            {
                "key": ["fil_1"],
                "sha256": ["00"],
                "source": ["claims"],
                "kind": ["insurants"],
                "name": ["insurants.csv"],
                "n_bytes": [10],
                "n_rows": [1],
                "n_rejected": [0],
            }
        ),
    )
    desired.add_nodes(
        "SourceRecord",
        pa.table({"key": ["rec_1"], "record_type": ["insurant"], "row": [2], "commitment": [commitment]}),
    )
    desired.add_edges(RECORD_TO_FILE, pa.table({"source_key": ["rec_1"], "target_key": ["fil_1"], "row": [2]}))
    if with_person:
        desired.add_nodes(
            "PersonRecord",
            pa.table(
                {"key": ["prc_1"], "side": ["claims"], "source": ["claims"], "birth_year": [2010], "sex": ["male"]}
            ),
        )
        desired.add_edges(
            PERSON_TO_RECORD, pa.table({"source_key": ["prc_1"], "target_key": ["rec_1"], "role": ["insurant"]})
        )
    return desired


def commit(ledger: Ledger, desired: Desired, at: datetime = NOON) -> Batch:
    batch = settle(desired, ledger)
    ledger.append(batch, run_id="run_1", recorded_at=at, key_fingerprint="f")
    return batch


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


def test_an_equal_state_adds_nothing(ledger: Ledger) -> None:
    commit(ledger, wanted())

    assert settle(wanted(), ledger).n_rows == 0


def test_a_changed_record_gets_a_revision_and_so_does_all_that_rests_on_it(ledger: Ledger) -> None:
    commit(ledger, wanted())
    batch = commit(ledger, wanted(commitment="bb"), LATER)

    assert {label: table.column("id").to_pylist() for label, table in batch.nodes.items()} == {
        "SourceRecord": ["rec_1.r2"],
        "PersonRecord": ["prc_1.r2"],
    }
    assert batch.closures.select(["id", "successor_id"]).to_pylist() == [
        {"id": "prc_1", "successor_id": "prc_1.r2"},
        {"id": "rec_1", "successor_id": "rec_1.r2"},
    ]
    revision = Triple("WAS_REVISION_OF", "PersonRecord", "PersonRecord")
    assert ledger.edges(revision).select(["source_id", "target_id"]).to_pylist() == [
        {"source_id": "prc_1.r2", "target_id": "prc_1"}
    ]
    assert ledger.current("PersonRecord").column("id").to_pylist() == ["prc_1.r2"]


def test_a_thing_no_longer_delivered_is_closed_and_goes_on_counting_when_it_comes_back(ledger: Ledger) -> None:
    commit(ledger, wanted())
    commit(ledger, wanted(with_person=False))
    assert ledger.current("PersonRecord").num_rows == 0

    batch = commit(ledger, wanted())

    assert batch.nodes["PersonRecord"].column("id").to_pylist() == ["prc_1.r2"]


def test_labels_outside_closing_stay_when_a_run_does_not_name_them(ledger: Ledger) -> None:
    commit(ledger, wanted())

    assert settle(Desired(), ledger).n_rows == 0


def test_an_edge_that_no_rule_allows_writes_nothing(ledger: Ledger) -> None:
    desired = wanted()
    illegal = Triple("HAD_PRIMARY_SOURCE", "SourceRecord", "SourceFile")._replace(source="Person")
    desired.edges[illegal] = pa.table({"source_key": ["prc_1"], "target_key": ["fil_1"], "row": [1]})

    with pytest.raises(IllegalEdge, match="no rule allows"):
        settle(desired, ledger)
    assert ledger.head() is None


def test_an_edge_to_nothing_is_refused(ledger: Ledger) -> None:
    desired = wanted()
    desired.add_edges(RECORD_TO_FILE, pa.table({"source_key": ["rec_1"], "target_key": ["fil_9"], "row": [3]}))

    with pytest.raises(DesiredStateWrong, match="SourceFile not known"):
        settle(desired, ledger)


def test_a_key_twice_in_one_run_is_refused(ledger: Ledger) -> None:
    desired = wanted()
    desired.nodes["SourceRecord"] = pa.concat_tables([desired.nodes["SourceRecord"]] * 2)

    with pytest.raises(DesiredStateWrong, match="occurs twice"):
        settle(desired, ledger)


def test_two_ledgers_of_the_same_state_hold_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        ledger = Ledger(tmp_path / name)
        commit(ledger, wanted())
        commit(ledger, wanted(commitment="bb"), LATER)
        found.append({p.relative_to(ledger.folder): p.read_bytes() for p in ledger.folder.rglob("*.*") if p.is_file()})

    assert found[0] == found[1]
    assert len(found[0]) == 14


def test_a_commit_without_its_manifest_does_not_exist(ledger: Ledger) -> None:
    commit(ledger, wanted())
    commit(ledger, wanted(commitment="bb"))
    (ledger.folder / "commits" / "00000002.json").unlink()

    again = Ledger(ledger.folder)

    assert again.current("PersonRecord").column("id").to_pylist() == ["prc_1"]
    assert commit(again, wanted(commitment="bb")).nodes["PersonRecord"].column("id").to_pylist() == ["prc_1.r2"]
    assert verify(again, blocks=ledger.folder / "blocks") == []


@pytest.mark.parametrize("damage", ["flip", "remove"])
def test_verify_names_a_damaged_segment(ledger: Ledger, damage: str) -> None:
    commit(ledger, wanted())
    segment = next(iter(ledger.manifests()[0].nodes()))
    path = ledger.segments.path(segment.sha256)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.unlink()
    if damage == "flip":
        path.write_bytes(bytes(raw))

    findings = verify(Ledger(ledger.folder), blocks=ledger.folder / "blocks")

    assert f"segment {segment.sha256[:12]}… (SourceFile) is missing or changed" in [f.what for f in findings]


def test_a_changed_manifest_breaks_the_chain(ledger: Ledger) -> None:
    commit(ledger, wanted())
    commit(ledger, wanted(commitment="bb"), LATER)
    path = ledger.folder / "commits" / "00000001.json"
    path.write_text(path.read_text().replace("run_1", "run_9"))

    with pytest.raises(LedgerDamaged, match="hash chain is broken"):
        Ledger(ledger.folder).manifests()


def test_a_removed_commit_is_noticed(ledger: Ledger) -> None:
    commit(ledger, wanted())
    commit(ledger, wanted(commitment="bb"), LATER)
    (ledger.folder / "commits" / "00000001.json").unlink()

    with pytest.raises(LedgerDamaged, match="holds commit 2: expected 1"):
        Ledger(ledger.folder).manifests()


def test_another_study_key_is_refused(ledger: Ledger) -> None:
    commit(ledger, wanted())

    with pytest.raises(LedgerDamaged, match="another study key"):
        ledger.append(settle(wanted(commitment="b"), ledger), run_id="r", recorded_at=LATER, key_fingerprint="g")


def test_time_never_runs_backwards(ledger: Ledger) -> None:
    commit(ledger, wanted(), LATER)

    with pytest.raises(LedgerDamaged, match="check the clock"):
        ledger.append(settle(wanted(commitment="b"), ledger), run_id="r", recorded_at=NOON, key_fingerprint="f")


def test_a_second_writer_is_told_who_holds_the_lock(ledger: Ledger) -> None:
    with ledger.writer(), pytest.raises(WriterLocked, match=r"process \d+ is writing"), Ledger(ledger.folder).writer():
        pass


def test_a_block_that_is_not_there_is_named_by_verify(ledger: Ledger) -> None:
    blocks = BlockStore(ledger.folder / "blocks")
    desired = wanted()
    desired.blocks.add(blocks.put(pa.table({"a": [1, 2]})))
    commit(ledger, desired)
    assert verify(ledger, blocks=blocks.folder) == []

    next(blocks.folder.glob("*.parquet")).unlink()

    assert len(verify(ledger, blocks=blocks.folder)) == 1


def forged(ledger: Ledger, **changes: object) -> Ledger:
    """The ledger after somebody rewrote its last manifest, with a root that fits unless told."""
    path = max((ledger.folder / "commits").glob("*.json"))
    manifest = Manifest.from_bytes(path.read_bytes(), name=path.name).model_copy(update=changes)
    if "root" not in changes:
        manifest = manifest.model_copy(update={"root": merkle_root([one.sha256 for one in manifest.segments])})
    path.write_bytes(manifest.to_bytes())
    return Ledger(ledger.folder)


def told_by_verify(ledger: Ledger) -> list[str]:
    return [finding.what for finding in verify(ledger, blocks=ledger.folder / "blocks")]


def test_verify_notices_a_root_that_is_not_that_of_the_segments(ledger: Ledger) -> None:
    commit(ledger, wanted())

    assert told_by_verify(forged(ledger, root="0" * 64)) == ["the Merkle root is not that of its segments and blocks"]


def test_verify_notices_nodes_that_are_there_twice(ledger: Ledger) -> None:
    commit(ledger, wanted())
    segments = ledger.manifests()[0].segments
    twice = next(segment for segment in segments if segment.label == "PersonRecord")

    assert told_by_verify(forged(ledger, segments=(*segments, twice))) == [
        "PersonRecord: an id is used twice, or rows are missing"
    ]


def test_verify_notices_an_edge_without_an_end(ledger: Ledger) -> None:
    commit(ledger, wanted())
    left = tuple(segment for segment in ledger.manifests()[0].segments if segment.label != "SourceFile")

    assert told_by_verify(forged(ledger, segments=left)) == [
        "(SourceRecord)-[:HAD_PRIMARY_SOURCE]->(SourceFile): an edge has no node at one end"
    ]


def test_verify_notices_an_edge_that_no_rule_allows(ledger: Ledger) -> None:
    commit(ledger, wanted())
    turned = tuple(
        segment.model_copy(update={"source": "Person"}) if segment.target == "SourceFile" else segment
        for segment in ledger.manifests()[0].segments
    )

    assert told_by_verify(forged(ledger, segments=turned)) == [
        "(Person)-[:HAD_PRIMARY_SOURCE]->(SourceFile): no rule allows this edge"
    ]


def test_a_ledger_of_a_later_version_is_refused(ledger: Ledger) -> None:
    commit(ledger, wanted())

    with pytest.raises(LedgerDamaged, match="later version of doselink"):
        forged(ledger, schema_version=SCHEMA_VERSION + 1).manifests()


def test_an_edge_to_a_revision_that_was_closed_is_not_current(ledger: Ledger) -> None:
    commit(ledger, wanted())
    commit(ledger, wanted(commitment="bb"), LATER)
    revision = Triple("WAS_REVISION_OF", "PersonRecord", "PersonRecord")

    assert ledger.edges(revision).num_rows == 1
    assert ledger.current_edges(revision).num_rows == 0


def test_the_same_inputs_in_another_order_are_the_same_derivation() -> None:
    one = derivation_key("link-stays", 1, ["a", "b"], "p")

    assert derivation_key("link-stays", 1, ["b", "a"], "p") == one
    assert derivation_key("link-stays", 2, ["a", "b"], "p") != one


def test_a_key_that_is_too_short_is_refused() -> None:
    with pytest.raises(KeyMissing, match="31 bytes: expected at least 32"):
        Keyring(bytes(31))


def test_an_identifier_depends_on_kind_scope_and_value() -> None:
    ring = Keyring(bytes(32))

    assert ring.keys("sty", "north", ["1", None, "1"]) == [
        ring.key("sty", "north", "1"),
        None,
        ring.key("sty", "north", "1"),
    ]
    assert len({ring.key("sty", "a", "1")[4:], ring.key("prc", "a", "1")[4:], ring.key("sty", "b", "1")[4:]}) == 3


def test_merkle_root_is_that_of_rfc_9162() -> None:
    # Test vector of the certificate transparency reference log: one empty leaf.
    assert merkle_root([""]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle_root(["", "00"]) == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"


def test_parts_of_a_natural_key_cannot_run_into_each_other() -> None:
    ring = Keyring(bytes(32))

    assert ring.key("sty", "ab", "c") != ring.key("sty", "a", "bc")
