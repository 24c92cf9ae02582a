"""
The third engine: the saved questions answered in plain Python from the rows of a ledger.

Slow, obvious, and written from the questions' sentences, not from their Cypher.
"""

# ruff: noqa: PERF401 - nested loops with a condition in each read as the question does

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from graph_schema.edges import RULES
from graph_schema.ledger import Ledger
from graph_schema.nodes import NODES

Row = dict[str, Any]

_UPWARD = ("HAD_SUBJECT", "HAD_ENCOUNTER")


@dataclass
class Thing:
    """One revision of a node."""

    label: str
    facts: Row

    def __getitem__(self, name: str) -> Any:
        return self.facts.get(name)

    @property
    def is_current(self) -> bool:
        return self["system_to"] is None


@dataclass
class Edge:
    """One edge."""

    type: str
    source: str
    target: str
    facts: Row = field(default_factory=dict)


class World:
    """All revisions of all nodes and all edges; things can be put in or taken out to plant a breach."""

    def __init__(self, things: dict[str, Thing], edges: list[Edge]) -> None:
        self.things = things
        self.edges = edges

    @classmethod
    def of(cls, ledger: Ledger) -> World:
        recorded: dict[str, datetime] = {}
        closed: dict[str, datetime] = {}
        things: dict[str, Thing] = {}
        edges: list[Edge] = []
        for manifest in ledger.manifests():
            for ref in manifest.segments:
                rows = ledger.segment(ref.sha256).to_pylist()
                for row in rows:
                    if ref.kind == "nodes":
                        things[row["id"]] = Thing(str(ref.label), row)
                        recorded[row["id"]] = manifest.recorded_at
                    elif ref.kind == "edges":
                        ends = row.pop("source_id"), row.pop("target_id")
                        edges.append(Edge(str(ref.type), *ends, row))
                    else:
                        closed[row["id"]] = manifest.recorded_at
        for node, thing in things.items():
            thing.facts |= {"system_from": recorded[node], "system_to": closed.get(node)}
        return cls(things, edges)

    def all(self, label: str) -> Iterator[Thing]:
        return (thing for thing in self.things.values() if thing.label == label)

    def current(self, label: str) -> Iterator[Thing]:
        return (thing for thing in self.all(label) if thing.is_current)

    def one(self, key: str) -> Thing:
        """The current thing of this key."""
        (found,) = [thing for thing in self.things.values() if thing["key"] == key and thing.is_current]
        return found

    def out(self, thing: Thing, *types: str, to: str | None = None) -> list[Thing]:
        found = [self.things[edge.target] for edge in self.edges if edge.source == thing["id"] and edge.type in types]
        return [other for other in found if to is None or other.label == to]

    def into(self, thing: Thing, *types: str, by: str | None = None) -> list[Thing]:
        found = [self.things[edge.source] for edge in self.edges if edge.target == thing["id"] and edge.type in types]
        return [other for other in found if by is None or other.label == by]

    def edge(self, source: Thing, edge_type: str, target: Thing) -> Edge:
        return next(e for e in self.edges if (e.source, e.type, e.target) == (source["id"], edge_type, target["id"]))


def ordered(rows: Iterable[Row], *names: str) -> list[Row]:
    """Sorted by these columns, nulls last, as Cypher does."""
    return sorted(
        rows, key=lambda row: [(row[name] is None, row[name] if row[name] is not None else 0) for name in names]
    )


def distinct(rows: Iterable[Row]) -> list[Row]:
    seen: dict[str, Row] = {}
    for row in rows:
        seen.setdefault(repr(row), row)
    return list(seen.values())


def _stays(world: World, thing: Thing) -> list[Thing]:
    """The stay an examination was delivered with, else the one an accepted decision found for it."""
    delivered = world.out(thing, "HAD_ENCOUNTER")
    if delivered:
        return delivered
    found = []
    for pair in world.into(thing, "LEFT"):
        accepted = [d for d in _decisions(world, pair) if d["judgement"] == "link"]
        if pair["pair_type"] == "exam" and pair.is_current and accepted:
            found.append(_sides(world, pair)[1])
    return found


