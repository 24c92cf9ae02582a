"""What a saved chart holds: itself, no value unless asked for, and no reference to anything outside."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from linkage import charts
from linkage.charts.html import document, embedded_json, load_reference, vega_library
from linkage.model import ComparisonModel, Model
from tests.linkage.charts.samples import EVERY, LEFT, LITERAL, MARKERS, WITH_VALUES, WITHOUT_VALUES


def saved(drawn: charts.Chart | charts.Page, folder: Path, *, suffixes: tuple[str, ...]) -> bytes:
    if isinstance(drawn, charts.Page):
        return drawn.save(folder / "page.html").read_bytes()
    return b"".join(drawn.save(folder / f"chart{suffix}").read_bytes() for suffix in suffixes)


@pytest.mark.parametrize("name", WITH_VALUES)
def test_no_value_is_in_any_file_unless_it_is_asked_for(name: str, tmp_path: Path) -> None:
    hidden = saved(WITH_VALUES[name](True), tmp_path, suffixes=(".html", ".svg", ".json"))
    shown = saved(WITH_VALUES[name](False), tmp_path, suffixes=(".json",))
    assert not any(marker.encode() in hidden for marker in MARKERS)
    assert any(marker.encode() in shown for marker in MARKERS)


@pytest.mark.parametrize("name", WITHOUT_VALUES)
def test_charts_of_counts_hold_no_value_at_all(name: str, tmp_path: Path) -> None:
    content = saved(WITHOUT_VALUES[name](), tmp_path, suffixes=(".html", ".svg", ".json"))
    assert not any(marker.encode() in content for marker in MARKERS)


@pytest.mark.parametrize("name", EVERY)
def test_a_saved_page_loads_nothing_and_the_browser_is_told_so(name: str) -> None:
    page = EVERY[name]().html()
    assert load_reference(page) is None
    assert "default-src 'none'" in page
    assert "vega.github.io/editor" not in page
    assert "<script src" not in page
    assert "<link" not in page


@pytest.mark.parametrize("name", [name for name in EVERY if "viewer" not in name])
def test_every_chart_is_drawn_as_a_picture(name: str) -> None:
    drawn = EVERY[name]()
    assert isinstance(drawn, charts.Chart)
    assert drawn.svg().startswith("<svg")
    assert drawn.png(scale=0.5).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", EVERY)
def test_equal_inputs_give_equal_bytes(name: str) -> None:
    assert EVERY[name]().html() == EVERY[name]().html()


def digests(names: list[str]) -> str:
    """What each chart says and each viewer holds, without the library that draws."""
    made = {name: EVERY[name]() for name in names}
    told = {
        name: json.dumps(one.to_dict()) if isinstance(one, charts.Chart) else one.html() for name, one in made.items()
    }
    return str(sorted((name, sha256(text.encode()).hexdigest()) for name, text in told.items()))


def test_bytes_depend_neither_on_the_process_nor_on_what_was_drawn_before() -> None:
    script = (
        "from tests.linkage.charts.test_chart_files import EVERY, digests; print(digests(list(EVERY)[::-1]), end='')"
    )
    for_hashes = {**os.environ, "PYTHONHASHSEED": "7"}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=for_hashes)
    assert run.stdout == digests(list(EVERY))


def test_the_drawing_library_is_whole_and_says_no_address_of_an_editor() -> None:
    assert 500_000 < len(vega_library()) < 2_000_000
    assert "</script" not in vega_library()


def test_several_charts_on_a_page_share_the_library() -> None:
    one, two = WITHOUT_VALUES["ROC"](), WITHOUT_VALUES["EM history"]()
    page = charts.charts_page([one, two], title="Both")  # type: ignore[list-item]
    assert page.count(vega_library()) == 1
    assert page.count('drawChart("#chart') == 2


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://cdn.example/v.js">',
        "<img src=//host/x.png>",
        "<style>@import 'http://host/a.css'</style>",
        "<style>a{background:url( http://host/a.png )}</style>",
        '<a href="http://host">',
    ],
)
def test_what_would_be_fetched_is_found(markup: str) -> None:
    assert load_reference(document("page", [(markup, "")])) is not None


def test_what_is_inside_a_page_is_no_load() -> None:
    assert load_reference('<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/><img src="data:x//y"></svg>') is None


def test_text_of_a_record_cannot_end_the_script_it_is_in() -> None:
    told = embedded_json({"name": "</script><script>alert(1)</script><!--\u2028"})
    assert "<" not in told
    assert "\u2028" not in told
    assert json.loads(told)["name"].startswith("</script>")


def test_text_of_a_record_is_no_markup_in_the_cluster_viewer() -> None:
    nodes = [charts.ViewerNode("<b>1", "<i>", "<u>", {"<s>": "<em>"}), charts.ViewerNode("2", "<i>")]
    page = charts.cluster_viewer(nodes, [charts.ViewerEdge(0, 1, 1.0)], remove_sensitive_data=False).html()
    assert not any(tag in page for tag in ("<b>1", "<i>", "<u>", "<s>", "<em>"))


def test_a_chart_shows_itself_in_a_notebook_without_the_network() -> None:
    bundle = WITHOUT_VALUES["ROC"]()._repr_mimebundle_()  # type: ignore[union-attr]
    assert set(bundle) == {"application/vnd.vegalite.v6.json", "image/svg+xml"}
    page = EVERY["cluster viewer"]()._repr_html_()  # type: ignore[union-attr]
    assert page.startswith("<iframe srcdoc=")
    assert page.count("<") == 2


@pytest.mark.parametrize("name", ["ROC", "cluster viewer"])
def test_another_suffix_is_refused_with_those_there_are(name: str, tmp_path: Path) -> None:
    with pytest.raises(charts.ChartFormat, match=r"saved as \.html"):
        EVERY[name]().save(tmp_path / "chart.docx")


def test_a_changed_specification_does_not_change_the_chart() -> None:
    drawn = WITHOUT_VALUES["ROC"]()
    assert isinstance(drawn, charts.Chart)
    drawn.to_dict()["width"] = 1
    assert drawn.to_dict()["width"] == 420


def test_hundreds_of_levels_are_all_named() -> None:
    share = tuple([1 / 60] * 60)
    parts = tuple(
        ComparisonModel(name=f"c{i}", level_names=tuple(f"level {j}" for j in range(60)), m=share, u=share)
        for i in range(10)
    )
    drawn = charts.match_weights_chart(Model(comparisons=parts, prior=0.01)).svg()
    assert all(f">c{i}: level {j}<" in drawn for i in range(10) for j in range(60))


def test_levels_called_the_same_are_told_apart() -> None:
    names = ("else", f"town = '{LITERAL}'", f"town = '{LEFT}'")
    part = ComparisonModel(name="town", level_names=names, m=(0.2, 0.3, 0.5), u=(0.5, 0.3, 0.2))
    drawn = charts.match_weights_chart(Model(comparisons=(part,), prior=0.01)).svg()
    assert "town: town = '…'<" in drawn
    assert "town: town = '…' (2)<" in drawn
