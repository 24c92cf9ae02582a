"""
Clusters of records on one page: who is linked with whom, how strongly, and by which single links it all hangs.

Layouts are computed here by networkx and drawn as SVG; the page only filters and opens. Opens nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal, cast

import networkx as nx

from linkage.charts.assets import asset
from linkage.charts.cluster_drawing import drawing, weighted_edges
from linkage.charts.html import document
from linkage.charts.page import Page
from linkage.charts.style import PALETTE

__all__ = ["ClusterOrder", "ViewerEdge", "ViewerNode", "cluster_viewer"]

ClusterOrder = Literal["largest", "least_dense", "weakest_bridge"]

_MOST_EDGES_LISTED = 400
_PAIR = 2


@dataclass(frozen=True, slots=True)
class ViewerNode:
    """
    A record of a cluster.

    Attributes:
        record_id: Its identifier.
        cluster: Number or name of its cluster.
        source: The table or source it is of.
        values: By column, what to tell of it.
    """

    record_id: str
    cluster: str
    source: str = ""
    values: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ViewerEdge:
    """
    A link between two records.

    Attributes:
        left: Place of one record among the nodes.
        right: Place of the other.
        match_weight: Score of the pair (bits).
    """

    left: int
    right: int
    match_weight: float


@dataclass(frozen=True, slots=True)
class _Cluster:
    name: str
    number: int
    members: tuple[int, ...]
    graph: nx.Graph[int]
    bridges: frozenset[tuple[int, int]]

    @property
    def density(self) -> float:
        """Share of the possible links that are there."""
        n = len(self.members)
        return 2 * self.graph.number_of_edges() / (n * (n - 1)) if n > 1 else 1.0

    @property
    def weakest_bridge(self) -> float:
        """Weight of the weakest link that alone holds two parts together (bits); infinite without one."""
        return min((float(self.graph.edges[edge]["weight"]) for edge in self.bridges), default=float("inf"))


def cluster_viewer(
    nodes: Sequence[ViewerNode],
    edges: Sequence[ViewerEdge],
    *,
    order: ClusterOrder = "largest",
    most_clusters: int = 100,
    remove_sensitive_data: bool = True,
) -> Page:
    """
    The page. Links between records of different clusters are left out.

    Args:
        nodes: The records.
        edges: The links among them; of a pair given twice the heavier.
        order: Which clusters come first, and are shown where there are too many.
        most_clusters: How many are shown.
        remove_sensitive_data: Number records and clusters instead of naming them, and tell no values.
    """
    clusters = _clusters(nodes, edges)
    keys: dict[ClusterOrder, Callable[[_Cluster], tuple[float, float]]] = {
        "largest": lambda part: (-len(part.members), part.density),
        "least_dense": lambda part: (part.density, -len(part.members)),
        "weakest_bridge": lambda part: (part.weakest_bridge, -len(part.members)),
    }
    chosen = sorted(clusters, key=lambda part: (*keys[order](part), part.number))[:most_clusters]
    sources = sorted({node.source for node in nodes if node.source})
    colours = {source: PALETTE[place % len(PALETTE)] for place, source in enumerate(sources)}
    sections = [_section(part, nodes, colours, remove_sensitive_data=remove_sensitive_data) for part in chosen]
    legend = "".join(f'<span><i style="background:{colours[source]}"></i>{escape(source)}</span>' for source in sources)
    told = f"{len(chosen):,} of {len(clusters):,} clusters, {order.replace('_', ' ')} first; dashed red: a bridge"
    head = f'<p class="quiet">{escape(told)}</p><p class="quiet legend">{legend}</p>'
    body = f'{head}{asset("cluster_viewer.html")}<div id="clusters">{"".join(sections)}</div>'
    title = "Cluster viewer"
    part = (body, asset("cluster_viewer.js"))
    return Page(document(title, [part], style=asset("viewer.css")), title=title)


def _clusters(nodes: Sequence[ViewerNode], edges: Sequence[ViewerEdge]) -> list[_Cluster]:
    """Clusters of two records or more, numbered by their first record."""
    members: dict[str, list[int]] = defaultdict(list)
    for place, node in enumerate(nodes):
        members[node.cluster].append(place)
    within: dict[str, dict[tuple[int, int], float]] = defaultdict(dict)
    for edge in edges:
        name = nodes[edge.left].cluster
        if name == nodes[edge.right].cluster and edge.left != edge.right:
            ends = (min(edge.left, edge.right), max(edge.left, edge.right))
            within[name][ends] = max(edge.match_weight, within[name].get(ends, edge.match_weight))
    several = [(name, places) for name, places in members.items() if len(places) > 1]
    return [_cluster(name, number, places, within[name]) for number, (name, places) in enumerate(several, 1)]


def _cluster(name: str, number: int, places: Sequence[int], links: Mapping[tuple[int, int], float]) -> _Cluster:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(places)
    for (left, right), weight in sorted(links.items()):
        graph.add_edge(left, right, weight=weight)
    alone = len(places) == _PAIR  # the link of two records holds nothing together but them
    bridges = frozenset((min(a, b), max(a, b)) for a, b in ([] if alone else _bridges(graph)))
    return _Cluster(name, number, tuple(places), graph, bridges)


def _bridges(graph: nx.Graph[int]) -> list[tuple[int, int]]:
    return cast("list[tuple[int, int]]", list(cast("Any", nx).bridges(graph)))


def _section(
    part: _Cluster, nodes: Sequence[ViewerNode], colours: Mapping[str, str], *, remove_sensitive_data: bool
) -> str:
    names = {
        place: str(rank) if remove_sensitive_data else nodes[place].record_id
        for rank, place in enumerate(part.members, 1)
    }
    called = f"cluster {part.number}" if remove_sensitive_data else f"cluster {part.name}"
    facts = f"{len(part.members)} records, {part.graph.number_of_edges()} links, density {part.density:.2f}"
    if part.bridges:
        bridges = "1 bridge of" if len(part.bridges) == 1 else f"{len(part.bridges)} bridges, the weakest"
        facts += f", {bridges} {part.weakest_bridge:.2f} bits"
    fills = {place: colours.get(nodes[place].source, PALETTE[0]) for place in part.members}
    picture = drawing(part.graph, bridges=part.bridges, names=names, fills=fills)
    tables = _edges_table(part, names)
    if not remove_sensitive_data:
        tables += _nodes_table(part, nodes, names)
    return (
        f'<details data-size="{len(part.members)}" data-density="{part.density:.4f}" '
        f'data-bridges="{len(part.bridges)}"><summary><b>{escape(called)}</b>: {escape(facts)}</summary>'
        f'<div class="cluster"><div>{picture}</div><div>{tables}</div></div></details>'
    )


def _edges_table(part: _Cluster, names: Mapping[int, str]) -> str:
    listed = sorted(weighted_edges(part.graph), key=lambda edge: (edge[2], edge[0], edge[1]))
    rows = "".join(
        f"<tr><td>{escape(names[a])}</td><td>{escape(names[b])}</td>"
        f'<td class="n">{weight:.2f}</td><td>{"bridge" if (a, b) in part.bridges else ""}</td></tr>'
        for a, b, weight in listed[:_MOST_EDGES_LISTED]
    )
    more = len(listed) - _MOST_EDGES_LISTED
    rest = f"<p>and {more:,} heavier links</p>" if more > 0 else ""
    head = "<tr><th>record</th><th>record</th><th>weight (bits)</th><th></th></tr>"
    return f"<table>{head}{rows}</table>{rest}"


def _nodes_table(part: _Cluster, nodes: Sequence[ViewerNode], names: Mapping[int, str]) -> str:
    columns = list(dict.fromkeys(name for place in part.members for name in nodes[place].values))
    head = "".join(f"<th>{escape(name)}</th>" for name in ("record", "source", *columns))
    rows = []
    for place in part.members:
        told = (names[place], nodes[place].source, *(nodes[place].values.get(name) or "" for name in columns))
        rows.append("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in told) + "</tr>")
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"
