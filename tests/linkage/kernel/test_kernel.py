"""The kernel leaves work out and loses nothing by it: pruned is full, compiled is plain, one thread is two."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_schema.chance import stream as stream_of
from linkage.arrays import Int8Array, IntArray
from linkage.blocking import BlockingRule, Candidates, block_on
from linkage.columns import Columns
from linkage.decision.scored import ScoredPairs
from linkage.kernel import bounds, count, equality, stream, term_bits, weight_bits
from linkage.model import ComparisonModel, Model
from linkage.model.model import DependentGroup
from linkage.model.patterns import count_patterns
from linkage.model.weights import PatternWeights
from tests.linkage.kernel.standins import Equality, FirstLetter, ValueTerms

Rows = list[tuple[str | None, str | None, str | None]]
FEW = st.sampled_from(["ada", "alf", "bob", "bea", "cyr", None])
ROWS = st.lists(st.tuples(FEW, FEW, FEW), min_size=1, max_size=12)
RULES = [
    block_on("a"),
    block_on("substr(b, 1, 1)", "c"),
    block_on("l.a = r.b"),
    block_on("l.b = r.b and l.c < r.c"),
    block_on("c", window=3),
]


def table(rows: Rows) -> pa.Table:
    return pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate("abc")})


def model(*, dependent: bool) -> Model:
    parts = (
        ComparisonModel(name="a", level_names=("else", "letter", "exact"), m=(0.1, 0.2, 0.7), u=(0.7, 0.2, 0.1)),
        ComparisonModel(name="b", level_names=("else", "exact"), m=(0.05, 0.95), u=(0.8, 0.2)),
        ComparisonModel(name="c", level_names=("else", "letter", "exact"), m=(0.3, 0.3, 0.4), u=(0.5, 0.3, 0.2)),
    )
    return Model(comparisons=parts, prior=0.01, groups=(_group(),) if dependent else ())


def _group() -> DependentGroup:
    m = np.outer([0.1, 0.2, 0.7], [0.05, 0.95])
    u = np.outer([0.7, 0.2, 0.1], [0.8, 0.2])
    u += np.array([[0.04, -0.04], [0.0, 0.0], [-0.04, 0.04]])
    flat = {"m": tuple(m.reshape(-1).tolist()), "u": tuple(u.reshape(-1).tolist())}
    return DependentGroup(name="ab", comparisons=("a", "b"), shape=(3, 2), **flat)


def bound(rows: Rows, others: Rows | None) -> tuple[Columns, list[FirstLetter | Equality]]:
    columns = Columns(table(rows), None if others is None else table(others))
    return columns, [FirstLetter(columns, "a"), Equality.of(columns, "b"), FirstLetter(columns, "c", quickly=False)]


def in_full(candidates: Candidates, prepared: list[FirstLetter | Equality]) -> tuple[IntArray, IntArray, Int8Array]:
    batches = list(candidates.batches())
    none = np.zeros(0, dtype=np.int64)
    left = np.concatenate([none, *(batch.left for batch in batches)])
    right = np.concatenate([none, *(batch.right for batch in batches)])
    order = np.lexsort((right, left))
    left, right = left[order], right[order]
    return left, right, np.stack([part.gammas(left, right) for part in prepared], axis=1)


def same(one: ScoredPairs, two: ScoredPairs) -> bool:
    names = ("rule", "left", "right", "gammas", "bits", "weight")
    return all(np.array_equal(getattr(one, name), getattr(two, name)) for name in names)


@settings(max_examples=60, deadline=None)
@given(
    rows=ROWS,
    others=st.one_of(st.none(), ROWS),
    rules=st.lists(st.sampled_from(RULES), min_size=1, max_size=3, unique=True),
    floor=st.sampled_from([-np.inf, -3.0, 0.0, 2.0, 4.5, 20.0]),
    dependent=st.booleans(),
)
def test_pruned_output_is_the_full_output_and_the_compiled_scan_gives_the_same_bytes(
    rows: Rows, others: Rows | None, rules: list[BlockingRule], floor: float, dependent: bool
) -> None:
    columns, prepared = bound(rows, others)
    candidates = Candidates(columns, rules=rules)
    weights = PatternWeights(model(dependent=dependent))
    terms = [ValueTerms(0, 2, prepared[0].codes, 0.1), ValueTerms(2, 2, prepared[2].codes, 0.2)]
    left, right, gammas = in_full(candidates, prepared)
    weight = weight_bits(terms, weights, gammas, left_rows=left, right_rows=right)
    kept = weight >= floor
    told = {"weights": weights, "terms": terms, "floor_bits": floor, "prior_bits": -5.0}
    plain, n_pairs = stream(candidates, prepared, **told, compiled=False, threads=1)
    assert n_pairs == len(left)
    assert (plain.left.tolist(), plain.right.tolist()) == (left[kept].tolist(), right[kept].tolist())
    assert plain.gammas.tolist() == gammas[kept].tolist()
    np.testing.assert_allclose(plain.weight, weight[kept] - 5.0, atol=1e-12)
    for compiled, threads in ((True, 1), (True, 2), (False, 2)):
        other, n_others = stream(candidates, prepared, **told, compiled=compiled, threads=threads)
        assert n_others == n_pairs
        assert same(plain, other)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, others=st.one_of(st.none(), ROWS), rules=st.lists(st.sampled_from(RULES), min_size=1, max_size=3))
def test_patterns_are_counted_over_all_candidate_pairs(
    rows: Rows, others: Rows | None, rules: list[BlockingRule]
) -> None:
    columns, prepared = bound(rows, others)
    candidates = Candidates(columns, rules=rules)
    found = count(candidates, prepared, threads=2)
    wanted = count_patterns(in_full(candidates, prepared)[2])
    assert (found.gammas.tolist(), found.counts.tolist()) == (wanted.gammas.tolist(), wanted.counts.tolist())


def test_texts_are_compared_only_where_they_can_still_decide() -> None:
    rows: Rows = [("ada", "x", str(i)) for i in range(40)]
    columns = Columns(table(rows), table([("alf", "y", str(i)) for i in range(40)]))
    prepared = [FirstLetter(columns, "a"), Equality.of(columns, "b"), FirstLetter(columns, "c", quickly=False)]
    candidates = Candidates(columns, rules=[BlockingRule(keys=())])
    pairs, n_pairs = stream(candidates, prepared, weights=PatternWeights(model(dependent=False)), floor_bits=8.0)
    assert (len(pairs), n_pairs) == (0, 1600)
    assert (prepared[0].n_looked_at, prepared[2].n_looked_at) == (0, 0)


def test_a_rare_value_can_lift_a_pair_over_the_floor_by_its_own_frequency() -> None:
    rows: Rows = [("ada", None, None)] * 31 + [("zoe", None, None)]
    columns, prepared = bound(rows, [("ada", None, None), ("zoe", None, None)])
    terms = [ValueTerms(0, 2, prepared[0].codes, 0.1)]
    pairs, _ = stream(
        Candidates(columns, rules=[block_on("a")]),
        prepared,
        weights=PatternWeights(model(dependent=False)),
        terms=terms,
        floor_bits=3.0,
    )
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == [(31, 1)]


@pytest.mark.parametrize("compiled", [False, True])
def test_a_weaker_level_too_can_be_lifted_over_the_floor_by_its_frequency(compiled: bool) -> None:
    columns, prepared = bound([("ada", None, None)], [("alf", None, None), ("bob", None, None)])
    terms = [ValueTerms(0, 1, prepared[0].codes, 64.0)]
    weights = PatternWeights(model(dependent=False))
    candidates = Candidates(columns, rules=[BlockingRule(keys=())])
    pairs, _ = stream(candidates, prepared, weights=weights, terms=terms, floor_bits=3.0, compiled=compiled)
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == [(0, 0)]
    assert pairs.weight.tolist() == pytest.approx([6.0 + np.log2(3)])


@pytest.mark.parametrize("compiled", [False, True])
def test_rows_kept_apart_are_never_paired(compiled: bool) -> None:
    columns, prepared = bound([("ada", "x", "y")] * 4, None)
    candidates = Candidates(columns, rules=[block_on("a"), block_on("b")], apart=np.array([0, 0, 1, 1]))
    weights = PatternWeights(model(dependent=False))
    pairs, n_pairs = stream(candidates, prepared, weights=weights, floor_bits=-np.inf, compiled=compiled)
    found = list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    assert (found, n_pairs) == ([(0, 2), (0, 3), (1, 2), (1, 3)], 4)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_share_of_the_left_rows_gives_their_pairs(compiled: bool) -> None:
    only = np.array([True, False, False, True])
    for others, wanted in ((None, {0}), ([("ada", "x", "y")] * 3, {0, 3})):
        columns, prepared = bound([("ada", "x", "y")] * 4, others)  # type: ignore[list-item]
        weights = PatternWeights(model(dependent=False))
        candidates = Candidates(columns, rules=[block_on("a")])
        pairs, _ = stream(candidates, prepared, weights=weights, floor_bits=-9.0, only=only, compiled=compiled)
        assert set(pairs.left.tolist()) == wanted


def test_a_term_of_a_dependent_group_counts_less_where_agreement_is_no_chance() -> None:
    columns, prepared = bound([("ada", "x", None), ("bob", "x", None)], None)
    terms = [ValueTerms(0, 2, prepared[0].codes, 4.0)]
    gammas = np.array([[2, 1, -1]], dtype=np.int8)
    rows = {"left_rows": np.array([0]), "right_rows": np.array([0])}
    alone = term_bits(terms, PatternWeights(model(dependent=False)), gammas, **rows)
    together = term_bits(terms, PatternWeights(model(dependent=True)), gammas, **rows)
    assert alone[0, 0] == 3.0
    assert 0.0 < together[0, 0] < 3.0
    assert columns.within


def test_no_candidate_pairs_give_no_pairs() -> None:
    columns, prepared = bound([("ada", None, None)], [("bob", None, None)])
    candidates = Candidates(columns, rules=[block_on("a")])
    pairs, n_pairs = stream(candidates, prepared, weights=PatternWeights(model(dependent=False)), floor_bits=0.0)
    assert (len(pairs), n_pairs) == (0, 0)
    assert count(candidates, prepared).n_pairs == 0


def test_progress_is_told_for_every_pair_once() -> None:
    columns, prepared = bound([("ada", "x", "y")] * 6, None)
    told: list[int] = []
    weights = PatternWeights(model(dependent=False))
    candidates = Candidates(columns, rules=[block_on("a"), block_on("b")])
    stream(candidates, prepared, weights=weights, floor_bits=0.0, on_pairs=told.append)
    assert sum(told) == 15


def test_bounds_stay_exact_where_comparisons_are_too_many_for_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = stream_of("kernel-test", seed=3)
    names = ["ada", "alf", "bob", "bea", "cyr", None]
    rows = [tuple(names[i] for i in draw.integers(0, 6, 3)) for _ in range(60)]
    columns, prepared = bound(rows, None)  # type: ignore[arg-type]
    told = {"weights": PatternWeights(model(dependent=False)), "floor_bits": 1.0}
    candidates = Candidates(columns, rules=[BlockingRule(keys=())])
    wanted, _ = stream(candidates, prepared, **told)
    monkeypatch.setattr(bounds, "_CELLS", 1)
    monkeypatch.setattr(equality, "_MOST", 1)
    found, _ = stream(candidates, prepared, **told)
    assert 0 < len(wanted) < 60 * 59 // 2
    assert same(wanted, found)
