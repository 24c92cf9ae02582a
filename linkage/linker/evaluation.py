"""`linker.evaluation`: how good the linkage is, with labels and without any. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pyarrow as pa

from linkage.arrays import BoolArray, IntArray
from linkage.charts.accuracy import accuracy_chart, precision_recall_chart, roc_chart, threshold_selection_tool
from linkage.charts.chart import Chart
from linkage.columns import column_of
from linkage.evaluation.clerical import ClericalSample, SampledQuality, quality_from_sample
from linkage.evaluation.clusters import ClusterScores, GroupClusterScores, cluster_scores
from linkage.evaluation.errors import prediction_errors
from linkage.evaluation.grouping import Grouping
from linkage.evaluation.intervals import Share
from linkage.evaluation.pairs import BadLabels, LabelledPairs, from_label_column, from_labels_table
from linkage.evaluation.thresholds import Accuracy, accuracy, areas, threshold_table
from linkage.inputs import TableLike, as_table
from linkage.linker.clustering import Clusters
from linkage.linker.decisions import Decisions
from linkage.linker.engine import Engine
from linkage.linker.predictions import predict, record_pairs, score_rows
from linkage.linker.result import Result
from linkage.linker.unlabelled import Unlabelled
from linkage.model.weights import prior_bits

__all__ = ["Evaluation"]

OutputType = Literal["threshold_selection", "roc", "precision_recall", "accuracy", "table"]


class Evaluation(Unlabelled):
    """
    How good a linker's model and decisions are.

    Misses of blocking count as misses in everything here.
    """

    def accuracy_analysis_from_labels_table(
        self,
        labels: TableLike,
        *,
        output_type: OutputType = "threshold_selection",
        add_metrics: Sequence[str] = (),
        match_weight_round_to_nearest: float | None = 0.1,
    ) -> Chart | Result:
        """
        Accuracy at every threshold from labelled pairs.

        Args:
            labels: unique_id_l, unique_id_r, clerical_match_score (0 to 1), source_dataset_l/_r where there are
                several tables; sample_weight where the pairs are a sample.
            output_type: Which chart, or the table behind them.
            add_metrics: Further measures: specificity, npv, accuracy, f2, f0_5, p4, phi.
            match_weight_round_to_nearest: Weights are rounded to multiples of it.

        Raises:
            BadInput: If a labelled record is not there.
            BadLabels: If the labels cannot be used.
        """
        held = self.labelled(labels)
        return _shown(held, output_type, add_metrics=add_metrics, round_to=match_weight_round_to_nearest)

    def accuracy_analysis_from_labels_column(
        self,
        labels_column_name: str,
        *,
        output_type: OutputType = "threshold_selection",
        add_metrics: Sequence[str] = (),
        match_weight_round_to_nearest: float | None = 0.1,
    ) -> Chart | Result:
        """The same from a column that names the true person of every record."""
        held = self.labelled_by_column(labels_column_name)
        return _shown(held, output_type, add_metrics=add_metrics, round_to=match_weight_round_to_nearest)

    def prediction_errors_from_labels_table(
        self,
        labels: TableLike,
        *,
        include_false_positives: bool = True,
        include_false_negatives: bool = True,
        threshold_match_probability: float = 0.5,
    ) -> Result:
        """Wrong links and missed matches among labelled pairs, the gravest first, each with the reason."""
        return self._errors(
            self.labelled(labels),
            positives=include_false_positives,
            negatives=include_false_negatives,
            threshold=threshold_match_probability,
        )

    def prediction_errors_from_labels_column(
        self,
        label_colname: str,
        *,
        include_false_positives: bool = True,
        include_false_negatives: bool = True,
        threshold_match_probability: float = 0.5,
    ) -> Result:
        """The same from a column that names the true person of every record."""
        return self._errors(
            self.labelled_by_column(label_colname),
            positives=include_false_positives,
            negatives=include_false_negatives,
            threshold=threshold_match_probability,
        )

    def accuracy(self, labelled: LabelledPairs, *, threshold: float | None = None, by: Sequence[str] = ()) -> Accuracy:
        """
        Precision, recall and their intervals at one threshold, and by subgroup.

        Args:
            labelled: See `labelled` and `labelled_by_column`.
            threshold: Probability from which pairs are links; the settings' unless given.
            by: Columns to group the records by: hospital, insurer, age group, sex.
        """
        limit = self._linker.settings.threshold if threshold is None else threshold
        return accuracy(
            labelled, threshold_match_weight=prior_bits(limit), groupings=[self.grouping(name) for name in by]
        )

    def labelled(self, labels: TableLike, decisions: Decisions | None = None) -> LabelledPairs:
        """Labelled pairs beside what the linkage makes of them; each is weighed, proposed or not."""
        linker, table = self._linker, as_table(labels)
        rows = linker.engine.rows(*record_pairs(table, linker.inputs))
        known = {"left_row": rows[0], "right_row": rows[1]}
        for name in ("clerical_match_score", "sample_weight"):
            if name in table.column_names:
                known[name] = table.column(name)
        scored = score_rows(linker.engine, linker.model, *rows)
        return from_labels_table(
            pa.table(known),
            pairs=scored.table if decisions is None else decisions.table,
            within=linker.engine.within,
            proposed=_by_any_rule(linker.engine, *rows),
            weight=scored.pairs.weight,
        )

    def labelled_by_column(self, label_colname: str, decisions: Decisions | None = None) -> LabelledPairs:
        """Every true pair by a column of the true person, and every proposed pair that is none."""
        linker = self._linker
        labels = self._codes(label_colname)
        n = linker.engine.n_rows[0]
        pairs = decisions if decisions is not None else predict(linker.engine, linker.model)
        within = linker.engine.within
        return from_label_column(
            labels if within else labels[:n],
            None if within else labels[n:],
            pairs=pairs.table,
            apart=linker.engine.apart,
        )

    def cluster_scores(
        self, clusters: Clusters, label_colname: str, *, by: Sequence[str] = ()
    ) -> tuple[ClusterScores, tuple[GroupClusterScores, ...]]:
        """
        Clusters against a column that names the true person of every record: pairwise, B-cubed, whole clusters.

        Args:
            clusters: Of this linker.
            label_colname: The column; records without a value are left out.
            by: Columns to group the records by.
        """
        every = self._linker.inputs.together()
        groupings = [Grouping.within(name, column_of(every, name, f"grouping {name!r}")) for name in by]
        return cluster_scores(clusters.label, self._codes(label_colname), groupings=groupings)

    def quality_from_sample(
        self, labels: TableLike, decisions: Decisions, *, only_proposed: bool = True
    ) -> SampledQuality:
        """
        Precision and recall of a decision from a sample of pairs that people looked at.

        Args:
            labels: unique_id_l, unique_id_r, clerical_match_score, and sample_weight: how many pairs each stands for.
            decisions: What was decided.
            only_proposed: Whether the sample was drawn from pairs that blocking proposes; what blocking loses is then
                estimated from the decision. False: pairs of all kinds were drawn.

        Raises:
            BadLabels: If there is no sample_weight, or a weight is below one.
        """
        held = self.labelled(labels, decisions)
        if held.sample_weight is None:
            raise BadLabels("labels: expected a column 'sample_weight', the number of pairs each label stands for")
        linked = np.zeros(len(held), dtype=bool)
        there = held.pair_row >= 0
        linked[there] = decisions.decided.link[held.pair_row[there]]
        loss = None
        if only_proposed:
            blocking = self.estimate_without_labels(decisions).overall.blocking
            loss = blocking.loss if blocking is not None else Share.of(None, 0.0, 1.0)
        sample = ClericalSample.weighted(held.is_match, linked, held.sample_weight)
        return quality_from_sample(sample, blocking_loss=loss, seed=self._linker.settings.seed)

    def _codes(self, column: str) -> IntArray:
        grouped = self.grouping(column)
        sides = [grouped.left] if self._linker.engine.within else [grouped.left, grouped.right]
        return np.concatenate([side for side in sides if side is not None]).astype(np.int64)

    def _errors(self, held: LabelledPairs, *, positives: bool, negatives: bool, threshold: float) -> Result:
        found = prediction_errors(
            held,
            threshold_match_weight=prior_bits(threshold),
            include_false_positives=positives,
            include_false_negatives=negatives,
        )
        left, right = (found.column(name).to_numpy() for name in ("left_row", "right_row"))
        who = pa.table(self._linker.engine.who(left, right))
        for name in found.column_names:
            if name not in who.column_names:
                who = who.append_column(name, found.column(name))
        return Result(who)


def _shown(
    held: LabelledPairs, output_type: OutputType, *, add_metrics: Sequence[str], round_to: float | None
) -> Chart | Result:
    table = threshold_table(held, match_weight_round_to_nearest=round_to)
    match output_type:
        case "table":
            return Result(table)
        case "roc":
            return roc_chart(table, area=areas(held)[0])
        case "precision_recall":
            return precision_recall_chart(table)
        case "accuracy":
            return accuracy_chart(table, add_metrics=add_metrics)
        case _:
            return threshold_selection_tool(table, add_metrics=add_metrics)


def _by_any_rule(engine: Engine, left: IntArray, right: IntArray) -> BoolArray:
    """`(n_pairs,)` whether a blocking rule proposes each pair."""
    held = np.zeros(len(left), dtype=bool)
    for rule in engine.candidates.rules:
        held |= rule.proposes(left, right)
        if engine.within and not rule.symmetric:
            held |= rule.proposes(right, left)
    return held
