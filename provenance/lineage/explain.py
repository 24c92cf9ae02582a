"""The story of one person: records, stays, links with their evidence, doses with their files. Opens nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from provenance.lineage.ownership import event_owners, procedure_places, stay_places
from provenance.lineage.story import (
    DoseStory,
    Explanation,
    FileStory,
    LevelStory,
    LinkStory,
    OrganStory,
    RecordStory,
    StayStory,
)
from provenance.study.errors import NotInStudy
from provenance.study.snapshot import Snapshot

__all__ = ["explain"]

Row = Mapping[str, Any]


def explain(snapshot: Snapshot, person: str) -> Explanation:
    """
    How a person came to be linked and dosed.

    Args:
        snapshot: The ledger's current state.
        person: Key of the person, or of one of its records.

    Raises:
        NotInStudy: If there is no such person.
    """
    node = _person(snapshot, person)
    records = _targets(snapshot, "HAD_MEMBER", ("Person", "PersonRecord"), {node["id"]})
    places = stay_places(snapshot)
    stays = set(places.loc[places["record_id"].isin(records), "stay_id"])
    owners = event_owners(snapshot)
    events = set(owners.loc[owners["person_id"] == node["id"], "event_id"])
    exams = procedure_places(snapshot)
    procedures = set(exams.loc[exams["person_id"] == node["id"], "procedure_id"])
    return Explanation(
        person=node["key"],
        link_probability=_known(node["link_probability"]),
        records=_records(snapshot, records),
        stays=_stays(snapshot, stays),
        links=_links(snapshot, records | stays | events | procedures),
        doses=_doses(snapshot, events),
    )


def _person(snapshot: Snapshot, person: str) -> Row:
    people = snapshot.nodes("Person")
    found = people[people["key"] == person]
    if found.empty and person.startswith("prc_"):
        records = snapshot.nodes("PersonRecord")
        members = snapshot.edges("HAD_MEMBER", "Person", "PersonRecord")
        ids = members.loc[members["target_id"].isin(records.loc[records["key"] == person, "id"]), "source_id"]
        found = people[people["id"].isin(ids)]
    if found.empty:
        raise NotInStudy(
            "there is no person of this key in the study: `doselink audit run persons-with-doses` lists some"
        )
    return {str(name): value for name, value in found.iloc[0].items()}


def _targets(snapshot: Snapshot, edge_type: str, ends: tuple[str, str], sources: set[str]) -> set[str]:
    edges = snapshot.edges(edge_type, *ends)
    return set(edges.loc[edges["source_id"].isin(sources), "target_id"])


def _records(snapshot: Snapshot, ids: set[str]) -> tuple[RecordStory, ...]:
    frame = snapshot.nodes("PersonRecord")
    frame = frame[frame["id"].isin(ids)].sort_values(["side", "key"])
    files = _files(snapshot, "PersonRecord", ids)
    return tuple(
        RecordStory(
            record=row["key"],
            side=row["side"],
            source=row["source"],
            sex=row["sex"],
            birth_year=_known(row["birth_year"]),
            files=files.get(row["id"], ()),
        )
        for row in frame.to_dict("records")
    )


def _stays(snapshot: Snapshot, ids: set[str]) -> tuple[StayStory, ...]:
    frame = snapshot.nodes("Stay")
    frame = frame[frame["id"].isin(ids)].sort_values(["admitted_on", "side", "key"])
    files = _files(snapshot, "Stay", ids)
    return tuple(
        StayStory(
            stay=row["key"],
            side=row["side"],
            hospital=_known(row["hospital"]),
            admitted_on=_day(row["admitted_on"]),
            discharged_on=_day(row["discharged_on"]),
            files=files.get(row["id"], ()),
        )
        for row in frame.to_dict("records")
    )


def _links(snapshot: Snapshot, ids: set[str]) -> tuple[LinkStory, ...]:
    sides: dict[str, dict[str, str]] = {"LEFT": {}, "RIGHT": {}}
    touched: set[str] = set()
    for side, ends in sides.items():
        for label in ("PersonRecord", "Stay", "Procedure", "DoseEvent"):
            edges = snapshot.edges(side, "CandidatePair", label)
            ends.update(zip(edges["source_id"], edges["target_id"], strict=True))
            touched |= set(edges.loc[edges["target_id"].isin(ids), "source_id"])
    pairs = snapshot.nodes("CandidatePair")
    pairs = pairs[pairs["id"].isin(touched)].set_index("id")
    decisions = snapshot.ends("WAS_DERIVED_FROM", "LinkDecision", "CandidatePair", ("id", "pair_id"))
    decisions = decisions[decisions["pair_id"].isin(touched)].merge(snapshot.nodes("LinkDecision"), on="id")
    models = _single(snapshot, ("WAS_DERIVED_FROM", "LinkDecision", "LinkageModel"), "sha256")
    runs = _single(snapshot, ("WAS_GENERATED_BY", "LinkDecision", "Run"), "key")
    stories = []
    for row in decisions.to_dict("records"):
        pair = pairs.loc[row["pair_id"]]
        stories.append(
            LinkStory(
                pair_type=pair["pair_type"],
                left=_key(sides["LEFT"][row["pair_id"]]),
                right=_key(sides["RIGHT"][row["pair_id"]]),
                judgement=row["judgement"],
                reason_code=row["reason_code"],
                match_weight=pair["match_weight"],
                match_probability=row["match_probability"],
                threshold=row["threshold"],
                match_key=pair["match_key"],
                levels=tuple(
                    LevelStory(level=level, bits=bits)
                    for level, bits in zip(pair["levels"], pair["level_bits"], strict=True)
                ),
                model_sha256=models.get(row["id"]),
                run=runs.get(row["id"]),
            )
        )
    return tuple(
        sorted(stories, key=lambda link: (link.judgement != "link", -link.match_weight, link.left, link.right))
    )


def _doses(snapshot: Snapshot, ids: set[str]) -> tuple[DoseStory, ...]:
    frame = snapshot.nodes("DoseEvent")
    frame = frame[frame["id"].isin(ids)].sort_values(["performed_on", "key"])
    derived = snapshot.ends("WAS_DERIVED_FROM", "DoseEstimate", "DoseEvent", ("id", "event"))
    derived = derived[derived["event"].isin(ids)].merge(snapshot.nodes("DoseEstimate"), on="id")
    estimates: dict[str, Any] = {row["event"]: row for row in derived.to_dict("records")}
    tables = _single(snapshot, ("WAS_DERIVED_FROM", "DoseEstimate", "CoefficientTable"), "name", "version")
    factors = _single(snapshot, ("WAS_DERIVED_FROM", "DoseEstimate", "CalibrationFactor"), "key")
    files = _files(snapshot, "DoseEvent", ids)
    stories = []
    for row in frame.to_dict("records"):
        found = estimates.get(row["id"])
        stories.append(
            DoseStory(
                event=row["key"],
                performed_on=_day(row["performed_on"]),
                room=_known(row["room"]),
                kap_gycm2=_known(row["kap_gycm2"]),
                flags=tuple(row["flags"]),
                estimate=None if found is None else found["key"],
                table=None if found is None else tables.get(found["id"]),
                calibration=None if found is None else factors.get(found["id"]),
                organs=() if found is None else _organs(found),
                files=files.get(row["id"], ()),
            )
        )
    return tuple(stories)


def _organs(row: Row) -> tuple[OrganStory, ...]:
    columns = zip(row["organs"], row["mean_mgy"], row["p025_mgy"], row["p975_mgy"], strict=True)
    return tuple(
        OrganStory(organ=organ, mean_mgy=mean, p025_mgy=low, p975_mgy=high) for organ, mean, low, high in columns
    )


def _files(snapshot: Snapshot, label: str, ids: set[str]) -> dict[str, tuple[FileStory, ...]]:
    records = snapshot.ends("WAS_DERIVED_FROM", label, "SourceRecord", ("id", "record_id"))
    records = records[records["id"].isin(ids)]
    located = snapshot.edges("HAD_PRIMARY_SOURCE", "SourceRecord", "SourceFile")
    located = located.rename(columns={"source_id": "record_id", "target_id": "file_id"})
    files = snapshot.nodes("SourceFile")[["id", "name", "kind", "sha256"]].rename(columns={"id": "file_id"})
    found = records.merge(located, on="record_id").merge(files, on="file_id").sort_values(["id", "name", "row"])
    out: dict[str, tuple[FileStory, ...]] = {}
    for row in found.to_dict("records"):
        place = FileStory(name=row["name"], kind=row["kind"], sha256=row["sha256"], row=_known(row["row"]))
        out[row["id"]] = (*out.get(row["id"], ()), place)
    return out


def _single(snapshot: Snapshot, triple: tuple[str, str, str], *names: str) -> dict[str, str]:
    """Source id to some properties of its one target, joined by a space."""
    edges = snapshot.edges(*triple)
    targets = snapshot.nodes(triple[2]).set_index("id")[list(names)].astype(str).agg(" ".join, axis=1).to_dict()
    return {source: targets[target] for source, target in zip(edges["source_id"], edges["target_id"], strict=True)}


def _key(node_id: str) -> str:
    return node_id.partition(".r")[0]


def _known(found: Any) -> Any:
    """The value, or None where the frame has NaN, NaT or None."""
    return None if pd.isna(found) else found


def _day(found: Any) -> date | None:
    return None if pd.isna(found) else pd.Timestamp(found).date()
