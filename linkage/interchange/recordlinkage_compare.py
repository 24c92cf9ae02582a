"""
This engine's comparisons as features of recordlinkage's Compare.

    compare = rl.Compare([LevelFeature(cl.DateOfBirthComparison("born")), LevelFeature(cl.NameComparison("surname"))])
    features = compare.compute(links, a, b)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from recordlinkage.base import BaseCompareFeature

from linkage.arrays import FloatArray
from linkage.columns import Columns
from linkage.comparison.comparison import Comparison

__all__ = ["LevelFeature"]


class LevelFeature(BaseCompareFeature):  # type: ignore[misc]
    """
    A comparison's level as a number: 0 for "else", 1 for the strongest level, evenly between; NaN for null.

    Args:
        comparison: What is compared; its columns must have the same names in both frames.
        label: Name of the feature; the comparison's unless given.

    Raises:
        WrongType: When a level cannot work on the values of a frame.
    """

    def __init__(self, comparison: Comparison, *, label: str | None = None) -> None:
        self.comparison = comparison
        self.columns = sorted(comparison.columns)
        super().__init__(self.columns, self.columns, label=label or comparison.name)

    def _compute(self, left_on: Sequence[Any], right_on: Sequence[Any]) -> FloatArray:
        left, right = (self._table(side) for side in (left_on, right_on))
        rows = np.arange(left.num_rows)
        gammas = self.comparison.prepare(Columns(left, right)).gammas(rows, rows)
        top = len(self.comparison.level_names) - 1
        return np.asarray(np.where(gammas < 0, np.nan, gammas / top), dtype=np.float64)

    def _table(self, side: Sequence[Any]) -> pa.Table:
        frame = pd.DataFrame({name: np.asarray(column) for name, column in zip(self.columns, side, strict=True)})
        return pa.Table.from_pandas(frame, preserve_index=False)
