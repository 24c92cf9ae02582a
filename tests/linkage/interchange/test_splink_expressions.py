"""A transform written as SQL for Splink reads the same of every value as the transform does here."""

import pyarrow as pa
import pytest

from linkage.columns import Columns, Expression
from linkage.interchange.splink_levels import operand_of

TEXTS = ["Ada", "AB12", "1987-03-05", "05.03.1987", None, "x"]
LISTS = [["p", "q"], ["r"], [], None, ["s", None], ["t"]]
COLUMNS = Columns(pa.table({"a": pa.array(TEXTS, pa.string()), "l": pa.array(LISTS, pa.list_(pa.string()))}))
A, L = Expression(column="a"), Expression(column="l")


def read(expression: Expression) -> list[str | None]:
    codes = COLUMNS.codes(expression)
    return [codes.values[code] if code >= 0 else None for code in codes.left.tolist()]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (A.lower(), ["ada", "ab12", "1987-03-05", "05.03.1987", None, "x"]),
        (A.substr(3, 1), ["a", "1", "8", ".", None, None]),
        (A.nullif("x"), ["Ada", "AB12", "1987-03-05", "05.03.1987", None, None]),
        (A.regex_extract("([A-Z]+)([0-9]+)", 2), [None, "12", None, None, None, None]),
        (A.cast_to_string(), TEXTS),
        (A.try_parse_date(), [None, None, "1987-03-05", None, None, None]),
        (A.try_parse_date("%d.%m.%Y"), [None, None, None, "1987-03-05", None, None]),
        (A.lower().substr(1, 2), ["ad", "ab", "19", "05", None, "x"]),
        (L.access_extreme_array_element("first"), ["p", "r", None, None, "s", "t"]),
        (L.access_extreme_array_element("last"), ["q", "r", None, None, None, "t"]),
    ],
)
def test_a_transform_and_its_sql_read_the_same(expression: Expression, wanted: list[str | None]) -> None:
    assert read(expression) == wanted
    assert read(Expression(sql=operand_of(expression).sql)) == wanted
