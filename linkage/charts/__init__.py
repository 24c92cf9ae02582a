"""Charts of a linkage as altair charts, and as SVG that needs nothing from the network. They hold no record."""

from linkage.charts.model import em_history, level_probabilities, level_weights
from linkage.charts.svg import svg
from linkage.charts.weights import weight_histogram

__all__ = ["em_history", "level_probabilities", "level_weights", "svg", "weight_histogram"]
