"""`linker.clustering`: which pairs stand, and which records are one person. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import IntArray
from linkage.decision.assign import best_links, greedy_links
from linkage.decision.average import average_clusters
from linkage.decision.cardinality import Cardinality
from linkage.decision.cluster import clusters_at
from linkage.decision.constrained import Clustered, constrained_clusters, without_ties
from linkage.decision.constraints import Constraint, Constraints
from linkage.decision.metrics import ClusterMetrics, cluster_metrics
from linkage.decision.policy import SourcePolicy
from linkage.linker.decisions import Decisions, bind_constraints, decide_predictions
from linkage.linker.inference import weight_of
from linkage.linker.predictions import Predictions, retained_columns
from linkage.linker.result import Result
from linkage.linker.settings import BadSettings
from linkage.model.weights import prior_bits

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["Clustering", "Clusters"]

TiesMethod = Literal["lowest_id", "drop"]


@dataclass(frozen=True, slots=True)
class Clusters(Result):
    """
    Every record and its cluster.

    Attributes:
        table: cluster_id (`table:id` of its first record; the id alone with one table), source_dataset, unique_id,
            and the columns that the settings retain.
        label: `(n_records,)` first record of each record's cluster.
        edges: `(n_pairs, 2)` records of the pairs that count.
        clustered: What the constraints did; None without any.
    """

    label: IntArray
    edges: IntArray
    clustered: Clustered | None = None


class Clustering:
    """Decisions and clusters of a linker's predictions."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

    def decide(
        self,
        df_predict: Predictions,
        *,
        cardinality: Cardinality | str | None = None,
        policy: Sequence[SourcePolicy] | None = None,
        threshold_match_probability: float | None = None,
        constraints: Sequence[Constraint] = (),
    ) -> Decisions:
        """
        The best assignment under the cardinality, with the probability of every pair over all admissible ones.

        Args:
            df_predict: Pairs down to the settings' `possible`, so that all that compete are there.
            cardinality: How many partners a record may have; the settings' unless given.
            policy: Cardinality and threshold between two tables; the settings' unless given.
            threshold_match_probability: From which a pair is a link; the settings' unless given.
            constraints: Pairs that must or cannot be linked, whatever their weight.

        Raises:
            BadPolicy: If the cardinality or the policy does not fit the tables.
            ContradictoryConstraints: If the constraints cannot all hold.
        """
        return decide_predictions(
            df_predict,
            engine=self._linker.engine,
            cardinality=None if cardinality is None else Cardinality.read(cardinality),
            policy=policy,
            threshold=threshold_match_probability,
            constraints=constraints,
        )

    def cluster_pairwise_predictions_at_threshold(
        self,
        df_predict: Predictions,
        threshold_match_probability: float | None = None,
        threshold_match_weight: float | None = None,
        *,
        constraints: Sequence[Constraint] = (),
        duplicate_free_datasets: Sequence[str] = (),
    ) -> Clusters:
        """
        Connected components of the pairs at or above a threshold; under constraints the partition that loses least.

        Args:
            df_predict: Pairs.
            threshold_match_probability: From which a pair counts; every pair unless a threshold is given.
            threshold_match_weight: The same as a weight (bits).
            constraints: Records that must or cannot be in one cluster.
            duplicate_free_datasets: Tables of which a cluster may hold one record.

        Raises:
            ContradictoryConstraints: If the constraints cannot all hold.
        """
        floor = _floor(threshold_match_probability, threshold_match_weight)
        edges, bits = self._edges(df_predict)
        clustered = constrained_clusters(
            edges,
            bits,
            n_records=self._linker.inputs.n_records,
            floor_bits=max(floor, -1e6),
            constraints=self._among_records(constraints),
            alone=self._alone(duplicate_free_datasets),
        )
        held = edges[(bits >= floor) & ~clustered.cut]
        return self._clusters(clustered.label, held, clustered)

    def cluster_pairwise_predictions_at_multiple_thresholds(
        self,
        df_predict: Predictions,
        match_probability_thresholds: Sequence[float] | None = None,
        match_weight_thresholds: Sequence[float] | None = None,
        *,
        output_cluster_summary_stats: bool = False,
    ) -> Result:
        """
        Connected components at several thresholds, each once for all records.

        Args:
            df_predict: Pairs.
            match_probability_thresholds: Probabilities from which pairs count.
            match_weight_thresholds: The same as weights (bits).
            output_cluster_summary_stats: Instead of the records one row a threshold: num_clusters, max_cluster_size,
                avg_cluster_size.

        Returns:
            source_dataset, unique_id, and a column a threshold, as Splink calls them: cluster_p_0_9, cluster_mw_3_5.

        Raises:
            BadSettings: If not exactly one of the two kinds of thresholds is given.
        """
        limits = match_weight_thresholds if match_probability_thresholds is None else match_probability_thresholds
        if (match_probability_thresholds is None) == (match_weight_thresholds is None) or not limits:
            raise BadSettings("match_probability_thresholds, match_weight_thresholds: expected one of both")
        by_weight = match_probability_thresholds is None
        ordered = sorted(set(limits))
        floors = [_floor(None, limit) if by_weight else _floor(limit, None) for limit in ordered]
        edges, bits = self._edges(df_predict)
        labels = clusters_at(edges, bits, floors=floors, n_records=self._linker.inputs.n_records)
        if output_cluster_summary_stats:
            return Result(
                pa.Table.from_pylist([_sizes(label, limit) for label, limit in zip(labels, ordered, strict=True)])
            )
        table = self._members(np.arange(labels.shape[1])).drop_columns(["cluster_id"])
        for label, limit in zip(labels, ordered, strict=True):
            name = f"cluster_{'mw' if by_weight else 'p'}_{f'{limit:.6f}'.rstrip('0').rstrip('.').replace('.', '_')}"
            table = table.append_column(name, self._members(label).column("cluster_id"))
        return Result(table)

    def cluster_using_single_best_links(
        self,
        df_predict: Predictions,
        duplicate_free_datasets: Sequence[str],
        threshold_match_probability: float | None = None,
        threshold_match_weight: float | None = None,
        ties_method: TiesMethod = "lowest_id",
    ) -> Clusters:
        """
        Clusters of which each holds at most one record of the given tables, best links first.

        Greedy, as Splink does it, for comparison; `decide` gives the best assignment instead.

        Args:
            df_predict: Pairs.
            duplicate_free_datasets: Tables of which a cluster may hold one record.
            threshold_match_probability: From which a pair counts.
            threshold_match_weight: The same as a weight (bits).
            ties_method: Of equally good links the one of the lowest record counts, or none.
        """
        floor = _floor(threshold_match_probability, threshold_match_weight)
        edges, bits = self._edges(df_predict)
        alone = self._alone(duplicate_free_datasets)
        kept = bits >= floor
        if ties_method == "drop" and alone is not None:
            kept[kept] = without_ties(edges[kept], bits[kept], alone=alone)
        clustered = constrained_clusters(
            edges[kept],
            bits[kept],
            n_records=self._linker.inputs.n_records,
            floor_bits=max(floor, -1e6),
            alone=alone,
            most_exact=0,
        )
        return self._clusters(clustered.label, edges[kept][~clustered.cut], clustered)

    def greedy_links(self, df_predict: Predictions, *, threshold_match_probability: float = 0.5) -> Result:
        """One-to-one links, best pair first: for comparison with `decide`."""
        pairs = df_predict.pairs
        over = pairs.weight - prior_bits(threshold_match_probability) + 1e-9
        return Result(df_predict.table.filter(pa.array(greedy_links(pairs.left, pairs.right, over))))

    def best_links(self, df_predict: Predictions, *, threshold_match_probability: float = 0.5) -> Result:
        """Pairs in which both records are each other's best: for comparison with `decide`."""
        pairs = df_predict.pairs
        over = pairs.weight - prior_bits(threshold_match_probability) + 1e-9
        return Result(df_predict.table.filter(pa.array(best_links(pairs.left, pairs.right, over))))

    def clusters_of(self, decisions: Decisions) -> Clusters:
        """
        Clusters of the links of a decision.

        Between two tables the linked pairs. Where duplicates are sought, the persons by average linkage
        (`linkage.decision.average`), so that one wrong link does not join two of them; under constraints the connected
        components that keep them.
        """
        edges, bits = self._edges(decisions.predictions)
        link = decisions.decided.link
        held = edges[link]
        if decisions.within and decisions.constraints is None:
            over = np.where(link, np.maximum(bits, 0.0), np.minimum(bits, -1e-9))
            label = average_clusters(edges, over, n_records=self._linker.inputs.n_records, link_bits=0.0)
            return self._clusters(label, held[label[held[:, 0]] == label[held[:, 1]]], None)
        clustered = constrained_clusters(
            held,
            np.ones(len(held)),
            n_records=self._linker.inputs.n_records,
            constraints=self._records_of(decisions.constraints),
        )
        return self._clusters(clustered.label, held[~clustered.cut], clustered)

    def compute_graph_metrics(self, df_predict: Predictions | None, df_clustered: Clusters) -> ClusterMetrics:
        """Degree of records, bridges among pairs, density and centralisation of clusters; of the pairs that counted."""
        del df_predict  # Splink's signature; a `Clusters` knows its pairs
        return cluster_metrics(df_clustered.edges, df_clustered.label)

    def _edges(self, predictions: Predictions) -> tuple[IntArray, np.ndarray[tuple[int], np.dtype[np.float64]]]:
        left, right = self._linker.engine.records(predictions.pairs.left, predictions.pairs.right)
        return np.stack([left, right], axis=1), predictions.pairs.weight

    def _alone(self, tables: Sequence[str]) -> IntArray | None:
        names = self._linker.inputs.names
        unknown = [name for name in tables if name not in names]
        if unknown:
            raise BadSettings(f"duplicate_free_datasets: no table {unknown[0]!r}; expected some of {', '.join(names)}")
        if not tables:
            return None
        codes = np.array([number if name in tables else -1 for number, name in enumerate(names)], dtype=np.int64)
        return codes[self._linker.inputs.codes]

    def _among_records(self, constraints: Sequence[Constraint]) -> Constraints | None:
        return self._records_of(bind_constraints(constraints, self._linker.engine) if constraints else None)

    def _records_of(self, bound: Constraints | None) -> Constraints | None:
        """Constraints between rows of two sides as constraints among all records."""
        if bound is None or bound.within:
            return bound
        shift = np.array([0, self._linker.engine.n_rows[0]], dtype=np.int64)
        return Constraints(bound.must + shift, bound.cannot + shift, True, bound.said)

    def _clusters(self, label: IntArray, edges: IntArray, clustered: Clustered | None) -> Clusters:
        return Clusters(self._members(label), label, edges, clustered)

    def _members(self, label: IntArray) -> pa.Table:
        """Every record, its cluster, and the columns that the settings retain."""
        inputs = self._linker.inputs
        names = np.array(inputs.names, dtype=object)[inputs.codes]
        ids = inputs.ids
        first = ids.take(pa.array(label))
        if len(inputs.names) > 1:
            first = pc.binary_join_element_wise(pa.array(names[label], pa.string()), first, ":")
        table = pa.table({"cluster_id": first, "source_dataset": pa.array(names, pa.string()), "unique_id": ids})
        for name in retained_columns(self._linker.engine):
            if name not in table.column_names:
                table = table.append_column(name, inputs.together().column(name))
        return table


def _floor(probability: float | None, weight_bits: float | None) -> float:
    return weight_of(probability, weight_bits) - 1e-9


def _sizes(label: IntArray, limit: float) -> dict[str, object]:
    sizes = np.unique(label, return_counts=True)[1]
    mean = float(sizes.mean()) if len(sizes) else None
    return {
        "threshold": limit,
        "num_clusters": len(sizes),
        "max_cluster_size": int(sizes.max(initial=0)),
        "avg_cluster_size": mean,
    }
