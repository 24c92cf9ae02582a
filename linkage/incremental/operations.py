"""
What a person decides about persons: merge them, split one. Opens nothing.

Both change the registry at once and give constraints, so that no later run undoes them: the merged must be linked, the
split cannot be. Constraints that said the contrary are withdrawn, by the same author, at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.errors import ExitCode, UserError
from linkage.decision.constraints import Constraint, ConstraintKind, RecordName
from linkage.incremental.records import record_names
from linkage.incremental.registry import Event, EventKind, Registry, Said

__all__ = ["Operation", "PersonNotFound", "merge_persons", "split_person"]


class PersonNotFound(UserError):
    """A person or a record of a person that the registry does not know."""

    exit_code = ExitCode.NOT_FOUND


@dataclass(frozen=True, slots=True)
class Operation:
    """
    Attributes:
        registry: After it.
        constraints: What later runs have to honour, those that withdraw earlier ones first.
        person: The person that keeps its id.
        others: Ids that ended by a merge, or began by a split.
    """

    registry: Registry
    constraints: tuple[Constraint, ...]
    person: str
    others: tuple[str, ...]


def merge_persons(
    registry: Registry, persons: Sequence[str], *, said: Said, standing: Sequence[Constraint] = ()
) -> Operation:
    """
    Make several persons one; the one with most records keeps its id, of equals the oldest.

    Args:
        registry: Who is who.
        persons: At least two ids.
        said: Who says so, when and why.
        standing: Constraints so far; cannot-links between these persons are withdrawn.

    Raises:
        PersonNotFound: If an id is not known, or only one is named.
    """
    held = {person: _records(registry, person) for person in dict.fromkeys(persons)}
    if len(held) < 2:
        raise PersonNotFound("merge: expected at least two different person ids")
    keeper = min(held, key=lambda person: (-len(held[person]), person))
    others = tuple(sorted(held.keys() - {keeper}))
    column = registry.members.column("person")
    ended = pc.is_in(column, value_set=pa.array(others, pa.string()))
    members = registry.members.set_column(2, "person", pc.if_else(ended, keeper, column))
    everyone = {record for records in held.values() for record in records}
    void = [
        one for one in standing
        if one.kind is ConstraintKind.CANNOT and {one.left, one.right} <= everyone
    ]  # fmt: skip
    musts = [_say(ConstraintKind.MUST, held[keeper][0], held[other][0], said) for other in others]
    event = Event(EventKind.MERGED, keeper, list(others), sum(len(held[other]) for other in others))
    after = registry.after(members, [event], n_minted=0, said=said)
    return Operation(after, (*_withdraw(void, said), *musts), keeper, others)


def split_person(
    registry: Registry, person: str, away: Sequence[RecordName], *, said: Said, standing: Sequence[Constraint] = ()
) -> Operation:
    """
    Take records away from a person and make them one of their own, with a new id.

    Args:
        registry: Who is who.
        person: Whose records they are.
        away: The records of the new person: some of the person's, not all.
        said: Who says so, when and why.
        standing: Constraints so far; must-links between the two are withdrawn.

    Raises:
        PersonNotFound: If the person is not known, or the records are not some of its.
    """
    held = _records(registry, person)
    leaving = set(away)
    if not leaving or not leaving < set(held):
        raise PersonNotFound(f"split of {person}: expected some of its {len(held)} records, not none, all or others'")
    staying = [record for record in held if record not in leaving]
    going = [record for record in held if record in leaving]
    (fresh,) = registry.new_ids(1)
    table = registry.members
    keys = pa.table({"source": [one.source or "" for one in going], "id": [one.id for one in going]})
    moved = pc.is_in(record_names(table), value_set=record_names(keys))
    members = table.set_column(2, "person", pc.if_else(moved, fresh, table.column("person")))
    void = [
        one for one in standing
        if one.kind is ConstraintKind.MUST and len({one.left, one.right} & leaving) == 1
        and {one.left, one.right} <= set(held)
    ]  # fmt: skip
    cannots = [_say(ConstraintKind.CANNOT, stay, go, said) for stay in staying for go in going]
    after = registry.after(members, [Event(EventKind.SPLIT, person, [fresh], len(going))], n_minted=1, said=said)
    return Operation(after, (*_withdraw(void, said), *cannots), person, (fresh,))


def _named(table: pa.Table) -> list[tuple[str, str]]:
    return list(zip(table.column("source").to_pylist(), table.column("id").to_pylist(), strict=True))


def _records(registry: Registry, person: str) -> list[RecordName]:
    """A person's records in order."""
    found = [RecordName(id=id_, source=source or None) for source, id_ in _named(registry.records_of(person))]
    if not found:
        raise PersonNotFound(f"there is no person {person!r}: expected an id of the registry that has records")
    return found


def _say(kind: ConstraintKind, left: RecordName, right: RecordName, said: Said) -> Constraint:
    return Constraint(
        kind=kind, left=left, right=right, author=said.author, made_at=said.at, reason=said.reason, reviewed=True
    )


def _withdraw(void: Sequence[Constraint], said: Said) -> list[Constraint]:
    return [_say(ConstraintKind.WITHDRAWN, one.left, one.right, said) for one in void]
