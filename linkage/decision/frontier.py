"""
All admissible sets of pairs at once, by dynamic programming over a moving frontier of nodes. Opens nothing.

Pairs are gone through in an order that finishes one node after the other; what has to be remembered is how full the
begun nodes are. Cost grows with the product of their rooms, not with the number of sets (a permanent by transfer
matrices). The same pass sums over the sets (posterior probabilities) or finds the heaviest (margins).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from linkage.arrays import FloatArray, IntArray
from linkage.decision.components import NOWHERE

__all__ = ["Structure", "structure_of", "sweep"]

Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Structure:
    """
    A component's shape, the same for all components that can be solved together.

    Attributes:
        pairs: Ends of each pair, in the order in which they are gone through; `NOWHERE` where nobody competes.
        room: Most pairs at each node.
        order: Which of the component's pairs each is.
        states: Largest number of states to be remembered.
    """

    pairs: tuple[Pair, ...]
    room: tuple[int, ...]
    order: tuple[int, ...]
    states: int


def structure_of(a: IntArray, b: IntArray, room: IntArray, *, most: int) -> Structure | None:
    """
    An order of the pairs that keeps the frontier small.

    Args:
        a: `(n_pairs,)` node of one end, from 0, or `NOWHERE`.
        b: `(n_pairs,)` node of the other.
        room: `(n_nodes,)` most pairs at each node.
        most: Most states to be remembered.

    Returns:
        The structure; None if more would have to be remembered.
    """
    ends = list(zip(a.tolist(), b.tolist(), strict=True))
    at: list[list[int]] = [[] for _ in range(len(room))]
    for number, pair in enumerate(ends):
        for node in pair:
            if node != NOWHERE:
                at[node].append(number)
    order: list[int] = []
    done, begun, left, states = set[int](), set[int](), set(range(len(room))), 1
    while left:
        node = min(left, key=lambda one: (_growth(one, at, ends, done, begun), one))
        for number in at[node]:
            if number not in done:
                done.add(number)
                order.append(number)
                begun |= {end for end in ends[number] if end != NOWHERE}
        states = max(states, int(np.prod([room[one] + 1 for one in sorted(begun)], dtype=np.float64)))
        if states > most:
            return None
        left.discard(node)
        begun.discard(node)
    order += [number for number in range(len(ends)) if number not in done]
    return Structure(tuple(ends[number] for number in order), tuple(room.tolist()), tuple(order), states)


def _growth(node: int, at: list[list[int]], ends: list[Pair], done: set[int], begun: set[int]) -> int:
    """How many nodes finishing this one would begin; one that is begun counts less than one that is not."""
    fresh = {end for number in at[node] if number not in done for end in ends[number]} - begun - {NOWHERE, node}
    return len(fresh) + (node not in begun)


def sweep(shape: Structure, weight: FloatArray, *, combine: np.ufunc) -> tuple[FloatArray, FloatArray, FloatArray]:
    """
    What the sets with each pair, the sets without it, and all sets amount to.

    Args:
        shape: The components' structure.
        weight: `(n_components, n_pairs)` logarithms of the odds, in the components' own order of pairs.
        combine: `np.logaddexp` sums the sets (natural logs), `np.maximum` takes the heaviest.

    Returns:
        `(n_components, n_pairs)` with the pair and without it, `(n_components,)` all together.
    """
    ordered = weight[:, list(shape.order)]
    forward, last = _forward(shape, ordered, combine)
    held, total = _backward(shape, ordered, forward, combine, last=last)
    with_pair, without = np.empty_like(weight), np.empty_like(weight)
    with_pair[:, list(shape.order)], without[:, list(shape.order)] = held
    return with_pair, without, total


def _last_use(shape: Structure) -> dict[int, int]:
    """The last pair of each node."""
    return {node: step for step, pair in enumerate(shape.pairs) for node in pair if node != NOWHERE}


def _forward(shape: Structure, weight: FloatArray, combine: np.ufunc) -> tuple[list[FloatArray], dict[int, int]]:
    """State before each pair; axis 0 the components, then one axis a begun node in the order they were begun."""
    last, begun = _last_use(shape), list[int]()
    state: FloatArray = np.zeros(len(weight))
    kept: list[FloatArray] = []
    for step, pair in enumerate(shape.pairs):
        for node in pair:
            if node != NOWHERE and node not in begun:
                begun.append(node)
                wider = np.full((*state.shape, shape.room[node] + 1), -np.inf)
                wider[..., 0] = state
                state = wider
        kept.append(state)
        taken = _shifted(state, [begun.index(node) + 1 for node in pair if node != NOWHERE], up=True)
        state = combine(state, taken + _column(weight, step, state.ndim))
        for node in pair:
            if node != NOWHERE and last[node] == step:
                state = combine.reduce(state, axis=begun.index(node) + 1)
                begun.remove(node)
    return kept, last


def _backward(
    shape: Structure, weight: FloatArray, forward: list[FloatArray], combine: np.ufunc, *, last: dict[int, int]
) -> tuple[tuple[FloatArray, FloatArray], FloatArray]:
    """With and without each pair, and all together."""
    with_pair, without = np.empty_like(weight), np.empty_like(weight)
    axes = _axes(shape, last)
    after: FloatArray = np.zeros(len(weight))
    first = {node: step for step, pair in reversed(list(enumerate(shape.pairs))) for node in pair}
    for step in range(len(shape.pairs) - 1, -1, -1):
        pair, begun = [node for node in shape.pairs[step] if node != NOWHERE], axes[step]
        for node in sorted((node for node in pair if last[node] == step), key=begun.index):
            after = np.expand_dims(after, begun.index(node) + 1)
        after = np.broadcast_to(after, forward[step].shape)
        taken = _shifted(after, [begun.index(node) + 1 for node in pair], up=False)
        taken = taken + _column(weight, step, after.ndim)
        every = tuple(range(1, after.ndim))
        with_pair[:, step] = combine.reduce(forward[step] + taken, axis=every)
        without[:, step] = combine.reduce(forward[step] + after, axis=every)
        after = combine(after, taken)
        for node in sorted((node for node in pair if first[node] == step), key=begun.index, reverse=True):
            after = np.take(after, 0, axis=begun.index(node) + 1)
    return (with_pair, without), after


def _axes(shape: Structure, last: dict[int, int]) -> list[list[int]]:
    """The begun nodes at each pair, in the order of the axes."""
    begun, out = list[int](), []
    for step, pair in enumerate(shape.pairs):
        begun += [node for node in dict.fromkeys(pair) if node != NOWHERE and node not in begun]
        out.append(list(begun))
        begun = [node for node in begun if node not in pair or last[node] != step]
    return out


def _shifted(state: FloatArray, axes: list[int], *, up: bool) -> FloatArray:
    """The state with one place more (`up`) or less taken along each of these axes."""
    out = np.full(state.shape, -np.inf)
    to: list[slice] = [slice(None)] * state.ndim
    source: list[slice] = [slice(None)] * state.ndim
    for axis in axes:
        to[axis], source[axis] = (slice(1, None), slice(None, -1)) if up else (slice(None, -1), slice(1, None))
    out[tuple(to)] = state[tuple(source)]
    return out


def _column(weight: FloatArray, step: int, ndim: int) -> FloatArray:
    return weight[:, step].reshape(-1, *[1] * (ndim - 1))
