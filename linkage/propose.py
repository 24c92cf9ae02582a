"""
Settings made from the data: what each column holds, how it is compared, which pairs are worth comparing.

Nothing here looks at headers except to pair the columns of the two tables. Opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa

from linkage.blocking.candidates import Candidates
from linkage.blocking.rules import BlockingRule, Key, Transform
from linkage.comparison.codes import CodeSetComparison
from linkage.comparison.dates import DateComparison
from linkage.comparison.folding import fold
from linkage.comparison.names import NameComparison
from linkage.comparison.numbers import NumberComparison
from linkage.comparison.text import ExactComparison, PrefixComparison, TextComparison
from linkage.dependence import told_by_another
from linkage.model.chance import agreement_by_chance
from linkage.profile import ColumnKind, ColumnProfile, find_id, profile
from linkage.settings import AnyComparison, BadSettings, LinkSettings, LinkType

__all__ = ["propose"]

_EVERY_PAIR = 2_000_000  # so few pairs are all compared
_PAIRS_A_RECORD = 60  # candidate pairs a record, all rules together
_MOST_RULES = 16
_LEAST_PRESENT = 0.05
_BLOCKING_KINDS = {
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


def propose(
    left: pa.Table, right: pa.Table | None = None, *, link_type: LinkType | None = None, seed: int = 20_260_101
) -> LinkSettings:
    """
    Settings for two tables, or for the duplicates of one.

    Args:
        left: The left table.
        right: The right table; None for duplicates within `left`.
        link_type: How many partners a record may have; one to one unless told, duplicates for one table.
        seed: Seed of the random streams.

    Raises:
        BadSettings: If the tables have no column in common that can be compared.
    """
    within = right is None
    other = left if right is None else right
    used = [part for part in _profiles(left, other, within=within) if _comparable(part)]
    told = told_by_another(left, used, seed=seed)
    used = [part for part in used if part.column not in told]
    if not used:
        raise BadSettings("no column to compare: expected columns of the same name in both tables, with values")
    swapped = _swapped_names(left, other, used)
    return LinkSettings(
        link_type=link_type or (LinkType.DEDUPE if within else LinkType.ONE_TO_ONE),
        left_id=find_id(left),
        right_id=find_id(other),
        comparisons=tuple(_comparison(part, swapped=swapped) for part in used),
        blocking=_rules(left, right, used, swapped=swapped),
        seed=seed,
    )


def _profiles(left: pa.Table, right: pa.Table, *, within: bool) -> list[ColumnProfile]:
    """Profiles of the columns both tables have, by name without regard to case and punctuation."""
    there = {fold(name): name for name in right.column_names}
    return [
        profile(left, right, column=name, right_column=there[fold(name)], within=within)
        for name in left.column_names
        if fold(name) in there
    ]


def _comparable(part: ColumnProfile) -> bool:
    return part.kind not in {ColumnKind.ROW_ID, ColumnKind.CONSTANT} and part.present >= _LEAST_PRESENT


def _swapped_names(left: pa.Table, right: pa.Table, used: Sequence[ColumnProfile]) -> dict[str, ColumnProfile]:
    """Name columns whose values stand in each other's place in more rows than chance has it."""
    names = [part for part in used if part.kind is ColumnKind.NAME]
    found: dict[str, ColumnProfile] = {}
    for one, two in combinations(names, 2):
        if one.column in found or two.column in found:
            continue
        keys = (
            Key(column=one.column, right_column=two.right_column),
            Key(column=two.column, right_column=one.right_column),
        )
        bound = BlockingRule(keys=keys).bind(left, right)
        n_crossed = int((bound.counts(bound.left) * bound.counts(bound.right)).sum())
        chances = [agreement_by_chance(key.encode(left, right, rule="names"), within=False) or 0.0 for key in keys]
        if n_crossed >= max(5.0, 3 * chances[0] * chances[1] * left.num_rows * right.num_rows):
            found[one.column], found[two.column] = two, one
    return found


