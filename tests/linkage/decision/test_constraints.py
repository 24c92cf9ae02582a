"""What people and rules say about pairs: what it means for rows, what follows, what cannot hold."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from linkage.decision.constraints import (
    Constraint,
    ConstraintKind,
    Constraints,
    ContradictoryConstraints,
    RecordName,
    bind,
)

IDS = pa.array(["a", "b", "c", "d", "e"])


def said(kind: str, left: str, right: str, *, day: int = 1, **more: object) -> Constraint:
    given = {"author": "registrar", "made_at": datetime(2026, 3, day, tzinfo=UTC), "reason": "file seen"} | more
    return Constraint.model_validate({"kind": kind, "left": {"id": left}, "right": {"id": right}, **given})


def verdicts(constraints: Constraints, *pairs: tuple[int, int]) -> list[int]:
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    return constraints.judge(left, right).verdict.tolist()


def test_what_follows_from_several_constraints_holds_too() -> None:
    found = bind([said("must_link", "a", "b"), said("must_link", "c", "b"), said("cannot_link", "d", "c")], left=IDS)
    assert verdicts(found, (0, 1), (0, 2), (0, 3), (1, 3), (0, 4), (3, 4)) == [1, 1, -1, -1, 0, 0]


def test_a_ruling_names_the_constraint_and_whether_a_reviewer_saw_the_pair() -> None:
    found = bind([said("must_link", "a", "b"), said("cannot_link", "c", "b", reviewed=True)], left=IDS)
    ruling = found.judge(np.array([0, 1, 0]), np.array([1, 2, 2]))
    assert ruling.by.tolist() == [0, 1, -1]
    assert ruling.reviewed.tolist() == [False, True, False]
    assert found.said[1].author == "registrar"


def test_the_latest_word_on_a_pair_holds_whoever_stands_left() -> None:
    found = bind([said("cannot_link", "b", "a", day=2), said("must_link", "a", "b", day=1)], left=IDS)
    assert verdicts(found, (0, 1)) == [-1]


def test_a_withdrawn_constraint_says_nothing_any_more() -> None:
    found = bind([said("cannot_link", "a", "b"), said("withdrawn", "a", "b", day=2)], left=IDS)
    assert (len(found), verdicts(found, (0, 1))) == (0, [0])


def test_constraints_that_contradict_each_other_are_refused_with_who_and_when() -> None:
    with pytest.raises(ContradictoryConstraints, match=r"constraint 3 \(by registrar, 2026-03-01.*withdraw") as caught:
        bind([said("must_link", "a", "b"), said("must_link", "b", "c"), said("cannot_link", "a", "c")], left=IDS)
    assert "'a'" not in str(caught.value)


def test_rows_of_two_tables_are_different_records_though_their_numbers_are_equal() -> None:
    found = Constraints(must=np.array([[0, 1]]), cannot=np.array([[1, 1]]))
    assert verdicts(found, (0, 1), (1, 1), (1, 0), (0, 0)) == [1, -1, 0, 0]


def test_ids_are_looked_up_within_their_source() -> None:
    sources = pa.array(["x", "y"])
    one = said("must_link", "1", "1").model_copy(
        update={"left": RecordName(id="1", source="y"), "right": RecordName(id="1", source="x")}
    )
    found = bind([one], left=pa.array(["1", "1"]), left_sources=sources)
    assert verdicts(found, (0, 1)) == [1]


def test_constraints_about_records_that_are_not_there_are_counted() -> None:
    found = bind([said("must_link", "a", "z"), said("must_link", "a", "b")], left=IDS)
    assert (len(found), found.n_absent) == (1, 1)


def test_pairs_that_must_be_linked_and_were_never_proposed_are_named() -> None:
    found = Constraints(must=np.array([[3, 1], [0, 2]]), within=True)
    assert found.absent_must(np.array([0]), np.array([2])).tolist() == [[1, 3]]


def test_without_constraints_nothing_is_said() -> None:
    assert verdicts(Constraints(), (0, 0), (4, 2)) == [0, 0]


@pytest.mark.parametrize("lacking", ["author", "reason"])
def test_a_constraint_needs_an_author_and_a_reason(lacking: str) -> None:
    with pytest.raises(ValidationError, match=lacking):
        said("must_link", "a", "b", **{lacking: ""})


def test_a_constraint_needs_a_time_with_its_zone() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        said("must_link", "a", "b", made_at=datetime(2026, 3, 1))  # noqa: DTZ001 - what is refused


def test_a_constraint_is_read_back_from_its_json() -> None:
    one = said("cannot_link", "a", "b", reviewed=True)
    assert Constraint.model_validate_json(one.model_dump_json()) == one
    assert one.kind is ConstraintKind.CANNOT
