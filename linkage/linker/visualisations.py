"""`linker.visualisations`: charts of the model, of pairs, of clusters; no raw value unless asked for. Writes pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linkage.charts.chart import Chart
from linkage.charts.cluster_viewer import ClusterOrder
from linkage.charts.columns import completeness_chart, completeness_of
from linkage.charts.dependence import dependence_chart
from linkage.charts.estimates import (
    estimates_of_intervals,
    estimates_of_model,
    estimates_of_sessions,
    parameter_estimate_comparisons_chart,
)
from linkage.charts.interactions import interaction_weights_chart
from linkage.charts.model import (
    em_history_chart,
    m_u_parameters_chart,
    match_weights_chart,
    match_weights_history_chart,
)
from linkage.charts.page import Page
from linkage.charts.similarity import comparator_score_chart
from linkage.charts.waterfall import waterfall_chart
from linkage.charts.weights import match_weights_histogram
from linkage.evaluation.quality import QualityEstimate
from linkage.linker.clustering import Clusters
from linkage.linker.dashboards import (
    cluster_page,
    comparison_page,
    estimated_quality_chart,
    frequency_chart,
    profile_chart,
)
from linkage.linker.decisions import Decisions
from linkage.linker.parameters import NotTrained
from linkage.linker.predictions import Predictions
from linkage.linker.result import free_path
from linkage.model.bootstrap import Intervals
from linkage.model.sessions import Session
from linkage.model.weights import prior_bits

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["Visualisations"]


class Visualisations:
    """Charts of a linker; each `Chart` has `.save(path)`."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

    def match_weights_chart(self, *, remove_sensitive_data: bool = True) -> Chart:
        """What reaching each level is worth."""
        return match_weights_chart(self._linker.parameters.so_far(), remove_sensitive_data=remove_sensitive_data)

    def m_u_parameters_chart(self, *, remove_sensitive_data: bool = True) -> Chart:
        """How often each level is reached among matches and among others."""
        return m_u_parameters_chart(self._linker.parameters.so_far(), remove_sensitive_data=remove_sensitive_data)

    def match_weights_history_chart(self, *, remove_sensitive_data: bool = True) -> Chart:
        """The weight of every level from the starting values on, after each session, and as the model has it now."""
        models = self._linker.parameters.course()
        return match_weights_history_chart(models, remove_sensitive_data=remove_sensitive_data)

    def interaction_weights_chart(self, *, most: int = 12, remove_sensitive_data: bool = True) -> Chart:
        """What dependent comparisons add to, or take from, the sum of their weights."""
        model = self._linker.parameters.so_far()
        return interaction_weights_chart(model, most=most, remove_sensitive_data=remove_sensitive_data)

    def quality_chart(self, estimate: QualityEstimate) -> Chart:
        """
        Precision, recall and blocking loss with intervals, for all and by subgroup.

        Args:
            estimate: From `linker.evaluation.estimate_without_labels(decisions, by=[...])`.
        """
        return estimated_quality_chart(estimate)

    def profile_columns_chart(
        self, column_expressions: Sequence[str] | None = None, *, remove_sensitive_data: bool = True
    ) -> Chart:
        """
        How the values of columns are spread over all records.

        Args:
            column_expressions: Columns, or SQL of one; every compared column unless given.
            remove_sensitive_data: Say the rank of a value instead of the value.

        Raises:
            ColumnMissing: If a table lacks a column.
        """
        return profile_chart(self._linker, column_expressions, remove_sensitive_data=remove_sensitive_data)

    def comparator_score_chart(self, pairs: Sequence[tuple[str, str]], *, remove_sensitive_data: bool = True) -> Chart:
        """Similarities and distances of pairs of texts, to choose thresholds by."""
        return comparator_score_chart(pairs, remove_sensitive_data=remove_sensitive_data)

    def match_weights_histogram(self, df_predict: Predictions) -> Chart:
        """Pairs by match weight, with the thresholds."""
        settings = self._linker.settings
        bits, counts = np.unique(np.round(df_predict.pairs.weight, 3), return_counts=True)
        lines = {"possible": prior_bits(settings.possible), "link": prior_bits(settings.threshold)}
        return match_weights_histogram(bits, counts.astype(np.int64), thresholds=lines)

    def em_history_chart(self, session: Session | None = None) -> Chart:
        """
        The course of EM: of one session, or of the last training.

        Raises:
            NotTrained: If nothing was trained.
        """
        parameters = self._linker.parameters
        if session is not None:
            return em_history_chart(session.history, converged=session.converged)
        if parameters.trained is not None:
            fit = parameters.trained.fit
            return em_history_chart(fit.history, converged=fit.converged)
        if parameters.sessions:
            return self.em_history_chart(parameters.sessions[-1])
        raise NotTrained("em_history_chart: expected a training; run linker.training.train()")

    def dependence_chart(self) -> Chart:
        """
        Which comparisons tell each other, among matches and among the rest, and which of these the model knows.

        Raises:
            NotTrained: If the model was not trained by `linker.training.train()`.
        """
        trained = self._linker.parameters.trained
        if trained is None:
            raise NotTrained("dependence_chart: expected a model trained by linker.training.train()")
        return dependence_chart(trained.found.dependence, comparisons=[name for name, _ in self._linker.engine.named])

    def parameter_estimate_comparisons_chart(
        self, *, include_m: bool = True, include_u: bool = False, intervals: Intervals | None = None
    ) -> Chart:
        """
        m and u as each session found them, and with bootstrap intervals.

        Args:
            include_m: Whether m is shown.
            include_u: Whether u is shown.
            intervals: From `linker.training.bootstrap()`.
        """
        parameters = self._linker.parameters
        held = estimates_of_sessions(parameters.sessions, comparisons=parameters.named)
        if parameters.whole is not None and intervals is None:
            held += estimates_of_model(parameters.whole, session="model")
        if intervals is not None:
            held += estimates_of_intervals(intervals)
        wanted = {letter for letter, on in (("m", include_m), ("u", include_u)) if on}
        return parameter_estimate_comparisons_chart([part for part in held if part.parameter in wanted])

    def completeness_chart(self) -> Chart:
        """Share of the records with a value, by column and table."""
        return completeness_chart(completeness_of({s.name: s.table for s in self._linker.inputs.sources}))

    def waterfall_chart(
        self,
        left: str,
        right: str,
        *,
        decisions: Decisions | None = None,
        remove_sensitive_data: bool = True,
    ) -> Chart:
        """
        How the weight of a pair adds up.

        Args:
            left: Unique id, or `table:id`.
            right: The same of the other record.
            decisions: What was decided.
            remove_sensitive_data: Leave out ids and values.
        """
        told = self._linker.explain(left, right, decisions=decisions, show_values=not remove_sensitive_data)
        return waterfall_chart(told, remove_sensitive_data=remove_sensitive_data)

    def tf_adjustment_chart(
        self,
        output_column_name: str,
        *,
        n_most_freq: int = 10,
        n_least_freq: int = 10,
        vals_to_include: Sequence[str] = (),
        remove_sensitive_data: bool = True,
    ) -> Chart:
        """
        What agreeing on frequent and on rare values of a comparison is worth.

        Raises:
            BadSettings: If the comparison has no term frequencies.
        """
        return frequency_chart(
            self._linker,
            output_column_name,
            n_most=n_most_freq,
            n_least=n_least_freq,
            include=vals_to_include,
            remove_sensitive_data=remove_sensitive_data,
        )

    def comparison_viewer_dashboard(
        self,
        df_predict: Predictions,
        out_path: str | Path | None = None,
        *,
        num_example_rows: int = 2,
        overwrite: bool = False,
        remove_sensitive_data: bool = True,
    ) -> Page:
        """One page with every agreement pattern of the predictions, its weight and example pairs."""
        page = comparison_page(
            self._linker, df_predict, n_examples=num_example_rows, remove_sensitive_data=remove_sensitive_data
        )
        return _saved(page, out_path, overwrite=overwrite)

    def cluster_studio_dashboard(
        self,
        df_predict: Predictions,
        df_clustered: Clusters,
        out_path: str | Path | None = None,
        *,
        order: ClusterOrder = "largest",
        overwrite: bool = False,
        remove_sensitive_data: bool = True,
    ) -> Page:
        """One page with the clusters drawn, bridges marked."""
        page = cluster_page(
            self._linker, df_predict, df_clustered, order=order, remove_sensitive_data=remove_sensitive_data
        )
        return _saved(page, out_path, overwrite=overwrite)


def _saved(page: Page, out_path: str | Path | None, *, overwrite: bool) -> Page:
    if out_path is not None:
        page.save(free_path(out_path, overwrite=overwrite))
    return page
