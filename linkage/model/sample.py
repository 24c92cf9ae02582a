"""
Pairs to train on that stand for all pairs: drawn where records agree, weighted back to chance. Opens nothing.

Of a billion pairs a thousandth are of interest: matches, relatives, neighbours. Random pairs miss them, and candidate
pairs of blocking rules are a biased choice: they all agree on the rule's fields. So pairs are drawn from several
*frames*, the pairs that agree exactly on one comparison and those that agree on two, and each draw weighs one over
the number of draws expected of that pair. Weighted counts of patterns are then unbiased for all pairs that agree on
anything: dependence among non-matches, m and the prior can be read from them. What agrees on nothing is no match and
independent (`Outside`); a few draws of it would each stand for millions of pairs and drown the relatives in noise.

Source: Hansen and Hurwitz (1943); for several frames Mecatti (2007), multiplicity estimator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from graph_schema.chance import stream
from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, FloatArray, Int8Array, IntArray
from linkage.columns import Codes
from linkage.model.joint_em import Outside
from linkage.model.patterns import PatternCounts, count_patterns

__all__ = ["NothingToDrawFrom", "WeightedPairs", "draw_pairs", "weigh_patterns"]

_OF_SINGLES = 0.4  # of the draws; the rest goes to pairs that agree on two comparisons
_MOST_ROWS = 400_000  # of both tables together that pairs are drawn from: enough for thousands of matches
_COMMON = 0.05  # a frame with more of all pairs than this is not worth drawing from: sex
_IMPLIED = 0.5  # nor one that holds more than this of a frame with one condition less: street and its postcode


class NothingToDrawFrom(UserError):
    """No comparison has values that tell records apart."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True, slots=True)
class WeightedPairs:
    """
    Attributes:
        left: `(n_draws,)` left rows.
        right: `(n_draws,)` right rows.
        weight: `(n_draws,)` pairs that each draw stands for.
        framed: Comparisons drawn from: a pair that agrees exactly on none of them was not drawn. Empty: all were.
        n_outside: How many pairs of the tables were not drawn from.
    """

    left: IntArray
    right: IntArray
    weight: FloatArray
    framed: tuple[int, ...] = ()
    n_outside: float = 0.0

    def outside(self, u: Sequence[FloatArray]) -> Outside | None:
        """
        The pairs that were not drawn from.

        Args:
            u: Probability of each level by chance, one array a comparison.
        """
        if not self.framed:
            return None
        rest = [np.append(part[:-1], 0.0) if column in self.framed else part for column, part in enumerate(u)]
        return Outside(self.n_outside, tuple(part / float(part.sum()) for part in rest))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Pairs with equal codes in each of `columns`."""

    columns: tuple[int, ...]
    order: IntArray  # right rows by code
    first: IntArray  # (n_left,) where the left row's partners begin in `order`
    ends: IntArray  # (n_left,) cumulated number of partners

    @property
    def n_pairs(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def pairs(self, numbers: IntArray) -> tuple[IntArray, IntArray]:
        """The pairs with given numbers."""
        left = np.searchsorted(self.ends, numbers, side="right")
        before = np.where(left > 0, self.ends[left - 1], 0)
        return left.astype(np.int64), self.order[self.first[left] + numbers - before]


def draw_pairs(
    codes: Sequence[Codes | None],
    *,
    n_records: tuple[int, int],
    within: bool,
    n_draws: int,
    seed: int,
    apart: IntArray | None = None,
) -> WeightedPairs:
    """
    Draw pairs that stand for all pairs of two tables, or of one.

    Args:
        codes: Values of each comparison whose equality is its strongest level; None where it has none.
        n_records: Rows of the left and of the right table.
        within: Whether both are one table; a pair is then `left < right`.
        n_draws: How many at most; every pair once, with weight 1, if there are no more.
        seed: Seed of the stream `"training-pairs"`.
        apart: `(n_rows,)` rows with equal codes are never a pair (within one table).

    Raises:
        NothingToDrawFrom: If there are more pairs than draws and no comparison with values of its own.
    """
    n_left, n_right = n_records
    if n_left * n_right <= n_draws * (2 if within else 1):
        left, right = _every_pair(n_left, n_right, within=within)
        return _allowed(left, right, np.ones(len(left)), apart)
    draw = stream("training-pairs", seed=seed)
    rows = _some_rows(draw, n_left, n_right, within=within)
    columns = {
        column: (part.left[rows[0]].astype(np.int64), part.right[rows[1]].astype(np.int64))
        for column, part in enumerate(codes)
        if part is not None
    }
    frames = _frames(columns, n_pairs=len(rows[0]) * len(rows[1]))
    if not frames:
        raise NothingToDrawFrom(
            "no comparison is selective enough to draw training pairs from: add one, or give a model"
        )
    left, right, expected = _drawn(draw, frames, columns, n_draws=n_draws)
    n_pairs, n_sampled = float(n_left) * n_right, float(len(rows[0])) * len(rows[1])
    left, right, weight = rows[0][left], rows[1][right], 1.0 / expected
    if within:
        n_pairs, n_sampled = n_left * (n_left - 1) / 2.0, len(rows[0]) * (len(rows[0]) - 1.0)
        kept = left != right
        left, right, weight = np.minimum(left, right)[kept], np.maximum(left, right)[kept], weight[kept]
    found = _allowed(left, right, weight * (n_pairs / n_sampled), apart)
    framed = tuple(frame.columns[0] for frame in frames if len(frame.columns) == 1)
    n_outside = n_pairs - _n_apart(apart) - float(found.weight.sum())
    return replace(found, framed=framed, n_outside=max(n_outside, 0.0))


def _some_rows(draw: np.random.Generator, n_left: int, n_right: int, *, within: bool) -> tuple[IntArray, IntArray]:
    """Rows to draw from: all, or a sample of large tables; the larger table gets what the smaller one leaves over."""
    if within:
        rows = _rows(draw, n_left, _MOST_ROWS // 2)
        return rows, rows
    least = min(n_left, n_right, _MOST_ROWS // 2)
    return _rows(draw, n_left, _MOST_ROWS - least), _rows(draw, n_right, _MOST_ROWS - least)


def _rows(draw: np.random.Generator, n_rows: int, most: int) -> IntArray:
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(draw.choice(n_rows, most, replace=False)).astype(np.int64)


def _drawn(
    draw: np.random.Generator,
    frames: Sequence[_Frame],
    columns: Mapping[int, tuple[IntArray, IntArray]],
    *,
    n_draws: int,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Drawn pairs, and how often each is expected to be drawn from all frames together."""
    drawn, rates = [], []
    for frame, share in zip(frames, _shares(frames), strict=True):
        wanted = round(share * n_draws)
        every = frame.n_pairs <= wanted
        numbers = np.arange(frame.n_pairs) if every else draw.integers(0, frame.n_pairs, wanted)
        drawn.append(frame.pairs(numbers))
        rates.append(1.0 if every else wanted / frame.n_pairs)
    left, right = (np.concatenate([pair[side] for pair in drawn]) for side in (0, 1))
    equal = {column: (a[left] == b[right]) & (a[left] >= 0) for column, (a, b) in columns.items()}
    expected = np.zeros(len(left))
    for frame, rate in zip(frames, rates, strict=True):
        inside: BoolArray = np.ones(len(left), dtype=bool)
        for column in frame.columns:
            inside &= equal[column]
        expected += rate * inside
    return left, right, expected


