"""Why a pair has its score. Opens nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from linkage.explain.facts import PairFacts
from linkage.explain.steps import Explanation, Rival, Step, StepKind, probability_of
from linkage.model.model import Model
from linkage.model.weights import PatternWeights, prior_bits

__all__ = ["NULL_LEVEL", "explain", "heaviest_first", "level_name", "terms_of"]

NULL_LEVEL = "null"


def explain(
    pair: PairFacts, *, model: Model, threshold: float, possible: float, show_values: bool = False
) -> Explanation:
    """
    The score of a pair step by step: prior, every comparison with its term-frequency part, interactions.

    Args:
        pair: What is known of it.
        model: The model that weighed it.
        threshold: Probability from which a pair may be a link.
        possible: Probability from which a pair is reported.
        show_values: Tell the values that were compared.

    Raises:
        ValueError: If levels or term weights do not fit the model, or the parts do not sum to the recorded score.
    """
    steps = _steps(pair, model=model, show_values=show_values)
    summed = math.fsum(step.bits for step in steps)
    weight = summed if pair.match_weight is None else pair.match_weight
    return Explanation(
        left_id=pair.left_id,
        right_id=pair.right_id,
        steps=steps,
        match_weight=weight,
        match_probability=probability_of(weight),
        threshold_bits=prior_bits(threshold),
        possible_bits=prior_bits(possible),
        match_key=pair.match_key,
        judgement=pair.judgement,
        reason=pair.reason,
        probability_assigned=pair.probability_assigned,
        near_tie=pair.near_tie,
        margin_bits=pair.margin_bits if pair.margin_bits is not None and math.isfinite(pair.margin_bits) else None,
        rivals=heaviest_first(pair.rivals),
    )


def terms_of(pair: PairFacts, *, model: Model) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Names of the model's terms, comparisons first and then groups, and what each adds to the pair (bits)."""
    n = len(model.comparisons)
    if len(pair.gammas) != n or len(pair.term_bits) not in {0, n}:
        raise ValueError(f"expected levels and term weights of {n} comparisons")
    weights = PatternWeights(model)
    terms = weights.terms(np.array([pair.gammas], dtype=np.int8))[0]
    return weights.names, tuple(float(bits) for bits in terms)


def level_name(model: Model, *, column: int, gamma: int) -> str:
    """Name of a level, `null` where a value is missing."""
    return NULL_LEVEL if gamma < 0 else model.comparisons[column].level_names[gamma]


def heaviest_first(rivals: Sequence[Rival]) -> tuple[Rival, ...]:
    """Rivals by weight, equal ones by their identifiers."""
    return tuple(sorted(rivals, key=lambda rival: (-rival.match_weight, rival.left_id, rival.right_id)))


def _steps(pair: PairFacts, *, model: Model, show_values: bool) -> tuple[Step, ...]:
    names, bits = terms_of(pair, model=model)
    steps = [Step(kind=StepKind.PRIOR, name="prior", bits=prior_bits(model.prior))]
    for column, part in enumerate(model.comparisons):
        level = level_name(model, column=column, gamma=pair.gammas[column])
        left, right = (
            values[column] if show_values and values is not None else None
            for values in (pair.left_values, pair.right_values)
        )
        steps.append(
            Step(
                kind=StepKind.COMPARISON,
                name=part.name,
                level=level,
                bits=bits[column],
                left_value=left,
                right_value=right,
            )
        )
        if pair.term_bits and pair.term_bits[column]:
            steps.append(Step(kind=StepKind.TERM_FREQUENCY, name=part.name, bits=float(pair.term_bits[column])))
    groups = zip(names[len(model.comparisons) :], bits[len(model.comparisons) :], strict=True)
    steps += [Step(kind=StepKind.INTERACTION, name=name, bits=added) for name, added in groups]
    return tuple(steps)
