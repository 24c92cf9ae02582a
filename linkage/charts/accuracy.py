"""How good a linkage is at every threshold, from labels; no chart here holds a value of a record. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import altair as alt
import numpy as np
import pyarrow as pa

from graph_schema.errors import ExitCode, UserError
from linkage.charts.chart import Chart, inline
from linkage.charts.style import AGAINST, DARK, FOR, NEUTRAL, PALETTE, titled

__all__ = [
    "TableMissesColumns",
    "accuracy_chart",
    "precision_recall_chart",
    "roc_chart",
    "threshold_selection_tool",
]

_MOST_POINTS = 500
_MOST_DOTS = 60
_COUNTS = ("tp", "fp", "fn")
_SHARES = ("precision", "recall", "f1")


class TableMissesColumns(UserError):
    """A table of accuracy at thresholds lacks what a chart shows."""

    exit_code = ExitCode.SETTINGS


def roc_chart(thresholds: pa.Table, *, area: float | None = None) -> Chart:
    """
    Share of the matches that are linked against share of the others that are, by threshold.

    Args:
        thresholds: `evaluation.threshold_table`: truth_threshold, tp_rate, fp_rate.
        area: Area under the curve, said in the title.
    """
    rows = _points(thresholds, ("truth_threshold", "tp_rate", "fp_rate"), descending=True)
    base = alt.Chart(cast("Any", inline(rows)))
    line = base.mark_line(point=_few(rows), color=NEUTRAL).encode(
        x=alt.X("fp_rate:Q", title="false positive rate", axis=alt.Axis(tickCount=6)),
        y=alt.Y("tp_rate:Q", title="true positive rate (recall)", scale=alt.Scale(domain=[0, 1])),
        order=alt.Order("place:Q"),
        tooltip=_tips("truth_threshold", "tp_rate", "fp_rate"),
    )
    told = (
        "each point is a threshold" if area is None else f"each point is a threshold; area under the curve {area:.4f}"
    )
    return Chart(line.properties(width=420, height=320, title=titled("ROC", told)), title="ROC")


def precision_recall_chart(thresholds: pa.Table) -> Chart:
    """
    Precision against recall, by threshold, with 95 % intervals of the precision where the table has them.

    Args:
        thresholds: `evaluation.threshold_table`: truth_threshold, precision, recall.
    """
    bounds = tuple(name for name in ("precision_low", "precision_high") if name in thresholds.column_names)
    rows = _points(thresholds, ("truth_threshold", "precision", "recall", *bounds))
    low = min(
        (cast("float", row[name] or 0.0) for row in rows for name in (*bounds[:1], "precision", "recall")), default=0.0
    )
    scale = alt.Scale(domain=[max(np.floor(low * 10) / 10, 0.0), 1], clamp=True)
    base = alt.Chart(cast("Any", inline(rows)))
    line = base.mark_line(point=_few(rows), color=NEUTRAL).encode(
        x=alt.X("recall:Q", title="recall", scale=scale),
        y=alt.Y("precision:Q", title="precision", scale=scale),
        order=alt.Order("place:Q"),
        tooltip=_tips("truth_threshold", "precision", "recall"),
    )
    layers: list[Any] = [line]
    if len(bounds) == len(("low", "high")):
        band = base.mark_area(color=NEUTRAL, opacity=0.15).encode(
            x=alt.X("recall:Q", scale=scale), y=alt.Y("precision_low:Q", scale=scale), y2="precision_high:Q"
        )
        layers.insert(0, band)
    title = titled("Precision and recall", "each point is a threshold")
    drawn = alt.layer(*layers).properties(width=420, height=320, title=title)
    return Chart(drawn, title="Precision and recall")


def accuracy_chart(thresholds: pa.Table, *, add_metrics: Sequence[str] = ()) -> Chart:
    """
    Precision, recall, F1 and further measures by threshold.

    Args:
        thresholds: `evaluation.threshold_table`.
        add_metrics: Further columns of it: specificity, npv, accuracy, f2, f0_5, p4, phi.
    """
    names = [*_SHARES, *(name for name in add_metrics if name not in _SHARES)]
    lines, _ = _measures(thresholds, names)
    title = titled("Accuracy by threshold", "at each match weight from which pairs are links")
    return Chart(alt.layer(lines).properties(width=560, height=280, title=title), title="Accuracy by threshold")


def threshold_selection_tool(
    thresholds: pa.Table, *, threshold: float | None = None, add_metrics: Sequence[str] = ()
) -> Chart:
    """
    What each threshold would give. In a saved page a slider moves the threshold, and the table beside it follows.

    Args:
        thresholds: `evaluation.threshold_table`: truth_threshold, tp, fp, fn, precision, recall, f1.
        threshold: Match weight at which it starts (bits); that of the highest F1 unless given.
        add_metrics: Further columns of the table.
    """
    names = [*_SHARES, *(name for name in add_metrics if name not in _SHARES)]
    lines, rows = _measures(thresholds, names)
    weights = [cast("float", row["truth_threshold"]) for row in rows] or [0.0]
    best = max(rows, key=lambda row: cast("float", row["f1"] or 0.0), default={"truth_threshold": 0.0})
    start = cast("float", best["truth_threshold"]) if threshold is None else threshold
    slider = alt.binding_range(min=min(weights), max=max(weights), step=0.01, name="threshold (bits)")
    chosen = alt.param(name="threshold", value=round(start, 4), bind=slider)
    at = alt.Chart(cast("Any", inline([{}]))).transform_calculate(at="threshold")
    rule = at.mark_rule(color=DARK, strokeDash=[4, 3], strokeWidth=1.5).encode(x="at:Q")
    left = alt.layer(lines, rule).properties(width=460, height=280)
    drawn = alt.hconcat(left, _table_at(rows, names), spacing=16).add_params(chosen)
    title = titled(
        "Choice of the threshold", "move the threshold; the table counts what it would link, miss and get wrong"
    )
    return Chart(drawn.properties(title=title), title="Choice of the threshold")


def _measures(thresholds: pa.Table, names: Sequence[str]) -> tuple[Any, list[dict[str, object]]]:
    rows = _points(thresholds, ("truth_threshold", *_COUNTS, *names))
    colours = [(FOR, NEUTRAL, AGAINST, *PALETTE[1:])[place % 10] for place in range(len(names))]
    lines = (
        alt.Chart(cast("Any", inline(rows)))
        .transform_fold(list(names), as_=["measure", "share"])
        .mark_line()
        .encode(
            x=alt.X("truth_threshold:Q", title="threshold: match weight (bits)", scale=alt.Scale(nice=False)),
            y=alt.Y("share:Q", title=None, scale=alt.Scale(zero=False)),
            color=alt.Color(
                "measure:N",
                title=None,
                sort=None,
                scale=alt.Scale(domain=list(names), range=colours),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[*_tips("truth_threshold"), "measure:N", alt.Tooltip("share:Q", format=".4f")],
        )
    )
    return lines, rows


def _table_at(rows: list[dict[str, object]], names: Sequence[str]) -> Any:
    """Counts and shares of the first row at or above the threshold, one line each."""
    told = {"tp": "links that are matches", "fp": "links that are none", "fn": "matches missed"}
    fields = [*_COUNTS, *names]
    words = " : ".join(f"datum.what == '{field}' ? '{text}'" for field, text in told.items()) + " : datum.what"
    counts = " || ".join(f"datum.what == '{field}'" for field in _COUNTS)
    held = (
        alt.Chart(cast("Any", inline(rows)))
        .transform_filter("datum.truth_threshold >= threshold - 1e-9")
        .transform_joinaggregate(least="min(truth_threshold)")
        .transform_filter("datum.truth_threshold == datum.least")
        .transform_fold(cast("Any", fields), as_=["what", "number"])
        .transform_calculate(
            row=" : ".join(f"datum.what == '{field}' ? {place}" for place, field in enumerate(fields)) + " : 99",
            label=words,
            told=f"{counts} ? format(datum.number, ',.0f') : isValid(datum.number) ? format(datum.number, '.4f') : '-'",
        )
    )
    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[12, -0.5]))
    label = held.mark_text(align="left", fontSize=12).encode(x=alt.value(4), y=y, text="label:N")
    number = held.mark_text(align="right", fontSize=12, fontWeight="bold").encode(x=alt.value(216), y=y, text="told:N")
    return alt.layer(label, number).properties(width=220, height=280)


def _points(table: pa.Table, columns: Sequence[str], *, descending: bool = False) -> list[dict[str, object]]:
    """
    Rows of the table by threshold, evenly thinned to what can be seen; NaN as null.

    Raises:
        TableMissesColumns: If a column is not there.
    """
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise TableMissesColumns(
            f"the table of thresholds lacks {', '.join(missing)}; it has {', '.join(table.column_names)}: "
            f"make it with evaluation.threshold_table"
        )
    weight = table.column("truth_threshold").to_numpy(zero_copy_only=False)
    order = np.argsort(-weight if descending else weight, kind="stable")
    if len(order) > _MOST_POINTS:
        order = order[np.unique(np.linspace(0, len(order) - 1, _MOST_POINTS).round().astype(np.int64))]
    held = {name: table.column(name).to_numpy(zero_copy_only=False)[order] for name in columns}
    rows: list[dict[str, object]] = []
    for place in range(len(order)):
        numbers = {name: float(part[place]) for name, part in held.items()}
        rows.append({"place": place, **{name: _rounded(number) for name, number in numbers.items()}})
    return rows


def _few(rows: Sequence[object]) -> Any:
    """A point a threshold where points do not run into each other."""
    return {"size": 16} if len(rows) <= _MOST_DOTS else False


def _rounded(number: float) -> float | None:
    return float(f"{number:.8g}") if np.isfinite(number) else None


def _tips(*fields: str) -> list[Any]:
    return [cast("Any", alt).Tooltip(f"{field}:Q", format=".4f") for field in fields]
