"""
Person ids that stay: minted once, kept through new clusters by greatest overlap, never used again. Opens nothing.

A new run brings new clusters. Each person's id goes to the cluster that holds most of that person's records, all
together as many records as possible keeping their id; every other cluster gets a new one. What becomes of a person is
an event: nothing merges, splits, ends or comes back silently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import BoolArray, IntArray
from linkage.decision.assign import assign
from linkage.incremental.records import places, record_names

__all__ = ["EventKind", "Registry", "Said", "renew"]

MEMBERS = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("person", pa.string(), nullable=False),
        pa.field("present", pa.bool_(), nullable=False),
    ]
)
EVENTS = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("person", pa.string(), nullable=False),
        pa.field("others", pa.list_(pa.string()), nullable=False),
        pa.field("n_records", pa.int64(), nullable=False),
        pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("author", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
RUNS = pa.schema(
    [
        pa.field("first_minted", pa.int64(), nullable=False),
        pa.field("n_minted", pa.int64(), nullable=False),
        pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("author", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)


class EventKind(StrEnum):
    """What happened to a person."""

    MERGED = "merged"  # others ended: all their records are this person's now
    SPLIT = "split"  # some of its records are the others' now, whose ids are new
    MOVED = "moved"  # some of its records are the others' now, who were there before
    GONE = "gone"  # none of its records is delivered any more; the id is kept for them
    RETURNED = "returned"  # records of a person that was gone are there again


_ORDER = (EventKind.MERGED, EventKind.SPLIT, EventKind.MOVED)


class Said(NamedTuple):
    """Who changed a registry, when (with time zone) and why."""

    at: datetime
    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class Registry:
    """
    Who is who.

    Attributes:
        members: source, id, person, present: the person of every record ever seen, ordered by source and id.
        events: kind, person, others, n_records, at, author, reason; in the order in which they happened.
        runs: first_minted, n_minted, at, author, reason: who gave out which numbers when.
        prefix: What ids begin with; the number follows.
    """

    members: pa.Table
    events: pa.Table
    runs: pa.Table
    prefix: str

    @classmethod
    def empty(cls, *, prefix: str = "P") -> Registry:
        """Nobody is known."""
        return cls(MEMBERS.empty_table(), EVENTS.empty_table(), RUNS.empty_table(), prefix)

    def persons_of(self, records: pa.Table) -> pa.Array:
        """The person of each record, null if unknown. Args: records: source and id."""
        place = places(record_names(records), among=record_names(self.members))
        return self.members.column("person").combine_chunks().take(pa.array(place, mask=place < 0))

    def records_of(self, person: str) -> pa.Table:
        """source, id, present of a person's records."""
        return self.members.filter(pc.equal(self.members.column("person"), person)).drop(["person"])

    @property
    def n_minted(self) -> int:
        """Ids ever given out."""
        return int(pc.sum(self.runs.column("n_minted")).as_py() or 0)

    def new_ids(self, n: int) -> list[str]:
        """The next ids; none was ever used."""
        return [f"{self.prefix}{self.n_minted + 1 + number:08d}" for number in range(n)]

    def after(self, members: pa.Table, events: Sequence[Event], *, n_minted: int, said: Said) -> Registry:
        """The registry with other members, what happened, and ids given out."""
        about = said._asdict()
        told = [{**event._asdict(), **about} for event in events]
        run = {"first_minted": self.n_minted + 1, "n_minted": n_minted, **about}
        return Registry(
            members=members.cast(MEMBERS).sort_by([("source", "ascending"), ("id", "ascending")]),
            events=pa.concat_tables([self.events, pa.Table.from_pylist(told, schema=EVENTS)]),
            runs=pa.concat_tables([self.runs, pa.Table.from_pylist([run], schema=RUNS)]),
            prefix=self.prefix,
        )


class Event(NamedTuple):
    """What happened to one person."""

    kind: EventKind
    person: str
    others: list[str]
    n_records: int


@dataclass(frozen=True, slots=True)
class _Overlap:
    """
    Which old persons' records are in which new clusters, by cluster and person.

    Attributes:
        cluster: `(n,)` cluster.
        person: `(n,)` old person.
        n_records: `(n,)` records they share.
        kept: `(n,)` whether the cluster keeps the person's id.
    """

    cluster: IntArray
    person: IntArray
    n_records: IntArray
    kept: BoolArray


