"""Agreement patterns: millions of pairs as the few hundred distinct rows of levels they are. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from linkage.arrays import Int8Array, IntArray

__all__ = ["PatternCounts", "count_patterns", "merge_patterns"]

_LARGEST_CODE = 2**62


@dataclass(frozen=True, slots=True)
class PatternCounts:
    """
    Distinct agreement patterns, in lexicographic order.

    Attributes:
        gammas: `(n_patterns, n_comparisons)` levels, -1 = null.
        counts: `(n_patterns,)` pairs with the pattern.
        index: `(n_pairs,)` pattern of each pair; empty where patterns of several batches were merged.
    """

    gammas: Int8Array
    counts: IntArray
    index: IntArray

    @property
    def n_pairs(self) -> int:
        """How many pairs were counted."""
        return int(self.counts.sum())


def count_patterns(gammas: Int8Array) -> PatternCounts:
    """
    Count the distinct rows of `gammas`.

    Args:
        gammas: `(n_pairs, n_comparisons)` levels, -1 = null.
    """
    distinct, index, counts = _distinct_rows(gammas)
    return PatternCounts(gammas=distinct, counts=counts, index=index)


def merge_patterns(batches: Iterable[PatternCounts], *, n_comparisons: int) -> PatternCounts:
    """The counts of several batches together; their `index` is dropped."""
    held = list(batches)
    if not held:
        return PatternCounts(np.zeros((0, n_comparisons), np.int8), np.zeros(0, np.int64), np.zeros(0, np.int64))
    distinct, index, _ = _distinct_rows(np.concatenate([batch.gammas for batch in held]))
    counts = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(counts, index, np.concatenate([batch.counts for batch in held]))
    return PatternCounts(gammas=distinct, counts=counts, index=np.zeros(0, dtype=np.int64))


def _distinct_rows(gammas: Int8Array) -> tuple[Int8Array, IntArray, IntArray]:
    n_pairs, n_comparisons = gammas.shape
    if n_pairs == 0:
        return gammas, np.zeros(0, np.int64), np.zeros(0, np.int64)
    radix = gammas.max(axis=0).astype(np.int64) + 2
    if float(np.prod(radix.astype(np.float64))) > _LARGEST_CODE:
        distinct, index, counts = np.unique(gammas, axis=0, return_inverse=True, return_counts=True)
        return distinct, index.reshape(-1).astype(np.int64), counts.astype(np.int64)
    codes = np.zeros(n_pairs, dtype=np.int64)
    for column in range(n_comparisons):
        codes *= radix[column]
        codes += gammas[:, column]
        codes += 1
    found, index, counts = _distinct_codes(codes, n_codes=int(np.prod(radix)))
    distinct = np.empty((len(found), n_comparisons), dtype=np.int8)
    rest = found.copy()
    for column in reversed(range(n_comparisons)):
        distinct[:, column] = rest % radix[column] - 1
        rest //= radix[column]
    return distinct, index, counts


def _distinct_codes(codes: IntArray, *, n_codes: int) -> tuple[IntArray, IntArray, IntArray]:
    """Sorted distinct codes, index and counts: by table where the codes are few, by sorting else."""
    if n_codes > 4 * len(codes) + 1_000_000:
        found, index, counts = np.unique(codes, return_inverse=True, return_counts=True)
        return found, index.astype(np.int64), counts.astype(np.int64)
    table = np.bincount(codes, minlength=n_codes)
    found = np.flatnonzero(table).astype(np.int64)
    number = np.zeros(n_codes, dtype=np.int64)
    number[found] = np.arange(len(found))
    return found, number[codes], table[found].astype(np.int64)
