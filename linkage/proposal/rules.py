"""
Blocking rules made from the data: which columns, or beginnings and sounds of them, find few pairs and miss few matches.

Opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from graph_schema.chance import stream
from linkage.arrays import BoolArray, IntArray
from linkage.columns import Columns, Expression
from linkage.proposal.imagined import ImaginedMatches
from linkage.proposal.profile import ColumnKind, ColumnProfile

__all__ = ["EVERY_PAIR", "ProposedRule", "expression_of", "propose_rules"]

EVERY_PAIR = 2_000_000  # so few pairs are all compared
_AFFORDABLE = 3_000_000  # candidate pairs, however few records
_PAIRS_A_RECORD = 60  # candidate pairs a record, all rules together
_LARGEST_PART = 0.4  # of the budget for one rule
_CHEAP = 0.02  # of the budget: what asks for this and more besides is no rule of its own
_MOST_RULES = 32
_MOST_COUNTED = 400  # combinations that are counted
_COST_OF_A_RULE = 0.03  # of the budget, beside its pairs
_AGAIN = 0.3  # what finding a match once more is worth beside the time before
_LEAST_FOUND = 1.0  # imagined matches that a further rule must find
_SAME = 0.02
_ROWS = 200_000  # a side that are counted; more are a sample
_LETTERS = {
    ColumnKind.NAME: ((3, 0),),
    ColumnKind.TEXT: ((6, 6),),
    ColumnKind.IDENTIFIER: ((6, 6),),
    ColumnKind.EMAIL: ((6, 6),),
}
_KINDS = frozenset(
    {
        ColumnKind.NAME,
        ColumnKind.TEXT,
        ColumnKind.IDENTIFIER,
        ColumnKind.EMAIL,
        ColumnKind.PLACE_CODE,
        ColumnKind.DATE,
        ColumnKind.YEAR,
        ColumnKind.SHORT_NUMBER,
        ColumnKind.CATEGORY,
        ColumnKind.SEX,
    }
)


@dataclass(frozen=True, slots=True)
class ProposedRule:
    """
    A rule and what it costs.

    Attributes:
        keys: What must be equal; empty: nothing, every pair is compared.
        n_pairs: Pairs it proposes, matches and those of other rules included; an estimate in large tables.
    """

    keys: tuple[Expression, ...]
    n_pairs: int


@dataclass(frozen=True, slots=True)
class _Key:
    """An expression, its codes in the rows that are counted, and how often two random values agree."""

    expression: Expression
    left: IntArray
    right: IntArray
    chance: float


def expression_of(part: ColumnProfile) -> Expression:
    """The column of a profile, under the name it has in each table."""
    other = None if part.right_column == part.column else part.right_column
    return Expression(column=part.column, right_column=other)


def propose_rules(
    columns: Columns,
    parts: Sequence[ColumnProfile],
    *,
    swapped: Mapping[str, ColumnProfile],
    seed: int,
) -> tuple[ProposedRule, ...]:
    """
    Rules that together miss few matches: every selective key alone, else the best combinations of two or three.

    Rules are taken one at a time while the budget of pairs lasts: that which finds most further matches a pair, among
    matches imagined with errors and missing values (`linkage.proposal.imagined`), until most are found several times.

    Args:
        columns: The tables.
        parts: Profiles of the columns that are compared.
        swapped: Name columns whose values stand in each other's place, by the left column.
        seed: Seed of the sample of rows that is counted in large tables.

    Returns:
        The rules in the order in which they were taken; one without keys where every pair can be compared; none
        where nothing is selective enough.
    """
    n_left, n_right = columns.left.num_rows, columns.right.num_rows
    n_possible = n_left * (n_left - 1) // 2 if columns.within else n_left * n_right
    if n_possible <= EVERY_PAIR:
        return (ProposedRule((), n_possible),)
    budget = max(_AFFORDABLE, _PAIRS_A_RECORD * (n_left + n_right))
    rows = _sample(columns, seed=seed)
    keys = _different([_key(columns, expression, rows) for expression in _expressions(parts, swapped)])
    scale = n_possible / max(_n_pairs(rows, within=columns.within), 1.0)
    offers = [
        ProposedRule(tuple(key.expression for key in group), round(scale * _count(group, within=columns.within)))
        for group in _affordable(keys, n_possible=n_possible, budget=budget)
    ]
    imagined = ImaginedMatches(parts, swapped=swapped, seed=seed)
    return _choose([rule for rule in offers if rule.n_pairs <= _LARGEST_PART * budget], imagined, budget=budget)


def _sample(columns: Columns, *, seed: int) -> tuple[IntArray, IntArray]:
    draw = stream("rule-rows", seed=seed)
    left = np.sort(draw.permutation(columns.left.num_rows)[:_ROWS])
    right = left if columns.within else np.sort(draw.permutation(columns.right.num_rows)[:_ROWS])
    return left, right


def _n_pairs(rows: tuple[IntArray, IntArray], *, within: bool) -> float:
    n_left, n_right = len(rows[0]), len(rows[1])
    return n_left * (n_left - 1) / 2.0 if within else float(n_left) * n_right


def _expressions(parts: Sequence[ColumnProfile], swapped: Mapping[str, ColumnProfile]) -> Iterator[Expression]:
    """What a rule may ask for: whole values, beginnings and ends, sounds, parts of dates, names crosswise."""
    for part in parts:
        if part.kind not in _KINDS:
            continue
        column = expression_of(part)
        if part.kind is ColumnKind.DATE:
            yield from (column.then("date"), column.then("year"), column.then("month_day"))
            continue
        yield column.then("folded")
        if part.kind is ColumnKind.NAME:
            yield column.then("phonetic")
        for first, last in _LETTERS.get(part.kind, ()):
            yield column.then("first_letters", first)
            if last:
                yield column.then("last_letters", last)
        partner = swapped.get(part.column)
        if partner is not None:
            crossed = Expression(column=part.column, right_column=partner.right_column)
            yield from (crossed.then("folded"), crossed.then("phonetic"))


def _key(columns: Columns, expression: Expression, rows: tuple[IntArray, IntArray]) -> _Key:
    codes = columns.codes(expression, user="proposed rule")
    left, right = codes.left[rows[0]].astype(np.int64), codes.right[rows[1]].astype(np.int64)
    both = np.bincount(left[left >= 0], minlength=len(codes)).astype(np.float64)
    agree = float((both * np.bincount(right[right >= 0], minlength=len(codes))).sum())
    return _Key(expression, left, right, agree / max(float(len(left)) * len(right), 1.0))


def _different(keys: Sequence[_Key]) -> list[_Key]:
    """Without those that are as selective as an earlier one of the same columns: the last letters of short values."""
    out: list[_Key] = []
    for key in keys:
        columns = (key.expression.column, key.expression.right_column)
        same = [kept for kept in out if (kept.expression.column, kept.expression.right_column) == columns]
        if all(abs(key.chance - kept.chance) > _SAME * kept.chance for kept in same):
            out.append(key)
    return out


def _affordable(keys: Sequence[_Key], *, n_possible: int, budget: int) -> list[tuple[_Key, ...]]:
    """Combinations whose expected number of pairs is within the budget, and no part of which alone is cheap."""
    held: list[tuple[float, tuple[_Key, ...]]] = []
    cheap: list[frozenset[str]] = []
    for size in (1, 2, 3):
        for group in combinations(keys, size):
            expected = float(np.prod([key.chance for key in group])) * n_possible
            if not 0 < expected <= budget or len({key.expression.column for key in group}) < size:
                continue
            texts = frozenset(key.expression.text for key in group)
            if not any(less < texts for less in cheap):
                held.append((expected, group))
                if expected <= _CHEAP * budget:
                    cheap.append(texts)
    held.sort(key=lambda offer: (offer[0], [key.expression.text for key in offer[1]]))
    return [group for _, group in held[:_MOST_COUNTED]]


def _count(group: Sequence[_Key], *, within: bool) -> float:
    """Pairs of the counted rows that agree on all keys; within one table each once."""
    left, right = group[0].left, group[0].right
    for key in group[1:]:
        width = int(max(key.left.max(initial=0), key.right.max(initial=0))) + 1
        left = np.where((left >= 0) & (key.left >= 0), left * width + key.left, -1)
        right = np.where((right >= 0) & (key.right >= 0), right * width + key.right, -1)
        _, dense = np.unique(np.concatenate([[-1], left, right]), return_inverse=True)
        dense = dense.reshape(-1).astype(np.int64) - 1
        left, right = dense[1 : len(left) + 1], dense[len(left) + 1 :]
    size = int(max(left.max(initial=0), right.max(initial=0))) + 1
    ours = np.bincount(left[left >= 0], minlength=size).astype(np.float64)
    n_pairs = float((ours * np.bincount(right[right >= 0], minlength=size)).sum())
    if not within:
        return n_pairs
    n_itself = float(((left == right) & (left >= 0)).sum())
    return (n_pairs - n_itself) / 2.0


def _choose(offers: Sequence[ProposedRule], imagined: ImaginedMatches, *, budget: int) -> tuple[ProposedRule, ...]:
    """The rules that are taken; finding a match again is worth less each time, but not nothing."""
    finds = {rule: _found(rule, imagined) for rule in sorted(offers, key=_text)}
    worth = np.ones(imagined.n)
    chosen: list[ProposedRule] = []
    least = _COST_OF_A_RULE * budget
    while len(chosen) < _MOST_RULES:
        waiting = [rule for rule in finds if rule not in chosen and rule.n_pairs <= budget]
        gains = {rule: float(worth[finds[rule]].sum()) for rule in waiting}
        best = max(waiting, key=lambda rule: gains[rule] / (rule.n_pairs + least), default=None)
        if best is None or gains[best] < _LEAST_FOUND:
            break
        chosen.append(best)
        worth = np.where(finds[best], worth * _AGAIN, worth)
        budget -= best.n_pairs
    return tuple(rule for rule in chosen if not _covered(rule, [other for other in chosen if other is not rule]))


def _found(rule: ProposedRule, imagined: ImaginedMatches) -> BoolArray:
    out: BoolArray = np.ones(imagined.n, dtype=bool)
    for key in rule.keys:
        out &= imagined.agree(key)
    return out


def _text(rule: ProposedRule) -> str:
    return " & ".join(key.text for key in rule.keys)


def _covered(rule: ProposedRule, chosen: Sequence[ProposedRule]) -> bool:
    """Whether a chosen rule already proposes all its pairs."""
    return any(all(any(_implies(key, asked) for key in rule.keys) for asked in other.keys) for other in chosen)


def _implies(key: Expression, other: Expression) -> bool:
    """Whether records that agree on `key` agree on `other`: it is the same, or made of the whole value."""
    if key == other:
        return True
    whole = {step.kind for step in key.transforms} <= {"folded", "date"}
    return whole and (key.column, key.right_column) == (other.column, other.right_column)
