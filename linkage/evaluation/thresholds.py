"""
How good a linkage is where the truth of pairs is known: at one threshold, at all of them, by subgroup. Opens nothing.

A true pair that no blocking rule proposed is a miss like any other and is counted apart as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import BoolArray, FloatArray
from linkage.evaluation.grouping import Grouping
from linkage.evaluation.intervals import Share, ratio, wilson_bounds
from linkage.evaluation.pairs import LabelledPairs
from linkage.model.weights import posterior

__all__ = ["Accuracy", "AccuracyAt", "GroupAccuracy", "accuracy", "accuracy_at", "areas", "threshold_table"]


class AccuracyAt(BaseModel):
    """The four counts at one threshold, and what follows from them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold_match_weight: float = Field(description="Pairs at or above this weight are links (bits).")
    tp: float = Field(description="Links that are matches.")
    fp: float = Field(description="Links that are none.")
    fn: float = Field(description="Matches that are no links, for whatever reason.")
    tn: float | None = Field(description="Pairs that are neither; null where they are not counted.")
    fn_blocking: float = Field(description="Of the missed matches those that no blocking rule proposed.")
    fn_competition: float = Field(description="Of the missed matches those that lost a record to a better pair.")
    precision: Share = Field(description="Share of the links that are matches.")
    recall: Share = Field(description="Share of all matches that are links, misses of blocking included.")
    recall_of_proposed: Share = Field(description="Share of the proposed matches that are links.")
    blocking_recall: Share = Field(description="Share of all matches that a blocking rule proposes.")
    f1: float | None = Field(description="Harmonic mean of precision and recall; null without matches and links.")


class GroupAccuracy(BaseModel):
    """The same for one subgroup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grouping: str = Field(description="What was grouped by.")
    level: str = Field(description="Which subgroup.")
    at: AccuracyAt = Field(description="Counts of its pairs at the threshold.")


class Accuracy(BaseModel):
    """How good a linkage is, from labelled pairs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_labels: int = Field(description="Labelled pairs, unlisted non-matches not counted.")
    is_sample: bool = Field(description="Whether the labels are weighted as a sample of all pairs.")
    overall: AccuracyAt = Field(description="Counts of all pairs at the threshold.")
    roc_area: float | None = Field(description="Area under the ROC curve; null without matches or non-matches.")
    average_precision: float | None = Field(description="Area under the precision-recall curve, as steps.")
    groups: tuple[GroupAccuracy, ...] = Field((), description="By subgroup.")


def accuracy(labelled: LabelledPairs, *, threshold_match_weight: float, groupings: Sequence[Grouping] = ()) -> Accuracy:
    """
    The accuracy of a linkage at its threshold.

    Args:
        labelled: Pairs with their truth.
        threshold_match_weight: Pairs at or above are links (bits).
        groupings: Divisions of the records.
    """
    groups = []
    for grouping in groupings:
        for level, chosen in grouping.pairs(labelled.left, labelled.right):
            at = accuracy_at(labelled.take(chosen), threshold_match_weight)
            groups.append(GroupAccuracy(grouping=grouping.name, level=level, at=at))
    if labelled.n_unlisted:  # of a subgroup nobody counted the pairs that were never looked at
        groups = [g.model_copy(update={"at": g.at.model_copy(update={"tn": None})}) for g in groups]
    roc, steps = areas(labelled)
    return Accuracy(
        n_labels=len(labelled),
        is_sample=labelled.sample_weight is not None,
        overall=accuracy_at(labelled, threshold_match_weight),
        roc_area=roc,
        average_precision=steps,
        groups=tuple(groups),
    )


def accuracy_at(labelled: LabelledPairs, threshold_match_weight: float) -> AccuracyAt:
    """
    The counts at one threshold.

    Intervals take the pairs of one left record as one observation, because they err together.
    """
    each, match = labelled.stands_for, labelled.is_match
    link = labelled.reached >= threshold_match_weight
    missed_by_blocking = match & ~labelled.proposed
    lost = match & labelled.proposed & ~labelled.survived & (labelled.weight >= threshold_match_weight)
    tp, fp, fn = (float(each[chosen].sum()) for chosen in (link & match, link & ~match, ~link & match))

    def share(part: BoolArray, whole: BoolArray) -> Share:
        return ratio(each[whole] * part[whole], each[whole], cluster=labelled.left[whole])

    return AccuracyAt(
        threshold_match_weight=threshold_match_weight,
        tp=tp,
        fp=fp,
        fn=fn,
        tn=float(each[~link & ~match].sum()) + labelled.n_unlisted,
        fn_blocking=float(each[missed_by_blocking].sum()),
        fn_competition=float(each[lost].sum()),
        precision=share(match, link),
        recall=share(link, match),
        recall_of_proposed=share(link, match & labelled.proposed),
        blocking_recall=share(labelled.proposed, match),
        f1=2 * tp / (2 * tp + fp + fn) if tp + fp + fn > 0 else None,
    )


