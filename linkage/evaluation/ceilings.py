"""
The identifiability ceiling: the best recall any method could reach from these keys, before linking. Opens nothing.

If keys never err, partners have equal keys, and the records of one cell (equal keys) cannot be told apart: whoever
links two of them is right with a chance that depends on how many left and right records the cell has and on how many
of them are shared. The ceiling links the surest cells first until the required precision is used up; no method that
sees these keys alone does better on average. `a` left and `b` right records of a cell share `t` persons with weight

    C(a, t) C(b, t) t!  Gamma(shape + a + b - t)  odds^t,

the number of ways times the chance of `a + b - t` persons in one cell, the sizes of cells being gamma distributed;
`shape` is estimated from the cells of one file, `odds` so that the expected number of shared persons is the overlap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import gammaln

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import FloatArray, IntArray
from linkage.evaluation.grouping import Grouping
from linkage.evaluation.look_alikes import row_codes

__all__ = [
    "BadKeys",
    "Ceiling",
    "GroupCeiling",
    "Reachable",
    "ceiling",
    "cell_sizes",
    "estimated_overlap",
    "shared_in_cells",
]

_SHAPES = np.geomspace(1e-3, 100.0, 41)
_HALVINGS = 60


class BadKeys(UserError):
    """Keys from which no ceiling can be computed."""

    exit_code = ExitCode.SETTINGS


class Reachable(BaseModel):
    """What can be reached at a required precision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: float = Field(description="Precision required of the links.")
    recall: float | None = Field(description="Highest expected recall; null if nobody is shared.")
    n_links: float = Field(description="Links that reach it.")


class GroupCeiling(BaseModel):
    """Recall of one subgroup of the left records, when everybody is linked as the ceiling links."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grouping: str = Field(description="What was grouped by.")
    level: str = Field(description="Which subgroup.")
    reachable: tuple[Reachable, ...] = Field(description="At each required precision.")


class Ceiling(BaseModel):
    """The best any method could reach from keys without errors, one partner a record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_left: int = Field(description="Left records with every key.")
    n_right: int = Field(description="Right records with every key.")
    n_shared: float = Field(description="Persons taken to be in both.")
    overlap_estimated: bool = Field(description="Whether that is estimated, from equal keys beyond chance.")
    shape: float = Field(description="Shape of the distribution of cell sizes.")
    reachable: tuple[Reachable, ...] = Field(description="At each required precision.")
    linking_all: Reachable = Field(description="If every record is linked that has somebody with equal keys.")
    groups: tuple[GroupCeiling, ...] = Field((), description="By subgroup of the left records.")


def ceiling(
    left: IntArray,
    right: IntArray,
    *,
    precisions: Sequence[float] = (0.8, 0.9, 0.95, 0.99),
    n_shared: float | None = None,
    groupings: Sequence[Grouping] = (),
) -> Ceiling:
    """
    The ceiling of error-free keys. Records without one of the keys are left out: they reach less.

    Args:
        left: `(n_left, n_keys)` codes of the keys, -1 missing.
        right: `(n_right, n_keys)`, equal codes for equal values.
        precisions: Required precisions.
        n_shared: Persons in both files; None: estimated from how many more keys are equal than chance makes.
        groupings: Divisions of the left records.

    Raises:
        BadKeys: If shapes do not fit, a precision is not above 0 and at most 1, or more are shared than can be.
    """
    _check(left, right, precisions)
    kept = (left >= 0).all(axis=1)
    a_code, b_code = row_codes(left[kept], right[(right >= 0).all(axis=1)])
    n_cells = int(max(a_code.max(initial=-1), b_code.max(initial=-1))) + 1
    a, b = (np.bincount(code, minlength=n_cells) for code in (a_code, b_code))
    shared = estimated_overlap(a, b) if n_shared is None else n_shared
    most = float(np.minimum(a, b).sum())
    if n_shared is not None and not 0 <= n_shared <= most:
        raise BadKeys(f"n_shared: expected 0 to {most:g}, as many as equal keys allow, got {n_shared:g}")
    shared = min(shared, most)
    shape, _ = cell_sizes(a if len(a_code) >= len(b_code) else b)
    expected = shared_in_cells(a, b, n_shared=shared, shape=shape)
    links = {precision: _links(a, b, expected, precision) for precision in precisions}
    every = np.minimum(a, b).astype(np.float64)
    cell = np.full(len(left), -1, dtype=np.int64)
    cell[kept] = a_code

    def reached(share: FloatArray) -> tuple[Reachable, ...]:
        return tuple(_reached(a, b, expected, links[precision], precision, share) for precision in precisions)

    return Ceiling(
        n_left=len(a_code),
        n_right=len(b_code),
        n_shared=shared,
        overlap_estimated=n_shared is None,
        shape=shape,
        reachable=reached(np.ones(n_cells)),
        linking_all=_reached(a, b, expected, every, _precision(a, b, expected, every), np.ones(n_cells)),
        groups=tuple(
            GroupCeiling(grouping=grouping.name, level=level, reachable=reached(_shares(cell[chosen], a)))
            for grouping in groupings
            for level, chosen in grouping.records()
        ),
    )


def estimated_overlap(a: IntArray, b: IntArray) -> float:
    """
    Persons in both files, from how many more pairs have equal keys than pairs within a file.

    Args:
        a: `(n_cells,)` left records of each cell.
        b: `(n_cells,)` right records.
    """
    n_a, n_b = float(a.sum()), float(b.sum())
    within = float((a * (a - 1)).sum() + (b * (b - 1)).sum())
    possible = n_a * (n_a - 1) + n_b * (n_b - 1)
    chance = within / possible if possible else 0.0
    if chance >= 1:
        return 0.0
    return float(np.clip((float((a * b).sum()) - n_a * n_b * chance) / (1 - chance), 0.0, np.minimum(a, b).sum()))


