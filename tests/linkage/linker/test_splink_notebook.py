"""A Splink user's notebook, end to end, in Splink's words; columns, charts and files as expected."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from linkage import Linker, block_on
from linkage.linker.result import OutputExists
from linkage.linker.settings import BadSettings
from linkage.model import Model
from linkage.model.weights import prior_bits
from tests.linkage.linker.small import model, rivals, settings, tables, trained


def test_training_in_sessions_gives_a_model_that_links_the_made_persons() -> None:
    linker = trained()
    predictions = linker.inference.predict(threshold_match_probability=0.1)
    links = linker.clustering.decide(predictions).links
    person = [dict(zip(t["id"].to_pylist(), t["person"].to_pylist(), strict=True)) for t in tables()]
    right = [person[0][row["unique_id_l"]] == person[1][row["unique_id_r"]] for row in links.to_pylist()]
    assert sum(right) >= 90
    assert len(right) - sum(right) <= 3
    assert linker.parameters.sessions[0].converged


def test_predictions_have_the_columns_a_splink_user_looks_for() -> None:
    found = trained().inference.predict()
    wanted = {"match_weight", "match_probability", "unique_id_l", "unique_id_r", "source_dataset_l", "match_key"}
    wanted |= {f"{kind}_{name}" for kind in ("gamma", "mw") for name in ("given", "family", "born")}
    assert wanted | {"mw_tf_adj_family"} <= set(found.columns)
    assert found.as_pandas_dataframe(limit=3).shape[0] == len(found.as_record_list(3)) == 3


def test_the_weights_of_a_pair_sum_to_its_match_weight() -> None:
    for row in trained().inference.predict().as_record_list():
        summed = sum(value for name, value in row.items() if name.startswith("mw_"))
        assert row["match_weight"] == pytest.approx(summed + prior_bits(model().prior))


def test_decisions_name_the_pair_that_would_take_their_place() -> None:
    decisions = rivals().clustering.decide(rivals().inference.predict(0.1))
    place = decisions.decided.competitor
    assert (place >= 0).any()
    ids = decisions.table.column("unique_id_l").to_pylist()
    told = decisions.table.column("competitor_unique_id_l").to_pylist()
    assert told == [None if at < 0 else ids[at] for at in place.tolist()]


def test_the_decision_keeps_what_it_was_made_with() -> None:
    linker = trained()
    decisions = linker.clustering.decide(
        linker.inference.predict(0.1), threshold_match_probability=0.7, cardinality="one_to_many"
    )
    kept = linker.incremental.keep(decisions)
    assert (kept.threshold, str(kept.cardinality)) == (decisions.threshold, "one_to_many") == (0.7, "one_to_many")


def test_clusters_at_several_thresholds_only_ever_join() -> None:
    linker = trained()
    predictions = linker.inference.predict()
    at = linker.clustering.cluster_pairwise_predictions_at_multiple_thresholds(predictions, [0.5, 0.95])
    assert at.columns == ("source_dataset", "unique_id", "cluster_p_0_5", "cluster_p_0_95")
    alone = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, 0.95)
    assert at.table["cluster_p_0_95"].to_pylist() == alone.table["cluster_id"].to_pylist()
    sizes = linker.clustering.cluster_pairwise_predictions_at_multiple_thresholds(
        predictions, match_weight_thresholds=[-2, 3.5], output_cluster_summary_stats=True
    ).as_record_list()
    assert sizes[0]["num_clusters"] <= sizes[1]["num_clusters"]
    with pytest.raises(BadSettings, match="expected one of both"):
        linker.clustering.cluster_pairwise_predictions_at_multiple_thresholds(predictions)


def test_best_links_metrics_and_retained_columns_of_clusters() -> None:
    linker = Linker(list(tables()), settings(additional_columns_to_retain=["postcode"]), model=model())
    predictions = linker.inference.predict(0.1)
    best = linker.clustering.cluster_using_single_best_links(predictions, ["left", "right"], 0.9)
    assert np.unique(best.label, return_counts=True)[1].max() == 2
    assert "postcode" in best.columns
    metrics = linker.clustering.compute_graph_metrics(predictions, best)
    assert metrics.nodes.num_rows == len(best)


def test_every_threshold_that_is_no_probability_is_refused() -> None:
    inference = trained().inference
    assert len(inference.predict(0.0)) == len(inference.predict()) > len(inference.predict(1.0)) == 0
    assert len(inference.predict(threshold_match_weight=3.0)) > 0
    for wrong in (-0.1, 1.5, float("nan")):
        with pytest.raises(BadSettings, match="expected a number from 0 to 1"):
            inference.predict(wrong)
    with pytest.raises(BadSettings, match="expected one of both"):
        inference.predict(0.5, 1.0)


def test_every_chart_is_saved_without_a_name_of_the_tables(tmp_path: Path) -> None:
    linker = trained()
    predictions = linker.inference.predict(0.01)
    decisions = linker.clustering.decide(predictions)
    clusters = linker.clustering.clusters_of(decisions)
    charts = linker.visualisations
    first = decisions.links.to_pylist()[0]
    estimate = linker.evaluation.estimate_without_labels(decisions, by=["given"])
    drawn = {
        "weights": charts.match_weights_chart(),
        "m_u": charts.m_u_parameters_chart(),
        "history": charts.match_weights_history_chart(),
        "interactions": charts.interaction_weights_chart(),
        "pairs": charts.match_weights_histogram(predictions),
        "em": charts.em_history_chart(),
        "estimates": charts.parameter_estimate_comparisons_chart(),
        "completeness": charts.completeness_chart(),
        "profile": charts.profile_columns_chart(["family", "substr(born, 1, 4)"]),
        "scores": charts.comparator_score_chart([("Hofmann", "Hoffmann")]),
        "tf": charts.tf_adjustment_chart("family"),
        "waterfall": charts.waterfall_chart(first["unique_id_l"], first["unique_id_r"]),
        "blocking": linker.blocking_analysis.chart_comparisons_from_blocking_rules(),
        "unlinkables": linker.evaluation.unlinkables_chart(),
        "viewer": charts.comparison_viewer_dashboard(predictions),
        "studio": charts.cluster_studio_dashboard(predictions, clusters),
    }
    names = {name for table in tables() for name in table["family"].to_pylist()}
    for name, chart in drawn.items():
        chart.save(tmp_path / f"{name}.html")
        text = (tmp_path / f"{name}.html").read_text()
        assert not [held for held in names if held in text], name
    charts.quality_chart(estimate).save(tmp_path / "quality.html")
    told = charts.waterfall_chart(first["unique_id_l"], first["unique_id_r"], remove_sensitive_data=False)
    told.save(tmp_path / "told.html")
    assert any(held in (tmp_path / "told.html").read_text() for held in names)


def test_the_course_of_the_weights_begins_before_training_and_ends_with_the_model() -> None:
    course = trained().parameters.course()
    assert len(course) == 3
    assert course[-1].comparisons == model().comparisons


def test_a_saved_model_and_settings_give_equal_bytes_and_equal_links(tmp_path: Path) -> None:
    linker = trained()
    linker.misc.save_model_to_json(tmp_path / "model.json")
    linker.misc.save_settings_to_json(tmp_path / "settings.json")
    read = Model.read((tmp_path / "model.json").read_text())
    again = Linker(list(tables()), tmp_path / "settings.json", model=read)
    again.misc.save_model_to_json(tmp_path / "again.json")
    again.misc.save_settings_to_json(tmp_path / "again_settings.json")
    assert (tmp_path / "again_settings.json").read_bytes() == (tmp_path / "settings.json").read_bytes()
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "model.json").read_bytes()
    links = [one.clustering.decide(one.inference.predict(0.1)).links for one in (linker, again)]
    assert links[0].equals(links[1])
    with pytest.raises(OutputExists):
        linker.misc.save_model_to_json(tmp_path / "model.json")


def test_a_splink_model_goes_out_and_comes_in_with_equal_weights(tmp_path: Path) -> None:
    linker = Linker(list(tables()), settings(rare_value_count=1), model=model())  # Splink knows no rare values
    linker.misc.save_model_to_splink_json(tmp_path / "splink.json")
    again = Linker(list(tables()), tmp_path / "splink.json")
    from_text = Linker(list(tables()), json.loads((tmp_path / "splink.json").read_text()))
    weights = [one.inference.predict().table["match_weight"].to_numpy() for one in (linker, again, from_text)]
    assert np.allclose(weights[0], weights[1], atol=1e-6)
    assert np.array_equal(weights[1], weights[2])


def test_blocking_is_counted_and_other_tables_are_scored() -> None:
    linker = trained()
    left, right = tables()
    counted = linker.blocking_analysis.count_comparisons_from_blocking_rules(["family", block_on("born")])
    n_equal = sum(left["family"].to_pylist().count(name) for name in right["family"].to_pylist())
    assert counted.as_record_list()[0]["comparison_count"] == n_equal
    assert len(linker.inference.predict_between(left.slice(0, 20), right)) > 0
    assert len(linker.inference.predict_within(left)) > 0
    assert len(linker.inference.deterministic_link()) == len(linker.inference.predict())
    row = {name: left[name][0].as_py() for name in ("given", "family", "born")}
    (same,) = linker.inference.score_pair(row, row).as_record_list()
    assert same["match_probability"] > 0.9
    assert isinstance(linker.table_management.compute_tf_table("family").table, pa.Table)
