"""
A study small enough to be checked by hand, with every label and every kind of edge, in three commits.

Anna: two stays told by both sides, two examinations with doses, the second over midnight.
Ben: linked, but his one dose event has no kerma-area product. Cleo: claims only, an examination without a
dose. Dora: hospital only, one dose with an inferred unit, whose examination came without case number and was
linked to her stay. Emil and Emilie: kept apart, the sexes contradict. A dose event of nobody. The second run
corrects Anna's first hospital stay; a cohort is registered last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from graph_schema.edges import Triple
from graph_schema.ids import content_digest
from graph_schema.ledger import BlockStore, Desired, Ledger, settle
from provenance import Study, open_study

FINGERPRINT = "0123456789abcdef"
MARROW, LUNG = "active_marrow", "lung"
FIRST_RUN = datetime(2026, 1, 10, 3, 0, 0, tzinfo=UTC)
SECOND_RUN = datetime(2026, 2, 10, 3, 0, 0, tzinfo=UTC)
COHORT_RUN = datetime(2026, 3, 1, 9, 30, 0, tzinfo=UTC)
LEVELS = ["dates=both_exact", "birth_year=exact", "icd=main_equal"]

# Event key to realisations (organ, draw), mGy; the means of the estimates are the means of these rows.
DRAWS = {
    "dse_anna1": [[1.0, 2.0, 3.0, 4.0], [4.0, 6.0, 8.0, 10.0]],
    "dse_anna2": [[0.5, 1.0, 1.5, 2.0], [2.0, 3.0, 4.0, 5.0]],
    "dse_dora": [[2.0, 4.0, 6.0, 8.0], [8.0, 12.0, 16.0, 20.0]],
}


def sha(name: str) -> str:
    """Digest that stands for the bytes of a made-up file."""
    return content_digest(name.encode())


class Mini:
    """Collects rows by label and edges by kind, in words short enough to read."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.nodes: dict[str, list[dict[str, object]]] = defaultdict(list)
        self.edges: dict[Triple, list[dict[str, object]]] = defaultdict(list)

    def node(self, label: str, key: str, *, generated: bool = False, **properties: object) -> None:
        self.nodes[label].append({"key": key, **properties})
        if generated:
            self.edge("WAS_GENERATED_BY", (label, key), ("Run", self.run))

    def edge(self, kind: str, source: tuple[str, str], target: tuple[str, str], **properties: object) -> None:
        triple = Triple(kind, source[0], target[0])
        self.edges[triple].append({"source_key": source[1], "target_key": target[1], **properties})

    def derive(self, label: str, key: str, target: str, keys: Iterable[str], role: str) -> None:
        for other in keys:
            self.edge("WAS_DERIVED_FROM", (label, key), (target, other), role=role)

    def file(self, key: str, kind: str, n_rows: int, n_rejected: int = 0) -> None:
        facts = {"sha256": sha(key), "source": kind, "kind": kind, "name": f"{key}.csv", "n_bytes": 100 * n_rows}
        self.node("SourceFile", key, **facts, n_rows=n_rows, n_rejected=n_rejected)
        self.edge("UNDER_PERMIT", ("SourceFile", key), ("Permit", "prm_a"))

    def record(self, file: str, row: int, record_type: str) -> str:
        key = f"rec_{file.removeprefix('fil_')}_{row}"
        self.node("SourceRecord", key, generated=True, record_type=record_type, row=row, commitment=sha(key))
        self.edge("HAD_PRIMARY_SOURCE", ("SourceRecord", key), ("SourceFile", file), row=row)
        return key

    def person_record(self, key: str, side: str, birth_year: int | None, sex: str, record: str) -> None:
        self.node("PersonRecord", key, generated=True, side=side, source=side, birth_year=birth_year, sex=sex)
        self.derive("PersonRecord", key, "SourceRecord", [record], "record")

    def stay(self, key: str, owner: str, days: tuple[date, date], record: str) -> None:
        side = "claims" if key.startswith("sty_c") else "hospital"
        facts = {"side": side, "hospital": "north" if side == "hospital" else None, "n_diagnoses": 1, "n_procedures": 1}
        self.node("Stay", key, **facts, admitted_on=days[0], discharged_on=days[1])
        self.edge("HAD_SUBJECT", ("Stay", key), ("PersonRecord", owner))
        self.derive("Stay", key, "SourceRecord", [record], "record")

    def procedure(
        self, key: str, stay: str | None, owner: str | None, day: date | None, ops: str | None, room: str | None = None
    ) -> None:
        side = {"c": "claims", "h": "hospital", "x": "cath_lab"}[key.split("_")[1]]
        year = None if day is None or ops is None else day.year
        self.node("Procedure", key, side=side, ops_code=ops, ops_year=year, performed_on=day, room=room)
        if stay is not None and owner is not None:
            self.edge("HAD_ENCOUNTER", ("Procedure", key), ("Stay", stay))
            self.edge("HAD_SUBJECT", ("Procedure", key), ("PersonRecord", owner))

    def event(self, key: str, day: date | None, room: str, kap: float | None, records: list[str], *flags: str) -> None:
        facts = {
            "kap_basis": "missing" if kap is None else "stated_total",
            "kap_unit_as_found": "Gym2",
            "planes": ["all"],
        }
        self.node(
            "DoseEvent", key, generated=True, **facts, performed_on=day, room=room, kap_gycm2=kap, kerma_ref_mgy=None,
            fluoroscopy_time_s=120.0, n_irradiation_events=3, flags=list(flags),
        )  # fmt: skip
        self.derive("DoseEvent", key, "SourceRecord", records, "dose")

    def pair(
        self, name: str, kind: str, left: tuple[str, str], right: tuple[str, str], probability: float,
        judgement: str = "link", reason: str = "assigned",
    ) -> str:  # fmt: skip
        bits = [6.0, 2.5, 1.0]
        key, decision = f"pai_{name}", f"dec_{name}"
        weight = float(np.log2(probability / (1 - probability)))
        self.node(
            "CandidatePair", key, generated=True, pair_type=kind, levels=LEVELS, level_bits=bits,
            match_weight=weight, match_probability=probability, match_key="admission_day",
        )  # fmt: skip
        self.edge("LEFT", ("CandidatePair", key), left)
        self.edge("RIGHT", ("CandidatePair", key), right)
        self.node(
            "LinkDecision", decision, generated=True, judgement=judgement, reason_code=reason,
            match_probability=probability, threshold=0.5,
        )  # fmt: skip
        self.derive("LinkDecision", decision, "CandidatePair", [key], "evidence")
        self.derive("LinkDecision", decision, "LinkageModel", ["mod_dose" if kind == "dose" else "mod_stay"], "model")
        return decision

    def person(self, key: str, records: list[str], decisions: list[str], probability: float | None) -> None:
        claims = sum(record.startswith("prc_c") for record in records)
        counts = {"n_claims_records": claims, "n_hospital_records": len(records) - claims}
        self.node("Person", key, generated=True, **counts, link_probability=probability)
        for record in records:
            self.edge("HAD_MEMBER", ("Person", key), ("PersonRecord", record))
        self.derive("Person", key, "LinkDecision", decisions, "person_link")

    def estimate(self, event: str, decision: str | None, calibration: str | None, row: int) -> None:
        key = event.replace("dse_", "est_")
        draws = np.array(DRAWS[event])
        self.node(
            "DoseEstimate", key, generated=True, organs=[MARROW, LUNG], mean_mgy=draws.mean(axis=1).tolist(),
            sd_mgy=draws.std(axis=1).tolist(), p025_mgy=draws.min(axis=1).tolist(),
            p975_mgy=draws.max(axis=1).tolist(), block_row=row, derivation_key=sha(key),
        )  # fmt: skip
        self.derive("DoseEstimate", key, "DoseEvent", [event], "dose_event")
        self.derive("DoseEstimate", key, "CoefficientTable", ["cof_demo"], "coefficient")
        self.derive("DoseEstimate", key, "CalibrationFactor", [calibration] if calibration else [], "calibration")
        self.derive("DoseEstimate", key, "LinkDecision", [decision] if decision else [], "subject")
        self.edge("STORED_IN", ("DoseEstimate", key), ("RealisationBlock", "rea_1"), row=row)

    def desired(self) -> Desired:
        closing = {"SourceRecord", "PersonRecord", "Stay", "Procedure", "DoseEvent", "CandidatePair", "LinkDecision",
                   "Person", "DoseEstimate"}  # fmt: skip
        out = Desired(closing=frozenset(closing))
        for label, rows in self.nodes.items():
            out.add_nodes(label, pa.Table.from_pylist(_filled(rows)))
        for triple, rows in self.edges.items():
            out.add_edges(triple, pa.Table.from_pylist(rows))
        return out


