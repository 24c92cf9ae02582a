"""Which pairs have to be scored again, and how they join the pairs that are kept. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import BoolArray, IntArray
from linkage.incremental.records import RecordChanges, places, record_names

__all__ = ["Scope", "merge_pairs"]


@dataclass(frozen=True, slots=True)
class Scope:
    """
    The pairs with a new or changed record.

    Attributes:
        left: `(n_left,)` left rows that are new or changed.
        right: `(n_right,)` right rows; None within one table.
    """

    left: BoolArray
    right: BoolArray | None

    @classmethod
    def of(cls, changes: RecordChanges, *, n_left: int | None = None) -> Scope:
        """
        The scope of changes of records.

        Args:
            changes: Of all records, the left table's before the right one's.
            n_left: Records of the left table; None within one table.
        """
        touched = changes.touched
        return cls(touched, None) if n_left is None else cls(touched[:n_left], touched[n_left:])

    def covers(self, left_rows: IntArray, right_rows: IntArray) -> BoolArray:
        """`(n_pairs,)` whether a pair has to be scored."""
        right = self.left if self.right is None else self.right
        return np.asarray(self.left[left_rows] | right[right_rows], dtype=bool)


def merge_pairs(
    kept: pa.Table, fresh: pa.Table, *, changes: RecordChanges, after: pa.Table, n_left: int | None = None
) -> pa.Table:
    """
    The pairs of the last run that still hold, with those scored now.

    With the same model the result is what scoring everything anew gives, as long as term frequencies are those the
    model was used with before (a lookup kept with it): new records change the frequencies of old values too.

    Args:
        kept: Pairs of the last run: unique_id_l, unique_id_r, left_row, right_row, and source_dataset_l and _r where
            there are several tables.
        fresh: The pairs of the scope, with the same columns.
        changes: Of the records since.
        after: source and id of all records there are now, the left table's first.
        n_left: Records of the left table; None within one table.

    Returns:
        Columns of `fresh`; ordered by left_row and right_row, which are rows of today's tables.
    """
    names = record_names(after)
    rows = [places(record_names(kept, side=side), among=names) for side in ("_l", "_r")]
    same = np.ones(kept.num_rows, dtype=bool)
    touched = np.append(changes.touched, True)
    for row in rows:
        same &= ~touched[row]
    kept = kept.filter(pa.array(same))
    left, right = (row[same] for row in rows)
    kept = _turned(kept, left > right)
    left, right = np.minimum(left, right), np.maximum(left, right) - (n_left or 0)
    for name, row in (("left_row", left), ("right_row", right)):
        kept = kept.set_column(kept.column_names.index(name), name, pa.array(row))
    both = pa.concat_tables([kept.select(fresh.column_names).cast(fresh.schema), fresh])
    order = np.lexsort((both.column("right_row").to_numpy(), both.column("left_row").to_numpy()))
    return both.take(pa.array(order))


def _turned(pairs: pa.Table, backwards: BoolArray) -> pa.Table:
    """Pairs whose records have changed their order, left and right exchanged."""
    if not backwards.any():
        return pairs
    mask = pa.array(backwards)
    for name in [name for name in pairs.column_names if name.endswith("_l") and name[:-2] + "_r" in pairs.column_names]:
        one, other = pairs.column(name), pairs.column(name[:-2] + "_r")
        for column, value in ((name, pc.if_else(mask, other, one)), (name[:-2] + "_r", pc.if_else(mask, one, other))):
            pairs = pairs.set_column(pairs.column_names.index(column), column, value)
    return pairs
