"""
Drawing: scales, ticks and the few SVG shapes the charts are made of. Opens nothing.

Drawn by hand, since equal numbers must give equal bytes and a printed page needs no plotting engine. Every text
is escaped by `Markup.format`; coordinates are rounded to a tenth of a point.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

__all__ = ["Scale", "figure", "line", "log_ticks", "rect", "ticks", "words"]


@dataclass(frozen=True, slots=True)
class Scale:
    """
    Where a number lies on the paper.

    Attributes:
        low: Number at `start`.
        high: Number at `stop`.
        start: Position (points).
        stop: Position (points).
        log: True for a logarithmic scale; both ends are then above zero.
    """

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def __call__(self, number: float) -> float:
        """The number's position (points), held within the scale."""
        held = min(max(number, self.low), self.high)
        if self.log:
            part = math.log(held / self.low) / math.log(self.high / self.low) if self.high > self.low else 0.0
        else:
            part = (held - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return self.start + part * (self.stop - self.start)


def ticks(low: float, high: float, *, about: int = 8) -> list[float]:
    """
    Round numbers from `low` to `high`.

    >>> ticks(-12.0, 31.0)
    [-10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0]
    """
    if high <= low:
        return [low]
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    return [place * step for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """
    The powers of ten from `low` to `high`.

    >>> log_ticks(0.02, 30.0)
    [0.1, 1.0, 10.0]
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [float(f"1e{power}") for power in range(first, last + 1)]


def rect(x: float, y: float, width: float, height: float, *, kind: str, said: str = "") -> Markup:
    """A rectangle of a style class; `said` appears where the pointer rests on it."""
    title = Markup("<title>{}</title>").format(said) if said else Markup()
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" class="{}">{}</rect>').format(
        _at(x), _at(y), _at(max(width, 0.0)), _at(max(height, 0.0)), kind, title
    )


def line(x1: float, y1: float, x2: float, y2: float, *, kind: str = "axis") -> Markup:
    """A straight line of a style class."""
    shape = Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>')
    return shape.format(_at(x1), _at(y1), _at(x2), _at(y2), kind)


def words(x: float, y: float, said: str, *, anchor: str = "start", kind: str = "label") -> Markup:
    """A text at a place; `anchor` is start, middle or end."""
    shape = Markup('<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>')
    return shape.format(_at(x), _at(y), anchor, kind, said)


def figure(shapes: Iterable[Markup], *, width: float, height: float, name: str, title: str, description: str) -> Markup:
    """
    The shapes as one picture with a text in its place for those who cannot see it.

    Args:
        shapes: What `rect`, `line` and `words` gave.
        width: Points; the page scales it to its column.
        height: Points.
        name: Identifier, unique on the page.
        title: What the picture is.
        description: What can be read off it.
    """
    head = Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{n}-title {n}-text" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{n}-title">{}</title><desc id="{n}-text">{}</desc>'
    )
    opened = head.format(_at(width), _at(height), title, description, n=name)
    return Markup("").join([opened, *shapes, Markup("</svg>")])


def _at(place: float) -> str:
    return f"{place:.1f}".removesuffix(".0")
