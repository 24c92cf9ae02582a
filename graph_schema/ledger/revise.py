"""From the state a run wants to the rows a commit adds: new things, new revisions, closures. Opens nothing itself."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from graph_schema.columns import CLOSURES, edge_properties, edge_schema, node_schema
from graph_schema.edges import Triple, check_triple
from graph_schema.errors import DoselinkError, ExitCode
from graph_schema.ledger.batch import Batch, Desired
from graph_schema.ledger.store import Ledger
from graph_schema.nodes import NODES

__all__ = ["DesiredStateWrong", "settle"]

# A node that says the same and rests on the same is the same, whichever run computed it last.
_NOT_CONTENT = frozenset({"WAS_GENERATED_BY", "WAS_REVISION_OF"})


class DesiredStateWrong(DoselinkError):
    """A run asked for a state that cannot be: a key twice, or an edge to nothing. Nothing is written."""

    exit_code = ExitCode.LEDGER


@dataclass(frozen=True, slots=True)
class _Current:
    id: str
    revision: int
    leaf: str


@dataclass(slots=True)
class _Settled:
    """What has been worked out so far, label by label."""

    ids: dict[str, dict[str, str]]
    fresh: dict[str, set[str]]
    nodes: dict[str, pa.Table]
    revisions: dict[str, list[tuple[str, str]]]
    closures: list[tuple[str, str, str | None, str]]


def settle(desired: Desired, ledger: Ledger) -> Batch:
    """
    What has to be appended so that the ledger's current state is the desired one.

    A node whose properties and outgoing edges are those of its current revision is left alone. Else it
    gets a new revision, an edge WAS_REVISION_OF to the old one, and a closure of the old one. Labels are
    settled in rank order: an edge names the revision of its target, so a change moves all that rests on it.

    Args:
        desired: The state wanted.
        ledger: The ledger as it stands.

    Returns:
        The batch; `n_rows` is 0 where nothing changed.

    Raises:
        DesiredStateWrong: If a key occurs twice or an edge has no end.
        IllegalEdge: If no rule allows an edge.
    """
    for triple in desired.edges:
        check_triple(triple)
    done = _Settled(ids={}, fresh=defaultdict(set), nodes={}, revisions={}, closures=[])
    for label in NODES:
        _settle_label(label, desired, ledger, done)
    return Batch(
        nodes={label: table for label, table in done.nodes.items() if table.num_rows},
        edges=_edges(desired, done),
        closures=pa.Table.from_pylist(
            [dict(zip(CLOSURES.names, row, strict=True)) for row in sorted(done.closures, key=lambda row: row[:2])],
            schema=CLOSURES,
        ),
        blocks=frozenset(desired.blocks),
    )


def _settle_label(label: str, desired: Desired, ledger: Ledger, done: _Settled) -> None:
    current = _current(ledger, label)
    ended = ledger.last_revisions(label)
    ids = done.ids[label] = {key: node.id for key, node in current.items()}
    outgoing = _outgoing(label, desired, done)
    rows, revisions, seen = [], [], set()
    for row in _rows(desired, label):
        key = row["key"]
        if key in seen:
            raise DesiredStateWrong(f"{label}: the key {key} occurs twice in one run")
        seen.add(key)
        leaf = _leaf(row, outgoing.get(key, ()))
        now = current.get(key)
        if now is not None and now.leaf == leaf:
            continue
        # A thing that was closed and comes back goes on counting: an id is never used twice.
        before_id, before_revision = (now.id, now.revision) if now is not None else ended.get(key, (None, 0))
        node_id = key if before_id is None else f"{key}.r{before_revision + 1}"
        ids[key] = node_id
        done.fresh[label].add(key)
        rows.append({"id": node_id, "revision": before_revision + 1, "leaf": leaf, **row})
        if before_id is not None:
            revisions.append((node_id, before_id))
        if now is not None:
            done.closures.append((label, now.id, node_id, "revised"))
    if label in desired.closing:
        _close_absent(label, [key for key in current if key not in seen], done)
    rows.sort(key=lambda row: row["id"])
    done.nodes[label] = pa.Table.from_pylist(rows, schema=node_schema(label))
    done.revisions[label] = revisions


def _close_absent(label: str, keys: list[str], done: _Settled) -> None:
    for key in keys:
        done.closures.append((label, done.ids[label].pop(key), None, "no longer delivered or derived"))


def _rows(desired: Desired, label: str) -> list[dict[str, Any]]:
    table = desired.nodes.get(label)
    return [] if table is None else table.to_pylist()


def _current(ledger: Ledger, label: str) -> dict[str, _Current]:
    table = ledger.current(label, columns=["id", "key", "revision", "leaf"])
    columns = [table.column(name).to_pylist() for name in ("key", "id", "revision", "leaf")]
    return {key: _Current(node_id, rev, leaf) for key, node_id, rev, leaf in zip(*columns, strict=True)}


def _outgoing(label: str, desired: Desired, done: _Settled) -> Mapping[str, list[str]]:
    out: dict[str, list[str]] = defaultdict(list)
    for triple, table in desired.edges.items():
        if triple.source != label or triple.type in _NOT_CONTENT:
            continue
        targets = done.ids.get(triple.target)
        if targets is None:
            raise DesiredStateWrong(f"an edge {triple.type} of {label} points to {triple.target}, which comes later")
        names = edge_properties(triple)
        for row in table.to_pylist():
            target_id = targets.get(row["target_key"])
            if target_id is None:
                raise DesiredStateWrong(f"an edge {triple.type} of {label} points to a {triple.target} not known")
            values = [row[name] for name in names]
            out[row["source_key"]].append(_canonical([triple.type, target_id, *values]))
    return out


def _leaf(row: Mapping[str, object], outgoing: Iterable[str]) -> str:
    text = _canonical(row) + "\n" + "\n".join(sorted(outgoing))
    return hashlib.sha256(b"\x00" + text.encode()).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise DesiredStateWrong(f"a property of type {type(value).__name__} cannot be hashed")


def _edges(desired: Desired, done: _Settled) -> dict[Triple, pa.Table]:
    """Edges that start at a new revision: those of an unchanged node are in the ledger already."""
    rows: dict[Triple, list[dict[str, object]]] = defaultdict(list)
    for triple, table in desired.edges.items():
        sources, targets = done.ids[triple.source], done.ids[triple.target]
        fresh = done.fresh[triple.source]
        for row in table.to_pylist():
            source_key, target_key = row.pop("source_key"), row.pop("target_key")
            if source_key not in sources or target_key not in targets:
                raise DesiredStateWrong(f"an edge {triple.type} joins a {triple.source} or {triple.target} not known")
            if source_key in fresh:
                rows[triple].append({"source_id": sources[source_key], "target_id": targets[target_key], **row})
    for label, pairs in done.revisions.items():
        for new_id, old_id in pairs:
            rows[Triple("WAS_REVISION_OF", label, label)].append(
                {"source_id": new_id, "target_id": old_id, "reason": "content or an input changed"}
            )
    return {triple: _edge_table(triple, found) for triple, found in sorted(rows.items()) if found}


def _edge_table(triple: Triple, rows: list[dict[str, object]]) -> pa.Table:
    rows.sort(key=lambda row: (row["target_id"], row["source_id"], str(row)))
    return pa.Table.from_pylist(rows, schema=edge_schema(triple))
