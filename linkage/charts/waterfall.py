"""The score of one pair, step by step. Opens nothing."""

from __future__ import annotations

from itertools import accumulate
from typing import Any, cast

import altair as alt

from linkage.charts.chart import Chart, inline
from linkage.charts.style import AGAINST, DARK, FOR, NEUTRAL, rows_axis, titled
from linkage.charts.words import labels
from linkage.explain.steps import Explanation, Step, StepKind, probability_text

__all__ = ["waterfall_chart"]

_TOTAL = "score"
_PROBABILITY = (
    "datum.value > 6.5 ? '1−' + format(pow(2, -datum.value), '.0e') : format(1 / (1 + pow(2, -datum.value)), '.2~g')"
)
_ROOM = 1.0  # bits beside the longest bar, for its number


def waterfall_chart(explanation: Explanation, *, remove_sensitive_data: bool = True) -> Chart:
    """
    From the prior over every comparison to the score; the last bar is the sum of those above it.

    Args:
        explanation: Of one pair.
        remove_sensitive_data: Leave out the names of the records and the values compared.
    """
    rows = _rows(explanation, remove_sensitive_data=remove_sensitive_data)
    order = [str(row["step"]) for row in rows]
    base = alt.Chart(cast("Any", inline(rows))).encode(y=rows_axis("step", order))
    ends = [cast("float", row[key]) for row in rows for key in ("start", "end")] + [explanation.threshold_bits]
    scale = alt.Scale(domain=[min(0.0, *ends) - _ROOM, max(0.0, *ends) + 2 * _ROOM], nice=False)
    colour = alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(domain=["for a match", "against", _TOTAL], range=[FOR, AGAINST, NEUTRAL]),
        legend=alt.Legend(orient="top"),
    )
    bars = base.mark_bar(size=13).encode(
        x=alt.X("start:Q", title="match weight (bits)", scale=scale),
        x2="end:Q",
        color=colour,
        tooltip=["step:N", alt.Tooltip("bits:Q", format="+.3f"), alt.Tooltip("sum:Q", format="+.3f")],
    )
    numbers = base.mark_text(align="left", dx=4).encode(
        x=alt.X("right:Q", scale=scale, axis=None), text=alt.Text("bits:Q", format="+.2f")
    )
    lines = (_line(0.0, scale=scale), _threshold(explanation, scale=scale))
    drawn = (
        alt.layer(*lines, bars, numbers)
        .resolve_axis(x="independent")
        .properties(
            width=520, height=20 * len(rows), title=_title(explanation, remove_sensitive_data=remove_sensitive_data)
        )
    )
    return Chart(drawn, title="Waterfall of a pair")


def _rows(explanation: Explanation, *, remove_sensitive_data: bool) -> list[dict[str, object]]:
    told = [_label(step, remove_sensitive_data=remove_sensitive_data) for step in explanation.steps]
    names = labels([*told, _TOTAL], remove_sensitive_data=remove_sensitive_data)
    sums = [0.0, *accumulate(step.bits for step in explanation.steps)]
    rows: list[dict[str, object]] = []
    for step, name, start in zip(explanation.steps, names, sums, strict=False):
        what = "for a match" if step.bits >= 0 else "against"
        rows.append(_row(name, step.bits, start=start, what=what))
    return [*rows, _row(names[-1], explanation.match_weight, start=0.0, what=_TOTAL)]


def _row(name: str, bits: float, *, start: float, what: str) -> dict[str, object]:
    end = start + bits
    near = {key: round(number, 6) for key, number in (("start", start), ("end", end), ("right", max(start, end)))}
    return {"step": name, "bits": round(bits, 6), "sum": round(end, 6), "what": what, **near}


def _label(step: Step, *, remove_sensitive_data: bool) -> str:
    if step.kind is StepKind.PRIOR:
        return "prior"
    if step.kind is StepKind.TERM_FREQUENCY:
        return f"{step.name}: how frequent the value is"
    if step.kind is StepKind.INTERACTION:
        return f"{step.name}: depend on each other"
    label = f"{step.name}: {step.level}"
    if remove_sensitive_data or (step.left_value is None and step.right_value is None):
        return label
    return f"{label} ({step.left_value or 'missing'} | {step.right_value or 'missing'})"


def _title(explanation: Explanation, *, remove_sensitive_data: bool) -> Any:
    told = f"score {explanation.match_weight:.2f} bits, probability {probability_text(explanation.match_weight)}"
    if explanation.judgement:
        told += f", {explanation.judgement.replace('_', ' ')}"
    told += f"; dashed: a link from {explanation.threshold_bits:.2f} bits"
    names = "a pair" if remove_sensitive_data else f"{explanation.left_id} and {explanation.right_id}"
    return titled(f"Waterfall of {names}", told)


def _line(bits: float, *, scale: Any) -> Any:
    rule = alt.Chart(cast("Any", inline([{"bits": bits}]))).mark_rule(color="#9aa5b1")
    return rule.encode(x=alt.X("bits:Q", scale=scale, axis=None))


def _threshold(explanation: Explanation, *, scale: Any) -> Any:
    """The threshold of a link, and on top the probabilities that the weights stand for."""
    axis = cast("Any", alt).Axis(
        orient="top",
        labelExpr=_PROBABILITY,
        title="probability",
        labelFontSize=9,
        grid=False,
    )
    line = alt.Chart(cast("Any", inline([{"bits": round(explanation.threshold_bits, 6)}])))
    return line.mark_rule(color=DARK, strokeDash=[4, 3]).encode(x=alt.X("bits:Q", axis=axis, scale=scale))