def _filled(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) for name in names} for row in rows]


def block_table() -> pa.Table:
    """The realisation block: one row a dose event, organ-major."""
    flat = np.array([DRAWS[event] for event in DRAWS], dtype=np.float32).reshape(len(DRAWS), -1)
    values = pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel(), pa.float32()), flat.shape[1])
    return pa.table({"event_key": list(DRAWS), "realisations": values})


def _frame(m: Mini, block_sha256: str) -> None:
    m.node("Agent", "agt_doselink", agent_type="SoftwareAgent", name="doselink", version="0.1.0")
    m.node(
        "Permit", "prm_a", permit_id="Permit A", authority="Authority", purpose="Doses of children",
        data_holder="north", valid_until=date(2030, 12, 31),
    )  # fmt: skip
    m.node("ParameterSet", "par_1", canonical_json="{}", sha256=sha("{}"))
    runs = ["run_1"] if m.run == "run_1" else ["run_1", "run_2"]
    for run in runs:
        m.node(
            "Run", run, run_type="study", status="COMPLETE", code_version="0.1.0", derivation_key=sha(run), seed=1,
            counts_json="{}",
        )  # fmt: skip
        m.edge("USED", ("Run", run), ("ParameterSet", "par_1"), role="settings")
        m.edge("WAS_ASSOCIATED_WITH", ("Run", run), ("Agent", "agt_doselink"), role="software")
    if m.run == "run_2":
        m.edge("WAS_INFORMED_BY", ("Run", "run_2"), ("Run", "run_1"))
    m.node(
        "CoefficientTable", "cof_demo", name="demonstration-coefficients", version="1", unit="mGy/(Gy cm2)",
        sha256=sha("coefficients"), citation="none", is_demonstration=True,
    )  # fmt: skip
    m.node(
        "CalibrationFactor", "cal_lab1", room="north/lab1", factor=1.1, gsd=1.05, valid_from=date(2015, 1, 1),
        valid_to=None, source="measured",
    )  # fmt: skip
    for key, name in (("mod_stay", "stays"), ("mod_dose", "doses")):
        facts = {"name": name, "sha256": sha(key), "settings_sha256": sha("settings"), "model_json": "{}"}
        m.node("LinkageModel", key, **facts)
        m.edge("WAS_GENERATED_BY", ("LinkageModel", key), ("Run", "run_1"))
    m.node(
        "RealisationBlock", "rea_1", sha256=block_sha256, n_rows=3, n_realisations=4, organs=[MARROW, LUNG],
    )  # fmt: skip
    m.edge("WAS_GENERATED_BY", ("RealisationBlock", "rea_1"), ("Run", "run_1"))


