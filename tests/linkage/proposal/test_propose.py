"""Settings made from the data: what a column holds, what repeats another one, which rules are worth it."""

import numpy as np
import pyarrow as pa
import pytest

from linkage.blocking import Candidates
from linkage.columns import Columns
from linkage.comparison.levels import ColumnsReversedLevel
from linkage.decision.cardinality import Cardinality
from linkage.linker.linker import Linker
from linkage.linker.settings import BadSettings, LinkSettings, LinkType
from linkage.proposal.profile import ColumnKind, find_id, profile
from linkage.proposal.propose import propose
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


def names_of(settings: LinkSettings) -> list[str]:
    return [comparison.name for comparison in settings.comparisons]


def levels_of(settings: LinkSettings, name: str) -> tuple[str, ...]:
    return next(comparison.level_names for comparison in settings.comparisons if comparison.name == name)


def test_row_numbers_and_file_wide_ids_are_not_compared() -> None:
    left, right, _ = people(500)
    assert names_of(propose(left, right)) == ["given", "family", "born", "postcode"]


def _town(number: int) -> str:
    begin, middle, end = "ABDEFGHKLM"[number % 10], "aeiou"[number // 10 % 5], "lmnrst"[number // 50 % 6]
    return f"{begin}{middle}{end}hausen{'aeiou'[number % 5]}"


def test_a_town_and_its_postcode_are_one_comparison() -> None:
    left, right, _ = people(3_000)
    towns = [
        table.append_column("town", pa.array([_town(int(code) // 3) for code in table["postcode"].to_pylist()]))
        for table in (left, right)
    ]
    settings = propose(*towns)
    assert names_of(settings) == ["given", "family", "born", "postcode"]
    assert levels_of(settings, "postcode") == ("else", "same_town", "same_postcode")


def test_columns_are_paired_whatever_their_case() -> None:
    left, right, _ = people(500)
    renamed = right.rename_columns(["ID", "Given", "FAMILY", "Born", "PostCode"])
    settings = propose(left, renamed)
    family = next(part for part in settings.comparisons if part.name == "family")
    assert {expression.right_column for level in family.levels for expression in level.expressions} == {"FAMILY"}
    rules = settings.blocking_rules_to_generate_predictions
    assert Candidates(Columns(left, renamed), rules=rules).plan().n_pairs > 0


def test_names_that_change_places_are_compared_crosswise() -> None:
    left, right, _ = people(1_000)
    swapped = right.to_pylist()
    for row in swapped[:60]:
        row["given"], row["family"] = row["family"], row["given"]
    settings = propose(left, pa.Table.from_pylist(swapped))
    partners = {
        part.name: level.other_column.column
        for part in settings.comparisons
        for level in part.levels
        if isinstance(level, ColumnsReversedLevel)
    }
    assert partners == {"given": "family", "family": "given"}


def test_names_that_keep_their_places_are_not() -> None:
    left, right, _ = people(1_000)
    assert "swapped" not in levels_of(propose(left, right), "given")


def test_few_records_are_all_compared_and_many_are_blocked() -> None:
    few, many = people(300), people(6_000)
    assert [rule.name for rule in propose(few[0], few[1]).blocking_rules_to_generate_predictions] == ["every pair"]
    rules = propose(many[0], many[1]).blocking_rules_to_generate_predictions
    plan = Candidates(Columns(many[0], many[1]), rules=rules).plan()
    assert len(rules) >= 3
    assert plan.n_pairs <= 3_000_000


def test_one_table_is_searched_for_duplicates() -> None:
    settings = propose(people(300)[0])
    assert settings.link_type is LinkType.DEDUPE_ONLY
    assert settings.cardinality == Cardinality.MANY_TO_MANY


def test_records_have_one_partner_unless_the_data_show_persons_twice() -> None:
    left, right, true = people(600)
    assert propose(left, right).cardinality == Cardinality.ONE_TO_ONE
    again = left.take(pa.array(true[:100, 0])).set_column(2, "family", pa.array(["Anders"] * 100))
    again = again.set_column(0, "id", pa.array([f"Z{row}" for row in range(100)]))
    assert propose(pa.concat_tables([left, again]), right).cardinality == Cardinality.read("many_to_one")
    assert propose(left, right, cardinality="one_to_many").cardinality == Cardinality.read("one_to_many")


def test_tables_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(BadSettings, match="no column to compare"):
        propose(pa.table({"a": ["x", "y"]}), pa.table({"b": ["x", "y"]}))


def test_tables_that_nothing_tells_apart_are_refused() -> None:
    table = pa.table({"sex": ["m", "w"] * 2_000, "state": ["nsw", "vic", "qld", "wa"] * 1_000})
    with pytest.raises(BadSettings, match="selective enough"):
        propose(table, table)


def test_proposing_is_deterministic() -> None:
    left, right, _ = people(6_000)
    assert propose(left, right).canonical_json() == propose(left, right).canonical_json()


def test_what_is_proposed_can_be_written_and_read() -> None:
    left, right, _ = people(600)
    settings = propose(left, right)
    assert LinkSettings.read(settings.canonical_json()) == settings


def test_proposed_settings_find_the_pairs() -> None:
    left, right, true = people(800)
    linkage = Linker([left, right], propose(left, right)).link()
    links = linkage.links
    found = set(zip(links["left_row"].to_pylist(), links["right_row"].to_pylist(), strict=True))
    wanted = {(int(a), int(b)) for a, b in true}
    assert len(found & wanted) > 0.99 * len(wanted)
    assert len(found - wanted) < 0.01 * len(found)


def test_a_bridge_between_two_persons_does_not_make_them_one() -> None:
    left, right, true = people(400)
    shared = left.take(pa.array(true[:100, 0]))
    both = pa.concat_tables([left, right.take(pa.array(true[:100, 1])).set_column(0, "id", shared["id"])])
    both = both.drop_columns(["id"])
    linkage = Linker(both, propose(both)).link()
    assert linkage.clusters is not None
    sizes = np.bincount(linkage.clusters.label)
    assert sizes.max() == 2
    assert 95 <= (sizes == 2).sum() <= 100


@pytest.mark.parametrize(
    "name", ["name", "Bemerkung", "Versichertennummer", "kvnr", "telefon_nr", "insurance_no", "ssn"]
)
def test_a_value_that_tells_who_somebody_is_names_no_record(name: str) -> None:
    """Ids are written into the links: a unique name or insurance number would be, too."""
    assert find_id(pa.table({name: ["A123456780", "B123456782", "C123456784"]})) is None


@pytest.mark.parametrize("name", ["id", "unique_id", "rec_id", "Fallnummer", "FALL_NR", "PatID", "record_key", "Nr"])
def test_a_unique_column_that_is_called_so_names_the_records(name: str) -> None:
    assert find_id(pa.table({"name": ["Berg", "Kauf"], name: ["x7", "x3"]})) == name


def test_a_column_that_merely_counts_names_the_records() -> None:
    assert find_id(pa.table({"name": ["Berg", "Kauf", "Lind"], "zeile": ["2", "1", "3"]})) == "zeile"
