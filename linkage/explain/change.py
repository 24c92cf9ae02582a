"""
The smallest change of levels that lifts a pair's score to a given one. Exact: no set of fewer comparisons would do.

Comparisons that depend on each other are one part with every combination of their levels; between parts bits add
up. The fewest comparisons follow from the largest gain of every number of raises; among all sets of that size the
one with the least bits is found by branch and bound. Opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import FloatArray
from linkage.explain.facts import PairFacts
from linkage.explain.pair import level_name
from linkage.model.model import Model
from linkage.model.weights import PatternWeights

__all__ = ["Raise", "SmallestChange", "smallest_change"]

_ROUNDING_BITS = 1e-9


class Raise(BaseModel):
    """One comparison that would have to reach a stronger level."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    comparison: str = Field(description="Its name.")
    level: str = Field(description="The level it reached, 'null' where a value is missing.")
    raised_to: str = Field(description="The level it would have to reach.")


class SmallestChange(BaseModel):
    """The fewest comparisons, and of those the least bits, that would have been enough."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    raises: tuple[Raise, ...] = Field(description="Comparisons to raise, in the order of the model.")
    gained_bits: float = Field(description="What they would add together, interactions included (bits).")
    needed_bits: float = Field(description="What was needed (bits).")


class _Option(NamedTuple):
    """One way to raise the comparisons of a part: how many, what is gained, which level each then has."""

    n_raised: int
    gain: float
    levels: tuple[tuple[int, int], ...]


def smallest_change(pair: PairFacts, *, model: Model, needed_bits: float) -> SmallestChange | None:
    """
    Which comparisons would have had to reach which level.

    A raised level weighs what it weighs on average: how frequent the value would have been is not known.

    Args:
        pair: Its levels and term weights.
        model: The model.
        needed_bits: What its score lacks (bits).

    Returns:
        None if the strongest level of every comparison would not be enough.
    """
    if needed_bits <= 0:
        return SmallestChange(raises=(), gained_bits=0.0, needed_bits=needed_bits)
    found = _search([_options(pair, model, members) for members in _parts(model)], needed_bits)
    if found is None:
        return None
    levels = sorted(level for option in found for level in option.levels)
    return SmallestChange(
        raises=tuple(
            Raise(
                comparison=model.comparisons[column].name,
                level=level_name(model, column=column, gamma=pair.gammas[column]),
                raised_to=level_name(model, column=column, gamma=gamma),
            )
            for column, gamma in levels
        ),
        gained_bits=float(sum(option.gain for option in found)),
        needed_bits=needed_bits,
    )


def _parts(model: Model) -> list[tuple[int, ...]]:
    """Columns that depend on each other, together; each of the others alone."""
    place = {part.name: column for column, part in enumerate(model.comparisons)}
    label = list(range(len(model.comparisons)))
    for group in model.groups:
        joined = {label[place[name]] for name in group.comparisons}
        label = [min(joined) if number in joined else number for number in label]
    return [tuple(column for column, at in enumerate(label) if at == number) for number in sorted(set(label))]


def _options(pair: PairFacts, model: Model, members: tuple[int, ...]) -> list[_Option]:
    """Every raise of the comparisons of a part that gains something, least gain first."""
    now = np.array(pair.gammas, dtype=np.int8)
    ranges = [range(int(now[column]), len(model.comparisons[column].level_names)) for column in members]
    levels = np.array(list(product(*ranges)), dtype=np.int8)
    patterns = np.repeat(now[None, :], len(levels), axis=0)
    patterns[:, list(members)] = levels
    raised = levels != now[list(members)]
    weight: FloatArray = PatternWeights(model).terms(patterns).sum(axis=1)
    if pair.term_bits:
        weight = weight + (~raised * np.array([pair.term_bits[column] for column in members])).sum(axis=1)
    gains = weight - weight[0]
    return sorted(
        (
            _Option(int(n), float(gain), tuple((c, int(g)) for c, g, up in zip(members, row, ups, strict=True) if up))
            for row, ups, n, gain in zip(levels.tolist(), raised.tolist(), raised.sum(axis=1), gains, strict=True)
            if gain > _ROUNDING_BITS
        ),
        key=lambda option: (option.gain, option.n_raised, option.levels),
    )


def _search(parts: Sequence[list[_Option]], needed: float) -> tuple[_Option, ...] | None:
    most_raises = sum(max((option.n_raised for option in options), default=0) for options in parts)
    most, least = _bounds(parts, most_raises)
    enough = [n for n in range(most_raises + 1) if most[0][n] >= needed - _ROUNDING_BITS]
    if not enough:
        return None
    search = _Search(parts, most, least, needed - _ROUNDING_BITS)
    search.visit(0, enough[0], 0.0, ())
    return search.best


class _Search:
    """Branch and bound over the parts; keeps the least gain that is enough."""

    def __init__(self, parts: Sequence[list[_Option]], most: FloatArray, least: FloatArray, needed: float) -> None:
        self._parts, self._most, self._least, self._needed = parts, most, least, needed
        self._gain = float("inf")
        self.best: tuple[_Option, ...] | None = None

    def visit(self, part: int, n_left: int, gain: float, taken: tuple[_Option, ...]) -> None:
        """Every choice in this part and those after it, with `n_left` raises still to be made."""
        if gain + self._most[part][n_left] < self._needed or gain + self._least[part][n_left] >= self._gain:
            return
        if n_left == 0:
            self._gain, self.best = gain, taken
            return
        for option in self._parts[part]:
            if option.n_raised <= n_left:
                self.visit(part + 1, n_left - option.n_raised, gain + option.gain, (*taken, option))
        self.visit(part + 1, n_left, gain, taken)


def _bounds(parts: Sequence[list[_Option]], most_raises: int) -> tuple[FloatArray, FloatArray]:
    """`(n_parts + 1, most_raises + 1)` largest and least gain of exactly so many raises in a part and those after."""
    most = np.full((len(parts) + 1, most_raises + 1), -np.inf)
    least = np.full((len(parts) + 1, most_raises + 1), np.inf)
    most[-1][0] = least[-1][0] = 0.0
    for part in reversed(range(len(parts))):
        most[part], least[part] = most[part + 1], least[part + 1]
        for n_raised in sorted({option.n_raised for option in parts[part]}):
            gains = [option.gain for option in parts[part] if option.n_raised == n_raised]
            later = slice(0, most_raises + 1 - n_raised)
            most[part][n_raised:] = np.maximum(most[part][n_raised:], max(gains) + most[part + 1][later])
            least[part][n_raised:] = np.minimum(least[part][n_raised:], min(gains) + least[part + 1][later])
    return most, least
