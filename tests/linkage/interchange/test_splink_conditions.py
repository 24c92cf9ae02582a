"""Splink's SQL conditions: recognised by their shape, written again, asking the same of every pair of values."""

# ruff: noqa: S608

import json
from pathlib import Path

import duckdb
import pytest

from linkage.interchange.conditions import (
    All,
    Any,
    Condition,
    Custom,
    Else,
    Equal,
    Given,
    Measured,
    Missing,
    Negated,
    Operand,
    Subset,
    condition_sql,
)
from linkage.interchange.recognise import BadCondition, recognise

A, B, N = Operand('"a"', "a"), Operand('"b"', "b"), Operand('"n"', "n")
ARR, LAT, LONG = Operand('"arr"', "arr"), Operand('"lat"', "lat"), Operand('"long"', "long")
DAY = Operand("TRY_STRPTIME(\"a\", '%Y-%m-%d')")

KNOWN: list[tuple[str, Condition]] = [
    ('"a_l" = "a_r"', Equal(A, A)),
    ("a_r = a_l", Equal(A, A)),
    ('"a_l" = "b_r"', Equal(A, B)),
    ('"a_l" = "b_r" AND "a_r" = "b_l"', Equal(A, B, both_ways=True)),
    ("substr(a_l, 1, 3) = substr(a_r, 1, 3)", Equal(Operand('SUBSTRING("a", 1, 3)'), Operand('SUBSTRING("a", 1, 3)'))),
    ('"a_l" IS NULL OR "a_r" IS NULL', Missing(A, "either")),
    ("a_l is null and a_r is null", Missing(A, "both")),
    ("a_l is null", Missing(A, "left")),
    ("a_l = 'x' AND a_r = 'x'", Given(A, "x", "string", "both")),
    ("\"a_l\" = CAST('2001-01-01' AS DATE)", Given(A, "2001-01-01", "date", "left")),
    ('"n_r" = CAST(3 AS INT)', Given(N, "3", "int", "right")),
    ('jaro_winkler_similarity("a_l", "a_r") >= 0.92', Measured("jaro_winkler", A, 0.92)),
    ('0.92 <= jaro_winkler_similarity("a_l", "a_r")', Measured("jaro_winkler", A, 0.92)),
    ("jaro_similarity(a_l, a_r) > 0.8", Measured("jaro", A, 0.8, strict=True)),
    ('levenshtein("a_l", "a_r") <= 2', Measured("levenshtein", A, 2)),
    ('damerau_levenshtein("a_l", "a_r") <= 1', Measured("damerau_levenshtein", A, 1)),
    ('jaccard("a_l", "a_r") >= 0.7', Measured("jaccard", A, 0.7)),
    ('ABS("n_l" - "n_r") <= 5', Measured("difference", N, 5)),
    (
        "ABS(EPOCH(try_strptime(\"a_l\", '%Y-%m-%d')) - EPOCH(try_strptime(\"a_r\", '%Y-%m-%d'))) <= 2629800.0",
        Measured("seconds", DAY, 2_629_800),
    ),
    (
        '(ABS("n_l" - "n_r") / (CASE WHEN "n_r" > "n_l" THEN "n_r" ELSE "n_l" END)) < 0.1',
        Measured("percentage", N, 0.1, strict=True),
    ),
    ('array_length(list_intersect("arr_l", "arr_r")) >= 2', Measured("shared", ARR, 2)),
    ('array_cosine_similarity("arr_l", "arr_r") >= 0.8', Measured("cosine", ARR, 0.8)),
    (
        (
            "list_max(list_transform(flatten(list_transform(arr_l, x -> list_transform(arr_r, y -> [x, y]))), "
            "pair -> jaro_winkler_similarity(pair[1], pair[2]))) >= 0.9"
        ),
        Measured("any_jaro_winkler", ARR, 0.9),
    ),
    (
        (
            "list_min(list_transform(flatten(list_transform(arr_l, x -> list_transform(arr_r, y -> [x, y]))), "
            "pair -> levenshtein(pair[1], pair[2]))) <= 1"
        ),
        Measured("any_levenshtein", ARR, 1),
    ),
    (
        (
            "LEAST(ARRAY_LENGTH(arr_l), ARRAY_LENGTH(arr_r)) <> 0 AND "
            "ARRAY_LENGTH(ARRAY_INTERSECT(arr_l, arr_r)) = LEAST(ARRAY_LENGTH(arr_l), ARRAY_LENGTH(arr_r))"
        ),
        Subset(ARR, empty_is_subset=False),
    ),
    (
        "ARRAY_LENGTH(ARRAY_INTERSECT(arr_l, arr_r)) = LEAST(ARRAY_LENGTH(arr_l), ARRAY_LENGTH(arr_r))",
        Subset(ARR, empty_is_subset=True),
    ),
    (
        (
            "cast(acos(case when (sin(radians(lat_l)) * sin(radians(lat_r)) + cos(radians(lat_l)) * "
            "cos(radians(lat_r)) * cos(radians(long_r - long_l))) > 1 then 1 else "
            "sin(radians(lat_l)) * sin(radians(lat_r)) + "
            "cos(radians(lat_l)) * cos(radians(lat_r)) * cos(radians(long_r - long_l)) end) * 6371 as float) <= 100"
        ),
        Measured("km", LAT, 100, second=LONG),
    ),
    (
        "(a_l = a_r) AND (NOT (levenshtein(b_l, b_r) <= 1))",
        All((Equal(A, A), Negated(Measured("levenshtein", B, 1)))),
    ),
    (
        '("a_l" IS NULL OR "a_r" IS NULL) AND ("b_l" IS NULL OR "b_r" IS NULL)',
        All((Missing(A, "either"), Missing(B, "either"))),
    ),
    ("a_l is null or a_r is null or b_l is null or b_r is null", Any((Missing(A, "either"), Missing(B, "either")))),
    ("a_l = a_r or levenshtein(a_l, a_r) <= 1", Any((Equal(A, A), Measured("levenshtein", A, 1)))),
    ("ELSE", Else()),
]
UNKNOWN = [
    "a_l < b_r",
    "hamming(a_l, a_r) <= 3",
    "levenshtein(a_l, b_r) <= 1",
    "levenshtein(a_l, a_r) >= 3",
    "jaro_winkler_similarity(a_l, a_r) <= 0.5",
    "a_l || b_r = a_r || b_l",
    "l.a = r.a",
    "a_l = a_r and hamming(b_l, b_r) < 2",
    "abs(n_l - n_r) <= n_l / 10",
]


