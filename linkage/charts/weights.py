"""Histogram of match weights. Opens nothing."""

from __future__ import annotations

from typing import cast

import altair as alt
import numpy as np

from linkage.arrays import FloatArray, IntArray
from linkage.charts.svg import Chart, inline

__all__ = ["weight_bins", "weight_histogram"]


def weight_bins(bits: FloatArray, counts: IntArray, *, width: float = 1.0) -> list[dict[str, float]]:
    """
    Pairs by match weight.

    Args:
        bits: `(n_patterns,)` match weight with the prior (bits).
        counts: `(n_patterns,)` pairs with that weight.
        width: Width of a bin (bits).
    """
    if len(bits) == 0:
        return []
    place = np.floor(bits / width).astype(np.int64)
    first = int(place.min())
    n_pairs = np.zeros(int(place.max()) - first + 1, dtype=np.int64)
    np.add.at(n_pairs, place - first, counts)
    return [
        {"from_bits": (first + i) * width, "to_bits": (first + i + 1) * width, "n_pairs": int(n)}
        for i, n in enumerate(n_pairs)
    ]


def weight_histogram(bits: FloatArray, counts: IntArray, *, thresholds: dict[str, float], width: float = 1.0) -> Chart:
    """
    Histogram of the compared pairs by match weight; a pair of towers far apart is what separates well.

    Args:
        bits: `(n_patterns,)` match weight with the prior (bits).
        counts: `(n_patterns,)` pairs with that weight.
        thresholds: Name of each threshold and its match weight (bits).
        width: Width of a bin (bits).
    """
    rows = [
        {**row, "shown": max(row["n_pairs"], 0.8)} for row in weight_bins(bits, counts, width=width) if row["n_pairs"]
    ]
    bars = (
        alt.Chart(inline(rows))
        .mark_bar(color="#33638d")
        .encode(
            x=alt.X("from_bits:Q", title="match weight, prior included (bits)", bin="binned"),
            x2="to_bits:Q",
            y=alt.Y("shown:Q", title="pairs (log scale)", scale=alt.Scale(type="log", domainMin=0.7)),
            y2=alt.datum(0.7),
        )
    )
    lines = [{"bits": bit, "name": name} for name, bit in thresholds.items()]
    rule = alt.Chart(inline(lines)).mark_rule(color="#b5432e", strokeDash=[4, 3]).encode(x="bits:Q")
    labels = [_label(row, on_the_left=place == 0 and len(lines) > 1) for place, row in enumerate(lines)]
    return alt.layer(bars, rule, *labels).properties(width=680, height=240)


def _label(line: dict[str, object], *, on_the_left: bool) -> alt.Chart:
    """Name of a threshold beside its line."""
    align, dx = ("right", -4) if on_the_left else ("left", 4)
    chart = alt.Chart(inline([line])).mark_text(align=align, dx=dx, color="#b5432e")  # type: ignore[arg-type]
    return cast("alt.Chart", chart.encode(x="bits:Q", y=alt.value(8), text="name:N"))
