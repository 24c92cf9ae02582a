"""Histogram of match weights. Opens nothing."""

from __future__ import annotations

from typing import Any, cast

import altair as alt
import numpy as np

from linkage.arrays import FloatArray, IntArray
from linkage.charts.chart import Chart, inline
from linkage.charts.style import AGAINST, NEUTRAL, titled

__all__ = ["match_weights_histogram", "weight_bins"]

_FLOOR = 0.7  # foot of the bars on the log scale, so that one pair can be seen
_HEADROOM = 12.0  # times the highest bar, for the names of the thresholds
_MOST_BINS = 2000
_ROOM_ON_THE_LEFT = 0.12  # of the width, for a name
_LABEL_STEP = 14  # between the names of thresholds that lie close together


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


def match_weights_histogram(
    bits: FloatArray, counts: IntArray, *, thresholds: dict[str, float], width: float = 1.0
) -> Chart:
    """
    Histogram of the compared pairs by match weight; a pair of towers far apart is what separates well.

    It holds no value of any record, whatever the data.

    Args:
        bits: `(n_patterns,)` match weight with the prior (bits).
        counts: `(n_patterns,)` pairs with that weight.
        thresholds: Name of each threshold and its match weight (bits).
        width: Width of a bin (bits); raised where that would be more bins than can be seen.
    """
    span = float(np.ptp(bits)) if len(bits) else 0.0
    bins = weight_bins(bits, counts, width=max(width, span / _MOST_BINS))
    rows = [{**row, "shown": max(row["n_pairs"], 0.8)} for row in bins if row["n_pairs"]]
    ends = [*(row["from_bits"] for row in rows), *(row["to_bits"] for row in rows), *thresholds.values()] or [0.0]
    across = alt.Scale(domain=[min(ends) - width, max(ends) + width], nice=False)
    highest = _HEADROOM * max((row["n_pairs"] for row in rows), default=1.0)
    bars = (
        alt.Chart(cast("Any", inline(rows)))
        .mark_bar(color=NEUTRAL)
        .encode(
            x=alt.X(
                "from_bits:Q", title="match weight, prior included (bits)", bin=cast("Any", "binned"), scale=across
            ),
            x2="to_bits:Q",
            y=alt.Y(
                "shown:Q", title="pairs (log scale)", scale=alt.Scale(type="log", domain=[_FLOOR, highest], nice=False)
            ),
            y2=cast("Any", alt).datum(_FLOOR),
            tooltip=["from_bits:Q", "to_bits:Q", "n_pairs:Q"],
        )
    )
    lines = [
        {"bits": round(bit, 6), "name": name} for name, bit in sorted(thresholds.items(), key=lambda item: item[1])
    ]
    rule = alt.Chart(cast("Any", inline(lines))).mark_rule(color=AGAINST, strokeDash=[4, 3]).encode(x="bits:Q")
    room = len(lines) > 1 and min(thresholds.values()) - min(ends) > _ROOM_ON_THE_LEFT * (max(ends) - min(ends))
    names = [_label(line, place=place, room_on_the_left=room) for place, line in enumerate(lines)]
    drawn = alt.layer(bars, rule, *names).properties(
        width=680, height=240, title=titled("Pairs by match weight", f"{int(np.sum(counts)):,} pairs")
    )
    return Chart(drawn, title="Pairs by match weight")


def _label(line: dict[str, object], *, place: int, room_on_the_left: bool) -> Any:
    """Name of a threshold beside its line: the lowest on its left if it can, the others below each other."""
    on_the_left = place == 0 and room_on_the_left
    align, dx = ("right", -4) if on_the_left else ("left", 4)
    height = 8 + _LABEL_STEP * (max(place - 1, 0) if room_on_the_left else place)
    chart = alt.Chart(cast("Any", inline([line]))).mark_text(align=cast("Any", align), dx=dx, color=AGAINST)
    return chart.encode(x="bits:Q", y=alt.value(height), text="name:N")
