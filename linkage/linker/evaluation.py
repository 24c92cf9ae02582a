"""`linker.evaluation`: how good the linkage is, with labels and without any. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.charts.accuracy import accuracy_chart, precision_recall_chart, roc_chart, threshold_selection_tool
from linkage.charts.chart import Chart
from linkage.charts.unlinkables import unlinkables_chart
from linkage.columns import Expression, column_of
from linkage.decision.cardinality import Cardinality
from linkage.evaluation.ceilings import Ceiling, ceiling
from linkage.evaluation.clerical import ClericalSample, SampledQuality, quality_from_sample
from linkage.evaluation.clusters import ClusterScores, GroupClusterScores, cluster_scores
from linkage.evaluation.erring_keys import ErringCeiling, ceiling_with_errors
from linkage.evaluation.errors import prediction_errors
from linkage.evaluation.found import Partners, found_pairs
from linkage.evaluation.grouping import Grouping
from linkage.evaluation.intervals import Share
from linkage.evaluation.look_alikes import FileIdentifiability, identifiability
from linkage.evaluation.pairs import BadLabels, LabelledPairs, from_label_column, from_labels_table
from linkage.evaluation.quality import QualityEstimate, estimate_without_labels
from linkage.evaluation.thresholds import Accuracy, accuracy, areas, threshold_table
from linkage.evaluation.unlinkables import Unlinkable, unlinkable
from linkage.inputs import TableLike, as_table
from linkage.linker.clustering import Clusters
from linkage.linker.decisions import Decisions
from linkage.linker.decoys import decoy_links
from linkage.linker.engine import Engine
from linkage.linker.predictions import predict, record_pairs, score_rows
from linkage.linker.result import Result
from linkage.linker.settings import BadSettings, LinkType
from linkage.model.weights import prior_bits

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["Evaluation"]

_MOST_KEYS = 10  # of histories that blocking loss is estimated from

OutputType = Literal["threshold_selection", "roc", "precision_recall", "accuracy", "table"]


class Evaluation:
    """
    How good a linker's model and decisions are.

    Misses of blocking count as misses in everything here.
    """

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

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

    def estimate_without_labels(
        self,
        decisions: Decisions,
        *,
        by: Sequence[str] = (),
        n_decoy_sets: int = 0,
        decoys_together: Sequence[Sequence[str]] | None = None,
    ) -> QualityEstimate:
        """
        Precision, recall and blocking loss of a linkage nobody has labelled, with intervals.

        Args:
            decisions: Decided pairs, those that lost their competition included.
            by: Columns to group the records by: hospital, insurer, age group, sex.
            n_decoy_sets: How often two tables are linked again with decoys beside the right one, as a view that does
                not believe the model; each costs a linkage.
            decoys_together: Groups of columns a decoy takes from one person; the model's dependent comparisons
                together, every other comparison for itself, unless given.

        Raises:
            BadSettings: If decoys are asked for within one table.
        """
        linker, engine = self._linker, self._linker.engine
        decoys = None
        if n_decoy_sets:
            decoys = decoy_links(linker, decisions, n_sets=n_decoy_sets, together=decoys_together)
        agrees, rules, names = _histories(engine, decisions.predictions.pairs.left, decisions.predictions.pairs.right)
        found = found_pairs(
            decisions.table,
            n_left=engine.n_rows[0],
            n_right=None if engine.within else engine.n_rows[1],
            partners=_partners(engine, decisions.cardinality),
            threshold=decisions.threshold,
            agrees=agrees,
            rules=rules,
            key_names=names,
        )
        return estimate_without_labels(found, groupings=[self.grouping(name) for name in by], decoys=decoys)

    def identifiability(self, columns: Sequence[str], *, by: Sequence[str] = ()) -> dict[str, FileIdentifiability]:
        """
        Before linking: how many records of each side some columns tell apart at all.

        Args:
            columns: Those that a linkage could use.
            by: Columns to group the records by; a subgroup is told as `side, column=level`.

        Returns:
            left and right (or left alone within one table), then their subgroups.
        """
        engine = self._linker.engine
        keys = self._keys(columns)
        groupings = [self.grouping(name) for name in by]
        out: dict[str, FileIdentifiability] = {}
        for side, mine, other in (("left", keys[0], keys[1]), ("right", keys[1], keys[0])):
            if side == "right" and engine.within:
                continue
            whole, groups = identifiability(mine, None if engine.within else other, groupings=groupings, side=side)
            out[side] = whole
            out |= {f"{side}, {part.grouping}={part.level}": part.of for part in groups}
        return out

    def ceiling(
        self,
        columns: Sequence[str],
        *,
        error_rates: Sequence[float] | None = None,
        precisions: Sequence[float] = (0.9, 0.95, 0.99),
        by: Sequence[str] = (),
    ) -> Ceiling | ErringCeiling:
        """
        Before linking: the best recall any method could reach on some columns, at required precisions.

        Args:
            columns: Those that a linkage could use.
            error_rates: For each the chance that a partner's value is another one; None: they never err.
            precisions: Required precisions.
            by: Columns to group the left records by.

        Raises:
            BadSettings: With one table: the ceiling is that of two.
        """
        if self._linker.engine.within:
            raise BadSettings("ceiling: expected two tables; identifiability tells of one")
        left, right = self._keys(columns)
        groupings = [self.grouping(name) for name in by]
        if error_rates is None:
            return ceiling(left, right, precisions=precisions, groupings=groupings)
        seed = self._linker.settings.seed
        return ceiling_with_errors(
            left, right, error_rates=error_rates, precisions=precisions, seed=seed, groupings=groupings
        )

    def _keys(self, columns: Sequence[str]) -> tuple[IntArray, IntArray]:
        engine = self._linker.engine
        codes = [engine.columns.codes(Expression(column=name), user="identifiability") for name in columns]
        left, right = (
            [side.astype(np.int64) for side in sides] for sides in zip(*((c.left, c.right) for c in codes), strict=True)
        )
        return np.stack(left, axis=1), np.stack(right, axis=1)

    def unlinkables(self, *, threshold: float | None = None) -> dict[str, Unlinkable]:
        """By table: the records that could not be linked even to an equal record."""
        limit = self._linker.settings.threshold if threshold is None else threshold
        held = self._self_weights()
        return {name: unlinkable(bits, threshold_match_weight=prior_bits(limit)) for name, bits in held.items()}

    def unlinkables_chart(self) -> Chart:
        """Share of the records that cannot reach each threshold, by table."""
        return unlinkables_chart(self._self_weights(), threshold=prior_bits(self._linker.settings.threshold))

    def grouping(self, column: str) -> Grouping:
        """A column of the tables as subgroups of the records."""
        linker = self._linker
        every = linker.inputs.together()
        held = column_of(every, column, f"grouping {column!r}")
        if linker.engine.within:
            return Grouping.within(column, held)
        n = linker.engine.n_rows[0]
        return Grouping.of(column, held.slice(0, n), held.slice(n))

    def _self_weights(self) -> dict[str, FloatArray]:
        """Weight of every record with itself (bits, prior included), by table."""
        linker = self._linker
        settings = linker.settings.model_copy(update={"link_type": LinkType.LINK_AND_DEDUPE})
        engine = linker.engine if linker.engine.within else Engine(linker.inputs, settings, lookups=linker.lookups)
        rows = np.arange(linker.inputs.n_records, dtype=np.int64)
        weight = engine.weigh(linker.model, rows, rows).weight
        starts = linker.inputs.starts
        return {name: weight[starts[i] : starts[i + 1]] for i, name in enumerate(linker.inputs.names)}

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


def _partners(engine: Engine, cardinality: Cardinality) -> Partners:
    """One true partner a record only where partners are one to one and of one other table, or of the same one."""
    if cardinality.of_left != 1 or cardinality.of_right != 1:
        return Partners.MANY
    if engine.apart is not None:
        return Partners.ONE if len(np.unique(engine.apart)) <= 2 else Partners.MANY
    return Partners.MANY if engine.within and len(engine.inputs.names) > 1 else Partners.ONE


def _by_any_rule(engine: Engine, left: IntArray, right: IntArray) -> BoolArray:
    """`(n_pairs,)` whether a blocking rule proposes each pair."""
    held = np.zeros(len(left), dtype=bool)
    for rule in engine.candidates.rules:
        held |= rule.proposes(left, right)
        if engine.within and not rule.symmetric:
            held |= rule.proposes(right, left)
    return held


def _histories(
    engine: Engine, left: IntArray, right: IntArray
) -> tuple[BoolArray, tuple[tuple[int, ...], ...] | None, tuple[str, ...]]:
    """
    Which blocking keys agree in each pair, which of them each rule needs, and their names.

    Where a rule has more than plain keys, or there are more keys than can be modelled, the rules stand for the keys.
    """
    rules = engine.settings.blocking_rules_to_generate_predictions
    if any(not rule.keys and rule.filter is None for rule in rules):
        return np.ones((len(left), 1), dtype=bool), ((),), ("every pair",)
    expressions = list(dict.fromkeys(expression for rule in rules for expression in rule.keys))
    plain = all(bound.plain is not None and bound.filter is None for bound in engine.candidates.rules)
    if not plain or len(expressions) > _MOST_KEYS or not all(rule.keys for rule in rules):
        held = [bound.proposes(left, right) for bound in engine.candidates.rules][:_MOST_KEYS]
        return np.stack(held, axis=1), None, tuple(engine.candidates.names[:_MOST_KEYS])
    agrees = np.zeros((len(left), len(expressions)), dtype=bool)
    for place, expression in enumerate(expressions):
        codes = engine.columns.codes(expression)
        a, b = codes.left[left], codes.right[right]
        agrees[:, place] = (a == b) & (a >= 0)
    needs = tuple(tuple(expressions.index(expression) for expression in rule.keys) for rule in rules)
    return agrees, needs, tuple(expression.text for expression in expressions)
