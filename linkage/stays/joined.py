"""
Joined stays: two consecutive stays of one person at one hospital, seen as one. Opens nothing.

Hospitals and insurers merge cases (Fallzusammenführung) at different times and in both directions: a claims
stay can cover two hospital cases and the reverse. A joined stay has the first admission, the last discharge and
the codes of both parts; it competes with its parts, so that a merged stay is found and never counted twice.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from linkage.stays.arrays import NO_DAY, IntArray, StayArrays
from linkage.stays.codes import CodeSets

__all__ = ["with_joined"]


def with_joined(stays: StayArrays, *, gap_days: int, hospitals: IntArray) -> StayArrays:
    """
    The stays, and after them one joined stay for every two consecutive ones at most `gap_days` apart.

    Args:
        stays: Stays as delivered.
        gap_days: Largest gap between discharge and the next admission (days).
        hospitals: Only stays at these hospitals (codes) or at an unknown one are joined.
    """
    first, second = _neighbours(stays, gap_days=gap_days, hospitals=hospitals)
    rows = np.concatenate([np.arange(stays.n, dtype=np.int64), first])
    out = stays.take(rows)
    out.discharged[stays.n :] = np.maximum(stays.discharged[first], stays.discharged[second])
    out.parts[stays.n :] = np.column_stack([first, second])
    out.weight_g[stays.n :] = stays.weight_g[first]
    return _with_codes(out, stays, first, second)


def _neighbours(stays: StayArrays, *, gap_days: int, hospitals: IntArray) -> tuple[IntArray, IntArray]:
    order = np.lexsort((np.arange(stays.n), stays.discharged, stays.admitted, stays.hospital, stays.person))
    a, b = order[:-1], order[1:]
    gap = stays.admitted[b] - stays.discharged[a]
    fits = (stays.person[a] == stays.person[b]) & (stays.hospital[a] == stays.hospital[b])
    fits &= (gap >= 0) & (gap <= gap_days) & (stays.admitted[a] > NO_DAY) & (stays.discharged[b] > NO_DAY)
    fits &= np.isin(stays.hospital[a], np.append(hospitals, -1))
    return a[fits], b[fits]


def _with_codes(out: StayArrays, stays: StayArrays, first: IntArray, second: IntArray) -> StayArrays:
    """Codes of joined stays: the union of their parts'."""

    def union(sets: CodeSets) -> CodeSets:
        alone = np.arange(stays.n, dtype=np.int64)
        source = np.concatenate([alone, first, second])
        target = np.concatenate([alone, np.tile(stays.n + np.arange(first.size, dtype=np.int64), 2)])
        position, codes = sets.expand(source)
        return CodeSets.from_pairs(sets.book, target[position], codes, n_rows=out.n)

    return replace(out, icd=union(stays.icd), ops=union(stays.ops))