def _people(m: Mini) -> None:
    m.file("fil_insurants", "insurants", 6, 1)
    m.file("fil_stays", "stays", 5)
    m.file("fil_cases", "FALL", 6)
    m.file("fil_cath", "cath_lab", 4, 1)
    m.file("fil_report1", "rdsr", 1)
    m.file("fil_report2", "rdsr", 1)
    for row, (name, year, sex) in enumerate(
        [("anna", 2014, "female"), ("ben", 2010, "male"), ("cleo", 2012, "female"), ("emil", 2016, "male")], start=2
    ):
        m.person_record(f"prc_c_{name}", "claims", year, sex, m.record("fil_insurants", row, "insurant"))
    cases = [("anna", 2014, "female"), ("ben", 2010, "male"), ("dora", 2001, "female"), ("emilie", 2016, "female")]
    for row, (name, year, sex) in enumerate(cases, start=2):
        m.person_record(f"prc_h_{name}", "hospital", year, sex, m.record("fil_cases", row, "case"))


STAYS = {
    "sty_c_anna1": ("prc_c_anna", date(2016, 3, 1), date(2016, 3, 5), "rec_stays_2"),
    "sty_h_anna1": ("prc_h_anna", date(2016, 3, 1), date(2016, 3, 4), "rec_cases_2"),
    "sty_c_anna2": ("prc_c_anna", date(2018, 2, 27), date(2018, 3, 2), "rec_stays_3"),
    "sty_h_anna2": ("prc_h_anna", date(2018, 2, 27), date(2018, 3, 2), "rec_cases_6"),
    "sty_c_ben": ("prc_c_ben", date(2015, 6, 9), date(2015, 6, 12), "rec_stays_4"),
    "sty_h_ben": ("prc_h_ben", date(2015, 6, 9), date(2015, 6, 12), "rec_cases_3"),
    "sty_c_cleo": ("prc_c_cleo", date(2017, 1, 14), date(2017, 1, 17), "rec_stays_5"),
    "sty_h_dora": ("prc_h_dora", date(2022, 5, 4), date(2022, 5, 7), "rec_cases_4"),
}  # fmt: skip

