"""Estimates of the same parameter by several training sessions, and their intervals. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import altair as alt

from linkage.charts.chart import Chart, inline
from linkage.charts.style import BAND, PALETTE, rows_axis, titled
from linkage.charts.words import labels
from linkage.model.bootstrap import Interval, Intervals
from linkage.model.model import Model
from linkage.model.sessions import Session

__all__ = [
    "ParameterEstimate",
    "estimates_of_intervals",
    "estimates_of_model",
    "estimates_of_sessions",
    "parameter_estimate_comparisons_chart",
]

Parameter = Literal["m", "u", "prior"]
_SHAPES = ("circle", "square", "triangle-up", "diamond")
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
    parameter: Parameter
    session: str
    estimate: float
    low: float | None = None
    high: float | None = None


def estimates_of_sessions(
    sessions: Sequence[Session], *, comparisons: Sequence[tuple[str, tuple[str, ...]]]
) -> list[ParameterEstimate]:
    """
    What each EM session found; levels that no pair of its rule could reach are left out.

    The prior of a session is of the pairs of its rule alone and no estimate of the model's: it is left out too.

    Args:
        sessions: The sessions.
        comparisons: (name, level names) of the model.
    """
    out: list[ParameterEstimate] = []
    for session in sessions:
        for number, column in enumerate(session.trained):
            name, levels = comparisons[column]
            for gamma, level in enumerate(levels):
                if session.m_is_trained and session.m[number][gamma] > 0:
                    out.append(ParameterEstimate(name, level, "m", session.rule, float(session.m[number][gamma])))
                if session.u_is_trained and session.u[number][gamma] > 0:
                    out.append(ParameterEstimate(name, level, "u", session.rule, float(session.u[number][gamma])))
    return out


def estimates_of_intervals(intervals: Intervals, *, session: str = "bootstrap") -> list[ParameterEstimate]:
    """
    The model's parameters with their bootstrap intervals.

    Args:
        intervals: From `model.bootstrap`.
        session: What the legend calls them.
    """
    kinds: tuple[tuple[Parameter, Sequence[Interval]], ...] = (
        ("m", intervals.m),
        ("u", intervals.u),
        ("prior", (intervals.prior,)),
    )
    return [
        ParameterEstimate(part.comparison or "prior", part.level, kind, session, part.estimate, part.low, part.high)
        for kind, parts in kinds
        for part in parts
    ]


def estimates_of_model(model: Model, *, session: str) -> list[ParameterEstimate]:
    """
    The parameters of one model.

    Args:
        model: The model.
        session: What the legend calls it.
    """
    out: list[ParameterEstimate] = []
    for part in model.comparisons:
        for gamma, level in enumerate(part.level_names):
            out.append(ParameterEstimate(part.name, level, "m", session, part.m[gamma]))
            out.append(ParameterEstimate(part.name, level, "u", session, part.u[gamma]))
    return [*out, ParameterEstimate("prior", "", "prior", session, model.prior)]


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
        shape=_session_shape(sessions),
        x=alt.X("estimate:Q", title=title, scale=scale, axis=axis),
        tooltip=["row:N", "session:N", "estimate:Q", "low:Q", "high:Q"],
    )
    height = max(_SMALLEST_ROW, 7 * max(len(sessions), 1)) * max(len(used), 1)
    return alt.layer(bands, whiskers, points).properties(width=260, height=height)


def _session_shape(sessions: list[str]) -> Any:
    """Sessions of one colour have different shapes."""
    shapes = [_SHAPES[place // len(PALETTE) % len(_SHAPES)] for place in range(len(sessions))]
    return cast("Any", alt).Shape("session:N", title="session", scale=alt.Scale(domain=sessions, range=shapes))


def _session_colour(sessions: list[str]) -> Any:
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(sessions))]
    legend = cast("Any", alt).Legend(orient="bottom", columns=1, labelLimit=500, symbolLimit=40)
    return cast("Any", alt).Color(
        "session:N", title="session", scale=alt.Scale(domain=sessions, range=colours), legend=legend
    )
