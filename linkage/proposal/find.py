"""
What is proposed for two tables, or for the duplicates of one, from the data alone. Opens nothing.

Nothing here looks at headers except to pair the columns of the two tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa

from linkage.arrays import Int32Array, IntArray
from linkage.columns import Columns, Expression
from linkage.columns.folding import fold
from linkage.comparison.comparison import Comparison
from linkage.proposal.comparisons import chain_comparison, compared_as, comparison_of
from linkage.proposal.implied import told_by_another
from linkage.proposal.profile import ColumnKind, ColumnProfile, profile
from linkage.proposal.repeats import repeats_of
from linkage.proposal.rules import ProposedRule, propose_rules
from linkage.proposal.twins import share_with_two

__all__ = ["Proposal", "find_proposal"]

_LEAST_PRESENT = 0.05
_LEAST_CROSSED = 5.0  # rows whose names stand crosswise
_MORE_CROSSED = 3.0  # times as many as by chance


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    What is compared, which pairs are worth it, and whether a table holds persons twice.

    Attributes:
        comparisons: One a column, or a chain of columns.
        rules: Blocking rules; none where nothing is selective enough.
        left_twice: Whether persons stand twice in the left table, as its partners in the right one show.
        right_twice: The same of the right table.
    """

    comparisons: tuple[Comparison, ...]
    rules: tuple[ProposedRule, ...]
    left_twice: bool
    right_twice: bool


def find_proposal(left: pa.Table, right: pa.Table | None, *, seed: int) -> Proposal | None:
    """
    Look at the tables.

    Args:
        left: The left table.
        right: The right table; None for duplicates within `left`.
        seed: Seed of the random streams.

    Returns:
        The proposal; None where the tables have no column in common that can be compared.
    """
    columns = Columns(left, right)
    parts = [part for part in _profiles(columns) if _comparable(part)]
    repeats = repeats_of(left, parts, seed=seed)
    chained = {name for chain in repeats.nested for name in chain}
    alone = [part for part in parts if part.column not in repeats.left_out | chained]
    told = told_by_another(left, alone, seed=seed)
    alone = [part for part in alone if part.column not in told]
    by_name = {part.column: part for part in parts}
    chains = [[by_name[name] for name in chain] for chain in repeats.nested]
    used = [*alone, *(part for chain in chains for part in chain)]
    if not used:
        return None
    swapped = swapped_names(columns, alone)
    heads = {chain[0].column: chain for chain in chains}
    compared = [part for part in parts if part in alone or part.column in heads]
    comparisons = tuple(
        chain_comparison(heads[part.column]) if part.column in heads else comparison_of(part, swapped=swapped)
        for part in compared
    )
    rules = propose_rules(columns, used, swapped=swapped, seed=seed)
    expressions = [compared_as(part) for part in compared if part.kind is not ColumnKind.CODE_SET]
    twice = [_twice(columns, expressions, of_right=of_right, seed=seed) for of_right in (True, False)]
    return Proposal(comparisons, rules, left_twice=twice[0], right_twice=twice[1])


def _twice(columns: Columns, expressions: Sequence[Expression], *, of_right: bool, seed: int) -> bool:
    if columns.within:
        return True
    return share_with_two(columns, expressions, of_right=of_right, seed=seed).means_twice


def _profiles(columns: Columns) -> list[ColumnProfile]:
    """Profiles of the columns both tables have, by name without regard to case and punctuation."""
    left, right = columns.left, columns.right
    there = {fold(name): name for name in right.column_names}
    return [
        profile(left, right, column=name, right_column=there[fold(name)], within=columns.within)
        for name in left.column_names
        if fold(name) in there
    ]


def _comparable(part: ColumnProfile) -> bool:
    return part.kind not in {ColumnKind.ROW_ID, ColumnKind.CONSTANT} and part.present >= _LEAST_PRESENT


def swapped_names(columns: Columns, parts: Sequence[ColumnProfile]) -> dict[str, ColumnProfile]:
    """Name columns whose values stand in each other's place in more rows than chance has it, by the left column."""
    names = [part for part in parts if part.kind is ColumnKind.NAME]
    found: dict[str, ColumnProfile] = {}
    for one, two in combinations(names, 2):
        if one.column in found or two.column in found:
            continue
        first = columns.codes(_crossed(one, two), user="proposed comparison")
        second = columns.codes(_crossed(two, one), user="proposed comparison")
        n_crossed = _n_agreeing(first.left, second.left, first.right, second.right)
        chance = _chance(first.left, first.right) * _chance(second.left, second.right)
        by_chance = chance * columns.left.num_rows * columns.right.num_rows
        if n_crossed >= max(_LEAST_CROSSED, _MORE_CROSSED * by_chance):
            found[one.column], found[two.column] = two, one
    return found


def _crossed(one: ColumnProfile, two: ColumnProfile) -> Expression:
    return Expression(column=one.column, right_column=two.right_column).then("folded")


def _n_agreeing(a: Int32Array, b: Int32Array, c: Int32Array, d: Int32Array) -> float:
    """Pairs of rows with equal codes in both columns."""
    width = int(max(b.max(initial=0), d.max(initial=0))) + 1
    left, right = (_together(x, y, width) for x, y in ((a, b), (c, d)))
    _, codes = np.unique(np.concatenate([left, right]), return_inverse=True)
    codes = codes.reshape(-1)
    n = int(codes.max(initial=-1)) + 1
    counts = [np.bincount(part, minlength=n) for part in (codes[: len(left)], codes[len(left) :])]
    return float((counts[0].astype(np.float64) * counts[1]).sum())


def _together(a: Int32Array, b: Int32Array, width: int) -> IntArray:
    told = (a >= 0) & (b >= 0)
    return np.asarray(a[told].astype(np.int64) * width + b[told], dtype=np.int64)


def _chance(left: Int32Array, right: Int32Array) -> float:
    """Share of all pairs of rows whose codes agree."""
    n = int(max(left.max(initial=-1), right.max(initial=-1))) + 1
    counts = [np.bincount(side[side >= 0], minlength=n).astype(np.float64) for side in (left, right)]
    return float((counts[0] * counts[1]).sum()) / max(float(len(left)) * len(right), 1.0)
