"""Colours and axes that all charts share. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import altair as alt

__all__ = ["AGAINST", "BAND", "DARK", "FOR", "NEUTRAL", "PALETTE", "UNSURE", "panel_title", "rows_axis", "titled"]

FOR = "#2f7d5b"  # a match
AGAINST = "#b5432e"
NEUTRAL = "#33638d"
UNSURE = "#b0872b"
DARK = "#1d2733"
BAND = "#f3f5f8"
PALETTE = ("#33638d", "#b0872b", "#2f7d5b", "#b5432e", "#7d5ba6", "#3d9db3", "#8c6d46", "#5f6b7a")  # told apart in grey


def rows_axis(field: str, order: Sequence[str], *, title: str | None = None) -> Any:
    """A vertical axis with one row a name, in the given order, no name left out."""
    axis = cast("Any", alt).Axis(labelLimit=360, labelOverlap=False)
    return cast("Any", alt).Y(f"{field}:N", sort=list(order), title=title, axis=axis)


def panel_title(title: str) -> Any:
    """Title of one of several panels."""
    return cast("Any", alt).TitleParams(text=title, fontSize=12, fontWeight="normal", offset=6)


def titled(title: str, *subtitle: str) -> Any:
    """Title and the lines below it that say how to read the chart."""
    return cast("Any", alt).TitleParams(text=title, subtitle=list(subtitle))
