"""
Charts of a linkage: altair charts that are shown, handed on and saved without anything from the network.

Every chart leaves out the values of records unless it is told `remove_sensitive_data=False`; those without that
argument hold none in any case.
"""

from linkage.charts.accuracy import accuracy_chart, precision_recall_chart, roc_chart, threshold_selection_tool
from linkage.charts.blocking import RuleYield, blocking_rules_chart
from linkage.charts.chart import Chart, ChartFormat, charts_page, svg
from linkage.charts.cluster_viewer import ViewerEdge, ViewerNode, cluster_viewer
from linkage.charts.columns import Completeness, completeness_chart, completeness_of, profile_columns_chart
from linkage.charts.comparison_viewer import ExamplePair, comparison_viewer, pick_examples
from linkage.charts.dependence import dependence_chart
from linkage.charts.estimates import (
    ParameterEstimate,
    estimates_of_intervals,
    estimates_of_model,
    estimates_of_sessions,
    parameter_estimate_comparisons_chart,
)
from linkage.charts.frequencies import tf_adjustment_chart
from linkage.charts.interactions import interaction_weights_chart
from linkage.charts.model import (
    em_history_chart,
    m_u_parameters_chart,
    match_weights_chart,
    match_weights_history_chart,
)
from linkage.charts.page import Page
from linkage.charts.quality import GroupedShare, quality_chart
from linkage.charts.similarity import comparator_score_chart
from linkage.charts.unlinkables import unlinkables_chart
from linkage.charts.waterfall import waterfall_chart
from linkage.charts.weights import match_weights_histogram

__all__ = [
    "Chart",
    "ChartFormat",
    "Completeness",
    "ExamplePair",
    "GroupedShare",
    "Page",
    "ParameterEstimate",
    "RuleYield",
    "ViewerEdge",
    "ViewerNode",
    "accuracy_chart",
    "blocking_rules_chart",
    "charts_page",
    "cluster_viewer",
    "comparator_score_chart",
    "comparison_viewer",
    "completeness_chart",
    "completeness_of",
    "dependence_chart",
    "em_history_chart",
    "estimates_of_intervals",
    "estimates_of_model",
    "estimates_of_sessions",
    "interaction_weights_chart",
    "m_u_parameters_chart",
    "match_weights_chart",
    "match_weights_histogram",
    "match_weights_history_chart",
    "parameter_estimate_comparisons_chart",
    "pick_examples",
    "precision_recall_chart",
    "profile_columns_chart",
    "quality_chart",
    "roc_chart",
    "svg",
    "tf_adjustment_chart",
    "threshold_selection_tool",
    "unlinkables_chart",
    "waterfall_chart",
]
