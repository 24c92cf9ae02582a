"""
A small world of children with heart disease, delivered twice with errors: once as claims, once by hospitals.

Written apart from the engine and from `fixtures`: error kinds follow published descriptions (shifted dates, merged
cases, missing stays, changed insurers, twins, wrong hospital ids, swapped main codes), not the engine's levels.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

EPOCH = dt.date(1970, 1, 1)
START, END = 16436, 19357  # 2015-01-01 … 2022-12-31

MAIN = ["Q210", "Q211", "Q213", "Q250", "Q251", "Q203", "Q234", "Q212", "Q221", "Q230", "Q204", "Q201", "Q224", "I472"]
SIDE = [
    "Z958",
    "Q90.9".replace(".", ""),
    "R011",
    "P073",
    "J189",
    "I500",
    "D821",
    "Q248",
    "Z115",
    "R000",
    "E039",
    "I270",
    "Q256",
    "N179",
    "F829",
    "K219",
    "P288",
    "D689",
    "J208",
    "Z921",
]
OPS = [
    "12730",
    "1274x",
    "12751",
    "12760",
    "12772",
    "8837d0",
    "8837d1",
    "8838d",
    "88360c",
    "882900",
    "3052",
    "8930",
    "1268",
]


@dataclass(frozen=True)
class World:
    """Rates of the world; every rate is a share between 0 and 1."""

    seed: int = 1
    n_children: int = 3000
    delivering: tuple[str, ...] = ("north", "south", "west")
    n_centres: int = 8
    insured: float = 0.35
    twins: float = 0.03
    twins_same_day: float = 0.6
    missing_claims: float = 0.03
    missing_case: float = 0.02
    elsewhere: float = 0.35
    shifted_date: float = 0.035
    wild_date: float = 0.007
    wrong_hospital: float = 0.007
    wrong_sex: float = 0.003
    wrong_year: float = 0.006
    wrong_region: float = 0.07
    code_lost: float = 0.15
    main_swapped: float = 0.07
    merged: float = 0.3
    late_coverage: float = 0.2
    changed_insurer: float = 0.1
    hospital_known: bool = True
    scale: float = 1.0


@dataclass
class Delivered:
    claims: pa.Table
    hospital: pa.Table
    coverage: pa.Table
    true_pairs: set[tuple[str, str]]
    siblings: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of (unit, patient) that are twins of each other."""


def simulate(world: World) -> Delivered:
    """One world, delivered twice, with the truth."""
    rng = np.random.default_rng(world.seed)
    claims: list[dict] = []
    cases: list[dict] = []
    coverage: list[dict] = []
    truth: set[tuple[str, str]] = set()
    siblings: set[tuple[str, str]] = set()
    child = 0
    previous: dict | None = None
    while child < world.n_children:
        twin = previous is not None and rng.random() < world.twins
        person = _child(rng, world, child, previous if twin else None)
        units = _units(rng, world, person)
        coverage += [row for unit in units for row in unit["coverage"]]
        stays = _stays(rng, world, person, previous if twin else None)
        person["stays"] = stays
        _deliver(rng, world, person, units, (claims, cases, truth))
        if twin and previous is not None:
            for one, other in ((person, previous), (previous, person)):
                siblings |= {(u, f"prc_{h}_{other['id']}") for u in one["units"] for h in world.delivering}
        previous = None if twin else person
        child += 1
    return Delivered(_table(claims, claims_side=True), _table(cases), _coverage_table(coverage), truth, siblings)


def _child(rng, world, number, twin_of):
    if twin_of is not None:
        sex = twin_of["sex"] if rng.random() < 0.6 else rng.choice(["male", "female"])
        base = {k: twin_of[k] for k in ("born", "region", "home", "insured", "enrolled", "insurer")}
        return {**base, "id": number, "sex": str(sex), "main": _main(rng), "side": _sides(rng), "weight": 0}
    home = int(rng.integers(world.n_centres))
    land = 1 + home
    return {
        "id": number,
        "born": int(rng.integers(START - 3000, END - 60)),
        "sex": str(rng.choice(["male", "female"])),
        "region": f"{land:02d}{int(rng.zipf(1.6) % 40):03d}",
        "home": home,
        "main": _main(rng),
        "side": _sides(rng),
        "insured": bool(rng.random() < world.insured),
        "enrolled": START - 4000 if rng.random() > world.late_coverage else int(rng.integers(START, END)),
        "insurer": f"ins_{int(rng.integers(4))}",
        "weight": 0,
    }


