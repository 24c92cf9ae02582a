"""
The probability of every link over all admissible assignments. Opens nothing.

An assignment is a set of pairs that leaves no node over its room; its probability is proportional to the product of
its pairs' odds. A pair without rivals keeps its own probability. Groups without a loop, small ones and narrow ones are
summed exactly; what is left is approximated by belief propagation and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.decision.components import NOWHERE, Alike, Components, alike, components, rank_within
from linkage.decision.frontier import Structure, structure_of, sweep
from linkage.decision.knots import LARGEST_KNOT
from linkage.decision.marginals import Exclusions, marginals

__all__ = ["Contest", "Posteriors", "contest", "narrow", "posteriors"]

_LN2 = float(np.log(2.0))
_LARGEST_BITS = 80.0  # of a pair's odds: more says nothing more and costs digits
MOST_STATES = 1024
MOST_PAIRS = 400  # of a component that is summed exactly
_LARGEST_PRODUCT = 600.0  # natural log of the largest product of odds
_CELLS = 1 << 18  # of the sums held at once
_MOST_WORK = 120_000_000  # of exact sums, in states: about ten seconds
_WORK_A_PAIR = 1_000  # what a pair of a structure costs beside its states
_ROUNDS, _BLOCKS = 8, 15
_STILL = 1e-6


@dataclass(frozen=True, slots=True)
class Contest:
    """
    The pairs that compete, by component.

    Attributes:
        pairs: `(n,)` which of the pairs they are.
        a: `(n,)` contested node of one end, `NOWHERE` where nobody competes for it.
        b: `(n,)` of the other.
        room: `(n_nodes,)` most pairs at a node.
        one_sided: `(n,)` whether a pair lies within one source.
        groups: The components.
        loops: `(groups.n,)` whether there is more than one way round in a component.
    """

    pairs: IntArray
    a: IntArray
    b: IntArray
    room: IntArray
    one_sided: BoolArray
    groups: Components
    loops: BoolArray


@dataclass(frozen=True, slots=True)
class Posteriors:
    """
    Attributes:
        probability: `(n_pairs,)` probability of each pair over all admissible assignments.
        approximate: `(n_pairs,)` where it is one of belief propagation.
    """

    probability: FloatArray
    approximate: BoolArray


def contest(a: IntArray, b: IntArray, *, room: IntArray, one_sided: BoolArray, among: BoolArray) -> Contest:
    """
    Who competes among these pairs.

    Args:
        a: `(n_pairs,)` node of one end.
        b: `(n_pairs,)` node of the other.
        room: `(n_nodes,)` most pairs at a node.
        one_sided: `(n_pairs,)` whether a pair lies within one source.
        among: `(n_pairs,)` the pairs that are possible at all.
    """
    held = np.flatnonzero(among)
    tight = np.bincount(np.concatenate([a[held], b[held]]), minlength=len(room)) > room
    held = held[tight[a[held]] | tight[b[held]]]
    fresh = len(room) + np.arange(2 * len(held))
    to_a = np.where(tight[a[held]], a[held], fresh[: len(held)])
    to_b = np.where(tight[b[held]], b[held], fresh[len(held) :])
    groups = components(to_a, to_b)
    ends = np.concatenate([to_a, to_b])
    kept = ends < len(room)
    _, first = np.unique(ends[kept], return_index=True)
    of_node = np.concatenate([groups.of_pair, groups.of_pair])[kept][first]
    number_of_nodes = np.bincount(of_node, minlength=groups.n)
    memberships = np.bincount(np.concatenate([groups.of_pair, groups.of_pair])[kept], minlength=groups.n)
    loops = memberships > groups.size + number_of_nodes - 1
    contested_a, contested_b = (np.where(to < len(room), to, NOWHERE) for to in (to_a, to_b))
    return Contest(held, contested_a, contested_b, room, one_sided[held], groups, loops)


def posteriors(bits: FloatArray, *, among: BoolArray, within: Contest, most_states: int = MOST_STATES) -> Posteriors:
    """
    Probabilities under competition.

    Args:
        bits: `(n_pairs,)` log2 odds of each pair, prior included.
        among: `(n_pairs,)` the pairs that are possible at all; the others get 0.
        within: Who competes among them.
        most_states: What exact sums may cost.
    """
    bits = np.clip(bits, -_LARGEST_BITS, _LARGEST_BITS)
    probability = np.where(among, 1.0 / (1.0 + np.exp2(-bits)), 0.0)
    approximate = np.zeros(len(bits), dtype=bool)
    if not len(within.pairs):
        return Posteriors(probability, approximate)
    log_odds = bits[within.pairs] * _LN2
    single = np.ones(within.groups.n, dtype=bool)
    for end in (within.a, within.b):
        single[within.groups.of_pair[(end >= 0) & (within.room[end] > 1)]] = False
    known, doubtful = _single(log_odds, within, single)
    exact = np.zeros(within.groups.n, dtype=bool)
    for found, shape in narrow(within, doubtful, most_states=most_states):
        held, _, total = sweep(shape, log_odds[found.pairs], combine=np.logaddexp)
        known[found.pairs] = np.exp(held - total[:, None])
        exact[found.numbers] = True
    rest = within.groups.spread(~exact & ~single)
    known[rest] = _propagate(
        log_odds[rest], within.a[rest], within.b[rest], room=within.room, of_pair=within.groups.of_pair[rest]
    )
    probability[within.pairs] = np.clip(known, 0.0, 1.0)
    approximate[within.pairs] = within.groups.spread(doubtful & ~exact)
    return Posteriors(probability, approximate)


def _single(log_odds: FloatArray, within: Contest, single: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Probabilities in components with room for one everywhere, and the components they are doubtful in."""
    known = np.zeros(len(log_odds))
    members = np.flatnonzero(within.groups.spread(single))
    links = np.tile(np.arange(len(members)), 2)
    ends = np.concatenate([within.a[members], within.b[members]])
    held = ends >= 0
    nodes, group = np.unique(ends[held], return_inverse=True)
    if len(members):
        excluded = Exclusions(links[held], group.astype(np.int64), len(nodes))
        known[members] = marginals(log_odds[members], excluded).probability
    return known, ~single | (within.loops & (within.groups.size > LARGEST_KNOT))