def _subjects(world: World, thing: Thing) -> list[Thing]:
    """Person records a stay, procedure or dose event is of, directly or through its stay."""
    direct = world.out(thing, "HAD_SUBJECT", to="PersonRecord")
    through = [record for stay in _stays(world, thing) for record in world.out(stay, "HAD_SUBJECT")]
    return list({record["id"]: record for record in direct + through}.values())


def _persons(world: World, thing: Thing) -> list[Thing]:
    found = [p for record in _subjects(world, thing) for p in world.into(record, "HAD_MEMBER", by="Person")]
    return list({p["id"]: p for p in found if p.is_current}.values())


def _rests_on(world: World, thing: Thing) -> list[Thing]:
    """An examination or stay with its stay and the patient it names."""
    return [thing, *_stays(world, thing), *_subjects(world, thing)]


def _decisions(world: World, pair: Thing) -> list[Thing]:
    return [d for d in world.into(pair, "WAS_DERIVED_FROM", by="LinkDecision") if d.is_current]


def _sides(world: World, pair: Thing) -> tuple[Thing, Thing]:
    return world.out(pair, "LEFT")[0], world.out(pair, "RIGHT")[0]


def _linked_persons(world: World, event: Thing) -> list[Thing]:
    found = []
    for pair in world.into(event, "LEFT"):
        if pair.is_current and any(d["judgement"] == "link" for d in _decisions(world, pair)):
            found += _persons(world, _sides(world, pair)[1])
    return found


def _persons_of_event(world: World, event: Thing) -> dict[str, Thing]:
    return {p["key"]: p for p in _persons(world, event) + _linked_persons(world, event)}


def _events_of(world: World, person: str) -> list[Thing]:
    return [v for v in world.current("DoseEvent") if person in _persons_of_event(world, v)]


def _evidence(world: World, pairs: Iterable[Thing]) -> Iterator[tuple[Row, Thing]]:
    for pair in pairs:
        left, right = _sides(world, pair)
        for d in _decisions(world, pair):
            model = next(iter(world.out(d, "WAS_DERIVED_FROM", to="LinkageModel")), None)
            run = next(iter(world.out(d, "WAS_GENERATED_BY")), None)
            yield {
                "pair_type": pair["pair_type"], "left_key": left["key"], "right_key": right["key"],
                "judgement": d["judgement"], "reason_code": d["reason_code"], "match_weight": pair["match_weight"],
                "match_probability": d["match_probability"], "threshold": d["threshold"],
                "match_key": pair["match_key"], "levels": pair["levels"], "level_bits": pair["level_bits"],
                "model_sha256": model and model["sha256"], "settings_sha256": model and model["settings_sha256"],
                "run_key": run and run["key"],
            }, d  # fmt: skip


def why_linked(world: World, a: str, b: str) -> list[Row]:
    pairs = [
        pair for pair in world.current("CandidatePair")
        if {a, b} == {side["key"] for side in _sides(world, pair) if side.is_current}
    ]  # fmt: skip
    return ordered((row for row, _ in _evidence(world, pairs)), "pair_type", "left_key", "right_key")


def _pairs_of(world: World, person: str) -> list[Thing]:
    found = []
    for pair in world.current("CandidatePair"):
        for side in _sides(world, pair):
            records = [side] if side.label == "PersonRecord" else _subjects(world, side)
            owners = [p for r in records for p in world.into(r, "HAD_MEMBER", by="Person") if p.is_current]
            if any(p["key"] == person for p in owners):
                found.append(pair)
                break
    return found


def links_of_person(world: World, person: str) -> list[Row]:
    found = (row for row, d in _evidence(world, _pairs_of(world, person)) if d["judgement"] == "link")
    return ordered(found, "pair_type", "left_key", "right_key")


def candidates_of_person(world: World, person: str) -> list[Row]:
    names = ("pair_type", "left_key", "right_key", "judgement", "reason_code", "match_weight", "match_probability")
    found = [{name: row[name] for name in names} for row, _ in _evidence(world, _pairs_of(world, person))]
    found = ordered(found, "pair_type", "left_key", "right_key")
    return sorted(found, key=lambda row: -row["match_probability"])


