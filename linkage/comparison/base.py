"""What every comparison bound to two tables promises. Opens nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.arrays import Int8Array, Int32Array, IntArray

if TYPE_CHECKING:
    from linkage.columns import Codes
    from linkage.comparison.frequencies import LevelTerms

__all__ = ["NULL", "UNSETTLED", "Near", "Prepared", "Rung"]

NULL = -1  # the level of a pair with nothing on a side: weight 0, neither for nor against
UNSETTLED = -2  # of `quick`: only `gammas` can tell


@dataclass(frozen=True, slots=True)
class Near:
    """
    A level as a test of two integers: both are there and at most so far apart.

    Attributes:
        left: `(n_left,)` an integer of each row, -1 = none.
        right: `(n_right,)` the same.
        most: Largest difference; 0 = equal.
    """

    left: Int32Array
    right: Int32Array
    most: int


@dataclass(frozen=True, slots=True)
class Rung:
    """
    One level below the strongest, in the order in which levels are asked.

    Attributes:
        gamma: What a pair is given that reaches it.
        near: The test that tells whether it does; None where integers do not tell.
    """

    gamma: int
    near: Near | None


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
    def rungs(self) -> tuple[Rung, ...] | None:
        """
        The levels that follow equal `codes`, the last taking every pair that is left; None where it is not said.

        Where they are said a pair is null if and only if a code is missing.
        """
        return None

    @property
    def cost(self) -> int:
        """0 where pairs are compared as integers, 1 as numbers or sets, 2 as texts, 3 by SQL or Python."""
        return 2

    @property
    def terms(self) -> tuple[LevelTerms, ...]:
        """The levels on which agreeing on a rare value counts more."""
        return ()
