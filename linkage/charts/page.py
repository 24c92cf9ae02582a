"""A finished page of its own: a viewer that can be shown in a notebook and saved. Nothing in it is loaded."""

from __future__ import annotations

from html import escape
from pathlib import Path

from linkage.charts.chart import ChartFormat

__all__ = ["Page"]


class Page:
    """
    One HTML page that needs nothing else.

    Args:
        html: The whole of it.
        title: What it is called.
        height: Height of its frame in a notebook (pixels).
    """

    __slots__ = ("_height", "_html", "title")

    def __init__(self, html: str, *, title: str, height: int = 760) -> None:
        self._html, self.title, self._height = html, title, height

    def html(self) -> str:
        """The page."""
        return self._html

    def save(self, path: str | Path) -> Path:
        """
        Write the page.

        Args:
            path: Ends in .html.

        Raises:
            ChartFormat: If it ends in something else.
        """
        place = Path(path)
        if place.suffix.lower() not in {".html", ".htm"}:
            raise ChartFormat(f"{place.name}: a viewer is saved as .html; give a name that ends so")
        place.write_bytes(self._html.encode())
        return place

    def _repr_html_(self) -> str:
        framed = escape(self._html, quote=True)
        return (
            f'<iframe srcdoc="{framed}" style="width:100%;height:{self._height}px;border:1px solid #dde3ea"></iframe>'
        )

    def __repr__(self) -> str:
        return f"Page({self.title!r})"
