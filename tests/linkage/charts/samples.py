"""One of every chart and viewer, made of few numbers and of values that can be searched for."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from linkage import charts
from linkage.explain import PairFacts, explain
from linkage.model import ComparisonModel, Iteration, Model
from linkage.model.model import DependentGroup

LEFT, RIGHT, LEFT_ID, RIGHT_ID, LITERAL = "Zzleftvalue", "Zzrightvalue", "Zzleftid", "Zzrightid", "Zzliteral"
MARKERS = (LEFT, RIGHT, LEFT_ID, RIGHT_ID, LITERAL)

SURNAME = ComparisonModel(
    name="surname", level_names=("else", "similar", "exact"), m=(0.05, 0.15, 0.8), u=(0.9, 0.09, 0.01)
)
TOWN = ComparisonModel(
    name="town", level_names=("else", f"l.town = '{LITERAL}'", "exact"), m=(0.1, 0.1, 0.8), u=(0.7, 0.1, 0.2)
)
MODEL = Model(comparisons=(SURNAME, TOWN), prior=0.001)
GROUPED = Model(
    comparisons=(SURNAME, TOWN),
    prior=0.001,
    groups=(
        DependentGroup(
            name="surname & town",
            comparisons=("surname", "town"),
            shape=(3, 3),
            m=(0.02, 0.01, 0.02, 0.03, 0.02, 0.1, 0.05, 0.05, 0.7),
            u=(0.65, 0.09, 0.16, 0.04, 0.02, 0.03, 0.002, 0.002, 0.006),
        ),
    ),
)
PAIR = PairFacts(LEFT_ID, RIGHT_ID, (2, 0), term_bits=(-1.5, 0.0), left_values=(LEFT, None), right_values=(LEFT, RIGHT))
HISTORY = [Iteration(number, -1000.0 / number, -1000.0 / number, 0.001 * number, 0.1**number) for number in range(1, 6)]
GAMMAS = np.array([[2, 2], [2, -1], [0, 0], [1, 0]], dtype=np.int8)
COUNTS = np.array([40, 7, 90_000, 800])
NODES = [
    charts.ViewerNode(LEFT_ID, "a", "claims", {"surname": LEFT}),
    charts.ViewerNode(RIGHT_ID, "a", "hospital", {"surname": RIGHT}),
    charts.ViewerNode("third", "a", "hospital"),
    charts.ViewerNode("fourth", "a", "hospital"),
    charts.ViewerNode("fifth", "b"),
]
EDGES = [
    charts.ViewerEdge(0, 1, 9.0),
    charts.ViewerEdge(2, 1, 8.0),
    charts.ViewerEdge(0, 2, 7.0),
    charts.ViewerEdge(2, 3, 3.0),
    charts.ViewerEdge(3, 4, 1.0),
]


class PairOfNames(NamedTuple):
    """Two comparisons, as the training tells their dependence."""

    first: str
    second: str
    among: str
    bits: float
    modelled: bool


def thresholds() -> pa.Table:
    """Counts at four thresholds, of 100 matches and 1,000 others."""
    tp, fp = np.array([100.0, 95.0, 80.0, 20.0]), np.array([300.0, 5.0, 1.0, 0.0])
    return pa.table(
        {
            "truth_threshold": [-5.0, 3.0, 8.0, 15.0],
            "tp": tp,
            "fp": fp,
            "fn": 100 - tp,
            "tp_rate": tp / 100,
            "fp_rate": fp / 1000,
            "precision": tp / (tp + fp),
            "recall": tp / 100,
            "f1": 2 * tp / (100 + tp + fp),
            "precision_low": tp / (tp + fp) - 0.02,
            "precision_high": tp / (tp + fp),
        }
    )


def _estimates() -> list[charts.ParameterEstimate]:
    return [
        *charts.estimates_of_model(MODEL, session=f"l.town = '{LITERAL}'"),
        charts.ParameterEstimate("surname", "exact", "m", "bootstrap", 0.7, 0.6, 0.9),
    ]


def _examples() -> list[charts.ExamplePair]:
    values = {"surname": (LEFT, RIGHT), "town": (None, RIGHT)}
    return [charts.ExamplePair((2, 2), 12.5, LEFT_ID, RIGHT_ID, "link", values)]


Drawn = charts.Chart | charts.Page

WITH_VALUES: dict[str, Callable[[bool], Drawn]] = {
    "match weights": lambda hide: charts.match_weights_chart(MODEL, remove_sensitive_data=hide),
    "m and u": lambda hide: charts.m_u_parameters_chart(MODEL, remove_sensitive_data=hide),
    "history of weights": lambda hide: charts.match_weights_history_chart([MODEL, MODEL], remove_sensitive_data=hide),
    "estimates": lambda hide: charts.parameter_estimate_comparisons_chart(_estimates(), remove_sensitive_data=hide),
    "waterfall": lambda hide: charts.waterfall_chart(
        explain(PAIR, model=MODEL, threshold=0.9, possible=0.1, show_values=True), remove_sensitive_data=hide
    ),
    "blocking": lambda hide: charts.blocking_rules_chart(
        [charts.RuleYield("surname", 50, 50, 20), charts.RuleYield(f"l.town = '{LITERAL}'", 30, 10)],
        n_possible=1000,
        remove_sensitive_data=hide,
    ),
    "profile": lambda hide: charts.profile_columns_chart(
        {"surname": ([LEFT, RIGHT], np.array([3, 9]))}, remove_sensitive_data=hide
    ),
    "dependence": lambda hide: charts.dependence_chart(
        [PairOfNames(LITERAL_NAME, "surname", "non-matches", 3.5, True)],
        comparisons=[LITERAL_NAME, "surname"],
        remove_sensitive_data=hide,
    ),
    "term frequencies": lambda hide: charts.tf_adjustment_chart(
        [LEFT, RIGHT],
        np.array([0.75, 0.25]),
        np.array([-1.0, 1.5]),
        comparison="surname",
        level_bits=6.0,
        vals_to_include=[LEFT],
        remove_sensitive_data=hide,
    ),
    "interactions": lambda hide: charts.interaction_weights_chart(GROUPED, remove_sensitive_data=hide),
    "comparators": lambda hide: charts.comparator_score_chart([(LEFT, RIGHT)], remove_sensitive_data=hide),
    "comparison viewer": lambda hide: charts.comparison_viewer(
        MODEL, GAMMAS, COUNTS, examples=_examples(), thresholds={"link": 3.2}, remove_sensitive_data=hide
    ),
    "cluster viewer": lambda hide: charts.cluster_viewer(NODES, EDGES, remove_sensitive_data=hide),
}
LITERAL_NAME = f"town = '{LITERAL}'"

WITHOUT_VALUES: dict[str, Callable[[], Drawn]] = {
    "EM history": lambda: charts.em_history_chart(HISTORY, converged=False),
    "histogram": lambda: charts.match_weights_histogram(
        np.array([-9.0, 2.0, 11.0]), np.array([900, 3, 40]), thresholds={"link": 3.2, "possible": 0.0}
    ),
    "completeness": lambda: charts.completeness_chart(
        charts.completeness_of({"claims": pa.table({"surname": [LEFT, None]}), "hospital": pa.table({"town": [RIGHT]})})
    ),
    "unlinkables": lambda: charts.unlinkables_chart({"claims": np.array([1.0, 4.0, 9.0])}, threshold=3.2),
    "ROC": lambda: charts.roc_chart(thresholds(), area=0.99),
    "precision and recall": lambda: charts.precision_recall_chart(thresholds()),
    "accuracy": lambda: charts.accuracy_chart(thresholds(), add_metrics=["fp_rate"]),
    "quality": lambda: charts.quality_chart(
        [
            charts.GroupedShare("precision", "all", 0.99, 0.98, 0.995),
            charts.GroupedShare("precision", "sex: female", None, 0.0, 1.0),
            charts.GroupedShare("recall", "all", 0.93, 0.9, 0.95),
        ]
    ),
    "threshold tool": lambda: charts.threshold_selection_tool(thresholds()),
}

EVERY: dict[str, Callable[[], Drawn]] = {
    **{name: (lambda make=make: make(True)) for name, make in WITH_VALUES.items()},
    **WITHOUT_VALUES,
}
