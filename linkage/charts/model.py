"""Charts of a trained model: m and u of every level, their weights, the course of EM. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import altair as alt

from linkage.charts.svg import Chart, inline
from linkage.model.em import Iteration
from linkage.model.model import Model
from linkage.model.weights import level_bits

__all__ = ["em_history", "level_probabilities", "level_weights"]

_SIDES = ("m: among matches", "u: among others")


def _rows(model: Model) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for part, bits in zip(model.comparisons, level_bits(model), strict=True):
        for gamma, level in reversed(list(enumerate(part.level_names))):
            row = {"level": f"{part.name}: {level}", "bits": round(float(bits[gamma]), 3)}
            rows.append({**row, _SIDES[0]: part.m[gamma], _SIDES[1]: part.u[gamma]})
    return rows


def level_weights(model: Model) -> Chart:
    """What reaching each level is worth, for (right) or against (left) a match."""
    rows = _rows(model)
    chart = alt.Chart(inline(rows)).encode(
        y=alt.Y("level:N", sort=[str(row["level"]) for row in rows], title=None, axis=alt.Axis(labelLimit=320)),
    )
    bars = chart.mark_bar().encode(
        x=alt.X("bits:Q", title="match weight (bits)"),
        color=alt.condition("datum.bits >= 0", alt.value("#2f7d5b"), alt.value("#b5432e")),
    )
    text = chart.mark_text(align="left", dx=3, fontSize=9).encode(
        x=alt.X("edge:Q"), text=alt.Text("bits:Q", format="+.1f")
    )
    return alt.layer(bars, text.transform_calculate(edge="max(datum.bits, 0)")).properties(
        width=480, height=15 * len(rows)
    )


def level_probabilities(model: Model) -> Chart:
    """How often each level is reached among matches and among other pairs."""
    rows = _rows(model)
    return cast(
        "Chart",
        alt.Chart(inline(rows))
        .transform_fold(list(_SIDES), as_=["side", "probability"])
        .mark_bar()
        .encode(
            y=alt.Y("level:N", sort=[str(row["level"]) for row in rows], title=None, axis=alt.Axis(labelLimit=320)),
            x=alt.X("probability:Q", title="probability of the level", scale=alt.Scale(domain=[0, 1])),
            color=alt.Color(
                "side:N",
                title=None,
                scale=alt.Scale(domain=list(_SIDES), range=["#2f7d5b", "#b0872b"]),
                legend=alt.Legend(orient="top", labelLimit=300),
            ),
            yOffset="side:N",
        )
        .properties(width=480, height=18 * len(rows)),
    )


def em_history(history: Sequence[Iteration]) -> Chart:
    """The course of the training: the log-likelihood of every iteration, which never falls."""
    rows = [{"iteration": step.number, "likelihood": step.log_likelihood} for step in history]
    return cast(
        "Chart",
        alt.Chart(inline(rows))
        .mark_line(point=True, color="#33638d")
        .encode(
            x=alt.X("iteration:Q", title="iteration", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("likelihood:Q", title="log-likelihood", scale=alt.Scale(zero=False)),
        )
        .properties(width=480, height=180),
    )
