"""
Which blocking keys agree in found matches, counted by kind. Opens nothing.

A history is seen if a rule proposes it, and clear if a match with it is also recognised: its pairs are mostly sure. A
history in which the comparisons cannot tell a match from a stranger is not clear; what was found of it says nothing of
how many there are, so it is left to the model of the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray

__all__ = ["Histories", "count_histories", "key_agreement"]

_SURE = 0.5  # mean probability of the matches of a history from which it is clear
_EDGE = 1e-4
_MOST_WEIGHT = 20  # pairs of a history beyond which more add no weight


@dataclass(frozen=True, slots=True)
class Histories:
    """
    Every kind of history that can be.

    Attributes:
        apart: `(n_kinds, n_keys)` 1 where the key disagrees.
        proposed: `(n_kinds,)` whether a rule proposes such matches.
        clear: `(n_kinds,)` whether they are proposed and recognised.
        counts: `(n_kinds,)` matches found, each counted with its probability.
    """

    apart: FloatArray
    proposed: BoolArray
    clear: BoolArray
    counts: FloatArray

    @property
    def found(self) -> float:
        """Matches found in clear histories."""
        return float(self.counts[self.clear].sum())


def key_agreement(keys_left: IntArray, keys_right: IntArray, left: IntArray, right: IntArray) -> BoolArray:
    """
    `(n_pairs, n_keys)` which keys agree in each pair.

    Args:
        keys_left: `(n_left, n_keys)` codes of the left records' blocking keys, -1 missing.
        keys_right: `(n_right, n_keys)` the same of the right records.
        left: `(n_pairs,)` left row.
        right: `(n_pairs,)` right row.
    """
    a, b = keys_left[left], keys_right[right]
    return np.asarray((a == b) & (a >= 0), dtype=bool)


def count_histories(agrees: BoolArray, probability: FloatArray, needs: list[tuple[int, ...]]) -> Histories:
    """
    Count found pairs by history.

    A key whose agreement always brought that of another (surname and its first letters) leaves out the histories in
    which it does not.

    Args:
        agrees: `(n_pairs, n_keys)` which keys agree.
        probability: `(n_pairs,)` that the pair is a match.
        needs: Keys each rule needs.
    """
    n_keys = agrees.shape[1]
    n_kinds = 1 << n_keys
    every = (np.arange(n_kinds)[:, None] >> np.arange(n_keys) & 1).astype(bool)
    proposed = np.zeros(n_kinds, dtype=bool)
    for need in needs:
        proposed |= every[:, list(need)].all(axis=1)
    code = agrees.astype(np.int64) @ (1 << np.arange(n_keys, dtype=np.int64))
    counts, squares = (
        np.bincount(code, weights=part, minlength=n_kinds).astype(np.float64) for part in (probability, probability**2)
    )
    number = np.bincount(code, minlength=n_kinds)
    possible = _possible(every, proposed, number)
    sure = proposed & np.where(counts > 0, squares >= _SURE * counts, _expected_sure(every, counts, squares, number))
    return Histories(1.0 - every[possible], proposed[possible], sure[possible], counts[possible])


def _expected_sure(every: BoolArray, counts: FloatArray, squares: FloatArray, number: IntArray) -> BoolArray:
    """Whether a kind that was never found would be clear: the log-odds of those found, as a sum over the keys."""
    met = counts > 0
    if not met.any():
        return np.zeros(len(every), dtype=bool)
    mean = np.clip(squares[met] / counts[met], _EDGE, 1 - _EDGE)
    x = np.concatenate([np.ones((len(every), 1)), every], axis=1)
    weight = np.sqrt(np.minimum(number[met], _MOST_WEIGHT)).astype(np.float64)
    held = x[met] * weight[:, None]
    ridge = 1e-3 * np.eye(x.shape[1])
    slope = np.linalg.solve(held.T @ held + ridge, held.T @ (weight * np.log(mean / (1 - mean))))
    return np.asarray(x @ slope >= np.log(_SURE / (1 - _SURE)), dtype=bool)


def _possible(every: BoolArray, proposed: BoolArray, number: IntArray) -> BoolArray:
    possible = np.ones(len(every), dtype=bool)
    n_keys = every.shape[1]
    for a in range(n_keys):
        for b in range(n_keys):
            never = every[:, a] & ~every[:, b]
            if a != b and number[every[:, a]].any() and (proposed & never).any() and not number[never].any():
                possible &= ~never
    return possible
