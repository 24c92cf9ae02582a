"""The linkage as Arrow tables: pairs of stays and pairs of persons, with levels, bits, judgement and reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.stays.arrays import MISSING, IntArray, StayArrays
from linkage.stays.block import FAR, MATCH_KEYS, SAME
from linkage.stays.compare import PERSON_COMPARISONS, STAY_COMPARISONS
from linkage.stays.competition import Posterior
from linkage.stays.decide import Judged, decide_persons, decide_stays, hard_conflicts
from linkage.stays.deciding import person_terms, stay_terms
from linkage.stays.model import StayModel
from linkage.stays.settings import StaySettings

__all__ = ["PAIRS", "PERSON_PAIRS", "Decided", "decide"]

FloatArray = npt.NDArray[np.float64]

_DECISION = [
    ("levels", pa.list_(pa.string())),
    ("level_bits", pa.list_(pa.float64())),
    ("match_weight", pa.float64()),
    ("match_probability", pa.float64()),
    ("match_key", pa.string()),
    ("judgement", pa.string()),
    ("reason_code", pa.string()),
]
PAIRS = pa.schema(
    [("left_key", pa.string()), ("right_key", pa.string()), ("left_person_key", pa.string()),
     ("right_person_key", pa.string()), *_DECISION]
)  # fmt: skip
PERSON_PAIRS = pa.schema([("left_key", pa.string()), ("right_key", pa.string()), *_DECISION, ("n_stays", pa.int32())])

_LN2 = float(np.log(2.0))


@dataclass(frozen=True, slots=True)
class Decided:
    """Both tables, and the arrays quality is estimated from: probability, link and rows of every pair of stays."""

    pairs: pa.Table
    person_pairs: pa.Table
    left: IntArray
    right: IntArray
    probability: FloatArray
    linked: npt.NDArray[np.bool_]


def decide(
    posterior: Posterior, left: StayArrays, right: StayArrays, *, model: StayModel, settings: StaySettings
) -> Decided:
    """Judge everything and write it down."""
    conflict = hard_conflicts(posterior, left, right, settings=settings)
    persons = decide_persons(posterior, conflict, settings=settings)
    flat = _flat(posterior, left, right)
    proposals, edge = posterior.proposals, flat.edge
    bits, labels = _levels(posterior, left, right, edge=edge, model=model)
    weight = bits.sum(axis=1) + float(np.log2(model.prior / (1 - model.prior)))
    outside = ~proposals.inside[edge]
    alone = 1 / (1 + np.exp2(-np.clip(weight, -500, 500)))
    pair = proposals.pair[edge]
    judged = decide_stays(
        flat.probability,
        (flat.left, flat.right),
        person=(persons.linked[pair], persons.reason[pair]),
        given_person=posterior.evidence.given_person[edge],
        merged=flat.merged,
        outside=outside,
        bits=weight,
        settings=settings,
    )
    kept = flat.probability >= settings.keep_probability
    kept |= outside & (alone >= settings.possible_probability)
    rows = np.flatnonzero(kept)
    rows = rows[np.lexsort((flat.right[rows], flat.left[rows]))]
    terms, names = stay_terms(
        bits[rows].sum(axis=1),
        prior=model.prior,
        person_log_odds=posterior.log_odds[pair[rows]],
        given_person=posterior.evidence.given_person[edge[rows]],
        probability=flat.probability[rows],
        outside=outside[rows],
    )
    told = np.column_stack([bits[rows], terms])
    columns = {
        "left_key": left.keys[flat.left[rows]],
        "right_key": right.keys[flat.right[rows]],
        "left_person_key": left.person_keys[left.person[flat.left[rows]]],
        "right_person_key": right.person_keys[right.person[flat.right[rows]]],
        "levels": [[*labels[i], *more] for i, more in zip(rows.tolist(), names, strict=True)],
        "level_bits": list(np.round(told, 6)),
        "match_weight": np.round(told.sum(axis=1), 6),
        "match_probability": np.round(flat.probability[rows], 9),
        "match_key": np.array(MATCH_KEYS, dtype=object)[proposals.rule[edge[rows]]],
        "judgement": judged.judgement[rows],
        "reason_code": judged.reason[rows],
    }
    return Decided(
        pairs=pa.table(columns, schema=PAIRS),
        person_pairs=_person_table(
            posterior, left, right, persons=persons, flat=flat, linked=judged.linked, settings=settings
        ),
        left=flat.left[rows],
        right=flat.right[rows],
        probability=flat.probability[rows],
        linked=judged.linked[rows],
    )


@dataclass(frozen=True, slots=True)
class _Flat:
    """Pairs of delivered stays: `left`, `right`, the edge they are told by, probability, and whether merged."""

    left: IntArray
    right: IntArray
    edge: IntArray
    probability: FloatArray
    merged: npt.NDArray[np.bool_]


def _flat(posterior: Posterior, left: StayArrays, right: StayArrays) -> _Flat:
    """Edges of joined stays shared out to their parts; a pair is told by its most probable edge."""
    proposals = posterior.proposals
    edges, a, b = [], [], []
    for i in (0, 1):
        for j in (0, 1):
            parts_a, parts_b = left.parts[proposals.left], right.parts[proposals.right]
            joined_a, joined_b = parts_a[:, 0] != MISSING, parts_b[:, 0] != MISSING
            used = np.flatnonzero((joined_a | (i == 0)) & (joined_b | (j == 0)))
            edges.append(used)
            a.append(np.where(joined_a, parts_a[:, i], proposals.left)[used])
            b.append(np.where(joined_b, parts_b[:, j], proposals.right)[used])
    edge, row_a, row_b = np.concatenate(edges), np.concatenate(a), np.concatenate(b)
    code = row_a * max(right.n, 1) + row_b
    distinct, index = np.unique(code, return_inverse=True)
    total = np.bincount(index, weights=posterior.stay[edge], minlength=distinct.size)
    single = (left.parts[proposals.left[edge], 0] == MISSING) & (right.parts[proposals.right[edge], 0] == MISSING)
    order = np.lexsort((edge, single, posterior.stay[edge], index))
    best = np.zeros(distinct.size, dtype=np.int64)
    best[index[order]] = edge[order]
    own = (left.parts[proposals.left[best], 0] == MISSING) & (right.parts[proposals.right[best], 0] == MISSING)
    rows_a, rows_b = np.divmod(distinct, max(right.n, 1))
    return _Flat(rows_a, rows_b, best, np.minimum(total, 1.0), ~own)


def _levels(
    posterior: Posterior, left: StayArrays, right: StayArrays, *, edge: IntArray, model: StayModel
) -> tuple[FloatArray, list[list[str]]]:
    """Bits `(n, n_levels)` and labels `comparison=level` of hospital, blocking, stay and person comparisons."""
    proposals, evidence = posterior.proposals, posterior.evidence
    ha, hb = left.hospital[proposals.left[edge]], right.hospital[proposals.right[edge]]
    relation = np.select([(ha < 0) | (hb < 0), ha == hb], [0, 1], default=2)
    table = [0.0, np.log2(model.hospital_m / model.hospital_u),
             np.log2((1 - model.hospital_m) / max(1 - model.hospital_u, 1e-6))]  # fmt: skip
    hospital = np.array(table)[relation]
    pair = proposals.pair[edge]
    bits = np.column_stack([hospital, evidence.stay_bits[edge], evidence.person_bits[pair]])
    # As in `StayModel.engine_model`: a near date level includes how rare near dates are at one hospital.
    rarity = np.where(proposals.rule[edge] == FAR, 0.0, -np.log2(model.date_rates[SAME]))
    bits[:, 1] -= rarity
    bits[:, 2] += rarity
    columns = [np.array(["hospital=missing", "hospital=same", "hospital=different"], dtype=object)[relation]]
    columns.append(np.array([f"blocking={key}" for key in MATCH_KEYS], dtype=object)[proposals.rule[edge]])
    gammas = np.column_stack([proposals.gammas[edge], proposals.person_gammas[pair]])
    for column, (name, levels) in enumerate({**STAY_COMPARISONS, **PERSON_COMPARISONS}.items()):
        texts = np.array([*(f"{name}={level}" for level in levels), f"{name}=missing"], dtype=object)
        columns.append(texts[gammas[:, column]])
    return bits, np.column_stack(columns).tolist()


def _person_table(
    posterior: Posterior,
    left: StayArrays,
    right: StayArrays,
    *,
    persons: Judged,
    flat: _Flat,
    linked: npt.NDArray[np.bool_],
    settings: StaySettings,
) -> pa.Table:
    proposals, evidence = posterior.proposals, posterior.evidence
    left_key = left.person_keys[proposals.left_person]
    right_key = right.person_keys[proposals.right_person]
    named = np.array([a is not None and b is not None for a, b in zip(left_key, right_key, strict=True)], dtype=bool)
    rows = np.flatnonzero(named & (posterior.person >= settings.keep_probability))
    pair = proposals.pair[flat.edge]
    n_stays = np.bincount(pair[linked], minlength=proposals.n_pairs)
    stays_bits = evidence.log_evidence / _LN2 - evidence.person_bits.sum(axis=1)
    prior_bits = (posterior.log_odds - evidence.log_evidence) / _LN2
    rule = np.full(proposals.n_pairs, len(MATCH_KEYS) - 1, dtype=np.int64)
    np.minimum.at(rule, proposals.pair, proposals.rule.astype(np.int64))
    labels = [_person_labels(proposals.person_gammas[i], int(n_stays[i]), int(proposals.n_inside[i])) for i in rows]
    terms = person_terms(prior_bits, posterior.log_odds, posterior.person)
    bits = np.column_stack([stays_bits, evidence.person_bits, terms])
    columns = {
        "left_key": left_key[rows],
        "right_key": right_key[rows],
        "levels": labels,
        "level_bits": list(np.round(bits[rows], 6)),
        "match_weight": np.round(bits[rows].sum(axis=1), 6),
        "match_probability": np.round(posterior.person[rows], 9),
        "match_key": np.array(MATCH_KEYS, dtype=object)[rule[rows]],
        "judgement": persons.judgement[rows],
        "reason_code": persons.reason[rows],
        "n_stays": n_stays[rows].astype(np.int32),
    }
    return pa.table(columns, schema=PERSON_PAIRS)


def _person_labels(gammas: npt.NDArray[np.int8], n_linked: int, n_inside: int) -> list[str]:
    out = [f"stays={n_linked}_of_{n_inside}"]
    for gamma, (name, levels) in zip(gammas.tolist(), PERSON_COMPARISONS.items(), strict=True):
        out.append(f"{name}={levels[gamma] if gamma >= 0 else 'missing'}")
    return [*out, "prior=any_two_persons", "competition=rivals"]
