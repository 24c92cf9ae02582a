"""Linked worlds the tests look at, made once a session, and what is true of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from linkage.stays import StayLinkage, StaySettings, link_stays
from tests.linkage.stays.simulate import Delivered, World, simulate

__all__ = ["Linked", "delivered_by", "linked", "links_of", "without"]


@dataclass(frozen=True)
class Linked:
    """A world, its linkage, and how right it is."""

    delivered: Delivered
    linkage: StayLinkage
    precision: float
    recall: float


def links_of(linkage: StayLinkage) -> set[tuple[str, str]]:
    """Linked pairs of stays."""
    rows = linkage.pairs.select(["left_key", "right_key", "judgement"]).to_pylist()
    return {(r["left_key"], r["right_key"]) for r in rows if r["judgement"] == "link"}


@cache
def delivered_by(world: World) -> Delivered:
    """What the world delivers; made once."""
    return simulate(world)


@cache
def linked(world: World, settings: StaySettings | None = None) -> Linked:
    """The world linked with these settings."""
    delivered = delivered_by(world)
    linkage = link_stays(delivered.claims, delivered.hospital, delivered.coverage, settings=settings)
    found = links_of(linkage)
    right = len(found & delivered.true_pairs)
    return Linked(delivered, linkage, right / len(found), right / len(delivered.true_pairs))


def without(table: pa.Table, *names: str) -> pa.Table:
    """The table with these columns all null."""
    for name in names:
        at = table.column_names.index(name)
        table = table.set_column(at, name, pa.nulls(table.num_rows, table.schema.field(name).type))
    return table
