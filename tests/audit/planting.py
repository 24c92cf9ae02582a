"""One breach for each integrity question, planted into a world that has none, and how the question must answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.audit.mini import sha
from tests.oracle import Edge, Row, Thing, World

Plant = Callable[[World], None]


def _drop(source: str, edge_type: str, target: str) -> Plant:
    """Take away the edges of one type from the current thing of a key to those of a label."""

    def plant(world: World) -> None:
        node = world.one(source)["id"]
        kept = [
            e for e in world.edges
            if not (e.source == node and e.type == edge_type and world.things[e.target].label == target)
        ]  # fmt: skip
        assert len(kept) < len(world.edges)
        world.edges = kept

    return plant


def _add(source: str, edge_type: str, target: str, **facts: Any) -> Plant:
    def plant(world: World) -> None:
        world.edges.append(Edge(edge_type, world.one(source)["id"], world.one(target)["id"], facts))

    return plant


def _second_link(world: World) -> None:
    """Anna's first claims stay is also linked to Dora's case."""
    pair = dict(world.one("pai_stay_anna1").facts, id="pai_second", key="pai_second")
    decision = dict(world.one("dec_stay_anna1").facts, id="dec_second", key="dec_second")
    world.things |= {"pai_second": Thing("CandidatePair", pair), "dec_second": Thing("LinkDecision", decision)}
    ends = {"LEFT": "sty_c_anna1", "RIGHT": "sty_h_dora"}
    world.edges += [Edge(side, "pai_second", world.one(key)["id"]) for side, key in ends.items()]
    world.edges += [
        Edge("WAS_DERIVED_FROM", "dec_second", "pai_second", {"role": "evidence"}),
        Edge("WAS_DERIVED_FROM", "dec_second", "mod_stay", {"role": "model"}),
        Edge("WAS_GENERATED_BY", "dec_second", "run_2"),
    ]


def _old_input(world: World) -> None:
    """Dora's exam goes on resting on the case that was corrected."""
    world.edges.append(Edge("WAS_DERIVED_FROM", "prd_x_dora", "rec_cases_2", {"role": "record"}))


def _closed_input(world: World) -> None:
    """Dora's dose goes on resting on the first revision of Anna's dose event."""
    world.edges.append(Edge("WAS_DERIVED_FROM", "est_dora", "dse_anna1", {"role": "dose_event"}))


def _twice(world: World) -> None:
    world.things["per_cleo.r2"] = Thing("Person", dict(world.one("per_cleo").facts, id="per_cleo.r2", revision=2))
    world.edges.append(Edge("HAD_MEMBER", "per_cleo.r2", world.one("prc_c_cleo")["id"]))


def _backwards(world: World) -> None:
    """The old revision of Anna's stay claims to revise the new one: a ring of two."""
    world.edges.append(Edge("WAS_REVISION_OF", "sty_h_anna1", "sty_h_anna1.r2", {"reason": "planted"}))


_STAY_RING = [
    {"edge_type": "WAS_REVISION_OF", "from_id": "sty_h_anna1", "to_id": "sty_h_anna1.r2"},
    {"edge_type": "WAS_REVISION_OF", "from_id": "sty_h_anna1.r2", "to_id": "sty_h_anna1"},
]

# Question, what is planted, parameters, rows expected.
BREACHES: dict[str, tuple[str, Plant, Row, list[Row]]] = {
    "an event without a delivered record": (
        "dose-without-source", _drop("dse_lost", "WAS_DERIVED_FROM", "SourceRecord"), {},
        [{"label": "DoseEvent", "breach_key": "dse_lost"}],
    ),
    "a dose whose event has no delivered record": (
        "dose-without-source", _drop("dse_anna2", "WAS_DERIVED_FROM", "SourceRecord"), {},
        [{"label": "DoseEstimate", "breach_key": "est_anna2"}, {"label": "DoseEvent", "breach_key": "dse_anna2"}],
    ),
    "a dose without its event": (
        "dose-without-derivation", _drop("est_dora", "WAS_DERIVED_FROM", "DoseEvent"), {},
        [{"breach_key": "est_dora", "lacks": "dose event"}],
    ),
    "a dose without realisations": (
        "dose-without-derivation", _drop("est_dora", "STORED_IN", "RealisationBlock"), {},
        [{"breach_key": "est_dora", "lacks": "realisations"}],
    ),
    "a dose without a run": (
        "dose-without-derivation", _drop("est_dora", "WAS_GENERATED_BY", "Run"), {},
        [{"breach_key": "est_dora", "lacks": "run"}],
    ),
    "a dose without a table": (
        "estimate-without-table", _drop("est_anna1", "WAS_DERIVED_FROM", "CoefficientTable"), {},
        [{"breach_key": "est_anna1", "n_tables": 0}],
    ),
    "a link without a run": (
        "link-without-run", _drop("dec_stay_ben", "WAS_GENERATED_BY", "Run"), {},
        [{"breach_key": "dec_stay_ben", "judgement": "link"}],
    ),
    "a link without a model": (
        "link-without-model", _drop("dec_stay_ben", "WAS_DERIVED_FROM", "LinkageModel"), {},
        [{"breach_key": "dec_stay_ben", "judgement": "link"}],
    ),
    "a link without evidence": (
        "link-without-evidence", _drop("dec_person_emil", "WAS_DERIVED_FROM", "CandidatePair"), {},
        [{"breach_key": "dec_person_emil", "judgement": "non_link"}],
    ),
    "a dose event derived from its own estimate": (
        "derivation-cycle", _add("dse_dora", "WAS_DERIVED_FROM", "est_dora", role="planted"), {},
        [{"edge_type": "WAS_DERIVED_FROM", "from_id": "dse_dora", "to_id": "est_dora"}],
    ),
    "a ring of revisions": ("derivation-cycle", _backwards, {}, _STAY_RING),
    "an exam that rests on a corrected row": (
        "superseded-input-in-use", _old_input, {}, [{"breach_key": "prd_x_dora", "superseded_id": "rec_cases_2"}],
    ),
    "a dose that rests on a closed revision": (
        "superseded-input-in-use", _closed_input, {}, [{"breach_key": "est_dora", "superseded_id": "dse_anna1"}],
    ),
    "a stay linked twice": (
        "two-active-links-per-stay", _second_link, {}, [{"stay_key": "sty_c_anna1", "n_links": 2}],
    ),
    "a dose whose patient number names another child": (
        "dose-of-two-persons", _add("dse_dora", "HAD_SUBJECT", "prc_h_ben"), {},
        [{"dose_event_key": "dse_dora", "first_person_key": "per_ben", "last_person_key": "per_dora", "n_persons": 2}],
    ),
    "a record in two persons": (
        "record-in-two-persons", _add("per_emil", "HAD_MEMBER", "prc_h_emilie"), {},
        [{"record_key": "prc_h_emilie", "n_persons": 2}],
    ),
    "a person without records": (
        "person-without-record", _drop("per_emil", "HAD_MEMBER", "PersonRecord"), {}, [{"breach_key": "per_emil"}],
    ),
    "a file nobody permitted": (
        "file-without-permit", _drop("fil_report1", "UNDER_PERMIT", "Permit"), {},
        [{"file_name": "fil_report1.csv", "sha256": sha("fil_report1"), "source": "rdsr"}],
    ),
    "a thing with two current revisions": (
        "two-current-revisions", _twice, {}, [{"label": "Person", "breach_key": "per_cleo", "n_current": 2}],
    ),
}  # fmt: skip

TODAY: Row = {"today": date(2026, 11, 24)}
