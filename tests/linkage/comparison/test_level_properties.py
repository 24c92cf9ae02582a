"""Of every comparison: one level a pair, whichever side comes first; the quick look agrees; logic as in SQL."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import comparison_level_library as cll
from linkage import comparison_library as cl
from linkage.columns.sql import holds
from linkage.comparison.comparison import Comparison
from linkage.comparison.levels import AnyLevel
from tests.linkage.comparison.levels import every_pair

TEXT = st.one_of(
    st.none(),
    st.text("abcmüßé -", max_size=8),
    st.dates().map(str),
    st.integers(0, 30).map(str),
    st.sampled_from(["Q210 I10", "Q211", "I10;Z00", "3.10.2015", "von der Au", "a@b.de"]),
)
SYMMETRIC: list[Comparison] = [
    cl.ExactMatch("x"),
    cl.LevenshteinAtThresholds("x"),
    cl.DamerauLevenshteinAtThresholds("x"),
    cl.JaccardAtThresholds("x"),
    cl.QGramDiceAtThresholds("x"),
    cl.JaroAtThresholds("x"),
    cl.JaroWinklerAtThresholds("x"),
    cl.TextComparison("x", [0.75, 0.5], measure="levenshtein"),
    cl.PrefixComparison("x"),
    cl.DateComparison("x", default_dates=["0101"]),
    cl.DateOfBirthComparison("x", input_is_string=True, swapped_day_month=True),
    cl.NumericDifferenceAtThresholds("x", [0, 1, 5]).configure(name="n"),
    cl.CodeSetComparison("x"),
    cl.ArrayJaccardAtThresholds("x"),
    cl.GermanNameComparison("x", swapped_with="y", sounds_alike=True),
    cl.ForenameSurnameComparison("x", "y", swapped_thresholds=[0.8]),
    cl.EmailComparison("x"),
    cl.PlaceComparison("x", "y"),
    cl.ExactMatch("x").configure(null="sides"),
]
SHARED_VALUES = ["1", "2.5", "17"]  # so that a column of numbers always holds some


@settings(max_examples=10, deadline=None)
@given(values=st.lists(TEXT, min_size=2, max_size=9))
@pytest.mark.parametrize("comparison", SYMMETRIC, ids=lambda part: part.description or part.name)
def test_a_pair_has_exactly_one_level_whichever_side_comes_first(
    values: list[str | None], comparison: Comparison
) -> None:
    column = [*values, *(SHARED_VALUES if comparison.name == "n" else [])]
    table = pa.table({"x": pa.array(column, pa.string()), "y": pa.array(column[::-1], pa.string())})
    within, between = every_pair(comparison, table), every_pair(comparison, table, table)
    assert within.tolist() == between.tolist() == within.T.tolist()
    assert within.min() >= -1
    assert within.max() < len(comparison.level_names)
    if comparison.level_names[-1] == "exact" and "missing_one" not in comparison.level_names:
        assert set(np.diag(within).tolist()) <= {-1, len(comparison.level_names) - 1}


LEAVES: list[tuple[AnyLevel, str]] = [
    (cll.ExactMatchLevel("x"), "x_l = x_r"),
    (cll.NullLevel("x"), "x_l is null or x_r is null"),
    (cll.ExactMatchLevel("y"), "y_l = y_r"),
    (cll.LiteralMatchLevel("y", "a"), "y_l = 'a' and y_r = 'a'"),
    (cll.LiteralMatchLevel("y", "a", side_of_comparison="left"), "y_l = 'a'"),
    (cll.JaroWinklerLevel("x", 0.8), "jaro_winkler_similarity(x_l, x_r) >= 0.8"),
    (cll.LevenshteinLevel("y", 1), "levenshtein(y_l, y_r) <= 1"),
    (cll.ColumnsReversedLevel("x", "y"), "x_l = y_r"),
    (cll.CustomLevel("length(x_l) = length(y_r)"), "length(x_l) = length(y_r)"),
]


def _joined(parts: list[tuple[AnyLevel, str]], word: str) -> tuple[AnyLevel, str]:
    made = (cll.And if word == "and" else cll.Or)(*(level for level, _ in parts))
    return made, f" {word} ".join(f"({sql})" for _, sql in parts)


LOGIC = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.builds(_joined, st.lists(inner, min_size=1, max_size=3), st.sampled_from(["and", "or"])),
        inner.map(lambda part: (cll.Not(part[0]), f"not ({part[1]})")),
    ),
    max_leaves=5,
)
CELL = st.one_of(st.none(), st.text("ab", min_size=1, max_size=3))


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4), logic=LOGIC)
def test_levels_combine_as_conditions_in_sql_do_missing_values_included(
    rows: list[tuple[str | None, str | None]], logic: tuple[AnyLevel, str]
) -> None:
    level, sql = logic
    table = pa.table(
        {"x": pa.array([x for x, _ in rows], pa.string()), "y": pa.array([y for _, y in rows], pa.string())}
    )
    n = len(rows)
    sided = {
        f"{name}_{side}": table.column(name).take(pa.array(at))
        for side, at in (("l", np.repeat(np.arange(n), n)), ("r", np.tile(np.arange(n), n)))
        for name in ("x", "y")
    }
    told = holds(pa.table(sided), sql).reshape(n, n)
    # a level that can never hold keeps the comparison complete where `level` says that a value is missing
    never = cll.CustomLevel("x_l = x_r and x_l <> x_r")
    comparison = cl.CustomComparison([level, never, cll.ElseLevel()], "own")
    found = every_pair(comparison, table)
    assert (found != 0).tolist() == told.tolist()
    asked = cl.CustomComparison([cll.CustomLevel(sql), cll.ElseLevel()], "own")
    assert (every_pair(asked, table) == 1).tolist() == told.tolist()


def test_a_level_that_is_reached_hides_the_weaker_ones() -> None:
    comparison = cl.CustomComparison(
        [cll.NullLevel("x"), cll.LevenshteinLevel("x", 3), cll.ExactMatchLevel("x"), cll.ElseLevel()], "own"
    )
    assert every_pair(comparison, pa.table({"x": ["anna", "anne"]})).tolist() == [[2, 2], [2, 2]]
