"""`linker.table_management`: term frequencies, the tables' own and others'. Opens nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from linkage.columns import Expression
from linkage.inputs import BadInput, TableLike, as_table
from linkage.linker.result import Result

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["TableManagement"]


class TableManagement:
    """Tables beside the linked ones."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

    def compute_tf_table(self, column_name: str) -> Result:
        """
        Share of each value among the records that have one: the value and tf_<column>.

        Raises:
            ColumnMissing: If a table lacks the column.
        """
        codes = self._linker.engine.columns.codes(Expression(column=column_name), user="compute_tf_table")
        values = pa.array(codes.values, pa.string())
        return Result(pa.table({column_name: values, f"tf_{column_name}": pa.array(codes.pooled_shares())}))

    def register_term_frequency_lookup(self, input_data: TableLike, col_name: str) -> None:
        """
        Take the frequencies of a column's values from another table: those of the population, say.

        Args:
            input_data: The value in `col_name` and its share in `tf_<col_name>`.
            col_name: The column.

        Raises:
            BadInput: If a column is missing or a share is not above 0 and at most 1.
        """
        table = as_table(input_data)
        share = f"tf_{col_name}"
        lacking = [name for name in (col_name, share) if name not in table.column_names]
        if lacking:
            raise BadInput(f"term frequencies: expected the columns {col_name} and {share}, {lacking[0]} is missing")
        values = table.column(col_name).cast(pa.string()).to_pylist()
        shares = table.column(share).cast(pa.float64()).to_pylist()
        if any(part is None or not 0 < part <= 1 for part in shares):
            raise BadInput(f"term frequencies, {share}: expected numbers above 0 and at most 1")
        self._linker.register_frequencies(
            col_name, {v: s for v, s in zip(values, shares, strict=True) if v is not None}
        )
