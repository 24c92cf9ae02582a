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

from linkage.stays.exact import find_knots, solve_knots

__all__ = ["Exclusions", "Marginals", "marginals"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_LARGEST_LOG_ODDS = 60.0
_TOLERANCE = 1e-6
_MAX_ITERATIONS = 300


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
    odds = np.exp(np.clip(log_odds, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS))
    link, group = exclusions.link, exclusions.group
    n_links, n_groups = odds.size, exclusions.n_groups
    log_to_link = np.zeros(link.size)
    to_group = odds[link]
    converged = odds.size == 0
    for step in range(_MAX_ITERATIONS):
        total = np.bincount(group, weights=to_group, minlength=n_groups)
        fresh = -np.log1p(np.maximum(total[group] - to_group, 0.0))
        change = float(np.abs(np.exp(fresh) - np.exp(log_to_link)).max(initial=0.0))
        log_to_link = fresh if step < 20 else 0.5 * (fresh + log_to_link)
        allowed = np.bincount(link, weights=log_to_link, minlength=n_links)
        to_group = odds[link] * np.exp(allowed[link] - log_to_link)
        if change < _TOLERANCE:
            converged = True
            break
    belief = odds * np.exp(np.bincount(link, weights=log_to_link, minlength=n_links))
    degree = np.bincount(link, minlength=n_links)
    total = np.bincount(group, weights=to_group, minlength=n_groups)
    probability = np.asarray(belief / (1.0 + belief))
    group_log, link_log = np.log1p(total), (degree - 1) * np.log1p(belief)
    knots = find_knots(link, group, n_links=n_links, n_groups=n_groups)
    exact, log_z = solve_knots(knots, np.clip(log_odds, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS))
    probability[knots.links] = exact
    link_log[knots.links] = 0.0
    group_log[knots.groups] = 0.0
    group_log[knots.group] = log_z
    return Marginals(probability, np.asarray(group_log), np.asarray(link_log), converged)
