"""Which of the predicted pairs stand: competition, constraints, policy, and the table that says so. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.decision.cardinality import Cardinality
from linkage.decision.constraints import Constraint, Constraints, bind
from linkage.decision.decide import Decided, decide
from linkage.decision.policy import SourcePolicy
from linkage.decision.policy import Sources as PolicySources
from linkage.linker.engine import Engine
from linkage.linker.predictions import Predictions
from linkage.linker.result import Result

__all__ = ["Decisions", "decide_predictions"]


@dataclass(frozen=True, slots=True)
class Decisions(Result):
    """
    Predicted pairs and what became of them.

    Attributes:
        table: The predictions' columns, then judgement, reason_code, probability_assigned, margin_bits, near_tie.
        decided: The same as arrays, with counts.
        predictions: What was decided on.
        constraints: What must and what cannot be linked.
        within: Whether both rows are of one table.
    """

    decided: Decided
    predictions: Predictions
    constraints: Constraints | None
    within: bool

    @property
    def links(self) -> pa.Table:
        """The pairs that were linked."""
        return self.table.filter(pa.array(self.decided.link))

    @property
    def possible_links(self) -> pa.Table:
        """Pairs that fit best but stay below the threshold: to be looked at."""
        return self.table.filter(pc.equal(self.table.column("judgement"), "possible_link"))


def decide_predictions(
    predictions: Predictions,
    *,
    engine: Engine,
    cardinality: Cardinality | None = None,
    policy: Sequence[SourcePolicy] | None = None,
    threshold: float | None = None,
    constraints: Sequence[Constraint] = (),
) -> Decisions:
    """
    Let predicted pairs compete, then apply the threshold.

    Args:
        predictions: Pairs; those below the settings' `possible` do not compete.
        engine: What they are of.
        cardinality: How many partners a record may have; the settings' unless given.
        policy: Cardinality and threshold between two tables; the settings' unless given.
        threshold: Probability at or above which a pair is linked; the settings' unless given.
        constraints: What people know: pairs that must or cannot be linked.

    Raises:
        BadPolicy: If the cardinality or the policy does not fit the tables.
        ContradictoryConstraints: If the constraints cannot all hold.
    """
    settings = engine.settings
    limit = settings.threshold if threshold is None else threshold
    bound = bind_constraints(constraints, engine) if constraints else None
    decided = decide(
        predictions.pairs,
        cardinality=settings.cardinality if cardinality is None else cardinality,
        threshold=limit,
        possible=min(settings.possible, limit),
        within=engine.within,
        constraints=bound,
        policy=_policy(engine, settings.policy if policy is None else tuple(policy)),
    )
    table = predictions.table
    for name, column in (
        ("judgement", decided.judgement.cast(pa.string())),
        ("reason_code", decided.reason.cast(pa.string())),
        ("probability_assigned", pa.array(decided.probability_assigned)),
        ("margin_bits", pa.array(decided.margin_bits, from_pandas=True)),
        ("near_tie", pa.array(decided.near_tie)),
    ):
        table = table.append_column(name, column)
    return Decisions(table, decided, predictions, bound, engine.within)


def bind_constraints(constraints: Sequence[Constraint], engine: Engine) -> Constraints:
    """Constraints of named records as rows of the engine's sides."""
    inputs = engine.inputs
    names = pa.array(np.array(inputs.names, dtype=object)[inputs.codes], pa.string())
    if engine.within:
        return bind(constraints, left=inputs.ids, left_sources=names)
    n = engine.n_rows[0]
    return bind(
        constraints,
        left=inputs.ids.slice(0, n),
        right=inputs.ids.slice(n),
        left_sources=names.slice(0, n),
        right_sources=names.slice(n),
    )


def _policy(engine: Engine, said: tuple[SourcePolicy, ...]) -> PolicySources | None:
    """The tables of the rows where several compete each for itself, or a policy names them."""
    inputs = engine.inputs
    if len(inputs.names) == 1 or (not said and not engine.within):
        return None
    if engine.within:
        return PolicySources(inputs.names, inputs.codes, inputs.codes, said)
    n = engine.n_rows[0]
    return PolicySources(inputs.names, inputs.codes[:n], inputs.codes[n:], said)