def weigh_patterns(gammas: Int8Array, weight: FloatArray) -> tuple[PatternCounts, FloatArray]:
    """
    Patterns of weighted pairs.

    Args:
        gammas: `(n_draws, n_comparisons)` their levels.
        weight: `(n_draws,)` pairs each stands for.

    Returns:
        Counts to the nearest pair (a pattern that was seen counts at least one), and `(n_patterns,)` pairs that one
        draw of the pattern stands for on average.
    """
    counted = count_patterns(gammas)
    total = np.bincount(counted.index, weights=weight, minlength=len(counted.counts))
    whole = np.maximum(np.rint(total), 1).astype(np.int64)
    return PatternCounts(counted.gammas, whole, np.zeros(0, dtype=np.int64)), total / np.maximum(counted.counts, 1)


def _frames(columns: Mapping[int, tuple[IntArray, IntArray]], *, n_pairs: int) -> list[_Frame]:
    """Pairs that agree on one comparison, where that is not common; on two of these, where one does not imply it."""
    singles = {column: _frame((column,), a, b) for column, (a, b) in columns.items()}
    singles = {column: frame for column, frame in singles.items() if 0 < frame.n_pairs <= _COMMON * n_pairs}
    out = list(singles.values())
    for i, j in combinations(singles, 2):
        frame = _frame((i, j), *_together(columns[i], columns[j]))
        if 0 < frame.n_pairs <= _IMPLIED * min(singles[i].n_pairs, singles[j].n_pairs):
            out.append(frame)
    return out


def _shares(frames: Sequence[_Frame]) -> list[float]:
    """Share of the draws of each frame: even within singles and within pairs of comparisons."""
    sizes = [len(frame.columns) for frame in frames]
    whole = {1: _OF_SINGLES if 2 in sizes else 1.0, 2: 1 - _OF_SINGLES}
    return [whole[size] / sizes.count(size) for size in sizes]


def _together(a: tuple[IntArray, IntArray], b: tuple[IntArray, IntArray]) -> tuple[IntArray, IntArray]:
    """Codes of two columns as one; -1 where either is missing."""
    width = max(int(b[0].max(initial=0)), int(b[1].max(initial=0))) + 1
    left, right = (np.where((x >= 0) & (y >= 0), x * width + y, -1) for x, y in zip(a, b, strict=True))
    found, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    dense = index.reshape(-1).astype(np.int64) - int(len(found) > 0 and found[0] == -1)
    return dense[: len(left)], dense[len(left) :]


def _frame(columns: tuple[int, ...], left: IntArray, right: IntArray) -> _Frame:
    order = np.argsort(right, kind="stable")
    order = order[np.searchsorted(right[order], 0) :]
    n_codes = max(int(left.max(initial=-1)), int(right.max(initial=-1))) + 1
    sizes = np.bincount(right[order], minlength=n_codes + 1)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    code = np.where(left >= 0, left, n_codes)
    return _Frame(columns, order.astype(np.int64), starts[code].astype(np.int64), np.cumsum(sizes[code]))


def _every_pair(n_left: int, n_right: int, *, within: bool) -> tuple[IntArray, IntArray]:
    if within:
        left, right = np.triu_indices(n_left, 1)
        return left.astype(np.int64), right.astype(np.int64)
    return np.repeat(np.arange(n_left), n_right), np.tile(np.arange(n_right), n_left)


def _n_apart(apart: IntArray | None) -> float:
    """Pairs that are never formed."""
    if apart is None:
        return 0.0
    sizes = np.unique(apart, return_counts=True)[1].astype(np.float64)
    return float((sizes * (sizes - 1) / 2).sum())


def _allowed(left: IntArray, right: IntArray, weight: FloatArray, apart: IntArray | None) -> WeightedPairs:
    if apart is None:
        return WeightedPairs(left, right, weight)
    kept = apart[left] != apart[right]
    return WeightedPairs(left[kept], right[kept], weight[kept])