def _organ(estimate: Thing, organ: str) -> float:
    return dict(zip(estimate["organs"], estimate["mean_mgy"], strict=True))[organ]


def files_behind_organ_dose(world: World, person: str, organ: str) -> list[Row]:
    rows = []
    for event in _events_of(world, person):
        for estimate in world.into(event, "WAS_DERIVED_FROM", by="DoseEstimate"):
            if not estimate.is_current or organ not in estimate["organs"]:
                continue
            places = [(record, "dose") for record in world.out(event, "WAS_DERIVED_FROM", to="SourceRecord")]
            owners = world.out(event, "HAD_SUBJECT")
            for d in world.out(estimate, "WAS_DERIVED_FROM", to="LinkDecision"):
                for pair in world.out(d, "WAS_DERIVED_FROM", to="CandidatePair"):
                    owners += _rests_on(world, _sides(world, pair)[1])
            told = {r["id"]: r for owner in owners for r in world.out(owner, "WAS_DERIVED_FROM", to="SourceRecord")}
            places += [(record, "whose dose it is") for record in told.values()]
            for record, contributed in places:
                for file in world.out(record, "HAD_PRIMARY_SOURCE"):
                    rows.append({
                        "file_name": file["name"], "sha256": file["sha256"],
                        "source_row": world.edge(record, "HAD_PRIMARY_SOURCE", file).facts["row"],
                        "contributed": contributed, "performed_on": event["performed_on"],
                        "dose_event_key": event["key"], "dose_key": estimate["key"],
                        "mean_mgy": _organ(estimate, organ),
                    })  # fmt: skip
    return ordered(rows, "performed_on", "dose_event_key", "contributed", "file_name", "sha256", "source_row")


def reach_of_file(world: World, file: str) -> list[Row]:
    reached: set[tuple[str, str]] = set()
    files = [f for f in world.current("SourceFile") if file in (f["sha256"], f["key"])]
    records = {r["id"] for f in files for r in world.into(f, "HAD_PRIMARY_SOURCE")}

    def from_file(thing: Thing) -> bool:
        return any(record["id"] in records for record in world.out(thing, "WAS_DERIVED_FROM", to="SourceRecord"))

    told = [
        t for label in ("PersonRecord", "Stay", "Procedure", "DoseEvent") for t in world.current(label) if from_file(t)
    ]
    for thing in told:
        persons = _persons(world, thing) + (_linked_persons(world, thing) if thing.label == "DoseEvent" else [])
        persons += [p for p in world.into(thing, "HAD_MEMBER", by="Person") if p.is_current]
        for person in persons:
            reached.add(("Person", person["key"]))
            reached |= {("Cohort", c["key"]) for c in world.into(person, "HAD_MEMBER") if c.is_current}
    for estimate in world.current("DoseEstimate"):
        (event,) = world.out(estimate, "WAS_DERIVED_FROM", to="DoseEvent")
        behind = _rests_on(world, event)
        for d in world.out(estimate, "WAS_DERIVED_FROM", to="LinkDecision"):
            for pair in world.out(d, "WAS_DERIVED_FROM", to="CandidatePair"):
                behind += _rests_on(world, _sides(world, pair)[1])
        if any(from_file(thing) for thing in behind):
            reached.add(("DoseEstimate", estimate["key"]))
    return [{"label": label, "reached_key": key} for label, key in sorted(reached)]


def _person_of_estimate(world: World, estimate: Thing, event: Thing) -> str | None:
    for d in world.out(estimate, "WAS_DERIVED_FROM", to="LinkDecision"):
        for pair in world.out(d, "WAS_DERIVED_FROM", to="CandidatePair"):
            for person in _persons(world, _sides(world, pair)[1]):
                return str(person["key"])
    return next((str(person["key"]) for person in _persons(world, event)), None)


