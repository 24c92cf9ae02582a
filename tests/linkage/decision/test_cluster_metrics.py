"""Degree, bridges, density and centralisation."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.decision.cluster import clusters
from linkage.decision.metrics import cluster_metrics, find_bridges

CELLS = [(a, b) for a in range(8) for b in range(a + 1, 8)]


def test_the_figures_of_a_triangle_with_a_tail_and_of_a_record_alone() -> None:
    pairs = np.array([[0, 1], [1, 2], [0, 2], [2, 3]])
    found = cluster_metrics(pairs, clusters(pairs, n_records=5))
    assert found.nodes.column("node_degree").to_pylist() == [2, 2, 3, 1, 0]
    assert found.nodes.column("node_centrality").to_pylist() == pytest.approx([2 / 3, 2 / 3, 1, 1 / 3, 0])
    assert found.edges.column("is_bridge").to_pylist() == [False, False, False, True]
    assert found.clusters.to_pylist() == [
        {"cluster_id": 0, "n_nodes": 4, "n_edges": 4, "n_bridges": 1, "density": pytest.approx(2 / 3),
         "cluster_centralisation": pytest.approx(2 / 3)},
        {"cluster_id": 4, "n_nodes": 1, "n_edges": 0, "n_bridges": 0, "density": None,
         "cluster_centralisation": None},
    ]  # fmt: skip


def test_a_star_is_wholly_centralised_and_a_pair_is_too_small_to_be() -> None:
    pairs = np.array([[0, 1], [0, 2], [0, 3], [4, 5]])
    found = cluster_metrics(pairs, clusters(pairs, n_records=6)).clusters
    assert found.column("cluster_centralisation").to_pylist() == [1.0, None]
    assert found.column("density").to_pylist() == [0.5, 1.0]


def test_pairs_between_clusters_do_not_count() -> None:
    found = cluster_metrics(np.array([[0, 1], [1, 2]]), np.array([0, 0, 2]))
    assert found.clusters.column("n_edges").to_pylist() == [1, 0]


def test_no_pairs_have_no_bridges() -> None:
    assert cluster_metrics(np.zeros((0, 2), dtype=np.int64), np.arange(2)).edges.num_rows == 0


@settings(max_examples=80, deadline=None)
@given(edges=st.lists(st.sampled_from(CELLS), min_size=1, max_size=14, unique=True))
def test_a_bridge_is_a_pair_whose_loss_makes_one_more_cluster(edges: list[tuple[int, int]]) -> None:
    found = find_bridges(np.array(edges))
    graph: nx.Graph[int] = nx.Graph(edges)
    n = nx.number_connected_components(graph)
    for edge, bridge in zip(edges, found.tolist(), strict=True):
        without = graph.copy()
        without.remove_edge(*edge)
        assert bridge == (nx.number_connected_components(without) == n + 1)
