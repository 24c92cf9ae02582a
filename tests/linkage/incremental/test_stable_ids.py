"""Person ids survive new clusters, and nothing happens to a person silently."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.incremental.registry import Registry, Said, renew

NAMES = [f"r{number}" for number in range(7)]
CLUSTERINGS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3), max_size=7)


def said(day: int = 1) -> Said:
    return Said(datetime(2026, 1, day, tzinfo=UTC), f"run-{day}", "weekly run")


def run(registry: Registry, clusters: dict[str, int], *, day: int = 1) -> Registry:
    records = pa.table(
        {"source": pa.array([""] * len(clusters), pa.string()), "id": pa.array(list(clusters), pa.string())}
    )
    return renew(registry, records, np.array(list(clusters.values()), dtype=np.int64), said=said(day))


def who(registry: Registry) -> dict[str, str]:
    return dict(
        zip(registry.members.column("id").to_pylist(), registry.members.column("person").to_pylist(), strict=True)
    )


def events(registry: Registry) -> list[tuple[str, str, list[str], int]]:
    return [(e["kind"], e["person"], e["others"], e["n_records"]) for e in registry.events.to_pylist()]


def test_the_first_run_gives_every_cluster_an_id_in_the_order_of_the_records() -> None:
    found = run(Registry.empty(), {"b": 1, "a": 1, "c": 7})
    assert who(found) == {"a": "P00000001", "b": "P00000001", "c": "P00000002"}
    assert found.runs.to_pylist()[0]["n_minted"] == 2
    assert events(found) == []


def test_the_same_clusters_keep_their_ids_whatever_their_numbers_and_order() -> None:
    first = run(Registry.empty(), {"a": 0, "b": 0, "c": 1})
    again = run(first, {"c": 9, "b": 4, "a": 4}, day=2)
    assert who(again) == who(first)
    assert (events(again), again.n_minted) == ([], 2)


def test_a_new_record_joins_a_person_or_is_a_new_one() -> None:
    first = run(Registry.empty(), {"a": 0, "b": 1})
    again = run(first, {"a": 0, "b": 1, "c": 1, "d": 2}, day=2)
    assert who(again) == {"a": "P00000001", "b": "P00000002", "c": "P00000002", "d": "P00000003"}
    assert events(again) == []
    assert [(row["first_minted"], row["n_minted"]) for row in again.runs.to_pylist()] == [(1, 2), (3, 1)]


def test_the_larger_part_of_a_split_keeps_the_id_and_the_split_is_told() -> None:
    first = run(Registry.empty(), {"a": 0, "b": 0, "c": 0})
    again = run(first, {"a": 0, "b": 1, "c": 1}, day=2)
    assert who(again) == {"a": "P00000002", "b": "P00000001", "c": "P00000001"}
    assert events(again) == [("split", "P00000001", ["P00000002"], 1)]


def test_a_merge_keeps_the_id_of_the_larger_and_ends_the_other_for_good() -> None:
    first = run(Registry.empty(), {"a": 0, "b": 1, "c": 1})
    merged = run(first, {"a": 0, "b": 0, "c": 0}, day=2)
    assert set(who(merged).values()) == {"P00000002"}
    assert events(merged) == [("merged", "P00000002", ["P00000001"], 1)]
    parted = run(merged, {"a": 0, "b": 1, "c": 1}, day=3)
    assert who(parted)["a"] == "P00000003"


def test_records_that_change_between_living_persons_are_told_as_moved() -> None:
    first = run(Registry.empty(), {"a": 0, "b": 0, "c": 0, "d": 1, "e": 1})
    again = run(first, {"a": 0, "b": 0, "c": 1, "d": 1, "e": 1}, day=2)
    assert events(again) == [("moved", "P00000001", ["P00000002"], 1)]


def test_as_many_records_as_possible_keep_their_id() -> None:
    first = run(Registry.empty(), {"a": 0, "b": 0, "c": 0, "d": 1, "e": 1})
    again = run(first, {"a": 0, "b": 0, "d": 0, "e": 0, "c": 1}, day=2)
    assert who(again) == {"a": "P00000002", "b": "P00000002", "d": "P00000002", "e": "P00000002", "c": "P00000001"}


def test_a_person_without_records_is_gone_and_comes_back_under_the_same_id() -> None:
    first = run(Registry.empty(), {"a": 0, "b": 1})
    without = run(first, {"a": 0}, day=2)
    assert events(without) == [("gone", "P00000002", [], 1)]
    assert who(without)["b"] == "P00000002"
    assert without.members.column("present").to_pylist() == [True, False]
    back = run(without, {"a": 0, "b": 1, "c": 2}, day=3)
    assert who(back) == {"a": "P00000001", "b": "P00000002", "c": "P00000003"}
    assert events(back)[-1] == ("returned", "P00000002", [], 1)


def test_an_absent_record_follows_its_person_into_a_merge() -> None:
    first = run(Registry.empty(), {"a": 0, "b": 0, "c": 1, "d": 1})
    without = run(first, {"a": 0, "c": 1, "d": 1}, day=2)
    merged = run(without, {"a": 0, "c": 0, "d": 0}, day=3)
    assert who(merged)["b"] == "P00000002"


def test_events_say_when_by_whom_and_why() -> None:
    again = run(run(Registry.empty(), {"a": 0, "b": 0}), {"a": 0, "b": 1}, day=2)
    (told,) = again.events.to_pylist()
    assert (told["at"], told["author"], told["reason"]) == (datetime(2026, 1, 2, tzinfo=UTC), "run-2", "weekly run")


@settings(max_examples=100, deadline=None)
@given(history=st.lists(CLUSTERINGS, min_size=1, max_size=4))
def test_a_history_of_runs_holds_one_person_a_cluster_and_never_uses_an_id_again(history: list[dict[str, int]]) -> None:
    registry, ended, seen = Registry.empty(), set[str](), set[str]()
    for day, clusters in enumerate(history, start=1):
        registry = run(registry, clusters, day=day)
        persons = who(registry)
        for a in clusters:
            for b in clusters:
                assert (persons[a] == persons[b]) == (clusters[a] == clusters[b])
        there = {persons[name] for name in clusters}
        assert not there & ended
        fresh = there - seen
        assert all(int(name[1:]) > registry.n_minted - len(fresh) for name in fresh)
        seen |= there
        ended |= {o for e in registry.events.to_pylist() if e["kind"] == "merged" for o in e["others"]}
        assert set(persons) >= set(clusters)


@settings(max_examples=50, deadline=None)
@given(first=CLUSTERINGS, second=CLUSTERINGS, order=st.randoms(use_true_random=False))
def test_ids_do_not_depend_on_the_order_of_the_records(
    first: dict[str, int], second: dict[str, int], order: object
) -> None:
    items = list(second.items())
    order.shuffle(items)  # type: ignore[attr-defined]
    one = run(run(Registry.empty(), first), second, day=2)
    other = run(run(Registry.empty(), first), dict(items), day=2)
    assert one.members.equals(other.members)
    assert one.events.equals(other.events)