PROCEDURES = [
    ("prd_c_anna1", "sty_c_anna1", "prc_c_anna", date(2016, 3, 2), "1-275.0", None),
    ("prd_h_anna1", "sty_h_anna1", "prc_h_anna", date(2016, 3, 2), "1-275.0", None),
    ("prd_x_anna1", "sty_h_anna1", "prc_h_anna", date(2016, 3, 2), None, "north/lab1"),
    ("prd_c_anna2", "sty_c_anna2", "prc_c_anna", date(2018, 2, 28), "1-273.0", None),
    ("prd_h_anna2", "sty_h_anna2", "prc_h_anna", date(2018, 2, 28), "1-273.0", None),
    ("prd_c_ben", "sty_c_ben", "prc_c_ben", date(2015, 6, 10), "1-274.0", None),
    ("prd_c_cleo", "sty_c_cleo", "prc_c_cleo", date(2017, 1, 15), "1-275.1", None),
    ("prd_h_dora", "sty_h_dora", "prc_h_dora", date(2022, 5, 5), "1-276.0", None),
    ("prd_x_dora", None, None, date(2022, 5, 5), None, "north/lab2"),
]


def _stays(m: Mini, *, corrected: bool) -> None:
    for row in range(2, 6):
        m.record("fil_stays", row, "stay")
    m.record("fil_cases", 6, "case")
    stays = dict(STAYS)
    if corrected:
        m.file("fil_cases2", "FALL", 1)
        new = m.record("fil_cases2", 2, "case")
        m.edge("WAS_REVISION_OF", ("SourceRecord", new), ("SourceRecord", "rec_cases_2"), reason="corrected")
        stays["sty_h_anna1"] = ("prc_h_anna", date(2016, 3, 1), date(2016, 3, 5), new)
        # The patient's record was delivered anew with the case.
        for edge in m.edges[Triple("WAS_DERIVED_FROM", "PersonRecord", "SourceRecord")]:
            if edge["target_key"] == "rec_cases_2":
                edge["target_key"] = new
    for key, (owner, admitted, discharged, record) in stays.items():
        m.stay(key, owner, (admitted, discharged), record)
    for procedure in PROCEDURES:
        m.procedure(*procedure)
    for key, record in (
        ("prd_x_anna1", m.record("fil_cath", 2, "cath_lab")),
        ("prd_x_dora", m.record("fil_cath", 3, "cath_lab")),
    ):
        m.derive("Procedure", key, "SourceRecord", [record], "record")