def doses_using_table(world: World, table: str, version: str | None = None) -> list[Row]:
    rows = []
    for estimate in world.current("DoseEstimate"):
        (event,) = world.out(estimate, "WAS_DERIVED_FROM", to="DoseEvent")
        for t in world.out(estimate, "WAS_DERIVED_FROM", to="CoefficientTable"):
            if table in (t["name"], t["sha256"], t["key"]) and version in (None, t["version"]):
                rows.append({
                    "table_name": t["name"], "table_version": t["version"], "table_sha256": t["sha256"],
                    "dose_key": estimate["key"], "dose_event_key": event["key"],
                    "performed_on": event["performed_on"], "room": event["room"],
                    "person_key": _person_of_estimate(world, estimate, event),
                })  # fmt: skip
    return ordered(rows, "table_name", "table_version", "performed_on", "dose_key")


def doses_using_calibration(world: World, room: str, valid_on: date | None = None) -> list[Row]:
    rows = []
    for estimate in world.current("DoseEstimate"):
        (event,) = world.out(estimate, "WAS_DERIVED_FROM", to="DoseEvent")
        for k in world.out(estimate, "WAS_DERIVED_FROM", to="CalibrationFactor"):
            begun = valid_on is None or k["valid_from"] is None or k["valid_from"] <= valid_on
            lasts = valid_on is None or k["valid_to"] is None or valid_on < k["valid_to"]
            if k["room"] == room and begun and lasts:
                rows.append({
                    "calibration_key": k["key"], "room": k["room"], "factor": k["factor"],
                    "valid_from": k["valid_from"], "valid_to": k["valid_to"], "dose_key": estimate["key"],
                    "dose_event_key": event["key"], "performed_on": event["performed_on"],
                    "kap_gycm2": event["kap_gycm2"], "person_key": _person_of_estimate(world, estimate, event),
                })  # fmt: skip
    return ordered(rows, "calibration_key", "performed_on", "dose_key")


def last_run(world: World, run_type: str | None = None) -> list[Row]:
    runs = [r for r in world.all("Run") if run_type in (None, r["run_type"])]
    if not runs:
        return []
    run = max(runs, key=lambda r: (r["system_from"], r["key"]))
    made = Counter(thing.label for thing in world.into(run, "WAS_GENERATED_BY"))
    settings = world.out(run, "USED")
    names = ("run_type", "status", "code_version", "seed", "derivation_key", "counts_json")
    counted = {
        "n_source_records": "SourceRecord", "n_person_records": "PersonRecord", "n_dose_events": "DoseEvent",
        "n_candidate_pairs": "CandidatePair", "n_link_decisions": "LinkDecision", "n_persons": "Person",
        "n_dose_estimates": "DoseEstimate", "n_cohorts": "Cohort",
    }  # fmt: skip
    return [{
        "run_key": run["key"], **{name: run[name] for name in names}, "recorded_at": run["system_from"],
        "settings_sha256": settings[0]["sha256"] if settings else None,
        **{name: made[label] for name, label in counted.items()},
    }]  # fmt: skip


def person_records(world: World, person: str) -> list[Row]:
    rows = []
    for p in world.current("Person"):
        for record in world.out(p, "HAD_MEMBER") if p["key"] == person else []:
            for source in world.out(record, "WAS_DERIVED_FROM", to="SourceRecord"):
                for file in world.out(source, "HAD_PRIMARY_SOURCE"):
                    rows.append({
                        "record_key": record["key"], **{n: record[n] for n in ("side", "source", "sex", "birth_year")},
                        "file_name": file["name"], "sha256": file["sha256"],
                        "source_row": world.edge(source, "HAD_PRIMARY_SOURCE", file).facts["row"],
                    })  # fmt: skip
    return ordered(rows, "side", "record_key", "file_name", "sha256", "source_row")


