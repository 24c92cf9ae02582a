"""
The ceiling where keys err: what the best judge of each single record could reach. Opens nothing.

Left records are drawn, and each is compared with every right record. If a partner's key is wrong with a known rate and
then drawn from its margin, the chance of every right record is known (`partners`), against the chance that the record
has no partner. The surest are linked first while the required precision lasts. Keys may depend on each other in the
population; their errors are taken as independent. Records are judged one by one: that two left records cannot have
one partner is not used, which an assignment could turn into a little more recall.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from graph_schema.chance import stream
from linkage.arrays import FloatArray, IntArray
from linkage.evaluation.ceilings import BadKeys, estimated_overlap
from linkage.evaluation.grouping import Grouping
from linkage.evaluation.intervals import Share, ratio
from linkage.evaluation.look_alikes import row_codes
from linkage.evaluation.partners import partner_probabilities

__all__ = ["ErringCeiling", "ErringReachable", "GroupErringCeiling", "ceiling_with_errors"]


class ErringReachable(BaseModel):
    """What can be reached at a required precision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: float = Field(description="Precision required of the links.")
    recall: Share = Field(description="Highest expected recall; the interval is that of the draw of records.")


class GroupErringCeiling(BaseModel):
    """Recall of one subgroup of the left records, at the cut that serves all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grouping: str = Field(description="What was grouped by.")
    level: str = Field(description="Which subgroup.")
    reachable: tuple[ErringReachable, ...] = Field(description="At each required precision.")


class ErringCeiling(BaseModel):
    """The best a judge of single records could reach from keys that err."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_drawn: int = Field(description="Left records that were drawn.")
    n_shared: float = Field(description="Persons taken to be in both files.")
    overlap_estimated: bool = Field(description="Whether that is estimated, from equal keys beyond chance.")
    error_rates: tuple[float, ...] = Field(description="Assumed chance that a partner's key is wrong, key by key.")
    reachable: tuple[ErringReachable, ...] = Field(description="At each required precision.")
    groups: tuple[GroupErringCeiling, ...] = Field((), description="By subgroup of the left records.")


def ceiling_with_errors(
    left: IntArray,
    right: IntArray,
    *,
    error_rates: Sequence[float],
    precisions: Sequence[float] = (0.8, 0.9, 0.95, 0.99),
    n_shared: float | None = None,
    n_drawn: int = 20_000,
    seed: int,
    groupings: Sequence[Grouping] = (),
) -> ErringCeiling:
    """
    The ceiling of keys that err.

    Args:
        left: `(n_left, n_keys)` codes of the keys, -1 missing.
        right: `(n_right, n_keys)`, equal codes for equal values.
        error_rates: For each key, the chance that a partner's value is another one.
        precisions: Required precisions.
        n_shared: Persons in both files; None: estimated from equal keys beyond chance, and the error rates.
        n_drawn: Left records to draw; all if there are no more.
        seed: The run's seed.
        groupings: Divisions of the left records.

    Raises:
        BadKeys: If shapes do not fit, or a rate or precision is out of range.
    """
    _check(left, right, error_rates, precisions)
    rates = np.asarray(error_rates, dtype=np.float64)
    shared = _overlap(left, right, rates) if n_shared is None else n_shared
    shared = float(np.clip(shared, 0.0, min(len(left), len(right))))
    draw = stream("identifiability-ceiling", seed=seed)
    rows = np.sort(draw.permutation(len(left))[:n_drawn])
    best = partner_probabilities(left, right, rows=rows, error_rates=rates, n_shared=shared)
    cuts = [_linked(best, precision) for precision in precisions]
    share = np.full(len(rows), shared / len(left) if len(left) else 0.0)
    groups = []
    for grouping in groupings:
        for level, member in grouping.records():
            chosen = member[rows]
            reached = tuple(
                ErringReachable(precision=p, recall=ratio((best * cut)[chosen], share[chosen]))
                for p, cut in zip(precisions, cuts, strict=True)
            )
            groups.append(GroupErringCeiling(grouping=grouping.name, level=level, reachable=reached))
    return ErringCeiling(
        n_drawn=len(rows),
        n_shared=shared,
        overlap_estimated=n_shared is None,
        error_rates=tuple(float(rate) for rate in rates),
        reachable=tuple(
            ErringReachable(precision=p, recall=ratio(best * cut, share))
            for p, cut in zip(precisions, cuts, strict=True)
        ),
        groups=tuple(groups),
    )


def _overlap(left: IntArray, right: IntArray, rates: FloatArray) -> float:
    """Persons in both: those with equal keys, over the chance that none of the keys is wrong."""
    a_code, b_code = row_codes(left[(left >= 0).all(axis=1)], right[(right >= 0).all(axis=1)])
    n_cells = int(max(a_code.max(initial=-1), b_code.max(initial=-1))) + 1
    a, b = (np.bincount(code, minlength=n_cells) for code in (a_code, b_code))
    complete = len(a_code) / max(len(left), 1) * (len(b_code) / max(len(right), 1))
    return estimated_overlap(a, b) / max(float(np.prod(1 - rates)) * complete, 1e-9)


def _linked(best: FloatArray, precision: float) -> FloatArray:
    """`(n_rows,)` how far each record is linked: 1, 0, or a part where the precision runs out."""
    order = np.lexsort((np.arange(len(best)), -best))
    right, n = np.cumsum(best[order]), np.arange(1, len(best) + 1)
    whole = right >= precision * n - 1e-12 * n
    last = int(np.flatnonzero(whole)[-1]) + 1 if whole.any() else 0
    out = np.zeros(len(best))
    out[order[:last]] = 1.0
    if last < len(best) and last and best[order[last]] < precision:
        out[order[last]] = min((right[last - 1] - precision * last) / (precision - best[order[last]]), 1.0)
    return out


def _check(left: IntArray, right: IntArray, error_rates: Sequence[float], precisions: Sequence[float]) -> None:
    if left.ndim != len("nk") or left.shape[1:] != right.shape[1:] or left.shape[1] == 0:
        raise BadKeys("keys: expected one row a record and the same keys in both files, at least one")
    if len(error_rates) != left.shape[1] or not all(0 <= rate < 1 for rate in error_rates):
        raise BadKeys(f"error_rates: expected {left.shape[1]} numbers, one a key, from 0 to below 1")
    if not all(0 < precision <= 1 for precision in precisions):
        raise BadKeys("precisions: expected numbers above 0 and at most 1")
