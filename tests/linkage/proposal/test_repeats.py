"""What the data tell before linking: columns that repeat facts, records with two partners, rules worth their pairs."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from graph_schema.chance import stream
from linkage.columns import Columns, Expression
from linkage.proposal.imagined import ImaginedMatches
from linkage.proposal.profile import ColumnKind, ColumnProfile, profile
from linkage.proposal.repeats import repeats_of
from linkage.proposal.rules import propose_rules
from linkage.proposal.twins import share_with_two
from tests.linkage.model.households import FIELDS, town
from tests.linkage.people import people, with_relatives


def profiles(table: pa.Table) -> list[ColumnProfile]:
    return [profile(table, table, column=name, right_column=name, within=True) for name in table.column_names]


def placed(n: int) -> pa.Table:
    """People of villages, each in a district, each in a province; names of their own."""
    draw = stream("placed-people", seed=3)
    village = draw.integers(0, 90, n)
    left, _, _ = people(n)
    places = {
        "village": [f"Dorf {'abcdefghij'[v % 10]}{'klmnopqrs'[v // 10]}feld".replace(" ", "") for v in village],
        "district": [f"Kreis{'abcdefghijklmno'[v % 15]}land" for v in village],
        "province": [f"Land{'xyz'[v % 3]}" for v in village],
    }
    kept = {name: left[name] for name in ("given", "family", "born")}
    return pa.table({**kept, **{name: pa.array(values) for name, values in places.items()}})


def test_a_whole_name_beside_its_parts_is_left_out() -> None:
    table = people(400)[0]
    whole = [f"{b}, {a}" for a, b in zip(table["given"].to_pylist(), table["family"].to_pylist(), strict=True)]
    found = repeats_of(table.append_column("whole", pa.array(whole)), profiles(table), seed=1)
    assert found.left_out == frozenset()
    told = table.append_column("whole", pa.array(whole))
    assert repeats_of(told, profiles(told), seed=1).left_out == {"whole"}


def test_an_address_that_holds_a_name_by_chance_is_kept() -> None:
    table = people(400)[0]
    mail = [f"{a}.{b}@anbieter-im-netz.example" for a, b in zip(table["given"].to_pylist(), range(400), strict=True)]
    told = table.append_column("mail", pa.array(mail))
    assert repeats_of(told, profiles(told), seed=1).left_out == frozenset()


def test_a_code_beside_its_meaning_is_left_out() -> None:
    table = people(600)[0]
    code = np.arange(600) % 5
    words = np.array(["ledig", "verheiratet", "geschieden", "verwitwet", "unbekannt"])[code]
    told = table.append_column("state", pa.array(code.astype(str))).append_column("state_text", pa.array(words))
    assert repeats_of(told, profiles(told), seed=1).left_out == {"state_text"}


def test_places_within_places_are_one_chain_finest_first() -> None:
    table = placed(1_500)
    found = repeats_of(table, profiles(table), seed=1)
    assert found.nested == (("village", "district", "province"),)
    assert found.left_out == frozenset()


def test_a_family_name_that_a_household_shares_is_no_reason_to_leave_it_out() -> None:
    table = people(900)[0]
    home = np.arange(900) // 3
    shared = [f"Hausstraße {number}" for number in home]
    family = np.array(table["family"].to_pylist())[home * 3]
    told = table.set_column(2, "family", pa.array(family)).append_column("street", pa.array(shared))
    found = repeats_of(told, profiles(told), seed=1)
    assert (found.left_out, found.nested) == (frozenset(), ())


def test_duplicates_are_not_taken_for_strangers() -> None:
    table = people(500)[0]
    twice = pa.concat_tables([table, table, table])
    columns = [part for part in profiles(twice) if part.column != "id"]
    found = repeats_of(twice, columns, seed=1)
    assert (found.left_out, found.nested) == (frozenset(), ())


def plain(table: pa.Table) -> list[Expression]:
    return [Expression(column=name) for name in table.column_names if name != "id"]


@pytest.mark.parametrize(("n_twice", "share"), [(0, 0.0), (70, 0.25)])
def test_the_share_of_records_with_two_partners_is_told(n_twice: int, share: float) -> None:
    left, right, true = people(400)
    twice = left.take(pa.array(true[:n_twice, 0])).set_column(2, "family", pa.array(["Anders"] * n_twice, pa.string()))
    columns = Columns(pa.concat_tables([left, twice]), right)
    assert share_with_two(columns, plain(left), of_right=True, seed=1).share == pytest.approx(share, abs=0.03)
    assert share_with_two(columns, plain(left), of_right=False, seed=1).share <= 0.01


def test_brothers_and_sisters_are_no_second_partners() -> None:
    left, right, _ = people(600)
    columns = Columns(left, with_relatives(left, right, share=0.5))
    assert share_with_two(columns, plain(left), of_right=False, seed=1).share <= 0.01


@pytest.mark.parametrize("of_right", [True, False])
def test_a_missing_birth_date_makes_no_family_one_person(of_right: bool) -> None:
    made = town(1_000, seed=2)
    left, right = (
        pa.table(
            {name: [None if x < 0 else str(x) for x in rows[:, at].tolist()] for at, (name, _) in enumerate(FIELDS)}
        )
        for rows in (made.left, made.right)
    )
    found = share_with_two(Columns(left, right), plain(left), of_right=of_right, seed=1)
    assert found.share <= 0.02
    assert not found.means_twice


def test_twins_are_two_persons_and_as_few_who_stand_there_twice_are_seen() -> None:
    left, right, true = people(600)
    some = right.take(pa.array(true[:12, 1]))
    named = some.set_column(some.column_names.index("given"), "given", pa.array(["Zoe"] * 12))
    twins = share_with_two(Columns(left, pa.concat_tables([right, named])), plain(left), of_right=False, seed=1)
    twice = share_with_two(Columns(left, pa.concat_tables([right, some])), plain(left), of_right=False, seed=1)
    assert (twins.share >= 0.02, twins.unlike_twins <= 0.005, twins.means_twice) == (True, True, False)
    assert (twice.share >= 0.02, twice.unlike_twins >= 0.02, twice.means_twice) == (True, True, True)


def test_too_few_columns_tell_of_no_second_partner() -> None:
    left, right, _ = people(50)
    assert share_with_two(Columns(left, right), plain(left)[:2], of_right=True, seed=1).share == 0.0
    same = pa.table({name: ["x"] * 5 for name in "abcd"})
    assert share_with_two(Columns(same, same), plain(same), of_right=True, seed=1).share == 0.0


def test_few_records_need_no_rule_and_many_get_rules_within_the_budget() -> None:
    few, many = people(500), people(6_000)
    parts = [part for part in profiles(many[0]) if part.column != "id"]
    assert [rule.keys for rule in propose_rules(Columns(few[0], few[1]), parts, swapped={}, seed=1)] == [()]
    rules = propose_rules(Columns(many[0], many[1]), parts, swapped={}, seed=1)
    assert len(rules) >= 3
    assert sum(rule.n_pairs for rule in rules) <= 3_000_000


def test_the_pairs_of_a_rule_are_counted_exactly_where_all_rows_are() -> None:
    left, right, _ = people(6_000)
    parts = [part for part in profiles(left) if part.column == "postcode"]
    (rule,) = propose_rules(Columns(left, right), parts, swapped={}, seed=1)
    assert [key.text for key in rule.keys] == ["folded(postcode)"]
    counts = [Counter(table["postcode"].to_pylist()) for table in (left, right)]
    assert rule.n_pairs == sum(n * counts[1][code] for code, n in counts[0].items())


def test_proposed_rules_find_nearly_all_true_pairs() -> None:
    left, right, true = people(4_000)
    parts = [part for part in profiles(left) if part.column != "id"]
    columns = Columns(left, right)
    found = np.zeros(len(true), dtype=bool)
    for rule in propose_rules(columns, parts, swapped={}, seed=1):
        agree = np.ones(len(true), dtype=bool)
        for key in rule.keys:
            codes = columns.codes(key)
            a, b = codes.left[true[:, 0]], codes.right[true[:, 1]]
            agree &= (a == b) & (a >= 0)
        found |= agree
    assert found.mean() > 0.999


def test_columns_of_one_value_give_no_rule() -> None:
    table = pa.table({"x": ["same"] * 3_000})
    part = ColumnProfile("x", "x", ColumnKind.NAME, 1, 1.0, 1.0)
    assert propose_rules(Columns(table), [part], swapped={}, seed=1) == ()


def test_an_imagined_error_at_the_end_leaves_the_beginning() -> None:
    part = ColumnProfile("name", "name", ColumnKind.NAME, 100, 1.0, 0.01)
    imagined = ImaginedMatches([part], swapped={}, seed=1)
    whole = imagined.agree(Expression(column="name").then("folded"))
    letters = imagined.agree(Expression(column="name").then("first_letters", 3))
    assert (letters | ~whole).all()
    assert 0.03 < (letters & ~whole).mean() < 0.15
    assert 0.6 < whole.mean() < 0.8


def test_an_imagined_exchange_of_names_is_found_crosswise_alone() -> None:
    given = ColumnProfile("given", "given", ColumnKind.NAME, 100, 1.0, 0.01)
    family = ColumnProfile("family", "family", ColumnKind.NAME, 100, 1.0, 0.01)
    imagined = ImaginedMatches([given, family], swapped={"given": family, "family": given}, seed=1)
    straight = imagined.agree(Expression(column="given").then("folded"))
    crossed = imagined.agree(Expression(column="given", right_column="family").then("folded"))
    assert crossed.any()
    assert not (straight & crossed).any()
