"""How many partners a record may have, and what holds between each pair of sources."""

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from linkage.decision.cardinality import Cardinality
from linkage.decision.policy import ANY_NUMBER, BadPolicy, SourcePolicy, Sources, compete


class Holder(BaseModel):
    cardinality: Cardinality


def rows(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize(
    ("word", "of_left", "of_right"),
    [
        ("one_to_one", 1, 1),
        ("one_to_many", None, 1),
        ("many_to_one", 1, None),
        ("many_to_many", None, None),
        ("2:3", 3, 2),
        ("1:n", None, 1),
    ],
)
def test_a_word_says_how_many_partners_each_side_has(word: str, of_left: int | None, of_right: int | None) -> None:
    found = Cardinality.read(word)
    assert (found.of_left, found.of_right) == (of_left, of_right)


@pytest.mark.parametrize("word", ["one_to_one", "many_to_one", "2:3", "4:n"])
def test_a_cardinality_is_one_word_in_json_and_back(word: str) -> None:
    held = Holder(cardinality=word)  # type: ignore[arg-type]
    assert held.model_dump_json() == f'{{"cardinality":"{word}"}}'
    assert Holder.model_validate_json(held.model_dump_json()) == held


@pytest.mark.parametrize("word", ["one_two", "0:1", "", "1:-1"])
def test_another_word_is_refused_with_those_there_are(word: str) -> None:
    with pytest.raises(ValidationError, match="one_to_one, one_to_many, many_to_one, many_to_many"):
        Holder(cardinality=word)  # type: ignore[arg-type]


def test_the_schema_of_a_cardinality_is_text() -> None:
    assert Holder.model_json_schema()["properties"]["cardinality"]["type"] == "string"


def test_a_record_competes_within_each_other_source_on_its_own() -> None:
    sources = Sources(("a", "b", "c"), rows(0, 0, 1, 2), rows(0, 0, 1, 2))
    found = compete(
        rows(0, 0, 1), rows(2, 3, 2), cardinality=Cardinality.ONE_TO_ONE, threshold=0.9, within=True, sources=sources
    )
    assert found.a[0] != found.a[1]
    assert found.b[0] == found.b[2]
    assert not found.one_sided.any()


def test_a_policy_read_backwards_is_turned_round() -> None:
    sources = Sources(
        ("a", "b"),
        rows(0, 1),
        rows(0, 1),
        (SourcePolicy(left="b", right="a", cardinality="one_to_many", threshold=0.5),),
    )
    found = compete(rows(0), rows(1), cardinality=Cardinality.ONE_TO_ONE, threshold=0.9, within=True, sources=sources)
    assert (found.room[found.a[0]], found.room[found.b[0]]) == (1, ANY_NUMBER)
    assert found.threshold.tolist() == [0.5]


def test_the_earlier_source_is_left_whatever_the_order_of_the_rows() -> None:
    sources = Sources(("a", "b"), rows(1, 0, 1), rows(1, 0, 1))
    found = compete(
        rows(0, 1), rows(1, 2), cardinality=Cardinality.ONE_TO_MANY, threshold=0.9, within=True, sources=sources
    )
    assert found.room[[found.a[0], found.b[0], found.a[1], found.b[1]]].tolist() == [1, ANY_NUMBER, ANY_NUMBER, 1]


def test_a_policy_for_an_unknown_source_names_those_there_are() -> None:
    with pytest.raises(BadPolicy, match="no source 'd'; expected two of a, b"):
        Sources(("a", "b"), rows(0), rows(0), (SourcePolicy(left="a", right="d"),))


def test_two_policies_for_one_pair_of_sources_are_refused() -> None:
    with pytest.raises(BadPolicy, match="twice"):
        Sources(("a", "b"), rows(0), rows(0), (SourcePolicy(left="a", right="b"), SourcePolicy(left="b", right="a")))


def test_duplicates_have_no_left_and_right() -> None:
    with pytest.raises(BadPolicy, match="within the table"):
        compete(rows(0), rows(1), cardinality=Cardinality.ONE_TO_MANY, threshold=0.9, within=True)
