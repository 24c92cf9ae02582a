"""What is known of a linkage without labels, and of its tables before: a half of `linker.evaluation`. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.charts.chart import Chart
from linkage.charts.unlinkables import unlinkables_chart
from linkage.columns import Expression, column_of
from linkage.decision.cardinality import Cardinality
from linkage.evaluation.ceilings import Ceiling, ceiling
from linkage.evaluation.erring_keys import ErringCeiling, ceiling_with_errors
from linkage.evaluation.found import Partners, found_pairs
from linkage.evaluation.grouping import Grouping
from linkage.evaluation.look_alikes import FileIdentifiability, identifiability
from linkage.evaluation.quality import QualityEstimate, estimate_without_labels
from linkage.evaluation.unlinkables import Unlinkable, unlinkable
from linkage.linker.decisions import Decisions
from linkage.linker.decoys import decoy_links
from linkage.linker.engine import Engine
from linkage.linker.settings import BadSettings, LinkType
from linkage.model.weights import prior_bits

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["Unlabelled"]

_MOST_KEYS = 10  # of histories that blocking loss is estimated from


class Unlabelled:
    """
    What needs no label.

    Misses of blocking count as misses in everything here.
    """

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

    def estimate_without_labels(
        self,
        decisions: Decisions,
        *,
        by: Sequence[str] = (),
        n_decoy_sets: int = 0,
        decoys_together: Sequence[Sequence[str]] | None = None,
    ) -> QualityEstimate:
        """
        Precision, recall and blocking loss of a linkage nobody has labelled, with intervals.

        Args:
            decisions: Decided pairs, those that lost their competition included.
            by: Columns to group the records by: hospital, insurer, age group, sex.
            n_decoy_sets: How often two tables are linked again with decoys beside the right one, as a view that does
                not believe the model; each costs a linkage.
            decoys_together: Groups of columns a decoy takes from one person; the model's dependent comparisons
                together, every other comparison for itself, unless given.

        Raises:
            BadSettings: If decoys are asked for within one table.
        """
        linker, engine = self._linker, self._linker.engine
        decoys = None
        if n_decoy_sets:
            decoys = decoy_links(linker, decisions, n_sets=n_decoy_sets, together=decoys_together)
        agrees, rules, names = _histories(engine, decisions.predictions.pairs.left, decisions.predictions.pairs.right)
        found = found_pairs(
            decisions.table,
            n_left=engine.n_rows[0],
            n_right=None if engine.within else engine.n_rows[1],
            partners=_partners(engine, decisions.cardinality),
            threshold=decisions.threshold,
            agrees=agrees,
            rules=rules,
            key_names=names,
        )
        return estimate_without_labels(found, groupings=[self.grouping(name) for name in by], decoys=decoys)

    def identifiability(self, columns: Sequence[str], *, by: Sequence[str] = ()) -> dict[str, FileIdentifiability]:
        """
        Before linking: how many records of each side some columns tell apart at all.

        Args:
            columns: Those that a linkage could use.
            by: Columns to group the records by; a subgroup is told as `side, column=level`.

        Returns:
            left and right (or left alone within one table), then their subgroups.
        """
        engine = self._linker.engine
        keys = self._keys(columns)
        groupings = [self.grouping(name) for name in by]
        out: dict[str, FileIdentifiability] = {}
        for side, mine, other in (("left", keys[0], keys[1]), ("right", keys[1], keys[0])):
            if side == "right" and engine.within:
                continue
            whole, groups = identifiability(mine, None if engine.within else other, groupings=groupings, side=side)
            out[side] = whole
            out |= {f"{side}, {part.grouping}={part.level}": part.of for part in groups}
        return out

    def ceiling(
        self,
        columns: Sequence[str],
        *,
        error_rates: Sequence[float] | None = None,
        precisions: Sequence[float] = (0.9, 0.95, 0.99),
        by: Sequence[str] = (),
    ) -> Ceiling | ErringCeiling:
        """
        Before linking: the best recall any method could reach on some columns, at required precisions.

        Args:
            columns: Those that a linkage could use.
            error_rates: For each the chance that a partner's value is another one; None: they never err.
            precisions: Required precisions.
            by: Columns to group the left records by.

        Raises:
            BadSettings: With one table: the ceiling is that of two.
        """
        if self._linker.engine.within:
            raise BadSettings("ceiling: expected two tables; identifiability tells of one")
        left, right = self._keys(columns)
        groupings = [self.grouping(name) for name in by]
        if error_rates is None:
            return ceiling(left, right, precisions=precisions, groupings=groupings)
        seed = self._linker.settings.seed
        return ceiling_with_errors(
            left, right, error_rates=error_rates, precisions=precisions, seed=seed, groupings=groupings
        )

    def _keys(self, columns: Sequence[str]) -> tuple[IntArray, IntArray]:
        engine = self._linker.engine
        codes = [engine.columns.codes(Expression(column=name), user="identifiability") for name in columns]
        left, right = (
            [side.astype(np.int64) for side in sides] for sides in zip(*((c.left, c.right) for c in codes), strict=True)
        )
        return np.stack(left, axis=1), np.stack(right, axis=1)

    def unlinkables(self, *, threshold: float | None = None) -> dict[str, Unlinkable]:
        """By table: the records that could not be linked even to an equal record."""
        limit = self._linker.settings.threshold if threshold is None else threshold
        held = self._self_weights()
        return {name: unlinkable(bits, threshold_match_weight=prior_bits(limit)) for name, bits in held.items()}

    def unlinkables_chart(self) -> Chart:
        """Share of the records that cannot reach each threshold, by table."""
        return unlinkables_chart(self._self_weights(), threshold=prior_bits(self._linker.settings.threshold))

    def grouping(self, column: str) -> Grouping:
        """A column of the tables as subgroups of the records."""
        linker = self._linker
        every = linker.inputs.together()
        held = column_of(every, column, f"grouping {column!r}")
        if linker.engine.within:
            return Grouping.within(column, held)
        n = linker.engine.n_rows[0]
        return Grouping.of(column, held.slice(0, n), held.slice(n))

    def _self_weights(self) -> dict[str, FloatArray]:
        """Weight of every record with itself (bits, prior included), by table."""
        linker = self._linker
        settings = linker.settings.model_copy(update={"link_type": LinkType.LINK_AND_DEDUPE})
        engine = linker.engine if linker.engine.within else Engine(linker.inputs, settings, lookups=linker.lookups)
        rows = np.arange(linker.inputs.n_records, dtype=np.int64)
        weight = engine.weigh(linker.model, rows, rows).weight
        starts = linker.inputs.starts
        return {name: weight[starts[i] : starts[i + 1]] for i, name in enumerate(linker.inputs.names)}


def _partners(engine: Engine, cardinality: Cardinality) -> Partners:
    """One true partner a record only where partners are one to one and of one other table, or of the same one."""
    if cardinality.of_left != 1 or cardinality.of_right != 1:
        return Partners.MANY
    if engine.apart is not None:
        return Partners.ONE if len(np.unique(engine.apart)) <= 2 else Partners.MANY
    return Partners.MANY if engine.within and len(engine.inputs.names) > 1 else Partners.ONE


def _histories(
    engine: Engine, left: IntArray, right: IntArray
) -> tuple[BoolArray, tuple[tuple[int, ...], ...] | None, tuple[str, ...]]:
    """
    Which blocking keys agree in each pair, which of them each rule needs, and their names.

    Where a rule has more than plain keys, or there are more keys than can be modelled, the rules stand for the keys.
    """
    rules = engine.settings.blocking_rules_to_generate_predictions
    if any(not rule.keys and rule.filter is None for rule in rules):
        return np.ones((len(left), 1), dtype=bool), ((),), ("every pair",)
    expressions = list(dict.fromkeys(expression for rule in rules for expression in rule.keys))
    plain = all(bound.plain is not None and bound.filter is None for bound in engine.candidates.rules)
    if not plain or len(expressions) > _MOST_KEYS or not all(rule.keys for rule in rules):
        held = [bound.proposes(left, right) for bound in engine.candidates.rules][:_MOST_KEYS]
        return np.stack(held, axis=1), None, tuple(engine.candidates.names[:_MOST_KEYS])
    agrees = np.zeros((len(left), len(expressions)), dtype=bool)
    for place, expression in enumerate(expressions):
        codes = engine.columns.codes(expression)
        a, b = codes.left[left], codes.right[right]
        agrees[:, place] = (a == b) & (a >= 0)
    needs = tuple(tuple(expressions.index(expression) for expression in rule.keys) for rule in rules)
    return agrees, needs, tuple(expression.text for expression in expressions)
