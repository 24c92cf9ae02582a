"""One cluster as SVG. Equal graphs give equal bytes: the layout starts from a circle and draws no chance."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import cast

import networkx as nx
import numpy as np

from linkage.arrays import FloatArray
from linkage.charts.style import AGAINST, DARK

__all__ = ["drawing", "layout", "weighted_edges"]

_SIDE = 420
_MARGIN = 30
_MOST_BY_DISTANCE = 60  # records laid out by distances, which takes their cube
_MOST_BY_SPRINGS = 600
_MOST_LARGE = 60
_MOST_LETTERS = 160  # of all names beside their records; more run into each other
_MOST_WEIGHED = 24  # links whose weight is written beside them
_LONGEST_NAME = 14


def drawing(
    graph: nx.Graph[int], *, bridges: frozenset[tuple[int, int]], names: Mapping[int, str], fills: Mapping[int, str]
) -> str:
    """
    A cluster as one `<svg>` element.

    Args:
        graph: Its links with their `weight` (bits).
        bridges: Links that alone hold two parts together, lower place first.
        names: What each record is called.
        fills: Colour of each record.
    """
    at = layout(graph)
    edges = weighted_edges(graph)
    weights = [weight for _, _, weight in edges]
    low, high = min(weights, default=0.0), max(weights, default=1.0)
    parts = [_line(at, edge, bridges, names, low=low, high=high) for edge in edges]
    if len(edges) <= _MOST_WEIGHED:
        parts += [_weight(at, edge) for edge in edges]
    radius = 9 if len(at) <= _MOST_LARGE else 4
    longest = max(map(len, names.values()))
    parts += [_node(at[place], names[place], fills[place], radius=radius) for place in graph.nodes]
    if len(at) * min(longest, _LONGEST_NAME) <= _MOST_LETTERS:
        parts += [_name(at[place], names[place]) for place in graph.nodes]
    return f'<svg viewBox="0 0 {_SIDE} {_SIDE}" width="{_SIDE}" height="{_SIDE}" role="img">{"".join(parts)}</svg>'


def weighted_edges(graph: nx.Graph[int]) -> list[tuple[int, int, float]]:
    """Links with their weight (bits), lower place first, in the order of the places."""
    found = cast("list[tuple[int, int, float]]", list(graph.edges(data="weight")))
    return sorted((min(a, b), max(a, b), float(weight)) for a, b, weight in found)


def layout(graph: nx.Graph[int]) -> dict[int, tuple[int, int]]:
    """Place of every record on the drawing (whole units)."""
    circle = nx.circular_layout(graph)
    n = graph.number_of_nodes()
    plain: nx.Graph[int] = nx.Graph()
    plain.add_nodes_from(graph.nodes)
    plain.add_edges_from(graph.edges)
    if n <= 2 or n > _MOST_BY_SPRINGS:
        found = circle
    elif n <= _MOST_BY_DISTANCE and nx.is_connected(plain):
        found = nx.kamada_kawai_layout(plain, pos=circle)
    else:
        found = nx.spring_layout(plain, pos=circle, seed=0, iterations=80)
    places = np.array([found[node] for node in graph.nodes], dtype=np.float64)
    return {node: (int(x), int(y)) for node, (x, y) in zip(graph.nodes, _fitted(places), strict=True)}


def _fitted(places: FloatArray) -> FloatArray:
    """The places moved and scaled to fill the drawing, whole."""
    low, span = places.min(axis=0), np.ptp(places, axis=0)
    scale = (_SIDE - 2 * _MARGIN) / max(float(span.max(initial=0.0)), 1e-9)
    shift = (_SIDE - span * scale) / 2
    return cast("FloatArray", np.round((places - low) * scale + shift))


def _line(
    at: Mapping[int, tuple[int, int]],
    edge: tuple[int, int, float],
    bridges: frozenset[tuple[int, int]],
    names: Mapping[int, str],
    *,
    low: float,
    high: float,
) -> str:
    a, b, weight = edge
    (x1, y1), (x2, y2) = at[a], at[b]
    width = 1.0 + 3.0 * (weight - low) / max(high - low, 1e-9)
    look = f'stroke="{AGAINST}" stroke-dasharray="5 3"' if (a, b) in bridges else 'stroke="#7b8794"'
    told = f"{names[a]} and {names[b]}: {weight:.2f} bits"
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke-width="{width:.1f}" {look}>'
        f"<title>{escape(told)}</title></line>"
    )


def _weight(at: Mapping[int, tuple[int, int]], edge: tuple[int, int, float]) -> str:
    (x1, y1), (x2, y2) = at[edge[0]], at[edge[1]]
    return (
        f'<text x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 - 3}" font-size="10" text-anchor="middle" fill="#52606d" '
        f'paint-order="stroke" stroke="#fff" stroke-width="3">{edge[2]:.1f}</text>'
    )


def _node(at: tuple[int, int], name: str, fill: str, *, radius: int) -> str:
    return (
        f'<circle cx="{at[0]}" cy="{at[1]}" r="{radius}" fill="{fill}" stroke="#fff">'
        f"<title>{escape(name)}</title></circle>"
    )


def _name(at: tuple[int, int], name: str) -> str:
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    return (
        f'<text x="{at[0]}" y="{at[1] - 12}" font-size="11" text-anchor="middle" fill="{DARK}" '
        f'paint-order="stroke" stroke="#fff" stroke-width="3">{escape(short)}</text>'
    )
