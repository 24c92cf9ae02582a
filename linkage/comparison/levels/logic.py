"""Levels made of levels: and, or, not, in the three-valued logic of SQL. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from linkage.arrays import BoolArray, Int8Array
from linkage.columns import Expression
from linkage.comparison.levels.base import TRUE, UNKNOWN, Bound, Level
from linkage.comparison.pairs import Pairs
from linkage.comparison.sources import Sources

if TYPE_CHECKING:
    from linkage.comparison.levels import AnyLevel

__all__ = ["And", "Not", "Or"]


@dataclass(frozen=True, slots=True)
class _All(Bound):
    parts: tuple[Bound, ...]

    @property
    def cost(self) -> int:  # type: ignore[override]
        return max(part.cost for part in self.parts)

    @property
    def screens(self) -> bool:  # type: ignore[override]
        return any(part.cost == 0 or part.screens for part in self.parts)

    def reached(self, pairs: Pairs) -> BoolArray:
        """Cheap parts first; the dear ones see only what is left."""
        out = np.zeros(len(pairs), dtype=bool)
        rest, open_ = pairs, np.arange(len(pairs))
        for part in sorted(self.parts, key=lambda part: part.cost):
            hit = np.flatnonzero(part.reached(rest))
            if len(hit) < len(rest):
                rest, open_ = rest.only(hit), open_[hit]
        out[open_] = True
        return out

    def truth(self, pairs: Pairs) -> Int8Array:
        return reduce(np.minimum, [part.truth(pairs) for part in self.parts])

    def absent(self, pairs: Pairs) -> BoolArray:
        return np.asarray(self.truth(pairs) == UNKNOWN, dtype=bool)

    def impossible(self, pairs: Pairs) -> BoolArray:
        return np.asarray(np.logical_or.reduce([part.impossible(pairs) for part in self.parts]), dtype=bool)


@dataclass(frozen=True, slots=True)
class _Any(Bound):
    parts: tuple[Bound, ...]

    @property
    def cost(self) -> int:  # type: ignore[override]
        return max(part.cost for part in self.parts)

    @property
    def screens(self) -> bool:  # type: ignore[override]
        return all(part.cost == 0 or part.screens for part in self.parts)

    def reached(self, pairs: Pairs) -> BoolArray:
        """Cheap parts first; the dear ones see only what is left."""
        out = np.zeros(len(pairs), dtype=bool)
        rest, open_ = pairs, np.arange(len(pairs))
        for part in sorted(self.parts, key=lambda part: part.cost):
            hit = part.reached(rest)
            out[open_[hit]] = True
            left = np.flatnonzero(~hit)
            if len(left) < len(rest):
                rest, open_ = rest.only(left), open_[left]
        return out

    def truth(self, pairs: Pairs) -> Int8Array:
        return reduce(np.maximum, [part.truth(pairs) for part in self.parts])

    def absent(self, pairs: Pairs) -> BoolArray:
        return np.asarray(self.truth(pairs) == UNKNOWN, dtype=bool)

    def impossible(self, pairs: Pairs) -> BoolArray:
        return np.asarray(np.logical_and.reduce([part.impossible(pairs) for part in self.parts]), dtype=bool)


@dataclass(frozen=True, slots=True)
class _Opposite(Bound):
    part: Bound

    @property
    def cost(self) -> int:  # type: ignore[override]
        return self.part.cost

    def reached(self, pairs: Pairs) -> BoolArray:
        return np.asarray(self.truth(pairs) == TRUE, dtype=bool)

    def truth(self, pairs: Pairs) -> Int8Array:
        return np.asarray(TRUE - self.part.truth(pairs), dtype=np.int8)

    def absent(self, pairs: Pairs) -> BoolArray:
        return self.part.absent(pairs)

    def impossible(self, pairs: Pairs) -> BoolArray:
        return np.zeros(len(pairs), dtype=bool) if self.cost else ~self.reached(pairs)


class _Merged(Level):
    levels: tuple[AnyLevel, ...] = Field(min_length=1, description="The levels that are combined.")

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(dict.fromkeys(part for level in self.levels for part in level.expressions))

    def _joined(self, word: str) -> str:
        names = [level.title for level in self.levels]
        if len(set(names)) < len(names) or len({level.about for level in self.levels}) > 1:
            names = [f"{level.title}({level.about})" for level in self.levels]
        return f"_{word}_".join(names)


class And(_Merged):
    """All of the levels are reached; a null level if all of them are."""

    kind: Literal["and"] = Field("and", description="What this is.")

    @property
    def is_null(self) -> bool:  # type: ignore[override]
        return all(level.is_null for level in self.levels)

    @property
    def short(self) -> str:
        return "missing" if self.is_null else self._joined("and")

    def bind(self, sources: Sources) -> Bound:
        return _All(tuple(level.bind(sources) for level in self.levels))


class Or(_Merged):
    """Any of the levels is reached; a null level if all of them are."""

    kind: Literal["or"] = Field("or", description="What this is.")

    @property
    def is_null(self) -> bool:  # type: ignore[override]
        return all(level.is_null for level in self.levels)

    @property
    def short(self) -> str:
        return "missing" if self.is_null else self._joined("or")

    def bind(self, sources: Sources) -> Bound:
        return _Any(tuple(level.bind(sources) for level in self.levels))


class Not(Level):
    """The level is not reached; where a value is missing that is not known."""

    kind: Literal["not"] = Field("not", description="What this is.")
    level: AnyLevel = Field(description="The level that is not to be reached.")

    @property
    def short(self) -> str:
        return f"not_{self.level.title}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return self.level.expressions

    def bind(self, sources: Sources) -> Bound:
        return _Opposite(self.level.bind(sources))
