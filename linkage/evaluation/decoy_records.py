"""
Decoys: records made of real ones that nobody is, to see how often a link falls on a stranger. Opens nothing.

A decoy takes each group of columns from another person: the given name and birth date of one, the surname and address
of a second. Every column keeps its margin, columns of one group keep what they have to do with each other, and inside
a stratum (a hospital, a sex) the decoys keep that stratum. What a decoy does not keep is a dependence between groups:
columns that go together in families or neighbourhoods belong in one group, else decoys are less like the records
than strangers are, and too few links fall on them.

Source: target-decoy competition; for record linkage Robach, Hof and van de Wiel (2025), https://doi.org/10.1002/sim.70292.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from graph_schema.chance import stream
from linkage.arrays import IntArray
from linkage.evaluation.grouping import BadGrouping

__all__ = ["decoys"]


def decoys(
    table: pa.Table,
    *,
    together: Sequence[Sequence[str]],
    number: int,
    seed: int,
    stratum: IntArray | None = None,
) -> tuple[pa.Table, IntArray]:
    """
    One set of decoys.

    Args:
        table: The right table.
        together: Groups of columns that stay together, at least two; columns in none of them follow the first group.
        number: Of the set; each is drawn anew.
        seed: The run's seed.
        stratum: `(n_rows,)` code; columns are exchanged among rows of one code only.

    Returns:
        The decoys, and the row whose first group each carries. Rows of strata with no more members than there are
        groups give no decoy: it could be the record itself.

    Raises:
        BadGrouping: If there are fewer than two groups, a column is missing or in two groups.
    """
    _check(table, together)
    draw = stream(f"evaluation-decoys-{number}", seed=seed)
    code = np.zeros(table.num_rows, dtype=np.int64) if stratum is None else np.asarray(stratum, dtype=np.int64)
    shuffled = draw.permutation(table.num_rows)
    order = shuffled[np.argsort(code[shuffled], kind="stable")]
    _, start, of, size = np.unique(code[order], return_index=True, return_inverse=True, return_counts=True)
    place, room = np.arange(len(order)) - start[of], size[of]
    kept = room > len(together)
    group_of = {name: number for number, names in enumerate(together) for name in names}
    columns = {}
    for name in table.column_names:
        ahead = (place + group_of.get(name, 0)) % np.maximum(room, 1)
        columns[name] = table[name].take(pa.array(order[start[of] + ahead][kept]))
    return pa.table(columns), np.asarray(order[kept], dtype=np.int64)


def _check(table: pa.Table, together: Sequence[Sequence[str]]) -> None:
    named = [name for names in together for name in names]
    missing = sorted(set(named) - set(table.column_names))
    if missing:
        raise BadGrouping(f"decoys: no column {', '.join(missing)}; there are {', '.join(table.column_names)}")
    if len(together) < 2 or not all(together) or len(set(named)) != len(named):
        raise BadGrouping("decoys: expected at least two groups of columns, each column in one of them")
