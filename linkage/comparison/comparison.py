"""A comparison: one respect in which two records are compared, as levels of which a pair reaches exactly one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.columns import Codes, Columns, Expression
from linkage.comparison.base import NULL
from linkage.comparison.frequencies import (
    ElementTerms,
    LevelTerms,
    Lookups,
    ScalarTerms,
    element_frequencies,
    looked_up,
    smallest_of,
    value_frequencies,
)
from linkage.comparison.levels import AnyLevel, ArrayLevel, ElseLevel, ExactMatchLevel, MissingLevel, NullLevel
from linkage.comparison.levels.plain import Presence
from linkage.comparison.prepared import PreparedComparison, Step
from linkage.comparison.sources import Sources

__all__ = ["Comparison", "NullMeans"]

NullMeans = Literal["neutral", "level", "sides", "else"]


class Comparison(BaseModel):
    """
    One respect in which two records are compared.

    A pair reaches the first of the levels whose condition holds; the last, "else", holds always. In models a level
    is an index into `level_names`: 0 is "else", then levels on missing values, then the others, the strongest last.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Name of the comparison in models, charts and links.")
    levels: tuple[AnyLevel, ...] = Field(min_length=2, description="Levels, the strongest first, else last.")
    description: str | None = Field(None, description="What it compares, for people.")

    @model_validator(mode="after")
    def _complete(self) -> Comparison:
        where = f"comparison {self.name!r}, levels"
        others = [level for level in self.levels if isinstance(level, ElseLevel)]
        if len(others) != 1 or not isinstance(self.levels[-1], ElseLevel):
            raise ValueError(f"{where}: expected one else level, at the end, so that every pair has a level")
        if sum(level.is_null for level in self.levels) > 1:
            raise ValueError(f"{where}: expected at most one null level; join several with Or")
        if len(self.scored) < 2:
            raise ValueError(f"{where}: expected a level besides null and else")
        for level in self.levels:
            if level.tf_adjustment_column is not None:
                self._base_of(level)
        return self

    @property
    def scored(self) -> tuple[AnyLevel, ...]:
        """The levels that have m and u, weakest first: index = gamma."""
        levels = [level for level in reversed(self.levels) if not level.is_null]
        missing = [level for level in levels if isinstance(level, MissingLevel)]
        return (levels[0], *missing, *(level for level in levels[1:] if not isinstance(level, MissingLevel)))

    @property
    def level_names(self) -> tuple[str, ...]:
        """Names of the levels; index = gamma."""
        return _distinct([(level.title, level.about) for level in self.scored])

    @property
    def level_labels(self) -> tuple[str, ...]:
        """What people read instead of the names; index = gamma."""
        named = zip(self.scored, self.level_names, strict=True)
        return tuple(level.label_for_charts or name for level, name in named)

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the left table that are read."""
        adjusted = [level.tf_adjustment_column for level in self.levels if level.tf_adjustment_column is not None]
        read = [expression for level in self.levels for expression in level.expressions]
        return frozenset(column for expression in [*read, *adjusted] for column in expression.columns)

    def configure(
        self,
        *,
        term_frequency_adjustments: bool | None = None,
        m_probabilities: Sequence[float] | None = None,
        u_probabilities: Sequence[float] | None = None,
        null: NullMeans | None = None,
        **changes: Any,
    ) -> Self:
        """
        The comparison with other settings, as Splink's `configure`.

        Args:
            term_frequency_adjustments: Whether agreement on rare values counts more, on all exact levels of a
                column and on levels of shared elements of arrays.
            m_probabilities: m of the levels, strongest first, else last, null left out.
            u_probabilities: u in the same order.
            null: A missing value says nothing (neutral), is a level with m and u of its own (level), one for
                missing on both sides and one for missing on one (sides), or counts as disagreement (else).
            changes: `name`, `description`.

        Raises:
            ValueError: If there are not as many probabilities as levels, or no null level to change.
        """
        levels = list(self.levels)
        if term_frequency_adjustments is not None:
            levels = [_with_terms(level, on=term_frequency_adjustments) for level in levels]
        for key, given in (("m_probability", m_probabilities), ("u_probability", u_probabilities)):
            if given is not None:
                levels = self._with_probabilities(levels, key, given)
        if null is not None and null != "neutral":
            levels = self._with_null(levels, null)
        return type(self).model_validate({**dict(self), "levels": tuple(levels), **changes})

    def _with_probabilities(self, levels: Sequence[AnyLevel], key: str, given: Sequence[float]) -> list[AnyLevel]:
        wanted = sum(not level.is_null for level in levels)
        if len(given) != wanted:
            raise ValueError(f"comparison {self.name!r}: expected {wanted} values of {key}, strongest level first")
        values = iter(given)
        return [level if level.is_null else level.configure(**{key: next(values)}) for level in levels]

    def _with_null(self, levels: Sequence[AnyLevel], null: NullMeans) -> list[AnyLevel]:
        out: list[AnyLevel] = []
        for level in levels:
            if not level.is_null:
                out.append(level)
            elif null != "else":
                out.extend(self._missing(level, null))
        return out

    def _missing(self, level: AnyLevel, null: NullMeans) -> list[AnyLevel]:
        if not isinstance(level, NullLevel):
            raise ValueError(  # noqa: TRY004 - pydantic reads a ValueError
                f"comparison {self.name!r}, null={null!r}: expected a null level on one column"
            )
        about = {"column": level.column, "missing_if": level.missing_if}
        sides: list[Literal["either", "both", "one"]] = ["either"] if null == "level" else ["both", "one"]
        return [MissingLevel.model_validate({**about, "side": side}) for side in sides]

    def _base_of(self, level: AnyLevel) -> int:
        """The gamma of the level whose u the term frequencies of `level` replace."""
        scored = self.scored
        own = next(gamma for gamma, other in enumerate(scored) if other is level)
        if level.disable_tf_exact_match_detection or isinstance(level, ArrayLevel):
            return own
        for gamma in range(len(scored) - 1, 0, -1):
            other = scored[gamma]
            if isinstance(other, ExactMatchLevel) and other.column == level.tf_adjustment_column:
                return gamma
        raise ValueError(
            f"comparison {self.name!r}, level {level.title!r}: term frequencies expected an exact level of the same "
            f"column, or disable_tf_exact_match_detection"
        )

    def prepare(self, columns: Columns, *, lookups: Lookups | None = None) -> PreparedComparison:
        """
        Bind to two tables and encode their distinct values.

        Args:
            columns: The tables.
            lookups: Term frequencies from outside: column (or expression) to value to share of the population.

        Raises:
            ColumnMissing: If a table lacks a column.
            WrongType: If a level cannot work on the values of its column.
            BadExpression: If its SQL cannot be evaluated.
        """
        sources = Sources(columns, self.name)
        scored, steps = self.scored, []
        for level in self.levels:
            gamma = NULL if level.is_null else next(g for g, other in enumerate(scored) if other is level)
            steps.append(Step(gamma, level.bind(sources)))
        return PreparedComparison(
            steps, codes=self._strongest(sources, steps), terms=self._terms(sources, lookups or {})
        )

    def _strongest(self, sources: Sources, steps: Sequence[Step]) -> Codes | None:
        """Values whose equality is the strongest level, missing where the null level says so."""
        null = [step for step in steps if step.gamma == NULL]
        top = self.scored[-1]
        first = next(level for level in self.levels if not level.is_null)
        if not isinstance(top, ExactMatchLevel) or first is not top or len(null) > 1:
            return None
        codes = sources.exact(top.column)
        if null and steps[0] is null[0] and isinstance(null[0].bound, Presence):
            gone = null[0].bound
            if np.array_equal(gone.left, codes.left < 0) and np.array_equal(gone.right, codes.right < 0):
                return codes
            left = np.where(gone.left, np.int32(-1), codes.left)
            same = codes.right is codes.left and gone.right is gone.left
            right = left if same else np.where(gone.right, np.int32(-1), codes.right)
            return Codes(left, right, codes.dictionary)
        return None

    def _terms(self, sources: Sources, lookups: Lookups) -> tuple[LevelTerms, ...]:
        out: list[LevelTerms] = []
        for gamma, level in enumerate(self.scored):
            column = level.tf_adjustment_column
            if column is not None and level.tf_adjustment_weight > 0:
                outside = looked_up(lookups, column)
                out.append(_terms_of(sources, level, column, gamma=gamma, base=self._base_of(level), outside=outside))
        return tuple(out)


def _terms_of(
    sources: Sources,
    level: AnyLevel,
    column: Expression,
    *,
    gamma: int,
    base: int,
    outside: Mapping[str, float] | None,
) -> LevelTerms:
    weight, floor = level.tf_adjustment_weight, level.tf_minimum_u_value
    if isinstance(level, ArrayLevel):
        sets = level.sets(sources)
        shares, counted = element_frequencies(sets, outside=outside)
        return ElementTerms(gamma, base, weight, floor, counted, smallest_of(shares), sets, shares)
    codes = sources.exact(column)
    shares, counted = value_frequencies(codes, outside=outside)
    return ScalarTerms(gamma, base, weight, floor, counted, smallest_of(shares), codes, shares)


def _with_terms(level: AnyLevel, *, on: bool) -> AnyLevel:
    if isinstance(level, ExactMatchLevel) or (isinstance(level, ArrayLevel) and level.measure != "equal"):
        return level.configure(tf_adjustment_column=level.column if on else None)
    return level


def _distinct(named: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Names that occur once; others with their columns, and a number where that is not enough."""
    often = Counter(name for name, _ in named)
    told = [name if often[name] == 1 or not about else f"{name}({about})" for name, about in named]
    seen: Counter[str] = Counter()
    out = []
    for name in told:
        seen[name] += 1
        out.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return tuple(out)
