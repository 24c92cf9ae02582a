"""Candidate pairs: those of all rules, each once, counted before, refused over budget."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_schema.errors import ExitCode
from linkage.blocking import BlockingRule, BudgetExceeded, Candidates, RuleCount
from linkage.columns import Expression
from linkage.columns.phonetic import cologne

Rows = list[tuple[str | None, str | None]]
FEW = st.sampled_from(["ada", "ädä", "bob", "Bob", "", None])
ROWS = st.lists(st.tuples(FEW, FEW), min_size=1, max_size=9)
RULES = [
    BlockingRule(keys=(Expression(column="a").then("folded"),)),
    BlockingRule(keys=(Expression(column="a").then("first_letters", 1), Expression(column="b").then("folded"))),
    BlockingRule(keys=(Expression(column="a", right_column="b").then("folded"),)),
    BlockingRule(keys=(Expression(column="b").then("phonetic"),)),
]


def table(rows: Rows) -> pa.Table:
    return pa.table(
        {"a": pa.array([a for a, _ in rows], pa.string()), "b": pa.array([b for _, b in rows], pa.string())}
    )


def made(key: Expression, text: str) -> str | None:
    values = pa.array([text], pa.string())
    for step in key.transforms:
        values = step.apply(values)
    return values[0].as_py()


def by_hand(rule: BlockingRule, left: dict[str, str | None], right: dict[str, str | None]) -> bool:
    for key in rule.keys:
        a, b = left[key.column], right[key.right_column or key.column]
        if not a or not b or not made(key, a) or made(key, a) != made(key, b):
            return False
    return True


@settings(max_examples=80, deadline=None)
@given(one=ROWS, two=ROWS, rules=st.lists(st.sampled_from(RULES), min_size=1, max_size=4), size=st.integers(1, 7))
def test_several_rules_propose_what_any_of_them_does_and_no_pair_twice(
    one: Rows,
    two: Rows,
    rules: list[BlockingRule],
    size: int,
) -> None:
    left, right = table(one), table(two)
    batches = list(Candidates(left, right, rules=rules).batches(size=size))
    found = [pair for batch in batches for pair in zip(batch.left.tolist(), batch.right.tolist(), strict=True)]
    wanted = {
        (i, j)
        for i, a in enumerate(left.to_pylist())
        for j, b in enumerate(right.to_pylist())
        if any(by_hand(rule, a, b) for rule in rules)
    }
    assert sorted(found) == sorted(wanted)
    assert all(len(batch.left) <= size for batch in batches)


@settings(max_examples=80, deadline=None)
@given(one=ROWS, rules=st.lists(st.sampled_from(RULES), min_size=1, max_size=4), size=st.integers(1, 7))
def test_within_one_table_each_pair_comes_once_and_no_record_meets_itself(
    one: Rows, rules: list[BlockingRule], size: int
) -> None:
    records = table(one)
    batches = Candidates(records, None, rules=rules).batches(size=size)
    found = [pair for batch in batches for pair in zip(batch.left.tolist(), batch.right.tolist(), strict=True)]
    held = records.to_pylist()
    wanted = {
        (i, j)
        for i in range(len(held))
        for j in range(i + 1, len(held))
        if any(by_hand(rule, held[i], held[j]) or by_hand(rule, held[j], held[i]) for rule in rules)
    }
    assert sorted(found) == sorted(wanted)


def test_the_plan_counts_pairs_without_forming_them() -> None:
    left, right = table([("ada", "x"), ("ada", "y"), ("bob", "z")]), table([("ÄDA", "x"), ("ada", None), (None, "z")])
    plan = Candidates(left, right, rules=[RULES[0], RULES[1]]).plan()
    assert plan.rules[0] == RuleCount(rule="folded(a)", n_pairs=2, n_blocks=1, largest_block=2)
    assert plan.n_possible == 9


def test_a_plan_over_budget_is_refused_with_its_numbers() -> None:
    many = table([("ada", "x")] * 100)
    plan = Candidates(many, many, rules=[RULES[0]]).plan()
    said = r"proposes 10,000 pairs, the budget is max_pairs = 9,999.*'folded\(a\)'"
    with pytest.raises(BudgetExceeded, match=said) as caught:
        plan.check(max_pairs=9_999)
    assert caught.value.exit_code is ExitCode.BUDGET


def test_a_rule_without_expressions_proposes_every_pair() -> None:
    few = table([("ada", None), (None, None), ("bob", "x")])
    rule = BlockingRule(keys=())
    (batch,) = Candidates(few, None, rules=[rule]).batches()
    assert list(zip(batch.left.tolist(), batch.right.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    assert rule.name == "every pair"


def test_a_share_of_the_left_records_gives_their_pairs_only() -> None:
    many = table([("ada", "x")] * 4)
    only = np.array([True, False, False, True])
    (batch,) = Candidates(many, many, rules=[RULES[0]]).batches(only=only)
    assert sorted(set(batch.left.tolist())) == [0, 3]
    assert len(batch.left) == 8


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Müller", "657"),
        ("Müller-Lüdenscheidt", "65752682"),
        ("Schmidt", "862"),
        ("Zimmermann", "86766"),
        ("Christopher", "478237"),
        ("Breschnew", "17863"),
        ("Wikipedia", "3412"),
        ("Meyer", "67"),
        ("Maier", "67"),
        ("", ""),
    ],
)
def test_cologne_phonetics_gives_the_published_codes(name: str, code: str) -> None:
    assert cologne(name) == code


def test_month_and_day_block_with_each_other_exchanged() -> None:
    left, right = pa.table({"d": ["2015-03-10", "2015-03-11"]}), pa.table({"d": ["10.03.2015", "2015-10-03"]})
    rule = BlockingRule(keys=(Expression(column="d").then("month_day"),))
    (batch,) = Candidates(left, right, rules=[rule]).batches()
    assert list(zip(batch.left.tolist(), batch.right.tolist(), strict=True)) == [(0, 0), (0, 1)]
