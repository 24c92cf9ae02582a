"""
Everything a linkage of one or many tables needs to be repeated exactly, as one JSON. Opens nothing.

The words are Splink's where Splink has one. What is ours: `cardinality`, `policy`, `threshold`, `possible`, the
budgets and the seed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from graph_schema.errors import ExitCode, UserError
from linkage.blocking.rules import BlockingRule, block_on
from linkage.comparison.comparison import Comparison
from linkage.decision.cardinality import Cardinality
from linkage.decision.policy import SourcePolicy
from linkage.document import JsonDocument, first_fault
from linkage.model.em import EMSettings

__all__ = ["BadSettings", "LinkSettings", "LinkType"]

_SPLINK_ONLY = {
    "linker_uid": None,
    "match_weight_column_prefix": "mw_",
    "term_frequency_adjustment_column_prefix": "tf_",
    "comparison_vector_value_column_prefix": "gamma_",
}


class BadSettings(UserError):
    """Settings are wrong."""

    exit_code = ExitCode.SETTINGS


class LinkType(StrEnum):
    """Which records are compared with which."""

    LINK_ONLY = "link_only"
    DEDUPE_ONLY = "dedupe_only"
    LINK_AND_DEDUPE = "link_and_dedupe"


class LinkSettings(JsonDocument):
    """Settings of a linkage. They name columns and hold no value of any record."""

    spoken = "link settings"
    wrong = BadSettings

    link_type: LinkType = Field(
        LinkType.LINK_ONLY,
        description="link_only: pairs of different tables; dedupe_only: pairs within one; link_and_dedupe: both.",
    )
    cardinality: Cardinality = Field(
        Cardinality.ONE_TO_ONE,
        description="How many partners a record may have: one_to_one, one_to_many (a left record several right ones), "
        "many_to_one, many_to_many, or most left:most right such as 2:3. With dedupe_only: many_to_many unless said.",
    )
    policy: tuple[SourcePolicy, ...] = Field((), description="Cardinality and threshold between two named tables.")
    comparisons: tuple[Comparison, ...] = Field(min_length=1, description="What is compared, in this order.")
    blocking_rules_to_generate_predictions: tuple[BlockingRule, ...] = Field(
        min_length=1, description="A pair is compared if any rule proposes it."
    )
    unique_id_column_name: str | None = Field(
        None,
        description="Column that names the records; None = `unique_id` where all tables have it, else row numbers.",
    )
    source_dataset_column_name: str = Field(
        "source_dataset", description="Column that names the table of each record where several come as one table."
    )
    columns: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="For each table its columns called otherwise here: {table: {theirs: ours}}."
    )
    probability_two_random_records_match: float | None = Field(
        None, gt=0, lt=1, description="The prior before training; None = from the numbers of records."
    )
    threshold: float = Field(0.9, gt=0, lt=1, description="Probability at or above which a pair is linked.")
    possible: float = Field(0.1, gt=0, lt=1, description="Probability from which a pair competes and is reported.")
    max_pairs: int = Field(200_000_000, ge=1, description="Refuse to compare more pairs than this.")
    training_pairs: int = Field(2_000_000, ge=1000, description="Pairs to train on; more are thinned by left record.")
    random_pairs: int = Field(1_000_000, ge=1000, description="Random pairs from which u of fuzzy levels is taken.")
    rare_value_count: int = Field(
        4, ge=1, description="A value rarer than this (all tables) counts as this frequent in term frequencies."
    )
    em: EMSettings = Field(EMSettings(), description="Training of m and the prior.")
    retain_matching_columns: bool = Field(
        False, description="Whether predictions carry the compared values of both records (identifying!)."
    )
    retain_intermediate_calculation_columns: bool = Field(
        True, description="Whether predictions carry the weight of every comparison (mw_*)."
    )
    additional_columns_to_retain: tuple[str, ...] = Field((), description="Further columns predictions carry.")
    seed: int = Field(20_260_101, description="Seed of every named random stream.")

    def __init__(self, **given: Any) -> None:
        """
        Settings from keywords.

        Raises:
            BadSettings: If they are wrong; the message names the first key that is.
        """
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise BadSettings(f"{self.spoken}, {first_fault(error, type(self))}") from None

    @model_validator(mode="before")
    @classmethod
    def _splinks_words(cls, given: Any) -> Any:
        """What Splink's settings say otherwise; prefixes can be given but not changed."""
        if not isinstance(given, dict):
            return given
        said = dict(given)
        for word, only in _SPLINK_ONLY.items():
            if said.pop(word, only) != only and only is not None:
                raise ValueError(f"{word}: expected {only!r}, column names are fixed")
        em = {"tolerance": said.pop("em_convergence", None), "max_iterations": said.pop("max_iterations", None)}
        told = {key: value for key, value in em.items() if value is not None}
        if told:
            base = said.get("em", {})
            said["em"] = {**(base if isinstance(base, dict) else base.model_dump()), **told}
        if said.get("link_type") == LinkType.DEDUPE_ONLY:
            said.setdefault("cardinality", Cardinality.MANY_TO_MANY)
        return said

    @field_validator("blocking_rules_to_generate_predictions", mode="before")
    @classmethod
    def _rules(cls, given: Any) -> Any:
        """A rule may be a column, or Splink's SQL such as `l.name = r.name`."""
        if isinstance(given, list | tuple):
            return tuple(block_on(rule) if isinstance(rule, str) else rule for rule in given)
        return given

    @model_validator(mode="after")
    def _consistent(self) -> LinkSettings:
        names = [comparison.name for comparison in self.comparisons]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"comparisons: expected a different name for each; several are called {', '.join(twice)}")
        if self.possible > self.threshold:
            raise ValueError("possible: expected a probability not above threshold")
        return self
