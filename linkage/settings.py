"""Everything a linkage of two tables needs to be repeated exactly, as one JSON. Opens nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import Field, model_validator

from graph_schema.errors import ExitCode, UserError
from linkage.blocking.rules import BlockingRule
from linkage.comparison import (
    CodeSetComparison,
    DateComparison,
    ExactComparison,
    NameComparison,
    NumberComparison,
    PrefixComparison,
    TextComparison,
)
from linkage.document import JsonDocument
from linkage.model.em import EMSettings

__all__ = ["AnyComparison", "BadSettings", "LinkSettings", "LinkType"]

AnyComparison: TypeAlias = Annotated[
    ExactComparison
    | TextComparison
    | PrefixComparison
    | NameComparison
    | DateComparison
    | NumberComparison
    | CodeSetComparison,
    Field(discriminator="kind"),
]


class BadSettings(UserError):
    """A settings file is wrong."""

    exit_code = ExitCode.SETTINGS


class LinkType(StrEnum):
    """How many partners a record may have."""

    ONE_TO_ONE = "one_to_one"
    ONE_TO_MANY = "one_to_many"
    MANY_TO_MANY = "many_to_many"
    DEDUPE = "dedupe"


class LinkSettings(JsonDocument):
    """Settings of a linkage. They name columns and hold no value of any record."""

    spoken = "link settings"
    wrong = BadSettings

    link_type: LinkType = Field(
        LinkType.ONE_TO_ONE,
        description="one_to_one; one_to_many: a left record may have several right ones; many_to_many; "
        "dedupe: records of one table that are the same.",
    )
    left_id: str | None = Field(None, description="Column that names the left records; None = the row number.")
    right_id: str | None = Field(None, description="Column that names the right records; None = the row number.")
    comparisons: tuple[AnyComparison, ...] = Field(min_length=1, description="What is compared, in this order.")
    blocking: tuple[BlockingRule, ...] = Field(min_length=1, description="A pair is compared if any rule proposes it.")
    threshold: float = Field(0.9, gt=0, lt=1, description="Probability at or above which a pair is linked.")
    possible: float = Field(0.1, gt=0, lt=1, description="Probability from which a pair competes and is reported.")
    max_pairs: int = Field(200_000_000, ge=1, description="Refuse to compare more pairs than this.")
    training_pairs: int = Field(2_000_000, ge=1000, description="Pairs to train on; more are thinned by left record.")
    random_pairs: int = Field(1_000_000, ge=1000, description="Random pairs from which u of fuzzy levels is taken.")
    rare_value_count: int = Field(
        4, ge=1, description="A value rarer than this (both tables) counts as this frequent in term frequencies."
    )
    em: EMSettings = Field(EMSettings(), description="Training of m and the prior.")
    seed: int = Field(20_260_101, description="Seed of every named random stream.")

    @model_validator(mode="after")
    def _consistent(self) -> LinkSettings:
        names = [comparison.name for comparison in self.comparisons]
        if len(set(names)) < len(names):
            raise ValueError("comparisons: expected a different name for each")
        if self.possible > self.threshold:
            raise ValueError("possible: expected a probability not above threshold")
        return self
