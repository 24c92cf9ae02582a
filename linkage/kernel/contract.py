"""What the kernel asks of comparisons and of term frequencies. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.columns import Codes
from linkage.comparison.base import Near, Rung

__all__ = ["UNKNOWN", "UNSETTLED", "Comparable", "Near", "Rung", "Terms", "cost_of", "quick_of", "rungs_of"]

UNSETTLED = -2  # what integer work alone does not settle; such a pair is not null
UNKNOWN = -3  # what was not asked yet


class Comparable(Protocol):
    """A comparison bound to two tables."""

    @property
    def codes(self) -> Codes | None:
        """Values that are equal if and only if the strongest level is reached; None where there are none."""

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        """`(n_pairs,)` levels, -1 = null."""


class Terms(Protocol):
    """Term-frequency weights of one level of one comparison."""

    @property
    def column(self) -> int:
        """The comparison's column in the levels."""

    @property
    def level(self) -> int:
        """The level that is adjusted."""

    @property
    def largest(self) -> float:
        """The most it can add (bits); infinite where that is not known."""

    def of_pairs(self, left_rows: IntArray, right_rows: IntArray) -> FloatArray:
        """`(n_pairs,)` bits to add to pairs that reach the level."""


def cost_of(prepared: Comparable) -> int:
    """0 integers, 1 numbers and sets, 2 text, 3 SQL and Python; 2 where it is not said."""
    return int(getattr(prepared, "cost", 2))


def quick_of(prepared: Comparable) -> Callable[[IntArray, IntArray], Int8Array] | None:
    """What integer work alone settles of a comparison; None where it does not say."""
    found: Callable[[IntArray, IntArray], Int8Array] | None = getattr(prepared, "quick", None)
    return found


def rungs_of(prepared: Comparable) -> tuple[Rung, ...] | None:
    """The levels below equal codes as tests of integers; None where it does not say."""
    found: tuple[Rung, ...] | None = getattr(prepared, "rungs", None)
    return found
