"""
Joint tables of the levels of several comparisons: nulls summed out, pairwise log-linear fits. Opens nothing.

A table has one axis a comparison and one index a level. A *pattern table* has one index more on each axis: the last
stands for null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from linkage.arrays import FloatArray, Int8Array, IntArray

__all__ = ["JointAxes", "independent", "pairwise_fit", "with_nulls"]


def with_nulls(table: FloatArray) -> FloatArray:
    """
    The pattern table of a distribution: what is null is summed out, exactly.

    >>> with_nulls(np.array([[0.1, 0.2], [0.3, 0.4]])).round(12).tolist()
    [[0.1, 0.2, 0.3], [0.3, 0.4, 0.7], [0.4, 0.6, 1.0]]
    """
    out = table
    for axis in range(table.ndim):
        out = np.concatenate([out, out.sum(axis=axis, keepdims=True)], axis=axis)
    return out


def independent(margins: Sequence[FloatArray]) -> FloatArray:
    """The product of one distribution an axis."""
    out: FloatArray = np.ones([1] * len(margins))
    for axis, margin in enumerate(margins):
        out = out * margin.reshape([-1 if other == axis else 1 for other in range(len(margins))])
    return out


def pairwise_fit(
    table: FloatArray, counts: FloatArray, *, margins: Sequence[tuple[int, ...]], sweeps: int
) -> FloatArray:
    """
    Iterative proportional fitting of a distribution to some margins of `counts`.

    Started from a table of the family (products of functions of the margins' axes) it stays there, and no step lowers
    sum(counts * log(table)): each sets one margin to its best value given the others.

    Args:
        table: Where to start: above 0 with sum 1.
        counts: Expected counts, above 0, of the same shape.
        margins: Axes of each margin: a pair for an interaction, one axis where it has none.
        sweeps: Rounds over all margins.

    Source: Deming and Stephan (1940); Bishop, Fienberg and Holland, Discrete Multivariate Analysis (1975), ch. 3.
    """
    total = float(counts.sum())
    rest = [tuple(axis for axis in range(table.ndim) if axis not in kept) for kept in margins]
    wanted = [counts.sum(axis=others, keepdims=True) / total for others in rest]
    out = table
    for _ in range(sweeps):
        for others, margin in zip(rest, wanted, strict=True):
            out = out * (margin / out.sum(axis=others, keepdims=True))
    fitted: FloatArray = out / float(out.sum())
    return fitted


@dataclass(frozen=True, slots=True)
class JointAxes:
    """
    The comparisons of one joint table, and where each pattern lies in its pattern table.

    Attributes:
        members: Columns of the comparisons.
        shape: Levels of each.
        cells: `(n_patterns,)` flat cell in the pattern table.
        absent: For each combination of nulls that occurs: the axes that are null.
    """

    members: tuple[int, ...]
    shape: tuple[int, ...]
    cells: IntArray
    absent: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, gammas: Int8Array, *, members: Sequence[int], level_counts: Sequence[int]) -> JointAxes:
        """
        Place patterns.

        Args:
            gammas: `(n_patterns, n_comparisons)`.
            members: Columns of the comparisons, ascending.
            level_counts: Levels of all comparisons.
        """
        shape = tuple(level_counts[column] for column in members)
        cells = np.zeros(len(gammas), dtype=np.int64)
        for column, n_levels in zip(members, shape, strict=True):
            cells = cells * (n_levels + 1) + np.where(gammas[:, column] < 0, n_levels, gammas[:, column])
        null = np.zeros(len(gammas), dtype=np.int64)
        for axis, column in enumerate(members):
            null |= (gammas[:, column] < 0).astype(np.int64) << axis
        occurring = np.flatnonzero(np.bincount(null, minlength=1)).tolist()
        absent = [tuple(axis for axis in range(len(shape)) if mask >> axis & 1) for mask in occurring]
        return cls(tuple(members), shape, cells, tuple(sorted(absent)))

    @property
    def n_cells(self) -> int:
        """Cells of the table, without nulls."""
        return prod(self.shape)

    def log_probability(self, table: FloatArray) -> FloatArray:
        """`(n_patterns,)` log-probability of what is not null in each pattern."""
        logs: FloatArray = np.log(with_nulls(table)).reshape(-1)[self.cells]
        return logs

    def pattern_counts(self, counts: FloatArray) -> FloatArray:
        """Counts of patterns, `(n_patterns,)`, as a pattern table."""
        wide = tuple(n + 1 for n in self.shape)
        summed: FloatArray = np.bincount(self.cells, weights=counts, minlength=prod(wide)).astype(np.float64)
        return summed.reshape(wide)

    def completed(self, counts: FloatArray, table: FloatArray) -> FloatArray:
        """
        Expected counts of all cells: a pair with nulls is spread over the cells it may lie in as `table` says.

        Args:
            counts: `(n_patterns,)`.
            table: The present distribution.
        """
        wide = self.pattern_counts(counts)
        out: FloatArray = np.zeros(self.shape)
        for absent in self.absent:
            place = tuple(slice(n, n + 1) if axis in absent else slice(0, n) for axis, n in enumerate(self.shape))
            out = out + table * (wide[place] / table.sum(axis=absent, keepdims=True))
        return out