def _comparison(part: ColumnProfile, *, swapped: dict[str, ColumnProfile]) -> AnyComparison:
    where = {
        "name": part.column,
        "column": part.column,
        "right_column": None if part.right_column == part.column else part.right_column,
    }
    match part.kind:
        case ColumnKind.DATE:
            return DateComparison(**where, term_frequency=False)
        case ColumnKind.CODE_SET:
            return CodeSetComparison(**where)
        case ColumnKind.DECIMAL:
            return NumberComparison(**where, within=(0.2, 0.05, 0.0), relative=True)
        case ColumnKind.PLACE_CODE:
            return PrefixComparison(**where, lengths=(2, 3), term_frequency=True)
        case ColumnKind.YEAR:
            return NumberComparison(**where, within=(10.0, 1.0, 0.0))
        case ColumnKind.IDENTIFIER | ColumnKind.EMAIL:
            return TextComparison(**where, measure="levenshtein", thresholds=(0.6, 0.8))
        case ColumnKind.SEX | ColumnKind.CATEGORY | ColumnKind.SHORT_NUMBER:
            return ExactComparison(**where, folded=True, term_frequency=part.n_distinct > 2)
        case ColumnKind.NAME:
            partner = swapped.get(part.column)
            return NameComparison(
                **where,
                swapped_with=partner.column if partner else None,
                swapped_with_right=partner.right_column if partner and partner.right_column != partner.column else None,
                term_frequency=True,
            )
        case _:
            return TextComparison(**where, thresholds=(0.8, 0.92), term_frequency=True)


def _key(part: ColumnProfile, transform: Transform = "folded", length: int = 4) -> Key:
    right = None if part.right_column == part.column else part.right_column
    return Key(column=part.column, right_column=right, transform=transform, length=length)


def _rules(
    left: pa.Table, right: pa.Table | None, used: Sequence[ColumnProfile], *, swapped: dict[str, ColumnProfile]
) -> tuple[BlockingRule, ...]:
    """
    Rules that together miss few matches: every selective column alone, else the best combinations.

    Rules are taken cheapest first while the budget of pairs lasts; a rule on columns that already have many
    rules waits, so that no single wrong column hides a match from all rules.
    """
    other = left if right is None else right
    n_possible = left.num_rows * other.num_rows
    if n_possible <= _EVERY_PAIR:
        return (BlockingRule(keys=()),)
    budget = _PAIRS_A_RECORD * (left.num_rows + other.num_rows)
    parts = [part for part in used if part.kind in _BLOCKING_KINDS]
    offered = [BlockingRule(keys=keys) for keys in _offers(parts, swapped, n_possible=n_possible, budget=budget)]
    if not offered:
        raise BadSettings("no column is selective enough to block on: give blocking rules in a settings file")
    counted = {rule: count for rule, count in _counts(left, right, offered) if count <= budget // 2}
    chosen: list[BlockingRule] = []
    uses: dict[str, int] = {}
    while counted and len(chosen) < _MOST_RULES:
        best = min(counted, key=lambda rule: (counted[rule] * 4 ** max(_uses(rule, uses)), rule.name))
        if counted[best] <= budget:
            chosen.append(best)
            budget -= counted[best]
            for key in best.keys:
                uses[key.column] = uses.get(key.column, 0) + 1
        counted = {
            rule: n for rule, n in counted.items() if rule is not best and n <= budget and not _covered(rule, chosen)
        }
    if not chosen:
        raise BadSettings("no affordable blocking rule was found: give blocking rules in a settings file")
    return tuple(chosen)


def _uses(rule: BlockingRule, uses: dict[str, int]) -> list[int]:
    return [uses.get(key.column, 0) for key in rule.keys]


def _covered(rule: BlockingRule, chosen: Sequence[BlockingRule]) -> bool:
    """Whether a chosen rule already proposes all its pairs."""
    return any(set(other.keys) <= set(rule.keys) for other in chosen)


def _offers(
    parts: Sequence[ColumnProfile], swapped: dict[str, ColumnProfile], *, n_possible: int, budget: int
) -> list[tuple[Key, ...]]:
    """Key combinations whose expected number of pairs is within the budget."""
    single: list[tuple[Key, float]] = []
    for part in parts:
        single.append((_key(part), part.chance))
        if part.kind is ColumnKind.NAME:
            single += [(_key(part, "phonetic"), 3 * part.chance), (_key(part, "first_letters", 3), 5 * part.chance)]
        if part.kind is ColumnKind.DATE:
            single += [(_key(part, "year"), 1 / 60), (_key(part, "month_day"), 1 / 200)]
    for part in parts:
        partner = swapped.get(part.column)
        if partner is not None:
            single.append((Key(column=part.column, right_column=partner.right_column), part.chance / 2))
    held: list[tuple[Key, ...]] = []
    for size in (1, 2, 3):
        for group in combinations(single, size):
            keys = tuple(key for key, _ in group)
            chance = float(np.prod([chance for _, chance in group]))
            one_each = len({key.column for key in keys}) == size
            if one_each and chance * n_possible <= budget and not any(set(less) < set(keys) for less in held):
                held.append(keys)
    return held


def _counts(left: pa.Table, right: pa.Table | None, rules: Sequence[BlockingRule]) -> list[tuple[BlockingRule, int]]:
    """Exact number of pairs of each rule."""
    plan = Candidates(left, right, rules=rules).plan()
    return [(rule, count.n_pairs) for rule, count in zip(rules, plan.rules, strict=True)]
