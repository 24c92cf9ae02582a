"""Every admissible set of pairs of a small problem, gone through one by one: what the fast ways are held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
from hypothesis import strategies as st

from linkage.decision.cardinality import Cardinality

TWO_TABLES = ("one_to_one", "one_to_many", "many_to_one", "many_to_many", "2:3", "1:2", "2:2")
ONE_TABLE = ("one_to_one", "2:2", "many_to_many")


@dataclass(frozen=True)
class Problem:
    """Pairs of rows with their weights, and how many partners a record may have."""

    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray
    cardinality: Cardinality
    within: bool

    def __len__(self) -> int:
        return len(self.left)

    def ends(self, pair: int) -> tuple[tuple[str, int], tuple[str, int]]:
        return ("left", int(self.left[pair])), ("left" if self.within else "right", int(self.right[pair]))

    def admissible(self) -> Iterator[tuple[int, ...]]:
        limit = {"left": self.cardinality.of_left, "right": self.cardinality.of_right}
        every = range(len(self))
        for some in chain.from_iterable(combinations(every, n) for n in range(len(self) + 1)):
            used = Counter(end for pair in some for end in self.ends(pair))
            if all(limit[side] is None or n <= limit[side] for (side, _), n in used.items()):
                yield some

    def best(self, worth: np.ndarray) -> float:
        return max(worth[list(some)].sum() for some in self.admissible())

    def probabilities(self) -> np.ndarray:
        odds, total, out = np.exp2(self.weight), 0.0, np.zeros(len(self))
        for some in self.admissible():
            share = float(np.prod(odds[list(some)]))
            total += share
            out[list(some)] += share
        return out / total


@st.composite
def problems(draw: st.DrawFn, *, most: int = 8, weights: st.SearchStrategy[float] | None = None) -> Problem:
    within = draw(st.booleans())
    cells = [(i, j) for i in range(5) for j in range(5) if i < j or not within]
    pairs = draw(st.lists(st.sampled_from(cells), min_size=1, max_size=most, unique=True))
    given = st.floats(-8, 20).map(lambda bits: round(bits, 2)) if weights is None else weights
    weight = draw(st.lists(given, min_size=len(pairs), max_size=len(pairs)))
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    word = draw(st.sampled_from(ONE_TABLE if within else TWO_TABLES))
    return Problem(left, right, np.array(weight), Cardinality.read(word), within)
