"""Why two records are not linked: the first gate that kept them apart, and what would have opened it. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from linkage.explain.change import SmallestChange, smallest_change
from linkage.explain.facts import AbsentFacts, KeyState, PairFacts, RecordState, RuleState
from linkage.explain.pair import explain, heaviest_first
from linkage.explain.steps import Explanation, Rival
from linkage.model.model import Model

__all__ = ["Absence", "Gate", "KeyGap", "RuleGap", "explain_absent", "nearest_rule"]

_LOST = "lost_assignment"
_TIE_BITS = 1e-6  # more than equal: ties go by row


class Gate(StrEnum):
    """What a pair has to pass to become a link, in this order."""

    NOT_DELIVERED = "not_delivered"
    REJECTED = "rejected"
    APART = "apart"
    NOT_CO_BLOCKED = "not_co_blocked"
    BELOW_POSSIBLE = "below_possible"
    BELOW_THRESHOLD = "below_threshold"
    LOST_ASSIGNMENT = "lost_assignment"
    CONSTRAINT = "constraint"
    REVIEWER = "reviewer"
    OTHER = "other"
    LINKED = "linked"

    @property
    def spoken(self) -> str:
        """As a sentence has it."""
        return self.value.replace("_", " ").replace("co blocked", "co-blocked")


class KeyGap(BaseModel):
    """An expression of a blocking rule on which a pair is not equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expression: str = Field(description="As the rule has it.")
    missing: str = Field("", description="left, right or both where there is no value.")
    n_edits: int | None = Field(None, description="Letters between the two values; null where one is missing.")
    left_value: str | None = Field(None, description="The left value, only where values were asked for.")
    right_value: str | None = Field(None, description="The right value, only where values were asked for.")


class RuleGap(BaseModel):
    """What keeps a blocking rule from proposing a pair."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str = Field(description="As the settings have it.")
    gaps: tuple[KeyGap, ...] = Field(description="Its expressions that are not equal.")
    n_expressions: int = Field(description="All its expressions.")
    condition: str | None = Field(None, description="Its further condition, where that does not hold.")


class Absence(BaseModel):
    """Why two records are not linked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left_id: str = Field(description="The left record, as it was asked for.")
    right_id: str = Field(description="The right record.")
    gate: Gate = Field(description="The first gate that kept the pair apart; linked if none did.")
    further_gates: tuple[Gate, ...] = Field((), description="Later gates that would have kept it apart as well.")
    reason: str = Field(description="The gate in one sentence, without a value.")
    rules: tuple[RuleGap, ...] = Field((), description="Where no rule proposes it: every rule, the nearest first.")
    explanation: Explanation | None = Field(None, description="Its score, or the one it would have had if compared.")
    lost_to: tuple[Rival, ...] = Field((), description="Links that took one of its records, heaviest first.")
    margin_bits: float | None = Field(None, description="What it lacked against them (bits).")
    change: SmallestChange | None = Field(
        None, description="Smallest change of levels that lifts the score to what a link needs; null if none does."
    )


def explain_absent(
    facts: AbsentFacts, *, model: Model, threshold: float, possible: float, show_values: bool = False
) -> Absence:
    """
    The first gate that kept a pair apart, and the smallest change of levels that would have opened it.

    Args:
        facts: What is known of the two records and of the pair.
        model: The model that weighs pairs.
        threshold: Probability from which a pair may be a link.
        possible: Probability from which a pair is reported.
        show_values: Tell the values that were compared.
    """
    pair = facts.pair
    scored = (
        None
        if pair is None
        else explain(pair, model=model, threshold=threshold, possible=possible, show_values=show_values)
    )
    closed = _closed(facts, scored)
    gates = tuple(closed)
    lost = scored is not None and Gate.LOST_ASSIGNMENT in closed
    margin = _margin(scored) if scored is not None and lost else None
    change = None
    if pair is not None and scored is not None and gates[0] is not Gate.LINKED:
        above = scored.threshold_bits - scored.match_weight
        needed = above if margin is None else max(above, margin + _TIE_BITS)
        change = smallest_change(pair, model=model, needed_bits=needed)
    return Absence(
        left_id=facts.left.record_id,
        right_id=facts.right.record_id,
        gate=gates[0],
        further_gates=gates[1:],
        reason=closed[gates[0]],
        rules=_gaps(facts.rules, show_values=show_values) if Gate.NOT_CO_BLOCKED in closed else (),
        explanation=scored,
        lost_to=_standing(scored) if scored is not None and lost else (),
        margin_bits=margin,
        change=change,
    )


def nearest_rule(rules: Sequence[RuleState]) -> RuleState:
    """The rule that lacks the fewest expressions; of several the one with the fewest missing values and edits."""
    return min(enumerate(rules), key=lambda item: (*_distance(item[1]), item[0]))[1]


