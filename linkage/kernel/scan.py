"""From blocks to the pairs that can still reach the floor: by NumPy, or by a compiled loop. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from linkage.arrays import BoolArray
from linkage.blocking.candidates import Candidates, Slice
from linkage.kernel.equality import EqualityBound, Survivors

__all__ = ["PlainScan", "Scan", "compiled_scan"]

_WORTH_COMPILING = 20_000_000  # pairs from which the compiled loop saves more than its start costs


class Scan(Protocol):
    """Forms pairs and looks at them first."""

    def survivors(self, pieces: Sequence[Slice]) -> Survivors:
        """Pairs of pieces of one rule that no earlier rule proposes and that can reach the floor."""


class PlainScan:
    """The reference, by NumPy."""

    def __init__(self, candidates: Candidates, equality: EqualityBound, *, only: BoolArray | None) -> None:
        self._candidates, self._equality, self._only = candidates, equality, only

    def survivors(self, pieces: Sequence[Slice]) -> Survivors:
        """See `Scan`."""
        batches = (self._candidates.pairs_of(piece, only=self._only) for piece in pieces)
        return Survivors.together([self._equality.reaching(batch.left, batch.right) for batch in batches])


def compiled_scan(
    candidates: Candidates,
    equality: EqualityBound,
    *,
    plain: PlainScan,
    at_any_size: bool,
) -> Scan | None:
    """
    The compiled loop where the extra `fast` is installed and there is enough to do; else None.

    Args:
        candidates: Which pairs.
        equality: The bound.
        plain: What rules with filters, arrays or neighbourhoods are left to.
        at_any_size: Whether few pairs are enough.
    """
    if not at_any_size and candidates.n_formed < _WORTH_COMPILING:
        return None
    try:
        from linkage.kernel.compiled import CompiledScan
    except ImportError:
        return None
    return CompiledScan(candidates, equality, plain=plain)
