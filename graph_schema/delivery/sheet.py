"""
A delivered table on its way to typed columns, with every row used or rejected. Pure.

A bad value of a key field rejects its row: the record cannot be placed without it. A bad value of any
other field becomes null, the record stays, and the repair is counted by field and reason.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.delivery.format import Reject, TextTable
from graph_schema.delivery.values import Parser

__all__ = ["Sheet"]


class Sheet:
    """
    Takes columns out of a text table, noting what is wrong with each row.

    All columns it gives are `(n_records,)` in file order; `finish` drops the rejected rows at the end.
    """

    def __init__(self, text: TextTable) -> None:
        self._text = text
        self._wrong: dict[int, tuple[str | None, str]] = {}
        self.repaired: Counter[tuple[str, str]] = Counter()

    @property
    def n_records(self) -> int:
        """Records of the file that are not broken lines."""
        return int(self._text.table.num_rows)

    @property
    def rows(self) -> pa.Array:
        """Row of each record in the file."""
        return self._column("row")

    def text(self, role: str, *, key: bool = False) -> pa.Array:
        """A column as delivered; all null where the delivery has none. With `key`, empty rejects the row."""
        if not self._text.has(role):
            return pa.nulls(self.n_records, pa.string())
        column = self._column(role)
        if key:
            self.reject(pc.is_null(column).to_numpy(zero_copy_only=False), role, "empty")
        return column

    def parse(self, role: str, parser: Parser, *, key: bool = False, strict: bool = False) -> pa.Array:
        """
        A column as typed values; bad values of a key field reject the row, others become null.

        With `strict` a bad value rejects the row as well, but there may be none: where empty has a meaning
        of its own, a bad value must not turn into it.
        """
        parsed = parser(self.text(role, key=key))
        for reason in pc.unique(parsed.reasons).to_pylist():
            if reason is None:
                continue
            bad = pc.fill_null(pc.equal(parsed.reasons, reason), False).to_numpy(zero_copy_only=False)
            if key or strict:
                self.reject(bad, role, reason)
            else:
                self.repaired[(role, reason)] += int(bad.sum())
        return parsed.values

    def reject(self, bad: npt.NDArray[np.bool_], role: str | None, reason: str) -> None:
        """Reject the records that `bad` `(n_records,)` marks; the first reason given to a record stays."""
        for place in np.flatnonzero(bad).tolist():
            self._wrong.setdefault(place, (role, reason))

    def repair(self, bad: npt.NDArray[np.bool_], role: str, reason: str) -> None:
        """Count values that were set to null or put right by the caller."""
        if bad.any():
            self.repaired[(role, reason)] += int(bad.sum())

    def finish(self, columns: dict[str, pa.Array]) -> tuple[pa.Table, list[Reject]]:
        """The table of the good records with `file_sha256` and `row` behind `columns`, and all rejects of the file."""
        good = np.ones(self.n_records, dtype=bool)
        good[list(self._wrong)] = False
        lineage = {"file_sha256": pa.array([self._text.sha256] * self.n_records, pa.string()), "row": self.rows}
        table = pa.table({**columns, **lineage}).filter(pa.array(good))
        rows = self.rows.take(pa.array(list(self._wrong), pa.int64())).to_pylist()
        rejects = list(self._text.rejects)
        for row, (role, reason) in zip(rows, self._wrong.values(), strict=True):
            rejects.append(Reject(self._text.sha256, row, role, reason))
        return table.combine_chunks(), sorted(rejects, key=lambda reject: reject.row)

    def _column(self, name: str) -> pa.Array:
        column = self._text.table[name].combine_chunks()
        return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
