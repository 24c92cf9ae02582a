"""Settings from the data alone: what to compare, how, which pairs are worth it, how many partners. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from linkage.blocking.rules import BlockingRule
from linkage.decision.cardinality import Cardinality
from linkage.linker.settings import BadSettings, LinkSettings, LinkType
from linkage.proposal.find import find_proposal

__all__ = ["propose", "propose_for"]

_SEED = 20_260_101
_THRESHOLD = 0.5  # more likely than not: what makes most decisions right


def propose(
    left: pa.Table, right: pa.Table | None = None, *, cardinality: str | Cardinality | None = None, seed: int = _SEED
) -> LinkSettings:
    """
    Settings for two tables, or for the duplicates of one.

    Args:
        left: The left table, or the only one.
        right: The right table; None for duplicates within `left`.
        cardinality: How many partners a record may have; else one to one, or as the data show persons twice.
        seed: Seed of the random streams.

    Raises:
        BadSettings: If the tables have no column in common that can be compared, or none is selective enough.
    """
    found = find_proposal(left, right, seed=seed)
    if found is None:
        raise BadSettings("no column to compare: expected columns of the same name in both tables, with values")
    if not found.rules:
        raise BadSettings("no column is selective enough to block on: give blocking rules in a settings file")
    of_left, of_right = (None if twice else 1 for twice in (found.right_twice, found.left_twice))
    proposed = Cardinality.MANY_TO_MANY if right is None else Cardinality(of_left, of_right)
    return LinkSettings(
        link_type=LinkType.DEDUPE_ONLY if right is None else LinkType.LINK_ONLY,
        cardinality=proposed if cardinality is None else cardinality,
        comparisons=found.comparisons,
        blocking_rules_to_generate_predictions=tuple(BlockingRule(keys=rule.keys) for rule in found.rules),
        threshold=_THRESHOLD,
        seed=seed,
    )


def propose_for(tables: Sequence[pa.Table], *, cardinality: str | Cardinality | None = None) -> LinkSettings:
    """
    The same for any number of tables: from the first, and all others together.

    Raises:
        BadSettings: If none can be proposed.
    """
    if len(tables) == 1:
        return propose(tables[0], cardinality=cardinality)
    rest = tables[1] if len(tables) == 2 else pa.concat_tables(tables[1:], promote_options="permissive")
    return propose(tables[0], rest, cardinality=cardinality)
