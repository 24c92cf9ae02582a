"""
What decided a pair, so that its terms sum to the odds of its probability. Opens nothing.

The fields of two stays are only part of what decides: their persons may share other stays, and others may claim the
same stay. Both are terms of their own, so that a pair linked for its persons does not read as evidence against.
"""

from __future__ import annotations

import numpy as np

from linkage.arrays import BoolArray, FloatArray

__all__ = ["LARGEST_BITS", "odds_bits", "person_terms", "stay_terms"]

LARGEST_BITS = 50.0
"""A probability of double precision says no more than this."""

_SURE_BITS = 36.0
_LN2 = float(np.log(2.0))


def odds_bits(probability: FloatArray) -> FloatArray:
    """log2 of the odds, within `LARGEST_BITS`."""
    smallest = 2.0**-LARGEST_BITS
    p = np.clip(probability, smallest, 1.0)
    return np.asarray(np.minimum(np.log2(p) - np.log2(np.maximum(1.0 - p, smallest)), LARGEST_BITS))


def stay_terms(
    fields: FloatArray,
    *,
    prior: float,
    person_log_odds: FloatArray,
    given_person: FloatArray,
    probability: FloatArray,
    outside: BoolArray,
) -> tuple[FloatArray, list[list[str]]]:
    """
    The terms beside the fields of each pair of stays: prior, persons (or coverage), competition.

    Args:
        fields: `(n_pairs,)` bits of hospital, dates, codes and the fields of the persons.
        prior: Probability that a random pair of stays is a match.
        person_log_odds: `(n_pairs,)` natural log odds of the persons before competition.
        given_person: `(n_pairs,)` probability of the pair if the persons are one.
        probability: `(n_pairs,)` final, competition included.
        outside: The case lies outside the coverage, which alone decides.

    Returns:
        Bits `(n_pairs, 3)` and labels; with `fields` they sum to the odds of `probability`.
    """
    base = float(np.log2(prior / (1 - prior)))
    apart = np.exp(-np.clip(person_log_odds, -700, 700)) + np.maximum(1.0 - given_person, 2.0**-1000)
    alone = np.log2(np.maximum(given_person, 2.0**-LARGEST_BITS)) - np.log2(apart)
    alone = np.where(outside, -LARGEST_BITS, np.clip(alone, -LARGEST_BITS, LARGEST_BITS))
    rivals = np.where(outside, 0.0, _rivals(alone, probability))
    bits = np.column_stack([np.full(fields.size, base), alone - fields - base, rivals])
    labels = [["prior=any_two_stays", "coverage=outside" if out else "persons=other_evidence", "competition=rivals"]
              for out in outside.tolist()]  # fmt: skip
    return bits, labels


def person_terms(prior_bits: FloatArray, log_odds: FloatArray, probability: FloatArray) -> FloatArray:
    """Bits of prior and competition of each pair of persons, `(n_pairs, 2)`; `log_odds` are natural logs."""
    return np.column_stack([prior_bits, _rivals(log_odds / _LN2, probability)])


def _rivals(before: FloatArray, probability: FloatArray) -> FloatArray:
    """What competition moved; 0 where both odds are beyond what a probability can tell apart."""
    after = odds_bits(probability)
    same = (np.minimum(before, after) > _SURE_BITS) | (np.abs(after - before) < 1e-6)
    return np.where(same, 0.0, after - before)
