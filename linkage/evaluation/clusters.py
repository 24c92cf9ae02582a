"""
Predicted clusters against true ones: pairwise, B-cubed, whole clusters, and the two ways to be wrong. Opens nothing.

Everything is counted per record, so that every score also exists for a subgroup of the records, and the subgroups of a
grouping add up to the whole. Records of unknown truth (-1) are left out of both sides.

Source: B-cubed: Bagga and Baldwin (1998), https://aclanthology.org/P98-1012/. Homonymy and name variation rate: Binette
et al. (2022), https://arxiv.org/abs/2210.01230.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.evaluation.grouping import BadGrouping, Grouping
from linkage.evaluation.intervals import Share, ratio

__all__ = ["ClusterScores", "GroupClusterScores", "NameRates", "cluster_scores", "name_rates"]


class Scores(BaseModel):
    """Precision and recall of one way to count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: Share = Field(description="Share of what was put together that belongs together.")
    recall: Share = Field(description="Share of what belongs together that was put together.")
    f1: float | None = Field(description="Harmonic mean; null where one of the two is unknown.")


class ClusterScores(BaseModel):
    """How predicted clusters compare with true ones. Intervals take a whole cluster as one observation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_records: int = Field(description="Records whose truth is known.")
    n_predicted: int = Field(description="Predicted clusters with at least one of the records.")
    n_true: int = Field(description="True clusters with at least one of the records.")
    pairwise: Scores = Field(description="Over pairs of records that share a cluster.")
    b_cubed: Scores = Field(description="Per record, the share of its cluster that is right; averaged over records.")
    whole: Scores = Field(
        description="Precision: predicted clusters that are true clusters; recall: true clusters found whole."
    )
    purity: Share = Field(description="Share of records of the commonest person of their predicted cluster.")
    inverse_purity: Share = Field(description="Share of records in the commonest predicted cluster of their person.")
    homonymy: Share = Field(description="Share of the predicted clusters that hold more than one person.")
    splitting: Share = Field(description="Share of the persons that are spread over more than one predicted cluster.")


class GroupClusterScores(BaseModel):
    """The same for the records of one subgroup, each judged within its whole cluster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grouping: str = Field(description="What was grouped by.")
    level: str = Field(description="Which subgroup.")
    scores: ClusterScores = Field(description="Scores of its records.")


