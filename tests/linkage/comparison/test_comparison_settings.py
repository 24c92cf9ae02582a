"""A comparison as settings: JSON and back, what is refused, what a missing value means, names of levels."""

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from linkage import comparison_level_library as cll
from linkage import comparison_library as cl
from linkage.columns import BadExpression, ColumnMissing, Columns, Expression
from linkage.comparison.comparison import Comparison
from linkage.comparison.functions import FunctionMissing
from linkage.comparison.levels import AnyLevel, FunctionFailed
from linkage.comparison.sources import WrongType
from tests.linkage.comparison.levels import every_pair, level, level_of_rows

EVERY: list[Comparison] = [
    cl.ExactMatch("x"),
    cl.LevenshteinAtThresholds("x"),
    cl.DamerauLevenshteinAtThresholds("x", 1),
    cl.JaccardAtThresholds("x"),
    cl.QGramDiceAtThresholds("x", q=3),
    cl.JaroAtThresholds("x"),
    cl.JaroWinklerAtThresholds("x"),
    cl.TextComparison("x"),
    cl.PrefixComparison("x"),
    cl.DistanceFunctionAtThresholds("x", "hamming", 1, higher_is_more_similar=False),
    cl.PairwiseStringDistanceFunctionAtThresholds("x", "jaro", 0.8),
    cl.AbsoluteTimeDifferenceAtThresholds("x", metrics="hour", thresholds=1, input_is_string=True),
    cl.AbsoluteDateDifferenceAtThresholds("x", metrics="day", thresholds=1, datetime_format="%d.%m.%Y"),
    cl.NumericDifferenceAtThresholds("x"),
    cl.PercentageDifferenceAtThresholds("x"),
    cl.ArrayIntersectAtSizes("x", [2, 1]),
    cl.ArrayJaccardAtThresholds("x"),
    cl.DistanceInKMAtThresholds("x", "y", [1, 10]),
    cl.CosineSimilarityAtThresholds("x"),
    cl.DateOfBirthComparison("x", input_is_string=True, swapped_day_month=True),
    cl.DateComparison("x", default_dates=["0101"]),
    cl.NameComparison("x", dmeta_col_name="y"),
    cl.GermanNameComparison("x", swapped_with="y", sounds_alike=True),
    cl.ForenameSurnameComparison("x", "y", swapped_thresholds=[0.92]),
    cl.EmailComparison("x"),
    cl.PostcodeComparison("x", lat_col="y", long_col="z", invalid_postcodes_as_null=True),
    cl.PLZComparison("x"),
    cl.AGSComparison("x"),
    cl.KVNRComparison("x"),
    cl.IKComparison("x"),
    cl.ICD10GMComparison("x"),
    cl.OPSComparison("x"),
    cl.PlaceComparison("x", "y"),
    cl.ExactMatch("x").configure(null="sides", term_frequency_adjustments=True),
    cl.CustomComparison(
        [
            cll.NullLevel("x"),
            cll.Or(cll.LiteralMatchLevel("x", "a"), cll.Not(cll.FunctionLevel("f", "x"))),
            cll.CustomLevel("substr(x_l, 1, 1) = substr(x_r, 1, 1)", "first letter"),
            cll.ElseLevel(),
        ],
        "own",
    ),
]


@pytest.mark.parametrize("comparison", EVERY, ids=lambda comparison: comparison.description or comparison.name)
def test_a_comparison_is_the_same_after_json(comparison: Comparison) -> None:
    written = comparison.model_dump_json()
    assert Comparison.model_validate_json(written) == comparison
    assert Comparison.model_validate_json(written).model_dump_json() == written
    assert len(set(comparison.level_names)) == len(comparison.scored)
    assert comparison.level_names[0] == "else"


