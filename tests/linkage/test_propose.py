"""Settings made from the data: what a column holds, what repeats another one, which rules are worth it."""

import pyarrow as pa
import pytest

from linkage.blocking import Candidates
from linkage.profile import ColumnKind, find_id, profile
from linkage.propose import propose
from linkage.settings import BadSettings, LinkType
from tests.linkage.people import people


def kind_of(values: list[object], *, within: bool = False) -> ColumnKind:
    table = pa.table({"x": pa.array(values)})
    return profile(table, table, column="x", right_column="x", within=within).kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([f"{d}.{m}.2015" for d in range(1, 28) for m in range(1, 13)], ColumnKind.DATE),
        ([f"2015{m:02d}{d:02d}" for d in range(1, 28) for m in range(1, 13)], ColumnKind.DATE),
        ([str(1950 + i % 60) for i in range(300)], ColumnKind.YEAR),
        (["m", "w", "d", None, "w"] * 20, ColumnKind.SEX),
        ([f"0{1000 + i % 90}" for i in range(300)], ColumnKind.PLACE_CODE),
        ([str(7_000_000 + 31 * i) for i in range(300)] + ["7000000"], ColumnKind.IDENTIFIER),
        ([str(i % 12) for i in range(300)], ColumnKind.SHORT_NUMBER),
        ([0.1 * i + 3.05 for i in range(100)] * 2, ColumnKind.DECIMAL),
        (["Q21.0;I10", "Q211", "I10, J18.9"] * 20, ColumnKind.CODE_SET),
        (["nsw", "vic", "wa", "qld"] * 20, ColumnKind.CATEGORY),
        ([f"a{i}@b{i % 7}.example" for i in range(60)] * 2, ColumnKind.EMAIL),
        ([f"{6_000_000_000 + 7919 * (i % 90)}" for i in range(300)], ColumnKind.IDENTIFIER),
        ([f"{a}{b}er" for a in "BDFGHKLMN" for b in ("au", "ei", "ie", "o", "u", "a")] * 2, ColumnKind.NAME),
        ([f"Am {a} Weg {b}" for a in ("alten", "langen", "grünen") for b in range(60)] * 2, ColumnKind.TEXT),
        (["same"] * 40, ColumnKind.CONSTANT),
        (list(range(1, 60)), ColumnKind.ROW_ID),
    ],
)
def test_a_column_is_recognised_by_what_it_holds(values: list[object], kind: ColumnKind) -> None:
    assert kind_of(values) is kind


def test_row_numbers_and_file_wide_ids_are_not_compared() -> None:
    left, right, _ = people(500)
    assert [c.name for c in propose(left, right).comparisons] == ["given", "family", "born", "postcode"]
    assert find_id(left) == "id"


def test_a_column_that_a_code_tells_is_left_out() -> None:
    left, right, _ = people(3_000)
    towns = [
        table.append_column("town", pa.array([f"Town {int(code) // 3}" for code in table["postcode"].to_pylist()]))
        for table in (left, right)
    ]
    assert "town" not in [c.name for c in propose(*towns).comparisons]


def test_columns_are_paired_whatever_their_case() -> None:
    left, right, _ = people(500)
    renamed = right.rename_columns(["ID", "Given", "FAMILY", "Born", "PostCode"])
    settings = propose(left, renamed)
    assert {c.name: c.right_column for c in settings.comparisons}["family"] == "FAMILY"
    assert Candidates(left, renamed, rules=settings.blocking).plan().n_pairs > 0


def test_names_that_change_places_are_compared_crosswise() -> None:
    left, right, _ = people(1_000)
    swapped = right.to_pylist()
    for row in swapped[:60]:
        row["given"], row["family"] = row["family"], row["given"]
    settings = propose(left, pa.Table.from_pylist(swapped))
    partners = {c.name: getattr(c, "swapped_with", None) for c in settings.comparisons}
    assert partners["given"] == "family"
    assert partners["family"] == "given"


def test_few_records_are_all_compared_and_many_are_blocked() -> None:
    few, many = people(300), people(2_500)
    assert [rule.name for rule in propose(few[0], few[1]).blocking] == ["every pair"]
    settings = propose(many[0], many[1])
    plan = Candidates(many[0], many[1], rules=settings.blocking).plan()
    assert len(settings.blocking) >= 3
    assert plan.n_pairs <= 60 * 5_000


def test_one_table_is_searched_for_duplicates() -> None:
    assert propose(people(300)[0]).link_type is LinkType.DEDUPE


def test_tables_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(BadSettings, match="no column to compare"):
        propose(pa.table({"a": ["x", "y"]}), pa.table({"b": ["x", "y"]}))


def test_proposing_is_deterministic() -> None:
    left, right, _ = people(2_500)
    assert propose(left, right).canonical_json() == propose(left, right).canonical_json()
