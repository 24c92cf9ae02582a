"""The page: what it shows, that it opens offline, that it can be read without seeing it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from doselink.report.page import NoSummary, read_summary, render_page, write_page, write_summary
from doselink.report.summary import Doses, Linkage, RunFacts, Summary
from doselink.run.workspace import Workspace
from graph_schema.ledger import Batch
from tests.report.sample import sample_summary


class Elements(HTMLParser):
    """Start tags with their attributes, and whether every element is closed where it was opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def tags(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in names]


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(sample_summary())


@pytest.fixture(scope="module")
def bare() -> Summary:
    run = RunFacts.model_validate(
        sample_summary().run.model_dump() | {"steps": (), "commit_number": None, "commit_sha256": None}
    )
    return Summary(study="Nothing yet", run=run)


def test_every_element_is_closed(page: str) -> None:
    assert Elements(page).stack == []


def test_nothing_is_fetched_and_nothing_runs(page: str) -> None:
    elements = Elements(page)
    assert elements.tags("script", "link", "iframe", "img", "object", "base") == []
    targets = [found[name] for _, found in elements.found for name in ("src", "href") if found.get(name)]
    assert [target for target in targets if not str(target).startswith("#")] == []
    assert "url(" not in page
    assert "@import" not in page


def test_every_inner_link_has_its_place(page: str) -> None:
    elements = Elements(page)
    places = [found["id"] for _, found in elements.found if "id" in found]
    assert len(places) == len(set(places))
    assert {str(found["href"])[1:] for found in elements.tags("a")} <= set(places)


def test_every_picture_has_a_title_and_a_text(page: str) -> None:
    elements = Elements(page)
    pictures = elements.tags("svg")
    ids = {found["id"] for _, found in elements.found if "id" in found}
    assert len(pictures) == 3
    assert all(picture["role"] == "img" for picture in pictures)
    assert all(set(str(picture["aria-labelledby"]).split()) <= ids for picture in pictures)


def test_every_table_has_a_caption_and_scoped_headings(page: str) -> None:
    elements = Elements(page)
    assert len(elements.tags("table")) == len(elements.tags("caption")) == 11
    assert [found for found in elements.tags("th") if "scope" not in found] == []


def test_headings_go_down_one_step_at_a_time(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Elements(page).found if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


def test_names_from_the_study_file_are_escaped() -> None:
    shown = render_page(sample_summary(hospital="Klinikum <b>Süd</b> & Söhne"))
    assert "<b>Süd" not in shown
    assert "Klinikum &lt;b&gt;Süd&lt;/b&gt; &amp; Söhne" in shown


def test_the_rows_add_up_in_print(page: str) -> None:
    foot = page[page.index("<tfoot>") : page.index("</tfoot>")]
    assert re.findall(r'"number">([\d,]+)<', foot) == ["1,935", "111,245", "111,096", "92", "57"]


def test_estimate_and_truth_stand_side_by_side(page: str) -> None:
    shown = page.replace("\N{NO-BREAK SPACE}", " ")
    assert "99.3 % (99.0 % to 99.6 %)" in shown
    assert "99.2 % (39 wrong)" in shown
    assert "93.0 % (4,832 of 5,196)" in shown


def test_rejects_are_listed_largest_first(page: str) -> None:
    rejects = page[page.index('id="rejects"') :]
    order = [
        "discharge before admission",
        "unknown unit",
        "admission date is no date",
        "line with 7",
        "truncated DICOM",
    ]
    places = [rejects.index(reason) for reason in order]
    assert places == sorted(places)


def test_a_demonstration_table_is_called_one(page: str) -> None:
    assert "<strong>Demonstration coefficients.</strong>" in page


def test_a_study_with_real_coefficients_carries_no_warning() -> None:
    summary = sample_summary()
    assert summary.doses is not None
    real = summary.model_copy(update={"doses": summary.doses.model_copy(update={"is_demonstration": False})})
    assert "Demonstration coefficients" not in render_page(real)


def test_equal_summaries_give_equal_bytes(page: str) -> None:
    assert render_page(sample_summary()) == page


def test_a_run_without_anything_still_gives_a_page(bare: Summary) -> None:
    shown = render_page(bare)
    assert "Nothing was delivered." in shown
    assert "No row was rejected." in shown
    assert Elements(shown).tags("svg") == []


def test_linkage_and_doses_without_a_single_pair_or_event_still_give_a_page(bare: Summary) -> None:
    linkage = Linkage(
        n_claims_stays=0, n_hospital_stays=0, n_candidate_pairs=0, n_links=0, n_children=0, n_linked_children=0
    )
    empty = bare.model_copy(update={"linkage": linkage, "doses": Doses(n_events=0, n_estimates=0)})
    shown = render_page(empty)
    assert "0 claims stays and 0 hospital cases gave 0 pairs to compare" in shown
    assert Elements(shown).tags("svg") == []


def committed(folder: Path, *runs: str) -> Workspace:
    """A workspace whose ledger holds one commit a run."""
    workspace = Workspace(folder)
    for day, run_id in enumerate(runs, start=1):
        at = datetime(2026, 1, day, tzinfo=UTC)
        workspace.ledger.append(Batch({}, {}), run_id=run_id, recorded_at=at, key_fingerprint="f")
    return workspace


def test_a_written_summary_gives_the_same_page(tmp_path: Path, page: str) -> None:
    summary = sample_summary()
    workspace = committed(tmp_path, summary.run.run_id)
    write_summary(summary, workspace.run_dir(summary.run.run_id) / "summary.json")
    again = read_summary(workspace, summary.run.run_id)
    write_page(again, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page


def test_the_last_run_with_a_summary_is_meant_where_cohorts_were_committed_later(tmp_path: Path) -> None:
    workspace = committed(tmp_path, "run_1", "run_2", "run_of_cohorts")
    for run_id in ("run_1", "run_2"):
        named = sample_summary().model_copy(update={"study": f"study as of {run_id}"})
        write_summary(named, workspace.run_dir(run_id) / "summary.json")
    assert read_summary(workspace).study == "study as of run_2"
    assert read_summary(workspace, "run_1").study == "study as of run_1"


def test_a_workspace_without_a_commit_has_no_summary(tmp_path: Path) -> None:
    with pytest.raises(NoSummary, match=r"no run has ended in .*: run `doselink run` first") as refused:
        read_summary(Workspace(tmp_path))
    assert refused.value.exit_code == 20


@pytest.mark.parametrize("run_id", ["run_of_another_study", "../run_1", ""])
def test_an_unknown_run_is_refused_with_those_there_are(tmp_path: Path, run_id: str) -> None:
    workspace = committed(tmp_path, "run_1")
    write_summary(sample_summary(), workspace.run_dir("run_1") / "summary.json")
    with pytest.raises(NoSummary, match=r"expected one of run_1$"):
        read_summary(workspace, run_id)


def test_a_summary_of_another_version_is_refused_with_the_field(tmp_path: Path) -> None:
    workspace = committed(tmp_path, "run_1")
    path = workspace.run_dir("run_1") / "summary.json"
    write_summary(sample_summary(), path)
    path.write_text(path.read_text(encoding="utf-8").replace('"study":', '"name_of_study":', 1), encoding="utf-8")
    with pytest.raises(NoSummary, match=r"another version \(name_of_study, study\)"):
        read_summary(workspace, "run_1")