def threshold_table(
    labelled: LabelledPairs, *, match_weight_round_to_nearest: float | None = None, max_rows: int = 10_000
) -> pa.Table:
    """
    The counts at every threshold: data of the ROC, precision-recall and threshold charts.

    Columns as Splink names them: truth_threshold (bits), match_probability, total_clerical_labels, p, n, tp, tn, fp,
    fn, P_rate, N_rate, tp_rate, tn_rate, fp_rate, fn_rate, precision, recall, specificity, npv, accuracy, f1, f2,
    f0_5, p4, phi; and fn_blocking, recall_of_proposed, precision_low, precision_high, recall_low, recall_high (95 %,
    pairs taken as independent). A rate without denominator is NaN, but precision and npv without any are 1.

    Args:
        labelled: Pairs with their truth.
        match_weight_round_to_nearest: Weights are rounded to multiples of it; None: as they are.
        max_rows: More thresholds are thinned evenly; counts at those kept are exact.
    """
    curve = _Curve(labelled, match_weight_round_to_nearest)
    kept = curve.thinned(max_rows)
    tp, fp = curve.tp[kept], curve.fp[kept]
    p = np.full(len(kept), curve.p)
    low_p, high_p = wilson_bounds(tp * curve.kish, (tp + fp) * curve.kish)
    low_r, high_r = wilson_bounds(tp * curve.kish, p * curve.kish)
    columns = {
        "truth_threshold": curve.weight[kept],
        "match_probability": posterior(curve.weight[kept], 0.5),
        **_measures(tp, fp, p, np.full(len(kept), curve.n)),
        "fn_blocking": np.full(len(kept), curve.p - curve.p_proposed),
        "recall_of_proposed": tp / curve.p_proposed if curve.p_proposed else np.full(len(kept), np.nan),
        "precision_low": low_p,
        "precision_high": high_p,
        "recall_low": low_r,
        "recall_high": high_r,
    }
    return pa.table({name: pa.array(column) for name, column in columns.items()})


def _measures(tp: FloatArray, fp: FloatArray, p: FloatArray, n: FloatArray) -> dict[str, FloatArray]:
    """Splink's columns from the counts at each threshold, `(n_thresholds,)` each."""
    fn, tn, total = p - tp, n - fp, p + n
    with np.errstate(divide="ignore", invalid="ignore"):
        margins = np.sqrt((tp + fp) * p * n * (tn + fn))
        return {
            "total_clerical_labels": total,
            "p": p,
            "n": n,
            "tp": tp,
            "tn": tn,
            "fp": fp,
            "fn": fn,
            "P_rate": p / total,
            "N_rate": n / total,
            "tp_rate": tp / p,
            "tn_rate": tn / n,
            "fp_rate": fp / n,
            "fn_rate": fn / p,
            "precision": np.where(tp + fp == 0, 1.0, tp / (tp + fp)),
            "recall": tp / p,
            "specificity": tn / n,
            "npv": np.where(tn + fn == 0, 1.0, tn / (tn + fn)),
            "accuracy": (tp + tn) / total,
            "f1": 2 * tp / (2 * tp + fn + fp),
            "f2": 5 * tp / (5 * tp + 4 * fn + fp),
            "f0_5": 1.25 * tp / (1.25 * tp + 0.25 * fn + fp),
            "p4": 4 * tp * tn / (4 * tp * tn + (tp + tn) * (fp + fn)),
            "phi": np.where(margins == 0, 0.0, (tp * tn - fp * fn) / np.where(margins == 0, 1.0, margins)),
        }


def areas(labelled: LabelledPairs) -> tuple[float | None, float | None]:
    """
    Area under the ROC curve and average precision, from every distinct weight.

    Pairs the linkage did not report tie below all others. None where there is no match, or (ROC) no non-match.
    """
    curve = _Curve(labelled, None)
    if curve.p == 0:
        return None, None
    tp, fp = curve.tp[::-1], curve.fp[::-1]  # from the highest threshold down
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = float(np.nansum(np.diff(tp, prepend=0.0) / curve.p * (tp / (tp + fp))))
    if curve.n == 0:
        return None, steps
    x, y = np.r_[0.0, fp / curve.n, 1.0], np.r_[0.0, tp / curve.p, 1.0]
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)), steps


class _Curve:
    """Counts at or above every distinct weight, weights rising."""

    def __init__(self, labelled: LabelledPairs, nearest: float | None) -> None:
        each, match = labelled.stands_for, labelled.is_match
        reached = labelled.reached
        if nearest is not None:
            reached = np.round(reached / nearest) * nearest
        scored = np.isfinite(reached)
        self.weight, code = np.unique(reached[scored], return_inverse=True)
        self.tp: FloatArray = self._from_above(code, each[scored] * match[scored])
        self.fp: FloatArray = self._from_above(code, each[scored] * ~match[scored])
        self.p = float(each[match].sum())
        self.n = float(each[~match].sum()) + labelled.n_unlisted
        self.p_proposed = float(each[match & labelled.proposed].sum())
        total = float((each**2).sum())
        self.kish = float(each.sum()) / total if total else 1.0  # effective observations a pair stood for

    def _from_above(self, code: np.ndarray[tuple[int, ...], np.dtype[np.intp]], part: FloatArray) -> FloatArray:
        counts = np.bincount(code, weights=part, minlength=len(self.weight)).astype(np.float64)
        return np.cumsum(counts[::-1])[::-1]

    def thinned(self, most: int) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
        n = len(self.weight)
        return np.arange(n) if n <= most else np.unique(np.linspace(0, n - 1, most).round().astype(np.intp))
