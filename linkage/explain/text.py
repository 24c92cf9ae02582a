"""Explanations as lines for a terminal. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from linkage.explain.absent import Absence, Gate, KeyGap, RuleGap
from linkage.explain.change import SmallestChange
from linkage.explain.steps import Explanation, Rival, Step, StepKind, probability_text

__all__ = ["absence_text", "explanation_text"]

_BAR = 34  # characters of the widest waterfall
_MOST_RULES = 5


def explanation_text(explanation: Explanation) -> str:
    """Score, waterfall and decision of a pair."""
    head = f"{explanation.left_id} and {explanation.right_id}"
    lines = [head, _told_score(explanation), "", *_waterfall(explanation), "", *_decision(explanation)]
    return "\n".join(lines).rstrip() + "\n"


def absence_text(absence: Absence) -> str:
    """Why two records are not linked, and what would have linked them."""
    lines = [f"{absence.left_id} and {absence.right_id}: {absence.gate.spoken}", f"  {absence.reason}"]
    if absence.further_gates:
        lines.append(f"  and further: {', '.join(gate.spoken for gate in absence.further_gates)}")
    if absence.rules:
        lines += ["", "  what each blocking rule lacks, the nearest first:"]
        lines += [f"    {_rule(rule)}" for rule in absence.rules[:_MOST_RULES]]
        more = len(absence.rules) - _MOST_RULES
        lines += [f"    and {more} more"] if more > 0 else []
    if absence.lost_to:
        lines += ["", "  taken by:", *(f"    {_rival(rival)}" for rival in absence.lost_to)]
        if absence.margin_bits is not None:
            lines.append(f"    it lacked {max(absence.margin_bits, 0.0):.2f} bits against them")
    if absence.explanation is not None:
        if Gate.NOT_CO_BLOCKED in {absence.gate, *absence.further_gates}:
            lines += ["", "  had it been compared:"]
        lines += ["", f"  {_told_score(absence.explanation)}", ""]
        lines += [f"  {line}" for line in _waterfall(absence.explanation)]
        if absence.gate is not Gate.LINKED:
            lines += ["", *(f"  {line}" for line in _change(absence.change))]
    return "\n".join(lines).rstrip() + "\n"


def _told_score(explanation: Explanation) -> str:
    told = f"score {explanation.match_weight:.2f} bits, probability {probability_text(explanation.match_weight)}"
    return f"{told}; a link needs {explanation.threshold_bits:.2f} bits"


def _waterfall(explanation: Explanation) -> list[str]:
    names = [_step(step) for step in explanation.steps]
    sums = [0.0, *accumulate(step.bits for step in explanation.steps)]
    low, high = min(sums), max(sums)
    width = max(*map(len, names), len("score"))
    per_bit = _BAR / max(high - low, 1.0)
    lines = [f"{'':<{width}}  {'bits':>7}  {'sum':>7}"]
    for name, step, start in zip(names, explanation.steps, sums, strict=False):
        end = start + step.bits
        bar = _bar(min(start, end) - low, abs(step.bits), per_bit=per_bit, mark="+" if step.bits >= 0 else "-")
        lines.append(f"{name:<{width}}  {step.bits:>+7.2f}  {end:>+7.2f}  {bar}".rstrip())
    return [*lines, f"{'score':<{width}}  {'':>7}  {explanation.match_weight:>+7.2f}"]


def _bar(start: float, length: float, *, per_bit: float, mark: str) -> str:
    return " " * round(start * per_bit) + mark * round(length * per_bit)


def _step(step: Step) -> str:
    if step.kind is StepKind.PRIOR:
        return "prior"
    if step.kind is StepKind.TERM_FREQUENCY:
        return f"{step.name}: how frequent the value is"
    if step.kind is StepKind.INTERACTION:
        return f"{step.name}: depend on each other"
    values = ""
    if step.left_value is not None or step.right_value is not None:
        values = f" ({step.left_value or 'missing'} | {step.right_value or 'missing'})"
    return f"{step.name}: {step.level}{values}"


def _decision(explanation: Explanation) -> list[str]:
    lines = []
    if explanation.judgement is not None:
        reason = f", {explanation.reason.replace('_', ' ')}" if explanation.reason else ""
        lines.append(f"decided: {explanation.judgement.replace('_', ' ')}{reason}")
    if explanation.match_key is not None:
        lines.append(f"proposed by: {explanation.match_key}")
    if explanation.probability_assigned is not None:
        lines.append(f"probability over all admissible assignments: {explanation.probability_assigned:.6g}")
    if explanation.near_tie:
        lines.append("near-tie: another assignment is about as good")
    if explanation.rivals:
        lines += ["rivals for one of the two records:", *(f"  {_rival(rival)}" for rival in explanation.rivals)]
        lines.append(f"  lead over the heaviest: {explanation.lead_bits:+.2f} bits")
    if explanation.margin_bits is not None:
        lines.append(
            f"the best assignment beats the best that decides it otherwise by {explanation.margin_bits:.2f} bits"
        )
    return lines


def _rival(rival: Rival) -> str:
    judgement = rival.judgement.replace("_", " ")
    return f"{rival.left_id} and {rival.right_id}: {rival.match_weight:.2f} bits, {judgement}"


def _rule(rule: RuleGap) -> str:
    parts = [_gap(gap) for gap in rule.gaps]
    if rule.condition is not None:
        parts.append(f"does not hold: {rule.condition}")
    return f"{rule.rule}: {', '.join(parts)} ({rule.n_expressions - len(rule.gaps)} of {rule.n_expressions} equal)"


def _gap(gap: KeyGap) -> str:
    if gap.missing:
        return f"{gap.expression} missing {'on both sides' if gap.missing == 'both' else f'on the {gap.missing}'}"
    values = f" ({gap.left_value} | {gap.right_value})" if gap.left_value is not None else ""
    edits = "" if gap.n_edits is None else f" by {gap.n_edits} character{'s' if gap.n_edits != 1 else ''}"
    return f"{gap.expression} differs{edits}{values}"


def _change(change: SmallestChange | None) -> list[str]:
    if change is None:
        return ["no change of levels would have been enough"]
    if not change.raises:
        return ["the score alone would have been enough"]
    head = f"smallest change that would have been enough (+{change.gained_bits:.2f} of {change.needed_bits:.2f} bits):"
    return [head, *_raises(change)]


def _raises(change: SmallestChange) -> Sequence[str]:
    return [f"  {part.comparison}: {part.level} -> {part.raised_to}" for part in change.raises]
