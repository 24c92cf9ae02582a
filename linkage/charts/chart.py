"""
A chart that can be shown, handed on and saved, and that needs nothing from the network.

Equal inputs give equal bytes: names that altair counts up over a process are numbered by their place in the chart.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import altair as alt

from graph_schema.errors import ExitCode, UserError
from linkage.charts.html import document, load_reference, vega_library, vega_part

__all__ = ["Chart", "ChartFormat", "Drawable", "charts_page", "inline", "svg"]

_COUNTED = re.compile(r'"((?:view|param|concat|layer)_)\d+(_[a-z]+)?"')
_MIME_TYPE = f"application/vnd.vegalite.{alt.SCHEMA_VERSION.split('.')[0]}.json"  # as altair itself calls it
_CONFIG: dict[str, Any] = {
    "view": {"stroke": None},
    "title": {"anchor": "start", "fontSize": 14, "subtitleColor": "#52606d", "subtitleFontSize": 11, "offset": 12},
    "axis": {"labelFontSize": 11, "titleFontSize": 11, "labelLimit": 320, "titleFontWeight": "normal"},
    "legend": {"labelLimit": 320, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal"},
    "header": {"labelLimit": 320, "labelFontSize": 11},
    "text": {"fontSize": 10},
}


class ChartFormat(UserError):
    """A chart cannot be saved under this name."""

    exit_code = ExitCode.SETTINGS


class Drawable(Protocol):
    """Anything that has a Vega-Lite specification."""

    def to_dict(self) -> dict[str, Any]:
        """The specification."""
        ...


class Chart:
    """
    A finished chart.

    It shows itself in a notebook, as Vega-Lite where the notebook draws that and as SVG elsewhere.

    Args:
        drawn: An altair chart whose data are inline.
        title: What it is called, on the page it is saved to.
    """

    __slots__ = ("_spec", "_svg", "title")

    def __init__(self, drawn: Any, *, title: str) -> None:
        self.title = title
        self._spec = _with_data_once(_numbered({**drawn.to_dict(), "config": _CONFIG}))
        self._svg: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The Vega-Lite specification with its data."""
        return cast("dict[str, Any]", json.loads(json.dumps(self._spec)))

    def altair(self) -> Any:
        """The chart as altair has it, to be changed or joined with others."""
        return alt.Chart.from_dict(self.to_dict())

    def svg(self) -> str:
        """One `<svg>` element."""
        if self._svg is None:
            self._svg = svg(self)
        return self._svg

    def png(self, *, scale: float = 2.0) -> bytes:
        """
        The picture as PNG.

        Args:
            scale: Pixels to a unit of the chart.
        """
        import vl_convert

        return cast("bytes", cast("Any", vl_convert).svg_to_png(self.svg(), scale=scale))

    def html(self) -> str:
        """A page that holds the chart, what draws it, and no reference to anything else."""
        return charts_page([self], title=self.title)

    def save(self, path: str | Path) -> Path:
        """
        Write the chart.

        Args:
            path: Ends in .html (with tool tips and sliders), .svg, .png or .json.

        Raises:
            ChartFormat: If it ends in something else.
        """
        place = Path(path)
        makers: dict[str, Callable[[], str | bytes]] = {
            ".html": self.html,
            ".svg": self.svg,
            ".png": self.png,
            ".json": self._json,
        }
        maker = makers.get(place.suffix.lower())
        if maker is None:
            raise ChartFormat(f"{place.name}: a chart is saved as {', '.join(makers)}; give a name that ends so")
        content = maker()
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return place

    def _json(self) -> str:
        return json.dumps(self._spec, ensure_ascii=False, indent=1) + "\n"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        del include, exclude
        return {_MIME_TYPE: self.to_dict(), "image/svg+xml": self.svg()}

    def __repr__(self) -> str:
        return f"Chart({self.title!r})"


def charts_page(charts: Sequence[Chart], *, title: str) -> str:
    """Several charts on one page, with the library that draws them in it once."""
    parts = [vega_part(chart.to_dict(), place=f"chart{number}") for number, chart in enumerate(charts, 1)]
    return document(title, parts, libraries=vega_library(), heading=len(charts) != 1)


def inline(rows: Sequence[Mapping[str, object]]) -> Any:
    """Rows as a chart's own data."""
    return cast("Any", alt).Data(values=list(rows))


def svg(chart: Drawable) -> str:
    """
    One `<svg>` element, for a page that must open offline.

    Raises:
        ValueError: If the chart refers to a place outside itself.
    """
    import vl_convert

    drawn = cast("str", cast("Any", vl_convert).vegalite_to_svg(chart.to_dict(), allowed_base_urls=[]))
    if re.search(r"""(href|src)=["'](?!#|data:)""", drawn) or load_reference(drawn):
        raise ValueError("the chart refers to something outside itself")
    return _own_ids(drawn)


def _own_ids(drawn: str) -> str:
    """
    Ids of gradients and clips that depend on the picture alone: the renderer counts them up over a process.

    They begin with the picture's digest, so that pictures on one page do not take each other's.
    """
    counted = dict.fromkeys(re.findall(r'\bid="((?:gradient|clip)_?\d+)"', drawn))
    bare = re.sub(r"\b(gradient|clip)_?\d+\b", r"\1", drawn)
    digest = hashlib.sha256(bare.encode()).hexdigest()[:8]
    for number, name in enumerate(counted):
        drawn = re.sub(rf"\b{name}\b", f"i{digest}_{number}", drawn)
    return drawn


def _with_data_once(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification with equal data of several layers kept once, under `datasets`."""
    names: dict[str, str] = {}
    datasets: dict[str, object] = {}

    def moved(part: Any) -> Any:
        if isinstance(part, list):
            return [moved(item) for item in part]
        if not isinstance(part, dict):
            return part
        if isinstance(part.get("values"), list) and set(part) == {"values"}:
            text = json.dumps(part["values"], ensure_ascii=False)
            name = names.setdefault(text, f"data{len(names) + 1}")
            datasets[name] = part["values"]
            return {"name": name}
        return {key: moved(item) for key, item in part.items()}

    return {**moved(spec), "datasets": datasets}


def _numbered(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification with altair's counted names counted from 1, in order of appearance."""
    text = json.dumps(spec, ensure_ascii=False, allow_nan=False)
    names: dict[str, str] = {}
    for found in _COUNTED.finditer(text):
        names.setdefault(found.group(0), f'"{found.group(1)}{len(names) + 1}{found.group(2) or ""}"')
    made = _COUNTED.sub(lambda found: names[found.group(0)], text)
    return cast("dict[str, Any]", json.loads(made))
