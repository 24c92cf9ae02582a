"""
What holds between each pair of sources: how many partners, from which probability on; and which pairs compete. Pure.

A record competes within each other source on its own: a child may have one record in every register, and the registers
do not take it from each other. Pairs of two different sources form a two-sided problem, pairs within one source a
one-sided one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.decision.cardinality import Cardinality

__all__ = ["ANY_NUMBER", "BadPolicy", "Competition", "SourcePolicy", "Sources", "compete"]

ANY_NUMBER = np.iinfo(np.int64).max  # room of a record whose partners are not counted


class BadPolicy(UserError):
    """A policy does not fit the sources."""

    exit_code = ExitCode.SETTINGS


class SourcePolicy(BaseModel):
    """What holds between two sources; what it does not say is as in the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left: str = Field(description="Name of one source.")
    right: str = Field(description="Name of the other; the same name for duplicates within a source.")
    cardinality: Cardinality | None = Field(None, description="Most partners, read from `left` to `right`.")
    threshold: float | None = Field(None, gt=0, lt=1, description="Probability at or above which a pair is linked.")


@dataclass(frozen=True, slots=True)
class Sources:
    """
    Which source each row comes from.

    Attributes:
        names: Of the sources.
        left: `(n_left,)` number of each left row's source.
        right: `(n_right,)` of each right row's; the same array within one table.
        policies: What holds between them.

    Raises:
        BadPolicy: If a policy names a source there is not, or two name the same pair.
    """

    names: tuple[str, ...]
    left: IntArray
    right: IntArray
    policies: tuple[SourcePolicy, ...] = ()

    def __post_init__(self) -> None:
        seen: set[frozenset[str]] = set()
        for policy in self.policies:
            unknown = [name for name in (policy.left, policy.right) if name not in self.names]
            if unknown:
                known = ", ".join(self.names)
                raise BadPolicy(f"policy: there is no source {unknown[0]!r}; expected two of {known}")
            pair = frozenset((policy.left, policy.right))
            if pair in seen:
                raise BadPolicy(f"policy: {policy.left!r} with {policy.right!r} is there twice; expected it once")
            seen.add(pair)

    def of(self, left: int, right: int) -> tuple[SourcePolicy | None, bool]:
        """The policy of two sources, and whether it is read from `right` to `left`."""
        for policy in self.policies:
            if (policy.left, policy.right) == (self.names[left], self.names[right]):
                return policy, False
            if (policy.right, policy.left) == (self.names[left], self.names[right]):
                return policy, True
        return None, False


@dataclass(frozen=True, slots=True)
class Competition:
    """
    Who competes with whom: each pair takes one place at two nodes, and a node has limited room.

    Attributes:
        a: `(n_pairs,)` node of the left end.
        b: `(n_pairs,)` node of the right end; of the same numbering.
        room: `(n_nodes,)` most pairs at a node; `ANY_NUMBER` where they are not counted.
        one_sided: `(n_pairs,)` whether the pair lies within one source, so that its ends are of one kind.
        threshold: `(n_pairs,)` probability at or above which the pair is linked.
    """

    a: IntArray
    b: IntArray
    room: IntArray
    one_sided: BoolArray
    threshold: FloatArray


def compete(
    left: IntArray,
    right: IntArray,
    *,
    cardinality: Cardinality,
    threshold: float,
    within: bool,
    sources: Sources | None = None,
) -> Competition:
    """
    Nodes and rooms of given pairs.

    Args:
        left: `(n_pairs,)` left rows.
        right: `(n_pairs,)` right rows; within one table of the same numbering.
        cardinality: Where no policy says otherwise.
        threshold: Where no policy says otherwise.
        within: Whether both rows are of one table.
        sources: The sources of the rows, where there are several.

    Raises:
        BadPolicy: If left and right have different limits within one source, where there is no left and right.
    """
    if sources is None:
        _symmetric(cardinality, within=within, name="the table")
        a, b, room = _nodes(left, right, cardinality=cardinality, within=within)
        return Competition(a, b, room, np.full(len(left), within), np.full(len(left), threshold))
    left, right = left.astype(np.int64), right.astype(np.int64)
    from_left, from_right = sources.left[left].astype(np.int64), sources.right[right].astype(np.int64)
    n = len(sources.names)
    if within:
        a, b = left * n + from_right, right * n + from_left
    else:
        a, b = left * 2 * n + from_right, right * 2 * n + n + from_left
    nodes, place = np.unique(np.concatenate([a, b]), return_inverse=True)
    a, b = place[: len(left)].astype(np.int64), place[len(left) :].astype(np.int64)
    room = np.full(len(nodes), ANY_NUMBER)
    limits = np.full(len(left), threshold)
    for code in np.unique(from_left * n + from_right).tolist():
        mine = from_left * n + from_right == code
        policy, backwards = sources.of(*divmod(code, n))
        said = cardinality
        if policy is not None and policy.cardinality is not None:
            said = policy.cardinality.flipped if backwards else policy.cardinality
        elif within and code // n > code % n:  # the earlier source is the left one, whatever the order of the rows
            said = cardinality.flipped
        _symmetric(said, within=within and code // n == code % n, name=sources.names[code // n])
        room[a[mine]] = ANY_NUMBER if said.of_left is None else said.of_left
        room[b[mine]] = ANY_NUMBER if said.of_right is None else said.of_right
        if policy is not None and policy.threshold is not None:
            limits[mine] = policy.threshold
    return Competition(a, b, room, (from_left == from_right) & within, limits)


def _symmetric(cardinality: Cardinality, *, within: bool, name: str) -> None:
    if within and cardinality.of_left != cardinality.of_right:
        raise BadPolicy(
            f"cardinality {cardinality} within {name}: duplicates have no left and right; "
            f"expected one_to_one, many_to_many, or the same number on both sides such as 2:2"
        )


def _nodes(
    left: IntArray, right: IntArray, *, cardinality: Cardinality, within: bool
) -> tuple[IntArray, IntArray, IntArray]:
    """Nodes of two tables (right rows after left ones) or of one, and their room."""
    first = 0 if within else int(left.max(initial=-1)) + 1
    size = max(int(left.max(initial=-1)) + 1, int(right.max(initial=-1)) + 1 + first)
    room = np.full(size, ANY_NUMBER if cardinality.of_left is None else cardinality.of_left)
    room[first:] = ANY_NUMBER if cardinality.of_right is None else cardinality.of_right
    return left.astype(np.int64), right.astype(np.int64) + first, room
