"""Rules of every kind propose what reading them pair by pair does: once each, nulls never, in bounded batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from linkage.blocking import BlockingRule, Candidates, RuleGain, block_on
from linkage.blocking.keys import Part, dense_keys
from linkage.columns import BadExpression, ColumnMissing, Columns, Expression, WrongColumn

Row = dict[str, str | list[str | None] | None]
FEW = st.sampled_from(["ada", "alf", "bob", "c", None])
ARRAYS = st.one_of(st.none(), st.lists(st.sampled_from(["x", "y", "z", None]), max_size=3))
ROWS = st.lists(st.fixed_dictionaries({"a": FEW, "b": FEW, "l": ARRAYS}), min_size=1, max_size=8)


def table(rows: list[Row]) -> pa.Table:
    kinds = {"a": pa.string(), "b": pa.string(), "l": pa.list_(pa.string())}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})


def equal(one: object, two: object) -> bool:
    return one is not None and one == two


def some_common(one: Row, two: Row) -> bool:
    return bool({x for x in one["l"] or () if x} & {x for x in two["l"] or () if x})


def head(text: object) -> str | None:
    return str(text)[:1] if text is not None else None


Reading = Callable[[Row, Row], bool]
KINDS: list[tuple[BlockingRule, Reading]] = [
    (block_on("a", "b"), lambda x, y: equal(x["a"], y["a"]) and equal(x["b"], y["b"])),
    (block_on("substr(a, 1, 1)", salting_partitions=4), lambda x, y: equal(head(x["a"]), head(y["a"]))),
    (block_on("l.a = r.b"), lambda x, y: equal(x["a"], y["b"])),
    (block_on("l", arrays_to_explode=["l"]), some_common),
    (block_on("l", "a", arrays_to_explode=["l"]), lambda x, y: some_common(x, y) and equal(x["a"], y["a"])),
    (
        block_on("l.a = r.a and l.b < r.b"),
        lambda x, y: equal(x["a"], y["a"]) and x["b"] is not None and y["b"] is not None and str(x["b"]) < str(y["b"]),
    ),
    (
        block_on("length(l.a) > length(r.b)"),
        lambda x, y: x["a"] is not None and y["b"] is not None and len(x["a"]) > len(y["b"]),
    ),
]


def pairs(candidates: Candidates, *, size: int = 5) -> list[tuple[int, int]]:
    batches = list(candidates.batches(size=size))
    assert all(len(batch.left) <= size for batch in batches)
    return [pair for batch in batches for pair in zip(batch.left.tolist(), batch.right.tolist(), strict=True)]


@settings(max_examples=50, deadline=None)
@given(
    one=ROWS, two=ROWS, chosen=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique_by=lambda k: k[0].name)
)
def test_between_tables_each_pair_of_any_rule_comes_once(
    one: list[Row], two: list[Row], chosen: list[tuple[BlockingRule, Reading]]
) -> None:
    candidates = Candidates(table(one), table(two), rules=[rule for rule, _ in chosen])
    wanted = [[(i, j) for i, x in enumerate(one) for j, y in enumerate(two) if reading(x, y)] for _, reading in chosen]
    assert sorted(pairs(candidates)) == sorted({pair for found in wanted for pair in found})
    assert [rule.n_pairs for rule in candidates.plan().rules] == [len(found) for found in wanted]


@settings(max_examples=50, deadline=None)
@given(
    rows=ROWS,
    chosen=st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique_by=lambda k: k[0].name),
    codes=st.one_of(st.none(), st.lists(st.integers(0, 2), min_size=8, max_size=8)),
)
def test_within_a_table_a_rule_may_hold_in_either_order_and_rows_kept_apart_never_meet(
    rows: list[Row], chosen: list[tuple[BlockingRule, Reading]], codes: list[int] | None
) -> None:
    apart = None if codes is None else np.array(codes[: len(rows)])
    candidates = Candidates(Columns(table(rows)), rules=[rule for rule, _ in chosen], apart=apart)
    allowed = [
        (i, j)
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
        if apart is None or int(apart[i]) != int(apart[j])
    ]
    wanted = [
        [(i, j) for i, j in allowed if reading(rows[i], rows[j]) or reading(rows[j], rows[i])] for _, reading in chosen
    ]
    assert sorted(pairs(candidates)) == sorted({pair for found in wanted for pair in found})
    plan = candidates.plan()
    assert [rule.n_pairs for rule in plan.rules] == [len(found) for found in wanted]
    assert plan.n_possible == len(allowed)
    union = {pair for found in wanted for pair in found}
    for gain, found in zip(candidates.gains(), wanted, strict=True):
        others = {pair for other in wanted if other is not found for pair in other}
        assert (gain.n_pairs, gain.n_alone) == (len(found), len(set(found) - others))
    assert sum(gain.n_added for gain in candidates.gains()) == len(union)


@settings(max_examples=40, deadline=None)
@given(one=ROWS, two=st.one_of(st.none(), ROWS), window=st.sampled_from([3, 5]))
def test_sorted_neighbours_are_some_places_apart_among_the_values_of_both_tables(
    one: list[Row], two: list[Row] | None, window: int
) -> None:
    right = one if two is None else two
    places = {value: place for place, value in enumerate(sorted({str(r["a"]) for r in [*one, *right] if r["a"]}))}
    wanted = [
        (i, j)
        for i, x in enumerate(one)
        for j, y in enumerate(right)
        if x["a"] and y["a"] and abs(places[str(x["a"])] - places[str(y["a"])]) <= window // 2 and (two or i < j)
    ]
    candidates = Candidates(table(one), None if two is None else table(two), rules=[block_on("a", window=window)])
    assert sorted(pairs(candidates)) == wanted


def test_a_hot_block_is_split_on_both_sides() -> None:
    hot = pa.table({"a": ["x"] * 300})
    sizes = [
        len(batch.left)
        for batch in Candidates(hot, pa.table({"a": ["x"] * 200}), rules=[block_on("a")]).batches(size=70)
    ]
    assert (sum(sizes), max(sizes)) == (60_000, 70)


def test_gains_tell_what_a_rule_adds_and_finds_alone() -> None:
    left = pa.table({"a": ["x", "x", "y"], "b": ["p", "q", "q"]})
    gains = Candidates(left, left, rules=[block_on("a"), block_on("b")]).gains()
    assert gains == (RuleGain("a", 5, 5, 2), RuleGain("b", 5, 2, 2))


def test_the_largest_blocks_are_told_by_their_sizes_alone() -> None:
    candidates = Candidates(
        pa.table({"a": ["x", "x", "y"]}), pa.table({"a": ["x", "y", "y", "y"]}), rules=[block_on("a")]
    )
    assert candidates.largest_blocks(2) == [(1, 3, 3), (2, 1, 2)]


def test_splinks_text_becomes_keys_and_a_filter() -> None:
    rule = block_on("l.a = r.a AND substr(r.b, 1, 2) = substr(l.b, 1, 2) AND levenshtein(l.c, r.c) < 2")
    assert rule.keys == (Expression(column="a"), Expression(sql="SUBSTRING(b, 1, 2)"))
    assert rule.filter == "LEVENSHTEIN(l.c, r.c) < 2"
    assert BlockingRule.model_validate("l.a = r.a") == block_on("a")


@pytest.mark.parametrize("text", ["L.a = R.a", "l.a = r.a and 1 = 1", "not (L.a <> r.a) and 1 = 1"])
def test_sides_may_be_capitals_and_a_condition_may_read_no_column(text: str) -> None:
    columns = Columns(pa.table({"a": ["x", "y", "x", None]}))
    batches = Candidates(columns, rules=[block_on(text)]).batches()
    assert [(batch.left.tolist(), batch.right.tolist()) for batch in batches] == [([0], [2])]


def test_rules_have_names_and_come_back_from_json() -> None:
    rule = block_on("a", "lower(b)", arrays_to_explode=["a"], salting_partitions=2)
    assert rule.name == "a & lower(b) & any of a"
    assert BlockingRule.model_validate_json(rule.model_dump_json()) == rule
    assert block_on("a", Expression(column="b").lower(), window=5).name == "a & lower(b) within 2 places"


@pytest.mark.parametrize("text", ["l.a = r.a and b = 1", "l.a == and", "x.a = r.a"])
def test_text_that_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(BadExpression, match="expected"):
        block_on(text)


@pytest.mark.parametrize("wrong", [{"keys": [], "window": 3}, {"keys": ["a"], "window": 4}, {"key": []}])
def test_a_rule_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BlockingRule.model_validate(wrong)


def test_a_missing_column_is_told_with_the_rule() -> None:
    with pytest.raises(ColumnMissing, match=r"blocking rule 'a & z': expected a column 'z', the table has: a"):
        Candidates(pa.table({"a": ["x"]}), rules=[block_on("a", "z")])


def test_only_arrays_can_be_exploded() -> None:
    with pytest.raises(WrongColumn, match="explode expects 'a' to be a column of arrays"):
        Candidates(pa.table({"a": ["x"]}), rules=[block_on("a", arrays_to_explode=["a"])])


@settings(max_examples=40, deadline=None)
@given(
    codes=st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=9),
    n_values=st.sampled_from([3, 40_000, 4_000_000]),
)
def test_dense_keys_are_equal_where_all_codes_are_and_missing_where_one_is(
    codes: list[tuple[int, int, int]], n_values: int
) -> None:
    columns = [np.array(column, dtype=np.int32) for column in zip(*codes, strict=True)]
    parts = [Part(column, column[::-1].copy(), n_values) for column in columns]
    keys = dense_keys(parts, n_left=len(codes), n_right=len(codes))
    for i, one in enumerate(codes):
        for j, two in enumerate(codes[::-1]):
            agree = one == two and min(one) >= 0
            assert agree == bool(keys.left[i] == keys.right[j] and keys.left[i] >= 0)
    assert max(keys.left.max(), keys.right.max()) < keys.n_keys


def test_keys_of_very_many_possible_values_do_not_run_over() -> None:
    n_values = 1 << 22
    high = np.array([0, 1 << 20], dtype=np.int32)  # 2^20 x 2^22 x 2^22 is 0 in 64 bits
    zero = np.zeros(2, dtype=np.int32)
    parts = [Part(high, high.copy(), n_values), Part(zero, zero.copy(), n_values), Part(zero, zero.copy(), n_values)]
    keys = dense_keys(parts, n_left=2, n_right=2)
    assert keys.left.tolist() == keys.right.tolist()
    assert len(set(keys.left.tolist())) == 2
