"""
How likely the likeliest right record is a left record's partner, where keys err. Opens nothing.

The chance of right record `j` is proportional to

    product over keys of ((1 - error) [equal] + error * frequency of j's value)  /  frequency of j's whole record.

The frequency of a whole record is what the other records say: how many have the same keys, and beside them the product
of the frequencies of its values, which counts for as many records as the equal keys of strangers allow (a Dirichlet
process around independent keys). A left record with the same keys is one of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.evaluation.look_alikes import row_codes

__all__ = ["partner_probabilities", "whole_frequencies"]

_RAREST = 1e-5  # chance of errors in all other keys below which a set of agreeing keys is left out
_NOISE = 2.0  # standard errors of the number of equal records that do not count against independent keys


@dataclass(frozen=True, slots=True)
class _Right:
    """
    Distinct right records.

    Attributes:
        keys: `(n_distinct, n_keys)` codes, -1 missing.
        n: `(n_distinct,)` records of each.
        margins: `(n_distinct, n_keys)` frequency of each key's value, 1 where missing.
        whole: `(n_distinct,)` frequency of the whole record.
        seen: `(n_distinct,)` the same, if one more record has these keys.
    """

    keys: IntArray
    n: FloatArray
    margins: FloatArray
    whole: FloatArray
    seen: FloatArray


def partner_probabilities(
    left: IntArray, right: IntArray, *, rows: IntArray, error_rates: FloatArray, n_shared: float
) -> FloatArray:
    """
    `(n_rows,)` probability that the likeliest right record is the partner of each of these left records.

    A sum (and a maximum) over all right records is one over the sets of keys that agree, each a look-up; sets that
    leave more errors than ever happen are left out.

    Args:
        left: `(n_left, n_keys)` codes, -1 missing.
        right: `(n_right, n_keys)`.
        rows: Left rows.
        error_rates: `(n_keys,)`.
        n_shared: Persons in both files.
    """
    overlap = n_shared / max(len(left), 1)
    best, total = np.zeros(len(rows)), np.zeros(len(rows))
    if not len(right) or overlap <= 0:
        return best
    others, drawn = _distinct(right), left[rows]
    same = _same(drawn, others.keys)
    has = (drawn >= 0).astype(np.int64) @ (1 << np.arange(left.shape[1], dtype=np.int64))
    for kind in np.unique(has).tolist():
        chosen = np.flatnonzero(has == kind)
        known = [key for key in range(left.shape[1]) if kind >> key & 1]
        rates = np.array([rate if key in known else 1.0 for key, rate in enumerate(error_rates)])
        for agreeing in _subsets(known, error_rates):
            most, sums = _agreed(drawn[chosen], others, agreeing=agreeing, rates=rates, same=same[chosen])
            best[chosen] = np.maximum(best[chosen], most)
            total[chosen] += sums
    equal = np.flatnonzero(same >= 0)
    exact = _exact(others, error_rates)[same[equal]]
    best[equal] = np.maximum(best[equal], exact)
    total[equal] += others.n[same[equal]] * exact
    alone = len(right) * (1 - overlap) / overlap
    whole = alone + total
    return np.where(whole > 0, np.minimum(best / np.where(whole > 0, whole, 1.0), 1.0), 0.0)


def whole_frequencies(keys: IntArray, n: FloatArray, margins: FloatArray) -> tuple[FloatArray, FloatArray]:
    """
    Frequency of whole records of one kind of missing keys, as the others tell; and if one more has the same keys.

    Args:
        keys: `(n_distinct, n_keys)` distinct records, of which the same keys are missing.
        n: `(n_distinct,)` records of each.
        margins: `(n_distinct, n_keys)` frequency of each key's value, 1 where missing.
    """
    total, product = float(n.sum()), margins.prod(axis=1)
    pairs = max(total * (total - 1), 1.0)
    observed = float((n * (n - 1)).sum()) / pairs
    independent = 1.0
    for column in keys.T[keys[0] >= 0]:
        held = np.bincount(column, weights=n)
        independent *= float((held * (held - 1)).sum()) / pairs
    if (observed - independent) * pairs / 2 <= _NOISE * np.sqrt(observed * pairs / 2 + 1):
        return product, product
    others = (1 - observed) / (observed - independent)
    whole = (n - 1 + others * product) / (total - 1 + others)
    return whole, whole + 1 / (total - 1 + others)


def _same(drawn: IntArray, keys: IntArray) -> IntArray:
    """`(n_rows,)` the distinct right record with all the same keys, -1 without one or where a key is missing."""
    mine, theirs = row_codes(drawn, keys)
    place = np.full(int(max(mine.max(initial=0), theirs.max(initial=0))) + 1, -1, dtype=np.int64)
    place[theirs] = np.arange(len(keys))
    return np.where((drawn >= 0).all(axis=1), place[mine], -1)


def _subsets(known: list[int], error_rates: FloatArray) -> Iterator[tuple[int, ...]]:
    """Sets of keys that may be all that agree."""
    for number in range(len(known) + 1):
        for agreeing in combinations(known, number):
            if np.prod([error_rates[key] for key in known if key not in agreeing]) >= _RAREST:
                yield agreeing


def _wrong(others: _Right, rates: FloatArray) -> FloatArray:
    """`(n_distinct, n_keys)` chance of each value if it is another one's."""
    return np.where(others.keys >= 0, rates * others.margins, 1.0)


