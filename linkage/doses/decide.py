"""Doses under competition, and what is decided about them. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.decision.assign import one_to_one
from linkage.decision.marginals import Exclusions, marginals
from linkage.doses.block import Proposed
from linkage.doses.settings import DoseLinkSettings
from linkage.model import Model, level_bits, pair_bits, prior_bits
from linkage.stays.deciding import person_terms

__all__ = ["PAIRS", "Decision", "decide", "shared_prior", "table_of"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
GammaArray = npt.NDArray[np.int8]

_LN2 = float(np.log(2.0))

PAIRS = pa.schema(
    [
        ("left_key", pa.string()),
        ("right_key", pa.string()),
        ("right_label", pa.string()),
        ("left_person_key", pa.string()),
        ("right_person_key", pa.string()),
        ("levels", pa.list_(pa.string())),
        ("level_bits", pa.list_(pa.float64())),
        ("match_weight", pa.float64()),
        ("match_probability", pa.float64()),
        ("match_key", pa.string()),
        ("judgement", pa.string()),
        ("reason_code", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Decision:
    """Candidate pairs with `gammas`, `weight` (bits, prior included), `probability`, `linked`, `possible`, `reason`."""

    pairs: Proposed
    gammas: GammaArray
    weight: FloatArray
    probability: FloatArray
    linked: BoolArray
    possible: BoolArray
    reason: npt.NDArray[np.object_]


def decide(
    pairs: Proposed, gammas: GammaArray, *, model: Model, conflict: npt.NDArray[np.object_], right_once: bool,
    settings: DoseLinkSettings, unmatched: FloatArray | None = None,
) -> Decision:  # fmt: skip
    """
    Probabilities under competition, and judgements.

    Args:
        pairs: Candidates.
        gammas: Their levels.
        model: Weights and prior.
        conflict: Hard conflict of each pair or None; such a pair is at most a possible link.
        right_once: A right record takes one left record only (an examination one dose; a stay takes several).
        settings: Thresholds.
        unmatched: Chance of each pair's left record that it belongs to none of its candidates, `(n_pairs,)`; the
            prior of a candidate is then the rest, shared out over the record's candidates. None: the model's prior.
    """
    prior = prior_bits(model.prior) if unmatched is None else shared_prior(pairs, unmatched)
    weight = pair_bits(gammas, model) + prior
    probability = _compete(pairs, weight, right_once=right_once)
    free = np.array([c is None for c in conflict], dtype=bool)
    linked = free & (probability >= settings.accept_probability)
    single = np.flatnonzero(linked)
    if right_once and single.size:
        linked[single[~one_to_one(pairs.left[single], pairs.right[single], np.maximum(weight[single], 1e-6))]] = False
    possible = ~linked & (probability >= settings.possible_probability)
    reason = np.full(probability.size, "below_threshold", dtype=object)
    reason[possible & _rival(pairs, possible | linked, right_once=right_once)] = "ambiguous"
    reason[~linked & _rival(pairs, linked, right_once=right_once)] = "lost_assignment"
    reason[linked] = "assigned"
    reason[~free] = conflict[~free]
    return Decision(pairs, gammas, weight, probability, linked, possible, reason)


def table_of(
    decision: Decision,
    *,
    left: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]],
    right: tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]],
    label: str,
    keys: tuple[str, ...],
    model: Model,
    settings: DoseLinkSettings,
    only: BoolArray | None = None,
) -> pa.Table:
    """The pairs worth keeping as a table; `left` and `right` are keys and person keys, `only` selects left rows."""
    kept = decision.probability >= settings.keep_probability
    if only is not None:
        kept &= only[decision.pairs.left]
    rows = np.flatnonzero(kept)
    a, b = decision.pairs.left[rows], decision.pairs.right[rows]
    judgement = np.where(decision.linked, "link", np.where(decision.possible, "possible_link", "non_link"))
    labels, bits = _levels(decision.gammas[rows], model)
    fields = pair_bits(decision.gammas[rows], model)
    terms = person_terms(decision.weight[rows] - fields, decision.weight[rows] * _LN2, decision.probability[rows])
    columns = {
        "left_key": left[0][a],
        "right_key": right[0][b],
        "right_label": [label] * rows.size,
        "left_person_key": left[1][a],
        "right_person_key": right[1][b],
        "levels": [[*own, "prior=any_candidate", "competition=rivals"] for own in labels],
        "level_bits": list(np.round(np.column_stack([bits, terms]), 6)) if rows.size else [],
        "match_weight": np.round(fields + terms.sum(axis=1), 6),
        "match_probability": np.round(decision.probability[rows], 9),
        "match_key": np.array(keys, dtype=object)[decision.pairs.rule[rows]],
        "judgement": judgement[rows].astype(object),
        "reason_code": decision.reason[rows],
    }
    return pa.table(columns, schema=PAIRS)


def shared_prior(pairs: Proposed, unmatched: FloatArray) -> FloatArray:
    """Prior odds (bits) of each pair: one of the record's candidates is true, but for the unmatched share."""
    _, index, count = np.unique(pairs.left, return_inverse=True, return_counts=True)
    return np.asarray(np.log2((1 - unmatched) / unmatched) - np.log2(count[index]), dtype=np.float64)


def _levels(gammas: GammaArray, model: Model) -> tuple[list[list[str]], list[list[float]]]:
    labels, bits = [], []
    tables = level_bits(model)
    for row in gammas.tolist():
        labels.append(
            [
                f"{p.name}={p.level_names[g] if g >= 0 else 'missing'}"
                for p, g in zip(model.comparisons, row, strict=True)
            ]
        )
        bits.append([round(float(t[g]), 6) if g >= 0 else 0.0 for t, g in zip(tables, row, strict=True)])
    return labels, bits


def _compete(pairs: Proposed, weight: FloatArray, *, right_once: bool) -> FloatArray:
    if weight.size == 0:
        return np.zeros(0)
    links = np.arange(weight.size, dtype=np.int64)
    _, left = np.unique(pairs.left, return_inverse=True)
    link, group = links, left.astype(np.int64)
    if right_once:
        _, right = np.unique(pairs.right, return_inverse=True)
        link = np.concatenate([links, links])
        group = np.concatenate([group, right.astype(np.int64) + int(left.max()) + 1])
    exclusions = Exclusions(link, group, int(group.max()) + 1)
    return marginals(weight * _LN2, exclusions).probability


def _rival(pairs: Proposed, counted: BoolArray, *, right_once: bool) -> BoolArray:
    out = np.zeros(counted.size, dtype=bool)
    for group in (pairs.left, pairs.right) if right_once else (pairs.left,):
        _, index = np.unique(group, return_inverse=True)
        number = np.bincount(index, weights=counted.astype(float), minlength=int(index.max(initial=0)) + 1)
        out |= number[index] - counted > 0
    return out
