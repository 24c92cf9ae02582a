"""What agreeing on a value is worth by how frequent the value is. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import altair as alt
import numpy as np

from linkage.arrays import FloatArray, IntArray
from linkage.charts.chart import Chart, inline
from linkage.charts.style import AGAINST, FOR, NEUTRAL, UNSURE, rows_axis, titled

__all__ = ["tf_adjustment_chart"]

_BINS = 60


def tf_adjustment_chart(
    values: Sequence[str],
    frequency: FloatArray,
    adjustment_bits: FloatArray,
    *,
    comparison: str,
    level_bits: float,
    n_most_freq: int = 10,
    n_least_freq: int = 10,
    vals_to_include: Sequence[str] = (),
    remove_sensitive_data: bool = True,
) -> Chart:
    """
    The most and the least frequent values with the weight of agreeing on them, and the weights of all values below.

    Args:
        values: Distinct values.
        frequency: `(n_values,)` share of the records with each.
        adjustment_bits: `(n_values,)` what its frequency adds to the weight of the level (bits).
        comparison: Name of the comparison.
        level_bits: Weight of the level before the adjustment (bits).
        n_most_freq: How many of the most frequent values to show.
        n_least_freq: How many of the least frequent.
        vals_to_include: Values to show whatever their frequency; not told by name if sensitive data are removed.
        remove_sensitive_data: Say the rank of a value instead of the value.
    """
    order = np.lexsort((np.arange(len(frequency)), -frequency))
    wanted = set(vals_to_include)
    shown = [place for place, at in enumerate(order.tolist()) if place < n_most_freq or values[at] in wanted]
    chosen = list(dict.fromkeys([*shown, *range(max(len(order) - n_least_freq, 0), len(order))]))
    rows = []
    for place in sorted(chosen):
        at = int(order[place])
        name = f"rank {place + 1:,}" if remove_sensitive_data else f"{place + 1:,}. {values[at]}"
        weight = float(level_bits + adjustment_bits[at])
        numbers = {"share": float(f"{frequency[at]:.6g}"), "added": round(float(adjustment_bits[at]), 3)}
        rows.append({"value": name, "bits": round(weight, 3), **numbers})
    drawn = (
        alt.vconcat(
            _values(rows, level_bits=level_bits), _distribution(level_bits + adjustment_bits, frequency), spacing=20
        )
        .resolve_legend(color="independent")
        .properties(
            title=titled(
                f"Term frequencies: {comparison}",
                f"agreement weighs {level_bits:.1f} bits on average (line), less on a frequent value, more on a rare",
            )
        )
    )
    return Chart(drawn, title=f"Term frequencies: {comparison}")


def _values(rows: list[dict[str, object]], *, level_bits: float) -> Any:
    names = [str(row["value"]) for row in rows]
    base = alt.Chart(cast("Any", inline(rows))).encode(y=rows_axis("value", names))
    bars = base.mark_bar().encode(
        x=alt.X("bits:Q", title="weight of agreeing on it (bits)"),
        color=alt.condition("datum.added >= 0", alt.value(FOR), alt.value(UNSURE)),
        tooltip=["value:N", alt.Tooltip("share:Q", format=".4%"), "added:Q", "bits:Q"],
    )
    text = base.mark_text(align="left", dx=4).encode(x="edge:Q", text="told:N")
    told = "format(datum.bits, '.1f') + '  (' + format(datum.share, '.3~p') + ' of records)'"
    words = text.transform_calculate(edge="max(datum.bits, 0)", told=told)
    line = alt.Chart(cast("Any", inline([{"bits": round(level_bits, 4)}]))).mark_rule(color=AGAINST, strokeDash=[4, 3])
    return alt.layer(bars, words, line.encode(x="bits:Q")).properties(width=460, height=17 * max(len(rows), 1))


def _distribution(weight: FloatArray, frequency: FloatArray) -> Any:
    """Records and values by the weight of agreeing on the value."""
    counts: IntArray = np.zeros(0, dtype=np.int64)
    edges: FloatArray = np.zeros(1)
    share: FloatArray = np.zeros(0)
    if len(weight):
        counts, edges = np.histogram(weight, bins=_BINS)
        share = np.histogram(weight, bins=edges, weights=frequency)[0]
    total = max(int(counts.sum()), 1)
    rows = [
        {"from": round(float(edges[i]), 4), "to": round(float(edges[i + 1]), 4), "share": number, "of": of}
        for of, parts in (("of the values", counts / total), ("of the records", share))
        for i, number in enumerate(np.round(parts, 6).tolist())
        if number
    ]
    across = alt.Scale(domain=[float(edges[0]) - 0.5, float(edges[-1]) + 0.5], nice=False)
    return (
        alt.Chart(cast("Any", inline(rows)))
        .mark_bar(opacity=0.55)
        .encode(
            x=alt.X("from:Q", title="weight of agreeing on a value (bits)", bin=cast("Any", "binned"), scale=across),
            x2="to:Q",
            y=alt.Y("share:Q", title="share", stack=None, axis=alt.Axis(format="%")),
            color=alt.Color(
                "of:N",
                title=None,
                scale=alt.Scale(domain=["of the values", "of the records"], range=[NEUTRAL, UNSURE]),
                legend=alt.Legend(orient="top-left"),
            ),
        )
        .properties(width=460, height=130)
    )
