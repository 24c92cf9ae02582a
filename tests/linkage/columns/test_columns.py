"""Columns are encoded once: equal text, equal code; missing is -1; transforms and SQL on distinct values."""

import decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from graph_schema.errors import ExitCode
from linkage.columns import BadExpression, ColumnMissing, Columns, Expression, Transform, WrongColumn, text_of
from linkage.columns import sql as by_sql
from linkage.columns.encoding import encode
from linkage.columns.folding import fold, fold_all
from linkage.columns.native import by_arrow

TEXTS = st.lists(st.one_of(st.none(), st.text("aBäßÄ -ł1", max_size=4)), max_size=8)


def column(values: list[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values[:3], pa.string()), pa.array(values[3:], pa.string())])


@settings(max_examples=60, deadline=None)
@given(one=TEXTS, two=TEXTS)
def test_codes_are_the_sorted_trimmed_values_and_missing_is_minus_one(
    one: list[str | None], two: list[str | None]
) -> None:
    coded = encode(column(one), column(two))
    assert list(coded.values) == sorted({text.strip() for text in [*one, *two] if text and text.strip()})
    for values, codes in ((one, coded.left), (two, coded.right)):
        back = [coded.values[code] if code >= 0 else "" for code in codes.tolist()]
        assert back == [(text or "").strip() for text in values]


@settings(max_examples=60, deadline=None)
@given(values=TEXTS)
def test_folding_in_bulk_is_folding_one_by_one(values: list[str | None]) -> None:
    wanted = [None if text is None else fold(text) for text in values]
    assert fold_all(pa.array(values, pa.string())).to_pylist() == wanted


@pytest.mark.parametrize(
    ("expression", "left", "values"),
    [
        (Expression(column="a"), [0, 1, -1, -1], ("Müller", "x")),
        (Expression(column="a", transforms=("folded",)), [0, 1, -1, -1], ("mueller", "x")),  # type: ignore[arg-type]
        (Expression(column="a").lower().substr(2, 2), [0, -1, -1, -1], ("ül",)),
        (Expression(column="a").substr(-1, 1), [0, 1, -1, -1], ("r", "x")),
        (Expression(column="a").nullif("x"), [0, -1, -1, -1], ("Müller",)),
        (Expression(column="a").regex_extract("^([A-Z])(.)", 2), [0, -1, -1, -1], ("ü",)),
        (Expression(column="n"), [0, 1, -1, 2], ("1", "2", "3")),
        (Expression(column="n").cast_to_string(), [0, 1, -1, 2], ("1", "2", "3")),
        (Expression(column="d").try_parse_date("%d.%m.%Y"), [0, -1, -1, 0], ("2015-10-03",)),
        (Expression(column="l").access_extreme_array_element("last"), [0, -1, -1, 1], ("b", "c")),
        (Expression(column="l").access_extreme_array_element("first"), [0, -1, -1, 1], ("a", "c")),
        (Expression(sql="substr(a, 1, 2)"), [0, 1, -1, -1], ("Mü", "x")),
        (Expression(sql="coalesce(n, 2)"), [0, 1, 1, 2], ("1", "2", "3")),
        (Expression(sql="a || n"), [0, 1, -1, -1], ("Müller1.0", "x 2.0")),
        (Expression(sql="len(l)"), [2, 0, -1, 1], ("0", "1", "2")),
    ],
)
def test_an_expression_has_one_code_for_each_of_its_values(
    expression: Expression, left: list[int], values: tuple[str, ...]
) -> None:
    table = pa.table(
        {
            "a": ["Müller", "x ", "", None],
            "n": [1.0, 2.0, None, 3.0],
            "d": ["03.10.2015", "n.a.", None, "3.10.2015"],
            "l": [["a", "b"], [], None, ["c"]],
        }
    )
    coded = Columns(table).codes(expression)
    assert (coded.left.tolist(), coded.values) == (left, values)
    assert coded.right is coded.left


