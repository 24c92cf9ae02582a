"""Levels on numbers: difference, share of the larger, distance on the globe, cosine of embeddings. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from linkage.arrays import BoolArray, FloatArray
from linkage.columns import Expression
from linkage.comparison.levels.base import Bound, ColumnField, Level
from linkage.comparison.pairs import Pairs
from linkage.comparison.sources import Sources

__all__ = ["CosineSimilarityLevel", "DifferenceLevel", "DistanceInKMLevel"]

EARTH_RADIUS_KM = 6371.0  # mean radius, as in Splink
_CHUNK = 2_000_000  # numbers of embeddings multiplied at once


@dataclass(frozen=True, slots=True)
class _Difference(Bound):
    left: FloatArray
    right: FloatArray
    threshold: float
    relative: bool
    strict: bool

    cost: ClassVar[int] = 1

    def reached(self, pairs: Pairs) -> BoolArray:
        key = ("difference", id(self.left), id(self.right), self.relative)
        (apart,) = pairs.kept(key, lambda: (self._apart(pairs),))
        with np.errstate(invalid="ignore"):
            return np.asarray(apart < self.threshold if self.strict else apart <= self.threshold, dtype=bool)

    def _apart(self, pairs: Pairs) -> FloatArray:
        a, b = self.left[pairs.left], self.right[pairs.right]
        apart = np.abs(a - b)
        if self.relative:
            larger = np.maximum(np.abs(a), np.abs(b))
            apart = np.divide(apart, larger, out=np.where(np.isnan(apart), np.nan, 0.0), where=larger > 0)
        return np.asarray(apart, dtype=np.float64)

    def absent(self, pairs: Pairs) -> BoolArray:
        return np.isnan(self.left[pairs.left]) | np.isnan(self.right[pairs.right])


class DifferenceLevel(Level):
    """Numbers that differ by at most so much, absolutely or as a share of the larger one."""

    kind: Literal["difference"] = Field("difference", description="What this is.")
    column: ColumnField = Field(description="The column: numbers, or text with numbers.")
    threshold: float = Field(ge=0, description="Largest difference; 0 = equal.")
    relative: bool = Field(False, description="Whether the difference is a share of the larger number.")
    strict: bool = Field(False, description="Whether it must be below the threshold, as Splink's percentages.")

    @model_validator(mode="after")
    def _a_share(self) -> DifferenceLevel:
        if self.relative and self.threshold > 1:
            raise ValueError("threshold: expected a share between 0 and 1 (0.1 for 10 %)")
        return self

    @property
    def short(self) -> str:
        if self.threshold == 0:
            return "exact"
        return f"{'share' if self.relative else 'difference'}_{self.threshold:g}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        left, right = sources.numbers(self.column)
        return _Difference(left, right, self.threshold, self.relative, self.strict)


@dataclass(frozen=True, slots=True)
class _Globe(Bound):
    left: tuple[FloatArray, FloatArray]
    right: tuple[FloatArray, FloatArray]
    km: float

    cost: ClassVar[int] = 1

    def reached(self, pairs: Pairs) -> BoolArray:
        key = ("globe", id(self.left[0]), id(self.left[1]))
        (apart,) = pairs.kept(key, lambda: (self._apart(pairs),))
        with np.errstate(invalid="ignore"):
            return np.asarray(apart <= self.km, dtype=bool)

    def _apart(self, pairs: Pairs) -> FloatArray:
        """Great-circle distance (km): haversine, exact for near points, where the arc cosine is not."""
        lat_a, long_a = (np.radians(part[pairs.left]) for part in self.left)
        lat_b, long_b = (np.radians(part[pairs.right]) for part in self.right)
        half = np.sin((lat_b - lat_a) / 2) ** 2
        half += np.cos(lat_a) * np.cos(lat_b) * np.sin((long_b - long_a) / 2) ** 2
        return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))), dtype=np.float64)

    def absent(self, pairs: Pairs) -> BoolArray:
        sides = ((self.left, pairs.left), (self.right, pairs.right))
        gone = [np.isnan(part[rows]) for side, rows in sides for part in side]
        return np.asarray(np.logical_or.reduce(gone), dtype=bool)


class DistanceInKMLevel(Level):
    """Two places at most so many kilometres apart, on a sphere of 6371 km."""

    kind: Literal["distance_km"] = Field("distance_km", description="What this is.")
    latitude: ColumnField = Field(description="Column of latitudes (degrees north).")
    longitude: ColumnField = Field(description="Column of longitudes (degrees east).")
    km_threshold: float = Field(ge=0, description="Largest distance (km).")

    @property
    def short(self) -> str:
        return f"within_{self.km_threshold:g}_km"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.latitude, self.longitude)

    def bind(self, sources: Sources) -> Bound:
        (lat_a, lat_b), (long_a, long_b) = sources.numbers(self.latitude), sources.numbers(self.longitude)
        return _Globe((lat_a, long_a), (lat_b, long_b), self.km_threshold)


@dataclass(frozen=True, slots=True)
class _Cosine(Bound):
    left: FloatArray
    right: FloatArray
    threshold: float

    cost: ClassVar[int] = 3

    def reached(self, pairs: Pairs) -> BoolArray:
        key = ("cosine", id(self.left), id(self.right))
        (cosine,) = pairs.kept(key, lambda: (self._cosine(pairs),))
        with np.errstate(invalid="ignore"):
            return np.asarray(cosine >= self.threshold, dtype=bool)

    def _cosine(self, pairs: Pairs) -> FloatArray:
        out = np.empty(len(pairs))
        size = max(1, _CHUNK // max(self.left.shape[1], 1))
        for at in range(0, len(pairs), size):
            a, b = self.left[pairs.left[at : at + size]], self.right[pairs.right[at : at + size]]
            out[at : at + size] = np.einsum("ij,ij->i", a, b)
        return out

    def absent(self, pairs: Pairs) -> BoolArray:
        if not self.left.shape[1]:
            return np.ones(len(pairs), dtype=bool)
        gone = np.isnan(self.left[pairs.left, 0]) | np.isnan(self.right[pairs.right, 0])
        return np.asarray(gone, dtype=bool)


class CosineSimilarityLevel(Level):
    """Embeddings (arrays of numbers of one length) whose cosine is at least a threshold."""

    kind: Literal["cosine"] = Field("cosine", description="What this is.")
    column: ColumnField = Field(description="The column of arrays of numbers.")
    similarity_threshold: float = Field(ge=0, le=1, description="Cosine at least.")

    @property
    def short(self) -> str:
        return f"cosine_{self.similarity_threshold:.2f}"

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return (self.column,)

    def bind(self, sources: Sources) -> Bound:
        left, right = sources.vectors(self.column)
        return _Cosine(left, right, self.similarity_threshold)
