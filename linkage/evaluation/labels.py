"""Precision and recall against known pairs, misses of blocking included. Opens nothing."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import IntArray
from linkage.evaluation.intervals import wilson_interval
from linkage.evaluation.pairs import pair_keys

__all__ = ["LabelScores", "score_links"]


class LabelScores(BaseModel):
    """How links compare with the true pairs. A synonym error is a missed pair, a homonym error a wrong one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_right: int = Field(ge=0, description="Links that are true pairs.")
    n_wrong: int = Field(ge=0, description="Links that are not: homonym errors.")
    n_missed: int = Field(ge=0, description="True pairs that were not linked: synonym errors, blocked away or not.")

    @property
    def precision(self) -> float:
        """Share of the links that are right; NaN without links."""
        return _share(self.n_right, self.n_right + self.n_wrong)

    @property
    def recall(self) -> float:
        """Share of the true pairs that were linked; NaN without true pairs."""
        return _share(self.n_right, self.n_right + self.n_missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return _share(2 * self.n_right, 2 * self.n_right + self.n_wrong + self.n_missed)

    @property
    def precision_interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the precision."""
        return wilson_interval(self.n_right, self.n_right + self.n_wrong)

    @property
    def recall_interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the recall."""
        return wilson_interval(self.n_right, self.n_right + self.n_missed)


def score_links(links: IntArray, truth: IntArray) -> LabelScores:
    """
    Compare links with the truth; a pair given twice counts once.

    Args:
        links: `(n_links, 2)` left and right row of every link.
        truth: `(n_true, 2)` left and right row of every true pair, of both tables entirely.
    """
    found, true = (np.unique(pair_keys(pairs[:, 0], pairs[:, 1])) for pairs in (links, truth))
    right = int(np.isin(found, true, assume_unique=True).sum())
    return LabelScores(n_right=right, n_wrong=len(found) - right, n_missed=len(true) - right)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
