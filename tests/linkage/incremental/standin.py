"""A linkage small enough to be redone at will: people with a name and a town, one rule, a hand-made weight."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from linkage.incremental.records import record_facts

People = dict[str, tuple[str, str]]  # id -> (name, town)


def table(people: People) -> pa.Table:
    return pa.table(
        {
            "unique_id": pa.array(list(people), pa.string()),
            "name": pa.array([name for name, _ in people.values()], pa.string()),
            "town": pa.array([town for _, town in people.values()], pa.string()),
        }
    )


def facts(people: People, source: str) -> pa.Table:
    rows = table(people)
    return record_facts(
        rows, ids=rows.column("unique_id"), sources=pa.array([source] * len(people), pa.string()),
        columns=["name", "town"], key=b"secret",
    )  # fmt: skip


def score(left: People, right: People | None, *, among: np.ndarray | None = None) -> pa.Table:
    """
    Pairs of one town, or of one first letter; 8 bits for the name, 4 for the town.

    Args:
        left: The left table, or the only one.
        right: The right table.
        among: `(n_left, n_right)` the pairs that are wanted; all without.
    """
    other = left if right is None else right
    rows = []
    for i, (a, (name_a, town_a)) in enumerate(left.items()):
        for j, (b, (name_b, town_b)) in enumerate(other.items()):
            proposed = town_a == town_b or name_a[:1] == name_b[:1]
            if (right is None and i >= j) or not proposed or (among is not None and not among[i, j]):
                continue
            weight = 8.0 * (name_a == name_b) + 4.0 * (town_a == town_b) - 6.0
            rows.append(("l", a, "l" if right is None else "r", b, i, j, weight))
    names = (
        "source_dataset_l",
        "unique_id_l",
        "source_dataset_r",
        "unique_id_r",
        "left_row",
        "right_row",
        "match_weight",
    )
    types = (pa.string(), pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64(), pa.float64())
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(names, columns, types, strict=True)})
