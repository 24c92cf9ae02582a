"""Examinations of made hospital stays, and the dose events of their rooms, with the errors of real registers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

DAY = 86_400
START = 17_000 * DAY


@dataclass(frozen=True)
class Rooms:
    """Rates of the world of rooms."""

    seed: int = 1
    n_patients: int = 700
    person_known: float = 0.5
    study_known: float = 0.3
    accession_known: float = 0.3
    case_known: float = 0.3
    no_event: float = 0.1
    foreign: float = 0.08
    sex_missing: float = 0.1
    wrong_unit: float = 0.03
    retyped_number: float = 0.04
    clock_ahead_s: int = 3600


@dataclass
class Delivered:
    events: pa.Table
    exams: pa.Table
    stays: pa.Table
    exam_of: dict[str, str]
    case_of: dict[str, str]


def simulate(world: Rooms) -> Delivered:
    """Stays with one to three examinations, their doses, and doses of nobody here."""
    rng = np.random.default_rng(world.seed)
    stays, exams, events, exam_of, case_of = [], [], [], {}, {}
    for patient in range(world.n_patients):
        sex, born = str(rng.choice(["male", "female"])), int(rng.integers(2000, 2017))
        stays += [_stay(rng, patient, visit, sex, born) for visit in range(1 + int(rng.poisson(0.6)))]
    for stay in stays:
        for number in range(1 + int(rng.random() < 0.12)):
            exam, event = _examination(rng, world, stay, number)
            exams.append(exam)
            stay["ops_on"].append(exam["started_at"] // DAY)
            if rng.random() > world.no_event:
                events.append(event)
                exam_of[event["event_key"]] = exam["procedure_key"]
                case_of[event["event_key"]] = stay["stay_key"]
    events += [_foreign(rng, i) for i in range(int(world.foreign * len(events)))]
    return Delivered(_events(events), _exams(exams), _stays(stays), exam_of, case_of)


def _stay(rng, patient, visit, sex, born):
    hospital = ["north", "south"][patient % 2]
    first = START // DAY + int(rng.integers(0, 700))
    return {
        "stay_key": f"sty_{patient}_{visit}",
        "person_key": f"prc_{patient}",
        "side": "hospital",
        "hospital": hospital,
        "admitted_on": first,
        "discharged_on": first + int(rng.integers(1, 9)),
        "sex": sex,
        "birth_year": born,
        "weight_g": None,
        "ops_on": [],
        "weight": 3.5 + 3 * max(2017 - born, 0) * float(rng.lognormal(0, 0.15)),
    }


def _examination(rng, world, stay, number):
    day = stay["admitted_on"] + min(1 + number, stay["discharged_on"] - stay["admitted_on"])
    room = f"{stay['hospital']}/R{1 + int(rng.integers(2))}"
    started = day * DAY + int(rng.integers(7 * 3600, 23 * 3600))
    kap, fluoro = float(rng.lognormal(0.5, 1.0)), float(rng.lognormal(6.5, 0.7))
    frames = int(rng.integers(50, 3000))
    key = f"{stay['stay_key']}_{number}"
    ids = {
        "person_key": stay["person_key"],
        "study_key": f"stu_{key}",
        "accession_key": f"acc_{key}",
        "exam_key": f"exm_{key}",
    }
    exam = {
        "procedure_key": f"prd_{key}",
        "hospital": stay["hospital"],
        "room": room,
        "started_at": started,
        "weight_kg": round(stay["weight"], 1),
        "kap_gycm2": round(kap, 3),
        "fluoroscopy_time_s": round(fluoro),
        "n_frames": frames,
        "stay_key": stay["stay_key"] if rng.random() < world.case_known else None,
        **ids,
    }
    known = {
        "person_key": world.person_known,
        "study_key": world.study_known,
        "accession_key": world.accession_known,
        "exam_key": 0.0,
    }
    event = {**exam, **{n: ids[n] if rng.random() < p else None for n, p in known.items()}, "event_key": f"dse_{key}"}
    event["started_at"] = started + int(rng.normal(300, 240)) + (world.clock_ahead_s if room == "north/R2" else 0)
    event["birth_year"] = stay["birth_year"] if rng.random() > world.sex_missing else None
    event["sex"] = stay["sex"] if rng.random() > world.sex_missing else None
    event["kap_gycm2"] = kap * (100 if rng.random() < world.wrong_unit else 1)
    if rng.random() < world.retyped_number:
        event["fluoroscopy_time_s"] = round(fluoro * 1.5)
    return exam, event


def _foreign(rng, number):
    hospital = str(rng.choice(["north", "south"]))
    return {
        "event_key": f"dse_foreign_{number}",
        "hospital": hospital,
        "room": f"{hospital}/R{1 + int(rng.integers(2))}",
        "started_at": START + int(rng.integers(0, 700 * DAY)),
        "person_key": f"prc_foreign_{number}",
        "study_key": f"stu_foreign_{number}",
        "accession_key": None,
        "exam_key": None,
        "weight_kg": float(rng.uniform(4, 60)),
        "kap_gycm2": float(rng.lognormal(0.5, 1.0)),
        "fluoroscopy_time_s": float(rng.lognormal(6.5, 0.7)),
        "n_frames": int(rng.integers(50, 3000)),
        "birth_year": int(rng.integers(2000, 2017)),
        "sex": "male",
    }


_TEXT = ("hospital", "room", "person_key", "study_key", "accession_key", "exam_key")
_NUMBER = ("weight_kg", "kap_gycm2", "fluoroscopy_time_s")


def _table(rows, extra):
    columns = {n: pa.array([r.get(n) for r in rows], pa.string()) for n in _TEXT}
    columns |= {n: pa.array([r.get(n) for r in rows], pa.float64()) for n in _NUMBER}
    columns["started_at"] = pa.array([r["started_at"] for r in rows], pa.timestamp("s"))
    columns["n_frames"] = pa.array([r["n_frames"] for r in rows], pa.int32())
    return pa.table(columns | {n: pa.array([r.get(n) for r in rows], t) for n, t in extra.items()})


def _events(rows):
    return _table(rows, {"event_key": pa.string(), "birth_year": pa.int16(), "sex": pa.string()})


def _exams(rows):
    return _table(rows, {"procedure_key": pa.string(), "stay_key": pa.string()})


def _stays(rows):
    types = {
        "stay_key": pa.string(),
        "person_key": pa.string(),
        "side": pa.string(),
        "hospital": pa.string(),
        "admitted_on": pa.date32(),
        "discharged_on": pa.date32(),
        "sex": pa.string(),
        "birth_year": pa.int16(),
        "weight_g": pa.int32(),
        "ops_on": pa.list_(pa.date32()),
    }
    return pa.table({n: pa.array([r[n] for r in rows], t) for n, t in types.items()})
