"""Decisions and clusters as the settings of the first engine say it. Opens nothing."""

from __future__ import annotations

import numpy as np

from linkage.arrays import IntArray
from linkage.decision.cardinality import Cardinality
from linkage.decision.cluster import clusters
from linkage.decision.decide import Decided, decide
from linkage.decision.scored import ScoredPairs
from linkage.settings import LinkSettings, LinkType

__all__ = ["cluster_by_settings", "decide_by_settings"]


def decide_by_settings(pairs: ScoredPairs, *, settings: LinkSettings) -> Decided:
    """`decide` with the link type, threshold and floor of the settings."""
    within = settings.link_type is LinkType.DEDUPE
    return decide(
        pairs,
        cardinality=Cardinality.MANY_TO_MANY if within else Cardinality.read(settings.link_type.value),
        threshold=settings.threshold,
        possible=settings.possible,
        within=within,
    )


def cluster_by_settings(
    pairs: ScoredPairs, decided: Decided, *, settings: LinkSettings, n_records: int
) -> IntArray | None:
    """`(n_records,)` clusters of duplicates; None where two tables are linked."""
    if settings.link_type is not LinkType.DEDUPE:
        return None
    return clusters(np.stack([pairs.left, pairs.right], axis=1)[decided.link], n_records=n_records)
