"""Columns as numbers. Opens nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import FloatArray
from linkage.columns import text_of

__all__ = ["numbers_of"]


def numbers_of(column: pa.ChunkedArray) -> FloatArray:
    """
    A column as numbers; text that is no number, and missing ones, as NaN.

    Returns:
        `(n_rows,)`. A decimal comma is read as a point.
    """
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    text = pc.replace_substring(text_of(column), ",", ".")
    plain = pc.match_substring_regex(text, r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$")
    numbers = pc.if_else(plain, text, pa.scalar(None, pa.string())).cast(pa.float64())
    return np.asarray(numbers.to_numpy(), dtype=np.float64)
