"""Typed values out of text."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest

from graph_schema.delivery.values import choice, day, decimal_number, ik_is_valid, moment, whole_number

TODAY = date(2024, 6, 30)


def parsed(parser, *texts):
    found = parser(pa.array(texts, pa.string()))
    return found.values.to_pylist(), found.reasons.to_pylist()


def test_three_ways_of_writing_a_date_are_one_day():
    values, reasons = parsed(day(today=TODAY), "2019-03-05", "20190305", "05.03.2019", "2019-03-05 00:00:00")
    assert values == [date(2019, 3, 5)] * 4
    assert reasons == [None] * 4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2019-02-30", "impossible date"),
        ("00000000", "impossible date"),
        ("2024-07-01", "date in the future"),
        ("1867-01-01", "date before 1900"),
        ("03/05/2019", "not a date (YYYY-MM-DD, YYYYMMDD or DD.MM.YYYY)"),
        ("2019-03-05 08:00", "not a date (YYYY-MM-DD, YYYYMMDD or DD.MM.YYYY)"),
    ],
)
def test_a_bad_date_says_why_and_never_what(text, reason):
    values, reasons = parsed(day(today=TODAY), text)
    assert (values, reasons) == ([None], [reason])
    assert text not in reason


def test_null_is_neither_a_value_nor_bad():
    assert parsed(day(today=TODAY), None) == ([None], [None])


def test_times_come_with_and_without_seconds():
    values, _ = parsed(
        moment(today=TODAY),
        "201903050842",
        "20190305084201",
        "2019-03-05 08:42",
        "2019-03-05T08:42:01",
        "05.03.2019 08:42",
    )
    minute, second = datetime.fromisoformat("2019-03-05T08:42"), datetime.fromisoformat("2019-03-05T08:42:01")
    assert values == [minute, second, minute, second, minute]


def test_an_hour_that_does_not_exist_is_impossible():
    assert parsed(moment(today=TODAY), "201903052500") == ([None], ["impossible time"])


def test_the_decimal_mark_is_the_declared_one_and_thousands_marks_are_refused():
    assert parsed(decimal_number(mark=","), "12,5", "12", "1.234", "1.234,5")[0] == [12.5, 12.0, None, None]
    assert parsed(decimal_number(mark="."), "12.5", "12,5", "1,234.5")[0] == [12.5, None, None]


def test_a_number_out_of_range_and_no_number_are_told_apart():
    found = parsed(decimal_number(minimum=0.0, exclusive=True), "0", "-1", "x", "nan", "1e999")
    assert found[0] == [None] * 5
    assert found[1] == [
        "number out of its possible range",
        "number out of its possible range",
        "not a number",
        "not a number",
        "number out of its possible range",
    ]


def test_whole_numbers_may_carry_zeros_behind_a_mark():
    parser = whole_number(pa.int32(), minimum=0, maximum=99)
    assert parsed(parser, "12", "12.0", "12,00", "12.5", "100") == (
        [12, 12, 12, None, None],
        [None, None, None, "not a whole number", "number out of its possible range"],
    )


def test_a_choice_is_taken_in_any_case():
    parser = choice({"m": "male", "w": "female"}, wanted="m or w")
    assert parsed(parser, "M", "w", "q") == (["male", "female", None], [None, None, "expected m or w"])


@pytest.mark.parametrize(
    ("ik", "valid"),
    [("260326822", True), ("260326823", False), ("26032682", False), ("26032682x", False), ("269900019", True)],
)
def test_the_check_digit_of_an_institution_number(ik, valid):
    assert ik_is_valid(ik) is valid
