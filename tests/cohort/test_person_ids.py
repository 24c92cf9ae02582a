"""A person's key over deliveries: kept, split and merged, and never given to somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import cast

from doselink.assemble.links import _mint
from doselink.assemble.state import Assembly
from graph_schema.ids import Keyring

ASSEMBLY = cast("Assembly", SimpleNamespace(keyring=Keyring(bytes(32))))


def _next(clusters: list[list[str]], before: Mapping[str, str], taken: set[str]) -> dict[str, str]:
    """Record to person after a run with these clusters; `taken` grows as the ledger does."""
    keys = _mint(ASSEMBLY, clusters, before=before, taken=taken)
    assert len(set(keys)) == len(clusters)
    return {record: key for cluster, key in zip(clusters, keys, strict=True) for record in cluster}


def test_a_second_delivery_keeps_every_key_and_mints_only_for_new_children() -> None:
    taken: set[str] = set()
    first = _next([["c1", "h1"], ["c2", "h2"]], {}, taken)
    second = _next([["c0", "c2", "h2"], ["c1", "h1"], ["h3"]], first, taken)
    assert {record: second[record] for record in first} == first
    assert second["h3"] not in first.values()


def test_a_split_leaves_the_key_with_the_larger_part() -> None:
    taken: set[str] = set()
    first = _next([["c1", "c2", "h1", "h2"]], {}, taken)
    second = _next([["c1"], ["c2", "h1", "h2"]], first, taken)
    assert second["h1"] == first["h1"]
    assert second["c1"] not in first.values()


def test_a_merge_keeps_the_key_of_the_larger_part_and_retires_the_other() -> None:
    taken: set[str] = set()
    first = _next([["c1", "h1", "h2"], ["c2", "h3"]], {}, taken)
    merged = _next([["c1", "c2", "h1", "h2", "h3"]], first, taken)
    assert set(merged.values()) == {first["c1"]}
    apart = _next([["c1", "h1", "h2"], ["c2", "h3"]], merged, taken)
    assert apart["c1"] == first["c1"]
    assert apart["c2"] not in first.values()  # a retired key is never used again


def test_keys_do_not_depend_on_the_order_of_clusters() -> None:
    clusters = [["c1", "h1"], ["c2", "h2"], ["c3"]]
    assert _next(clusters, {}, set()) == _next(clusters[::-1], {}, set())
