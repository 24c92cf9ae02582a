"""
This engine's blocking as an indexer of recordlinkage.

    indexer = rl.Index([RuleIndex(block_on("surname", "substr(postcode, 1, 2)"), block_on("date_of_birth"))])
    links = indexer.index(a, b)
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from recordlinkage.base import BaseIndexAlgorithm

from linkage.arrays import IntArray
from linkage.blocking import BlockingRule, Candidates
from linkage.interchange.recordlinkage import to_candidate_links

__all__ = ["RuleIndex"]


class RuleIndex(BaseIndexAlgorithm):  # type: ignore[misc]
    """
    Candidate links by blocking rules, each pair once; within one frame the later record first, as theirs have it.

    Args:
        rules: A pair is proposed if any of them proposes it.
        max_pairs: More are refused before any is made.

    Raises:
        BudgetExceeded: When more pairs would be proposed.
        ColumnMissing: When a frame lacks a column.
    """

    def __init__(self, *rules: BlockingRule, max_pairs: int = 20_000_000) -> None:
        super().__init__()
        self.rules, self.max_pairs = rules, max_pairs

    def _link_index(self, df_a: pd.DataFrame, df_b: pd.DataFrame) -> pd.MultiIndex:
        left, right = self._pairs(Candidates(_table(df_a), _table(df_b), rules=self.rules))
        return to_candidate_links(left, right, left_labels=list(df_a.index), right_labels=list(df_b.index))

    def _dedup_index(self, df_a: pd.DataFrame) -> pd.MultiIndex:
        earlier, later = self._pairs(Candidates(_table(df_a), rules=self.rules))
        labels = list(df_a.index)
        return to_candidate_links(later, earlier, left_labels=labels, right_labels=labels)

    def _pairs(self, candidates: Candidates) -> tuple[IntArray, IntArray]:
        candidates.plan().check(max_pairs=self.max_pairs)
        batches = list(candidates.batches())
        if not batches:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        left = np.concatenate([batch.left for batch in batches])
        return left, np.concatenate([batch.right for batch in batches])


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)