def persons_with_doses(world: World, limit: int = 20) -> list[Row]:
    rows = []
    for p in world.current("Person"):
        events = _events_of(world, p["key"])
        doses = [e for v in events for e in world.into(v, "WAS_DERIVED_FROM", by="DoseEstimate") if e.is_current]
        facts = {name: p[name] for name in ("n_claims_records", "n_hospital_records", "link_probability")}
        if doses:
            rows.append({"person_key": p["key"], "n_doses": len(doses), **facts})
    return sorted(rows, key=lambda row: (-row["n_doses"], row["person_key"]))[:limit]


def unit_doubts(world: World, room: str | None = None) -> list[Row]:
    names = ("room", "performed_on", "kap_gycm2", "kap_basis", "kap_unit_as_found", "flags")
    rows = [
        {"dose_event_key": v["key"], **{name: v[name] for name in names}}
        for v in world.current("DoseEvent")
        if room in (None, v["room"]) and (v["flags"] or v["kap_gycm2"] is None)
    ]
    return ordered(rows, "room", "performed_on", "dose_event_key")


def procedures_without_dose_event(world: World, ops: str | None = None) -> list[Row]:
    rows = []
    for p in world.current("Person"):
        days = [v["performed_on"] for v in _events_of(world, p["key"])]
        for record in world.out(p, "HAD_MEMBER"):
            for q in world.into(record, "HAD_SUBJECT", by="Procedure"):
                if not q.is_current or q["ops_code"] is None or not q["ops_code"].startswith(ops or ""):
                    continue
                near = [
                    day for day in days if day and q["performed_on"] and abs(day - q["performed_on"]) <= timedelta(1)
                ]
                if near:
                    continue
                reason = "no dose event near that day" if days else "no dose event of this child"
                if not days and p["n_hospital_records"] == 0:
                    reason = "not linked to a hospital"
                rows.append({
                    "procedure_key": q["key"], "ops_code": q["ops_code"], "performed_on": q["performed_on"],
                    "side": q["side"], "person_key": p["key"], "reason": reason,
                })  # fmt: skip
    return ordered(rows, "reason", "performed_on", "procedure_key")


def dose_events_without_stay(world: World) -> list[Row]:
    rows = []
    for v in world.current("DoseEvent"):
        pairs = [pair for pair in world.into(v, "LEFT") if pair.is_current]
        decisions = [d for pair in pairs for d in _decisions(world, pair)]
        if any(d["judgement"] == "link" for d in decisions):
            continue
        reason = "no candidate accepted" if pairs else "no candidate"
        if world.out(v, "HAD_SUBJECT"):
            reason = "patient known, no examination accepted"
        rows.append({
            "dose_event_key": v["key"], "performed_on": v["performed_on"], "room": v["room"],
            "kap_gycm2": v["kap_gycm2"], "n_candidates": len(pairs),
            "best_probability": max((d["match_probability"] for d in decisions), default=None), "reason": reason,
        })  # fmt: skip
    return ordered(rows, "reason", "performed_on", "dose_event_key")


def conflicts(world: World) -> list[Row]:
    rows = []
    for d in world.current("LinkDecision"):
        for pair in (
            world.out(d, "WAS_DERIVED_FROM", to="CandidatePair") if d["reason_code"].startswith("conflict") else []
        ):
            left, right = _sides(world, pair)
            rows.append(("kept apart", d["reason_code"], left["key"], right["key"], d["match_probability"]))
    for p in world.current("Person"):
        members = sorted(world.out(p, "HAD_MEMBER"), key=lambda record: record["key"])
        for place, x in enumerate(members):
            for y in members[place + 1 :]:
                told = ("held together", x["key"], y["key"], p["link_probability"])
                if x["sex"] != y["sex"] and "unknown" not in (x["sex"], y["sex"]):
                    rows.append((told[0], "sex differs", *told[1:]))
                if None not in (x["birth_year"], y["birth_year"]) and x["birth_year"] != y["birth_year"]:
                    rows.append((told[0], "birth year differs", *told[1:]))
    names = ("kind", "rule", "left_key", "right_key", "match_probability")
    return ordered((dict(zip(names, row, strict=True)) for row in rows), *names[:4])


