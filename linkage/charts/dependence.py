"""Which comparisons depend on each other, and so would be counted twice. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

import altair as alt

from linkage.charts.chart import Chart, inline
from linkage.charts.style import AGAINST, NEUTRAL, panel_title, titled
from linkage.charts.words import labels

__all__ = ["PairOfComparisons", "dependence_chart"]

_SHOWN_BITS = 0.005  # below this a cell holds no number
_MOST_NUMBERS = 24  # comparisons above which cells are too small for numbers
_SIDES = {"matches": "among matches", "non-matches": "among pairs that are no match"}


class PairOfComparisons(Protocol):
    """What the chart needs of `linkage.model.dependence.PairDependence`."""

    @property
    def first(self) -> str:
        """Name of a comparison."""
        ...

    @property
    def second(self) -> str:
        """Name of another."""
        ...

    @property
    def among(self) -> str:
        """Matches or non-matches."""
        ...

    @property
    def bits(self) -> float:
        """What agreement on both is miscounted by under independence (bits); above 0: it comes together too often."""
        ...

    @property
    def modelled(self) -> bool:
        """Whether the model has this interaction."""
        ...


def dependence_chart(
    found: Sequence[PairOfComparisons],
    *,
    comparisons: Sequence[str],
    remove_sensitive_data: bool = True,
) -> Chart:
    """
    Heat map of pairs of comparisons: red agree together too often, blue too seldom, framed cells are in the model.

    Args:
        found: One for each pair of comparisons among matches and among the rest; others count as independent.
        comparisons: Their names, in the order of the settings.
        remove_sensitive_data: Leave out values that the SQL in a name quotes.
    """
    told = labels(comparisons, remove_sensitive_data=remove_sensitive_data)
    names = dict(zip(comparisons, told, strict=True))
    rows = _rows(found, names)
    most = max((abs(cast("float", row["bits"])) for row in rows), default=0.0) or 1.0
    sides = [side for side in _SIDES if any(row["side"] == side for row in rows)] or ["non-matches"]
    panels = [_panel([row for row in rows if row["side"] == side], side, told, most) for side in sides]
    drawn = alt.hconcat(*panels, spacing=30).properties(
        title=titled("Dependent comparisons", "0 = independent; framed: the model takes the pair together")
    )
    return Chart(drawn, title="Dependent comparisons")


def _rows(found: Sequence[PairOfComparisons], names: dict[str, str]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for part in found:
        number = {"side": part.among, "bits": round(part.bits, 6), "modelled": part.modelled}
        for a, b in ((part.first, part.second), (part.second, part.first)):
            rows.append({"a": names[a], "b": names[b], **number})
    return rows


def _panel(rows: list[dict[str, object]], side: str, told: list[str], most: float) -> Any:
    size = 34 if len(told) <= _MOST_NUMBERS else 13
    axis = {"sort": told, "title": None, "scale": alt.Scale(domain=told)}
    base = alt.Chart(cast("Any", inline(rows))).encode(
        x=alt.X("a:N", axis=alt.Axis(labelAngle=-50, labelOverlap=False), **cast("Any", axis)),
        y=alt.Y("b:N", axis=alt.Axis(labelOverlap=False), **cast("Any", axis)),
    )
    scale = alt.Scale(domain=[-most, 0, most], range=[NEUTRAL, "#f7f7f7", AGAINST], interpolate="rgb")
    cells = base.mark_rect(stroke="white").encode(
        color=alt.Color("bits:Q", title="bits miscounted", scale=scale, legend=alt.Legend(gradientLength=120)),
        tooltip=["a:N", "b:N", alt.Tooltip("bits:Q", format="+.3f"), "modelled:N"],
    )
    frames = base.transform_filter("datum.modelled").mark_rect(
        fillOpacity=0, stroke="#1d2733", strokeWidth=2, cornerRadius=2
    )
    layers = [cells, frames]
    if len(told) <= _MOST_NUMBERS:
        strong = base.transform_filter(f"abs(datum.bits) >= {_SHOWN_BITS}")
        pale = f"abs(datum.bits) < {0.6 * most:.6g}"
        layers.append(
            strong.mark_text(fontSize=9).encode(
                text=alt.Text("bits:Q", format="+.2~f"),
                color=alt.condition(pale, alt.value("#1d2733"), alt.value("white")),
            )
        )
    return alt.layer(*layers).properties(
        width=size * len(told), height=size * len(told), title=panel_title(_SIDES[side])
    )
