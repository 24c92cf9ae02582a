"""The clusters of one conflicted component that lose the least weight: exactly, or by joining. Opens nothing."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from linkage.arrays import FloatArray, IntArray

__all__ = ["Knot", "best_partition", "joined"]


@dataclass(frozen=True, slots=True)
class Knot:
    """
    One component with a conflict; its nodes are sets of records that must be linked, numbered from 0.

    Attributes:
        records: `(n,)` its records.
        node: `(n,)` node of each.
        edges: `(n_edges, 2)` nodes of each counted pair.
        worth: `(n_edges,)` what each is worth (bits).
        apart: `(n_apart, 2)` nodes that cannot be together.
        codes: `(n,)` source without duplicates of each record, -1 = any number.
    """

    records: IntArray
    node: IntArray
    edges: IntArray
    worth: FloatArray
    apart: IntArray
    codes: IntArray

    @property
    def n(self) -> int:
        """Nodes."""
        return int(self.node.max()) + 1

    def forbidden(self) -> list[set[int]]:
        """For each node those it cannot be with because somebody said so."""
        out: list[set[int]] = [set() for _ in range(self.n)]
        for a, b in self.apart.tolist():
            out[a].add(b)
            out[b].add(a)
        return out

    def sources(self) -> list[set[int]]:
        """For each node its sources without duplicates."""
        out: list[set[int]] = [set() for _ in range(self.n)]
        for node, code in zip(self.node.tolist(), self.codes.tolist(), strict=True):
            if code >= 0:
                out[node].add(code)
        return out

    def between(self) -> dict[tuple[int, int], float]:
        """What is worth keeping each two nodes together, the lower first, in order."""
        out: dict[tuple[int, int], float] = {}
        for (a, b), worth in sorted(
            zip(map(tuple, np.sort(self.edges, axis=1).tolist()), self.worth.tolist(), strict=True)
        ):
            if a != b:
                out[a, b] = out.get((a, b), 0.0) + worth
        return out


def best_partition(knot: Knot) -> IntArray:
    """Part of each node in the admissible partition that keeps most, by dynamic programming over sets of nodes."""
    n = knot.n
    forbidden, sources = knot.forbidden(), knot.sources()
    banned = [
        sum(1 << b for b in range(n) if b in forbidden[a] or (a != b and sources[a] & sources[b])) for a in range(n)
    ]
    links = [0] * n
    gain = [[0.0] * n for _ in range(n)]
    for (a, b), worth in knot.between().items():
        links[a] |= 1 << b
        links[b] |= 1 << a
        gain[a][b] = gain[b][a] = worth
    worth_of = _worth_of_sets(n, banned, links, gain)
    best, choice = [0.0] * (1 << n), [0] * (1 << n)
    for held in range(1, 1 << n):
        low = held & -held
        rest = held ^ low
        best[held] = -np.inf
        sub = rest
        while True:
            block = sub | low
            total = worth_of[block] + best[held ^ block]
            if total > best[held] + 1e-9:
                best[held], choice[held] = total, block
            if not sub:
                break
            sub = (sub - 1) & rest
    part, held = np.zeros(n, dtype=np.int64), (1 << n) - 1
    number = 0
    while held:
        block = choice[held]
        part[[node for node in range(n) if block >> node & 1]] = number
        held ^= block
        number += 1
    return part


def _worth_of_sets(n: int, banned: list[int], links: list[int], gain: list[list[float]]) -> list[float]:
    """What each set of nodes is worth as one cluster; minus infinity where it is inadmissible or falls apart."""
    worth, admissible = [0.0] * (1 << n), [True] * (1 << n)
    for held in range(1, 1 << n):
        top = held.bit_length() - 1
        rest = held ^ (1 << top)
        admissible[held] = admissible[rest] and not banned[top] & held
        worth[held] = worth[rest] + sum(gain[top][node] for node in range(top) if rest >> node & 1)
    return [total if admissible[held] and _connected(held, links) else -np.inf for held, total in enumerate(worth)]


def _connected(held: int, links: list[int]) -> bool:
    reached, fresh = 0, held & -held
    while fresh:
        reached |= fresh
        step, rest = 0, fresh
        while rest:
            low = rest & -rest
            step |= links[low.bit_length() - 1]
            rest ^= low
        fresh = step & held & ~reached
    return reached == held


def joined(knot: Knot) -> IntArray:
    """Part of each node after joining, heaviest first, what may be joined; weights between clusters add up."""
    forbidden, sources = knot.forbidden(), knot.sources()
    part = list(range(knot.n))
    beside: list[dict[int, float]] = [{} for _ in range(knot.n)]
    heap = []
    for (a, b), worth in knot.between().items():
        beside[a][b] = beside[b][a] = worth
        heap.append((-worth, a, b))
    heapq.heapify(heap)
    while heap:
        worth, a, b = heapq.heappop(heap)
        if beside[a].get(b) != -worth:  # one of them is gone, or more has been added since
            continue
        if b in forbidden[a] or sources[a] & sources[b]:
            continue
        part = [a if one == b else one for one in part]
        sources[a] |= sources[b]
        forbidden[a] |= forbidden[b]
        for one in forbidden[b]:
            forbidden[one].add(a)
        del beside[a][b], beside[b][a]
        for one, more in beside[b].items():
            del beside[one][b]
            beside[a][one] = beside[one][a] = beside[a].get(one, 0.0) + more
            heapq.heappush(heap, (-beside[a][one], min(a, one), max(a, one)))
        beside[b] = {}
    return np.unique(np.array(part), return_inverse=True)[1].astype(np.int64)
