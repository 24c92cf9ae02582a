"""Comparisons: how alike two records are in one respect, as a small number of named levels."""

from linkage.comparison.base import NULL, UNSETTLED, Prepared
from linkage.comparison.comparison import Comparison

__all__ = ["NULL", "UNSETTLED", "Comparison", "Prepared"]
