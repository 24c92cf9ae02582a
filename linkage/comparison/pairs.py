"""A batch of pairs of rows, and what has been looked up or measured of them already. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage.arrays import BoolArray, Int32Array, IntArray
from linkage.columns import Codes

__all__ = ["Pairs"]

_Kept = tuple[NDArray[Any], ...]


class Pairs:
    """
    Pairs of rows that are still open.

    What a level looks up (codes, similarities) is kept for the levels after it; a part of the pairs takes its share
    of what the whole knows, when it is asked for.

    Args:
        left: `(n_pairs,)` left rows.
        right: `(n_pairs,)` right rows.
    """

    __slots__ = ("_index", "_kept", "_n", "_whole")

    def __init__(self, left: IntArray, right: IntArray) -> None:
        self._n = len(left)
        self._whole: Pairs | None = None
        self._index: IntArray | None = None
        self._kept: dict[Hashable, _Kept] = {"rows": (left, right)}

    def __len__(self) -> int:
        return self._n

    @property
    def left(self) -> IntArray:
        """`(n_pairs,)` left rows."""
        found = self._found("rows")
        assert found is not None  # noqa: S101 - the first batch has them
        return found[0]

    @property
    def right(self) -> IntArray:
        """`(n_pairs,)` right rows."""
        found = self._found("rows")
        assert found is not None  # noqa: S101 - the first batch has them
        return found[1]

    def only(self, index: IntArray) -> Pairs:
        """Some of the pairs, by their places."""
        part = Pairs.__new__(Pairs)
        part._n, part._whole, part._index, part._kept = len(index), self, index, {}
        return part

    def kept(self, key: Hashable, make: Callable[[], _Kept]) -> _Kept:
        """Arrays of one entry a pair: kept from earlier, or made now."""
        found = self._found(key)
        if found is None:
            found = make()
            self._kept[key] = found
        return found

    def _found(self, key: Hashable) -> _Kept | None:
        if key not in self._kept and self._whole is not None and self._index is not None:
            above = self._whole._found(key)
            if above is not None:
                self._kept[key] = tuple(part[self._index] for part in above)
        return self._kept.get(key)

    def codes(self, codes: Codes) -> tuple[Int32Array, Int32Array]:
        """Codes of both sides, -1 where missing."""
        a, b = self.kept(("codes", id(codes)), lambda: (codes.left[self.left], codes.right[self.right]))
        return a, b

    def absent(self, codes: Codes) -> BoolArray:
        """`(n_pairs,)` whether a side has no value."""
        a, b = self.codes(codes)
        return np.asarray((a | b) < 0, dtype=bool)
