"""
What is known about pairs besides their score: must-link and cannot-link, who said so, when and why. Opens nothing.

A constraint is evidence of its own: no score and no later run undoes it, only a person who withdraws it. What follows
from several holds too: records that must be linked are one, and what cannot be linked to one of them cannot be linked
to any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, Int8Array, IntArray
from linkage.decision.connected import connected

__all__ = ["Constraint", "ConstraintKind", "Constraints", "ContradictoryConstraints", "RecordName", "Ruling", "bind"]


class ContradictoryConstraints(UserError):
    """Constraints that cannot all hold."""

    exit_code = ExitCode.SETTINGS


class ConstraintKind(StrEnum):
    """What a constraint says."""

    MUST = "must_link"
    CANNOT = "cannot_link"
    WITHDRAWN = "withdrawn"


class RecordName(BaseModel):
    """A record as the tables name it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="Its unique id.")
    source: str | None = Field(None, description="Its table, where ids are unique only within one.")


class Constraint(BaseModel):
    """What one person or rule said about two records."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ConstraintKind = Field(description="must_link, cannot_link, or withdrawn: what was said before is void.")
    left: RecordName = Field(description="One record.")
    right: RecordName = Field(description="The other.")
    author: str = Field(min_length=1, description="Who said so: a person or the name of a rule.")
    made_at: AwareDatetime = Field(description="When, with time zone.")
    reason: str = Field(min_length=1, description="Why.")
    reviewed: bool = Field(False, description="Whether a reviewer saw this very pair; else a rule or a list said so.")


@dataclass(frozen=True, slots=True)
class Ruling:
    """
    What constraints say of given pairs.

    Attributes:
        verdict: `(n_pairs,)` 1 must, -1 cannot, 0 nothing.
        reviewed: `(n_pairs,)` whether a reviewer said so of this very pair.
        by: `(n_pairs,)` number of the constraint that names the pair; -1 = it follows from others, or none.
    """

    verdict: Int8Array
    reviewed: BoolArray
    by: IntArray


_NONE = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Constraints:
    """
    Constraints by rows.

    Attributes:
        must: `(n_must, 2)` left and right rows that are one thing.
        cannot: `(n_cannot, 2)` rows that are not.
        within: Whether both rows are of one table.
        said: The constraints in this order, must then cannot; empty where only rows are known.
        n_absent: Constraints about records that are not in the tables.

    Raises:
        ContradictoryConstraints: If two records must be linked and, perhaps through others, cannot be.
    """

    must: IntArray = field(default_factory=lambda: _NONE)
    cannot: IntArray = field(default_factory=lambda: _NONE)
    within: bool = False
    said: tuple[Constraint, ...] = ()
    n_absent: int = 0
    _nodes: IntArray = field(init=False, repr=False)
    _label: IntArray = field(init=False, repr=False)
    _apart: IntArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("must", "cannot"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.int64).reshape(-1, 2))
        must, cannot = self._ends(self.must), self._ends(self.cannot)
        nodes = np.unique(np.concatenate([must.reshape(-1), cannot.reshape(-1)]))
        a, b = np.searchsorted(nodes, must).T
        label = connected(a, b, n=len(nodes))
        pairs = label[np.searchsorted(nodes, cannot)].reshape(-1, 2)
        self._refuse(np.flatnonzero(pairs[:, 0] == pairs[:, 1]))
        keys = np.unique(pairs.min(axis=1, initial=len(nodes)) * (len(nodes) + 1) + pairs.max(axis=1, initial=-1))
        for name, value in (("_nodes", nodes), ("_label", label), ("_apart", keys)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.must) + len(self.cannot)

    def _ends(self, pairs: IntArray) -> IntArray:
        """Rows as numbers of one kind: right rows of a second table are odd."""
        return pairs if self.within else pairs * 2 + np.array([0, 1])

    def _refuse(self, contradictions: IntArray) -> None:
        if not len(contradictions):
            return
        number = int(contradictions[0]) + len(self.must)
        who = f" (by {self.said[number].author}, {self.said[number].made_at.isoformat()})" if self.said else ""
        raise ContradictoryConstraints(
            f"constraint {number + 1}{who} keeps apart two records that other constraints make one: "
            f"withdraw it or one of those ({len(contradictions)} such)"
        )

    def judge(self, left: IntArray, right: IntArray) -> Ruling:
        """What they say of pairs of rows."""
        verdict, by = np.zeros(len(left), dtype=np.int8), np.full(len(left), -1, dtype=np.int64)
        if not len(self._nodes):
            return Ruling(verdict, np.zeros(len(left), dtype=bool), by)
        ends = self._ends(np.stack([left, right], axis=1))
        place = np.minimum(np.searchsorted(self._nodes, ends), len(self._nodes) - 1)
        known = np.flatnonzero((self._nodes[place] == ends).all(axis=1))
        label = self._label[place[known]]
        apart = label.min(axis=1) * (len(self._nodes) + 1) + label.max(axis=1)
        verdict[known] = np.where(label[:, 0] == label[:, 1], 1, np.where(np.isin(apart, self._apart), -1, 0))
        by[known] = self._numbers(ends[known])
        reviewed = np.array([one.reviewed for one in self.said] + [False] * (len(self) - len(self.said) + 1))
        return Ruling(verdict, reviewed[by], by)

    def _numbers(self, ends: IntArray) -> IntArray:
        """The constraint that names each of these pairs, -1 without one."""
        said = np.sort(np.concatenate([self._ends(self.must), self._ends(self.cannot)]), axis=1)
        both = np.unique(np.concatenate([said, np.sort(ends, axis=1)]), axis=0, return_inverse=True)[1].ravel()
        number = np.full(int(both.max(initial=0)) + 1, -1, dtype=np.int64)
        number[both[: len(said)]] = np.arange(len(said))
        return number[both[len(said) :]]

    def absent_must(self, left: IntArray, right: IntArray) -> IntArray:
        """`(n, 2)` rows that must be linked and are not among these pairs: they were never proposed or scored."""
        musts = np.sort(self.must, axis=1) if self.within else self.must
        if not len(musts):
            return musts
        width = int(max(right.max(initial=0), musts[:, 1].max())) + 1
        return musts[~np.isin(musts[:, 0] * width + musts[:, 1], left.astype(np.int64) * width + right)]


def bind(
    constraints: Sequence[Constraint],
    *,
    left: pa.Array,
    right: pa.Array | None = None,
    left_sources: pa.Array | None = None,
    right_sources: pa.Array | None = None,
) -> Constraints:
    """
    Constraints of named records as rows of the tables; of several on one pair the latest holds.

    Args:
        constraints: In any order of time.
        left: `(n_left,)` unique ids of the left table, as strings.
        right: `(n_right,)` of the right one; None within one table.
        left_sources: `(n_left,)` names of the sources, where ids are unique only within one.
        right_sources: `(n_right,)`.

    Raises:
        ContradictoryConstraints: If they cannot all hold.
    """
    within = right is None
    standing = _standing(constraints)
    left_keys, right_keys = _keys(left, left_sources), _keys(left if right is None else right, right_sources)
    if within:
        right_keys = left_keys
    named = [_keys_of([one.left for one in standing]), _keys_of([one.right for one in standing])]
    straight = np.stack([_places(named[0], left_keys), _places(named[1], right_keys)], axis=1)
    crossed = np.stack([_places(named[1], left_keys), _places(named[0], right_keys)], axis=1)
    rows = np.where((straight >= 0).all(axis=1, keepdims=True), straight, crossed)
    there = (rows >= 0).all(axis=1)
    must, cannot = (
        np.flatnonzero(there & np.array([one.kind is kind for one in standing], dtype=bool))
        for kind in (ConstraintKind.MUST, ConstraintKind.CANNOT)
    )
    said = tuple(standing[number] for number in np.concatenate([must, cannot]).tolist())
    return Constraints(rows[must], rows[cannot], within, said, int((~there).sum()))


def _standing(constraints: Sequence[Constraint]) -> list[Constraint]:
    """The latest word on every pair, in order of time; withdrawn ones are void."""
    latest: dict[frozenset[RecordName], Constraint] = {}
    for one in sorted(constraints, key=lambda one: one.made_at):
        latest.pop(frozenset((one.left, one.right)), None)
        latest[frozenset((one.left, one.right))] = one
    return [one for one in latest.values() if one.kind is not ConstraintKind.WITHDRAWN]


def _keys(ids: pa.Array, sources: pa.Array | None) -> pa.Array:
    """Source and id as one string."""
    first = pa.scalar("") if sources is None else sources.cast(pa.string())
    return pc.binary_join_element_wise(first, ids.cast(pa.string()), "\x1f")


def _keys_of(names: Sequence[RecordName]) -> pa.Array:
    return pa.array([f"{name.source or ''}\x1f{name.id}" for name in names], pa.string())


def _places(keys: pa.Array, among: pa.Array) -> IntArray:
    """Row of each key, -1 without one."""
    found = pc.fill_null(pc.index_in(keys, value_set=among), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)
