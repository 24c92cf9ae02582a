"""A report that was read is kept without identifiers, and its file is not parsed again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from doselink.compute import kept_reports
from doselink.compute.kept_reports import read_keyed
from doselink.compute.stages import StageCache
from doselink.run import run_study
from doselink.study import Source
from graph_schema.ids import Keyring
from graph_schema.ledger import BlockStore
from provenance.dose.dicom import read_report
from provenance.dose.folder import read_reports
from provenance.dose.keyed import KeyedReport, keyed, restored, to_keep
from provenance.dose.report import LeftAlone, PlaneName, PlaneTotals, Report, ReportKind
from tests.dose.made import PROJECTION, event, kap, plain, totals, write

RING = Keyring(bytes(32))
TINY = Path(__file__).parents[2] / "fixtures" / "tiny"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = Source(name="rdsr-a", kind="rdsr", hospital="h", path="anywhere")


def key(report: Report) -> KeyedReport:
    return keyed(report, keyring=RING, hospital="h")


def archive(folder: Path, *numbers: int) -> list[Path]:
    return [
        write(
            folder / f"{number}.dcm",
            [PROJECTION, totals("single", "0.0001"), event(f"2.25.9{number}", "0.0001")],
            SOPInstanceUID=f"2.25.5{number}",
            StudyInstanceUID=f"2.25.6{number}",
        )
        for number in numbers
    ]


@pytest.fixture
def cache(tmp_path: Path) -> StageCache:
    return StageCache(tmp_path / "stages", BlockStore(tmp_path / "blocks"))


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were parsed."""
    names: list[str] = []

    def reading(paths: Sequence[Path]) -> Iterator[Report | LeftAlone]:
        names.extend(path.name for path in paths)
        return read_reports(paths)

    monkeypatch.setattr(kept_reports, "read_reports", reading)
    return names


def read(paths: Sequence[Path], cache: StageCache | None, ring: Keyring = RING) -> list[KeyedReport | LeftAlone]:
    return list(read_keyed(paths, source=SOURCE, keyring=ring, cache=cache))


def test_what_is_kept_gives_back_the_same_report() -> None:
    reports = [read_report(path) for path in sorted((TINY / "rdsr_a").rglob("*")) if path.is_file()]
    found = [key(one) if isinstance(one, Report) else one for one in reports]
    assert len(found) > 15
    assert [restored(to_keep(one) or "") for one in found] == found


def test_what_is_kept_names_nobody() -> None:
    kept = to_keep(key(plain(["2.25.77"], manufacturer="Clinic of Anna", model="Anna's")))
    assert kept is not None
    assert not [mark for mark in ("P-4711", "ACC-1", "2.25.", "Anna") if mark in kept.replace("2.25.1-1", "")]


def test_a_report_in_an_unknown_unit_is_not_kept_since_the_unit_may_be_anything() -> None:
    strange = plain([], totals=(PlaneTotals(PlaneName.SINGLE, kap=kap(3.0, "Anna Meier")),))
    assert to_keep(key(strange)) is None


def test_the_figures_of_a_file_that_is_left_alone_are_not_kept() -> None:
    ct = LeftAlone(ReportKind.CT, "a CT dose report", "ab", 1, stated=(("dose-length product", 3.0, "Anna Meier"),))
    assert restored(to_keep(ct) or "") == replace(ct, stated=())


def test_only_new_files_are_parsed(tmp_path: Path, cache: StageCache, parsed: list[str]) -> None:
    first = read(archive(tmp_path / "in", 1, 2), cache)
    second = read(archive(tmp_path / "in", 0, 1, 2, 3), cache)
    assert parsed == ["1.dcm", "2.dcm", "0.dcm", "3.dcm"]
    assert second == read(archive(tmp_path / "in", 0, 1, 2, 3), None)
    assert second[1:3] == first


def test_a_file_that_was_corrected_under_its_name_is_parsed_again(
    tmp_path: Path, cache: StageCache, parsed: list[str]
) -> None:
    paths = archive(tmp_path / "in", 1)
    read(paths, cache)
    write(paths[0], [PROJECTION, totals("single", "0.0007"), event("2.25.91", "0.0007")])
    (again,) = read(paths, cache)
    assert parsed == ["1.dcm", "1.dcm"]
    assert isinstance(again, KeyedReport)
    assert [total.kap.converted for total in again.told.totals if total.kap] == [7.0]


def test_another_key_or_hospital_parses_anew(tmp_path: Path, cache: StageCache, parsed: list[str]) -> None:
    paths = archive(tmp_path / "in", 1)
    read(paths, cache)
    read(paths, cache, Keyring(bytes([1]) * 32))
    list(read_keyed(paths, source=SOURCE.model_copy(update={"hospital": "g"}), keyring=RING, cache=cache))
    assert parsed == ["1.dcm"] * 3


def test_a_lost_part_costs_time_and_nothing_else(tmp_path: Path, cache: StageCache, parsed: list[str]) -> None:
    paths = archive(tmp_path / "in", 1, 2)
    before = read(paths, cache)
    shutil.rmtree(tmp_path / "blocks")
    assert read(paths, cache) == before
    assert len(parsed) == 4


def test_each_delivery_adds_one_block_however_many_files_it_has(tmp_path: Path, cache: StageCache) -> None:
    read(archive(tmp_path / "in", 1, 2, 3), cache)
    read(archive(tmp_path / "in", 1, 2, 3, 4, 5), cache)
    read(archive(tmp_path / "in", 1, 2, 3, 4, 5), cache)
    assert len(list((tmp_path / "blocks").iterdir())) == 2


def test_the_ledger_is_the_same_with_and_without_what_was_kept(tmp_path: Path, parsed: list[str]) -> None:
    ledgers = []
    for name, forget in (("kept", False), ("forgotten", True)):
        study = Path(shutil.copytree(TINY, tmp_path / name / "study"))
        workspace = tmp_path / name / "workspace"
        (workspace / "keys").mkdir(parents=True)
        (workspace / "keys" / "study.key").write_text("5a" * 32 + "\n")
        later = study / "rdsr_a" / "2021"
        later.rename(tmp_path / name / "2021")
        run_study(study / "study.yaml", workspace=workspace, now=NOW, load_graph=False)
        (tmp_path / name / "2021").rename(later)
        if forget:
            shutil.rmtree(workspace / "stages")
        parsed.clear()
        run_study(study / "study.yaml", workspace=workspace, now=NOW + timedelta(days=1), load_graph=False)
        below = sorted(path for path in (workspace / "ledger").rglob("*") if path.is_file())
        ledgers.append((len(parsed), {str(path.relative_to(workspace)): path.read_bytes() for path in below}))
    (n_kept, kept), (n_forgotten, forgotten) = ledgers
    assert kept == forgotten
    assert 0 < n_kept < n_forgotten