def stale_cohorts(world: World) -> list[Row]:
    rows = []
    for c in world.current("Cohort"):
        changed = [p for p in world.out(c, "HAD_MEMBER") if not p.is_current]
        if changed:
            facts = {"cohort_key": c["key"], "cohort_name": c["name"], "n_persons": c["n_persons"]}
            rows.append({**facts, "n_changed": len(changed)})
    return ordered(rows, "cohort_key")


def dose_without_source(world: World) -> list[Row]:
    def has_file(event: Thing) -> bool:
        records = world.out(event, "WAS_DERIVED_FROM", to="SourceRecord")
        return any(world.out(record, "HAD_PRIMARY_SOURCE") for record in records)

    rows = [{"label": "DoseEvent", "breach_key": v["key"]} for v in world.current("DoseEvent") if not has_file(v)]
    for e in world.current("DoseEstimate"):
        if not any(has_file(v) for v in world.out(e, "WAS_DERIVED_FROM", to="DoseEvent")):
            rows.append({"label": "DoseEstimate", "breach_key": e["key"]})
    return ordered(rows, "label", "breach_key")


def dose_without_derivation(world: World) -> list[Row]:
    rows = []
    for e in world.current("DoseEstimate"):
        if not world.out(e, "WAS_DERIVED_FROM", to="DoseEvent"):
            rows.append({"breach_key": e["key"], "lacks": "dose event"})
        if not world.out(e, "STORED_IN"):
            rows.append({"breach_key": e["key"], "lacks": "realisations"})
        if not world.out(e, "WAS_GENERATED_BY"):
            rows.append({"breach_key": e["key"], "lacks": "run"})
    return ordered(rows, "breach_key", "lacks")


def estimate_without_table(world: World) -> list[Row]:
    counts = {
        e["key"]: len(world.out(e, "WAS_DERIVED_FROM", to="CoefficientTable")) for e in world.current("DoseEstimate")
    }
    return ordered(({"breach_key": key, "n_tables": n} for key, n in counts.items() if n != 1), "breach_key")


def _links_lacking(label: str, edge_type: str) -> Callable[[World], list[Row]]:
    def ask(world: World) -> list[Row]:
        found = [d for d in world.current("LinkDecision") if not world.out(d, edge_type, to=label)]
        return ordered(({"breach_key": d["key"], "judgement": d["judgement"]} for d in found), "breach_key")

    return ask


def derivation_cycle(world: World) -> list[Row]:
    legal = {(rule.source, rule.target) for rule in RULES if rule.type == "WAS_DERIVED_FROM"}
    revised = {(e.source, e.target) for e in world.edges if e.type == "WAS_REVISION_OF"}
    rows = []
    for e in world.edges:
        x, y = world.things[e.source], world.things[e.target]
        bad = e.type == "WAS_DERIVED_FROM" and (x.label, y.label) not in legal
        if e.type == "WAS_REVISION_OF":
            same = x["key"] == y["key"] and x["revision"] <= y["revision"]
            back = (e.target, e.source) in revised
            bad = x.label != y.label or x["system_from"] < y["system_from"] or same or back
        if bad:
            rows.append({"edge_type": e.type, "from_id": e.source, "to_id": e.target})
    return ordered(distinct(rows), "edge_type", "from_id", "to_id")


def superseded_input_in_use(world: World) -> list[Row]:
    rows = []
    not_use = {"WAS_REVISION_OF", "WAS_GENERATED_BY", "WAS_INFORMED_BY", "WAS_ASSOCIATED_WITH", "USED"}
    for e in world.edges:
        x, old = world.things[e.source], world.things[e.target]
        if e.type in not_use or not x.is_current or x.label == "Cohort":
            continue
        corrected = e.type == "WAS_DERIVED_FROM" and any(
            new.is_current and new["key"] != old["key"] for new in world.into(old, "WAS_REVISION_OF")
        )
        if corrected or not old.is_current:
            rows.append({"breach_key": x["key"], "superseded_id": old["id"]})
    return ordered(distinct(rows), "breach_key", "superseded_id")