def test_the_json_says_what_is_not_usual_and_a_plain_column_by_its_name() -> None:
    exact = cll.ExactMatchLevel(Expression(column="x").lower()).configure(m_probability=0.9)
    assert exact.model_dump(mode="json") == {
        "kind": "exact",
        "column": {"column": "x", "transforms": [{"kind": "lower"}]},
        "m_probability": 0.9,
    }
    assert cll.ExactMatchLevel("x").model_dump(mode="json") == {"kind": "exact", "column": "x"}


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ([cll.NullLevel("x"), cll.ExactMatchLevel("x")], "expected one else level, at the end"),
        ([cll.ElseLevel(), cll.ExactMatchLevel("x")], "expected one else level, at the end"),
        ([cll.ExactMatchLevel("x"), cll.ElseLevel(), cll.ElseLevel()], "expected one else level"),
        (
            [cll.NullLevel("x"), cll.NullLevel("y"), cll.ExactMatchLevel("x"), cll.ElseLevel()],
            "expected at most one null level; join several with Or",
        ),
        ([cll.NullLevel("x"), cll.ElseLevel()], "expected a level besides null and else"),
        (
            [cll.JaroLevel("x", 0.9).configure(tf_adjustment_column="x"), cll.ElseLevel()],
            "term frequencies expected an exact level of the same column, or disable_tf_exact_match_detection",
        ),
    ],
)
def test_incomplete_comparisons_are_refused_with_words(levels: list[AnyLevel], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        cl.CustomComparison(levels, "own")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "similarity", "column": "x", "measure": "jaro", "threshold": 1.5}, "similarity above 0 and up to 1"),
        ({"kind": "similarity", "column": "x", "measure": "levenshtein", "threshold": 0.5}, "whole number of edits"),
        ({"kind": "similarity", "column": "x", "measure": "soundex", "threshold": 0.5}, "'jaro', 'jaro_winkler'"),
        ({"kind": "array", "column": "x", "measure": "share", "threshold": 2}, "a share above 0 and up to 1"),
        ({"kind": "exact", "columm": "x"}, "columm"),
        ({"kind": "literal", "column": "x", "literal_value": "a", "literal_datatype": "int"}, "expected a number"),
        ({"kind": "custom", "sql_condition": "x = y"}, "expected columns that end in _l"),
        ({"kind": "custom", "sql_condition": "x_l = = x_r"}, "expected SQL as DuckDB reads it"),
        ({"kind": "equal", "column": "x"}, "'null', 'missing', 'else', 'exact'"),
    ],
)
def test_a_wrong_setting_of_a_level_is_named_with_what_is_allowed(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        cl.CustomComparison([given, cll.ElseLevel()], "own")


def test_a_missing_column_is_named_with_those_that_are_there() -> None:
    columns = Columns(pa.table({"a": [1], "b": [2]}))
    with pytest.raises(ColumnMissing, match=r"comparison 'x': expected a column 'x', the table has: a, b"):
        cl.ExactMatch("x").prepare(columns)


NUMBERS = pa.array([1.5, 2.5])
TEXT = pa.array(["a", "b"])
LISTS = pa.array([["a"], ["b"]])
DATES = pa.array([0, 1], pa.date32())
MANY = pa.array([f"name {i}" for i in range(12)])


@pytest.mark.parametrize(
    ("comparison", "values", "words"),
    [
        (cl.JaroWinklerAtThresholds("x"), LISTS, "comparison 'x': expected text in 'x', it holds list<.*: use a level"),
        (cl.QGramDiceAtThresholds("x"), LISTS, "expected text in 'x'"),
        (cl.ArrayIntersectAtSizes("x"), NUMBERS, "expected arrays, or text that is a list in 'x', it holds double"),
        (cl.NumericDifferenceAtThresholds("x"), DATES, "expected numbers in 'x', it holds date32"),
        (cl.NumericDifferenceAtThresholds("x"), MANY, "not one of its values is a number"),
        (cl.AbsoluteDateDifferenceAtThresholds("x", metrics="day", thresholds=1), NUMBERS, "expected dates"),
        (cl.DateComparison("x"), LISTS, "expected"),
        (cl.AbsoluteDateDifferenceAtThresholds("x", metrics="day", thresholds=1), MANY, "give datetime_format"),
        (cl.CosineSimilarityAtThresholds("x"), TEXT, "expected arrays of numbers, all of one length in 'x'"),
        (cl.CosineSimilarityAtThresholds("x"), pa.array([[1.0], [1.0, 2.0]]), "all of one length"),
    ],
)
def test_a_comparison_on_the_wrong_type_says_what_was_expected(
    comparison: Comparison, values: pa.Array, words: str
) -> None:
    with pytest.raises(WrongType, match=words):
        comparison.prepare(Columns(pa.table({"x": values})))


def test_sql_that_cannot_be_evaluated_and_functions_that_fail_are_told_without_a_value() -> None:
    unknown = cl.CustomComparison([cll.CustomLevel("nonsense(x_l, x_r)"), cll.ElseLevel()], "own")
    with pytest.raises(BadExpression, match="nonsense"):
        every_pair(unknown, pa.table({"x": ["a"]}))
    missing = cl.CustomComparison([cll.FunctionLevel("never_registered", "x"), cll.ElseLevel()], "own")
    with pytest.raises(FunctionMissing, match="comparison 'own': expected a registered function 'never_registered'"):
        missing.prepare(Columns(pa.table({"x": ["a"]})))
    cll.register_function("test_fails", lambda one, two: 1 / 0)
    failing = cl.CustomComparison([cll.FunctionLevel("test_fails", "x"), cll.ElseLevel()], "own")
    with pytest.raises(FunctionFailed, match="'test_fails' ended with ZeroDivisionError") as error:
        every_pair(failing, pa.table({"x": ["secret"]}))
    assert "secret" not in str(error.value)


def test_a_missing_value_may_be_neutral_a_level_two_levels_or_disagreement() -> None:
    table = pa.table({"x": ["a", "b", None, None]})
    wanted = {
        "neutral": (("else", "exact"), [[1, 0, -1], [-1, -1, -1]]),
        "else": (("else", "exact"), [[1, 0, 0], [0, 0, 0]]),
        "level": (("else", "missing", "exact"), [[2, 0, 1], [1, 1, 1]]),
        "sides": (("else", "missing_one", "missing_both", "exact"), [[3, 0, 1], [1, 1, 2]]),
    }
    for null, (names, levels) in wanted.items():
        comparison = cl.ExactMatch("x").configure(null=null)  # type: ignore[arg-type]
        assert comparison.level_names == names
        assert every_pair(comparison, table)[[0, 2], :3].tolist() == levels


def test_levels_of_the_same_name_are_told_by_their_columns() -> None:
    both = cl.ForenameSurnameComparison("given", "family")
    assert both.name == "given_family"
    assert both.level_names == (
        "else",
        "exact(given)",
        "exact(family)",
        "jaro_winkler_0.88(given)_and_jaro_winkler_0.88(family)",
        "jaro_winkler_0.92(given)_and_jaro_winkler_0.92(family)",
        "swapped",
        "exact(given)_and_exact(family)",
    )
    assert both.columns == {"given", "family"}


def test_both_names_are_missing_only_together_and_may_be_exchanged_with_an_error() -> None:
    both = cl.ForenameSurnameComparison("given", "family", swapped_thresholds=[0.9])
    one = {"given": "peter", "family": "hansen"}
    assert level_of_rows(both, one, {"given": None, "family": "hansen"}) == "exact(family)"
    assert level_of_rows(both, one, {"given": None, "family": "x"}) == "else"
    assert level_of_rows(both, {"given": None, "family": None}, {"given": None, "family": None}) is None
    assert level_of_rows(both, one, {"given": "hansen", "family": "peter"}) == "swapped"
    assert level_of_rows(both, one, {"given": "hansem", "family": "peter"}) == "swapped_jaro_winkler_0.90"


def test_nested_places_are_one_fact() -> None:
    place = cl.PlaceComparison("village", "district", name="home")
    one = {"village": "a", "district": "b"}
    assert place.level_names == ("else", "same_district", "same_village")
    assert level_of_rows(place, one, {"village": "c", "district": "b"}) == "same_district"
    assert level_of_rows(place, one, {"village": None, "district": "b"}) == "same_district"


def test_a_mail_address_may_have_moved() -> None:
    mail = cl.EmailComparison("x")
    others = ("john.smith@a.org", "john.smith@b.org", "john.smyth@a.org", "rebecca@c.net")
    assert [level(mail, "john.smith@a.org", other) for other in others] == [
        "exact",
        "same_user",
        "jaro_winkler_0.88",
        "else",
    ]


def test_probabilities_are_given_strongest_level_first() -> None:
    comparison = cl.LevenshteinAtThresholds("x", 2).configure(m_probabilities=[0.9, 0.08, 0.02])
    assert [part.m_probability for part in comparison.scored] == [0.02, 0.08, 0.9]
    with pytest.raises(ValueError, match="expected 3 values of u_probability, strongest level first"):
        comparison.configure(u_probabilities=[0.5, 0.5])


def test_value_codes_are_given_where_equality_is_the_strongest_level_and_miss_what_null_says() -> None:
    columns = Columns(pa.table({"x": ["2015-01-01", "2015-13-01", None]}))
    born = cl.DateOfBirthComparison("x", input_is_string=True).prepare(columns).codes
    assert born is not None
    assert born.left.tolist() == [0, -1, -1]
    assert cl.ArrayIntersectAtSizes("x").prepare(columns).codes is None
    both = cl.ForenameSurnameComparison("x", "y")
    assert both.prepare(Columns(pa.table({"x": ["a"], "y": ["b"]}))).codes is None


def test_tables_without_rows_give_no_pairs() -> None:
    empty = np.zeros(0, dtype=np.int64)
    for comparison in EVERY[:-1]:
        if comparison.name != "x" or comparison.columns != {"x"}:
            continue
        arrays = any(part.kind in {"array", "pairwise", "cosine"} for part in comparison.levels)
        numbers = any(part.kind == "cosine" for part in comparison.levels)
        kind = pa.list_(pa.float64() if numbers else pa.string()) if arrays else pa.string()
        prepared = comparison.prepare(Columns(pa.table({"x": pa.array([], kind)})))
        assert prepared.gammas(empty, empty).tolist() == prepared.quick(empty, empty).tolist() == []


def test_a_column_may_be_sql_by_its_form_and_quoted_where_it_only_looks_so() -> None:
    alike = cl.ExactMatch("substr(x, 1, 1)")
    assert (alike.name, alike.columns) == ("substr(x, 1, 1)", frozenset({"x"}))
    assert Comparison.model_validate_json(alike.model_dump_json()) == alike
    assert level(alike, "ab", "ac") == "exact"
    dose = cl.ExactMatch('"dose(mGy)"')
    assert (dose.name, dose.columns) == ("dose(mGy)", frozenset({"dose(mGy)"}))
    assert Comparison.model_validate_json(dose.model_dump_json()) == dose


def test_comparisons_made_of_parts_of_a_value_take_sql_too() -> None:
    mail = cl.EmailComparison("lower(x)")
    assert Comparison.model_validate_json(mail.model_dump_json()) == mail
    assert (level(mail, "A@x.de", "a@X.de"), level(mail, "Ada@x.de", "ada@long.example.org")) == ("exact", "same_user")
