"""Charts of a trained model: m and u of every level, their weights, the course of EM. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import altair as alt

from linkage.charts.chart import Chart, inline
from linkage.charts.style import AGAINST, BAND, FOR, NEUTRAL, PALETTE, UNSURE, panel_title, rows_axis, titled
from linkage.charts.words import labels
from linkage.model.em import Iteration
from linkage.model.model import Model
from linkage.model.weights import level_bits, prior_bits

__all__ = ["em_history_chart", "m_u_parameters_chart", "match_weights_chart", "match_weights_history_chart"]

_SIDES = ("m: among matches", "u: among others")
_MOST_LINES = 12  # levels of a comparison that a history tells apart by colour


def match_weights_chart(model: Model, *, remove_sensitive_data: bool = True) -> Chart:
    """
    What reaching each level is worth, for (right) or against (left) a match, and the prior that it starts from.

    Args:
        model: A trained model.
        remove_sensitive_data: Leave out values that the SQL of a level quotes.
    """
    start = prior_bits(model.prior)
    first = {"level": "prior", "bits": round(start, 3), "band": 1, "m": None, "u": None}
    rows = [first, *_rows(model, remove_sensitive_data=remove_sensitive_data)]
    base = alt.Chart(cast("Any", inline(rows))).encode(y=rows_axis("level", [str(row["level"]) for row in rows]))
    bars = base.mark_bar().encode(
        x=alt.X("bits:Q", title="match weight (bits)"),
        color=alt.condition("datum.bits >= 0", alt.value(FOR), alt.value(AGAINST)),
        tooltip=["level:N", alt.Tooltip("bits:Q", format="+.2f"), "m:Q", "u:Q"],
    )
    text = base.mark_text(align="left", dx=3).encode(x=alt.X("edge:Q"), text=alt.Text("bits:Q", format="+.1f"))
    drawn = alt.layer(_bands(base), bars, text.transform_calculate(edge="max(datum.bits, 0)")).properties(
        width=480,
        height=16 * len(rows),
        title=titled("Match weights", "log2(m / u) of each level; a missing value weighs nothing"),
    )
    return Chart(drawn, title="Match weights")


def m_u_parameters_chart(model: Model, *, remove_sensitive_data: bool = True) -> Chart:
    """
    How often each level is reached among matches and among other pairs.

    Args:
        model: A trained model.
        remove_sensitive_data: Leave out values that the SQL of a level quotes.
    """
    rows = _rows(model, remove_sensitive_data=remove_sensitive_data)
    order = [str(row["level"]) for row in rows]
    sides = [
        {"level": row["level"], "side": side, "probability": row[key], "band": row["band"]}
        for row in rows
        for side, key in zip(_SIDES, ("m", "u"), strict=True)
    ]
    base = alt.Chart(cast("Any", inline(sides))).encode(y=rows_axis("level", order))
    bars = base.mark_bar().encode(
        x=alt.X("probability:Q", title="probability of the level", scale=alt.Scale(domain=[0, 1])),
        color=alt.Color(
            "side:N", title=None, scale=alt.Scale(domain=list(_SIDES), range=[FOR, UNSURE]), legend=_legend_on_top()
        ),
        yOffset=alt.YOffset("side:N", sort=list(_SIDES)),
        tooltip=["level:N", "side:N", "probability:Q"],
    )
    text = base.mark_text(align="left", dx=3, fontSize=9, color="#52606d").encode(
        x="probability:Q",
        yOffset=alt.YOffset("side:N", sort=list(_SIDES)),
        text=alt.Text("probability:Q", format=".3~g"),
    )
    drawn = alt.layer(_bands(base), bars, text).properties(
        width=480, height=22 * len(rows), title=titled("m and u", "given a value on both sides")
    )
    return Chart(drawn, title="m and u probabilities")


def em_history_chart(history: Sequence[Iteration], *, converged: bool | None = None) -> Chart:
    """
    The course of the training: log-likelihood, prior and largest change of every iteration.

    Args:
        history: The iterations of the start that was kept.
        converged: Whether it ended by itself; said in the chart.
    """
    rows = [
        {
            "iteration": step.number,
            "likelihood": step.log_likelihood,
            "prior": step.prior,
            "change": max(step.largest_change, 1e-15),
        }
        for step in history
    ]
    words = {True: "ended by itself", False: "was stopped before it had converged,", None: "ran"}[converged]
    base = alt.Chart(cast("Any", inline(rows)))
    panels = [
        _course(base, "likelihood", "log-likelihood", alt.Scale(zero=False), number=",~r"),
        _course(base, "prior", "prior: share of matches", alt.Scale(zero=False), number="~g"),
        _course(base, "change", "largest change: log scale", alt.Scale(type="log"), number="~g"),
    ]
    drawn = alt.vconcat(*panels, spacing=8).properties(
        title=titled(
            "Course of EM",
            f"{words} after {len(rows)} iteration{'s' if len(rows) != 1 else ''}; the log-likelihood never falls",
        )
    )
    return Chart(drawn, title="Course of EM")


def match_weights_history_chart(models: Sequence[Model], *, remove_sensitive_data: bool = True) -> Chart:
    """
    The weight of every level in each iteration or run.

    Args:
        models: The model after each step, with the same comparisons.
        remove_sensitive_data: Leave out values that the SQL of a level quotes.
    """
    first = models[0]
    names = labels([part.name for part in first.comparisons], remove_sensitive_data=remove_sensitive_data)
    weights = [level_bits(model) for model in models]
    panels = []
    for column, (part, name) in enumerate(zip(first.comparisons, names, strict=True)):
        told = labels(part.level_names, remove_sensitive_data=remove_sensitive_data)
        rows = [
            {"step": step, "level": told[gamma], "bits": round(float(bits[column][gamma]), 4)}
            for step, bits in enumerate(weights, 1)
            for gamma in range(len(told))
        ]
        panels.append(_weights_panel(rows, order=told[::-1], name=name))
    drawn = alt.concat(*panels, columns=2).resolve_scale(color="independent")
    drawn = drawn.properties(title=titled("Match weights in the course of the training", "bits of each level, by step"))
    return Chart(drawn, title="Match weights by iteration")


def _weights_panel(rows: list[dict[str, object]], *, order: list[str], name: str) -> Any:
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(order))]
    legend = cast("Any", alt).Legend(symbolLimit=_MOST_LINES, labelLimit=200)
    scale = cast("Any", alt).Scale(domain=order, range=colours)
    return (
        alt.Chart(cast("Any", inline(rows)))
        .mark_line(point=True)
        .encode(
            x=alt.X("step:Q", title="step", axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("bits:Q", title="match weight (bits)"),
            color=alt.Color("level:N", title=None, scale=scale, legend=legend),
            tooltip=["level:N", "step:Q", "bits:Q"],
        )
        .properties(width=260, height=150, title=panel_title(name))
    )


def _rows(model: Model, *, remove_sensitive_data: bool) -> list[dict[str, object]]:
    """One row a level, strongest first; `band` alternates with the comparisons."""
    rows: list[dict[str, object]] = []
    for number, (part, bits) in enumerate(zip(model.comparisons, level_bits(model), strict=True)):
        for gamma, level in reversed(list(enumerate(part.level_names))):
            row = {"level": f"{part.name}: {level}", "bits": round(float(bits[gamma]), 3), "band": number % 2}
            rows.append({**row, "m": float(f"{part.m[gamma]:.6g}"), "u": float(f"{part.u[gamma]:.6g}")})
    told = labels([str(row["level"]) for row in rows], remove_sensitive_data=remove_sensitive_data)
    return [{**row, "level": label} for row, label in zip(rows, told, strict=True)]


def _bands(base: Any) -> Any:
    """Every second comparison on a grey ground, so that its levels are seen to belong together."""
    return base.transform_filter("datum.band == 0").mark_rect(color=BAND)


def _legend_on_top() -> Any:
    return cast("Any", alt).Legend(orient="top", labelLimit=320)


def _course(base: Any, field: str, title: str, scale: Any, *, number: str) -> Any:
    last = field == "change"
    axis = cast("Any", alt).Axis(tickMinStep=1, format="d", labels=last)
    return (
        base.mark_line(point={"size": 18}, color=NEUTRAL)
        .encode(
            x=alt.X("iteration:Q", title="iteration" if last else None, axis=axis, scale=alt.Scale(nice=False)),
            y=alt.Y(f"{field}:Q", title=title.split(": "), scale=scale, axis=alt.Axis(format=number)),
            tooltip=["iteration:Q", f"{field}:Q"],
        )
        .properties(width=480, height=120)
    )