def two_active_links_per_stay(world: World) -> list[Row]:
    counts: Counter[str] = Counter()
    for pair in world.current("CandidatePair"):
        links = [
            d for d in _decisions(world, pair) if d["judgement"] == "link" and not d["reason_code"].startswith("merged")
        ]
        if pair["pair_type"] == "stay":
            for side in _sides(world, pair):
                counts[side["key"]] += len(links)
    return ordered(({"stay_key": key, "n_links": n} for key, n in counts.items() if n > 1), "stay_key")


def dose_of_two_persons(world: World) -> list[Row]:
    rows = []
    for v in world.current("DoseEvent"):
        keys = sorted(_persons_of_event(world, v))
        if len(keys) > 1:
            ends = {"first_person_key": keys[0], "last_person_key": keys[-1], "n_persons": len(keys)}
            rows.append({"dose_event_key": v["key"], **ends})
    return ordered(rows, "dose_event_key")


def record_in_two_persons(world: World) -> list[Row]:
    counts = {
        r["key"]: len([p for p in world.into(r, "HAD_MEMBER", by="Person") if p.is_current])
        for r in world.current("PersonRecord")
    }
    return ordered(({"record_key": key, "n_persons": n} for key, n in counts.items() if n > 1), "record_key")


def person_without_record(world: World) -> list[Row]:
    found = [p["key"] for p in world.current("Person") if not world.out(p, "HAD_MEMBER")]
    return [{"breach_key": key} for key in sorted(found)]


def file_without_permit(world: World) -> list[Row]:
    found = [f for f in world.current("SourceFile") if not world.out(f, "UNDER_PERMIT")]
    rows = ({"file_name": f["name"], "sha256": f["sha256"], "source": f["source"]} for f in found)
    return ordered(rows, "file_name", "sha256")


def permit_expired(world: World, today: date) -> list[Row]:
    rows = [
        {"permit_id": m["permit_id"], "valid_until": m["valid_until"], "file_name": f["name"], "sha256": f["sha256"]}
        for f in world.current("SourceFile")
        for m in world.out(f, "UNDER_PERMIT")
        if m["valid_until"] is not None and m["valid_until"] < today
    ]
    return ordered(rows, "permit_id", "file_name", "sha256")


def two_current_revisions(world: World) -> list[Row]:
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for label in NODES:
        for thing in world.current(label):
            counts[label, thing["key"]] += 1
    rows = ({"label": label, "breach_key": key, "n_current": n} for (label, key), n in counts.items() if n > 1)
    return ordered(rows, "label", "breach_key")


ANSWERS: dict[str, Callable[..., list[Row]]] = {
    "candidates-of-person": candidates_of_person,
    "conflicts": conflicts,
    "derivation-cycle": derivation_cycle,
    "dose-events-without-stay": dose_events_without_stay,
    "dose-of-two-persons": dose_of_two_persons,
    "dose-without-derivation": dose_without_derivation,
    "dose-without-source": dose_without_source,
    "doses-using-calibration": doses_using_calibration,
    "doses-using-table": doses_using_table,
    "estimate-without-table": estimate_without_table,
    "file-without-permit": file_without_permit,
    "files-behind-organ-dose": files_behind_organ_dose,
    "last-run": last_run,
    "link-without-evidence": _links_lacking("CandidatePair", "WAS_DERIVED_FROM"),
    "link-without-model": _links_lacking("LinkageModel", "WAS_DERIVED_FROM"),
    "link-without-run": _links_lacking("Run", "WAS_GENERATED_BY"),
    "links-of-person": links_of_person,
    "permit-expired": permit_expired,
    "person-records": person_records,
    "person-without-record": person_without_record,
    "persons-with-doses": persons_with_doses,
    "procedures-without-dose-event": procedures_without_dose_event,
    "reach-of-file": reach_of_file,
    "record-in-two-persons": record_in_two_persons,
    "stale-cohorts": stale_cohorts,
    "superseded-input-in-use": superseded_input_in_use,
    "two-active-links-per-stay": two_active_links_per_stay,
    "two-current-revisions": two_current_revisions,
    "unit-doubts": unit_doubts,
    "why-linked": why_linked,
}
