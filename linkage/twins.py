"""How many records of a table have another one of the same table that looks like the same person. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from graph_schema.chance import stream
from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.columns.encoding import encode

__all__ = ["share_with_twin"]

_ROWS = 30_000  # looked at
_TELLING = 0.02  # columns on which strangers agree less often find the candidates
_NEIGHBOURS = 6  # records with the same value that each is held against
_ALIKE = 0.7  # of the bits that the columns both records have a value of would give if all agreed
_LEAST_COLUMNS = 4
_MORE_BITS = 7.0  # evidence over that for one match a record


def share_with_twin(table: pa.Table, columns: Sequence[str], *, seed: int) -> float:
    """
    Share of the records that agree with another one on most columns, and on more than chance would have it.

    Members of a family share name and address, but neither given name nor birth date: they are no twins here. A
    sample of a large table finds fewer twins than there are, so that the share is a lower bound.

    Args:
        table: The table.
        columns: Its columns that are compared, none of which repeats another.
        seed: Seed of the sample of rows.
    """
    if table.num_rows < 2 or len(columns) < _LEAST_COLUMNS:
        return 0.0
    some = np.sort(stream("twin-rows", seed=seed).permutation(table.num_rows)[:_ROWS])
    rows = table.take(pa.array(some))
    coded = [_codes(rows, column) for column in columns]
    chance = [_chance(codes) for codes in coded]
    twin: BoolArray = np.zeros(len(some), dtype=bool)
    needed = np.log2(max(len(some), 2)) + _MORE_BITS
    for codes, share in zip(coded, chance, strict=True):
        if share > _TELLING:
            continue
        left, right = _neighbours(codes)
        alike, bits = _agreement(left, right, coded, chance)
        found = (alike >= _ALIKE) & (bits >= needed)
        twin[left[found]] = True
        twin[right[found]] = True
    return float(twin.mean())


def _codes(table: pa.Table, column: str) -> IntArray:
    values = table.column(column)
    return encode(values, values.slice(0, 0)).left.astype(np.int64)


def _chance(codes: IntArray) -> float:
    counts = np.bincount(codes[codes >= 0])
    n = int(counts.sum())
    return float((counts * (counts - 1)).sum()) / (n * (n - 1)) if n > 1 else 1.0


def _neighbours(codes: IntArray) -> tuple[IntArray, IntArray]:
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]
    lefts, rights = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for step in range(1, _NEIGHBOURS + 1):
        a, b = order[:-step], order[step:]
        equal = codes[a] == codes[b]
        lefts.append(a[equal])
        rights.append(b[equal])
    return np.concatenate(lefts), np.concatenate(rights)


def _agreement(
    left: IntArray, right: IntArray, coded: Sequence[IntArray], chance: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    """Bits on which each pair agrees, as a share of those both tell (0 where too few columns are) and as they are."""
    agree, told, n_told = np.zeros(len(left)), np.zeros(len(left)), np.zeros(len(left))
    for codes, share in zip(coded, chance, strict=True):
        bits = -np.log2(max(share, 1.0 / max(len(codes), 1) ** 2))
        present = (codes[left] >= 0) & (codes[right] >= 0)
        n_told += present
        told += present * bits
        agree += (present & (codes[left] == codes[right])) * bits
    share_agreed = np.where(n_told >= _LEAST_COLUMNS, agree / np.maximum(told, 1e-9), 0.0)
    return np.asarray(share_agreed, dtype=np.float64), agree
