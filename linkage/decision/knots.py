"""
Exact marginals of small knots of competing links, many at a time. Opens nothing.

Belief propagation is exact on trees and too sure of itself on small loops (twins, merged stays). A knot of at most ten
links has at most 1,024 sets of links: knots of equal shape are gone through together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.decision.connected import connected

__all__ = ["Knots", "find_knots", "solve_knots"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

LARGEST_KNOT = 10


@dataclass(frozen=True, slots=True)
class Knots:
    """
    Links of small components with a loop.

    `links` are sorted by knot, `(n_knotted_links,)`; knot `k` holds `links[first[k]:first[k] + size[k]]`; `shape[k]`
    has the bit `i * 10 + j` of a word set where its links i < j exclude each other, `(n_knots, 2)`; `group[k]` is one
    of its groups, and `groups` are all of them.
    """

    links: IntArray
    first: IntArray
    size: IntArray
    shape: npt.NDArray[np.uint64]
    group: IntArray
    groups: IntArray


def find_knots(link: IntArray, group: IntArray, *, n_links: int, n_groups: int) -> Knots:
    """The knots among these memberships (`link[i]` belongs to `group[i]`)."""
    n = n_links + n_groups
    label = connected(link, n_links + group, n=n)
    n_labels = int(label.max(initial=-1)) + 1
    of_links = np.bincount(label[:n_links], minlength=n_labels)
    of_groups = np.bincount(label[n_links:], minlength=n_labels)
    memberships = np.bincount(label[link], minlength=n_labels)
    chosen = (memberships > of_links + of_groups - 1) & (of_links <= LARGEST_KNOT)
    own = np.flatnonzero(chosen[label[:n_links]])
    links = own[np.argsort(label[own], kind="stable")].astype(np.int64)
    knots, first, size = np.unique(label[links], return_index=True, return_counts=True)
    place = np.zeros(n_links, dtype=np.int64)
    place[links] = np.arange(links.size) - np.repeat(first, size)
    number = np.zeros(n_labels, dtype=np.int64)
    number[knots] = np.arange(knots.size)
    groups = np.flatnonzero(chosen[label[n_links:]]).astype(np.int64)
    some = np.zeros(knots.size, dtype=np.int64)
    some[number[label[n_links + groups]]] = groups
    inside = chosen[label[link]]
    shape = _shapes(place[link[inside]], group[inside], number[label[link[inside]]], n_knots=int(knots.size))
    return Knots(links, first.astype(np.int64), size.astype(np.int64), shape, some, groups)


def _shapes(place: IntArray, group: IntArray, knot: IntArray, *, n_knots: int) -> npt.NDArray[np.uint64]:
    """Two words of exclusion bits for every knot."""
    order = np.lexsort((place, group))
    place, group, knot = place[order], group[order], knot[order]
    bits = np.zeros((n_knots, LARGEST_KNOT * LARGEST_KNOT), dtype=bool)
    for step in range(1, LARGEST_KNOT):
        same = group[step:] == group[:-step]
        bits[knot[step:][same], place[:-step][same] * LARGEST_KNOT + place[step:][same]] = True
    out = np.zeros((n_knots, 2), dtype=np.uint64)
    for column in range(bits.shape[1]):
        word, bit = divmod(column, 50)
        out[:, word] |= bits[:, column].astype(np.uint64) << np.uint64(bit)
    return out


def solve_knots(knots: Knots, log_odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Marginal of each link of `knots.links`, and log partition function of each knot."""
    probability = np.zeros(knots.links.size)
    log_z = np.zeros(knots.size.size)
    if not knots.size.size:
        return probability, log_z
    described = np.column_stack([knots.size.astype(np.uint64), knots.shape])
    shapes, which = np.unique(described, axis=0, return_inverse=True)
    for number, (size, *words) in enumerate(shapes.tolist()):
        members = np.flatnonzero(which.ravel() == number)
        rows = knots.first[members][:, None] + np.arange(size)
        sets = _admissible(size, words)
        weight = log_odds[knots.links[rows]] @ sets.T
        top = weight.max(axis=1, keepdims=True)
        share = np.exp(weight - top)
        total = share.sum(axis=1, keepdims=True)
        probability[rows] = (share / total) @ sets
        log_z[members] = (top + np.log(total)).ravel()
    return probability, log_z


def _admissible(size: int, words: list[int]) -> FloatArray:
    """All sets of `size` links without an exclusion, `(n_sets, size)` of 0 and 1."""
    sets = (np.arange(2**size)[:, None] >> np.arange(size)) & 1
    for i in range(size):
        for j in range(i + 1, size):
            word, bit = divmod(i * LARGEST_KNOT + j, 50)
            if words[word] >> bit & 1:
                sets = sets[sets[:, i] + sets[:, j] < 2]
    return sets.astype(np.float64)