class NameRates(BaseModel):
    """How hard the names make it, whatever the linkage does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    homonymy_rate: Share = Field(description="Share of the clusters that share a name with another cluster.")
    name_variation_rate: Share = Field(description="Share of the clusters with more than one name.")


@dataclass(frozen=True, slots=True)
class _Counts:
    """Per record `(n_records,)`: its clusters, their sizes, and the size of the overlap of the two."""

    predicted: IntArray
    true: IntArray
    n_predicted: FloatArray
    n_true: FloatArray
    n_both: FloatArray
    pure: BoolArray
    gathered: BoolArray


def cluster_scores(
    predicted: IntArray, true: IntArray, *, groupings: Sequence[Grouping] = ()
) -> tuple[ClusterScores, tuple[GroupClusterScores, ...]]:
    """
    Compare two partitions of the same records.

    Args:
        predicted: `(n_records,)` label of each record's predicted cluster.
        true: `(n_records,)` code of its true one, -1 unknown.
        groupings: Divisions of the records; their left side is used.

    Raises:
        BadGrouping: If a grouping is of other records.
    """
    for grouping in groupings:
        grouping.check(n_left=len(true), n_right=len(grouping.right) if grouping.right is not None else 0)
    known = true >= 0
    counts = _count(predicted[known], true[known])
    every = np.ones(int(known.sum()), dtype=bool)
    groups = tuple(
        GroupClusterScores(grouping=grouping.name, level=level, scores=_scores(counts, chosen[known]))
        for grouping in groupings
        for level, chosen in grouping.records()
    )
    return _scores(counts, every), groups


def name_rates(cluster: IntArray, name: IntArray) -> NameRates:
    """
    Homonymy and name variation of clusters.

    Args:
        cluster: `(n_records,)` label of each record's cluster.
        name: `(n_records,)` code of its name, -1 missing.
    """
    if len(cluster) != len(name):
        raise BadGrouping(f"names: expected one code for each of the {len(cluster)} records, got {len(name)}")
    known = name >= 0
    held, code = np.unique(cluster[known], return_inverse=True)
    both = np.unique(np.stack([code, name[known]], axis=1), axis=0)
    n_names = np.bincount(both[:, 0], minlength=len(held))
    _, of_name, shared = np.unique(both[:, 1], return_inverse=True, return_counts=True)
    homonym = np.zeros(len(held))
    homonym[both[:, 0][shared[of_name] > 1]] = 1.0
    ones = np.ones(len(held))
    return NameRates(homonymy_rate=ratio(homonym, ones), name_variation_rate=ratio((n_names > 1).astype(float), ones))


def _count(predicted: IntArray, true: IntArray) -> _Counts:
    _, a, n_a = np.unique(predicted, return_inverse=True, return_counts=True)
    _, b, n_b = np.unique(true, return_inverse=True, return_counts=True)
    cells, c, n_c = np.unique(a.astype(np.int64) * max(len(n_b), 1) + b, return_inverse=True, return_counts=True)
    of_a, of_b = cells // max(len(n_b), 1), cells % max(len(n_b), 1)
    return _Counts(
        predicted=a.astype(np.int64),
        true=b.astype(np.int64),
        n_predicted=n_a[a].astype(np.float64),
        n_true=n_b[b].astype(np.float64),
        n_both=n_c[c].astype(np.float64),
        pure=_first_largest(of_a, n_c)[c],
        gathered=_first_largest(of_b, n_c)[c],
    )


def _first_largest(owner: IntArray, size: IntArray) -> BoolArray:
    """`(n_cells,)` whether a cell is its owner's largest; the first of several."""
    order = np.lexsort((np.arange(len(size)), -size, owner))
    first = np.ones(len(order), dtype=bool)
    first[1:] = owner[order][1:] != owner[order][:-1]
    out = np.zeros(len(order), dtype=bool)
    out[order[first]] = True
    return out


def _scores(counts: _Counts, chosen: BoolArray) -> ClusterScores:
    a, b = counts.predicted[chosen], counts.true[chosen]
    n_a, n_b, n_c = counts.n_predicted[chosen], counts.n_true[chosen], counts.n_both[chosen]
    ones = np.ones(len(a))
    _, first_a = np.unique(a, return_index=True)
    _, first_b = np.unique(b, return_index=True)
    exact = ((n_a == n_c) & (n_b == n_c)).astype(np.float64)
    several = _any_by(a, n_c < n_a)
    spread = _any_by(b, n_c < n_b)
    return ClusterScores(
        n_records=len(a),
        n_predicted=len(first_a),
        n_true=len(first_b),
        pairwise=_both(ratio(n_c - 1, n_a - 1, cluster=a), ratio(n_c - 1, n_b - 1, cluster=b)),
        b_cubed=_both(ratio(n_c / n_a, ones, cluster=a), ratio(n_c / n_b, ones, cluster=b)),
        whole=_both(ratio(exact[first_a], ones[first_a]), ratio(exact[first_b], ones[first_b])),
        purity=ratio(counts.pure[chosen].astype(np.float64), ones, cluster=a),
        inverse_purity=ratio(counts.gathered[chosen].astype(np.float64), ones, cluster=b),
        homonymy=ratio(several, np.ones(len(several))),
        splitting=ratio(spread, np.ones(len(spread))),
    )


def _any_by(owner: IntArray, flag: BoolArray) -> FloatArray:
    """`(n_owners,)` 1 where any record of an owner has the flag."""
    held, code = np.unique(owner, return_inverse=True)
    return (np.bincount(code, weights=flag.astype(np.float64), minlength=len(held)) > 0).astype(np.float64)


def _both(precision: Share, recall: Share) -> Scores:
    p, r = precision.share, recall.share
    f1 = None if p is None or r is None else (2 * p * r / (p + r) if p + r > 0 else 0.0)
    return Scores(precision=precision, recall=recall, f1=f1)
