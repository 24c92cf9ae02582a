"""
Probabilities under competition: marginals over all admissible sets of links, by belief propagation. Opens nothing.

A set of links has the probability proportional to the product of its links' odds; it is admissible when no exclusion
(a stay, a unit at a hospital, a patient during one coverage) holds more than one link. Exact where the links form
trees, and in small knots, which are gone through; elsewhere approximate, and proven to converge for plain one-to-one
(Williams and Lau, arXiv 1209.6299).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.decision.connected import connected
from linkage.decision.knots import find_knots, solve_knots

__all__ = ["Exclusions", "Marginals", "marginals"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_LARGEST_LOG_ODDS = 60.0
_TOLERANCE = 1e-6
_BLOCK = 12
_MAX_BLOCKS = 25


@dataclass(frozen=True, slots=True)
class Exclusions:
    """
    Which links exclude each other: link `link[i]` belongs to exclusion `group[i]`, `(n_memberships,)`.

    Every link belongs to at least one group; of a group's links at most one is true.
    """

    link: IntArray
    group: IntArray
    n_groups: int


@dataclass(frozen=True, slots=True)
class Marginals:
    """`probability` of each link, `(n_links,)`; `log_z` of each group's component share, see `log_partition`."""

    probability: FloatArray
    group_log: FloatArray
    link_log: FloatArray
    converged: bool


def marginals(log_odds: FloatArray, exclusions: Exclusions) -> Marginals:
    """
    The probability of every link when all compete.

    Args:
        log_odds: Natural log of each link's odds before competition, `(n_links,)`.
        exclusions: Which links exclude each other.

    Returns:
        Marginals; `group_log` `(n_groups,)` and `link_log` `(n_links,)` sum to the log of the partition function
        (Bethe): add the groups' and subtract the links' share of whatever part is wanted.
    """
    n_links, n_groups = log_odds.size, exclusions.n_groups
    log_odds = np.clip(log_odds, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)
    knots = find_knots(exclusions.link, exclusions.group, n_links=n_links, n_groups=n_groups)
    loose = np.ones(n_links, dtype=bool)
    loose[knots.links] = False
    kept = loose[exclusions.link]
    probability, group_log, link_log, converged = _propagate(
        np.exp(log_odds), exclusions.link[kept], exclusions.group[kept], n_groups=n_groups
    )
    probability[knots.links], log_z = solve_knots(knots, log_odds)
    link_log[knots.links] = 0.0
    group_log[knots.group] = log_z
    return Marginals(probability, group_log, link_log, converged)


def _propagate(
    odds: FloatArray, link: IntArray, group: IntArray, *, n_groups: int
) -> tuple[FloatArray, FloatArray, FloatArray, bool]:
    """Belief propagation over these memberships: probabilities, the groups' and the links' logs, convergence."""
    n_links = odds.size
    to_link, to_group = np.zeros(link.size), odds[link]
    left = np.arange(link.size, dtype=np.int64)
    for block in range(_MAX_BLOCKS):
        if not left.size:
            break
        own_link, own_group = _numbered(link[left]), _numbered(group[left])
        changed, to_link[left], to_group[left] = _iterate(
            odds[link[left]], own_link, own_group, (to_link[left], to_group[left]), damped=block > 0
        )
        left = left[_of_moving_components(own_link, own_group, changed)]
    belief = odds * np.exp(np.bincount(link, weights=to_link, minlength=n_links))
    total = np.bincount(group, weights=to_group, minlength=n_groups).astype(np.float64)
    spread = np.log1p(belief) * (np.bincount(link, minlength=n_links) - 1.0)
    return belief / (1.0 + belief), np.log1p(total), spread, left.size == 0


def _iterate(
    odds: FloatArray, link: IntArray, group: IntArray, messages: tuple[FloatArray, FloatArray], *, damped: bool
) -> tuple[npt.NDArray[np.bool_], FloatArray, FloatArray]:
    """A block of rounds: which memberships still moved in the last one, and the messages both ways."""
    to_link, to_group = messages
    change = np.ones(link.size)
    for _ in range(_BLOCK):
        total = np.bincount(group, weights=to_group)
        fresh = -np.log1p(np.maximum(total[group] - to_group, 0.0))
        change = np.abs(np.exp(fresh) - np.exp(to_link))
        to_link = 0.5 * (fresh + to_link) if damped else fresh
        to_group = odds * np.exp(np.bincount(link, weights=to_link)[link] - to_link)
        if float(change.max(initial=0.0)) < _TOLERANCE:
            break
    return change >= _TOLERANCE, to_link, to_group


def _of_moving_components(link: IntArray, group: IntArray, moving: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Memberships of the components where anything moves still: the others are done."""
    if not moving.any():
        return np.empty(0, dtype=np.intp)
    n_links = int(link.max()) + 1
    n = n_links + int(group.max()) + 1
    label = connected(link, n_links + group, n=n)
    alive = np.zeros(n, dtype=bool)
    alive[label[link[moving]]] = True
    return np.flatnonzero(alive[label[link]])


def _numbered(values: IntArray) -> IntArray:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
