"""A run ends with what its deliveries say, does nothing twice, and takes in what is new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow.compute as pc
import pytest

from doselink.run import RunResult, status
from doselink.run.workspace import Workspace
from graph_schema.ledger import Ledger, verify

from .conftest import FIXTURES, NOW, run_tiny, with_key

Bytes = Callable[[Path], dict[str, bytes]]


def test_the_tiny_study_links_every_true_pair_and_no_other(ran: RunResult) -> None:
    linkage = ran.summary.linkage
    assert linkage is not None
    assert linkage.truth is not None

    assert (linkage.truth.n_true, linkage.truth.n_right, linkage.truth.n_wrong) == (26, 26, 0)


def test_rows_in_are_rows_used_rejected_or_left_alone(ran: RunResult) -> None:
    for source in ran.summary.sources:
        assert source.n_rows == source.n_used + source.n_rejected + source.n_left_alone
    assert sum(source.n_rejected for source in ran.summary.sources) == 1


def test_rejects_are_listed_with_file_row_and_reason(ran: RunResult) -> None:
    text = (ran.report_path.parent / "rejects" / "rdsr-a.csv").read_text()

    header, row = text.splitlines()
    assert header == "file,file_sha256,row,field,reason"
    assert row.endswith(",1,,cut off before its end: ask the sender for it again")


def test_the_ledger_is_sound(ran: RunResult) -> None:
    ledger = Ledger(ran.workspace / "ledger")

    assert verify(ledger, blocks=ran.workspace / "blocks") == []
    assert [manifest.number for manifest in ledger.manifests()] == [1, 2]


def test_a_corrected_record_is_there_in_both_versions_and_only_the_new_one_is_used(ran: RunResult) -> None:
    ledger = Ledger(ran.workspace / "ledger")
    records = {row["id"]: row for row in ledger.current("SourceRecord").to_pylist()}
    corrections = [
        (edge["source_id"], edge["target_id"])
        for triple in [t for t in _triples() if t.type == "WAS_REVISION_OF" and t.source == "SourceRecord"]
        for edge in ledger.edges(triple).to_pylist()
    ]

    assert len(corrections) == 1
    new, old = corrections[0]
    assert (records[new]["record_type"], records[old]["record_type"]) == ("case", "case")
    used = {
        edge["target_id"]
        for triple in _triples()
        if triple.type == "WAS_DERIVED_FROM" and triple.target == "SourceRecord"
        for edge in ledger.current_edges(triple).to_pylist()
    }
    assert new in used
    assert old not in used


def test_the_cumulative_report_and_the_double_count_once(ran: RunResult) -> None:
    events = Ledger(ran.workspace / "ledger").current("DoseEvent")

    assert events.num_rows == 28
    missing = events.filter(pc.is_null(events.column("kap_gycm2")))
    assert missing.num_rows == 1
    estimates = Ledger(ran.workspace / "ledger").current("DoseEstimate")
    assert estimates.num_rows == 26, "one has no kerma-area product, one is not believed"


def test_a_run_on_unchanged_deliveries_does_no_work_and_writes_nothing(
    study: Path, workspace: Path, ledger_bytes: Bytes
) -> None:
    first = run_tiny(study, workspace)
    before = ledger_bytes(workspace)

    second = run_tiny(study, workspace, NOW + timedelta(days=1))

    assert (first.did_work, second.did_work) == (True, False)
    assert second.run_id == first.run_id
    assert ledger_bytes(workspace) == before


def test_two_workspaces_with_one_key_hold_the_same_bytes(
    ran: RunResult, study: Path, workspace: Path, ledger_bytes: Bytes
) -> None:
    run_tiny(study, workspace)

    assert ledger_bytes(workspace) == ledger_bytes(ran.workspace)


def test_another_key_gives_other_identifiers(study: Path, tmp_path: Path, ran: RunResult) -> None:
    other = run_tiny(study, tmp_path / "other")

    mine = set(Ledger(other.workspace / "ledger").current("Person").column("key").to_pylist())
    theirs = set(Ledger(ran.workspace / "ledger").current("Person").column("key").to_pylist())
    assert mine.isdisjoint(theirs)


def test_a_second_delivery_adds_and_leaves_the_first_where_it_was(study: Path, workspace: Path) -> None:
    later = study / "claims" / "stays.csv"
    everything = later.read_text().splitlines(keepends=True)
    later.write_text("".join(everything[:-3]))
    run_tiny(study, workspace)
    ledger = Ledger(workspace / "ledger")
    stays, persons = _keys(ledger, "Stay"), _keys(ledger, "Person")
    estimates = set(ledger.current("DoseEstimate").column("id").to_pylist())

    later.write_text("".join(everything))
    second = run_tiny(study, workspace, NOW + timedelta(days=1))

    again = Ledger(workspace / "ledger")
    assert second.did_work
    assert stays < _keys(again, "Stay")
    assert persons <= _keys(again, "Person")
    assert estimates <= set(again.nodes("DoseEstimate").column("id").to_pylist())
    blocks = again.nodes("RealisationBlock")
    assert blocks.num_rows == 1, "no dose was derived a second time"


def test_a_model_once_trained_is_kept_for_the_next_delivery(study: Path, workspace: Path) -> None:
    run_tiny(study, workspace)
    stays = study / "claims" / "stays.csv"
    stays.write_text("".join(stays.read_text().splitlines(keepends=True)[:-1]))

    run_tiny(study, workspace, NOW + timedelta(days=1))

    assert Ledger(workspace / "ledger").nodes("LinkageModel").num_rows == 2


def test_a_changed_calibration_changes_the_doses_of_its_room_and_no_other(study: Path, workspace: Path) -> None:
    run_tiny(study, workspace)
    table = study / "tables" / "calibration.csv"
    header, *rows = table.read_text().splitlines()
    room = rows[0].split(";")[1]
    column = header.split(";").index("factor")
    fields = rows[0].split(";")
    fields[column] = str(float(fields[column]) * 1.1)
    table.write_text("\n".join([header, ";".join(fields), *rows[1:]]) + "\n")

    run_tiny(study, workspace, NOW + timedelta(days=1))

    ledger = Ledger(workspace / "ledger")
    changed = {row["key"] for row in ledger.nodes("DoseEstimate").to_pylist() if row["revision"] > 1}
    rooms = {row["key"]: row["room"] for row in ledger.current("DoseEvent").to_pylist()}
    to_event = {
        edge["source_id"]: edge["target_id"]
        for triple in _triples()
        if (triple.source, triple.target) == ("DoseEstimate", "DoseEvent")
        for edge in ledger.current_edges(triple).to_pylist()
    }
    of_changed = {
        rooms[to_event[row["id"]]] for row in ledger.current("DoseEstimate").to_pylist() if row["key"] in changed
    }
    assert changed
    assert {name.split("/")[1] for name in of_changed} == {room}


def test_a_file_that_is_withdrawn_closes_what_came_from_it(study: Path, workspace: Path) -> None:
    run_tiny(study, workspace)
    before = _keys(Ledger(workspace / "ledger"), "DoseEvent")
    next((study / "rdsr_a" / "2018").rglob("IM70002.dcm")).unlink()

    run_tiny(study, workspace, NOW + timedelta(days=1))

    gone = before - _keys(Ledger(workspace / "ledger"), "DoseEvent")
    assert len(gone) == 1


def test_status_says_what_is_there_and_whether_deliveries_changed(study: Path, workspace: Path) -> None:
    run_tiny(study, workspace)
    found = status(Workspace(workspace))
    assert (found.commits, found.deliveries, found.stale) == (2, "unchanged since the last run", {})

    with (study / "cathlab_a.csv").open("a") as register:
        register.write("\n")

    assert status(Workspace(workspace)).deliveries.startswith("changed")


def test_the_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    run_tiny(FIXTURES / "tiny", tmp_path / "w")

    assert (tmp_path / "w" / "keys" / "study.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "w" / "keys").stat().st_mode & 0o777 == 0o700


def test_a_lost_key_is_never_replaced_silently(tmp_path: Path) -> None:
    workspace = with_key(tmp_path / "w")
    run_tiny(FIXTURES / "tiny", workspace)
    (workspace / "keys" / "study.key").unlink()

    with pytest.raises(Exception, match="no study key at") as refused:
        run_tiny(FIXTURES / "tiny", workspace, NOW + timedelta(days=1))
    assert refused.value.exit_code == 14  # type: ignore[attr-defined]


def _keys(ledger: Ledger, label: str) -> set[str]:
    return set(ledger.current(label).column("key").to_pylist())


def _triples() -> list:  # type: ignore[type-arg]
    from graph_schema.edges import RULES

    return list(RULES)
