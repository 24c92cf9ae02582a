"""Pairwise and cluster scores of links against the truth. Needs NumPy alone: it runs in a peer's environment too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Answer",
    "Score",
    "all_scores",
    "best_f1",
    "codes_of",
    "components",
    "score_bcubed",
    "score_clusters",
    "score_pairs",
]

IntArray: TypeAlias = NDArray[np.int64]
FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]
Score: TypeAlias = dict[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a peer found.

    Attributes:
        left: `(n_pairs,)` left rows.
        right: `(n_pairs,)` right rows; of the left table where there is no right one.
        weight: `(n_pairs,)` match weight (bits).
        linked: `(n_pairs,)` whether it calls the pair a link at its own threshold.
        clusters: `(n_left,)` its clusters of duplicates; None: the connected components of the links.
    """

    left: IntArray
    right: IntArray
    weight: FloatArray
    linked: BoolArray
    clusters: IntArray | None = None


def all_scores(answer: Answer, truth: Mapping[str, object]) -> dict[str, object]:
    """
    Every score of an answer.

    Args:
        answer: Pairs and decisions.
        truth: `left` and, where two tables are linked, `right`: who each record is, as whole numbers.
    """
    of_left = np.asarray(truth["left"], dtype=np.int64)
    of_right = None if truth.get("right") is None else np.asarray(truth["right"], dtype=np.int64)
    left, right = answer.left[answer.linked], answer.right[answer.linked]
    if of_right is None:
        entity, n_left, shift = of_left, None, 0
    else:
        entity, n_left, shift = np.concatenate([of_left, of_right]), len(of_left), len(of_left)
    clusters = answer.clusters
    if clusters is None:
        clusters = components(left, right + shift, n_records=len(entity))
    best, at = best_f1(answer.left, answer.right, answer.weight, of_left=of_left, of_right=of_right)
    return {
        "pairs": score_pairs(left, right, of_left=of_left, of_right=of_right),
        "clusters": score_clusters(clusters, entity=entity, n_left=n_left),
        "bcubed": score_bcubed(clusters, entity=entity),
        "best_pair_f1": best,
        "best_at_bits": at,
    }


def codes_of(left: Sequence[str], right: Sequence[str]) -> tuple[IntArray, IntArray]:
    """Whole numbers instead of names, the same in both."""
    _, codes = np.unique(np.array([*left, *right], dtype=str), return_inverse=True)
    return codes[: len(left)].astype(np.int64), codes[len(left) :].astype(np.int64)


def score_pairs(left: IntArray, right: IntArray, *, of_left: IntArray, of_right: IntArray | None) -> Score:
    """
    Precision, recall and F1 of linked pairs.

    Args:
        left: `(n_links,)` left rows.
        right: `(n_links,)` right rows; of the left table where there is no right one.
        of_left: `(n_left,)` who each left record is.
        of_right: `(n_right,)` who each right record is; None where duplicates were sought.
    """
    n_true = _n_alike(of_left) if of_right is None else _n_shared(of_left, of_right)
    n_right = int((of_left[left] == (of_left if of_right is None else of_right)[right]).sum())
    return _rates(n_right, len(left), n_true)


def score_clusters(clusters: IntArray, *, entity: IntArray, n_left: int | None) -> Score:
    """
    Scores of the pairs that clusters imply.

    Args:
        clusters: `(n_records,)` cluster of every record, left ones first.
        entity: `(n_records,)` who they are.
        n_left: Left records; pairs within a table do not count. None where duplicates were sought.
    """
    both = _joined(clusters, entity)
    if n_left is None:
        return _rates(_n_alike(both), _n_alike(clusters), _n_alike(entity))
    counted = [_n_shared(part[:n_left], part[n_left:]) for part in (both, clusters, entity)]
    return _rates(*counted)


def score_bcubed(clusters: IntArray, *, entity: IntArray) -> Score:
    """B-cubed (Bagga and Baldwin 1998): precision and recall of each record's own cluster, averaged over records."""
    both = _joined(clusters, entity)
    shared = np.bincount(both)[both].astype(np.float64)
    precision = float((shared / np.bincount(clusters)[clusters]).mean())
    recall = float((shared / np.bincount(entity)[entity]).mean())
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}


def best_f1(
    left: IntArray, right: IntArray, weight: FloatArray, *, of_left: IntArray, of_right: IntArray | None
) -> tuple[float, float]:
    """The highest F1 any threshold on the weight reaches, chosen with the truth at hand, and that threshold."""
    n_true = _n_alike(of_left) if of_right is None else _n_shared(of_left, of_right)
    if len(weight) == 0:
        return 0.0, 0.0
    order = np.argsort(-weight, kind="stable")
    hit = (of_left[left] == (of_left if of_right is None else of_right)[right])[order]
    found = np.cumsum(hit)
    f1 = 2 * found / (np.arange(1, len(hit) + 1) + n_true)
    last = np.append(weight[order][1:] != weight[order][:-1], True)
    f1 = np.where(last, f1, 0.0)
    best = int(f1.argmax())
    return float(f1[best]), float(weight[order][best])


def components(left: IntArray, right: IntArray, *, n_records: int) -> IntArray:
    """`(n_records,)` lowest record of each connected component."""
    label: IntArray = np.arange(n_records, dtype=np.int64)
    while True:
        low = np.minimum(label[left], label[right])
        new: IntArray = label.copy()
        np.minimum.at(new, left, low)
        np.minimum.at(new, right, low)
        if bool((new == label).all()):
            return label
        label = new


def _joined(a: IntArray, b: IntArray) -> IntArray:
    """One code for every pair of codes that occurs."""
    _, codes = np.unique(a * (int(b.max(initial=0)) + 1) + b, return_inverse=True)
    out: IntArray = codes.astype(np.int64)
    return out


def _n_alike(codes: IntArray) -> int:
    counts = np.bincount(codes)
    return int((counts * (counts - 1) // 2).sum())


def _n_shared(left: IntArray, right: IntArray) -> int:
    size = int(max(left.max(initial=0), right.max(initial=0))) + 1
    return int((np.bincount(left, minlength=size) * np.bincount(right, minlength=size)).sum())


def _rates(n_right: int, n_found: int, n_true: int) -> Score:
    precision = n_right / n_found if n_found else 1.0
    recall = n_right / n_true if n_true else 1.0
    f1 = 2 * n_right / (n_found + n_true) if n_found + n_true else 1.0
    return {"precision": precision, "recall": recall, "f1": f1, "right": n_right, "found": n_found, "true": n_true}
