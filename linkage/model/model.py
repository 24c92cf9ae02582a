"""The trained model as data: m, u and the prior. Opens nothing."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from graph_schema.errors import ExitCode, UserError
from linkage.document import JsonDocument

__all__ = ["BadModel", "ComparisonModel", "Model"]

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


class Model(JsonDocument):
    """
    A Fellegi-Sunter model. It holds no compared value: only names, levels and probabilities.

    Equal training gives equal bytes: `canonical_json` is RFC 8785, numbers have 12 significant digits.
    """

    spoken = "model"
    wrong = BadModel

    comparisons: tuple[ComparisonModel, ...] = Field(min_length=1, description="In the order of the settings.")
    prior: float = Field(gt=0, lt=1, description="Probability that a random pair of the two tables is a match.")

    @model_validator(mode="before")
    @classmethod
    def _twelve_digits(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("prior"), float):
            return {**given, "prior": rounded(given["prior"])}
        return given


def rounded(number: float) -> float:
    """12 significant digits: what is left of a sum when the order of its terms is not."""
    return float(f"{number:.12g}")
