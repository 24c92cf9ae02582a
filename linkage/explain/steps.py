"""What a pair's score is made of, as data. Opens nothing."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.model.weights import posterior

__all__ = ["Explanation", "Rival", "Step", "StepKind", "probability_of", "probability_text"]

_ROUNDING_BITS = 1e-9
_NEXT_TO_ONE = 1e-4


class StepKind(StrEnum):
    """Where the bits of a step come from."""

    PRIOR = "prior"
    COMPARISON = "comparison"
    TERM_FREQUENCY = "term_frequency"
    INTERACTION = "interaction"


class Step(BaseModel):
    """One part of a score."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: StepKind = Field(description="Prior, comparison, term frequency or interaction of dependent comparisons.")
    name: str = Field(description="Name of the comparison or of the group of comparisons; 'prior' for the prior.")
    level: str | None = Field(None, description="Level reached, 'null' where a value is missing; null elsewhere.")
    bits: float = Field(description="What it adds to the match weight (bits).")
    left_value: str | None = Field(None, description="What was compared on the left; only where values were asked for.")
    right_value: str | None = Field(None, description="What was compared on the right; only where asked for.")


class Rival(BaseModel):
    """Another pair that wants one of the same two records."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left_id: str = Field(description="Its left record.")
    right_id: str = Field(description="Its right record.")
    match_weight: float = Field(description="Its score, prior included (bits).")
    judgement: str = Field(description="What became of it: link, possible_link or non_link.")


class Explanation(BaseModel):
    """Why a pair has its score, and what was decided on it. `match_weight` is the sum of the steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left_id: str = Field(description="The left record.")
    right_id: str = Field(description="The right record.")
    steps: tuple[Step, ...] = Field(min_length=1, description="The prior first, then every comparison with its parts.")
    match_weight: float = Field(description="Score, prior included (bits).")
    match_probability: float = Field(ge=0, le=1, description="Probability of a match that the score stands for.")
    threshold_bits: float = Field(description="Score from which a pair may be a link (bits).")
    possible_bits: float = Field(description="Score from which a pair is reported (bits).")
    match_key: str | None = Field(None, description="The blocking rule that proposed the pair.")
    judgement: str | None = Field(None, description="link, possible_link or non_link.")
    reason: str | None = Field(None, description="Reason code of the decision.")
    probability_assigned: float | None = Field(
        None, description="Probability of the link over all admissible assignments, rivals considered."
    )
    near_tie: bool = Field(False, description="Whether another assignment is about as good.")
    margin_bits: float | None = Field(
        None, description="By how much the best assignment beats the best that decides the pair otherwise (bits)."
    )
    rivals: tuple[Rival, ...] = Field((), description="Pairs that want one of the same records, heaviest first.")

    @model_validator(mode="after")
    def _adds_up(self) -> Explanation:
        if abs(self.total_bits - self.match_weight) > _ROUNDING_BITS:
            raise ValueError(f"the steps sum to {self.total_bits:.9f} bits, the score is {self.match_weight:.9f} bits")
        return self

    @property
    def total_bits(self) -> float:
        """Sum of the steps (bits), correctly rounded."""
        return math.fsum(step.bits for step in self.steps)

    @property
    def lead_bits(self) -> float | None:
        """By how much the pair outweighs its heaviest rival (bits); negative if it does not, null without rivals."""
        return None if not self.rivals else self.match_weight - max(rival.match_weight for rival in self.rivals)


def probability_text(match_weight: float) -> str:
    """
    The probability that a score stands for, where it is next to 1 by what it lacks.

    >>> probability_text(3.0), probability_text(30.0)
    ('0.888889', '1 - 9.3e-10')
    """
    rest = probability_of(-match_weight)
    return f"1 - {rest:.1e}" if rest < _NEXT_TO_ONE else f"{1.0 - rest:.6g}"


def probability_of(match_weight: float) -> float:
    """The probability that a score in bits, prior included, stands for."""
    return float(posterior(np.array([match_weight]), 0.5)[0])