def _links(m: Mini) -> None:
    stay, person, dose, exam = "Stay", "PersonRecord", "DoseEvent", "Procedure"
    m.pair("stay_anna1", "stay", (stay, "sty_c_anna1"), (stay, "sty_h_anna1"), 0.999)
    m.pair("stay_anna2", "stay", (stay, "sty_c_anna2"), (stay, "sty_h_anna2"), 0.99)
    m.pair("stay_ben", "stay", (stay, "sty_c_ben"), (stay, "sty_h_ben"), 0.93)
    m.pair("stay_cleo", "stay", (stay, "sty_c_cleo"), (stay, "sty_h_dora"), 0.2, "non_link", "below_threshold")
    anna = m.pair("person_anna", "person", (person, "prc_c_anna"), (person, "prc_h_anna"), 0.9999)
    ben = m.pair("person_ben", "person", (person, "prc_c_ben"), (person, "prc_h_ben"), 0.92)
    m.pair("person_emil", "person", (person, "prc_c_emil"), (person, "prc_h_emilie"), 0.8, "non_link", "conflict_sex")
    m.person("per_anna", ["prc_c_anna", "prc_h_anna"], [anna], 0.9999)
    m.person("per_ben", ["prc_c_ben", "prc_h_ben"], [ben], 0.92)
    for name, record in (
        ("cleo", "prc_c_cleo"),
        ("dora", "prc_h_dora"),
        ("emil", "prc_c_emil"),
        ("emilie", "prc_h_emilie"),
    ):
        m.person(f"per_{name}", [record], [], None)
    first = m.pair("dose_anna1", "dose", (dose, "dse_anna1"), (exam, "prd_x_anna1"), 0.98)
    second = m.pair("dose_anna2", "dose", (dose, "dse_anna2"), (stay, "sty_h_anna2"), 0.96)
    third = m.pair("dose_dora", "dose", (dose, "dse_dora"), (exam, "prd_x_dora"), 0.97)
    m.pair("exam_dora", "exam", (exam, "prd_x_dora"), (stay, "sty_h_dora"), 0.95)
    m.pair("dose_lost", "dose", (dose, "dse_lost"), (exam, "prd_x_dora"), 0.4, "possible_link", "below_threshold")
    m.estimate("dse_anna1", first, "cal_lab1", 0)
    m.estimate("dse_anna2", second, "cal_lab1", 1)
    m.estimate("dse_dora", third, None, 2)


def _events(m: Mini) -> None:
    report1 = m.record("fil_report1", 1, "dose_report")
    report2 = m.record("fil_report2", 1, "dose_report")
    m.event("dse_anna1", date(2016, 3, 2), "north/lab1", 2.0, [report1, "rec_cath_2"])
    m.event("dse_anna2", date(2018, 3, 1), "north/lab1", 1.0, [report2])
    m.event("dse_ben", date(2015, 6, 10), "north/lab1", None, [m.record("fil_cath", 4, "cath_lab")], "kap_missing")
    m.event("dse_dora", date(2022, 5, 5), "north/lab2", 4.0, ["rec_cath_3"], "unit_inferred")
    m.event("dse_lost", date(2019, 8, 8), "north/lab2", 3.0, [m.record("fil_cath", 5, "cath_lab")])
    m.edge("HAD_SUBJECT", ("DoseEvent", "dse_anna1"), ("PersonRecord", "prc_h_anna"))
    m.edge("HAD_SUBJECT", ("DoseEvent", "dse_ben"), ("PersonRecord", "prc_h_ben"))


def mini(run: str, block_sha256: str) -> Mini:
    """What one of the two runs wants to be true."""
    m = Mini(run)
    _frame(m, block_sha256)
    _people(m)
    _stays(m, corrected=run == "run_2")
    _events(m)
    _links(m)
    return m


def commit(ledger: Ledger, wanted: Mini, now: datetime) -> None:
    """Settle and append."""
    desired = wanted.desired()
    desired.blocks.update(str(row["sha256"]) for row in wanted.nodes["RealisationBlock"])
    ledger.append(settle(desired, ledger), run_id=wanted.run, recorded_at=now, key_fingerprint=FINGERPRINT)


def build(root: Path, *, with_cohort: bool = True) -> Study:
    """The whole study in a folder, opened."""
    ledger = Ledger(root / "ledger")
    sha256 = BlockStore(root / "blocks").put(block_table())
    commit(ledger, mini("run_1", sha256), FIRST_RUN)
    commit(ledger, mini("run_2", sha256), SECOND_RUN)
    study = open_study(root)
    if with_cohort:
        study.register(study.children(ops=["1-27*"], age_under_years=22, name="cath"), now=COHORT_RUN)
        study = open_study(root)
    return study
