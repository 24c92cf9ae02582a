"""What integers settle of real comparisons is what the comparisons say: dates, beginnings, levels between them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage import comparison_level_library as cll
from linkage.blocking import BlockingRule, Candidates, block_on
from linkage.columns import Columns
from linkage.comparison.comparison import Comparison
from linkage.comparison.prepared import PreparedComparison
from linkage.kernel import equality, stream, weight_bits
from linkage.kernel.contract import UNKNOWN
from linkage.kernel.looked import ladder
from linkage.model import ComparisonModel, Model
from linkage.model.weights import PatternWeights

DATES = st.sampled_from(["2001-02-03", "2001-02-04", "2001-02-13", "2001-03-02", "2002-02-03", "soon", None])
CODES = st.sampled_from(["10115", "10117", "10999", "20095", "8", None])
ROWS = st.lists(st.tuples(DATES, CODES, st.sampled_from(["ada", "adam", None])), min_size=1, max_size=12)
Rows = list[tuple[str | None, str | None, str | None]]


def comparisons() -> list[Comparison]:
    def within(days: int) -> object:
        return cll.AbsoluteDateDifferenceLevel("born", input_is_string=True, threshold=days, metric="day")

    def graded(column: str, *between: object) -> Comparison:
        levels = (cll.NullLevel(column), cll.ExactMatchLevel(column), *between, cll.ElseLevel())
        return Comparison.model_validate({"name": column, "levels": levels})

    return [
        graded("born", within(1), cll.LevenshteinLevel("born", 1), within(30)),
        graded("code", cll.PrefixLevel("code", 3), cll.PrefixLevel("code", 1)),
        graded("name", cll.JaroWinklerLevel("name", 0.9)),
    ]


def table(rows: Rows) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(c, pa.string()) for name, c in zip(("born", "code", "name"), columns, strict=True)})


def prepared_of(rows: Rows, others: Rows | None) -> tuple[Columns, list[PreparedComparison]]:
    columns = Columns(table(rows), None if others is None else table(others))
    return columns, [comparison.prepare(columns) for comparison in comparisons()]


def model() -> Model:
    names = ("else", "within_30", "edit", "within_1", "exact"), ("else", "first_1", "first_3", "exact"), ("e", "a", "x")
    m = (0.05, 0.05, 0.1, 0.1, 0.7), (0.05, 0.1, 0.15, 0.7), (0.1, 0.2, 0.7)
    u = (0.8, 0.1, 0.05, 0.04, 0.01), (0.7, 0.2, 0.06, 0.04), (0.9, 0.05, 0.05)
    parts = zip(("born", "code", "name"), names, m, u, strict=True)
    return Model(comparisons=tuple(ComparisonModel(name=n, level_names=k, m=a, u=b) for n, k, a, b in parts), prior=0.1)


@settings(max_examples=50, deadline=None)
@given(rows=ROWS, others=st.one_of(st.none(), ROWS), floor=st.sampled_from([-np.inf, -4.0, 0.0, 3.0, 8.0]))
def test_dates_and_beginnings_give_the_pairs_that_comparing_all_of_them_gives(
    rows: Rows, others: Rows | None, floor: float
) -> None:
    columns, prepared = prepared_of(rows, others)
    weights = PatternWeights(model())
    for rule in (BlockingRule(keys=()), block_on("code")):
        candidates = Candidates(columns, rules=[rule])
        pairs = [(a, b) for batch in candidates.batches() for a, b in zip(batch.left, batch.right, strict=True)]
        left, right = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
        gammas = np.stack([part.gammas(left, right) for part in prepared], axis=1)
        kept = weight_bits((), weights, gammas, left_rows=left, right_rows=right) >= floor
        for compiled in (False, True):
            found, n_pairs = stream(candidates, prepared, weights=weights, floor_bits=floor, compiled=compiled)
            assert n_pairs == len(left)
            assert (found.left.tolist(), found.right.tolist()) == (left[kept].tolist(), right[kept].tolist())
            assert found.gammas.tolist() == gammas[kept].tolist()


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, others=ROWS)
def test_a_cell_never_tells_a_level_that_the_comparison_does_not_give(rows: Rows, others: Rows) -> None:
    _, prepared = prepared_of(rows, others)
    left, right = np.divmod(np.arange(len(rows) * len(others)), len(others))
    bound = equality.EqualityBound(PatternWeights(model()), prepared, (), floor_bits=-np.inf)
    found = bound.reaching(left, right)
    told = bound.known()[found.cell]
    gammas = np.stack([part.gammas(left, right) for part in prepared], axis=1)
    settled = told > UNKNOWN + 1
    assert (told[settled] == gammas[settled]).all()
    assert settled[:, 1].all()


def test_levels_that_integers_do_not_tell_stay_open_in_the_states_after_them() -> None:
    _, prepared = prepared_of([("2001-02-03", "10115", "ada")], [("2001-02-04", "10999", "adam")])
    tests, states = ladder(prepared[0], 5)
    assert [test.most for test in tests] == [1, 30]
    assert states == [[5], [4], [3], [2, 1], [2, 0]]
    assert ladder(prepared[1], 4)[1] == [[4], [3], [2], [1], [0]]
    assert ladder(prepared[2], 3) == ((), [[3], [2], [1, 0]])


def test_too_many_cells_are_looked_at_without_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    _, prepared = prepared_of([("2001-02-03", "10115", "ada")], None)
    monkeypatch.setattr(equality, "_CELLS", 3 * 3 * 4)
    bound = equality.EqualityBound(PatternWeights(model()), prepared, (), floor_bits=0.0)
    assert sorted(len(part.told) for part in bound.looked) == [3, 3, 3]
