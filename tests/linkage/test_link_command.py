"""`doselink link`: what it reads, writes, prints and refuses; no value but the ids leaves the tables."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from doselink.cli.link import link
from doselink.progress import Silent
from graph_schema.errors import ExitCode, UserError
from linkage.files import LinkRequest, link_files
from linkage.inputs import BadInput
from linkage.linker.settings import BadSettings
from linkage.tables import read_table
from tests.linkage.people import people

ROOT = Path(__file__).parents[2]
APP = typer.Typer()
APP.command()(link)


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    left, right, true = people(1_500)
    pa_csv.write_csv(left, folder / "a.csv")
    pq.write_table(right, folder / "b.parquet")
    ids = pa.table({"a": left["id"].take(pa.array(true[:, 0])), "b": right["id"].take(pa.array(true[:, 1]))})
    pa_csv.write_csv(ids, folder / "truth.csv")
    return folder


@pytest.fixture(scope="module")
def done(deliveries: Path) -> Path:
    out = deliveries / "out"
    arguments = [str(deliveries / "a.csv"), str(deliveries / "b.parquet"), "--out", str(out)]
    result = CliRunner().invoke(APP, [*arguments, "--truth", str(deliveries / "truth.csv"), "--quiet"])
    assert result.exit_code == 0, result.output
    return out


def test_two_files_are_linked_and_everything_is_written(done: Path) -> None:
    assert sorted(path.name for path in done.iterdir()) == [
        "links.csv",
        "links.parquet",
        "model.json",
        "pairs.parquet",
        "possible_links.csv",
        "report.html",
        "settings.json",
        "summary.json",
    ]
    summary = json.loads((done / "summary.json").read_text())
    links = pq.read_table(done / "links.parquet")
    assert links.num_rows == summary["n_links"] == summary["truth"]["n_right"] + summary["truth"]["n_wrong"]
    assert summary["truth"]["n_wrong"] <= 0.01 * links.num_rows
    assert links["unique_id_l"][0].as_py().startswith("A")
    assert links["unique_id_r"][0].as_py().startswith("B")


def test_equal_files_give_equal_bytes_and_written_settings_and_model_repeat_the_linkage(
    deliveries: Path, done: Path, tmp_path: Path
) -> None:
    request = LinkRequest(
        tables=(deliveries / "a.csv", deliveries / "b.parquet"),
        out=tmp_path,
        settings=done / "settings.json",
        truth=deliveries / "truth.csv",
    )
    link_files(request, progress=Silent())
    for path in sorted(done.iterdir()):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name
    used = link_files(LinkRequest(tables=request.tables, out=tmp_path, model=done / "model.json"), progress=Silent())
    assert used.converged is None
    assert (tmp_path / "links.parquet").read_bytes() == (done / "links.parquet").read_bytes()


def test_nothing_of_the_tables_but_their_ids_is_written(deliveries: Path, done: Path) -> None:
    values = set()
    for name in ("a.csv", "b.parquet"):
        table = read_table(deliveries / name).table
        for column in ("given", "family", "born"):
            values |= {value for value in table[column].to_pylist() if len(value) > 4}
    written = [path.read_text() for path in done.iterdir() if path.suffix != ".parquet"]
    written += [str(pq.read_table(done / "links.parquet").to_pydict())]
    assert len(values) > 1_000
    assert not [value for value in values if any(value in text for text in written)]


def test_the_report_needs_nothing_from_the_network(done: Path) -> None:
    page = (done / "report.html").read_text()
    assert page.count("<svg") == 5
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_duplicates_of_one_file_are_grouped(deliveries: Path, tmp_path: Path) -> None:
    left = read_table(deliveries / "a.csv").table
    copies = left.slice(0, 40).set_column(0, "id", pa.array([f"C{i}" for i in range(40)]))
    pa_csv.write_csv(pa.concat_tables([left, copies]), tmp_path / "one.csv")
    result = CliRunner().invoke(APP, [str(tmp_path / "one.csv"), "--out", str(tmp_path / "out"), "--json"])
    summary = json.loads(result.output)
    assert summary["link_type"] == "dedupe_only"
    assert 38 <= summary["n_groups"] <= 45
    clusters = {
        row["unique_id"]: row["cluster_id"] for row in pa_csv.read_csv(tmp_path / "out" / "clusters.csv").to_pylist()
    }
    assert clusters["C3"] == "A3"


def test_a_csv_keeps_leading_zeros_and_loses_the_blanks_of_its_headers(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id; plz ;name\n007;01067;Müller \n008;;x;y\n009;1;\n", encoding="cp1252")
    read = read_table(tmp_path / "t.csv")
    assert [list(row.values()) for row in read.table.to_pylist()] == [["007", "01067", "Müller"], ["009", "1", None]]
    assert read.table.column_names == ["id", "plz", "name"]
    assert read.n_rows == read.table.num_rows + len(read.rejects) == 3


@pytest.mark.parametrize(
    ("content", "wanted", "code"),
    [
        (None, "is not there", ExitCode.SOURCE_MISSING),
        ("a,b\n", "at least one record below the header", ExitCode.SOURCE_FILE),
        ("a,a\n1,2\n", "every column name once", ExitCode.SOURCE_FILE),
        ("zzz\n1\n", "no column to compare", ExitCode.SETTINGS),
    ],
)
def test_bad_input_is_refused_with_what_was_expected(
    deliveries: Path, tmp_path: Path, content: str | None, wanted: str, code: ExitCode
) -> None:
    other = tmp_path / "other.csv"
    if content is not None:
        other.write_text(content)
    request = LinkRequest(tables=(deliveries / "a.csv", other), out=tmp_path / "out")
    with pytest.raises(UserError, match=wanted) as caught:
        link_files(request, progress=Silent())
    assert caught.value.exit_code is code
    assert not (tmp_path / "out").exists()


def test_an_id_column_that_repeats_is_refused_without_its_values(deliveries: Path, tmp_path: Path) -> None:
    request = LinkRequest(
        tables=(deliveries / "a.csv", deliveries / "b.parquet"), out=tmp_path / "out", ids=("given", "id")
    )
    with pytest.raises(BadInput, match=r"'unique_id': expected an id of its own for each row") as caught:
        link_files(request, progress=Silent())
    assert "Anna" not in str(caught.value)


def test_wrong_known_pairs_and_a_folder_that_cannot_be_made_are_told_before_any_pair_is_compared(
    deliveries: Path, tmp_path: Path
) -> None:
    tables = (deliveries / "a.csv", deliveries / "b.parquet")
    (tmp_path / "truth.csv").write_text("a,b\nnobody,B0\n")
    with pytest.raises(UserError, match="in column 1 only ids of the table 'a'"):
        link_files(LinkRequest(tables=tables, out=tmp_path / "out", truth=tmp_path / "truth.csv"), progress=Silent())
    assert not (tmp_path / "out").exists()
    with pytest.raises(UserError, match="the folder cannot be made") as caught:
        link_files(LinkRequest(tables=tables, out=tmp_path / "truth.csv" / "out"), progress=Silent())
    assert caught.value.exit_code is ExitCode.STORAGE


def test_a_threshold_that_is_no_probability_is_refused_as_a_setting(deliveries: Path, tmp_path: Path) -> None:
    request = LinkRequest(tables=(deliveries / "a.csv", deliveries / "b.parquet"), out=tmp_path, threshold=0.0)
    with pytest.raises(BadSettings, match="link settings, threshold: Input should be greater than 0"):
        link_files(request, progress=Silent())


def test_the_cardinality_is_taken_from_the_command_line(deliveries: Path, tmp_path: Path) -> None:
    arguments = [str(deliveries / "a.csv"), str(deliveries / "b.parquet"), "--out", str(tmp_path), "--json"]
    many = json.loads(
        CliRunner().invoke(APP, [*arguments, "--cardinality", "many_to_many", "--threshold", "0.99"]).output
    )
    several = json.loads(CliRunner().invoke(APP, [*arguments, "--cardinality", "one_to_many"]).output)
    assert (many["cardinality"], many["threshold"]) == ("many_to_many", 0.99)
    assert several["cardinality"] == "one_to_many"


def test_the_german_name_tables_of_the_fixtures_are_linked(tmp_path: Path) -> None:
    persons = ROOT / "fixtures" / "persons"
    request = LinkRequest(
        tables=(persons / "a.csv", persons / "b.csv"), out=tmp_path / "out", truth=persons / "truth.csv"
    )
    truth = link_files(request, progress=Silent()).truth
    assert truth is not None
    assert truth.precision >= 0.985
    assert truth.recall >= 0.985


def test_a_plan_counts_everything_writes_settings_and_links_nothing(deliveries: Path, tmp_path: Path) -> None:
    arguments = [str(deliveries / "a.csv"), str(deliveries / "b.parquet"), "--out", str(tmp_path), "--plan"]
    told = CliRunner().invoke(APP, [*arguments, "--quiet"])
    assert told.exit_code == 0, told.output
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
    for word in ("rule ", "compare ", "cost ", "budget      within", "unique ", "ceiling ", "settings "):
        assert word in told.output
    plan = json.loads(CliRunner().invoke(APP, [*arguments, "--json"]).output)
    assert plan["n_pairs"] == sum(rule["n_pairs"] for rule in plan["rules"]) > 0
    assert plan["n_possible"] == 1_500 * 1_500
    assert plan["ceiling"]["reachable"][0]["recall"] > 0.5
    again = [*arguments, "--settings", str(tmp_path / "settings.json"), "--json"]
    assert json.loads(CliRunner().invoke(APP, again).output) == plan


def test_a_folder_in_place_of_a_table_is_called_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder: expected a CSV or Parquet file"):
        read_table(tmp_path)
