"""
Connected components by labels that sink to the lowest node, in NumPy alone. Opens nothing.

Every round hooks the root of a tree to the lowest root beside it and flattens the trees: after a number of rounds
that grows with the square of the logarithm of the nodes at most (Liu and Tarjan, Simple concurrent labeling
algorithms for connected components, 2019) no edge joins two trees. Most graphs of links take two or three.
"""

from __future__ import annotations

import numpy as np

from linkage.arrays import IntArray

__all__ = ["connected"]


def connected(a: IntArray, b: IntArray, *, n: int) -> IntArray:
    """
    Component of every node, numbered by their lowest nodes.

    Args:
        a: `(n_edges,)` one node of each edge.
        b: `(n_edges,)` the other.
        n: Nodes.

    Returns:
        `(n,)` components from 0.
    """
    root = np.arange(n, dtype=np.int64)
    while len(a):
        low, high = np.minimum(a, b), np.maximum(a, b)
        np.minimum.at(root, high, low)
        root = _flat(root)
        a, b = root[low], root[high]
        apart = a != b
        a, b = a[apart], b[apart]
    number = np.cumsum(root == np.arange(n)) - 1
    return np.asarray(number[root], dtype=np.int64)


def _flat(parent: IntArray) -> IntArray:
    """The root of every node."""
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return parent
        parent = above