def renew(registry: Registry, records: pa.Table, label: IntArray, *, said: Said) -> Registry:
    """
    The registry after a run.

    Args:
        registry: As the last run left it.
        records: source and id of every record there is now.
        label: `(n_records,)` their clusters.
        said: The run, when, and why.

    Returns:
        Every record with its person, records that are gone with their last one, and the events since. It does not
        depend on the order of the records.
    """
    now = pa.table({"source": _texts(records, "source"), "id": _texts(records, "id")})
    order = pc.sort_indices(now, sort_keys=[("source", "ascending"), ("id", "ascending")]).to_numpy()
    now, label = now.take(pa.array(order)), label[order]
    _, first, cluster = np.unique(label, return_index=True, return_inverse=True)
    cluster = np.argsort(np.argsort(first, kind="stable"), kind="stable")[cluster]  # numbered by first record
    names, person = _numbered(registry.persons_of(now))
    overlap = _overlap(cluster, person)
    ids = np.full(len(first), "", dtype=object)
    ids[overlap.cluster[overlap.kept]] = np.array(names, dtype=object)[overlap.person[overlap.kept]]
    fresh = np.flatnonzero(ids == "")
    ids[fresh] = registry.new_ids(len(fresh))
    events = _events(overlap, names, ids.tolist(), fresh=set(fresh.tolist()))
    there = now.append_column("person", pa.array(ids[cluster], pa.string()))
    members, ended = _members(registry, there, events)
    return registry.after(members, [*events, *ended], n_minted=len(fresh), said=said)


def _numbered(persons: pa.Array) -> tuple[list[str], IntArray]:
    """The persons in order, and the number of each record's, -1 without one."""
    names = sorted(persons.drop_null().unique().to_pylist())
    found = pc.fill_null(pc.index_in(persons, value_set=pa.array(names, pa.string()), skip_nulls=True), -1)
    return names, np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def _overlap(cluster: IntArray, person: IntArray) -> _Overlap:
    known = person >= 0
    width = int(person.max(initial=0)) + 1
    keys, n_records = np.unique(cluster[known] * width + person[known], return_counts=True)
    clusters, persons = keys // width, keys % width
    kept = assign(persons, clusters, n_records.astype(np.float64)).chosen
    return _Overlap(clusters, persons, n_records, kept)


def _events(overlap: _Overlap, names: list[str], ids: list[str], *, fresh: set[int]) -> list[Event]:
    """Merged, split and moved, in the order of the clusters and then of the persons."""
    alive = set(overlap.person[overlap.kept].tolist())
    lost = np.flatnonzero(~overlap.kept)
    found: dict[tuple[int, str], tuple[EventKind, list[str], int]] = {}
    for cluster, person, n in zip(
        overlap.cluster[lost].tolist(), overlap.person[lost].tolist(), overlap.n_records[lost].tolist(), strict=True
    ):
        if person not in alive:
            kind, about, other = EventKind.MERGED, ids[cluster], names[person]
        else:
            kind = EventKind.SPLIT if cluster in fresh else EventKind.MOVED
            about, other = names[person], ids[cluster]
        _, others, total = found.get((_ORDER.index(kind), about), (kind, [], 0))
        found[_ORDER.index(kind), about] = (kind, [*others, other], total + n)
    return [Event(kind, about, others, n) for (_, about), (kind, others, n) in sorted(found.items())]


def _members(registry: Registry, there: pa.Table, events: list[Event]) -> tuple[pa.Table, list[Event]]:
    """All records with their persons, and who has gone or come back."""
    missing = places(record_names(registry.members), among=record_names(there)) < 0
    gone = registry.members.filter(pa.array(missing))
    heirs = {other: event.person for event in events if event.kind is EventKind.MERGED for other in event.others}
    keeper = pa.array([heirs.get(name, name) for name in gone.column("person").to_pylist()], pa.string())
    absent = gone.set_column(2, "person", keeper)
    absent = absent.set_column(3, "present", pa.array(np.zeros(len(keeper), dtype=bool)))
    there = there.append_column("present", pa.array(np.ones(there.num_rows, dtype=bool)))
    members = pa.concat_tables([there.cast(MEMBERS), absent.cast(MEMBERS)])
    before, after = _present(registry.members), _present(members)
    known = set(registry.members.column("person").unique().to_pylist())
    told = [(EventKind.GONE, name, before[name]) for name in sorted(before.keys() - after.keys() - heirs.keys())]
    told += [(EventKind.RETURNED, name, after[name]) for name in sorted((after.keys() & known) - before.keys())]
    return members, [Event(kind, name, [], n) for kind, name, n in told]


def _present(members: pa.Table) -> dict[str, int]:
    """Persons with their number of delivered records."""
    counted = members.filter(members.column("present")).column("person").combine_chunks().value_counts()
    return dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))


def _texts(table: pa.Table, name: str) -> pa.Array:
    there = name in table.column_names
    return table.column(name).cast(pa.string()) if there else pa.array([""] * table.num_rows, pa.string())
