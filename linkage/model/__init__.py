"""The model: what agreement is worth, learned from counts of agreement patterns without any truth."""

from linkage.model.dependence import PairDependence
from linkage.model.dependent import DependenceSettings, DependentFit, fit_dependent, refit_dependent
from linkage.model.em import EMSettings, Fit, Iteration, fit
from linkage.model.model import BadModel, ComparisonModel, DependentGroup, Model, ModelFacts
from linkage.model.patterns import PatternCounts, count_patterns, merge_patterns
from linkage.model.weights import PatternWeights, level_bits, pair_bits, posterior, prior_bits

__all__ = [
    "BadModel",
    "ComparisonModel",
    "DependenceSettings",
    "DependentFit",
    "DependentGroup",
    "EMSettings",
    "Fit",
    "Iteration",
    "Model",
    "ModelFacts",
    "PairDependence",
    "PatternCounts",
    "PatternWeights",
    "count_patterns",
    "fit",
    "fit_dependent",
    "level_bits",
    "merge_patterns",
    "pair_bits",
    "posterior",
    "prior_bits",
    "refit_dependent",
]