def _main(rng):
    return str(MAIN[min(int(rng.exponential(3.2)), len(MAIN) - 1)])


def _sides(rng):
    return [str(c) for c in rng.choice(SIDE, size=int(rng.poisson(1.6)), replace=False)]


def _units(rng, world, person):
    """Claims pseudonyms of a child: none, one, or two where the insurer changed."""
    person["units"] = []
    if not person["insured"]:
        return []
    change = int(rng.integers(START + 300, END - 300)) if rng.random() < world.changed_insurer else None
    spans = [(person["enrolled"], None)] if change is None or change <= person["enrolled"] else None
    spans = spans or [(person["enrolled"], change), (change + int(rng.integers(1, 60)), None)]
    units = []
    for i, (start, end) in enumerate(spans):
        key = f"prc_claims_{person['id']}_{i}"
        units.append(
            {
                "key": key,
                "start": start,
                "end": END + 999 if end is None else end,
                "region": _region(rng, world, person),
                "coverage": [{"person_key": key, "start": start, "end": end}],
            }
        )
        person["units"].append(key)
    return units


def _region(rng, world, person):
    if rng.random() >= world.wrong_region:
        return person["region"]
    return (
        person["region"][:2] + f"{int(rng.integers(40)):03d}"
        if rng.random() < 0.6
        else f"{int(rng.integers(1, 17)):02d}{int(rng.integers(40)):03d}"
    )


def _stays(rng, world, person, twin):
    """True stays: day in, nights, centre, codes."""
    n = 1 if rng.random() < 0.6 else min(2 + int(rng.geometric(0.45)), 14)
    first = person["born"] + int(rng.choice([rng.integers(0, 30), rng.integers(30, 400), rng.integers(400, 6000)]))
    if twin and twin.get("stays") and rng.random() < world.twins_same_day:
        first = twin["stays"][0]["in"]
    day, out = first, []
    for _ in range(n):
        nights = int(min(rng.lognormal(0.9, 0.9), 80))
        centre = person["home"] if rng.random() > world.elsewhere * 0.4 else int(rng.integers(world.n_centres))
        if START <= day <= END - nights:
            out.append(
                {
                    "in": day,
                    "nights": nights,
                    "centre": centre,
                    "codes": _codes(rng, person),
                    "ops": _ops(rng),
                    "weight": 2500 + 16 * (day - person["born"]) + int(rng.normal(0, 350))
                    if day - person["born"] < 365
                    else None,
                }
            )
        gap = (
            rng.integers(1, 14)
            if rng.random() < 0.2
            else rng.choice([rng.integers(30, 200), 364 + rng.integers(-9, 9)])
        )
        day += nights + int(gap)
    return out


def _codes(rng, person):
    extra = [str(c) for c in rng.choice(SIDE, size=int(rng.poisson(0.9)), replace=False)]
    return [person["main"], *dict.fromkeys(person["side"] + extra)]


def _ops(rng):
    return sorted({OPS[min(int(rng.exponential(3)), len(OPS) - 1)] for _ in range(int(rng.poisson(1.7)))})


def _deliver(rng, world, person, units, sinks):
    claims, cases, truth = sinks
    made = []
    for i, stay in enumerate(person["stays"]):
        unit = next((u for u in units if u["start"] <= stay["in"] <= u["end"]), None)
        name = world.delivering[stay["centre"]] if stay["centre"] < len(world.delivering) else None
        a = (
            _claims_row(rng, world, person, stay, unit, i, name)
            if unit and rng.random() > world.missing_claims
            else None
        )
        b = _case_row(rng, world, person, stay, i, name) if name and rng.random() > world.missing_case else None
        made.append((a, b))
    _merge(rng, world, made, side=0)
    _merge(rng, world, made, side=1)
    seen: set[tuple[int, str]] = set()
    for a, b in made:
        for row, sink, mark in ((a, claims, 0), (b, cases, 1)):
            if row is not None and (mark, row["stay_key"]) not in seen:
                seen.add((mark, row["stay_key"]))
                sink.append(row)
        if a is not None and b is not None:
            truth.add((a["stay_key"], b["stay_key"]))


