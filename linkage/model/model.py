"""The trained model as data: m, u, the prior, and what is known of how it came about. Opens nothing."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import rfc8785
from pydantic import BaseModel, ConfigDict, Field, model_validator

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import FloatArray
from linkage.document import JsonDocument

__all__ = ["BadModel", "ComparisonModel", "DependentGroup", "Model", "ModelFacts", "rounded"]

_TOLERANCE = 1e-6


class BadModel(UserError):
    """A model file is no model, or does not fit the comparisons it is used with."""

    exit_code = ExitCode.SETTINGS


class ComparisonModel(BaseModel):
    """What the levels of one comparison are worth."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Name of the comparison.")
    level_names: tuple[str, ...] = Field(description="Levels, weakest first; index = gamma.")
    m: tuple[float, ...] = Field(description="Probability of each level among matches, given a value on both sides.")
    u: tuple[float, ...] = Field(description="Probability of each level among pairs that are no match.")

    @model_validator(mode="after")
    def _distributions(self) -> ComparisonModel:
        for what, given in (("m", self.m), ("u", self.u)):
            if len(given) != len(self.level_names):
                raise ValueError(f"{self.name}: expected {len(self.level_names)} values of {what}, got {len(given)}")
            if not all(0 < p <= 1 for p in given) or abs(math.fsum(given) - 1) > _TOLERANCE:
                raise ValueError(f"{self.name}: expected {what} above 0 with sum 1")
        return self


class DependentGroup(BaseModel):
    """
    Comparisons that tell each other: surname, street and postcode of a family, say.

    Their levels have a joint distribution among matches and another among the rest. Each is a log-linear model with
    an interaction for every pair of comparisons, kept as the table it gives: one axis a comparison, in the order of
    `comparisons`, one index a level; nulls have none, because they are summed out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="Name of the group's interaction in explanations and output columns.")
    comparisons: tuple[str, ...] = Field(min_length=2, description="Names of its comparisons, in the model's order.")
    shape: tuple[int, ...] = Field(description="Number of levels of each.")
    m: tuple[float, ...] = Field(description="Joint probabilities among matches, the last comparison fastest.")
    u: tuple[float, ...] = Field(description="Joint probabilities among pairs that are no match, likewise.")

    @model_validator(mode="after")
    def _tables(self) -> DependentGroup:
        if len(self.shape) != len(self.comparisons):
            raise ValueError(
                f"{self.name}: expected a number of levels for each of {len(self.comparisons)} comparisons"
            )
        for what, given in (("m", self.m), ("u", self.u)):
            if len(given) != math.prod(self.shape):
                raise ValueError(f"{self.name}: expected {math.prod(self.shape)} cells of {what}, got {len(given)}")
            if not all(0 < p <= 1 for p in given) or abs(math.fsum(given) - 1) > _TOLERANCE:
                raise ValueError(f"{self.name}: expected {what} above 0 with sum 1")
        return self

    def tables(self) -> tuple[FloatArray, FloatArray]:
        """Joint m and joint u, each with one axis a comparison."""
        return np.array(self.m).reshape(self.shape), np.array(self.u).reshape(self.shape)


class ModelFacts(BaseModel):
    """How a model came about, as told by whoever trained it. Nothing here enters a weight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: dict[str, str] = Field(default_factory=dict, description="SHA-256 of each table it was trained on, by name.")
    settings: str | None = Field(None, description="SHA-256 of the settings.")
    versions: dict[str, str] = Field(default_factory=dict, description="Versions of the packages that trained it.")
    thresholds: dict[str, float] = Field(default_factory=dict, description="Thresholds it was meant for.")
    trained_by: str | None = Field(None, description="Who trained it.")
    trained_at: str | None = Field(None, description="When, ISO 8601 with time zone.")
    training: tuple[str, ...] = Field((), description="How m, u and prior were obtained, one sentence a step.")
    warnings: tuple[str, ...] = Field((), description="What made the training doubtful.")
    converged: bool | None = Field(None, description="Whether EM ended because nothing changed any more.")


class Model(JsonDocument):
    """
    A Fellegi-Sunter model. It holds no compared value: only names, levels and probabilities.

    Equal training gives equal bytes: `canonical_json` is RFC 8785, numbers have 12 significant digits. Groups and
    facts are written only where there are any, so that a model without them has the bytes it always had.
    """

    spoken = "model"
    wrong = BadModel

    comparisons: tuple[ComparisonModel, ...] = Field(min_length=1, description="In the order of the settings.")
    prior: float = Field(gt=0, lt=1, description="Probability that a random pair of the two tables is a match.")
    groups: tuple[DependentGroup, ...] = Field((), description="Comparisons that depend on each other; none twice.")
    facts: ModelFacts | None = Field(None, description="How it came about.")

    @model_validator(mode="after")
    def _groups_fit(self) -> Model:
        levels = {part.name: len(part.level_names) for part in self.comparisons}
        taken = [name for group in self.groups for name in group.comparisons]
        if len(set(taken)) < len(taken):
            raise ValueError("groups: expected every comparison in at most one group")
        for group in self.groups:
            if any(name not in levels for name in group.comparisons):
                raise ValueError(f"groups, {group.name}: expected names of comparisons of this model")
            if group.shape != tuple(levels[name] for name in group.comparisons):
                raise ValueError(f"groups, {group.name}: expected the number of levels of its comparisons")
        return self

    def canonical_json(self) -> bytes:
        """The model as RFC 8785 JSON: equal models, equal bytes."""
        held = self.model_dump(mode="json")
        return cast("bytes", rfc8785.dumps({key: part for key, part in held.items() if part not in ([], None)}))

    @model_validator(mode="before")
    @classmethod
    def _twelve_digits(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("prior"), float):
            return {**given, "prior": rounded(given["prior"])}
        return given


def rounded(number: float) -> float:
    """12 significant digits: what is left of a sum when the order of its terms is not."""
    return float(f"{number:.12g}")
