"""Every wrong link and every missed match as pair rows, and why; no value of a record. Opens nothing."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.evaluation.pairs import LabelledPairs, places
from linkage.model.weights import posterior

__all__ = ["ERROR_REASONS", "prediction_errors"]

Reasons: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.str_]]"

ERROR_REASONS = {
    "not_proposed": "no blocking rule proposes the pair",
    "below_threshold": "the pair is proposed, but its weight is below the threshold",
    "lost_assignment": "the pair reached the threshold, but a record of it went to a better pair",
    "no_true_partner": "linked, but neither record has a match among the labelled pairs",
    "true_pair_not_proposed": "linked wrongly where blocking keeps every match of both records apart",
    "true_pair_weaker": "linked wrongly; a match of one of the records was proposed, but weighs less or as much",
    "true_pair_stronger": "linked wrongly although a match of one of the records weighs more",
}


def prediction_errors(
    labelled: LabelledPairs,
    *,
    threshold_match_weight: float,
    include_false_positives: bool = True,
    include_false_negatives: bool = True,
) -> pa.Table:
    """
    The errors at a threshold, the gravest first.

    Returns:
        left_row, right_row, error (false_positive or false_negative), why (key of `ERROR_REASONS`), match_weight
        (bits; null where the linkage reported none), match_probability, margin_bits (how far on the wrong side of
        the threshold the weight is), pair_row (row in the table of scored pairs, for levels and weights; or null).
    """
    link = labelled.reached >= threshold_match_weight
    wrong = link & ~labelled.is_match & include_false_positives
    missed = ~link & labelled.is_match & include_false_negatives
    rows = np.flatnonzero(wrong | missed)
    why = np.where(wrong[rows], _why_wrong(labelled, rows), _why_missed(labelled, rows, threshold_match_weight))
    weight = labelled.weight[rows]
    margin = np.abs(weight - threshold_match_weight)
    order = np.lexsort((labelled.right[rows], labelled.left[rows], -margin, wrong[rows]))
    rows, why, weight, margin = rows[order], why[order], weight[order], margin[order]
    known = np.isfinite(weight)
    place = labelled.pair_row[rows]
    return pa.table(
        {
            "left_row": pa.array(labelled.left[rows], pa.int64()),
            "right_row": pa.array(labelled.right[rows], pa.int64()),
            "error": pa.array(np.where(wrong[rows], "false_positive", "false_negative").tolist(), pa.string()),
            "why": pa.array(why.tolist(), pa.string()),
            "match_weight": pa.array(weight, pa.float64(), mask=~known),
            "match_probability": pa.array(posterior(np.where(known, weight, 0.0), 0.5), pa.float64(), mask=~known),
            "margin_bits": pa.array(margin, pa.float64(), mask=~known),
            "pair_row": pa.array(place, pa.int64(), mask=place < 0),
        }
    )


def _why_missed(labelled: LabelledPairs, rows: IntArray, threshold: float) -> Reasons:
    lost = (labelled.weight[rows] >= threshold) & ~labelled.survived[rows]
    proposed = np.where(lost, "lost_assignment", "below_threshold")
    return np.where(labelled.proposed[rows], proposed, "not_proposed")


def _why_wrong(labelled: LabelledPairs, rows: IntArray) -> Reasons:
    """Whether a true pair of either record is there, and how it weighs against the wrong one."""
    match, proposed = labelled.is_match, labelled.is_match & labelled.proposed
    sides = (labelled.left, labelled.right)
    exists = np.any([np.isin(side[rows], side[match]) for side in sides], axis=0)
    there = np.any([np.isin(side[rows], side[proposed]) for side in sides], axis=0)
    strongest = np.max([_strongest(side, rows, proposed, labelled.weight) for side in sides], axis=0)
    beside = np.where(strongest > labelled.weight[rows], "true_pair_stronger", "true_pair_weaker")
    return np.where(~exists, "no_true_partner", np.where(there, beside, "true_pair_not_proposed"))


def _strongest(records: IntArray, rows: IntArray, chosen: BoolArray, weight: FloatArray) -> FloatArray:
    """`(n_rows,)` highest weight among the chosen pairs of each row's record, -inf without one."""
    held, code = np.unique(records[chosen], return_inverse=True)
    top = np.full(len(held), -np.inf)
    np.maximum.at(top, code, weight[chosen])
    at = places(records[rows], held)
    return np.where(at >= 0, np.append(top, -np.inf)[at], -np.inf)
