"""Comparisons: how alike two records are in one respect, as a small number of named levels."""

from linkage.comparison.base import NULL, Comparison, Prepared
from linkage.comparison.codes import CodeSetComparison
from linkage.comparison.dates import DateComparison
from linkage.comparison.names import NameComparison
from linkage.comparison.numbers import NumberComparison
from linkage.comparison.text import ExactComparison, PrefixComparison, TextComparison

__all__ = [
    "NULL",
    "CodeSetComparison",
    "Comparison",
    "DateComparison",
    "ExactComparison",
    "NameComparison",
    "NumberComparison",
    "PrefixComparison",
    "Prepared",
    "TextComparison",
]
