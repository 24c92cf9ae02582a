"""Every comparison: which level a pair reaches, and that it does not depend on sides."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import JaroWinkler, Levenshtein

import linkage.comparison_library as cl
from linkage.arrays import Int8Array, IntArray
from linkage.columns import ColumnMissing, Columns
from linkage.columns.dates import date_digits
from linkage.columns.folding import fold, loose, name_parts
from linkage.comparison import Comparison
from linkage.comparison.similar import Measure, Texts

NAME = cl.GermanNameComparison("x", swapped_with="y")
EVERY = [
    cl.ExactMatch("x"),
    cl.TextComparison("x"),
    cl.TextComparison("x", (0.75, 0.5), measure="levenshtein"),
    cl.PrefixComparison("x"),
    NAME,
    cl.DateComparison("x"),
    cl.NumericDifferenceAtThresholds("x", (0.0, 1.0, 5.0)),
    cl.CodeSetComparison("x"),
]


def gammas(comparison: Comparison, left: pa.Table, right: pa.Table, a: IntArray, b: IntArray) -> Int8Array:
    return comparison.prepare(Columns(left, right)).gammas(a, b)


def level(comparison: Comparison, a: object, b: object) -> str | None:
    left, right = pa.table({"x": pa.array([a])}), pa.table({"x": pa.array([b])})
    gamma = int(gammas(comparison, left, right, np.array([0]), np.array([0]))[0])
    return None if gamma < 0 else comparison.level_names[gamma]


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ("Müller", "MUELLER", "exact"),
        ("Mu\u0308ller", "Müller", "exact"),
        ("Mu\u00a8ller", "Müller", "exact"),
        ("Strauß", "STRAUSS", "exact"),
        ("von der Heide", "Heide", "exact"),
        ("Dr. Schulz", "schulz", "exact"),
        ("Müller", "Muller", "variant"),
        ("Schmitt", "Schmit", "variant"),
        ("Meyer-Schulz", "Meyer", "variant"),
        ("Anna Maria", "Anna", "variant"),
        ("Schneider", "Schnieder", "jaro_winkler_0.92"),
        ("Hansen", "Jansen", "jaro_winkler_0.80"),
        ("Hansen", "Öztürk", "else"),
        ("Hansen", None, None),
        ("Hansen", "  ", None),
    ],
)
def test_a_name_reaches_the_level_of_its_spelling(a: str, b: str | None, wanted: str | None) -> None:
    assert level(cl.GermanNameComparison("x"), a, b) == wanted


def test_exchanged_given_and_family_name_are_seen_on_both() -> None:
    left = pa.table({"x": ["Peter", "Peter"], "y": ["Hansen", "Hansen"]})
    right = pa.table({"x": ["Hansen", "Hansen"], "y": ["Peter", "Paul"]})
    rows = np.arange(2)
    assert gammas(NAME, left, right, rows, rows).tolist() == [NAME.level_names.index("swapped"), 0]


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ("2015-10-03", "3.10.2015", "exact"),
        ("20151003", "2015-03-10", "keying_error"),
        ("2015-10-03", "2015-10-04", "keying_error"),
        ("2015-12-03", "2015-21-03", "keying_error"),
        ("2015-10-19", "2015-11-07", "within_31_days"),
        ("2015-10-19", "2016-08-07", "within_366_days"),
        ("2015-10-19", "2017-12-25", "else"),
        ("2015-10-19", "unknown", None),
    ],
)
def test_a_date_reaches_the_level_of_its_error(a: str, b: str, wanted: str | None) -> None:
    assert level(cl.DateComparison("x"), a, b) == wanted


def test_an_admission_date_is_compared_by_days_alone_when_asked() -> None:
    admission = cl.DateComparison("x", within_days=(1, 10), keying_errors=False)
    assert admission.level_names == ("else", "within_10_days", "within_1_days", "exact")
    assert level(admission, "2015-10-03", "2015-10-04") == "within_1_days"
    assert level(admission, "2015-10-03", "2015-03-10") == "else"


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
    assert level(cl.CodeSetComparison("x"), a, b) == wanted


def test_code_lists_may_be_arrow_lists_and_an_empty_one_is_missing() -> None:
    left = pa.table({"x": pa.array([["1-273.0", "5-35"], []], pa.list_(pa.string()))})
    right = pa.table({"x": pa.array([["12730"], ["5-35"]], pa.list_(pa.string()))})
    rows = np.arange(2)
    codes = cl.CodeSetComparison("x", prefixes=(4,))
    assert gammas(codes, left, right, rows, rows).tolist() == [codes.level_names.index("overlap_1.00"), -1]


def test_numbers_are_compared_by_difference_or_by_share() -> None:
    near = cl.NumericDifferenceAtThresholds("x", (0.0, 1.0))
    share = cl.PercentageDifferenceAtThresholds("x", (0.01, 0.1))
    assert [level(near, 10.0, b) for b in (10.0, 10.9, 11.1)] == ["exact", "difference_1", "else"]
    assert [level(share, "100,0", b) for b in ("99.5", "91", "80", "n/a")] == ["share_0.01", "share_0.1", "else", None]


def test_postcodes_keep_their_leading_zero() -> None:
    postcode = cl.PrefixComparison("x")
    assert [level(postcode, "01067", b) for b in ("01067", "01099", "01968", "10670")] == [
        "exact",
        "first_3",
        "first_2",
        "else",
    ]


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(
        st.one_of(
            st.none(),
            st.text("abcmüßé -", max_size=8),
            st.dates().map(str),
            st.integers(0, 30).map(str),
            st.sampled_from(["Q210 I10", "Q211", "I10;Z00", "3.10.2015"]),
        ),
        min_size=2,
        max_size=12,
    ),
    which=st.sampled_from(EVERY),
)
def test_a_pair_has_exactly_one_level_whichever_side_comes_first(values: list[str | None], which: Comparison) -> None:
    table = pa.table({"x": pa.array(values, pa.string()), "y": pa.array(values[::-1], pa.string())})
    left, right = (grid.reshape(-1) for grid in np.meshgrid(np.arange(len(values)), np.arange(len(values))))
    forward = gammas(which, table, table, left, right)
    assert forward.dtype == np.int8
    assert forward.min() >= -1
    assert forward.max() < len(which.level_names)
    assert forward.tolist() == gammas(which, table, table, right, left).tolist()
    own = gammas(which, table, table, np.arange(len(values)), np.arange(len(values)))
    assert set(own.tolist()) <= {-1, len(which.level_names) - 1}


def test_a_missing_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(ColumnMissing, match=r"comparison 'x': expected a column 'x', the table has: a, b"):
        NAME.prepare(Columns(pa.table({"a": [1], "b": [2]}), pa.table({"x": ["a"]})))


def test_folding_gives_one_spelling() -> None:
    assert fold("Şahin-Łukasz") == "sahin lukasz"
    assert fold("Иванов") == "иванов"
    assert loose(fold("Jäger")) == loose(fold("Jager"))
    assert name_parts("le") == ("le",)


def test_an_impossible_date_keeps_its_digits_and_a_wrong_text_is_none() -> None:
    assert date_digits("20101399") == "20101399"
    assert date_digits("13/2010") == ""


def test_whole_numbers_read_as_floats_equal_those_read_as_text() -> None:
    left, right = pa.table({"x": pa.array([1949.0, None])}), pa.table({"x": ["1949", "1950"]})
    rows = np.arange(2)
    assert gammas(cl.ExactMatch("x"), left, right, rows, rows).tolist() == [1, -1]


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(st.text("abcdeß ", min_size=1, max_size=9), min_size=2, max_size=8, unique=True),
    measure=st.sampled_from(["jaro_winkler", "levenshtein"]),
    cutoff=st.sampled_from([0.3, 0.6, 0.8, 0.92]),
)
def test_settling_pairs_by_their_letters_changes_no_similarity(
    words: list[str], measure: Measure, cutoff: float
) -> None:
    first, second = (grid.reshape(-1) for grid in np.meshgrid(np.arange(len(words)), np.arange(len(words))))
    found = Texts.of(words).similarity(first, second, measure=measure, cutoff=cutoff)
    scorer = JaroWinkler.similarity if measure == "jaro_winkler" else Levenshtein.normalized_similarity
    whole = [scorer(words[a], words[b]) for a, b in zip(first, second, strict=True)]
    assert found.tolist() == pytest.approx([value if value >= cutoff else 0.0 for value in whole])


@pytest.mark.parametrize("which", EVERY)
def test_columns_without_any_value_give_null_and_no_error(which: Comparison) -> None:
    table = pa.table({"x": pa.array([None, ""], pa.string()), "y": pa.array([None, None], pa.string())})
    rows = np.arange(2)
    assert gammas(which, table, table, rows, rows).tolist() == [-1, -1]
