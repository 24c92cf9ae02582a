"""What a person decides about persons holds at once and in every later run."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from linkage.decision.constrained import constrained_clusters
from linkage.decision.constraints import Constraint, ConstraintKind, RecordName, bind
from linkage.incremental.operations import PersonNotFound, merge_persons, split_person
from linkage.incremental.registry import Registry, Said, renew

IDS = ["a", "b", "c", "d"]
RUN = Said(datetime(2026, 1, 1, tzinfo=UTC), "run-1", "first run")
KURT = Said(datetime(2026, 2, 1, tzinfo=UTC), "kurt", "files compared")
LATER = Said(datetime(2026, 3, 1, tzinfo=UTC), "kurt", "birth certificate")
CHAIN = np.array([[0, 1], [1, 2], [2, 3]])


def name(record: str) -> RecordName:
    return RecordName(id=record)


def clustered(
    registry: Registry, bits: list[float], constraints: tuple[Constraint, ...] = (), *, said: Said = RUN
) -> Registry:
    bound = bind(constraints, left=pa.array(IDS))
    label = constrained_clusters(CHAIN, np.array(bits), n_records=4, constraints=bound).label
    return renew(registry, pa.table({"id": IDS}), label, said=said)


def who(registry: Registry) -> list[str]:
    return registry.members.column("person").to_pylist()


def test_a_split_gives_the_records_a_new_id_and_no_later_run_joins_them_again() -> None:
    first = clustered(Registry.empty(), [9.0, 9.0, 9.0])
    done = split_person(first, "P00000001", [name("c"), name("d")], said=KURT)
    assert who(done.registry) == ["P00000001", "P00000001", "P00000002", "P00000002"]
    again = clustered(done.registry, [9.0, 99.0, 9.0], done.constraints, said=LATER)
    assert who(again) == who(done.registry)
    assert [event["kind"] for event in again.events.to_pylist()] == ["split"]


def test_a_merge_holds_in_a_later_run_without_any_evidence() -> None:
    first = clustered(Registry.empty(), [9.0, -5.0, 9.0])
    done = merge_persons(first, ["P00000002", "P00000001"], said=KURT)
    assert (done.person, done.others) == ("P00000001", ("P00000002",))
    again = clustered(done.registry, [9.0, -50.0, 9.0], done.constraints, said=LATER)
    assert who(again) == ["P00000001"] * 4
    told = again.events.to_pylist()
    assert [(event["kind"], event["author"], event["reason"]) for event in told] == [
        ("merged", "kurt", "files compared")
    ]


def test_a_merge_withdraws_the_cannot_links_of_an_earlier_split() -> None:
    first = clustered(Registry.empty(), [9.0, 9.0, 9.0])
    split = split_person(first, "P00000001", [name("d")], said=KURT)
    merged = merge_persons(split.registry, ["P00000001", "P00000002"], said=LATER, standing=split.constraints)
    kinds = [str(one.kind) for one in merged.constraints]
    assert kinds == ["withdrawn"] * 3 + ["must_link"]
    everything = (*split.constraints, *merged.constraints)
    assert who(clustered(merged.registry, [9.0, 9.0, -9.0], everything, said=LATER)) == ["P00000001"] * 4


def test_a_split_withdraws_the_must_link_of_an_earlier_merge() -> None:
    first = clustered(Registry.empty(), [9.0, -5.0, 9.0])
    merged = merge_persons(first, ["P00000001", "P00000002"], said=KURT)
    split = split_person(merged.registry, "P00000001", [name("c"), name("d")], said=LATER, standing=merged.constraints)
    everything = (*merged.constraints, *split.constraints)
    again = clustered(split.registry, [9.0, 40.0, 9.0], everything, said=LATER)
    assert who(again) == ["P00000001", "P00000001", "P00000003", "P00000003"]


def must(left: str, right: str) -> Constraint:
    return Constraint(
        kind=ConstraintKind.MUST, left=name(left), right=name(right), author="kurt", made_at=KURT.at, reason="seen",
        reviewed=True,
    )  # fmt: skip


def test_a_split_withdraws_only_the_must_links_that_it_cuts() -> None:
    first = clustered(Registry.empty(), [9.0, 9.0, -9.0])
    standing = [must("a", "b"), must("b", "c"), must("c", "d")]
    done = split_person(first, "P00000001", [name("c")], said=LATER, standing=standing)
    withdrawn = [one for one in done.constraints if one.kind is ConstraintKind.WITHDRAWN]
    assert [(one.left.id, one.right.id) for one in withdrawn] == [("b", "c")]


def test_a_split_of_two_withdraws_the_must_link_between_them() -> None:
    first = clustered(Registry.empty(), [9.0, -9.0, 9.0])
    done = split_person(first, "P00000001", [name("b")], said=LATER, standing=[must("a", "b"), must("c", "d")])
    assert [str(one.kind) for one in done.constraints] == ["withdrawn", "cannot_link"]


def test_every_constraint_of_an_operation_says_who_when_and_why() -> None:
    done = split_person(clustered(Registry.empty(), [9.0, 9.0, 9.0]), "P00000001", [name("d")], said=KURT)
    assert {(one.author, one.made_at, one.reason, one.reviewed) for one in done.constraints} == {
        ("kurt", KURT.at, "files compared", True)
    }


def test_a_person_nobody_knows_is_refused() -> None:
    with pytest.raises(PersonNotFound, match="no person 'P9'"):
        merge_persons(clustered(Registry.empty(), [9.0, -5.0, 9.0]), ["P00000001", "P9"], said=KURT)


def test_a_person_is_not_merged_with_itself() -> None:
    with pytest.raises(PersonNotFound, match="two different"):
        merge_persons(clustered(Registry.empty(), [9.0, -5.0, 9.0]), ["P00000001", "P00000001"], said=KURT)


@pytest.mark.parametrize("away", [[], ["a", "b", "c", "d"], ["z"]])
def test_a_split_takes_some_of_the_records_not_none_all_or_others(away: list[str]) -> None:
    first = clustered(Registry.empty(), [9.0, 9.0, 9.0])
    with pytest.raises(PersonNotFound, match="some of its 4 records"):
        split_person(first, "P00000001", [name(record) for record in away], said=KURT)
