"""What the charts say: their rows are the numbers they were given, and sums of them."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from linkage import charts
from linkage.charts.accuracy import TableMissesColumns
from linkage.charts.cluster_drawing import layout
from linkage.charts.words import labels, without_literals
from linkage.explain import PairFacts, Rival, explain
from linkage.model.bootstrap import Interval, Intervals
from linkage.model.sessions import Session
from tests.linkage.charts.samples import EDGES, GAMMAS, GROUPED, HISTORY, MODEL, NODES, PAIR, PairOfNames, thresholds


def rows(chart: charts.Chart) -> list[dict[str, Any]]:
    return [row for values in chart.to_dict()["datasets"].values() for row in values]


def titles(chart: charts.Chart) -> str:
    return str(chart.to_dict()["title"])


def test_match_weights_are_those_of_the_model_strongest_first() -> None:
    told = [(row["level"], row["bits"]) for row in rows(charts.match_weights_chart(MODEL))]
    assert told[:4] == [
        ("prior", -9.964),
        ("surname: exact", 6.322),
        ("surname: similar", 0.737),
        ("surname: else", -4.17),
    ]


def test_m_and_u_are_side_by_side() -> None:
    told = [(row["level"], row["side"], row["probability"]) for row in rows(charts.m_u_parameters_chart(MODEL))]
    assert ("surname: exact", "m: among matches", 0.8) in told
    assert ("surname: exact", "u: among others", 0.01) in told


def test_the_course_of_em_says_when_it_was_cut_short() -> None:
    assert "was stopped before it had converged" in titles(charts.em_history_chart(HISTORY, converged=False))
    assert "ended by itself" in titles(charts.em_history_chart(HISTORY, converged=True))
    assert [row["prior"] for row in rows(charts.em_history_chart(HISTORY))] == [0.001, 0.002, 0.003, 0.004, 0.005]


def test_the_bars_of_a_waterfall_meet_and_end_at_the_score() -> None:
    explanation = explain(PAIR, model=MODEL, threshold=0.9, possible=0.1)
    *steps, total = [row for row in rows(charts.waterfall_chart(explanation)) if "step" in row]
    assert [row["step"] for row in steps] == [
        "prior",
        "surname: exact",
        "surname: how frequent the value is",
        "town: else",
    ]
    assert all(b["start"] == a["end"] for a, b in pairwise(steps))
    assert total["end"] == steps[-1]["end"] == pytest.approx(explanation.match_weight, abs=1e-6)


def test_a_waterfall_tells_values_only_if_the_explanation_and_the_chart_are_told_to() -> None:
    shown = explain(PAIR, model=MODEL, threshold=0.9, possible=0.1, show_values=True)
    told = [row.get("step") for row in rows(charts.waterfall_chart(shown, remove_sensitive_data=False))]
    assert "surname: exact (Zzleftvalue | Zzleftvalue)" in told
    assert "town: else (missing | Zzrightvalue)" in told


def test_a_combination_of_dependent_levels_says_what_it_adds() -> None:
    told = {
        row["levels"]: (row["alone"], row["bits"], row["together"])
        for row in rows(charts.interaction_weights_chart(GROUPED))
    }
    assert told["surname: exact & town: exact"] == (8.322, -1.456, 6.866)
    assert rows(charts.interaction_weights_chart(MODEL)) == []


def test_each_pair_is_counted_once_in_the_chart_of_rules() -> None:
    rules = [charts.RuleYield("a", 50, 50, 20), charts.RuleYield("b", 30, 10, 10), charts.RuleYield("c", 5, 0, 0)]
    chart = charts.blocking_rules_chart(rules, n_possible=1000)
    assert "60 pairs, each counted once, 6 % of all 1,000" in titles(chart)
    bars = [(row["rule"], row["from"], row["to"]) for row in rows(chart) if "from" in row]
    assert bars == [("1. a", 0, 20), ("1. a", 20, 50), ("2. b", 50, 60), ("2. b", 30, 50), ("3. c", 55, 60)]


def test_empty_texts_and_lacking_columns_are_incomplete() -> None:
    tables = {"claims": pa.table({"a": ["x", " ", None, "y"], "b": [1, None, 3, 4]}), "none": pa.table({"a": [""][:0]})}
    told = [(part.column, part.source, part.n_present, part.share) for part in charts.completeness_of(tables)]
    assert told == [("a", "claims", 2, 0.5), ("a", "none", 0, None), ("b", "claims", 3, 0.75), ("b", "none", 0, None)]


def test_records_below_the_threshold_are_unlinkable() -> None:
    chart = charts.unlinkables_chart({"claims": np.array([1.0, 4.0, 4.0, 9.0])}, threshold=4.0)
    assert "claims 25.00 %" in titles(chart)
    share = {row["bits"]: row["share"] for row in rows(chart) if "share" in row}
    assert (share[1.0], share[1.25], share[4.25], share[9.25]) == (0.0, 0.25, 0.75, 1.0)


def test_dependence_is_drawn_on_both_sides_of_the_diagonal() -> None:
    found = [PairOfNames("a", "b", "non-matches", 2.5, True), PairOfNames("a", "c", "matches", -0.5, False)]
    cells = {
        (row["a"], row["b"], row["side"]): row["bits"]
        for row in rows(charts.dependence_chart(found, comparisons="abc"))
    }
    assert cells == {
        ("a", "b", "non-matches"): 2.5,
        ("b", "a", "non-matches"): 2.5,
        ("a", "c", "matches"): -0.5,
        ("c", "a", "matches"): -0.5,
    }


def test_the_threshold_tool_starts_at_the_highest_f1() -> None:
    (slider,) = charts.threshold_selection_tool(thresholds()).to_dict()["params"]
    assert slider["value"] == 3.0
    assert (slider["bind"]["min"], slider["bind"]["max"]) == (-5.0, 15.0)


def test_a_threshold_given_is_where_the_tool_starts() -> None:
    (slider,) = charts.threshold_selection_tool(thresholds(), threshold=6.6).to_dict()["params"]
    assert slider["value"] == 6.6


def test_the_tool_counts_what_its_threshold_gives() -> None:
    drawn = charts.threshold_selection_tool(thresholds(), threshold=8.0).svg()
    assert all(f">{told}<" in drawn for told in ("80", "1", "20", "0.9877", "0.8000"))


def test_many_thresholds_are_thinned_and_keep_their_ends() -> None:
    weight = np.linspace(-20, 20, 5000)
    table = pa.table(
        {"truth_threshold": weight, "tp_rate": np.linspace(1, 0, 5000), "fp_rate": np.linspace(1, 0, 5000)}
    )
    found = rows(charts.roc_chart(table))
    assert len(found) == 500
    assert (found[0]["truth_threshold"], found[-1]["truth_threshold"]) == (20.0, -20.0)


def test_a_table_without_a_needed_column_is_refused_by_name() -> None:
    with pytest.raises(TableMissesColumns, match="lacks tp_rate, fp_rate"):
        charts.roc_chart(pa.table({"truth_threshold": [1.0]}))


def test_frequent_values_weigh_less_and_are_told_by_rank() -> None:
    frequency = np.array([0.1, 0.6, 0.25, 0.05])
    chart = charts.tf_adjustment_chart(
        ["b", "a", "c", "d"],
        frequency,
        -np.log2(frequency) - 1,
        comparison="x",
        level_bits=2.0,
        n_most_freq=1,
        n_least_freq=1,
    )
    told = [(row["value"], row["share"]) for row in rows(chart) if "value" in row]
    assert told == [("rank 1", 0.6), ("rank 4", 0.05)]


def test_a_value_asked_for_is_shown_at_its_rank() -> None:
    frequency = np.array([0.1, 0.6, 0.25, 0.05])
    chart = charts.tf_adjustment_chart(
        ["b", "a", "c", "d"],
        frequency,
        np.zeros(4),
        comparison="x",
        level_bits=2.0,
        n_most_freq=1,
        n_least_freq=0,
        vals_to_include=["b"],
        remove_sensitive_data=False,
    )
    assert [row["value"] for row in rows(chart) if "value" in row] == ["1. a", "3. b"]


def test_sessions_and_intervals_become_estimates() -> None:
    session = Session(
        rule="block on dob",
        trained=(0,),
        guaranteed=(),
        m=(np.array([0.1, 0.0, 0.9]),),
        u=(np.array([0.9, 0.05, 0.05]),),
        prior=0.3,
        history=(),
        converged=True,
        warnings=(),
    )
    found = charts.estimates_of_sessions([session], comparisons=[("surname", ("else", "similar", "exact"))])
    assert [(part.level, part.parameter, part.estimate) for part in found] == [("else", "m", 0.1), ("exact", "m", 0.9)]
    prior = Interval("prior", "", "", 0.01, 0.005, 0.02)
    (whole,) = charts.estimates_of_intervals(Intervals((), (), prior, 200, np.zeros((0, 1))))
    assert (whole.comparison, whole.parameter, whole.low, whole.high) == ("prior", "prior", 0.005, 0.02)


def test_examples_are_the_first_pairs_of_each_pattern() -> None:
    gammas = np.array([[0, 1], [1, 1], [0, 1], [0, 1], [1, 1], [2, 0]], dtype=np.int8)
    assert charts.pick_examples(gammas, per_pattern=2).tolist() == [0, 1, 2, 4, 5]
    assert charts.pick_examples(gammas[:0]).tolist() == []


def test_the_comparison_viewer_lists_patterns_by_weight() -> None:
    page = charts.comparison_viewer(MODEL, GAMMAS, np.array([40, 7, 90_000, 800])).html()
    order = [page.index(f'"gammas":[{a},{b}]') for a, b in ((2, 2), (2, -1), (1, 0), (0, 0))]
    assert order == sorted(order)
    assert '"all":{"patterns":4,"pairs":90847}' in page


def test_the_link_that_alone_holds_a_cluster_together_is_marked() -> None:
    page = charts.cluster_viewer(NODES, EDGES).html()
    assert "4 records, 4 links, density 0.67, 1 bridge of 3.00 bits" in page
    assert page.count('stroke-dasharray="5 3"') == 1
    assert "1 of 1 clusters" in page


def test_clusters_come_in_the_order_asked_for() -> None:
    nodes = [charts.ViewerNode(str(i), "chain" if i < 3 else "knot") for i in range(7)]
    links = [(0, 1), (1, 2), (3, 4), (4, 5), (5, 6), (3, 6), (4, 6)]
    edges = [charts.ViewerEdge(a, b, 5.0) for a, b in links]
    first = {
        order: charts.cluster_viewer(nodes, edges, order=order, most_clusters=1).html()
        for order in ("largest", "least_dense", "weakest_bridge")
    }
    assert "4 records, 5 links" in first["largest"]
    assert "3 records, 2 links" in first["least_dense"]
    assert "3 records, 2 links" in first["weakest_bridge"]


def test_no_clusters_make_an_empty_page() -> None:
    assert "0 of 0 clusters" in charts.cluster_viewer([charts.ViewerNode("1", "a")], []).html()


def test_layouts_draw_no_chance() -> None:
    import networkx as nx

    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    for n in (2, 12, 90):
        graph = nx.random_labeled_tree(n, seed=1)
        assert layout(graph) == layout(graph)
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002


def test_empty_inputs_make_charts_without_rows() -> None:
    none = np.zeros(0)
    empty = [
        charts.parameter_estimate_comparisons_chart([]),
        charts.blocking_rules_chart([]),
        charts.completeness_chart([]),
        charts.unlinkables_chart({"claims": none}, threshold=1.0),
        charts.dependence_chart([], comparisons=["a"]),
        charts.match_weights_histogram(none, none.astype(np.int64), thresholds={}),
        charts.tf_adjustment_chart([], none, none, comparison="a", level_bits=1.0),
        charts.threshold_selection_tool(thresholds()[:0]),
        charts.em_history_chart([]),
        charts.comparator_score_chart([]),
        charts.profile_columns_chart({"a": ([], np.zeros(0, np.int64))}),
    ]
    assert all(chart.svg().startswith("<svg") for chart in empty)
    none_page = charts.comparison_viewer(MODEL, GAMMAS[:0], np.zeros(0, np.int64)).html()
    assert '"patterns":[],"all":{"patterns":0,"pairs":0}' in none_page


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("l.town = 'Ulm'", "l.town = '…'"),
        ("town in ('Ulm', 'O''Hara')", "town in ('…', '…')"),
        ("town LIKE 'U%' and year = 1990", "town LIKE '…' and year = 1990"),
        ("Jaro-Winkler of 'surname' >= 0.9", "Jaro-Winkler of 'surname' >= 0.9"),
        ("nullif(town, '')", "nullif(town, '')"),
    ],
)
def test_values_that_sql_quotes_are_left_out_of_labels(text: str, told: str) -> None:
    assert without_literals(text) == told


def test_a_chart_goes_back_to_altair_to_be_changed() -> None:
    chart = charts.roc_chart(thresholds()).altair().properties(width=77)
    assert chart.to_dict()["width"] == 77


def test_labels_are_all_different() -> None:
    assert labels(["a", "a", "a (2)", "b"]) == ["a", "a (2)", "a (2) (2)", "b"]


def test_a_rival_that_is_no_number_of_bits_away_is_still_told() -> None:
    rival = Rival(left_id="1", right_id="2", match_weight=3.0, judgement="link")
    told = explain(
        PairFacts("1", "3", (2, 2), margin_bits=float("inf"), rivals=[rival]), model=MODEL, threshold=0.9, possible=0.1
    )
    assert told.margin_bits is None
    assert told.lead_bits == pytest.approx(told.match_weight - 3.0)
