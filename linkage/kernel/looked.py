"""
What integers tell of one comparison: a value missing, codes equal, a level reached by a test, none. Opens nothing.

A state stands for the levels that a pair in it may have: the one whose test it passes, and those before it that
integers do not tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linkage.arrays import Int8Array, Int32Array, IntArray
from linkage.kernel.contract import UNKNOWN, UNSETTLED, Comparable, Near, quick_of, rungs_of

__all__ = ["EQUAL", "Looked", "first_rows", "ladder", "told_by"]

EQUAL = 1  # state of a pair with equal codes; 0 = a code missing, from 2 on the tests, last of all none
_MOSTLY = 0.5  # share of pairs with unequal codes from which all are tested


@dataclass(frozen=True, slots=True)
class Looked:
    """
    One comparison that is looked at.

    Attributes:
        column: The comparison.
        left: `(n_left,)` value codes, -1 = missing.
        right: `(n_right,)` the same.
        tests: Asked in order where codes are unequal.
        told: `(n_states,)` level that each state tells, -1 = null, `UNSETTLED` or `UNKNOWN`.
        bits: `(n_values,)` most that its terms add where codes are equal; empty where it has none.
    """

    column: int
    left: Int32Array
    right: Int32Array
    tests: tuple[Near, ...]
    told: Int8Array
    bits: NDArray[np.float32]

    def states(self, left: IntArray, right: IntArray) -> tuple[Int8Array, Int32Array]:
        """`(n_pairs,)` states, and codes of the left side."""
        a, b = self.left[left], self.right[right]
        unequal = a != b
        state = unequal.view(np.int8)
        if self.tests:
            open_ = np.flatnonzero(unequal)
            if len(open_) > _MOSTLY * len(a):
                state = state * (self._rungs(left, right) + np.int8(1))
            else:
                state[open_] += self._rungs(left[open_], right[open_])
        state += np.int8(1)
        state *= (a | b) >= 0
        return state, a

    def _rungs(self, left: IntArray, right: IntArray) -> Int8Array:
        """`(n_pairs,)` number of the first test that is passed, or of tests."""
        out = np.full(len(left), len(self.tests), dtype=np.int8)
        last: Near | None = None
        c = d = np.zeros(0, dtype=np.int32)
        for number in reversed(range(len(self.tests))):
            test = self.tests[number]
            if last is None or test.left is not last.left or test.right is not last.right:
                last, c, d = test, test.left[left], test.right[right]
            passed = (np.abs(c - d) <= test.most) if test.most else c == d
            passed &= (c | d) >= 0
            np.copyto(out, np.int8(number), where=passed)
        return out


def ladder(prepared: Comparable, n_levels: int) -> tuple[tuple[Near, ...], list[list[int]]]:
    """
    The tests of a comparison with codes, and of each state the levels a pair may have, `n_levels` being null.

    Args:
        prepared: The comparison.
        n_levels: Its levels.
    """
    top, null = n_levels - 1, n_levels
    rungs = rungs_of(prepared)
    if rungs is None:
        rest = list(range(top)) if _null_by_code(prepared) else [*range(top), null]
        return (), [list(range(n_levels + 1)), [top], rest]
    told, may = [[null], [top]], []
    tests: list[Near] = []
    for rung in rungs[:-1]:
        if rung.near is None:
            may.append(rung.gamma)
        else:
            tests.append(rung.near)
            told.append([*may, rung.gamma])
    return tuple(tests), [*told, [*may, rungs[-1].gamma]]


def told_by(states: Sequence[Sequence[int]], n_levels: int) -> Int8Array:
    """`(n_states,)` the level where there is only one, `UNSETTLED` where it is not null, else `UNKNOWN`."""
    single = [-1 if held[0] == n_levels else held[0] for held in states]
    several = [UNKNOWN if n_levels in held else UNSETTLED for held in states]
    only = [len(held) == 1 for held in states]
    return np.where(only, single, several).astype(np.int8)


def _null_by_code(prepared: Comparable) -> bool:
    """
    Whether a pair is null only where a code is missing.

    A date that cannot be parsed has a code and is null. So every value is asked once for, beside one of the other
    side: integer work, and no more than there are distinct values.
    """
    codes, quick = prepared.codes, quick_of(prepared)
    if codes is None or quick is None:
        return False
    for one, two, turned in ((codes.left, codes.right, False), (codes.right, codes.left, True)):
        rows, others = first_rows(one, len(codes)), first_rows(two, len(codes))
        rows, others = rows[rows >= 0], others[others >= 0]
        if not len(others):
            return False
        beside = np.full(len(rows), others[-1])
        asked = quick(beside, rows) if turned else quick(rows, beside)
        if (asked == -1).any():
            return False
    return True


def first_rows(codes: Int32Array, n_values: int) -> IntArray:
    """`(n_values,)` first row with each value, -1 for none."""
    out = np.full(n_values + 1, -1, dtype=np.int64)
    out[codes[::-1]] = np.arange(len(codes))[::-1]
    return out[:-1]