def _closed(facts: AbsentFacts, scored: Explanation | None) -> dict[Gate, str]:
    """Every closed gate with its sentence, in order; never empty."""
    pair = facts.pair
    if pair is not None and pair.judgement == "link":
        return {Gate.LINKED: "nothing kept the pair apart: it is a link"}
    found: dict[Gate, str] = {}
    sides = (facts.left, facts.right)
    absent = [side for side in sides if not side.delivered]
    if absent:
        found[Gate.NOT_DELIVERED] = "; ".join(f"{_name(side)} is not among its records" for side in absent)
    rejected = [side for side in sides if side.delivered and side.rejected is not None]
    if rejected:
        found[Gate.REJECTED] = "; ".join(f"{_name(side)} was rejected: {side.rejected}" for side in rejected)
    if facts.apart is not None:
        found[Gate.APART] = f"the two are never paired: {facts.apart}"
    if facts.rules and not any(rule.proposes for rule in facts.rules) and (pair is None or pair.match_key is None):
        found[Gate.NOT_CO_BLOCKED] = f"no blocking rule proposes it; the nearest is {_rule_told(facts.rules)}"
    if scored is not None:
        found |= _closed_by_score(scored)
    found |= _closed_by_persons(facts)
    return found or {Gate.OTHER: _other(pair)}


def _closed_by_score(scored: Explanation) -> dict[Gate, str]:
    found: dict[Gate, str] = {}
    weight = f"its score of {scored.match_weight:.2f} bits"
    if scored.match_weight < scored.possible_bits:
        found[Gate.BELOW_POSSIBLE] = f"{weight} is below the {scored.possible_bits:.2f} bits of a pair worth reporting"
    elif scored.match_weight < scored.threshold_bits:
        found[Gate.BELOW_THRESHOLD] = f"{weight} is below the {scored.threshold_bits:.2f} bits of a link"
    standing = _standing(scored)
    if scored.reason == _LOST or (standing and not found and scored.judgement == "non_link"):
        to = " and ".join(f"{rival.left_id} with {rival.right_id}" for rival in standing) or "a better pair"
        found[Gate.LOST_ASSIGNMENT] = f"one of its records is needed elsewhere: the whole fits better with {to}"
    return found


def _closed_by_persons(facts: AbsentFacts) -> dict[Gate, str]:
    found: dict[Gate, str] = {}
    said = facts.constraint
    if said is not None:
        through = f", by way of {said.between[0]} and {said.between[1]}" if said.between is not None else ""
        found[Gate.CONSTRAINT] = (
            f"{said.author} said on {said.time} that they must not be linked{through}: {said.reason}"
        )
    elif facts.pair is not None and facts.pair.reason == "constraint_cannot":
        found[Gate.CONSTRAINT] = "a constraint keeps the two apart"
    review = facts.review
    if review is not None:
        why = f": {review.reason}" if review.reason else ""
        found[Gate.REVIEWER] = f"{review.author} judged it {review.judgement} on {review.time}{why}"
    elif facts.pair is not None and facts.pair.reason == "reviewer":
        found[Gate.REVIEWER] = "a reviewer's judgement stands against it"
    return found


def _other(pair: PairFacts | None) -> str:
    if pair is None:
        raise ValueError("expected the levels of the pair, or a gate that kept it from being compared")
    return f"none of the known gates; the decision says {pair.reason or 'nothing'}"


def _name(side: RecordState) -> str:
    return f"{side.record_id} of {side.source}"


def _standing(scored: Explanation) -> tuple[Rival, ...]:
    """Rivals that took one of the records."""
    return heaviest_first([rival for rival in scored.rivals if rival.judgement != "non_link"])


def _margin(scored: Explanation) -> float | None:
    """
    What the pair lacked to be part of the best assignment (bits).

    Where the decision did not say, the links that would have to yield are weighed against the pair, each over the
    weight from which pairs compete. That is enough, and more than enough where a freed record finds another partner.
    """
    if scored.margin_bits is not None:
        return scored.margin_bits
    standing = _standing(scored)
    if not standing:
        return None
    floor = scored.possible_bits
    return sum(rival.match_weight - floor for rival in standing) - (scored.match_weight - floor)


def _gaps(rules: Sequence[RuleState], *, show_values: bool) -> tuple[RuleGap, ...]:
    ordered = sorted(enumerate(rules), key=lambda item: (*_distance(item[1]), item[0]))
    return tuple(_gap(rule, show_values=show_values) for _, rule in ordered)


def _gap(rule: RuleState, *, show_values: bool) -> RuleGap:
    return RuleGap(
        rule=rule.rule,
        gaps=tuple(
            KeyGap(
                expression=key.expression,
                missing=key.missing,
                n_edits=key.n_edits,
                left_value=key.left_value if show_values else None,
                right_value=key.right_value if show_values else None,
            )
            for key in rule.keys
            if not key.equal
        ),
        n_expressions=len(rule.keys),
        condition=rule.condition if rule.condition_holds is False else None,
    )


def _distance(rule: RuleState) -> tuple[int, int, float]:
    apart = [key for key in rule.keys if not key.equal]
    fails = int(rule.condition_holds is False)
    missing = sum(1 for key in apart if key.missing)
    edits = sum((key.n_edits or 0) / max(key.n_letters, 1) for key in apart)
    return len(apart) + fails, missing, edits


def _rule_told(rules: Sequence[RuleState]) -> str:
    rule = nearest_rule(rules)
    parts = [_key_told(key) for key in rule.keys if not key.equal]
    if rule.condition_holds is False:
        parts.append("its further condition does not hold")
    return f"{rule.rule} ({', '.join(parts)})"


def _key_told(key: KeyState) -> str:
    if key.missing:
        side = "on both sides" if key.missing == "both" else f"on the {key.missing}"
        return f"{key.expression} is missing {side}"
    if key.n_edits is None:
        return f"{key.expression} differs"
    return f"{key.expression} differs by {key.n_edits} character{'s' if key.n_edits != 1 else ''}"
