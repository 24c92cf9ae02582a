"""What the columns hold: how complete they are, how often each value occurs. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import altair as alt
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import FloatArray, IntArray
from linkage.charts.chart import Chart, inline
from linkage.charts.style import DARK, NEUTRAL, PALETTE, panel_title, rows_axis, titled

__all__ = ["Completeness", "completeness_chart", "completeness_of", "profile_columns_chart"]

_MOST_SOURCES_SIDE_BY_SIDE = 12
_MOST_POINTS = 400
_TOP = 10


@dataclass(frozen=True, slots=True)
class Completeness:
    """
    Attributes:
        column: Name of the column.
        source: Name of the table or of the source.
        n_rows: Rows of the source.
        n_present: Of them those with a value that is not empty.
    """

    column: str
    source: str
    n_rows: int
    n_present: int

    @property
    def share(self) -> float | None:
        """Share of the rows with a value; None of an empty table."""
        return self.n_present / self.n_rows if self.n_rows else None


def completeness_of(
    tables: Mapping[str, pa.Table], *, columns: Sequence[str] | None = None
) -> tuple[Completeness, ...]:
    """
    Count the rows with a value. An empty text is no value; a column that a table lacks is empty there.

    Args:
        tables: By name of the source.
        columns: Those to count; None for all, in the order of the tables.
    """
    named = list(dict.fromkeys(name for table in tables.values() for name in table.column_names))
    return tuple(
        Completeness(column, source, table.num_rows, _n_present(table, column))
        for column in (named if columns is None else columns)
        for source, table in tables.items()
    )


def completeness_chart(counts: Sequence[Completeness]) -> Chart:
    """
    Share of the rows with a value, by column and source. It holds no value of any record.

    Args:
        counts: One for each column and source.
    """
    columns = list(dict.fromkeys(part.column for part in counts))
    sources = list(dict.fromkeys(part.source for part in counts))
    rows = [
        {"column": part.column, "source": part.source, "share": part.share, "n": part.n_rows, "present": part.n_present}
        for part in counts
    ]
    base = alt.Chart(cast("Any", inline(rows))).encode(
        y=rows_axis("column", columns),
        x=alt.X("source:N", sort=sources, title=None, axis=alt.Axis(orient="top", labelAngle=_angle(sources))),
    )
    shade = alt.Color(
        "share:Q",
        title="rows with a value",
        scale=alt.Scale(domain=[0, 1], range=["#b5432e", "#f0d9a8", "#2f7d5b"], interpolate="rgb"),
        legend=alt.Legend(format=".0%", gradientLength=120),
    )
    cells = base.mark_rect(stroke="white").encode(
        color=shade, tooltip=["column:N", "source:N", alt.Tooltip("share:Q", format=".2%"), "present:Q", "n:Q"]
    )
    dark = "datum.share === null || (datum.share > 0.2 && datum.share < 0.8)"
    told = base.mark_text().encode(
        text=alt.Text("told:N"), color=alt.condition(dark, alt.value(DARK), alt.value("white"))
    )
    words = told.transform_calculate(told="datum.share === null ? 'no rows' : format(datum.share, '.1%')")
    width = 90 if len(sources) <= _MOST_SOURCES_SIDE_BY_SIDE else 46
    drawn = alt.layer(cells, words).properties(
        width=width * max(len(sources), 1),
        height=20 * max(len(columns), 1),
        title=titled("Completeness", "share of the rows with a value, by column and source"),
    )
    return Chart(drawn, title="Completeness")


def profile_columns_chart(
    columns: Mapping[str, tuple[Sequence[str], IntArray]], *, remove_sensitive_data: bool = True
) -> Chart:
    """
    How unevenly the values of each column are spread, and how many rows the most frequent ones take.

    Args:
        columns: By name, the distinct values and `(n_values,)` rows with each.
        remove_sensitive_data: Say the rank of a value instead of the value.
    """
    panels = [
        _profile(name, values, counts, remove_sensitive_data=remove_sensitive_data)
        for name, (values, counts) in columns.items()
    ]
    drawn = alt.vconcat(*panels, spacing=22).resolve_scale(x="independent", y="independent")
    drawn = drawn.properties(
        title=titled("Values by column", "left: rows by percentile of values; right: the most frequent")
    )
    return Chart(drawn, title="Values by column")


def _n_present(table: pa.Table, column: str) -> int:
    if column not in table.column_names:
        return 0
    held = table.column(column)
    present = int(len(held) - held.null_count)
    if pa.types.is_string(held.type) or pa.types.is_large_string(held.type):
        return present - int(pc.sum(pc.equal(pc.utf8_trim_whitespace(held), "")).as_py() or 0)
    return present


def _angle(sources: Sequence[str]) -> int:
    return 0 if len(sources) <= _MOST_SOURCES_SIDE_BY_SIDE and max(map(len, sources), default=0) <= 12 else -50


def _profile(name: str, values: Sequence[str], counts: IntArray, *, remove_sensitive_data: bool) -> Any:
    order = np.lexsort((np.arange(len(counts)), -counts))
    ranked = counts[order]
    spread = _percentiles(ranked)
    line = (
        alt.Chart(cast("Any", inline(spread)))
        .mark_line(interpolate="step-before", color=NEUTRAL)
        .encode(
            x=alt.X("percentile:Q", title="share of the values, most frequent first", axis=alt.Axis(format="%")),
            y=alt.Y("rows:Q", title="rows with the value", scale=alt.Scale(type="log", domainMin=0.9)),
        )
        .properties(
            width=250, height=150, title=panel_title(f"{name}: {len(counts):,} values, {int(counts.sum()):,} rows")
        )
    )
    top = [
        {"value": f"{rank}." if remove_sensitive_data else f"{rank}. {values[place]}", "rows": int(counts[place])}
        for rank, place in enumerate(order[:_TOP].tolist(), 1)
    ]
    names = [str(row["value"]) for row in top]
    bars = (
        alt.Chart(cast("Any", inline(top)))
        .mark_bar(color=PALETTE[1])
        .encode(
            y=rows_axis("value", names, title="rank"),
            x=alt.X("rows:Q", title="rows with the value", axis=alt.Axis(format="~s", tickCount=5)),
        )
        .properties(width=200, height=150)
    )
    return alt.hconcat(line, bars, spacing=24)


def _percentiles(ranked: IntArray) -> list[dict[str, float]]:
    """At most `_MOST_POINTS` points of the falling curve."""
    n = len(ranked)
    places: FloatArray = np.unique(np.geomspace(1, max(n, 1), min(n, _MOST_POINTS)).round()) - 1
    start = [{"percentile": 0.0, "rows": int(ranked[0])}] if n else []
    return start + [
        {"percentile": round((place + 1) / n, 6), "rows": int(ranked[place])} for place in places.astype(int).tolist()
    ]
