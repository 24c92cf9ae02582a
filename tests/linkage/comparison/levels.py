"""What the tests of comparisons share: one pair of values and the level it reaches."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from linkage.columns import Columns
from linkage.comparison.base import UNSETTLED
from linkage.comparison.comparison import Comparison


def every_pair(comparison: Comparison, left: pa.Table, right: pa.Table | None = None) -> np.ndarray:
    """`(n_left, n_right)` levels; the quick look must agree wherever it settles."""
    columns = Columns(left, right)
    n_left, n_right = columns.left.num_rows, columns.right.num_rows
    rows = np.repeat(np.arange(n_left), n_right), np.tile(np.arange(n_right), n_left)
    prepared = comparison.prepare(columns)
    found, quick = prepared.gammas(*rows), prepared.quick(*rows)
    assert found.dtype == quick.dtype == np.int8
    settled = quick != UNSETTLED
    assert quick[settled].tolist() == found[settled].tolist()
    return found.reshape(n_left, n_right)


def level(comparison: Comparison, a: object, b: object, *, kind: pa.DataType | None = None) -> str | None:
    """Name of the level of two values of the column the comparison reads; None for null."""
    (column,) = comparison.columns
    left, right = (pa.table({column: pa.array([value], kind)}) for value in (a, b))
    gamma = int(every_pair(comparison, left, right)[0, 0])
    return None if gamma < 0 else comparison.level_names[gamma]


def level_of_rows(comparison: Comparison, a: Mapping[str, object], b: Mapping[str, object]) -> str | None:
    """The same of two records."""
    schema = pa.Table.from_pylist([a, b]).schema
    left, right = (pa.Table.from_pylist([row], schema=schema) for row in (a, b))
    gamma = int(every_pair(comparison, left, right)[0, 0])
    return None if gamma < 0 else comparison.level_names[gamma]
