"""
Weights in bits, log2(m / u), and what follows from them. The one home of this arithmetic. Opens nothing.

Source: Fellegi and Sunter (1969), https://doi.org/10.1080/01621459.1969.10501049.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.model.joint import with_nulls
from linkage.model.model import Model

__all__ = [
    "PatternWeights",
    "bits_for_probability",
    "level_bits",
    "pair_bits",
    "posterior",
    "prior_bits",
]

_MOST_CELLS = 4_000_000  # of a table of all patterns: 32 MB


def level_bits(model: Model) -> list[FloatArray]:
    """Weight of every level of every comparison (bits), `(n_levels,)` each; null weighs 0 and is not listed."""
    return [np.log2(np.array(part.m)) - np.log2(np.array(part.u)) for part in model.comparisons]


def pair_bits(gammas: Int8Array, model: Model) -> FloatArray:
    """
    Sum of the weights of each pair's levels (bits), without the prior.

    Args:
        gammas: `(n_pairs, n_comparisons)` levels, -1 = null: neither for nor against.
        model: The model.
    """
    return PatternWeights(model).bits(gammas)


class PatternWeights:
    """
    What the patterns of a model weigh: a term for each comparison, then one for each group of dependent ones.

    A group's term is what its joint weight is above (or below) the sum of its comparisons' own weights. Nulls are
    summed out of the joint tables, so that a group of which one comparison or none has a value adds nothing.
    """

    def __init__(self, model: Model) -> None:
        parts = model.comparisons
        place = {part.name: column for column, part in enumerate(parts)}
        self._n_levels = [len(part.level_names) for part in parts]
        self._level_bits = [np.append(bits, 0.0) for bits in level_bits(model)]
        self._members = [tuple(place[name] for name in group.comparisons) for group in model.groups]
        joint = [tuple(map(with_nulls, group.tables())) for group in model.groups]
        self._joint_u = [u for _, u in joint]
        self._u = [np.append(part.u, 1.0) for part in parts]
        self._interactions = [
            np.log2(m) - np.log2(u) - _outer_sum([self._level_bits[column] for column in members])
            for (m, u), members in zip(joint, self._members, strict=True)
        ]
        self.names: tuple[str, ...] = (*(part.name for part in parts), *(group.name for group in model.groups))

    @property
    def n_levels(self) -> tuple[int, ...]:
        """Levels of each comparison, null not counted."""
        return tuple(self._n_levels)

    @property
    def members(self) -> tuple[tuple[int, ...], ...]:
        """Comparisons (columns) of each group of dependent ones."""
        return tuple(self._members)

    def bits(self, gammas: Int8Array) -> FloatArray:
        """`(n_pairs,)` summed weight of each pair (bits), without the prior: its terms, added up in their order."""
        out = np.zeros(len(gammas), dtype=np.float64)
        for column, bits in enumerate(self._level_bits):
            out += bits[gammas[:, column]]
        for number, interaction in enumerate(self._interactions):
            out += interaction.reshape(-1)[self._cells(number, gammas)]
        return out

    def terms(self, gammas: Int8Array) -> FloatArray:
        """`(n_pairs, n_terms)` what each of `names` adds (bits)."""
        columns = [bits[gammas[:, column]] for column, bits in enumerate(self._level_bits)]
        columns += [
            interaction.reshape(-1)[self._cells(number, gammas)]
            for number, interaction in enumerate(self._interactions)
        ]
        return np.stack(columns, axis=1) if len(gammas) else np.zeros((0, len(self.names)))

    def by_chance(self, gammas: Int8Array, column: int) -> FloatArray:
        """
        `(n_pairs,)` share of each pair's non-match probability in which the comparison agrees by mere chance.

        1 outside of groups. In the cell where surname, street and postcode agree nearly all pairs that are no match
        are families: there a rare surname is no better evidence than a frequent one, and its term-frequency
        adjustment of log2(u / f) shrinks to -log2(1 - share + share * f / u).
        """
        for number, members in enumerate(self._members):
            if column in members:
                joint = self._joint_u[number]
                rest = np.take(joint, [joint.shape[members.index(column)] - 1], axis=members.index(column))
                own = self._u[column].reshape([-1 if member == column else 1 for member in members])
                share: FloatArray = np.minimum(rest * own / joint, 1.0)
                return share.reshape(-1)[self._cells(number, gammas)]
        return np.ones(len(gammas))

    def table(self, order: Sequence[int] | None = None) -> FloatArray | None:
        """
        Summed weight (bits, without the prior) of every pattern there can be.

        Args:
            order: The comparisons (columns) in the order of the axes; as in the model unless given.

        Returns:
            One axis a comparison; index = gamma, the last index of an axis is null. None where it would have more
            than four million cells.
        """
        axes = tuple(order) if order is not None else tuple(range(len(self._n_levels)))
        shape = tuple(self._n_levels[column] + 1 for column in axes)
        if float(np.prod(np.array(shape, dtype=np.float64))) > _MOST_CELLS:
            return None
        out = np.zeros(shape, dtype=np.float64)
        for column, bits in enumerate(self._level_bits):
            out += _spread(bits, (column,), axes)
        for members, interaction in zip(self._members, self._interactions, strict=True):
            out += _spread(interaction, members, axes)
        return out

    def _cells(self, number: int, gammas: Int8Array) -> IntArray:
        """Flat cell of each pair in the interaction table of a group."""
        out = np.zeros(len(gammas), dtype=np.int64)
        for column in self._members[number]:
            n_levels = self._n_levels[column]
            out *= n_levels + 1
            out += np.where(gammas[:, column] < 0, n_levels, gammas[:, column])
        return out


def _outer_sum(parts: Sequence[FloatArray]) -> FloatArray:
    """Sum of one vector an axis."""
    out: FloatArray = np.zeros([len(part) for part in parts])
    for axis, part in enumerate(parts):
        out = out + part.reshape([-1 if other == axis else 1 for other in range(len(parts))])
    return out


def _spread(table: FloatArray, members: Sequence[int], axes: Sequence[int]) -> FloatArray:
    """A table over some comparisons as one that broadcasts over all `axes`."""
    inner = sorted(range(len(members)), key=lambda axis: axes.index(members[axis]))
    length = dict(zip(members, table.shape, strict=True))
    return np.transpose(table, inner).reshape([length.get(column, 1) for column in axes])


def prior_bits(prior: float) -> float:
    """The prior as log2 odds (bits)."""
    return float(np.log2(prior) - np.log2(1.0 - prior))


def posterior(bits: FloatArray, prior: float) -> FloatArray:
    """
    Probability of a match.

    Args:
        bits: `(n_pairs,)` summed weights without the prior.
        prior: Probability that a random pair is a match.
    """
    odds_bits = np.clip(np.asarray(bits, dtype=np.float64) + prior_bits(prior), -1000.0, 1000.0)
    return 1.0 / (1.0 + np.exp2(-odds_bits))


def bits_for_probability(probability: float, prior: float) -> float:
    """The summed weight (bits, without the prior) at which the posterior is `probability`."""
    return prior_bits(probability) - prior_bits(prior)
