"""What an explanation is made from: plain facts of one pair, gathered by whoever linked. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from linkage.explain.steps import Rival

__all__ = [
    "AbsentFacts",
    "ConstraintFact",
    "KeyState",
    "PairFacts",
    "RecordState",
    "ReviewFact",
    "RuleState",
    "key_state",
]


@dataclass(frozen=True, slots=True)
class PairFacts:
    """
    A pair that was scored, or that could have been.

    Attributes:
        left_id: Identifier of the left record.
        right_id: Identifier of the right record.
        gammas: Level of each comparison of the model, -1 = null.
        term_bits: What term frequencies add to each comparison (bits); empty where there are none.
        left_values: What each comparison compared on the left; None if values are not to be had.
        right_values: The same on the right.
        match_weight: The score as it was recorded (bits, prior included); None if it was never scored.
        match_key: The blocking rule that proposed it; None if none did.
        judgement: link, possible_link or non_link; None if nothing was decided on it.
        reason: Reason code of the decision.
        probability_assigned: Probability over all admissible assignments.
        near_tie: Whether another assignment is about as good.
        margin_bits: By how much the best assignment beats the best one that decides the pair otherwise; None, NaN or
            infinite where nobody knows or nothing competes.
        rivals: Pairs that want one of the two records.
    """

    left_id: str
    right_id: str
    gammas: Sequence[int]
    term_bits: Sequence[float] = ()
    left_values: Sequence[str | None] | None = None
    right_values: Sequence[str | None] | None = None
    match_weight: float | None = None
    match_key: str | None = None
    judgement: str | None = None
    reason: str | None = None
    probability_assigned: float | None = None
    near_tie: bool = False
    margin_bits: float | None = None
    rivals: Sequence[Rival] = ()


@dataclass(frozen=True, slots=True)
class RecordState:
    """
    Whether a record takes part.

    Attributes:
        record_id: As it was asked for.
        source: Where it was looked for: a table or a source.
        delivered: Whether it is there.
        rejected: Why it was not taken, in words without a value; None if it was.
    """

    record_id: str
    source: str
    delivered: bool = True
    rejected: str | None = None


@dataclass(frozen=True, slots=True)
class KeyState:
    """
    One expression of a blocking rule for one pair.

    Attributes:
        expression: As the rule has it.
        equal: Whether both sides have the same value.
        missing: left, right or both where there is no value; "" where there is one on both sides.
        n_edits: Fewest letters to insert, delete, replace or swap between the two; None where a value is missing.
        n_letters: Length of the longer one.
        left_value: The left value; None where missing or not to be told.
        right_value: The right value.
    """

    expression: str
    equal: bool
    missing: str = ""
    n_edits: int | None = None
    n_letters: int = 0
    left_value: str | None = None
    right_value: str | None = None


@dataclass(frozen=True, slots=True)
class RuleState:
    """
    One blocking rule for one pair.

    Attributes:
        rule: As the settings have it.
        keys: Its expressions.
        condition: Its further condition, as the settings have it; None without one.
        condition_holds: Whether that holds; None without one.
    """

    rule: str
    keys: Sequence[KeyState]
    condition: str | None = None
    condition_holds: bool | None = None

    @property
    def proposes(self) -> bool:
        """Whether the rule proposes the pair."""
        return all(key.equal for key in self.keys) and self.condition_holds is not False


@dataclass(frozen=True, slots=True)
class ConstraintFact:
    """
    Why a pair may not be linked.

    Attributes:
        author: Who said so.
        time: When, as text.
        reason: Why.
        between: The two records that are kept apart, where the pair falls under it only through others.
    """

    author: str
    time: str
    reason: str
    between: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ReviewFact:
    """
    What a reviewer said of a pair.

    Attributes:
        author: Who said so.
        time: When, as text.
        judgement: What: "no match", say.
        reason: Why.
    """

    author: str
    time: str
    judgement: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AbsentFacts:
    """
    All that bears on why a pair is not linked, as far as it is known.

    Attributes:
        left: The left record.
        right: The right record.
        rules: Every blocking rule.
        pair: Levels and decision; None if a record is not there to be compared.
        apart: Why the two may never be paired: "both are of claims", say; None if they may.
        constraint: A person's word that they are two; None without one.
        review: A reviewer's judgement that ended it; None without one.
    """

    left: RecordState
    right: RecordState
    rules: Sequence[RuleState] = ()
    pair: PairFacts | None = None
    apart: str | None = None
    constraint: ConstraintFact | None = None
    review: ReviewFact | None = None


def key_state(expression: str, left: str | Sequence[str] | None, right: str | Sequence[str] | None) -> KeyState:
    """
    Compare an expression's values of a pair.

    Args:
        expression: As the rule has it.
        left: The left value; several where an array is exploded; None or empty if missing.
        right: The right value.

    >>> key_state("surname", "meyer", "mayer").n_edits
    1
    """
    a, b = _several(left), _several(right)
    if not a or not b:
        missing = "both" if not a and not b else "right" if a else "left"
        return KeyState(expression, False, missing, left_value=_first(a), right_value=_first(b))
    n_edits, x, y = min((OSA.distance(x, y), x, y) for x in a for y in b)
    return KeyState(expression, n_edits == 0, "", n_edits, max(len(x), len(y)), x, y)


def _several(value: str | Sequence[str] | None) -> tuple[str, ...]:
    given = () if value is None else (value,) if isinstance(value, str) else tuple(value)
    return tuple(text for text in given if text)


def _first(texts: Sequence[str]) -> str | None:
    return texts[0] if texts else None
