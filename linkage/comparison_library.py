"""
Comparisons by the names Splink users know, and ours. Imported as `cl`.

Each function gives a `Comparison`: a frozen setting that is written as JSON, with `.configure(...)` for term
frequencies, m, u and what a missing value means. Opens nothing.

>>> from linkage import comparison_library as cl
>>> cl.GermanNameComparison("surname").level_names
('else', 'jaro_winkler_0.80', 'jaro_winkler_0.92', 'variant', 'exact')
"""

from linkage.comparison.made.codes import (
    AGSComparison,
    CodeSetComparison,
    ICD10GMComparison,
    IKComparison,
    KVNRComparison,
    OPSComparison,
    PLZComparison,
)
from linkage.comparison.made.persons import (
    DateComparison,
    DateOfBirthComparison,
    EmailComparison,
    ForenameSurnameComparison,
    GermanNameComparison,
    NameComparison,
    PlaceComparison,
    PostcodeComparison,
)
from linkage.comparison.made.thresholds import (
    AbsoluteDateDifferenceAtThresholds,
    AbsoluteTimeDifferenceAtThresholds,
    ArrayIntersectAtSizes,
    ArrayJaccardAtThresholds,
    CosineSimilarityAtThresholds,
    CustomComparison,
    DamerauLevenshteinAtThresholds,
    DistanceFunctionAtThresholds,
    DistanceInKMAtThresholds,
    ExactMatch,
    JaccardAtThresholds,
    JaroAtThresholds,
    JaroWinklerAtThresholds,
    LevenshteinAtThresholds,
    NumericDifferenceAtThresholds,
    PairwiseStringDistanceFunctionAtThresholds,
    PercentageDifferenceAtThresholds,
    PrefixComparison,
    QGramDiceAtThresholds,
    TextComparison,
)

__all__ = [
    "AGSComparison",
    "AbsoluteDateDifferenceAtThresholds",
    "AbsoluteTimeDifferenceAtThresholds",
    "ArrayIntersectAtSizes",
    "ArrayJaccardAtThresholds",
    "CodeSetComparison",
    "CosineSimilarityAtThresholds",
    "CustomComparison",
    "DamerauLevenshteinAtThresholds",
    "DateComparison",
    "DateOfBirthComparison",
    "DistanceFunctionAtThresholds",
    "DistanceInKMAtThresholds",
    "EmailComparison",
    "ExactMatch",
    "ForenameSurnameComparison",
    "GermanNameComparison",
    "ICD10GMComparison",
    "IKComparison",
    "JaccardAtThresholds",
    "JaroAtThresholds",
    "JaroWinklerAtThresholds",
    "KVNRComparison",
    "LevenshteinAtThresholds",
    "NameComparison",
    "NumericDifferenceAtThresholds",
    "OPSComparison",
    "PLZComparison",
    "PairwiseStringDistanceFunctionAtThresholds",
    "PercentageDifferenceAtThresholds",
    "PlaceComparison",
    "PostcodeComparison",
    "PrefixComparison",
    "QGramDiceAtThresholds",
    "TextComparison",
]
