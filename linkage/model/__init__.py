"""The model: what agreement is worth, learned from counts of agreement patterns without any truth."""

from linkage.model.em import EMSettings, Fit, Iteration, fit
from linkage.model.model import ComparisonModel, Model
from linkage.model.patterns import PatternCounts, count_patterns, merge_patterns
from linkage.model.weights import level_bits, pair_bits, posterior, prior_bits

__all__ = [
    "ComparisonModel",
    "EMSettings",
    "Fit",
    "Iteration",
    "Model",
    "PatternCounts",
    "count_patterns",
    "fit",
    "level_bits",
    "merge_patterns",
    "pair_bits",
    "posterior",
    "prior_bits",
]