def _merge(rng, world, made, *, side):
    """Two stays of one side, close together, become one row: the other side still has two."""
    rate = world.merged if side == 0 else world.merged * 0.3
    for i in range(len(made) - 1):
        one, two = made[i][side], made[i + 1][side]
        if one is None or two is None or one["hospital"] != two["hospital"] or one["person_key"] != two["person_key"]:
            continue
        if one is two or not 0 <= two["admitted_on"] - one["discharged_on"] <= 14 or rng.random() > rate:
            continue
        joined = {
            **one,
            "discharged_on": two["discharged_on"],
            "icd": list(dict.fromkeys(one["icd"] + two["icd"])),
            "ops": list(dict.fromkeys(one["ops"] + two["ops"])),
        }
        for j in (i, i + 1):
            made[j] = (joined, made[j][1]) if side == 0 else (made[j][0], joined)


def _claims_row(rng, world, person, stay, unit, i, name):
    known = name if name is not None else f"elsewhere-{stay['centre']}"
    if rng.random() < world.wrong_hospital:
        known = str(rng.choice([*world.delivering, "elsewhere-7"]))
    row = _noisy(rng, world, person, stay, lost=world.code_lost)
    return {
        **row,
        "stay_key": f"sty_c_{person['id']}_{i}",
        "person_key": unit["key"],
        "side": "claims",
        "hospital": known if world.hospital_known else None,
        "region": unit["region"],
    }


def _case_row(rng, world, person, stay, i, name):
    row = _noisy(rng, world, person, stay, lost=0.04)
    return {
        **row,
        "stay_key": f"sty_{name}_{person['id']}_{i}",
        "person_key": f"prc_{name}_{person['id']}",
        "side": "hospital",
        "hospital": name,
        "region": person["region"],
    }


def _noisy(rng, world, person, stay, *, lost):
    s = world.scale
    day, out = stay["in"], stay["in"] + stay["nights"]
    if rng.random() < world.shifted_date * s:
        move = int(rng.choice([-1, 1]))
        which = rng.random()
        day, out = day + move * (which < 0.6), out + move * (which > 0.4)
    if rng.random() < world.wild_date * s:
        day = day - int(rng.integers(2, 30))
    codes = [c for j, c in enumerate(stay["codes"]) if j == 0 or rng.random() > lost * s]
    if len(codes) > 1 and rng.random() < world.main_swapped * s:
        codes[0], codes[1] = codes[1], codes[0]
    ops = [c for c in stay["ops"] if rng.random() > lost * s]
    born = EPOCH + dt.timedelta(days=person["born"])
    year = born.year + (int(rng.choice([-1, 1])) if rng.random() < world.wrong_year * s else 0)
    sex = person["sex"] if rng.random() > world.wrong_sex * s else ("male" if person["sex"] == "female" else "female")
    infant = stay["in"] - person["born"] < 365
    return {
        "admitted_on": day,
        "discharged_on": max(out, day),
        "birth_year": year,
        "sex": sex,
        "birth_month": born.month if infant else None,
        "icd_main": codes[0],
        "icd": codes,
        "ops": ops,
        "weight_g": stay["weight"] if stay["weight"] and rng.random() < 0.6 else None,
    }


def _table(rows, *, claims_side=False):
    names = [
        "stay_key",
        "person_key",
        "side",
        "hospital",
        "admitted_on",
        "discharged_on",
        "birth_year",
        "birth_month",
        "sex",
        "region",
        "weight_g",
        "icd_main",
        "icd",
        "ops",
    ]
    types = {
        "admitted_on": pa.date32(),
        "discharged_on": pa.date32(),
        "birth_year": pa.int16(),
        "birth_month": pa.int8(),
        "weight_g": pa.int32(),
        "icd": pa.list_(pa.string()),
        "ops": pa.list_(pa.string()),
    }
    columns = {n: pa.array([r[n] for r in rows], type=types.get(n, pa.string())) for n in names}
    return pa.table(columns)


def _coverage_table(rows):
    return pa.table(
        {
            "person_key": pa.array([r["person_key"] for r in rows], pa.string()),
            "start": pa.array([r["start"] for r in rows], pa.date32()),
            "end": pa.array([r["end"] for r in rows], pa.date32()),
        }
    )
