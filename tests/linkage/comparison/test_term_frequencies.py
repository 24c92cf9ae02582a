"""Agreement on rare values counts more: of values, of elements, from outside, with floor and weight."""

import numpy as np
import pyarrow as pa
import pytest

from linkage import comparison_level_library as cll
from linkage import comparison_library as cl
from linkage.columns import Columns
from linkage.comparison.comparison import Comparison
from linkage.model import ComparisonModel, Model
from linkage.model.terms import TermWeights, term_weights

TABLE = pa.table({"x": ["anna", "anna", "anna", "berta", None, "bertha"]})


def model_of(comparison: Comparison, u: list[float]) -> Model:
    m = [0.1 / (len(u) - 1)] * (len(u) - 1) + [0.9]
    return Model(
        comparisons=(ComparisonModel(name=comparison.name, level_names=comparison.level_names, m=m, u=u),), prior=0.01
    )


def weights_of(comparison: Comparison, u: list[float], **given: object) -> list[TermWeights]:
    prepared = comparison.prepare(Columns(TABLE), **given)  # type: ignore[arg-type]
    return term_weights([prepared], model_of(comparison, u))


def bits(weights: TermWeights, left: list[int], right: list[int]) -> list[float]:
    return [round(float(value), 6) for value in weights.of_pairs(np.array(left), np.array(right))]


def test_a_frequent_value_weighs_less_than_a_rare_one() -> None:
    (exact,) = weights_of(cl.ExactMatch("x").configure(term_frequency_adjustments=True), [0.75, 0.25])
    assert (exact.column, exact.level) == (0, 1)
    # log2(u / f): f is 3/5 for anna, 1/5 for berta; a missing value adds nothing
    assert bits(exact, [0, 3, 4], [1, 3, 4]) == [-1.263034, 0.321928, 0.0]
    assert exact.largest == pytest.approx(np.log2(0.25 / 0.2))


def test_a_floor_and_a_weight_damp_the_adjustment() -> None:
    level = cll.ExactMatchLevel("x", True).configure(tf_minimum_u_value=0.5, tf_adjustment_weight=0.5)
    comparison = cl.CustomComparison([cll.NullLevel("x"), level, cll.ElseLevel()], "x")
    (exact,) = weights_of(comparison, [0.75, 0.25])
    assert bits(exact, [0, 3], [1, 3]) == [-0.631517, -0.5]
    assert exact.largest == 0.0
    prepared = cl.ExactMatch("x").configure(term_frequency_adjustments=True).prepare(Columns(TABLE))
    (counted,) = term_weights([prepared], model_of(cl.ExactMatch("x"), [0.75, 0.25]), least_count=4)
    assert bits(counted, [3], [3]) == [round(float(np.log2(0.25 / 0.4)), 6)]  # 4 of the 10 values of both sides


def test_frequencies_from_outside_replace_those_of_the_tables() -> None:
    comparison = cl.GermanNameComparison("x").configure(term_frequency_adjustments=True)
    outside = {"x": {"Anna": 0.01, "ANNA": 0.015, "Bertha": 0.001}}
    (exact,) = weights_of(comparison, [0.5, 0.2, 0.1, 0.1, 0.1], lookups=outside)
    assert exact.terms.n_counted == 0
    assert bits(exact, [0], [1]) == [2.0]  # 0.1 / (0.01 + 0.015)
    assert bits(exact, [3], [3]) == [0.0]  # Berta is not in the table: nothing is known


def test_a_fuzzy_level_is_adjusted_by_the_more_frequent_value_and_the_u_of_the_exact_level() -> None:
    fuzzy = cll.JaroWinklerLevel("x", 0.9).configure(tf_adjustment_column="x")
    comparison = cl.CustomComparison([cll.NullLevel("x"), cll.ExactMatchLevel("x"), fuzzy, cll.ElseLevel()], "x")
    table = pa.table({"x": ["berta", "berta", "bertha", "anna"]})
    prepared = comparison.prepare(Columns(table))
    (terms,) = prepared.terms
    assert (terms.gamma, terms.base_gamma) == (1, 2)
    assert terms.frequency_of(np.array([0, 2]), np.array([2, 0])).tolist() == [0.5, 0.5]
    (weights,) = term_weights([prepared], model_of(comparison, [0.5, 0.25, 0.25]))
    assert bits(weights, [0], [2]) == [-1.0]
    own = fuzzy.configure(disable_tf_exact_match_detection=True)
    alone = cl.CustomComparison([cll.NullLevel("x"), own, cll.ElseLevel()], "x").prepare(Columns(table))
    assert (alone.terms[0].gamma, alone.terms[0].base_gamma) == (1, 1)


def test_of_shared_elements_the_rarest_counts() -> None:
    comparison = cl.ArrayIntersectAtSizes("x", 1).configure(term_frequency_adjustments=True)
    table = pa.table({"x": pa.array([["a", "b"], ["a"], ["a", "b", "c"], ["d"], None], pa.list_(pa.string()))})
    prepared = comparison.prepare(Columns(table))
    (terms,) = prepared.terms
    assert terms.smallest == 0.25
    found = terms.frequency_of(np.array([0, 0, 0]), np.array([1, 2, 3]))
    assert found[:2].tolist() == [0.75, 0.5]
    assert np.isnan(found[2])
    (outside,) = comparison.prepare(Columns(table), lookups={"x": {"a": 0.1, "b": 0.3}}).terms
    assert outside.frequency_of(np.array([0]), np.array([2])).tolist() == [0.1]


def test_values_that_no_row_has_and_empty_tables_do_no_harm() -> None:
    comparison = cl.ExactMatch("x").configure(term_frequency_adjustments=True)
    empty = comparison.prepare(Columns(pa.table({"x": pa.array([], pa.string())})))
    (weights,) = term_weights([empty], model_of(comparison, [0.75, 0.25]))
    assert weights.largest == 0.0
    assert weights.of_pairs(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)).tolist() == []