def cell_sizes(counts: IntArray) -> tuple[float, float]:
    """
    Gamma distribution of the cells' expected sizes: maximum likelihood of the zero-truncated negative binomial.

    Args:
        counts: `(n_cells,)` records of one file in each cell, empty cells ignored.

    Returns:
        Its shape, and the mean size of a cell, those that came out empty included.
    """
    size, n = np.unique(counts[counts > 0], return_counts=True)
    if not len(size) or size.max() == 1:
        return float(_SHAPES[0]), float(_SHAPES[0])
    best = [_truncated(size, n, shape) for shape in _SHAPES]
    place = int(np.argmax([fit for fit, _ in best]))
    return float(_SHAPES[place]), best[place][1]


def _truncated(size: IntArray, n: IntArray, shape: float) -> tuple[float, float]:
    """Log-likelihood, and the rate whose truncated mean is the one observed."""
    mean = float((size * n).sum() / n.sum())
    low, high = 1e-9, mean
    for _ in range(_HALVINGS):
        rate = float(np.sqrt(low * high))
        truncated = rate / -np.expm1(-shape * np.log1p(rate / shape))
        low, high = (rate, high) if truncated < mean else (low, rate)
    rate = float(np.sqrt(low * high))
    logs = gammaln(size + shape) - gammaln(shape) - gammaln(size + 1) + size * np.log(rate / (rate + shape))
    logs += shape * np.log(shape / (rate + shape)) - np.log(-np.expm1(-shape * np.log1p(rate / shape)))
    return float((n * logs).sum()), rate


def shared_in_cells(a: IntArray, b: IntArray, *, n_shared: float, shape: float) -> FloatArray:
    """
    `(n_cells,)` persons that each cell's left and right records are expected to share.

    Args:
        a: `(n_cells,)` left records of each cell.
        b: `(n_cells,)` right records.
        n_shared: Persons shared over all cells; the odds are set so that the expectations add up to it.
        shape: Of the distribution of cell sizes.
    """
    least = np.minimum(a, b)
    if n_shared >= least.sum():
        return least.astype(np.float64)
    if n_shared <= 0:
        return np.zeros(len(a))
    kinds, kind, n = np.unique(np.stack([a, b], axis=1), axis=0, return_inverse=True, return_counts=True)
    low, high = -80.0, 80.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        total = float((_expected(kinds, shape, middle) * n).sum())
        low, high = (middle, high) if total < n_shared else (low, middle)
    return _expected(kinds, shape, (low + high) / 2)[kind.reshape(-1)]


def _expected(kinds: IntArray, shape: float, log_odds: float) -> FloatArray:
    """`(n_kinds,)` mean number shared in cells of `(a, b)` records, at given odds."""
    steps = np.minimum(kinds[:, 0], kinds[:, 1]) + 1
    start = np.cumsum(steps) - steps
    t = np.arange(int(steps.sum())) - np.repeat(start, steps)
    a, b = (np.repeat(kinds[:, side], steps) for side in (0, 1))
    logs = -gammaln(a - t + 1) - gammaln(b - t + 1) - gammaln(t + 1) + gammaln(shape + a + b - t) + t * log_odds
    logs -= np.repeat(np.maximum.reduceat(logs, start), steps)
    weight = np.exp(logs)
    return np.asarray(np.add.reduceat(weight * t, start) / np.add.reduceat(weight, start), dtype=np.float64)


def _links(a: IntArray, b: IntArray, expected: FloatArray, precision: float) -> FloatArray:
    """`(n_cells,)` links the ceiling makes in each cell: the surest first, while the precision allows."""
    room = np.minimum(a, b).astype(np.float64)
    sure = expected / np.maximum(a * b, 1)
    order = np.lexsort((np.arange(len(a)), -sure))
    n, right = np.cumsum(room[order]), np.cumsum((room * sure)[order])
    whole = right >= precision * n - 1e-12 * n
    last = int(np.flatnonzero(whole)[-1]) + 1 if whole.any() else 0
    links = np.zeros(len(a))
    links[order[:last]] = room[order[:last]]
    if last < len(order) and sure[order[last]] < precision:
        spare = (right[last - 1] - precision * n[last - 1]) if last else 0.0
        links[order[last]] = min(spare / (precision - sure[order[last]]), room[order[last]])
    return links


def _precision(a: IntArray, b: IntArray, expected: FloatArray, links: FloatArray) -> float:
    n = float(links.sum())
    return float((links * expected / np.maximum(a * b, 1)).sum()) / n if n else 0.0


def _reached(
    a: IntArray, b: IntArray, expected: FloatArray, links: FloatArray, precision: float, share: FloatArray
) -> Reachable:
    """Recall of the records that make up a share of each cell's left ones."""
    right = links * expected / np.maximum(a * b, 1) * share
    shared = float((expected * share).sum())
    return Reachable(
        precision=precision,
        recall=min(float(right.sum()) / shared, 1.0) if shared > 0 else None,
        n_links=float((links * share).sum()),
    )


def _shares(cell: IntArray, a: IntArray) -> FloatArray:
    return np.bincount(cell[cell >= 0], minlength=len(a)) / np.maximum(a, 1)


def _check(left: IntArray, right: IntArray, precisions: Sequence[float]) -> None:
    if left.ndim != len("nk") or left.shape[1:] != right.shape[1:] or left.shape[1] == 0:
        raise BadKeys("keys: expected one row a record and the same keys in both files, at least one")
    if not all(0 < precision <= 1 for precision in precisions):
        raise BadKeys("precisions: expected numbers above 0 and at most 1")
