"""
Columns that tell each other: agreement on both would be counted twice. Opens nothing.

Fellegi-Sunter weights add up only if, among pairs that are no match, agreement on one column says nothing about
the other. Postcode and place break this so badly that EM takes neighbours for matches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa

from graph_schema.chance import stream
from linkage.arrays import BoolArray, IntArray
from linkage.columns.encoding import encode
from linkage.columns.folding import fold
from linkage.proposal.profile import ColumnKind, ColumnProfile
from linkage.proposal.repeats import DIFFERENT, differing

__all__ = ["told_by_another"]

_SAMPLE = 30_000  # rows
_LEAST_PAIRS = 10
_LIFT = 16.0  # 4 bits counted twice
_IMPLIED = 0.5  # of the pairs that agree on the finer column, those that agree on the coarser as well
_CODES = frozenset({ColumnKind.CATEGORY, ColumnKind.SHORT_NUMBER})
_TELLING_CHANCE = 0.05  # beginnings and ends on which strangers agree less often tell them from duplicates
_LETTERS = 3


def told_by_another(table: pa.Table, parts: Sequence[ColumnProfile], *, seed: int) -> frozenset[str]:
    """
    Columns that another one all but tells.

    Looked at are pairs of different records of one table that agree on both columns and, in every other column,
    neither on its beginning nor on its end, so that duplicates in the table do not count; and that differ in as many
    columns as strangers do. Only the code of a place tells (a postcode its town), or codes are told (a county by its
    town, an age by a birth date): that the members of a household share name and address is no reason to drop the
    name.

    Args:
        table: The left table.
        parts: Profiles of its columns.
        seed: Seed of the sample of rows.
    """
    some = stream("dependence-rows", seed=seed).permutation(table.num_rows)[:_SAMPLE]
    rows = table.take(pa.array(np.sort(some)))
    coded = {part.column: _codes(rows, part.column) for part in parts if part.kind is not ColumnKind.CODE_SET}
    kinds = {part.column: part.kind for part in parts}
    chance = {name: _chance(codes) for name, codes in coded.items()}
    hints = {part.column: _hints(rows, part.column) for part in parts if part.column in coded}
    told: set[str] = set()
    for coarse, fine in combinations(sorted(coded, key=lambda name: -chance[name]), 2):
        if told & {coarse, fine} or not _may_tell(kinds[fine], kinds[coarse]):
            continue
        others = [codes for name in coded if name not in {coarse, fine} for codes in hints[name]]
        n_both, n_fine = _agreeing(coded[fine], coded[coarse], others, coded)
        lift = n_both / max(n_fine * chance[coarse], 1e-12)
        if n_both >= _LEAST_PAIRS and lift > _LIFT and n_both > _IMPLIED * n_fine:
            told.add(coarse)
    return frozenset(told)


def _may_tell(fine: ColumnKind, coarse: ColumnKind) -> bool:
    if coarse in {ColumnKind.DATE, ColumnKind.IDENTIFIER, ColumnKind.EMAIL}:
        return False
    return fine is ColumnKind.PLACE_CODE or coarse in _CODES


def _hints(table: pa.Table, column: str) -> list[IntArray]:
    """Beginning and end of every value, where strangers seldom agree on them."""
    none = table.column(column).slice(0, 0)
    made = [
        encode(table.column(column), none, standardise=lambda text: fold(text)[:_LETTERS]),
        encode(table.column(column), none, standardise=lambda text: fold(text)[-_LETTERS:]),
    ]
    codes = [part.left.astype(np.int64) for part in made]
    return [part for part in codes if _chance(part) < _TELLING_CHANCE]


def _codes(table: pa.Table, column: str) -> IntArray:
    return encode(table.column(column), table.column(column).slice(0, 0)).left.astype(np.int64)


def _chance(codes: IntArray) -> float:
    """Probability that two different rows with a value agree."""
    counts = np.bincount(codes[codes >= 0])
    n = int(counts.sum())
    return float((counts * (counts - 1)).sum()) / (n * (n - 1)) if n > 1 else 0.0


def _agreeing(
    fine: IntArray, coarse: IntArray, others: Sequence[IntArray], coded: Mapping[str, IntArray]
) -> tuple[int, int]:
    """Pairs of strangers that agree on both columns, and on the finer one with the coarser one present."""
    left, right = _neighbours(np.where(coarse >= 0, fine, -1))
    strangers: BoolArray = differing(left, right, coded) >= DIFFERENT
    for codes in others:
        strangers &= (codes[left] != codes[right]) | (codes[left] < 0)
    both = strangers & (coarse[left] == coarse[right])
    return int(both.sum()), int(strangers.sum())


def _neighbours(codes: IntArray, *, most: int = 5) -> tuple[IntArray, IntArray]:
    """Pairs of rows with equal codes: each row with up to `most` that follow it among its equals."""
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]
    lefts, rights = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for step in range(1, most + 1):
        a, b = order[:-step], order[step:]
        equal = codes[a] == codes[b]
        lefts.append(a[equal])
        rights.append(b[equal])
    return np.concatenate(lefts), np.concatenate(rights)
