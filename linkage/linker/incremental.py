"""`linker.incremental`: runs that build on each other: what to score anew, who keeps which id, what changed. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from linkage.arrays import IntArray
from linkage.decision.scored import ScoredPairs
from linkage.incremental.diff import RunDiff, diff_runs
from linkage.incremental.kept import Run
from linkage.incremental.records import RecordChanges, compare_records, record_facts
from linkage.incremental.registry import Registry, Said, renew
from linkage.incremental.scope import Scope, merge_pairs
from linkage.linker.clustering import Clusters
from linkage.linker.decisions import Decisions
from linkage.linker.engine import Engine
from linkage.linker.predictions import Predictions, pair_table
from linkage.linker.settings import LinkType
from linkage.model.weights import PatternWeights

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["Incremental"]

_DECIDED = (
    "judgement",
    "reason_code",
    "probability_assigned",
    "margin_bits",
    "near_tie",
    "competitor_unique_id_l",
    "competitor_unique_id_r",
)


class Incremental:
    """What ties a linker's run to the runs before and after it."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

    def records(self, *, key: bytes = b"") -> pa.Table:
        """
        Name and digest of every record: source, id, digest.

        Args:
            key: Secret of the digests, at most 64 bytes: without one, names and birth dates could be guessed.
        """
        linker = self._linker
        inputs = linker.inputs
        read = {part for comparison in linker.settings.comparisons for part in comparison.columns}
        for rule in linker.settings.blocking_rules_to_generate_predictions:
            read |= {name for expression in rule.keys for name in expression.columns}
        every = inputs.together()
        names = pa.array(np.array(inputs.names, dtype=object)[inputs.codes], pa.string())
        held = sorted(read & set(every.column_names))
        return record_facts(every, ids=inputs.ids, sources=names, columns=held, key=key)

    def keep(self, decisions: Decisions, *, key: bytes = b"") -> Run:
        """What later runs need of this one."""
        settings = self._linker.settings
        return Run(
            pairs=decisions.table,
            records=self.records(key=key),
            model=decisions.predictions.model,
            threshold=decisions.threshold,
            possible=decisions.possible,
            cardinality=decisions.cardinality,
            rules=tuple(rule.name for rule in settings.blocking_rules_to_generate_predictions),
            policy=";".join(part.model_dump_json() for part in decisions.policy),
        )

    def update(self, before: Run, *, key: bytes = b"") -> Predictions:
        """
        Predictions of today's tables that score only pairs with a new or changed record.

        The result is that of scoring everything with the run's model, if the term frequencies are those of that run:
        register them (`table_management`), or take those of today's tables and know that kept pairs keep their weight.

        Args:
            before: The run that is built on; its model is used.
            key: Secret of its digests.

        Raises:
            BadModel: If the run's model does not fit the settings.
        """
        linker = self._linker
        linker.use_model(before.model)
        records = self.records(key=key)
        changes = compare_records(before.records, records)
        n_left = None if linker.engine.within else linker.engine.n_rows[0]
        floor = linker.engine.floor(before.model, linker.settings.possible)
        pairs, n_compared = self._touched(before, changes, floor_bits=floor)
        fresh = pair_table(pairs, engine=linker.engine, model=before.model)
        kept = before.pairs.drop_columns([name for name in _DECIDED if name in before.pairs.column_names])
        table = merge_pairs(kept, fresh, changes=changes, after=records, n_left=n_left)
        return Predictions(table, self._arrays(table, before), before.model, floor, n_compared)

    def diff(self, before: Run, after: Run) -> RunDiff:
        """Every link that is in one run only, and whether data, model, settings, competition or a person caused it."""
        return diff_runs(before, after)

    def person_ids(self, clusters: Clusters, *, before: Registry | None, said: Said) -> Registry:
        """
        Person ids that survive new clusters: minted once, never used again.

        Args:
            clusters: Today's clusters.
            before: The registry as the last run left it; None for the first run.
            said: Who runs, when and why.
        """
        inputs = self._linker.inputs
        names = pa.array(np.array(inputs.names, dtype=object)[inputs.codes], pa.string())
        records = pa.table({"source": names, "id": inputs.ids})
        return renew(before or Registry.empty(), records, clusters.label, said=said)

    def _touched(self, before: Run, changes: RecordChanges, *, floor_bits: float) -> tuple[ScoredPairs, int]:
        """Pairs with a new or changed record, in rows of today's tables, and how many were looked at."""
        engine = self._linker.engine
        n_left = None if engine.within else engine.n_rows[0]
        if engine.apart is not None:
            pairs, n_compared = engine.score(before.model, floor_bits=floor_bits)
            covered = Scope.of(changes, n_left=n_left).covers(pairs.left, pairs.right)
            return _some(pairs, np.flatnonzero(covered)), n_compared
        touched, other = np.flatnonzero(changes.touched), np.flatnonzero(~changes.touched)
        parts: list[tuple[IntArray, IntArray | None]] = [(touched, None), (other, touched)]
        if n_left is not None:
            right = np.arange(n_left, len(changes.touched))
            parts = [(touched[touched < n_left], right), (other[other < n_left], touched[touched >= n_left])]
        found = [self._among(before, *part, floor_bits=floor_bits) for part in parts]
        none = engine.weigh(before.model, np.zeros(0, np.int64), np.zeros(0, np.int64))
        return _joined([pairs for pairs, _ in found] or [none], n_left or 0), sum(n for _, n in found)

    def _among(
        self, before: Run, left: IntArray, right: IntArray | None, *, floor_bits: float
    ) -> tuple[ScoredPairs, int]:
        """Pairs within some records, or between them and others; rows are records."""
        linker = self._linker
        if not len(left) or (right is not None and not len(right)):
            empty = np.zeros(0, dtype=np.int64)
            return linker.engine.weigh(before.model, empty, empty), 0
        every = linker.inputs.together()
        kind = LinkType.DEDUPE_ONLY if right is None else LinkType.LINK_ONLY
        settings = linker.settings.model_copy(update={"link_type": kind, "columns": {}, "policy": ()})
        tables = {"left": every.take(left)} | ({} if right is None else {"right": every.take(right)})
        engine = Engine(linker.inputs.of(tables), settings, lookups=linker.frequencies())
        pairs, n_compared = engine.score(before.model, floor_bits=floor_bits)
        other = left if right is None else right
        return replace(pairs, left=left[pairs.left], right=other[pairs.right]), n_compared

    def _arrays(self, table: pa.Table, before: Run) -> ScoredPairs:
        """The arrays of a table of predictions."""
        linker = self._linker
        names = [name for name, _ in linker.engine.named]
        gammas = np.stack([table.column(f"gamma_{name}").to_numpy() for name in names], axis=1).astype(np.int8)
        rules = {name: number for number, name in enumerate(linker.engine.candidates.names)}
        return ScoredPairs(
            rule=np.array([rules.get(name, -1) for name in table.column("match_key").to_pylist()], dtype=np.int8),
            left=table.column("left_row").to_numpy().astype(np.int64),
            right=table.column("right_row").to_numpy().astype(np.int64),
            gammas=gammas,
            bits=PatternWeights(before.model).terms(gammas),
            weight=table.column("match_weight").to_numpy().astype(np.float64),
        )


def _some(pairs: ScoredPairs, places: IntArray) -> ScoredPairs:
    return ScoredPairs(
        pairs.rule[places],
        pairs.left[places],
        pairs.right[places],
        pairs.gammas[places],
        pairs.bits[places],
        pairs.weight[places],
    )


def _joined(parts: list[ScoredPairs], n_left: int) -> ScoredPairs:
    """Pairs of records as rows of the two sides, the lower record left, in the order of the rows."""
    first = np.concatenate([part.left for part in parts])
    second = np.concatenate([part.right for part in parts])
    left, right = np.minimum(first, second), np.maximum(first, second) - n_left
    whole = ScoredPairs(
        rule=np.concatenate([part.rule for part in parts]),
        left=left,
        right=right,
        gammas=np.concatenate([part.gammas for part in parts]),
        bits=np.concatenate([part.bits for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
    )
    return _some(whole, np.lexsort((right, left)))
