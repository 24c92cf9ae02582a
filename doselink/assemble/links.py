"""Nodes of what was compared and decided, and the persons that follow from it. Opens nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import networkx as nx
import pyarrow as pa
import pyarrow.compute as pc

from doselink.assemble.state import Assembly
from doselink.tables import rows_of
from graph_schema.edges import Triple
from graph_schema.ids import content_digest
from graph_schema.ledger import Ledger

__all__ = ["add_model", "add_pairs", "add_persons_of_study", "pair_keys"]


def add_model(assembly: Assembly, *, name: str, model_json: str, settings_sha256: str) -> str:
    """
    A trained model.

    Returns:
        Its key: the same for the same model, whichever run trained it.
    """
    sha256 = content_digest(model_json.encode())
    key = assembly.keyring.key("mod", name, sha256)
    row = {
        "key": key,
        "name": name,
        "sha256": sha256,
        "settings_sha256": settings_sha256,
        "model_json": model_json,
    }
    assembly.nodes("LinkageModel", pa.Table.from_pylist([row]), generated=True)
    return key


def pair_keys(assembly: Assembly, kind: str, pairs: pa.Table, *, prefix: str) -> list[str]:
    """Keys of the candidate pairs (`pai`) or decisions (`dec`) of a table of pairs."""
    return [
        assembly.keyring.key(prefix, kind, str(left), str(right))
        for left, right in rows_of(pairs, "left_key", "right_key")
    ]


def add_pairs(
    assembly: Assembly, pairs: pa.Table, *, kind: str, sides: tuple[str, str], model: str, threshold: float
) -> None:
    """
    Candidate pairs and the decision about each.

    Args:
        assembly: Where to add them.
        pairs: left_key, right_key, levels, level_bits, match_weight, match_probability, match_key,
            judgement, reason_code; one row a pair.
        kind: stay, person or dose.
        sides: Labels of the left and the right record.
        model: Key of the model that weighed them.
        threshold: Probability at or above which a pair is linked.
    """
    candidates = pair_keys(assembly, kind, pairs, prefix="pai")
    decisions = pair_keys(assembly, kind, pairs, prefix="dec")
    n = pairs.num_rows
    nodes = pairs.append_column("key", pa.array(candidates, pa.string())).append_column(
        "pair_type", pa.array([kind] * n, pa.string())
    )
    assembly.nodes("CandidatePair", nodes)
    assembly.relate("LEFT", ("CandidatePair", candidates), (sides[0], pairs.column("left_key")))
    assembly.relate("RIGHT", ("CandidatePair", candidates), (sides[1], pairs.column("right_key")))
    decided = pa.table(
        {
            "key": pa.array(decisions, pa.string()),
            "judgement": pairs.column("judgement"),
            "reason_code": pairs.column("reason_code"),
            "match_probability": pairs.column("match_probability"),
            "threshold": pa.array([threshold] * n, pa.float64()),
        }
    )
    assembly.nodes("LinkDecision", decided, generated=True)
    roles = pa.array(["evidence"] * n, pa.string())
    assembly.relate("WAS_DERIVED_FROM", ("LinkDecision", decisions), ("CandidatePair", candidates), role=roles)
    roles = pa.array(["model"] * n, pa.string())
    assembly.relate("WAS_DERIVED_FROM", ("LinkDecision", decisions), ("LinkageModel", [model] * n), role=roles)


def add_persons_of_study(assembly: Assembly, person_pairs: pa.Table, ledger: Ledger) -> dict[str, str]:
    """
    One person a cluster of accepted person links; records without a link are persons of their own.

    A person keeps the key under which it was minted as long as it keeps most of its records: an
    earlier person's key goes to the cluster that holds most of its records, the smallest key first
    where two are equal; a cluster that inherits none gets a new key.

    Args:
        assembly: Holds the PersonRecords already.
        person_pairs: left_key, right_key, match_probability, judgement.
        ledger: Where the persons of earlier runs are.

    Returns:
        PersonRecord key to Person key.
    """
    accepted = person_pairs.filter(pc.equal(person_pairs.column("judgement"), "link"))
    records = assembly.desired.nodes["PersonRecord"]
    sides: dict[str, str] = dict(rows_of(records, "key", "side"))
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(sides)
    for left, right, probability in rows_of(accepted, "left_key", "right_key", "match_probability"):
        graph.add_edge(left, right, probability=probability)
    clusters = sorted(sorted(cluster) for cluster in nx.connected_components(graph))
    taken = set(ledger.nodes("Person").column("key").to_pylist())
    keys = _mint(assembly, clusters, before=_members_before(ledger), taken=taken)
    rows = [
        {
            "key": key,
            "n_claims_records": sum(sides[record] == "claims" for record in cluster),
            "n_hospital_records": sum(sides[record] == "hospital" for record in cluster),
            "link_probability": _weakest(graph, cluster),
        }
        for key, cluster in zip(keys, clusters, strict=True)
    ]
    assembly.nodes("Person", pa.Table.from_pylist(rows) if rows else _no_persons(), generated=True)
    person_of = {record: key for key, cluster in zip(keys, clusters, strict=True) for record in cluster}
    assembly.relate("HAD_MEMBER", ("Person", list(person_of.values())), ("PersonRecord", list(person_of)))
    decisions = pair_keys(assembly, "person", accepted, prefix="dec")
    owners = [person_of[left] for left in accepted.column("left_key").to_pylist()]
    roles = pa.array(["person_link"] * len(owners), pa.string())
    assembly.relate("WAS_DERIVED_FROM", ("Person", owners), ("LinkDecision", decisions), role=roles)
    return person_of


def _weakest(graph: nx.Graph[str], cluster: list[str]) -> float | None:
    found = [data["probability"] for *_, data in graph.subgraph(cluster).edges(data=True)]
    return min(found, default=None)


def _members_before(ledger: Ledger) -> dict[str, str]:
    """PersonRecord key to the key of the Person that held it in the ledger's current state."""
    members = ledger.current_edges(Triple("HAD_MEMBER", "Person", "PersonRecord"))
    persons: dict[str, str] = dict(rows_of(ledger.current("Person"), "id", "key"))
    records: dict[str, str] = dict(rows_of(ledger.nodes("PersonRecord"), "id", "key"))
    return {
        records[record]: persons[person]
        for person, record in rows_of(members, "source_id", "target_id")
        if person in persons
    }


def _mint(assembly: Assembly, clusters: list[list[str]], *, before: Mapping[str, str], taken: set[str]) -> list[str]:
    claims: list[tuple[int, str, int]] = []
    for number, cluster in enumerate(clusters):
        counts: dict[str, int] = defaultdict(int)
        for record in cluster:
            if record in before:
                counts[before[record]] += 1
        claims += [(-count, key, number) for key, count in counts.items()]
    given: dict[int, str] = {}
    inherited: set[str] = set()
    for _, key, number in sorted(claims):
        if number not in given and key not in inherited:
            given[number] = key
            inherited.add(key)
    return [given.get(number) or _new_key(assembly, cluster[0], taken) for number, cluster in enumerate(clusters)]


def _new_key(assembly: Assembly, record: str, taken: set[str]) -> str:
    attempt = 1
    key = assembly.keyring.key("per", record, str(attempt))
    while key in taken:
        attempt += 1
        key = assembly.keyring.key("per", record, str(attempt))
    taken.add(key)
    return key


def _no_persons() -> pa.Table:
    names = ("key", "n_claims_records", "n_hospital_records", "link_probability")
    kinds = (pa.string(), pa.int64(), pa.int64(), pa.float64())
    return pa.schema(list(zip(names, kinds, strict=True))).empty_table()
