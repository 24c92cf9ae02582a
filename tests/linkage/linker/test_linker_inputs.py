"""Tables of every kind, of every number and name; what is wrong with them ends in a sentence."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import linkage.comparison_library as cl
from graph_schema.errors import UserError
from linkage import Linker, block_on
from linkage.inputs import BadInput, as_table
from linkage.linker.settings import BadSettings
from linkage.model import BadModel
from tests.linkage.linker.small import model, settings, tables


def n_links(given: object, **said: object) -> int:
    linker = Linker(given, settings(**said), model=model())  # type: ignore[arg-type]
    predictions = linker.inference.predict()
    decisions = linker.clustering.decide(predictions)
    clusters = linker.clustering.clusters_of(decisions)
    assert len(clusters) == linker.inputs.n_records
    return decisions.links.num_rows


def without(column: str) -> pa.Table:
    return tables()[1].drop([column])


def test_every_kind_of_table_gives_the_same_links(tmp_path: Path) -> None:
    left, right = tables()
    pa_csv.write_csv(right, tmp_path / "right.csv")
    pq.write_table(right, tmp_path / "right.parquet")
    with duckdb.connect() as connection:
        connection.register("given", right)
        kinds = [
            right,
            right.to_pandas(),
            right.to_pandas().set_index("postcode"),
            pl.from_arrow(right),
            connection.sql("select * from given"),
            right.to_pydict(),
            tmp_path / "right.csv",
            str(tmp_path / "right.parquet"),
        ]
        assert len({n_links({"left": left, "right": kind}) for kind in kinds}) == 1


def test_a_result_is_a_table_for_others() -> None:
    linker = Linker(list(tables()), settings(), model=model())
    found = linker.inference.predict()
    assert pl.DataFrame(found).height == len(found) == as_table(found).num_rows


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (lambda: tables()[1].set_column(0, "id", pa.array(["a"] * 150)), "0 rows have none, 149 repeat"),
        (lambda: tables()[1].set_column(0, "id", pa.nulls(150, pa.string())), "150 rows have none"),
        (lambda: without("id"), "expected the id column 'id'"),
        (lambda: without("given"), "comparison 'given': expected a column 'given'"),
        (lambda: {"id": ["a"], "given": ["a", "b"]}, "expected columns of one length"),
        (lambda: 3, "expected an Arrow table, a pandas or Polars frame"),
        (lambda: "nowhere.csv", "nowhere.csv is not there"),
        (lambda: pa.table([pa.array(["a"])] * 2, names=["id", "id"]), "every column name once"),
    ],
)
def test_a_wrong_table_is_refused_in_a_sentence(right: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Linker([tables()[0], right()], settings())  # type: ignore[operator]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"blocking": "x"},
            "link settings, blocking: no such key; expected one of .*blocking_rules_to_generate_predictions",
        ),
        ({"link_type": "both"}, "link_type: Input should be 'link_only', 'dedupe_only' or 'link_and_dedupe'"),
        ({"comparisons": []}, "link settings, comparisons"),
        ({"comparisons": [cl.ExactMatch("a"), cl.ExactMatch("a")]}, "expected a different name for each"),
        ({"threshold": 1.5}, "threshold: Input should be less than 1"),
        ({"cardinality": "some"}, "link settings, cardinality"),
    ],
)
def test_wrong_settings_name_the_key(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        settings(**wrong)


@pytest.mark.parametrize("wrong", [None, 3, ["x"], {"comparisons": 3}, {"link_typ": "x"}, "nowhere.json"])
def test_what_is_no_settings_is_refused(wrong: object) -> None:
    with pytest.raises(BadSettings):
        Linker(tables()[0], wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (cl.JaroWinklerAtThresholds("tags"), "expected text in 'tags'"),
        (cl.DateOfBirthComparison("number", input_is_string=False), "expected dates, timestamps or text"),
        (cl.DistanceInKMAtThresholds("family", "given", [1]), "expected numbers in 'family'"),
    ],
)
def test_a_comparison_on_a_wrong_type_is_refused(comparison: object, said: str) -> None:
    table = tables()[0].append_column("tags", pa.array([["a"]] * 150)).append_column("number", pa.array(range(150)))
    with pytest.raises(UserError, match=said):
        Linker([table, table], settings(comparisons=[comparison])).engine.gammas(np.arange(3), np.arange(3))


def test_a_model_of_other_comparisons_is_refused() -> None:
    with pytest.raises(BadModel, match="expected the comparisons given"):
        Linker(list(tables()), settings(comparisons=[cl.ExactMatch("given")]), model=model())


@pytest.mark.parametrize(("n_left", "n_right", "links"), [(0, 0, 0), (150, 0, 0), (0, 150, 0), (1, 0, 0)])
def test_empty_tables_give_no_link(n_left: int, n_right: int, links: int) -> None:
    assert n_links([tables()[0].slice(0, n_left), tables()[1].slice(0, n_right)]) == links


def test_one_row_is_linked_with_itself_only_across_tables() -> None:
    one = tables()[0].slice(0, 1)
    assert n_links([one, one], threshold=0.5) == 1
    assert n_links(one, link_type="dedupe_only") == 0


@pytest.mark.parametrize("n_right", [0])
def test_training_where_no_pair_is_possible_is_refused(n_right: int) -> None:
    with pytest.raises(BadSettings, match="no two records can be paired"):
        Linker([tables()[0], tables()[1].slice(0, n_right)], settings()).link()
    linker = Linker([tables()[0], tables()[1].slice(0, n_right)], settings())
    with pytest.raises(BadSettings, match="proposes no pair: nothing to train on"):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("born"))


def test_several_tables_are_linked_with_each_other_or_with_themselves_too() -> None:
    left, right = tables()
    three = {"a": left, "b": right, "c": left.slice(0, 30)}
    linker = Linker(three, settings(cardinality="many_to_many"), model=model())
    found = linker.inference.predict().table
    assert not [row for row in found.to_pylist() if row["source_dataset_l"] == row["source_dataset_r"]]
    both = Linker(three, settings(link_type="link_and_dedupe", cardinality="many_to_many"), model=model())
    assert len(both.inference.predict()) > found.num_rows
    with pytest.raises(BadSettings, match="expected one table with dedupe_only, got 3"):
        Linker(three, settings(link_type="dedupe_only"))


def test_one_table_that_names_its_sources_is_linked_like_two() -> None:
    left, right = tables()
    named = [t.append_column("source_dataset", pa.array([n] * 150)) for t, n in ((left, "x"), (right, "y"))]
    assert n_links(pa.concat_tables(named)) == n_links([left, right])
    with pytest.raises(BadSettings, match="needs a column 'source_dataset'"):
        Linker(left, settings())


def test_columns_may_be_called_otherwise_in_one_table() -> None:
    left, right = tables()
    other = right.rename_columns(["nummer", "vorname", "family", "born", "postcode", "person"])
    said = {"right": {"nummer": "id", "vorname": "given"}}
    assert n_links([left, other], columns=said) == n_links([left, right])
    with pytest.raises(BadInput, match="expected the columns nummer, vorname"):
        Linker([left, right], settings(columns=said))
    with pytest.raises(BadInput, match="no table 'clinic'; the tables are left, right"):
        Linker([left, right], settings(columns={"clinic": {"a": "b"}}))


def test_candidate_links_of_recordlinkage_come_in_and_go_out() -> None:
    linker = Linker(list(tables()), settings(), model=model())
    found = linker.inference.predict()
    links = linker.inference.candidate_links(found)
    assert links[0] == (found.table["unique_id_l"][0].as_py(), found.table["unique_id_r"][0].as_py())
    again = linker.inference.score_candidate_links(links[::-1])
    assert np.allclose(again.pairs.weight, found.pairs.weight[::-1], atol=1e-12)
    assert np.allclose(linker.inference.score_candidate_links(found.table).pairs.weight, found.pairs.weight, atol=1e-12)
    frame = linker.inference.feature_frame(found)
    assert list(frame.columns) == ["given", "family", "born"]
    assert frame.index.equals(links)
    for wrong in (pd.MultiIndex.from_tuples([("x", "y")]), pd.MultiIndex.from_tuples([("A1", "B1", "C1")])):
        with pytest.raises(UserError, match="candidate links"):
            linker.inference.score_candidate_links(wrong)


def test_without_an_id_column_candidate_links_are_row_numbers() -> None:
    linker = Linker([t.drop(["id"]) for t in tables()], settings(unique_id_column_name=None), model=model())
    links = pd.MultiIndex.from_tuples([(0, 3), (149, 0)])
    found = linker.inference.score_candidate_links(links).table
    assert list(zip(found["left_row"].to_pylist(), found["right_row"].to_pylist(), strict=True)) == [(0, 3), (149, 0)]
