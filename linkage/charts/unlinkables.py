"""Records that carry too little to be linked with anything, even with themselves. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import altair as alt
import numpy as np

from linkage.arrays import FloatArray
from linkage.charts.chart import Chart, inline
from linkage.charts.style import AGAINST, PALETTE, titled

__all__ = ["unlinkables_chart"]

_STEP_BITS = 0.25


def unlinkables_chart(self_weights: Mapping[str, FloatArray], *, threshold: float | None = None) -> Chart:
    """
    Share of the records whose best possible score, against an equal record, lies below each threshold.

    It holds no value of any record.

    Args:
        self_weights: By source, `(n_records,)` match weight of each record with itself, prior included (bits).
        threshold: Match weight from which pairs are links (bits).
    """
    sources = list(self_weights)
    grid = _grid(self_weights)
    rows = [
        {"bits": round(float(bit), 4), "share": round(float(share), 6), "source": source}
        for source, weights in self_weights.items()
        for bit, share in zip(grid, _below(weights, grid), strict=True)
    ]
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(sources))]
    lines = (
        alt.Chart(cast("Any", inline(rows)))
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("bits:Q", title="threshold: match weight (bits)", scale=alt.Scale(nice=False)),
            y=alt.Y(
                "share:Q", title="records that cannot reach it", axis=alt.Axis(format="%"), scale=alt.Scale(zero=True)
            ),
            color=alt.Color(
                "source:N", title=None, scale=alt.Scale(domain=sources, range=colours), legend=alt.Legend(orient="top")
            ),
            tooltip=["source:N", "bits:Q", alt.Tooltip("share:Q", format=".2%")],
        )
    )
    layers: list[Any] = [lines]
    told = "share of the records below each threshold, even against an equal record"
    if threshold is not None:
        at = alt.Chart(cast("Any", inline([{"bits": round(threshold, 4)}])))
        layers.append(at.mark_rule(color=AGAINST, strokeDash=[4, 3]).encode(x="bits:Q"))
        shares = (
            f"{source} {100 * float(np.mean(weights < threshold)):.2f} %"
            for source, weights in self_weights.items()
            if len(weights)
        )
        told = f"below the threshold of {threshold:.2f} bits: {', '.join(shares)}"
    drawn = alt.layer(*layers).properties(width=560, height=240, title=titled("Unlinkable records", told))
    return Chart(drawn, title="Unlinkable records")


def _grid(self_weights: Mapping[str, FloatArray]) -> FloatArray:
    held = [weights for weights in self_weights.values() if len(weights)]
    low = min((float(weights.min()) for weights in held), default=0.0)
    high = max((float(weights.max()) for weights in held), default=1.0)
    first, last = np.floor(low / _STEP_BITS) - 1, np.ceil(high / _STEP_BITS) + 1
    return np.asarray(np.arange(first, last + 1) * _STEP_BITS, dtype=np.float64)


def _below(weights: FloatArray, grid: FloatArray) -> FloatArray:
    if not len(weights):
        return np.zeros(len(grid))
    return np.asarray(np.searchsorted(np.sort(weights), grid, side="left") / len(weights), dtype=np.float64)
