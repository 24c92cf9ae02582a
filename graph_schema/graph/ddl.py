"""Constraints and indexes, made from the node registry; the same text for every engine. Opens nothing."""

from __future__ import annotations

import re

from graph_schema.nodes import NODES

__all__ = ["INDEXED", "PROJECTION", "snake", "statements"]

PROJECTION = "Projection"
# Besides `id` (unique) and `key` of every label: what questions start from.
INDEXED: tuple[tuple[str, str], ...] = (
    ("DoseEvent", "performed_on"),
    ("Procedure", "performed_on"),
    ("Run", "derivation_key"),
    ("SourceFile", "sha256"),
)


def statements() -> list[str]:
    """
    The statements that prepare an empty graph, in order; each may be run again.

    >>> statements()[0]
    'CREATE CONSTRAINT projection_id IF NOT EXISTS FOR (n:Projection) REQUIRE n.id IS UNIQUE'
    """
    unique = [
        f"CREATE CONSTRAINT {snake(label)}_id IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE"
        for label in (PROJECTION, *NODES)
    ]
    indexes = [(label, "key") for label in NODES] + list(INDEXED)
    return unique + [
        f"CREATE INDEX {snake(label)}_{name} IF NOT EXISTS FOR (n:{label}) ON (n.{name})" for label, name in indexes
    ]


def snake(label: str) -> str:
    """
    A label as a part of a name.

    >>> snake("DoseEvent")
    'dose_event'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", label).lower()
