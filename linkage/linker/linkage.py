"""The whole way in one call: train, weigh, think again about who lost, decide. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from linkage.blocking.candidates import Plan
from linkage.decision.constraints import Constraint
from linkage.linker.clustering import Clusters
from linkage.linker.decisions import Decisions
from linkage.linker.engine import OnPairs
from linkage.linker.predictions import predict
from linkage.linker.settings import LinkType
from linkage.model import Model
from linkage.training import Trained

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["Linkage", "link"]


@dataclass(frozen=True, slots=True)
class Linkage:
    """
    What came out.

    Attributes:
        decisions: Every pair that could be a match, and what became of it.
        model: The model that weighed them.
        trained: How it was trained; None if it was given.
        plan: What blocking proposed.
        clusters: Records and their cluster where duplicates were sought, else None.
    """

    decisions: Decisions
    model: Model
    trained: Trained | None
    plan: Plan
    clusters: Clusters | None

    @property
    def pairs(self) -> pa.Table:
        """One row a pair that could be a match."""
        return self.decisions.table

    @property
    def links(self) -> pa.Table:
        """The pairs that were linked."""
        return self.decisions.links

    @property
    def n_compared(self) -> int:
        """Pairs that blocking proposed, each counted once."""
        return self.decisions.predictions.n_compared


def link(linker: Linker, *, constraints: Sequence[Constraint] = (), on_pairs: OnPairs | None = None) -> Linkage:
    """See `Linker.link`."""
    plan = linker.engine.plan()
    trained = None
    if not linker.parameters.is_complete:
        trained = linker.training.train()
    predictions = predict(linker.engine, linker.model, probability=linker.settings.possible, on_pairs=on_pairs)
    decisions = linker.clustering.decide(predictions, constraints=constraints)
    clusters = linker.clustering.clusters_of(decisions) if linker.settings.link_type is not LinkType.LINK_ONLY else None
    return Linkage(decisions, linker.model, trained, plan, clusters)
