"""A cohort in the ledger: written once, found again, revised when its definition changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

import provenance
from graph_schema.edges import Triple
from graph_schema.ledger import Ledger, verify
from graph_schema.ledger.blocks import BlockStore
from provenance import Study, open_study
from provenance.study.errors import NotInStudy, StudyMissing
from tests.audit import mini

ALL = ["1-27*"]


def test_a_registered_cohort_holds_its_members_and_its_run(registered: Study) -> None:
    study = registered
    (cohort,) = study.ledger.current("Cohort").to_pylist()
    members = study.ledger.current_edges(Triple("HAD_MEMBER", "Cohort", "Person")).column("target_id").to_pylist()
    assert (cohort["name"], cohort["n_persons"], sorted(members)) == (
        "cath", 4, ["per_anna.r2", "per_ben", "per_cleo", "per_dora"],
    )  # fmt: skip
    assert study.ledger.current_edges(Triple("WAS_GENERATED_BY", "Cohort", "Run")).num_rows == 1


def test_registering_again_writes_nothing(registered: Study) -> None:
    study = registered
    before = study.ledger.manifests()
    study.register(study.children(ops=ALL, age_under_years=22, name="cath"), now=mini.COHORT_RUN + timedelta(days=1))
    assert study.ledger.manifests() == before


def test_a_new_definition_under_an_old_name_is_a_revision(registered: Study) -> None:
    study = registered
    study.register(study.children(ops=["1-275"], name="cath"), now=mini.COHORT_RUN + timedelta(days=1))
    (cohort,) = study.ledger.current("Cohort").to_pylist()
    assert (cohort["revision"], cohort["n_persons"]) == (2, 2)


def test_two_cohorts_can_be_registered_one_after_the_other(registered: Study) -> None:
    study = registered
    for name, ops in (("one", ["1-275"]), ("two", ["1-276"])):
        study.register(study.children(ops=ops, name=name), now=mini.COHORT_RUN)
    assert sorted(study.ledger.current("Cohort").column("name").to_pylist()) == ["cath", "one", "two"]


def test_a_cohort_of_a_state_that_has_passed_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    sha256 = BlockStore(tmp_path / "blocks").put(mini.block_table())
    mini.commit(ledger, mini.mini("run_1", sha256), mini.FIRST_RUN)
    old = open_study(tmp_path).children(ops=ALL)
    mini.commit(ledger, mini.mini("run_2", sha256), mini.SECOND_RUN)
    with pytest.raises(StudyMissing, match="open the study again"):
        open_study(tmp_path).register(old, now=mini.COHORT_RUN)


def test_a_study_shows_the_state_it_was_opened_at(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    sha256 = BlockStore(tmp_path / "blocks").put(mini.block_table())
    mini.commit(ledger, mini.mini("run_1", sha256), mini.FIRST_RUN)
    early = open_study(tmp_path)
    mini.commit(ledger, mini.mini("run_2", sha256), mini.SECOND_RUN)
    ids = [set(study.snapshot.nodes("Person")["id"]) for study in (early, open_study(tmp_path))]
    assert ["per_anna.r2" in found for found in ids] == [False, True]


def test_the_ledger_is_sound_after_registering(registered: Study) -> None:
    study = registered
    assert list(verify(study.ledger, blocks=study.root / "blocks")) == []


def test_explaining_somebody_else_is_refused(registered: Study) -> None:
    cohort = registered.children(ops=["1-275"])
    with pytest.raises(NotInStudy, match="not in the cohort"):
        cohort.explain("per_ben")


def test_a_folder_without_a_study_is_refused_with_the_command_to_run(tmp_path: Path) -> None:
    with pytest.raises(StudyMissing, match="doselink run"):
        open_study(tmp_path)


def test_a_study_opens_by_its_study_file_too(registered: Study) -> None:
    (registered.root / "study.yaml").write_text("name: mini\n", encoding="utf-8")
    assert open_study(registered.root / "study.yaml").children(ops=["1-276"]).persons == ("per_dora",)


def test_what_the_package_offers_is_there() -> None:
    assert [callable(getattr(provenance, name)) for name in provenance.__all__] == [True, True]
