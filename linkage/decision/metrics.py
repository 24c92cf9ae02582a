"""
How well clusters hang together: degree of records, bridges among pairs, density and centralisation of clusters. Pure.

Definitions as in Splink: density is pairs over possible pairs; centralisation is Freeman's, how much one record has
all the partners. Bridges, whose loss would split a cluster, come from networkx.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa

from linkage.arrays import BoolArray, IntArray
from linkage.decision.components import components

__all__ = ["ClusterMetrics", "cluster_metrics", "find_bridges"]


@dataclass(frozen=True, slots=True)
class ClusterMetrics:
    """
    Attributes:
        nodes: One row a record: record, cluster_id, node_degree, node_centrality (degree over the others).
        edges: One row a counted pair: record_l, record_r, cluster_id, is_bridge.
        clusters: One row a cluster: cluster_id, n_nodes, n_edges, n_bridges, density, cluster_centralisation; null
            where a cluster is too small to have one.
    """

    nodes: pa.Table
    edges: pa.Table
    clusters: pa.Table


def cluster_metrics(pairs: IntArray, label: IntArray) -> ClusterMetrics:
    """
    Figures of records, pairs and clusters.

    Args:
        pairs: `(n_pairs, 2)` records of the pairs that count, each pair once; those between clusters are left out.
        label: `(n_records,)` cluster of each record.
    """
    pairs = pairs[label[pairs[:, 0]] == label[pairs[:, 1]]]
    names, number = np.unique(label, return_inverse=True)
    n_nodes = np.bincount(number, minlength=len(names))
    degree = np.bincount(pairs.reshape(-1), minlength=len(label))
    n_edges = np.bincount(number[pairs[:, 0]], minlength=len(names))
    bridge = find_bridges(pairs)
    largest = np.zeros(len(names), dtype=np.int64)
    np.maximum.at(largest, number, degree)
    others = np.maximum(n_nodes[number] - 1, 1)
    spread = (n_nodes * largest - 2 * n_edges) / np.maximum((n_nodes - 1) * (n_nodes - 2), 1)
    density = 2.0 * n_edges / np.maximum(n_nodes * (n_nodes - 1), 1)
    return ClusterMetrics(
        nodes=pa.table(
            {
                "record": pa.array(np.arange(len(label))),
                "cluster_id": pa.array(label),
                "node_degree": pa.array(degree),
                "node_centrality": pa.array(degree / others),
            }
        ),
        edges=pa.table(
            {
                "record_l": pa.array(pairs[:, 0]),
                "record_r": pa.array(pairs[:, 1]),
                "cluster_id": pa.array(label[pairs[:, 0]]),
                "is_bridge": pa.array(bridge),
            }
        ),
        clusters=pa.table(
            {
                "cluster_id": pa.array(names),
                "n_nodes": pa.array(n_nodes),
                "n_edges": pa.array(n_edges),
                "n_bridges": pa.array(np.bincount(number[pairs[bridge, 0]], minlength=len(names))),
                "density": pa.array(density, mask=n_nodes < 2),
                "cluster_centralisation": pa.array(spread, mask=n_nodes < 3),
            }
        ),
    )


def find_bridges(pairs: IntArray) -> BoolArray:
    """
    `(n_pairs,)` pairs without which their cluster would fall apart.

    Args:
        pairs: `(n_pairs, 2)` records, each pair once.
    """
    import networkx as nx  # loads longer than most linkages need it

    found = components(pairs[:, 0], pairs[:, 1])
    of_node = np.zeros(int(pairs.max(initial=-1)) + 1, dtype=np.int64)
    of_node[pairs] = found.of_pair[:, None]
    used = np.bincount(pairs.reshape(-1), minlength=len(of_node)) > 0
    n_nodes = np.bincount(of_node[used], minlength=found.n)
    bridge = found.spread(found.size == n_nodes - 1)  # a tree: every pair is one
    looped = np.flatnonzero(~bridge)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_edges_from(pairs[looped].tolist())
    found_bridges = cast("Iterable[tuple[int, int]]", nx.bridges(graph))
    cut = {(min(a, b), max(a, b)) for a, b in found_bridges}
    bridge[looped] = [(min(a, b), max(a, b)) in cut for a, b in pairs[looped].tolist()]
    return bridge
