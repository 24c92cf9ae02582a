"""
The scan as one compiled loop, by numba (extra `fast`): the only module that imports it. Opens nothing.

Same pairs as the NumPy scan: the same integers are compared, the same table is read, the same single-precision sums
are made in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from linkage.arrays import Int32Array, IntArray
from linkage.blocking.candidates import Candidates, Slice
from linkage.kernel.equality import EqualityBound, Survivors
from linkage.kernel.scan import PlainScan

__all__ = ["CompiledScan"]


class CompiledScan:
    """
    Rules with plain keys in a compiled loop, all others by NumPy.

    Args:
        candidates: Which pairs.
        equality: The bound.
        plain: The NumPy scan.
    """

    def __init__(self, candidates: Candidates, equality: EqualityBound, *, plain: PlainScan) -> None:
        self._plain, self._equality = plain, equality
        self._n_fit = _n_fitting(candidates)
        rules = candidates.rules[: self._n_fit]
        self._loop = _loop()
        if not rules:
            return
        looked = equality.looked
        keys = [rule.plain for rule in rules if rule.plain is not None]
        tests = [test for part in looked for test in part.tests]
        both = [*((part.left, part.right) for part in looked), *((test.left, test.right) for test in tests)]
        sides = {(id(left), id(right)): (left, right) for left, right in both}
        place = {key: len(keys) + number for number, key in enumerate(sides)}
        self._left = [key.left for key in keys] + [left for left, _ in sides.values()]
        self._right = _packed([key.right for key in keys] + [right for _, right in sides.values()], None)
        self._looks = np.zeros((len(looked), 4), dtype=np.int64)
        self._looks[:, 0] = [place[id(part.left), id(part.right)] for part in looked]
        self._looks[:, 1] = equality.strides
        self._looks[:, 2] = np.cumsum([len(part.tests) for part in looked])
        told = [(place[id(test.left), id(test.right)], test.most) for test in tests]
        self._tests = np.array(told, dtype=np.int64).reshape(-1, 2)
        sizes = [len(part.bits) for part in looked]
        self._bits = np.concatenate([np.zeros(0, np.float32), *(part.bits for part in looked)])
        starts = np.cumsum([0, *sizes])[:-1]
        self._looks[:, 3] = np.where(np.array(sizes) > 0, starts, -1)
        apart = candidates.apart
        self._apart = np.zeros(0, np.int64) if apart is None else apart.astype(np.int64)

    def survivors(self, pieces: Sequence[Slice]) -> Survivors:
        """See `Scan`."""
        if pieces[0].rule >= self._n_fit:
            return self._plain.survivors(pieces)
        return Survivors.together([self._scanned(piece) for piece in pieces])

    def _scanned(self, piece: Slice) -> Survivors:
        walk, n = piece.walk, piece.stop - piece.begin
        low, high = np.searchsorted(walk.ends, [piece.begin, piece.stop - 1], side="right")
        left, right = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        cell, own = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.float32)
        rows = walk.rows[low : high + 1]
        n_pairs, n_out = self._loop(
            rows,
            walk.first[low : high + 1],
            walk.ends[low : high + 1],
            int(walk.ends[low - 1]) if low else 0,
            piece.begin,
            piece.stop,
            walk.partners,
            _packed(self._left, rows),
            self._right,
            piece.rule,
            self._looks,
            self._tests,
            self._equality.table,
            self._equality.floor,
            self._bits,
            self._apart,
            left,
            right,
            cell,
            own,
        )
        return Survivors(n_pairs, left[:n_out].copy(), right[:n_out].copy(), cell[:n_out].copy(), own[:n_out].copy())


def _n_fitting(candidates: Candidates) -> int:
    """How many of the first rules have plain keys, no filter and, within one table, the same keys on both sides."""
    for number, rule in enumerate(candidates.rules):
        if rule.plain is None or rule.filter is not None or (candidates.within and not rule.same_keys):
            return number
    return len(candidates.rules)


def _packed(columns: Sequence[Int32Array], rows: IntArray | None) -> NDArray[np.int32]:
    """`(n_rows, n_columns)` with all integers of a row beside each other, in one line of the cache."""
    n_rows = len(rows) if rows is not None else len(columns[0])
    out = np.empty((n_rows, len(columns)), dtype=np.int32)
    for place, column in enumerate(columns):
        out[:, place] = column if rows is None else column[rows]
    return out


def _loop() -> Callable[..., tuple[int, int]]:
    """The compiled loop; kept on disk where there is a place for it."""
    if not _COMPILED:
        try:
            _COMPILED.append(numba.njit(_scan, nogil=True, cache=True))
        except RuntimeError:  # no folder can be written
            _COMPILED.append(numba.njit(_scan, nogil=True))
    return _COMPILED[0]


_COMPILED: list[Callable[..., Any]] = []


def _scan(  # noqa: C901 - one compiled loop
    rows: IntArray,
    first: IntArray,
    ends: IntArray,
    before: int,
    begin: int,
    stop: int,
    partners: IntArray,
    packed_left: NDArray[np.int32],
    packed_right: NDArray[np.int32],
    rule: int,
    looks: IntArray,
    tests: IntArray,
    table: NDArray[np.float32],
    floor: np.float32,
    bits: NDArray[np.float32],
    apart: IntArray,
    out_left: IntArray,
    out_right: IntArray,
    out_cell: NDArray[np.int32],
    out_own: NDArray[np.float32],
) -> tuple[int, int]:
    n_pairs = 0
    n_out = 0
    n_looked = len(looks)
    start = before
    for held in range(len(rows)):
        row = rows[held]
        end = ends[held]
        place = first[held] + max(begin - start, 0)
        last = first[held] + min(stop, end) - start
        start = end
        for at in range(place, last):
            other = partners[at]
            known = False
            for earlier in range(rule):
                key = packed_left[held, earlier]
                if key >= 0 and key == packed_right[other, earlier]:
                    known = True
                    break
            if known or (len(apart) > 0 and apart[row] == apart[other]):
                continue
            n_pairs += 1
            cell = 0
            extra = np.float32(0.0)
            test = 0
            for part in range(n_looked):
                column, stride, stop_test, bits_at = looks[part]
                a = packed_left[held, column]
                b = packed_right[other, column]
                if a >= 0 and b >= 0:
                    if a == b:
                        cell += stride
                        if bits_at >= 0:
                            extra += bits[bits_at + a]
                    else:
                        cell += 2 * stride
                        while test < stop_test:
                            column, most = tests[test]
                            c = packed_left[held, column]
                            d = packed_right[other, column]
                            if c >= 0 and d >= 0 and abs(c - d) <= most:
                                break
                            cell += stride
                            test += 1
                test = stop_test
            if table[cell] + extra >= floor:
                out_left[n_out] = row
                out_right[n_out] = other
                out_cell[n_out] = cell
                out_own[n_out] = extra
                n_out += 1
    return n_pairs, n_out
