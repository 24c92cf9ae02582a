"""Estimates of the same parameter by several training sessions, and their intervals. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import altair as alt

from linkage.charts.chart import Chart, inline
from linkage.charts.style import BAND, PALETTE, rows_axis, titled
from linkage.charts.words import labels

__all__ = ["ParameterEstimate", "parameter_estimate_comparisons_chart"]

_SMALLEST = 1e-9
_SMALLEST_ROW = 18  # height of one row


@dataclass(frozen=True, slots=True)
class ParameterEstimate:
    """
    What one training session says of one parameter.

    Attributes:
        comparison: Name of the comparison; "prior" for the prior.
        level: Name of the level; "" for the prior.
        parameter: m, u or prior.
        session: What estimated it, as the chart's legend has it.
        estimate: Probability.
        low: Lower end of its interval; None without one.
        high: Upper end.
    """

    comparison: str
    level: str
    parameter: Literal["m", "u", "prior"]
    session: str
    estimate: float
    low: float | None = None
    high: float | None = None


def parameter_estimate_comparisons_chart(
    estimates: Sequence[ParameterEstimate], *, remove_sensitive_data: bool = True
) -> Chart:
    """
    Whether training sessions agree: points of one row that lie apart are estimates that do not.

    Args:
        estimates: In the order in which levels are to be shown.
        remove_sensitive_data: Leave out values that the SQL of a level or of a session's rule quotes.
    """
    names = list(dict.fromkeys(_row_name(part) for part in estimates))
    told = dict(zip(names, labels(names, remove_sensitive_data=remove_sensitive_data), strict=True))
    sessions = list(dict.fromkeys(part.session for part in estimates))
    shown = dict(zip(sessions, labels(sessions, remove_sensitive_data=remove_sensitive_data), strict=True))
    rows = [_row(part, row=told[_row_name(part)], session=shown[part.session]) for part in estimates]
    panels: list[Any] = []
    before: list[str] = []
    for parameter in ("m", "u", "prior"):
        held = [row for row in rows if row["parameter"] == parameter]
        if held:
            used = [name for name in told.values() if any(row["row"] == name for row in held)]
            same = parameter == "u" and used == before
            panels.append(_panel(held, parameter, used=used, sessions=list(shown.values()), named=not same))
            before = used
    drawn = (
        alt.hconcat(*panels, spacing=14) if panels else alt.hconcat(_panel([], "m", used=[], sessions=[], named=True))
    )
    drawn = drawn.properties(
        title=titled("Estimates by training session", "points far apart in one row disagree; lines are 95 % intervals")
    )
    return Chart(drawn, title="Estimates by training session")


def _row_name(part: ParameterEstimate) -> str:
    return f"{part.comparison}: {part.level}" if part.level else part.comparison


def _row(part: ParameterEstimate, *, row: str, session: str) -> dict[str, object]:
    low, high = (part.estimate if end is None else end for end in (part.low, part.high))
    numbers = {"estimate": part.estimate, "low": low, "high": high}
    floored = {key: float(f"{max(number, _SMALLEST):.6g}") for key, number in numbers.items()}
    return {"row": row, "parameter": part.parameter, "session": session, **floored}


def _panel(rows: list[dict[str, object]], parameter: str, *, used: list[str], sessions: list[str], named: bool) -> Any:
    straight = parameter == "m"
    scale = alt.Scale(domain=[0, 1]) if straight else alt.Scale(type="log")
    title = f"{parameter}" if straight else f"{parameter} (log scale)"
    axis = alt.Axis(tickCount=5, format="~g")
    names = rows_axis("row", used) if named else alt.Y("row:N", sort=used, title=None, axis=alt.Axis(labels=False))
    base = alt.Chart(cast("Any", inline(rows))).encode(
        y=names,
        yOffset=alt.YOffset("session:N", sort=sessions),
        color=_session_colour(sessions),
    )
    ground = [{"row": name} for name in used[::2]]
    bands = alt.Chart(cast("Any", inline(ground))).mark_rect(color=BAND).encode(y=names)
    whiskers = base.mark_rule(strokeWidth=1.5).encode(x=alt.X("low:Q", scale=scale), x2="high:Q")
    points = base.mark_point(filled=True, size=34, opacity=1).encode(
        x=alt.X("estimate:Q", title=title, scale=scale, axis=axis),
        tooltip=["row:N", "session:N", "estimate:Q", "low:Q", "high:Q"],
    )
    height = max(_SMALLEST_ROW, 7 * max(len(sessions), 1)) * max(len(used), 1)
    return alt.layer(bands, whiskers, points).properties(width=260, height=height)


def _session_colour(sessions: list[str]) -> Any:
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(sessions))]
    legend = cast("Any", alt).Legend(orient="bottom", columns=1, labelLimit=500, symbolLimit=40)
    return cast("Any", alt).Color(
        "session:N", title="session", scale=alt.Scale(domain=sessions, range=colours), legend=legend
    )
