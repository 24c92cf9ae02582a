"""Only pairs of new and changed records are scored; what comes out is what scoring everything gives."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.incremental.records import ADDED, CHANGED, SAME, RecordsNotNamed, compare_records, record_facts
from linkage.incremental.scope import Scope, merge_pairs
from tests.linkage.incremental.standin import People, facts, score

PEOPLE = st.dictionaries(
    st.sampled_from([f"id{number}" for number in range(6)]),
    st.tuples(st.sampled_from(["anna", "anne", "berta"]), st.sampled_from(["aachen", "bonn"])),
    max_size=6,
)


def shuffled(people: People, order: object) -> People:
    items = list(people.items())
    order.shuffle(items)  # type: ignore[attr-defined]
    return dict(items)


def cells(scope: Scope, n_left: int, n_right: int) -> np.ndarray:
    left, right = np.indices((n_left, n_right)).reshape(2, -1)
    return scope.covers(left, right).reshape(n_left, n_right)


@settings(max_examples=120, deadline=None)
@given(before=st.tuples(PEOPLE, PEOPLE), after=st.tuples(PEOPLE, PEOPLE), order=st.randoms(use_true_random=False))
def test_kept_and_fresh_pairs_of_two_tables_are_those_of_scoring_everything(
    before: tuple[People, People], after: tuple[People, People], order: object
) -> None:
    left, right = (shuffled(people, order) for people in after)
    records = pa.concat_tables([facts(left, "l"), facts(right, "r")])
    known = pa.concat_tables([facts(before[0], "l"), facts(before[1], "r")])
    changes = compare_records(known, records)
    scope = Scope.of(changes, n_left=len(left))
    fresh = score(left, right, among=cells(scope, len(left), len(right)))
    merged = merge_pairs(score(*before), fresh, changes=changes, after=records, n_left=len(left))
    assert merged.to_pylist() == score(left, right).to_pylist()


@settings(max_examples=120, deadline=None)
@given(before=PEOPLE, after=PEOPLE, order=st.randoms(use_true_random=False))
def test_kept_and_fresh_pairs_within_a_table_are_those_of_scoring_everything(
    before: People, after: People, order: object
) -> None:
    people = shuffled(after, order)
    changes = compare_records(facts(before, "l"), facts(people, "l"))
    scope = Scope.of(changes)
    fresh = score(people, None, among=cells(scope, len(people), len(people)))
    merged = merge_pairs(score(before, None), fresh, changes=changes, after=facts(people, "l"))
    assert merged.to_pylist() == score(people, None).to_pylist()


def test_records_are_the_same_changed_added_or_removed() -> None:
    before = facts({"1": ("anna", "bonn"), "2": ("berta", "bonn"), "3": ("anne", "bonn")}, "l")
    after = facts({"4": ("anna", "bonn"), "3": ("anne", "aachen"), "1": ("anna", "bonn")}, "l")
    found = compare_records(before, after)
    assert found.state.tolist() == [ADDED, CHANGED, SAME]
    assert found.before.tolist() == [-1, 2, 0]
    assert found.removed.tolist() == [False, True, False]


def test_nothing_changed_is_nothing_to_score() -> None:
    same = facts({"1": ("anna", "bonn")}, "l")
    scope = Scope.of(compare_records(same, same))
    assert not scope.covers(np.array([0]), np.array([0])).any()


def test_a_digest_tells_null_from_empty_and_one_column_from_two() -> None:
    rows = pa.table(
        {
            "a": ["", None, "xy", "x", None],
            "b": [None, "", None, "y", None],
            "c": [["1", "2"], ["12"], None, [], [None]],
        }
    )
    digests = record_facts(rows, ids=pa.array(list("12345")), columns=["a", "b", "c"]).column("digest").to_pylist()
    assert len(set(digests)) == 5
    assert all(len(digest) == 32 for digest in digests)


def test_a_digest_cannot_be_guessed_without_the_key() -> None:
    rows = pa.table({"a": ["anna"]})
    one, other = (record_facts(rows, ids=pa.array(["1"]), columns=["a"], key=key) for key in (b"x", b"y"))
    assert one.column("digest").to_pylist() != other.column("digest").to_pylist()


def test_an_id_that_is_there_twice_is_refused_without_being_shown() -> None:
    rows = pa.table({"source": ["", ""], "id": ["secret", "secret"], "digest": ["1", "2"]})
    with pytest.raises(RecordsNotNamed, match="1 repeat") as caught:
        compare_records(rows, rows)
    assert "secret" not in str(caught.value)
