"""Traces and explanations: told from the ledger alone, complete, and without another person's rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doselink.cli.main import main
from provenance import Study
from provenance.lineage.story import Explanation
from provenance.lineage.text import explanation_lines
from provenance.lineage.trace import trace, tree_lines
from provenance.study.errors import NotInStudy
from tests.audit.mini import sha


def _labelled(study: Study, thing: str, label: str, **asked: object) -> list[str]:
    graph = trace(study.ledger, thing, **asked)  # type: ignore[arg-type]
    return sorted(node for node, facts in graph.nodes(data=True) if facts["label"] == label)


def test_a_dose_is_traced_to_every_file_it_rests_on(study: Study) -> None:
    assert _labelled(study, "est_anna1", "SourceFile") == ["fil_cases2", "fil_cath", "fil_report1"]


def test_a_key_means_its_current_revision(study: Study) -> None:
    assert study.trace("est_anna1").graph["start"] == "est_anna1.r2"


def test_an_earlier_revision_is_asked_for_by_its_id(study: Study) -> None:
    assert _labelled(study, "sty_h_anna1.r1", "SourceFile") == ["fil_cases"]


def test_history_is_followed_when_asked_for(study: Study) -> None:
    without = _labelled(study, "sty_h_anna1", "SourceFile")
    assert (without, _labelled(study, "sty_h_anna1", "SourceFile", history=True)) == (
        ["fil_cases2"], ["fil_cases", "fil_cases2"],
    )  # fmt: skip


def test_a_trace_never_reaches_another_child(study: Study) -> None:
    assert _labelled(study, "est_anna1", "PersonRecord") == ["prc_h_anna.r2"]


def test_a_trace_points_from_effect_to_cause(study: Study) -> None:
    graph = study.trace("dse_dora")
    assert graph.edges["rec_cath_3", "fil_cath"] == {"type": "HAD_PRIMARY_SOURCE", "row": 3}


def test_a_trace_cut_by_its_depth_says_so(study: Study) -> None:
    short, whole = study.trace("est_dora", max_steps=2), study.trace("est_dora")
    assert (short.graph["cut"], whole.graph["cut"]) == (True, False)
    assert tree_lines(short)[-1] == "… there is more: ask with a greater depth"


def test_a_file_is_found_by_its_digest(study: Study) -> None:
    assert study.trace(sha("fil_report2")).graph["start"] == "fil_report2"


def test_a_tree_names_everything_once_in_full(study: Study) -> None:
    lines = tree_lines(study.trace("est_dora"))
    assert lines[0] == "DoseEstimate est_dora  active_marrow 5 mGy, lung 14 mGy"
    runs = [line for line in lines if "Run run_1" in line]
    assert [line.endswith("(see above)") for line in runs] == [False] + [True] * (len(runs) - 1)


@pytest.mark.parametrize("thing", ["per_nobody", "Anna Muster", "0" * 64, "est_anna1.r9"])
def test_what_is_not_in_the_study_is_refused_without_repeating_it(study: Study, thing: str) -> None:
    with pytest.raises(NotInStudy) as refused:
        study.trace(thing)
    assert thing not in str(refused.value)


def test_an_explanation_holds_records_stays_links_doses_and_files(study: Study) -> None:
    story = study.explain("per_anna")
    assert [record.record for record in story.records] == ["prc_c_anna", "prc_h_anna"]
    assert [stay.stay for stay in story.stays] == ["sty_c_anna1", "sty_h_anna1", "sty_c_anna2", "sty_h_anna2"]
    assert [(dose.event, [file.name for file in dose.files]) for dose in story.doses] == [
        ("dse_anna1", ["fil_cath.csv", "fil_report1.csv"]), ("dse_anna2", ["fil_report2.csv"]),
    ]  # fmt: skip


def test_an_explanation_tells_what_each_link_stood_on(study: Study) -> None:
    link = study.explain("per_ben").links[0]
    assert (link.pair_type, link.left, link.right, link.judgement) == ("stay", "sty_c_ben", "sty_h_ben", "link")
    assert [(level.level, level.bits) for level in link.levels] == [
        ("dates=both_exact", 6.0), ("birth_year=exact", 2.5), ("icd=main_equal", 1.0),
    ]  # fmt: skip
    assert (link.model_sha256, link.run, link.threshold) == (sha("mod_stay"), "run_1", 0.5)


def test_rejected_candidates_are_told_after_the_accepted_ones(study: Study) -> None:
    links = study.explain("per_dora").links
    assert [(link.judgement, link.left) for link in links] == [
        ("link", "dse_dora"), ("link", "prd_x_dora"), ("possible_link", "dse_lost"), ("non_link", "sty_c_cleo"),
    ]  # fmt: skip


def test_a_dose_that_could_not_be_estimated_is_told_as_missing(study: Study) -> None:
    (dose,) = study.explain("per_ben").doses
    assert (dose.kap_gycm2, dose.estimate, dose.organs) == (None, None, ())
    assert "    no organ dose: missing, not zero" in explanation_lines(study.explain("per_ben"))


def test_a_person_is_found_by_one_of_their_records(study: Study) -> None:
    assert study.explain("prc_h_anna") == study.explain("per_anna")


def test_an_explanation_reads_back_from_json(study: Study) -> None:
    story = study.explain("per_anna")
    assert Explanation.model_validate_json(story.model_dump_json()) == story


def test_a_person_who_is_not_there_is_refused_with_a_way_to_find_one(study: Study) -> None:
    with pytest.raises(NotInStudy, match="persons-with-doses"):
        study.explain("per_nobody")


@pytest.fixture(scope="session")
def workspace(study: Study) -> Path:
    """The mini study's folder with the note that a run leaves there."""
    (study.root / "study.json").write_text(json.dumps({"study_file": str(study.root / "study.yaml")}), encoding="utf-8")
    return study.root


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_explain_prints_the_story(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _printed(capsys, "explain", "per_anna", "--study", str(workspace))
    assert (code, out.splitlines()[0]) == (0, "Person per_anna: weakest accepted link p = 0.9999")


def test_explain_as_json_is_the_typed_story(workspace: Path, study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _printed(capsys, "explain", "per_anna", "--study", str(workspace), "--json")
    assert Explanation.model_validate_json(out) == study.explain("per_anna")


def test_trace_prints_a_tree_down_to_the_files(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _printed(capsys, "trace", "dse_anna2", "--study", str(workspace))
    assert code == 0
    assert "    had primary source, row 1: SourceFile fil_report2  fil_report2.csv, rdsr, sha256" in out


def test_trace_as_json_has_nodes_and_edges(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _printed(capsys, "trace", "dse_anna2", "--study", str(workspace), "--json")
    found = json.loads(out)
    assert {"source": "rec_report2_1", "target": "fil_report2", "type": "HAD_PRIMARY_SOURCE", "row": 1} in found[
        "edges"
    ]
    assert "2018-03-01" in [node.get("performed_on") for node in found["nodes"]]


def test_a_thing_that_is_not_there_ends_with_its_own_exit_code(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = _printed(capsys, "trace", "per_nobody", "--study", str(workspace))
    assert (code, out) == (20, "")
    assert err.startswith("doselink: there is no Person of this id")
