"""Links that fall on records nobody is: the linkage once more, with decoys beside the right table. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from linkage.arrays import IntArray
from linkage.evaluation.decoy_records import decoys
from linkage.evaluation.found import DecoyLinks
from linkage.inputs import Inputs, Source
from linkage.linker.decisions import Decisions, decide_predictions
from linkage.linker.engine import Engine
from linkage.linker.predictions import predict
from linkage.linker.settings import BadSettings

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["decoy_links"]


def decoy_links(
    linker: Linker, decisions: Decisions, *, n_sets: int, together: Sequence[Sequence[str]] | None
) -> DecoyLinks:
    """
    Links to decoys, over all sets: same model, frequencies, cardinality and threshold as the decision.

    Args:
        linker: Of two tables.
        decisions: What was decided.
        n_sets: Decoy sets, each as long as the right table.
        together: Groups of columns that a decoy takes from one person; None: see `_groups`.

    Raises:
        BadSettings: If the linkage is within one table.
        BadGrouping: If there are fewer than two groups, or a column is missing.
    """
    if linker.engine.within:
        raise BadSettings("n_decoy_sets: expected two tables that are linked with each other, there is one")
    left, right = (source.table for source in linker.inputs.sources)
    groups = _groups(linker, decisions, right) if together is None else together
    rows: list[tuple[IntArray, IntArray]] = []
    for number in range(n_sets):
        false, made_from = decoys(right, together=groups, number=number, seed=linker.settings.seed)
        linked = _linked_with(linker, decisions, left, pa.concat_tables([right, false]))
        place = linked[1] - right.num_rows
        rows.append((linked[0][place >= 0], made_from[place[place >= 0]]))
    return DecoyLinks(np.concatenate([a for a, _ in rows]), n_sets, np.concatenate([b for _, b in rows]))


def _linked_with(linker: Linker, decisions: Decisions, left: pa.Table, right: pa.Table) -> tuple[IntArray, IntArray]:
    """Rows of the links between the left table and another right one."""
    names = linker.inputs.names
    inputs = Inputs((Source(names[0], left), Source(names[1], right)), None)
    engine = Engine(inputs, linker.settings, lookups=linker.frequencies())
    found = predict(engine, decisions.predictions.model, probability=decisions.possible)
    held = decide_predictions(
        found,
        engine=engine,
        cardinality=decisions.cardinality,
        policy=decisions.policy,
        threshold=decisions.threshold,
    )
    return found.pairs.left[held.decided.link], found.pairs.right[held.decided.link]


def _groups(linker: Linker, decisions: Decisions, right: pa.Table) -> list[list[str]]:
    """Columns of dependent comparisons together, and of comparisons that share one; every other one for itself."""
    there = set(right.column_names)
    columns = {part.name: {name for name in part.columns if name in there} for part in linker.settings.comparisons}
    named = [set(group.comparisons) for group in decisions.predictions.model.groups]
    grouped: list[set[str]] = []
    for name, own in columns.items():
        mine = set(own).union(*(columns[other] for group in named if name in group for other in group))
        touching = [group for group in grouped if group & mine]
        grouped = [group for group in grouped if not group & mine] + [mine.union(*touching)]
    return [sorted(group) for group in grouped if group]
