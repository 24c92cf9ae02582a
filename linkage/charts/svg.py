"""Altair charts as SVG text: the renderer and its fonts come with the package, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import altair as alt

__all__ = ["Chart", "inline", "svg"]

Chart = alt.Chart | alt.LayerChart | alt.VConcatChart | alt.FacetChart


def inline(rows: Sequence[Mapping[str, object]]) -> Any:
    """Rows as a chart's own data."""
    return cast("Any", alt).Data(values=list(rows))


def svg(chart: Chart) -> str:
    """
    One `<svg>` element, for a page that must open offline.

    Raises:
        ValueError: If the chart refers to a place outside itself.
    """
    import vl_convert

    drawn = cast("str", cast("Any", vl_convert).vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]))
    if re.search(r"""(href|src)=["'](?!#|data:)""", drawn):
        raise ValueError("the chart refers to something outside itself")
    return drawn
