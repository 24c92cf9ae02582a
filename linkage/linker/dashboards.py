"""Pages to look through pairs and clusters: what the viewers need of the engine. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from linkage.charts.cluster_viewer import ClusterOrder, ViewerEdge, ViewerNode, cluster_viewer
from linkage.charts.columns import profile_columns_chart
from linkage.charts.comparison_viewer import ExamplePair, comparison_viewer, pick_examples
from linkage.charts.frequencies import tf_adjustment_chart
from linkage.charts.quality import GroupedShare, quality_chart
from linkage.columns import Expression
from linkage.comparison.frequencies import ScalarTerms
from linkage.linker.clustering import Clusters
from linkage.linker.predictions import Predictions
from linkage.linker.settings import BadSettings
from linkage.model.patterns import count_patterns
from linkage.model.weights import level_bits, prior_bits

if TYPE_CHECKING:
    from linkage.charts.chart import Chart
    from linkage.charts.page import Page
    from linkage.evaluation.quality import Quality, QualityEstimate
    from linkage.linker.linker import Linker

__all__ = ["cluster_page", "comparison_page", "estimated_quality_chart", "frequency_chart", "profile_chart"]


def comparison_page(linker: Linker, predictions: Predictions, *, n_examples: int, remove_sensitive_data: bool) -> Page:
    """Agreement patterns of the predictions with counts, weights and example pairs."""
    pairs, settings = predictions.pairs, linker.settings
    patterns = count_patterns(pairs.gammas)
    examples = []
    for place in pick_examples(pairs.gammas, per_pattern=n_examples).tolist():
        row = predictions.table.slice(place, 1).to_pylist()[0]
        values = None
        if not remove_sensitive_data:
            rows = pairs.left[place : place + 1], pairs.right[place : place + 1]
            values = {part.name: linker.engine.shown(part, *rows) for part in settings.comparisons}
        examples.append(
            ExamplePair(
                gammas=tuple(pairs.gammas[place].tolist()),
                match_weight=float(row["match_weight"]),
                left_id=str(row["unique_id_l"]),
                right_id=str(row["unique_id_r"]),
                judgement=str(row.get("judgement") or ""),
                values=values,
            )
        )
    return comparison_viewer(
        predictions.model,
        patterns.gammas,
        patterns.counts,
        examples=examples,
        thresholds={"possible": prior_bits(settings.possible), "link": prior_bits(settings.threshold)},
        remove_sensitive_data=remove_sensitive_data,
    )


def cluster_page(
    linker: Linker, predictions: Predictions, clusters: Clusters, *, order: ClusterOrder, remove_sensitive_data: bool
) -> Page:
    """Clusters of two and more records, drawn with their links; bridges are marked."""
    sizes = np.bincount(clusters.label, minlength=len(clusters.label))
    held = np.flatnonzero(sizes[clusters.label] > 1)
    place = np.full(len(clusters.label), -1, dtype=np.int64)
    place[held] = np.arange(len(held))
    told = clusters.table.take(held).to_pylist()
    columns: Sequence[str] = () if remove_sensitive_data else linker.inputs.together().column_names
    values = linker.inputs.together().select(list(columns)).take(held).to_pylist() if columns else [{}] * len(held)
    nodes = [
        ViewerNode(
            str(row["unique_id"]),
            str(row["cluster_id"]),
            str(row["source_dataset"]),
            {name: None if value is None else str(value) for name, value in found.items()},
        )
        for row, found in zip(told, values, strict=True)
    ]
    left, right = linker.engine.records(predictions.pairs.left, predictions.pairs.right)
    among = (clusters.label[left] == clusters.label[right]) & np.isin(
        left * len(place) + right, clusters.edges[:, 0] * len(place) + clusters.edges[:, 1]
    )
    edges = [
        ViewerEdge(int(place[a]), int(place[b]), float(bits))
        for a, b, bits in zip(left[among], right[among], predictions.pairs.weight[among], strict=True)
    ]
    return cluster_viewer(nodes, edges, order=order, remove_sensitive_data=remove_sensitive_data)


def frequency_chart(
    linker: Linker, comparison: str, *, n_most: int, n_least: int, include: Sequence[str], remove_sensitive_data: bool
) -> Chart:
    """
    The frequencies of a comparison's values and what they add.

    Raises:
        BadSettings: If the comparison has no term frequencies.
    """
    model = linker.model
    for column, ((name, _), prepared) in enumerate(zip(linker.engine.named, linker.engine.prepared, strict=True)):
        terms = [part for part in prepared.terms if isinstance(part, ScalarTerms)]
        if name == comparison and terms:
            top = terms[-1]
            rarest = linker.settings.rare_value_count / top.n_counted if top.n_counted else 0.0
            floor = max(top.minimum_u, rarest)
            shares = np.maximum(top.frequencies[:-1], floor)
            added = top.weight * (np.log2(model.comparisons[column].u[top.base_gamma]) - np.log2(shares))
            return tf_adjustment_chart(
                list(top.codes.values),
                top.frequencies[:-1],
                added,
                comparison=comparison,
                level_bits=float(level_bits(model)[column][top.gamma]),
                n_most_freq=n_most,
                n_least_freq=n_least,
                vals_to_include=include,
                remove_sensitive_data=remove_sensitive_data,
            )
    raise BadSettings(f"tf_adjustment_chart: expected a comparison with term frequencies, {comparison!r} has none")


def estimated_quality_chart(estimate: QualityEstimate) -> Chart:
    """Precision, recall and blocking loss of an estimate, for all and by subgroup."""
    shares = _shares("all", estimate.overall)
    for part in estimate.groups:
        shares += _shares(f"{part.grouping}: {part.level}", part.quality)
    return quality_chart(shares, title="Quality of the linkage, estimated without labels")


def _shares(group: str, quality: Quality) -> list[GroupedShare]:
    told = {"precision": quality.precision.share, "recall": quality.recall.share}
    if quality.blocking is not None:
        told["lost in blocking"] = quality.blocking.loss
    return [GroupedShare(measure, group, share.share, share.low, share.high) for measure, share in told.items()]


def _expression(text: str) -> Expression:
    return Expression(column=text) if text.isidentifier() else Expression(sql=text)


def profile_chart(linker: Linker, columns: Sequence[str] | None, *, remove_sensitive_data: bool) -> Chart:
    """How the values of columns are spread over the records of all tables."""
    compared = dict.fromkeys(name for part in linker.settings.comparisons for name in sorted(part.columns))
    counts = {}
    for name in columns or compared:
        codes = linker.engine.columns.codes(_expression(name), user="profile_columns_chart")
        sides = [codes.left] if linker.engine.within else [codes.left, codes.right]
        held = np.concatenate(sides)
        counts[name] = (codes.values, np.bincount(held[held >= 0], minlength=len(codes.values)).astype(np.int64))
    return profile_columns_chart(counts, remove_sensitive_data=remove_sensitive_data)