def test_a_column_may_be_another_in_the_right_table() -> None:
    columns = Columns(pa.table({"a": ["x", "y"]}), pa.table({"b": ["y", "z", "x"]}))
    coded = columns.codes(Expression(column="a", right_column="b"))
    assert (coded.left.tolist(), coded.right.tolist()) == ([0, 1], [1, 2, 0])
    sql = columns.codes(Expression(sql="upper(a)", right_sql="upper(b)"))
    assert sql.right.tolist() == [1, 2, 0]
    assert columns.codes(Expression(column="a", right_column="b")) is coded


@pytest.mark.parametrize(
    "kind",
    [
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.uint32(), pa.string()),
    ],
)
def test_text_is_text_however_arrow_holds_it(kind: pa.DataType) -> None:
    table = pa.table({"a": pa.array(["x", None, "y", "x"], pa.string()).cast(kind)})
    assert Columns(table).codes(Expression(column="a")).left.tolist() == [0, -1, 1, 0]


@pytest.mark.parametrize("kind", [pa.list_(pa.string_view()), pa.large_list(pa.string_view()), pa.string_view()])
def test_views_of_text_are_read_as_text(kind: pa.DataType) -> None:
    values: list[object] = ["x", None] if pa.types.is_string_view(kind) else [["x"], None]
    left, right = Columns(pa.table({"a": pa.array(values, kind)})).raw(Expression(column="a"))
    assert left is right
    assert str(left.type).replace("element", "item") in {"string", "list<item: string>", "large_list<item: string>"}
    assert left.to_pylist() == values


def test_dates_times_and_truth_values_have_their_text() -> None:
    table = pa.table(
        {
            "d": pa.array([0, None], pa.date32()),
            "t": pa.array([86_400_000, None], pa.timestamp("ms", tz="UTC")),
            "b": [True, None],
            "e": pa.nulls(2),
        }
    )
    found = [Columns(table).codes(Expression(column=name)).values for name in "dtbe"]
    assert found == [("1970-01-01",), ("1970-01-02",), ("true",), ()]


def test_equal_values_have_equal_text_whatever_their_type() -> None:
    at_eight = pa.scalar("2020-01-02 08:00:00").cast(pa.timestamp("us"))
    moments = pc.add(at_eight, pa.array([0, 5_405_250_000, -28_800_000_000], pa.duration("us")))
    amounts = [decimal.Decimal("2.50"), decimal.Decimal("100.00"), decimal.Decimal("0.05")]
    held = {
        "moments": moments,
        "nanoseconds": moments.cast(pa.timestamp("ns")),
        "decimals": pa.array(amounts, pa.decimal128(10, 2)),
        "whole decimals": pa.array(amounts[1:2], pa.decimal128(10, 2)).cast(pa.decimal128(10, 0)),
        "floats": pa.array([2.5, 100.0, -0.0, 1e15, 1e20, float("nan")]),
        "bytes": pa.array([b"ab", b"\xff\x00"]),
    }
    found = {name: text_of(pa.chunked_array([column])).to_pylist() for name, column in held.items()}
    told = ["2020-01-02 08:00:00", "2020-01-02 09:30:05.250000", "2020-01-02"]
    assert found == {
        "moments": told,
        "nanoseconds": told,
        "decimals": ["2.5", "100", "0.05"],
        "whole decimals": ["100"],
        "floats": ["2.5", "100", "0", "1000000000000000", "1e+20", None],
        "bytes": ["ab", "\\xff\x00"],
    }


def test_empty_tables_have_no_codes() -> None:
    none = pa.table({"a": pa.array([], pa.string())})
    for expression in (Expression(column="a"), Expression(sql="lower(a)"), Expression(column="a").lower()):
        assert Columns(none).codes(expression).left.tolist() == []


def test_a_missing_column_is_named_with_those_there_are() -> None:
    columns = Columns(pa.table({"a": ["x"]}), pa.table({"b": ["x"]}))
    with pytest.raises(ColumnMissing, match=r"comparison 'given': expected a column 'a', the table has: b") as caught:
        columns.codes(Expression(column="a"), user="comparison 'given'")
    assert caught.value.exit_code is ExitCode.SETTINGS


