"""Components in NumPy are those of SciPy, numbers and all."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from graph_schema.chance import stream
from linkage.decision.connected import connected

NODES = st.integers(0, 19)


@given(edges=st.lists(st.tuples(NODES, NODES), max_size=25))
def test_components_are_numbered_by_their_lowest_nodes(edges: list[tuple[int, int]]) -> None:
    a, b = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(20, 20))
    assert connected(a, b, n=20).tolist() == connected_components(graph, directed=False)[1].tolist()


def test_long_chains_in_any_order_are_one_component() -> None:
    nodes = stream("connected-test", seed=1).permutation(5000).astype(np.int64)
    for chain in (np.arange(5000, dtype=np.int64), nodes):
        assert connected(chain[1:], chain[:-1], n=5000).max() == 0


def test_no_nodes_and_no_edges() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert connected(none, none, n=0).tolist() == []
    assert connected(none, none, n=3).tolist() == [0, 1, 2]
