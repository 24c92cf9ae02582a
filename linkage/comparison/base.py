"""What every comparison bound to two tables promises. Opens nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from linkage.arrays import Int8Array, IntArray

if TYPE_CHECKING:
    from linkage.columns import Codes
    from linkage.comparison.frequencies import LevelTerms

__all__ = ["NULL", "UNSETTLED", "Prepared"]

NULL = -1  # the level of a pair with nothing on a side: weight 0, neither for nor against
UNSETTLED = -2  # of `quick`: only `gammas` can tell


class Prepared(ABC):
    """A comparison bound to two tables: distinct values are encoded once, batches of pairs follow."""

    @abstractmethod
    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        """
        Levels of the pairs `(left_rows[i], right_rows[i])`.

        Returns:
            `(n_pairs,)`: index into the comparison's `level_names`, or `NULL`.
        """

    def quick(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:  # noqa: ARG002
        """
        What integer work alone settles, vectorised: missing and equal values, sets that share nothing.

        Returns:
            `(n_pairs,)`: as `gammas`, or `UNSETTLED`.
        """
        return np.full(len(left_rows), UNSETTLED, dtype=np.int8)

    @property
    def codes(self) -> Codes | None:
        """The distinct values whose equality is the strongest level; None where that is not what it means."""
        return None

    @property
    def cost(self) -> int:
        """0 where pairs are compared as integers, 1 as numbers or sets, 2 as texts, 3 by SQL or Python."""
        return 2

    @property
    def terms(self) -> tuple[LevelTerms, ...]:
        """The levels on which agreeing on a rare value counts more."""
        return ()
