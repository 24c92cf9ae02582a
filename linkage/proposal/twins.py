"""Whether records of one table have two partners in the other that both look like the same person. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from graph_schema.chance import stream
from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.columns import Columns, Expression
from linkage.model.chance import agreement_by_chance

__all__ = ["WithTwo", "share_with_two"]

_MOST_BY_BIRTH = 0.04  # of the records with a partner: so many may have two because twins are born (3-4 % of people)
_MOST_OTHERS = 0.02  # of them with two that are no twins: families of whom little is told
_ROWS = 5_000  # looked at
_TELLING = 0.02  # columns on which strangers agree less often find the partners
_PARTNERS = 20  # looked at a record and column
_COMMON = 0.1  # twins may differ in a column on which strangers agree more often: sex
_BESIDE = 5  # partners of a record that each is held against
_ALIKE = 0.65  # of the bits that the columns both records have a value of would give if all agreed
_TOLD = 0.8  # of the bits that two records tell on average: a pair that tells less is not judged
_LEAST_COLUMNS = 4
_MORE_BITS = 7.0  # evidence over that for one match a record


class WithTwo(NamedTuple):
    """
    Of the records with a partner, the share with two or more.

    Attributes:
        share: All of them.
        unlike_twins: Those whose two partners differ in no column or in several: twins differ in their given name.
    """

    share: float
    unlike_twins: float

    @property
    def means_twice(self) -> bool:
        """Whether the other table holds persons twice: more have two partners than birth and chance explain."""
        return self.share > _MOST_BY_BIRTH or self.unlike_twins > _MOST_OTHERS


def share_with_two(columns: Columns, expressions: Sequence[Expression], *, of_right: bool, seed: int) -> WithTwo:
    """
    Of the records with a partner in the other table, the share with two or more.

    A partner agrees on most of what both records tell, weighed by how seldom strangers agree on it. Members of a
    family share name and address, but neither given name nor birth date, and are no partners; twins are. Two partners
    count only if they look like each other too: where a birth date is missing, brothers each look like the record
    but not like one another.

    Args:
        columns: The two tables.
        expressions: What of them is compared, none of which repeats another.
        of_right: Whether the right table's records are looked at, and their partners on the left; else the left's.
        seed: Seed of the sample of records.
    """
    if len(expressions) < _LEAST_COLUMNS:
        return WithTwo(0.0, 0.0)
    coded = [columns.codes(expression) for expression in expressions]
    chance = [agreement_by_chance(codes, within=False) or 0.0 for codes in coded]
    sides = [(c.right, c.left) if of_right else (c.left, c.right) for c in coded]
    mine = [side.astype(np.int64) for side, _ in sides]
    others = [side.astype(np.int64) for _, side in sides]
    rows = np.sort(stream("partner-rows", seed=seed).permutation(len(mine[0]))[:_ROWS])
    found = [_partners(rows, a, b) for a, b, p in zip(mine, others, chance, strict=True) if 0 < p <= _TELLING]
    if not found:
        return WithTwo(0.0, 0.0)
    pairs = np.unique(np.concatenate(found), axis=0)
    partners = pairs[_alike(pairs[:, 0], pairs[:, 1], mine, others, chance)]
    records, unlike_twins = _with_two(partners, others, chance)
    n = max(float(len(np.unique(partners[:, 0]))), 1.0)
    return WithTwo(len(np.unique(records)) / n, len(np.unique(records[unlike_twins])) / n)


def _with_two(partners: IntArray, others: Sequence[IntArray], chance: Sequence[float]) -> tuple[IntArray, BoolArray]:
    """
    Records with two partners that look like each other, and whether these two are no twins.

    Args:
        partners: `(n_pairs, 2)` records and their partners, by record.
        others: Codes of the partners' table.
        chance: How often strangers agree on each column.
    """
    found = [np.zeros((0, 3), dtype=np.int64)]
    for step in range(1, _BESIDE + 1):
        one, two = partners[:-step], partners[step:]
        held = one[:, 0] == two[:, 0]
        found.append(np.column_stack([one[held], two[held, 1]]))
    held_together = np.concatenate(found)
    one, two = held_together[:, 1], held_together[:, 2]
    alike = _alike(one, two, others, others, chance)
    n_differing = np.zeros(len(one))
    for codes, share in zip(others, chance, strict=True):
        if share <= _COMMON:
            n_differing += (codes[one] >= 0) & (codes[two] >= 0) & (codes[one] != codes[two])
    return held_together[alike, 0], np.asarray(n_differing[alike] != 1, dtype=bool)


def _partners(rows: IntArray, mine: IntArray, others: IntArray) -> IntArray:
    """`(n_pairs, 2)` records and some of those of the other table with the same value."""
    order = np.argsort(others, kind="stable")
    first = np.searchsorted(others[order], mine[rows], side="left")
    last = np.searchsorted(others[order], mine[rows], side="right")
    n = np.where(mine[rows] >= 0, np.minimum(last - first, _PARTNERS), 0)
    left = np.repeat(rows, n)
    within = np.arange(len(left)) - np.repeat(np.cumsum(n) - n, n)
    return np.stack([left, order[np.repeat(first, n) + within]], axis=1)


def _alike(
    a: IntArray, b: IntArray, mine: Sequence[IntArray], others: Sequence[IntArray], chance: Sequence[float]
) -> BoolArray:
    """Which pairs agree on most of their bits, and on enough of them; what tells little tells nobody from a brother."""
    agree, told, n_told, usual = np.zeros(len(a)), np.zeros(len(a)), np.zeros(len(a)), 0.0
    n_pairs = float(len(mine[0])) * len(others[0])
    for left, right, share in zip(mine, others, chance, strict=True):
        bits = -np.log2(max(share, 1.0 / n_pairs))
        present = (left[a] >= 0) & (right[b] >= 0)
        n_told += present
        told += present * bits
        usual += float((left >= 0).mean() * (right >= 0).mean()) * bits
        agree += (present & (left[a] == right[b])) * bits
    share_agreed: FloatArray = agree / np.maximum(told, 1e-9)
    enough = agree >= np.log2(max(len(mine[0]), len(others[0]))) + _MORE_BITS
    tells = (n_told >= _LEAST_COLUMNS) & (told >= _TOLD * usual)
    return np.asarray((share_agreed >= _ALIKE) & enough & tells, dtype=bool)
