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
from linkage.linker.predictions import Predictions, with_rows
from linkage.linker.result import Result
from linkage.linker.settings import BadSettings

__all__ = ["Decisions", "decide_predictions"]


@dataclass(frozen=True, slots=True)
class Decisions(Result):
    """
    Predicted pairs and what became of them.

    Attributes:
        table: The predictions' columns, then judgement, reason_code, probability_assigned, margin_bits, near_tie and
            the pair that would take its place, or took it: competitor_unique_id_l, competitor_unique_id_r.
        decided: The same as arrays, with counts.
        predictions: What was decided on: the given pairs, and those that must be linked though nobody proposed them.
        constraints: What must and what cannot be linked.
        within: Whether both rows are of one table.
        threshold: Probability at or above which a pair is linked.
        possible: Probability from which a pair competes.
        cardinality: How many partners a record may have.
        policy: Cardinality and threshold between two tables.
    """

    decided: Decided
    predictions: Predictions
    constraints: Constraints | None
    within: bool
    threshold: float
    possible: float
    cardinality: Cardinality
    policy: tuple[SourcePolicy, ...] = ()

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
        BadSettings: If the threshold is no probability between 0 and 1.
        BadPolicy: If the cardinality or the policy does not fit the tables.
        ContradictoryConstraints: If the constraints cannot all hold.
    """
    settings = engine.settings
    limit = settings.threshold if threshold is None else threshold
    if not 0 < limit < 1:
        raise BadSettings(f"threshold_match_probability: expected a number above 0 and below 1, got {limit:g}")
    possible = min(settings.possible, limit)
    partners = settings.cardinality if cardinality is None else cardinality
    said = settings.policy if policy is None else tuple(policy)
    bound = bind_constraints(constraints, engine) if constraints else None
    if bound is not None:
        absent = bound.absent_must(predictions.pairs.left, predictions.pairs.right)
        predictions = with_rows(predictions, *absent.T, engine=engine)
    decided = decide(
        predictions.pairs,
        cardinality=partners,
        threshold=limit,
        possible=possible,
        within=engine.within,
        constraints=bound,
        policy=_policy(engine, said),
    )
    table = _with_decision(predictions.table, decided)
    return Decisions(table, decided, predictions, bound, engine.within, limit, possible, partners, said)


def _with_decision(table: pa.Table, decided: Decided) -> pa.Table:
    other = pa.array(decided.competitor, mask=decided.competitor < 0)
    columns = {
        "judgement": decided.judgement.cast(pa.string()),
        "reason_code": decided.reason.cast(pa.string()),
        "probability_assigned": pa.array(decided.probability_assigned),
        "margin_bits": pa.array(decided.margin_bits, from_pandas=True),
        "near_tie": pa.array(decided.near_tie),
        "competitor_unique_id_l": table.column("unique_id_l").take(other),
        "competitor_unique_id_r": table.column("unique_id_r").take(other),
    }
    given = table.select([name for name in table.column_names if name not in columns])
    for name, column in columns.items():
        given = given.append_column(name, column)
    return given


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
