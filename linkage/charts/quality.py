"""Precision, recall and other shares by subgroup, with their intervals. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import altair as alt

from linkage.charts.chart import Chart, inline
from linkage.charts.style import BAND, NEUTRAL, panel_title, rows_axis, titled

__all__ = ["GroupedShare", "quality_chart"]


@dataclass(frozen=True, slots=True)
class GroupedShare:
    """
    One share of one subgroup.

    Attributes:
        measure: What the share is of: "precision", "recall".
        group: The subgroup as its row is to be called: "hospital: north"; "all" for all.
        share: The estimate; None where there is nothing to divide by.
        low: Lower end of its interval.
        high: Upper end.
    """

    measure: str
    group: str
    share: float | None
    low: float
    high: float


def quality_chart(shares: Sequence[GroupedShare], *, title: str = "Quality of the linkage") -> Chart:
    """
    Shares with 95 % intervals: a row a subgroup, a panel a measure. It holds no value beside the subgroups' names.

    Args:
        shares: In the order in which they are to be shown.
        title: Of the chart.
    """
    groups = list(dict.fromkeys(part.group for part in shares))
    measures = list(dict.fromkeys(part.measure for part in shares))
    panels = []
    for place, measure in enumerate(measures or [""]):
        rows: list[dict[str, object]] = [
            {"group": part.group, "share": part.share, "low": part.low, "high": part.high}
            for part in shares
            if part.measure == measure
        ]
        panels.append(_panel(rows, groups, measure, named=place == 0))
    drawn = alt.hconcat(*panels, spacing=14).properties(title=titled(title, "lines are 95 % intervals"))
    return Chart(drawn, title=title)


def _panel(rows: list[dict[str, object]], groups: list[str], measure: str, *, named: bool) -> Any:
    low = min((cast("float", row["low"]) for row in rows), default=0.0)
    scale = alt.Scale(domain=[max(int(low * 20) / 20, 0.0), 1])
    names = alt.Y("group:N", sort=groups, title=None, axis=alt.Axis(labels=False), scale=alt.Scale(domain=groups))
    y = rows_axis("group", groups) if named else names
    base = alt.Chart(cast("Any", inline(rows))).encode(y=y)
    bands = alt.Chart(cast("Any", inline([{"group": name} for name in groups[::2]]))).mark_rect(color=BAND).encode(y=y)
    whiskers = base.mark_rule(strokeWidth=1.5, color=NEUTRAL).encode(x=alt.X("low:Q", scale=scale), x2="high:Q")
    points = base.mark_point(filled=True, size=40, opacity=1, color=NEUTRAL).encode(
        x=alt.X("share:Q", title=None, scale=scale, axis=alt.Axis(format=".3~p", tickCount=5)),
        tooltip=["group:N", *(alt.Tooltip(f"{field}:Q", format=".2%") for field in ("share", "low", "high"))],
    )
    numbers = base.mark_text(align="center", dy=-8, fontSize=9, color="#52606d").encode(
        x=alt.X("share:Q", scale=scale), text=alt.Text("share:Q", format=".1%")
    )
    return alt.layer(bands, whiskers, points, numbers).properties(
        width=260, height=26 * max(len(groups), 1), title=panel_title(measure)
    )
