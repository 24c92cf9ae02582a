"""What dependent comparisons add to, or take from, the sum of their weights. Opens nothing."""

from __future__ import annotations

from itertools import product
from typing import Any, cast

import altair as alt
import numpy as np

from linkage.charts.chart import Chart, inline
from linkage.charts.style import AGAINST, BAND, FOR, rows_axis, titled
from linkage.charts.words import labels
from linkage.model.model import DependentGroup, Model
from linkage.model.weights import PatternWeights

__all__ = ["interaction_weights_chart"]


def interaction_weights_chart(model: Model, *, most: int = 12, remove_sensitive_data: bool = True) -> Chart:
    """
    For each group of dependent comparisons, the combinations of levels whose weight differs most from the sum.

    Args:
        model: A trained model.
        most: Combinations of each group, the largest differences first.
        remove_sensitive_data: Leave out values that the SQL of a level quotes.
    """
    rows: list[dict[str, object]] = []
    for number, group in enumerate(model.groups):
        rows += [{**row, "band": number % 2} for row in _of_group(model, number, group)[:most]]
    told = labels([str(row["levels"]) for row in rows], remove_sensitive_data=remove_sensitive_data)
    rows = [{**row, "levels": label} for row, label in zip(rows, told, strict=True)]
    base = alt.Chart(cast("Any", inline(rows))).encode(y=rows_axis("levels", told))
    bands = base.transform_filter("datum.band == 0").mark_rect(color=BAND)
    bars = base.mark_bar().encode(
        x=alt.X("bits:Q", title="added to the sum of the weights (bits)"),
        color=alt.condition("datum.bits >= 0", alt.value(FOR), alt.value(AGAINST)),
        tooltip=["levels:N", alt.Tooltip("bits:Q", format="+.2f"), "alone:Q", "together:Q"],
    )
    text = base.mark_text(align="left", dx=3).encode(x="edge:Q", text="told:N")
    shown = "format(datum.bits, '+.1f') + '  (' + format(datum.alone, '.1f') + ' becomes ' + "
    words = text.transform_calculate(edge="max(datum.bits, 0)", told=f"{shown}format(datum.together, '.1f') + ')'")
    drawn = alt.layer(bands, bars, words).properties(
        width=400,
        height=18 * max(len(rows), 1),
        title=titled("Dependent comparisons together", "what their joint weight differs by from the sum of their own"),
    )
    return Chart(drawn, title="Dependent comparisons together")


def _of_group(model: Model, number: int, group: DependentGroup) -> list[dict[str, Any]]:
    """Combinations of the group's levels, those first whose weight differs most from the sum."""
    weights, place = PatternWeights(model), {part.name: column for column, part in enumerate(model.comparisons)}
    members = [place[name] for name in group.comparisons]
    combinations = list(product(*(range(n) for n in group.shape)))
    gammas = np.full((len(combinations), len(place)), -1, dtype=np.int8)
    gammas[:, members] = combinations
    terms = weights.terms(gammas)
    added, alone = terms[:, len(place) + number], terms[:, members].sum(axis=1)
    order = np.lexsort((np.arange(len(added)), -np.abs(added)))
    return [
        {
            "levels": " & ".join(
                f"{model.comparisons[column].name}: {model.comparisons[column].level_names[gamma]}"
                for column, gamma in zip(members, combinations[at], strict=True)
            ),
            "bits": round(float(added[at]), 3),
            "alone": round(float(alone[at]), 3),
            "together": round(float(alone[at] + added[at]), 3),
        }
        for at in order.tolist()
    ]