def narrow(
    within: Contest, which: BoolArray, *, most_states: int, most_pairs: int = MOST_PAIRS
) -> Iterator[tuple[Alike, Structure]]:
    """
    Those of these components that can be gone through exactly, by structure, small ones first, while it is affordable.

    Args:
        within: Who competes.
        which: `(groups.n,)` the components that are wanted.
        most_states: States to be remembered for one component.
        most_pairs: Pairs of one component.
    """
    wanted = which & (within.groups.size <= most_pairs)
    if most_states < 2 or not wanted.any():
        return
    left = _MOST_WORK
    for found in alike(within.groups, wanted, a=within.a, b=within.b, room=within.room):
        shape = structure_of(found.a, found.b, found.room, most=most_states)
        left -= len(found.a) * (_WORK_A_PAIR + (0 if shape is None else len(found.numbers) * shape.states))
        if left < 0:
            return
        if shape is None:
            continue
        size = max(1, _CELLS // (shape.states * len(shape.pairs)))
        for begin in range(0, len(found.numbers), size):
            some = slice(begin, begin + size)
            yield replace(found, numbers=found.numbers[some], pairs=found.pairs[some]), shape


def _propagate(log_odds: FloatArray, a: IntArray, b: IntArray, *, room: IntArray, of_pair: IntArray) -> FloatArray:
    """Belief propagation where nodes have room for several; exact without loops. Components that stand still rest."""
    n = len(log_odds)
    ends = np.concatenate([a, b])
    held = np.flatnonzero(ends >= 0)
    link, group = held % n if n else held, of_pair[held % n] if n else held
    incoming = np.zeros(len(held))
    moving = np.arange(len(held))
    for block in range(_BLOCKS):
        if not len(moving):
            break
        mine, own_link = np.unique(link[moving], return_inverse=True)
        fresh, moved = _rounds(
            log_odds[mine], own_link, ends[held[moving]], room=room, incoming=incoming[moving], damped=block > 0
        )
        incoming[moving] = fresh
        restless = np.unique(group[moving[moved >= _STILL]])
        moving = moving[np.isin(group[moving], restless)]
    belief = log_odds + np.bincount(link, weights=incoming, minlength=n)
    return np.asarray(1.0 / (1.0 + np.exp(-belief)), dtype=np.float64)


def _rounds(
    log_odds: FloatArray, link: IntArray, ends: IntArray, *, room: IntArray, incoming: FloatArray, damped: bool
) -> tuple[FloatArray, FloatArray]:
    """A block of rounds: the messages to the pairs, and by how much each moved in the last one."""
    place = rank_within(ends)
    _, node = np.unique(ends, return_inverse=True)
    space = np.zeros(int(node.max()) + 1, dtype=np.int64)
    space[node] = room[ends]
    moved = np.ones(len(ends))
    for _ in range(_ROUNDS):
        outgoing = log_odds[link] + np.bincount(link, weights=incoming, minlength=len(log_odds))[link] - incoming
        fresh = _room_left(outgoing, node, place, space)
        moved = np.abs(np.exp(fresh) - np.exp(incoming))
        incoming = 0.5 * (fresh + incoming) if damped else fresh
    return incoming, moved


def _room_left(log_odds: FloatArray, node: IntArray, place: IntArray, space: IntArray) -> FloatArray:
    """
    Log of the chance that a node has room for each of its pairs, given what its other pairs want.

    The sums over sets of at most k of the others come from those of the pairs before and after each.
    """
    most, longest = int(space.max()), int(place.max()) + 1
    largest = _LARGEST_PRODUCT / (most + 1)
    table = np.zeros((longest, len(space)))
    table[place, node] = np.exp(np.clip(log_odds, -largest, largest))
    before, after = (np.zeros((longest + 1, most + 1, len(space))) for _ in range(2))
    before[0, 0] = after[longest, 0] = 1.0
    for step in range(longest):
        _extend(before[step], table[step], into=before[step + 1])
        back = longest - 1 - step
        _extend(after[back + 1], table[back], into=after[back])
    first, second = before[place, :, node], after[place + 1, :, node]
    exactly = np.stack(
        [(first[:, : k + 1] * second[:, k::-1][:, : k + 1]).sum(axis=1) for k in range(most + 1)], axis=1
    )
    at_most = np.cumsum(exactly, axis=1)
    rows = np.arange(len(node))
    return np.asarray(np.log(at_most[rows, space[node] - 1] / at_most[rows, space[node]]), dtype=np.float64)


def _extend(sums: FloatArray, odds: FloatArray, *, into: FloatArray) -> None:
    into[:] = sums
    into[1:] += sums[:-1] * odds