def test_a_column_of_arrays_has_no_text() -> None:
    with pytest.raises(WrongColumn, match="expected a column of single values, this one holds list"):
        Columns(pa.table({"l": [["a"]]})).codes(Expression(column="l"))


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("a +", "expected SQL as DuckDB reads it"),
        ("frobnicate(a)", "frobnicate"),
        ("sum(n)", "expected one value for each row"),
        ("cast(a as int)", "some rows cannot be evaluated"),
        ("(select 1 from read_text('secret.txt'))", "PermissionException"),
    ],
)
def test_bad_sql_is_refused_with_its_text_and_without_a_value(sql: str, told: str) -> None:
    columns = Columns(pa.table({"a": ["Musterfrau", "x"], "n": [1, 2]}))
    with pytest.raises(BadExpression, match=told) as caught:
        columns.codes(Expression(sql=sql))
    assert "Musterfrau" not in str(caught.value)


def test_a_condition_of_pairs_is_no_where_something_is_missing() -> None:
    pairs = pa.table({"a_l": ["x", "x", None], "a_r": ["x", "y", "x"]})
    assert by_sql.holds(pairs, "a_l = a_r").tolist() == [True, False, False]
    assert by_sql.holds(pairs.slice(0, 0), "a_l = a_r").tolist() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"column": "a", "sql": "a"},
        {"sql": "[a]", "transforms": ["access_extreme_array_element"]},
        {"column": "a", "transforms": [{"kind": "substr", "arguments": ["x", 1]}]},
        {"column": "a", "transforms": [{"kind": "lower", "arguments": [1]}]},
        {"column": "a", "transforms": [{"kind": "first_letters", "arguments": [0]}]},
        {"right_column": "b", "sql": "a"},
    ],
)
def test_an_expression_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Expression.model_validate(wrong)


def test_expressions_have_names_and_come_back_from_json() -> None:
    expression = Expression(column="a", right_column="b", transforms=(Transform(kind="first_letters"),)).lower()
    assert expression.text == "lower(first_letters(a~b, 4))"
    assert Expression.model_validate_json(expression.model_dump_json()) == expression
    assert Expression(sql="substr(a, 1, 2)").columns == ("a",)


def test_counts_leave_the_missing_out() -> None:
    coded = encode(column(["a", None, "b", "a"]), column(["b", None, None]))
    left, right = coded.counts()
    assert (left.tolist(), right.tolist()) == ([2, 1], [0, 1])
    np.testing.assert_allclose(coded.pooled_shares(), [0.5, 0.5])


@pytest.mark.parametrize("sql", ["lower(a)", "upper(a)", "substr(a, 2, 2)", "SUBSTRING( a ,1,1)", "year(d)"])
def test_what_arrow_evaluates_is_what_duckdb_would(sql: str) -> None:
    table = pa.table({"a": ["Müller", "ß", "", None], "d": pa.array([0, -1, 20_000, None], pa.date32())})
    column = "d" if sql == "year(d)" else "a"
    quickly = by_arrow(table.column(column).chunk(0), sql)
    assert quickly is not None
    assert quickly.to_pylist() == by_sql.scalar(table, sql).to_pylist()


@pytest.mark.parametrize("sql", ["substr(a, -1, 1)", "substr(a, 0, 2)", "reverse(a)", "a || a", "lower(a, 1)"])
def test_everything_else_is_duckdbs(sql: str) -> None:
    assert by_arrow(pa.array(["x"]), sql) is None


def test_released_columns_are_read_again_when_needed() -> None:
    columns = Columns(pa.table({"a": ["x", "y"]}))
    one = columns.codes(Expression(column="a"))
    columns.release()
    assert columns.codes(Expression(column="a")) is one
    assert columns.codes(Expression(column="a").substr(1, 1)).left.tolist() == [0, 1]


def test_sql_is_evaluated_as_it_is_typed_too() -> None:
    left, right = Columns(pa.table({"n": [1, None, 1]})).raw(Expression(sql="n + 1"))
    assert (left.to_pylist(), left) == ([2, None, 2], right)
