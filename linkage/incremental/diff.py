"""
Why a link of one run is none in the other: data, model, settings, competition or a person. Opens nothing.

A link that is only in one run is followed from the first run to the second in steps, all else being held: the data of
its two records, then the model, then threshold and rules, then its rivals. The first step at which the verdict turns
is the cause; what else has changed for the pair is listed beside it. What a person decided comes before everything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import BoolArray, IntArray
from linkage.incremental.causes import Changed, find_causes
from linkage.incremental.kept import Run
from linkage.incremental.records import places

__all__ = ["RunDiff", "diff_runs"]


@dataclass(frozen=True, slots=True)
class RunDiff:
    """
    Attributes:
        links: One row a link of only one run: its records (source_dataset_l, unique_id_l, source_dataset_r,
            unique_id_r), change (gained or lost), cause, detail, also (other things that changed for it),
            weight_before and weight_after (bits; null where a run did not keep the pair), and the records of the
            link that stands in its way in the run where it is none (rival_*; null without one).
        n_same: Links of both runs.
    """

    links: pa.Table
    n_same: int

    @property
    def counts(self) -> dict[tuple[str, str, str], int]:
        """Links by change, cause and detail, in order."""
        grouped = self.links.group_by(["change", "cause", "detail"]).aggregate([([], "count_all")])
        rows = sorted(grouped.to_pylist(), key=lambda row: (row["change"], row["cause"], row["detail"]))
        return {(row["change"], row["cause"], row["detail"]): row["count_all"] for row in rows}


def diff_runs(before: Run, after: Run) -> RunDiff:
    """
    Every link that is in one run only, and why.

    Args:
        before: The earlier run.
        after: The later one.

    Raises:
        RecordsNotNamed: If a record id is there twice in a run.
    """
    keys = (before.keys(), after.keys())
    linked = [run_keys.filter(pa.array(run.link)) for run, run_keys in zip((before, after), keys, strict=True)]
    lost = linked[0].filter(pc.invert(pc.is_in(linked[0], value_set=linked[1])))
    gained = linked[1].filter(pc.invert(pc.is_in(linked[1], value_set=linked[0])))
    names = pa.concat_arrays([lost, gained])
    changed = Changed(
        before,
        after,
        in_before=places(names, among=keys[0]),
        in_after=places(names, among=keys[1]),
        gained=np.arange(len(names)) >= len(lost),
    )
    return RunDiff(_told(changed), len(linked[0]) - len(lost))


def _told(changed: Changed) -> pa.Table:
    also = find_causes(changed)
    weights = changed.of_runs(changed.before.weight, changed.after.weight)
    columns = {
        **_who(changed, ~changed.gained, prefix=""),
        "change": pa.array(np.where(changed.gained, "gained", "lost").tolist(), pa.string()),
        "cause": pa.array(changed.cause.tolist(), pa.string()),
        "detail": pa.array(changed.detail.tolist(), pa.string()),
        "also": pa.array(also, pa.list_(pa.string())),
        "weight_before": pa.array(weights[0], mask=changed.in_before < 0),
        "weight_after": pa.array(weights[1], mask=changed.in_after < 0),
        **_who(changed, changed.gained, prefix="rival_"),
    }
    return pa.table(columns)


def _who(changed: Changed, of_before: BoolArray, *, prefix: str) -> dict[str, pa.Array]:
    """Names of both records: of the links, from the run that has them, or of their rivals, from the other."""
    own = np.where(of_before, changed.in_before, changed.in_after) if not prefix else changed.rival
    out = {}
    runs = ((changed.before, of_before), (changed.after, ~of_before))
    for name in ("source_dataset_l", "unique_id_l", "source_dataset_r", "unique_id_r"):
        parts = [_taken(run.pairs, name, own[mine]) for run, mine in runs]
        out[prefix + name] = pa.concat_arrays(parts).take(pa.array(_back(of_before)))
    return out


def _back(first: BoolArray) -> IntArray:
    """Places of all elements when the first kind stands before the other."""
    out = np.empty(len(first), dtype=np.int64)
    out[first], out[~first] = np.arange(first.sum()), first.sum() + np.arange((~first).sum())
    return out


def _taken(pairs: pa.Table, name: str, rows: IntArray) -> pa.Array:
    if name not in pairs.column_names:
        return pa.nulls(len(rows), pa.string())
    column = pairs.column(name).cast(pa.string()).combine_chunks()
    return column.take(pa.array(rows, mask=rows < 0))
