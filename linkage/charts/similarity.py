"""How alike comparators find given pairs of texts: a help in the choice of levels. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import altair as alt
from rapidfuzz.distance import OSA, Jaro, JaroWinkler, Levenshtein

from linkage.charts.chart import Chart, inline
from linkage.charts.style import DARK, NEUTRAL, panel_title, rows_axis, titled
from linkage.charts.words import labels

__all__ = ["comparator_score_chart"]


def _jaccard(left: str, right: str) -> float:
    a, b = ({text[i : i + 2] for i in range(len(text) - 1)} or {text} for text in (left, right))
    return len(a & b) / len(a | b)


_SIMILARITIES: dict[str, Callable[[str, str], float]] = {
    "jaro": lambda a, b: float(Jaro.similarity(a, b)),
    "jaro_winkler": lambda a, b: float(JaroWinkler.similarity(a, b)),
    "jaccard (letter pairs)": _jaccard,
}
_DISTANCES: dict[str, Callable[[str, str], float]] = {
    "levenshtein": lambda a, b: float(Levenshtein.distance(a, b)),
    "damerau_levenshtein": lambda a, b: float(OSA.distance(a, b)),
}


def comparator_score_chart(pairs: Sequence[tuple[str, str]], *, remove_sensitive_data: bool = True) -> Chart:
    """
    Similarities (1 = equal) and distances (0 = equal) of pairs of texts.

    Args:
        pairs: The texts.
        remove_sensitive_data: Number the pairs instead of telling them.
    """
    told = [
        f"pair {number}" if remove_sensitive_data else f"{left} | {right}"
        for number, (left, right) in enumerate(pairs, 1)
    ]
    names = labels(told, remove_sensitive_data=False)
    panels = [
        _panel(pairs, names, _SIMILARITIES, title="similarity", farthest=1.0, format_=".2f"),
        _panel(pairs, names, _DISTANCES, title="distance", farthest=None, format_=".0f"),
    ]
    drawn = alt.hconcat(*panels, spacing=30).resolve_scale(color="independent")
    drawn = drawn.properties(title=titled("Scores of comparators", "darker is more alike"))
    return Chart(drawn, title="Scores of comparators")


def _panel(
    pairs: Sequence[tuple[str, str]],
    names: Sequence[str],
    comparators: dict[str, Callable[[str, str], float]],
    *,
    title: str,
    farthest: float | None,
    format_: str,
) -> Any:
    rows = [
        {"pair": name, "comparator": label, "score": round(score(left, right), 6)}
        for name, (left, right) in zip(names, pairs, strict=True)
        for label, score in comparators.items()
    ]
    most = farthest or max((cast("float", row["score"]) for row in rows), default=1.0) or 1.0
    shades = ["#ffffff", NEUTRAL] if farthest else [NEUTRAL, "#ffffff"]
    dark = f"datum.score {'>' if farthest else '<'} {0.6 * most if farthest else 0.4 * most:.6g}"
    base = alt.Chart(cast("Any", inline(rows))).encode(
        x=alt.X("comparator:N", sort=list(comparators), title=None, axis=alt.Axis(orient="top", labelAngle=-35)),
        y=rows_axis("pair", names),
    )
    cells = base.mark_rect(stroke="white").encode(
        color=alt.Color("score:Q", legend=None, scale=alt.Scale(domain=[0, most], range=shades, interpolate="rgb"))
    )
    text = base.mark_text().encode(
        text=alt.Text("score:Q", format=format_),
        color=alt.condition(dark, alt.value("white"), alt.value(DARK)),
    )
    return alt.layer(cells, text).properties(
        width=64 * len(comparators), height=20 * max(len(names), 1), title=panel_title(title)
    )
