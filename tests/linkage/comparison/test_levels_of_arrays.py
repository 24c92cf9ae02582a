"""Levels on arrays: sizes, shares, subsets, beginnings of codes, most similar elements."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import JaroWinkler

from linkage import comparison_level_library as cll
from linkage import comparison_library as cl
from linkage.columns import Columns
from linkage.comparison.levels import AnyLevel
from linkage.comparison.sets import Sets
from tests.linkage.comparison.levels import every_pair, level

LISTS = pa.list_(pa.string())


def of(one: AnyLevel, a: list[str] | None, b: list[str] | None) -> str | None:
    comparison = cl.CustomComparison([cll.NullLevel("x"), one, cll.ElseLevel()], "x")
    return level(comparison, a, b, kind=LISTS)


def test_arrays_share_elements_whatever_their_order() -> None:
    comparison = cl.ArrayIntersectAtSizes("x", [3, 1])
    assert level(comparison, ["a", "b", "c"], ["c", "a", "b", "b"], kind=LISTS) == "shared_3"
    assert level(comparison, ["a", "a", "a"], ["a"], kind=LISTS) == "shared_1"
    assert level(comparison, ["a"], [], kind=LISTS) == "else"
    assert level(comparison, ["a"], None, kind=LISTS) is None


@pytest.mark.parametrize(
    ("wanted", "a", "b"),
    [
        ("subset", ["a", "b"], ["b", "c", "a"]),
        ("subset", ["b", "c", "a"], ["a", "b"]),
        ("else", ["a", "d"], ["a", "b", "c"]),
        ("else", [], ["a"]),
    ],
)
def test_the_smaller_array_is_a_subset_or_not(wanted: str, a: list[str], b: list[str]) -> None:
    assert of(cll.ArraySubsetLevel("x"), a, b) == wanted


def test_an_empty_array_is_a_subset_only_if_asked_for() -> None:
    assert of(cll.ArraySubsetLevel("x", empty_is_subset=True), [], ["a"]) == "subset"


def test_shares_are_of_the_smaller_or_of_both() -> None:
    one, two = ["a", "b"], ["a", "c", "d", "e"]
    assert of(cll.ArrayShareLevel("x", 0.5), one, two) == "overlap_0.50"
    assert of(cll.ArrayJaccardLevel("x", 0.2), one, two) == "jaccard_0.20"
    assert of(cll.ArrayJaccardLevel("x", 0.21), one, two) == "else"
    assert of(cll.ArrayEqualLevel("x"), ["b", "a"], ["a", "b"]) == "equal"
    assert of(cll.ArrayEqualLevel("x"), ["b", "a"], ["a"]) == "else"


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ("Q21.0; I10", "q210 I10", "overlap_1.00"),
        ("Q210 I10 Z00", "Q210 I10 J18 K35", "overlap_0.50"),
        ("Q210 I10 Z00", "Q210 J18 K35", "shared_code"),
        ("Q210", "Q211", "shared_first_3"),
        ("Q210", "I10", "else"),
        ("", "I10", None),
    ],
)
def test_code_lists_are_compared_by_what_they_share(a: str, b: str, wanted: str | None) -> None:
    assert level(cl.CodeSetComparison("icd"), a, b) == wanted


def test_diagnoses_and_procedures_have_their_hierarchies() -> None:
    assert cl.ICD10GMComparison("x").level_names[1:4] == ("shared_first_2", "shared_first_3", "shared_code")
    assert level(cl.ICD10GMComparison("x"), ["Q21.0"], ["Q25.1"], kind=LISTS) == "shared_first_2"
    assert level(cl.OPSComparison("x"), ["1-273.0", "5-35"], ["1-273.x"], kind=LISTS) == "shared_first_4"
    assert level(cl.OPSComparison("x"), [], ["5-35"], kind=LISTS) is None


def test_the_most_similar_elements_of_two_arrays_count() -> None:
    comparison = cl.PairwiseStringDistanceFunctionAtThresholds("x", "levenshtein", [1, 2])
    assert level(comparison, ["anna", "bert"], ["carl", "bert"], kind=LISTS) == "shared_1"
    assert level(comparison, ["anna", "bert"], ["carl", "anne"], kind=LISTS) == "pairwise_levenshtein_1"
    assert level(comparison, ["anna"], ["bertram"], kind=LISTS) == "else"
    assert level(comparison, ["anna"], [], kind=LISTS) == "else"


ARRAYS = st.lists(
    st.one_of(st.none(), st.lists(st.text("abc", min_size=1, max_size=3), max_size=5)), min_size=1, max_size=6
)


@settings(max_examples=60, deadline=None)
@given(arrays=ARRAYS)
def test_levels_of_arrays_are_those_of_python_sets(arrays: list[list[str] | None]) -> None:
    table = pa.table({"x": pa.array(arrays, LISTS)})
    sized = every_pair(cl.ArrayIntersectAtSizes("x", [2, 1]), table)
    alike = every_pair(cl.PairwiseStringDistanceFunctionAtThresholds("x", "jaro_winkler", 0.8), table)
    for i, a in enumerate(arrays):
        for j, b in enumerate(arrays):
            if a is None or b is None:
                assert sized[i, j] == alike[i, j] == -1
                continue
            assert sized[i, j] == min(len(set(a) & set(b)), 2)
            best = max((JaroWinkler.similarity(x, y) for x in a for y in b), default=0.0)
            assert alike[i, j] == (2 if set(a) & set(b) else int(best >= 0.8))


@settings(max_examples=40, deadline=None)
@given(
    one=st.lists(st.frozensets(st.integers(0, 150), max_size=60), min_size=1, max_size=5),
    two=st.lists(st.frozensets(st.integers(0, 150), max_size=12), min_size=1, max_size=5),
)
def test_sets_of_any_size_are_counted_exactly_within_their_bound(
    one: list[frozenset[int]], two: list[frozenset[int]]
) -> None:
    def made(sets: list[frozenset[int]]) -> Sets:
        owners = np.repeat(np.arange(len(sets)), [len(part) for part in sets])
        items = np.array([item for part in sets for item in sorted(part)], dtype=np.int64)
        return Sets.of(owners, items, n_sets=len(sets), n_items=151)

    left, right = made(one), made(two)
    first, second = np.repeat(np.arange(len(one)), len(two)), np.tile(np.arange(len(two)), len(one))
    wanted = [len(one[a] & two[b]) for a, b in zip(first, second, strict=True)]
    assert left.shared(first, second, right).tolist() == wanted
    assert (left.most_shared(first, second, right) >= np.array(wanted)).all()
    least = left.least_shared(first, second, right, np.arange(151.0))
    rarest = [min(one[a] & two[b], default=np.nan) for a, b in zip(first, second, strict=True)]
    assert np.array_equal(least, np.array(rarest, dtype=float), equal_nan=True)


def test_the_quick_look_settles_arrays_that_share_nothing() -> None:
    table = pa.table({"x": pa.array([["a"], ["b"], ["a", "c"]], LISTS)})
    prepared = cl.ArrayIntersectAtSizes("x", 1).prepare(Columns(table))
    assert prepared.cost == 1
    assert prepared.quick(np.array([0, 0]), np.array([1, 2])).tolist() == [0, -2]
