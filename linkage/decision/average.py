"""
Clusters of duplicates by average linkage: one wrong link does not pull two persons into one. Opens nothing.

Connected components trust every link: among 20,000 records a hundred wrong ones join hundreds of strangers. Here two
clusters become one only if their best pair is a link and the mean weight over all pairs between them is not clearly
against it; what was never compared counts against it, a little. The two clusters with the highest mean come first.
"""

from __future__ import annotations

import heapq

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.decision.cluster import clusters

__all__ = ["ABSENT_BITS", "LEAST_MEAN_BITS", "average_clusters"]

LEAST_MEAN_BITS = -3.0  # mean weight between two clusters from which they may be one
ABSENT_BITS = -5.0  # weight of a pair that was not compared, or fell below what was kept


def average_clusters(
    pairs: IntArray,
    bits: FloatArray,
    *,
    n_records: int,
    link_bits: float,
    least_mean_bits: float = LEAST_MEAN_BITS,
    absent_bits: float = ABSENT_BITS,
) -> IntArray:
    """
    Cluster the records of one table.

    Args:
        pairs: `(n_pairs, 2)` different records, each pair once: links, and as many pairs below them as were kept.
        bits: `(n_pairs,)` their match weights, prior included.
        n_records: Records are 0 to n_records - 1.
        link_bits: Weight from which a pair is a link: without one no two clusters are joined.
        least_mean_bits: Mean weight between two clusters from which they may be one.
        absent_bits: Weight of a pair that is not among `pairs`.

    Returns:
        `(n_records,)` the lowest record of each record's cluster; every cluster is connected by links.

    >>> three = np.array([[0, 1], [1, 2], [0, 2]])
    >>> average_clusters(three, np.array([9.0, 8.0, -1.0]), n_records=3, link_bits=3.0).tolist()
    [0, 0, 0]
    >>> average_clusters(three, np.array([9.0, 4.0, -20.0]), n_records=3, link_bits=3.0).tolist()
    [0, 0, 2]
    """
    link = bits >= link_bits
    label = clusters(pairs[link], n_records=n_records)
    inside = label[pairs[:, 0]] == label[pairs[:, 1]]
    doubtful = _doubtful(label, pairs[inside], link[inside])
    at = inside & doubtful[pairs[:, 0]]
    if not at.any():
        return label
    merged = _Clusters(pairs[at], bits[at], least_mean_bits=least_mean_bits, absent_bits=absent_bits)
    out = label.copy()
    for low, members in merged.join(link_bits).items():
        out[members] = low
    return out


def _doubtful(label: IntArray, pairs: IntArray, link: BoolArray) -> BoolArray:
    """`(n_records,)` whether a pair of the record's component is no link: other components are clusters as they are."""
    size = np.bincount(label, minlength=len(label))
    n_links = np.bincount(label[pairs[link, 0]], minlength=len(label))
    return np.asarray((n_links < size * (size - 1) // 2)[label], dtype=bool)


class _Clusters:
    """Clusters while they are joined; each bears the number of its lowest record."""

    def __init__(self, pairs: IntArray, bits: FloatArray, *, least_mean_bits: float, absent_bits: float) -> None:
        self._least, self._absent = least_mean_bits, absent_bits
        self._members: dict[int, list[int]] = {int(record): [int(record)] for record in np.unique(pairs)}
        self._beside: dict[int, dict[int, tuple[float, int, float]]] = {record: {} for record in self._members}
        for a, b, weight in zip(pairs[:, 0].tolist(), pairs[:, 1].tolist(), bits.tolist(), strict=True):
            self._beside[a][b] = self._beside[b][a] = (weight, 1, weight)

    def join(self, link_bits: float) -> dict[int, list[int]]:
        """Join while two clusters may be one; lowest record to the records of its cluster."""
        waiting = [
            (-mean, low, high, 1, 1)
            for low, others in self._beside.items()
            for high in others
            if low < high and (mean := self._mean(low, high, link_bits)) >= self._least
        ]
        heapq.heapify(waiting)
        while waiting:
            _, low, high, n_low, n_high = heapq.heappop(waiting)
            there = low in self._members and high in self._members
            if there and (len(self._members[low]), len(self._members[high])) == (n_low, n_high):
                self._merge(low, high)
                self._offer(low, waiting, link_bits)
        return self._members

    def _mean(self, one: int, two: int, link_bits: float) -> float:
        """Mean weight between two clusters; minus infinity without a link between them."""
        total, n_known, best = self._beside[one][two]
        n_pairs = len(self._members[one]) * len(self._members[two])
        return (total + self._absent * (n_pairs - n_known)) / n_pairs if best >= link_bits else -np.inf

    def _merge(self, low: int, high: int) -> None:
        self._members[low] += self._members.pop(high)
        del self._beside[low][high]
        for other, (total, n_known, best) in self._beside.pop(high).items():
            if other == low:
                continue
            del self._beside[other][high]
            known = self._beside[low].get(other, (0.0, 0, -np.inf))
            joined = (total + known[0], n_known + known[1], max(best, known[2]))
            self._beside[low][other] = self._beside[other][low] = joined

    def _offer(self, cluster: int, waiting: list[tuple[float, int, int, int, int]], link_bits: float) -> None:
        for other in self._beside[cluster]:
            mean = self._mean(cluster, other, link_bits)
            if mean >= self._least:
                low, high = min(cluster, other), max(cluster, other)
                heapq.heappush(waiting, (-mean, low, high, len(self._members[low]), len(self._members[high])))