def _exact(others: _Right, rates: FloatArray) -> FloatArray:
    """`(n_distinct,)` chance of a right record for a left one with all the same keys."""
    return np.asarray((1 - rates + _wrong(others, rates)).prod(axis=1) / others.seen, dtype=np.float64)


def _agreed(
    drawn: IntArray, others: _Right, *, agreeing: tuple[int, ...], rates: FloatArray, same: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Largest chance of a right record that agrees on these keys but not on all, and its part of the sum."""
    wrong, keys = _wrong(others, rates), list(agreeing)
    apart = [key for key in range(len(rates)) if key not in agreeing]
    rest = wrong[:, apart].prod(axis=1) / others.whole
    there: BoolArray = np.asarray((others.keys[:, keys] >= 0).all(axis=1), dtype=bool)
    mine, theirs = row_codes(drawn[:, keys], others.keys[there][:, keys]) if keys else _one_kind(len(drawn), there)
    n_kinds = int(max(mine.max(initial=0), theirs.max(initial=0))) + 1
    part = others.n * rest * np.prod(1 - rates[keys])
    chance = rest * (1 - rates[keys] + wrong[:, keys]).prod(axis=1)
    sums = np.bincount(theirs, weights=part[there], minlength=n_kinds)[mine].astype(np.float64)
    most = np.zeros(n_kinds)
    np.maximum.at(most, theirs, chance[there])
    largest, equal = most[mine], same >= 0
    sums[equal] = np.maximum(sums[equal] - part[same[equal]], 0.0)
    largest[equal] = np.where(chance[same[equal]] >= largest[equal] * (1 - 1e-12), 0.0, largest[equal])
    return largest, sums


def _one_kind(n: int, there: BoolArray) -> tuple[IntArray, IntArray]:
    return np.zeros(n, dtype=np.int64), np.zeros(int(there.sum()), dtype=np.int64)


def _distinct(right: IntArray) -> _Right:
    """Right records of equal keys are taken together."""
    (code,) = row_codes(right)
    _, first, counts = np.unique(code, return_index=True, return_counts=True)
    keys, n = right[first], counts.astype(np.float64)
    margins = np.ones(keys.shape)
    for key in range(keys.shape[1]):
        values = right[:, key]
        known = values >= 0
        share = np.bincount(values[known], minlength=int(values.max(initial=0)) + 1) / max(int(known.sum()), 1)
        margins[:, key] = np.where(keys[:, key] >= 0, share[np.maximum(keys[:, key], 0)], 1.0)
    mask = (keys >= 0).astype(np.int64) @ (1 << np.arange(keys.shape[1], dtype=np.int64))
    whole, seen = np.ones(len(keys)), np.ones(len(keys))
    for kind in np.unique(mask).tolist():
        of = mask == kind
        whole[of], seen[of] = whole_frequencies(keys[of], n[of], margins[of])
    return _Right(keys, n, margins, whole, seen)