@pytest.mark.parametrize(("sql", "wanted"), KNOWN)
def test_a_known_shape_is_recognised(sql: str, wanted: Condition) -> None:
    assert recognise(sql) == wanted


@pytest.mark.parametrize("sql", UNKNOWN)
def test_what_has_no_known_shape_stays_sql(sql: str) -> None:
    assert isinstance(recognise(sql), Custom)


@pytest.mark.parametrize("condition", [condition for _, condition in KNOWN])
def test_a_condition_that_is_written_is_recognised_again(condition: Condition) -> None:
    assert recognise(condition_sql(condition)) == condition


@pytest.mark.parametrize("sql", [sql for sql, _ in KNOWN if sql != "ELSE" and "arr" not in sql and "DATE" not in sql])
def test_a_condition_that_is_written_asks_the_same_of_every_pair(sql: str) -> None:
    assert answers(condition_sql(recognise(sql))) == answers(sql)


@pytest.mark.parametrize("sql", [sql for sql, _ in KNOWN if "arr" in sql and "cosine" not in sql])
def test_a_condition_on_arrays_that_is_written_asks_the_same_of_every_pair(sql: str) -> None:
    assert answers(condition_sql(recognise(sql))) == answers(sql)


def test_the_dialect_of_another_database_is_read() -> None:
    assert recognise("levenshtein(`a_l`, `a_r`) <= 1", dialect="spark") == Measured("levenshtein", A, 1)


def test_what_is_no_sql_is_refused_with_the_expression() -> None:
    with pytest.raises(BadCondition, match=r"sql_condition 'a_l = \(': expected a condition in duckdb SQL"):
        recognise("a_l = (")


@pytest.mark.parametrize("name", ["splink5_dedupe.json", "splink4_link.json"])
def test_every_level_but_the_custom_one_of_the_examples_is_recognised(name: str) -> None:
    document = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    levels = [level for comparison in document["comparisons"] for level in comparison["comparison_levels"]]
    assert [level for level in levels if isinstance(recognise(level["sql_condition"]), Custom)] == []


def answers(sql: str) -> list[tuple[bool | None]]:
    for name in ("x", "y", "pair"):  # Splink's arrows are refused by DuckDB from version 2 on
        sql = sql.replace(f"{name} ->", f"lambda {name}:")
    texts = "(VALUES ('anna'), ('ana'), ('hanna'), ('x'), ('2001-01-01'), ('2001-01-20'), (NULL))"
    rows = f"""
        (SELECT t.v AS a, CASE WHEN t.v = 'ana' THEN 'anna' WHEN t.v = 'x' THEN NULL ELSE reverse(t.v) END AS b,
            length(t.v) AS n, length(t.v) * 9.0 AS lat, length(t.v) * 0.4 AS long,
            CASE WHEN t.v = 'x' THEN [] WHEN t.v = 'anna' THEN ['anna', 'otto'] ELSE [t.v, 'otto', 'eva'] END AS arr
         FROM {texts} AS t(v))"""
    sides = (", ".join(f"{name} AS {name}_{side}" for name in ("a", "b", "n", "lat", "long", "arr")) for side in "lr")
    left, right = (f"(SELECT {columns} FROM {rows})" for columns in sides)
    ordered = "ORDER BY a_l NULLS FIRST, a_r NULLS FIRST"
    return duckdb.connect().execute(f"SELECT {sql} FROM {left} CROSS JOIN {right} {ordered}").fetchall()
