"""
Conflicts kept apart: pairs that cannot both be true, or that contradict themselves, gathered by component.

A conflict is never resolved silently. Its pairs are at most possible links; its component names everyone involved,
so that a reviewer sees the whole knot at once. Opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx

__all__ = ["Conflict", "ConflictComponent", "conflict_components"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """One pair of records that is in conflict, and why (`conflict_sex`, `ambiguous`, ...)."""

    left_key: str
    right_key: str
    kind: str
    probability: float


@dataclass(frozen=True, slots=True)
class ConflictComponent:
    """Records held together by conflicting pairs: keys of both sides in order, kinds in order, and the pairs."""

    left_keys: tuple[str, ...]
    right_keys: tuple[str, ...]
    kinds: tuple[str, ...]
    pairs: tuple[Conflict, ...]


def conflict_components(
    conflicts: Iterable[Conflict], *, linked: Iterable[tuple[str, str]] = ()
) -> tuple[ConflictComponent, ...]:
    """
    The conflicts by connected component, largest first.

    Args:
        conflicts: Conflicting pairs.
        linked: Accepted pairs; they join components they touch, but make none.

    Returns:
        Components in an order that does not depend on the order of the pairs.
    """
    ordered = sorted(conflicts, key=lambda c: (c.left_key, c.right_key, c.kind))
    touched = {c.left_key for c in ordered} | {c.right_key for c in ordered}
    graph: nx.Graph[tuple[str, str]] = nx.Graph()
    for conflict in ordered:
        graph.add_edge(("left", conflict.left_key), ("right", conflict.right_key))
    for left, right in linked:
        if left in touched or right in touched:
            graph.add_edge(("left", left), ("right", right))
    of_left: dict[str, list[Conflict]] = {}
    for conflict in ordered:
        of_left.setdefault(conflict.left_key, []).append(conflict)
    found = [_component(set(nodes), of_left) for nodes in nx.connected_components(graph)]
    kept = [c for c in found if c.pairs]
    return tuple(sorted(kept, key=lambda c: (-len(c.left_keys) - len(c.right_keys), c.left_keys, c.right_keys)))


def _component(nodes: set[tuple[str, str]], of_left: dict[str, list[Conflict]]) -> ConflictComponent:
    left_keys = tuple(sorted(key for side, key in nodes if side == "left"))
    inside = tuple(c for key in left_keys for c in of_left.get(key, ()))
    return ConflictComponent(
        left_keys=left_keys,
        right_keys=tuple(sorted(key for side, key in nodes if side == "right")),
        kinds=tuple(sorted({c.kind for c in inside})),
        pairs=inside,
    )
