"""
Pairs whose truth is known, beside what the linkage made of them. Opens nothing.

From a table of labelled pairs (`from_labels_table`) or from the true person of every record (`from_label_column`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, FloatArray, IntArray

__all__ = ["BadLabels", "LabelledPairs", "from_label_column", "from_labels_table", "pair_keys", "places"]

_MOST_TRUE_PAIRS = 200_000_000


class BadLabels(UserError):
    """Labels cannot be used as they are."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """
    Pairs whose truth is known.

    Attributes:
        left: `(n_pairs,)` left row.
        right: `(n_pairs,)` right row.
        is_match: `(n_pairs,)` the truth.
        weight: `(n_pairs,)` match weight (bits, prior included); -inf where the linkage reported none.
        proposed: `(n_pairs,)` whether a blocking rule proposes the pair.
        survived: `(n_pairs,)` whether it survived its competition: not lost in the assignment.
        pair_row: `(n_pairs,)` its row in the table of scored pairs, -1 if it is not there.
        n_unlisted: Pairs known to be no match that are not listed: never proposed and not linked.
        sample_weight: `(n_pairs,)` how many pairs a labelled one stands for; None: each for itself.
    """

    left: IntArray
    right: IntArray
    is_match: BoolArray
    weight: FloatArray
    proposed: BoolArray
    survived: BoolArray
    pair_row: IntArray
    n_unlisted: float = 0.0
    sample_weight: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.left)

    @property
    def reached(self) -> FloatArray:
        """`(n_pairs,)` the weight that counts: -inf for pairs not proposed or lost to a better one."""
        return np.where(self.proposed & self.survived, self.weight, -np.inf)

    @property
    def stands_for(self) -> FloatArray:
        """`(n_pairs,)` how many pairs each stands for."""
        return np.ones(len(self)) if self.sample_weight is None else self.sample_weight

    def take(self, kept: BoolArray, *, n_unlisted: float = 0.0) -> LabelledPairs:
        """Some of the pairs."""
        fields = ("left", "right", "is_match", "weight", "proposed", "survived", "pair_row")
        held = {name: getattr(self, name)[kept] for name in fields}
        sampled = None if self.sample_weight is None else self.sample_weight[kept]
        return replace(self, **held, n_unlisted=n_unlisted, sample_weight=sampled)


def pair_keys(left: IntArray, right: IntArray) -> IntArray:
    """`(n_pairs,)` one number a pair; rows below 2^31."""
    return (np.asarray(left, dtype=np.int64) << 32) | np.asarray(right, dtype=np.int64)


def places(wanted: IntArray, held: IntArray) -> IntArray:
    """`(n_wanted,)` where each wanted key stands among the held ones, -1 where it does not."""
    if len(held) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(held, kind="stable")
    at = np.minimum(np.searchsorted(held[order], wanted), len(held) - 1)
    return np.where(held[order][at] == wanted, order[at], -1)


def from_labels_table(
    labels: pa.Table,
    *,
    pairs: pa.Table,
    within: bool = False,
    threshold_actual: float = 0.5,
    proposed: BoolArray | None = None,
    weight: FloatArray | None = None,
) -> LabelledPairs:
    """
    From pairs that somebody labelled.

    Args:
        labels: left_row, right_row, clerical_match_score (0 to 1); sample_weight where they are a sample.
        pairs: Scored pairs: left_row, right_row, match_weight; reason_code where pairs competed.
        within: Whether both rows are of one table; the lower row is then the left one.
        threshold_actual: Score from which a label means "the same".
        proposed: `(n_labels,)` whether blocking proposes the pair; None: exactly those in `pairs`, so that
            a pair dropped for its low weight counts as a miss of blocking.
        weight: `(n_labels,)` weight of every labelled pair where it was computed for them all; None: from `pairs`.

    Raises:
        BadLabels: If a column is missing, a score is null or outside 0 to 1, or a pair is labelled both ways.
    """
    left, right = (_rows(labels, name, "labels") for name in ("left_row", "right_row"))
    if within:
        left, right = np.minimum(left, right), np.maximum(left, right)
    score = _numbers(labels, "clerical_match_score")
    if not ((score >= 0) & (score <= 1)).all():
        raise BadLabels("labels, clerical_match_score: expected a number from 0 to 1 in every row")
    is_match = score >= threshold_actual
    keys, first, again = np.unique(pair_keys(left, right), return_index=True, return_inverse=True)
    if (is_match[first][again] != is_match).any():
        raise BadLabels("labels: expected one answer a pair, some are labelled as match and as no match: settle them")
    sampled = _numbers(labels, "sample_weight") if "sample_weight" in labels.column_names else None
    at, held, survived = _scored(pairs, keys, within=within)
    given = held if weight is None else np.asarray(weight, dtype=np.float64)[first]
    return LabelledPairs(
        left=left[first],
        right=right[first],
        is_match=is_match[first],
        weight=given,
        proposed=at >= 0 if proposed is None else np.asarray(proposed, dtype=bool)[first],
        survived=survived,
        pair_row=at,
        sample_weight=None if sampled is None else sampled[first],
    )


def from_label_column(
    left_label: IntArray,
    right_label: IntArray | None = None,
    *,
    pairs: pa.Table,
    proposed: IntArray | None = None,
    apart: IntArray | None = None,
) -> LabelledPairs:
    """
    From the true person of every record: every true pair, and every scored pair that is none.

    Args:
        left_label: `(n_left,)` code of the person, -1 unknown; pairs with an unknown record are left out.
        right_label: `(n_right,)`; None: duplicates within one table.
        pairs: Scored pairs: left_row, right_row, match_weight; reason_code where pairs competed.
        proposed: `(n, 2)` rows of true pairs that blocking proposes though they are not in `pairs`.
        apart: `(n_left,)` within one table: records of one code are never paired, such as those of one source.

    Raises:
        BadLabels: If the labels imply more pairs than can be listed.
    """
    within = right_label is None
    other = left_label if right_label is None else right_label
    true_left, true_right = _true_pairs(left_label, other, within=within)
    if apart is not None:
        allowed = apart[true_left] != apart[true_right]
        true_left, true_right = true_left[allowed], true_right[allowed]
    true = pair_keys(true_left, true_right)
    left, right = (_rows(pairs, name, "pairs") for name in ("left_row", "right_row"))
    false = np.flatnonzero((left_label[left] >= 0) & (other[right] >= 0) & (left_label[left] != other[right]))
    keys = np.concatenate([true, pair_keys(left[false], right[false])])
    at, weight, survived = _scored(pairs, keys, within=within)
    seen = at >= 0
    if proposed is not None and len(proposed):
        seen |= np.isin(keys, pair_keys(proposed[:, 0], proposed[:, 1]))
    n_left, n_right = int((left_label >= 0).sum()), int((other >= 0).sum())
    n_possible = n_left * (n_left - 1) // 2 if within else n_left * n_right
    if apart is not None:
        _, sizes = np.unique(apart[left_label >= 0], return_counts=True)
        n_possible -= int((sizes * (sizes - 1) // 2).sum())
    return LabelledPairs(
        left=np.concatenate([true_left, left[false]]),
        right=np.concatenate([true_right, right[false]]),
        is_match=np.arange(len(keys)) < len(true),
        weight=weight,
        proposed=seen,
        survived=survived,
        pair_row=at,
        n_unlisted=float(n_possible - len(keys)),
    )


def _true_pairs(left: IntArray, right: IntArray, *, within: bool) -> tuple[IntArray, IntArray]:
    """Rows of all pairs of one person, by left and right row."""
    rows = np.flatnonzero(right >= 0)
    rows = rows[np.argsort(right[rows], kind="stable")]
    held = right[rows]
    left_rows = np.flatnonzero(left >= 0)
    start, end = (np.searchsorted(held, left[left_rows], side=side) for side in ("left", "right"))
    n = end - start
    if int(n.sum()) > _MOST_TRUE_PAIRS:
        raise BadLabels(
            f"labels: they imply {int(n.sum()):,} true pairs, expected at most {_MOST_TRUE_PAIRS:,}: is it a person?"
        )
    first = np.repeat(left_rows, n)
    second = rows[np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n) + np.repeat(start, n)]
    kept = first < second if within else np.ones(len(first), dtype=bool)
    return first[kept], second[kept]


def _scored(pairs: pa.Table, keys: IntArray, *, within: bool) -> tuple[IntArray, FloatArray, BoolArray]:
    """Row among the scored pairs (-1: none), weight (-inf: none), and whether the pair survived."""
    left, right = (_rows(pairs, name, "pairs") for name in ("left_row", "right_row"))
    if within:
        left, right = np.minimum(left, right), np.maximum(left, right)
    at = places(keys, pair_keys(left, right))
    weight, lost = np.full(len(keys), -np.inf), np.zeros(len(keys), dtype=bool)
    weight[at >= 0] = _numbers(pairs, "match_weight")[at[at >= 0]]
    if "reason_code" in pairs.column_names:
        left_out = pc.fill_null(pc.equal(pairs["reason_code"], "lost_assignment"), False)
        lost[at >= 0] = np.asarray(left_out.to_numpy(), dtype=bool)[at[at >= 0]]
    return at, weight, ~lost


def _rows(table: pa.Table, name: str, what: str) -> IntArray:
    if name not in table.column_names:
        raise BadLabels(f"{what}: expected a column {name!r}, there are {', '.join(table.column_names)}")
    if table[name].null_count:
        raise BadLabels(f"{what}, {name}: expected a row number everywhere, {table[name].null_count} are missing")
    return np.asarray(table[name].to_numpy(), dtype=np.int64)


def _numbers(table: pa.Table, name: str) -> FloatArray:
    if name not in table.column_names:
        raise BadLabels(f"labels: expected a column {name!r}, there are {', '.join(table.column_names)}")
    return np.asarray(pc.cast(table[name], pa.float64()).to_numpy(), dtype=np.float64)
