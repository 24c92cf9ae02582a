"""What a linkage would cost and could reach at best, before anything is compared. Opens nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from linkage.evaluation.ceilings import Ceiling
from linkage.evaluation.look_alikes import FileIdentifiability

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["ComparisonCost", "LinkPlan", "RuleCost", "plan_linkage"]

_KINDS = ("integers", "numbers and sets", "texts", "SQL or Python")
_PRECISIONS = (0.9, 0.95, 0.99)


class RuleCost(BaseModel):
    """One blocking rule, counted and not formed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str = Field(description="The rule.")
    n_pairs: int = Field(description="Pairs it proposes.")
    n_blocks: int = Field(description="Values of its key on both sides.")
    largest_block: int = Field(description="Pairs of its largest block.")


class ComparisonCost(BaseModel):
    """One comparison."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="The comparison.")
    levels: tuple[str, ...] = Field(description="Its levels, weakest first.")
    work: str = Field(description="What comparing two values takes: integers, numbers and sets, texts, SQL or Python.")


class LinkPlan(BaseModel):
    """What a linkage would cost and could reach. It holds no value of any record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: tuple[tuple[str, int], ...] = Field(description="Name and number of records of each table.")
    link_type: str = Field(description="Which records would be compared.")
    cardinality: str = Field(description="How many partners a record may have.")
    rules: tuple[RuleCost, ...] = Field(description="The blocking rules.")
    comparisons: tuple[ComparisonCost, ...] = Field(description="What is compared.")
    n_possible: int = Field(description="All pairs that may be linked.")
    n_pairs: int = Field(description="Pairs to compare at most: one that several rules propose counts for each.")
    max_pairs: int = Field(description="Budget of the settings.")
    n_comparisons: int = Field(description="Comparisons of two values at most.")
    within_budget: bool = Field(description="Whether the linkage would be run.")
    columns: tuple[str, ...] = Field(description="Compared columns that identifiability and ceiling are told of.")
    identifiability: dict[str, FileIdentifiability] = Field(description="By side: how well they tell records apart.")
    ceiling: Ceiling | None = Field(description="Best recall any method could reach on them; null within one table.")


def plan_linkage(linker: Linker) -> LinkPlan:
    """Count every rule, and say what the compared columns can tell apart; no pair is formed."""
    engine, settings = linker.engine, linker.settings
    plan = engine.candidates.plan()
    columns = _columns(linker)
    known = bool(columns) and linker.inputs.n_records > 0
    ceiling = linker.evaluation.ceiling(columns, precisions=_PRECISIONS) if known and not engine.within else None
    rules = tuple(
        RuleCost(rule=rule.rule, n_pairs=rule.n_pairs, n_blocks=rule.n_blocks, largest_block=rule.largest_block)
        for rule in plan.rules
    )
    return LinkPlan(
        tables=tuple((source.name, source.table.num_rows) for source in linker.inputs.sources),
        link_type=settings.link_type.value,
        cardinality=str(settings.cardinality),
        rules=rules,
        comparisons=tuple(
            ComparisonCost(name=name, levels=levels, work=_KINDS[prepared.cost])
            for (name, levels), prepared in zip(engine.named, engine.prepared, strict=True)
        ),
        n_possible=plan.n_possible,
        n_pairs=plan.n_pairs,
        max_pairs=settings.max_pairs,
        n_comparisons=plan.n_pairs * len(settings.comparisons),
        within_budget=plan.n_pairs <= settings.max_pairs,
        columns=columns,
        identifiability=linker.evaluation.identifiability(columns) if known else {},
        ceiling=ceiling if isinstance(ceiling, Ceiling) else None,
    )


def _columns(linker: Linker) -> tuple[str, ...]:
    """Compared columns that all tables have and that hold one value a record."""
    wanted = dict.fromkeys(name for part in linker.settings.comparisons for name in sorted(part.columns))
    schemas = [source.table.schema for source in linker.inputs.sources]
    return tuple(
        name
        for name in wanted
        if all(name in schema.names and not pa.types.is_nested(schema.field(name).type) for schema in schemas)
    )
