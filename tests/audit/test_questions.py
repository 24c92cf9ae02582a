"""Saved questions: both engines and plain Python give the same rows, and they are the rows known by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from graph_schema.edges import RULES
from graph_schema.graph.bolt import Graph
from graph_schema.nodes import NODES
from graph_schema.questions import Question, load_questions
from tests.audit.mini import LEVELS, sha
from tests.audit.planting import BREACHES, TODAY
from tests.audit.worlds import empty, move
from tests.oracle import ANSWERS, Row, World

COHORT = "coh_260ff2bcb0f64d862263adf0"
MODEL, SETTINGS = sha("mod_stay"), sha("settings")

# Question, parameters, rows by column order of the question's header; checked by hand against tests/audit/mini.py.
GOLDEN: list[tuple[str, Row, list[tuple[object, ...]]]] = [
    ("why-linked", {"a": "sty_h_anna1", "b": "sty_c_anna1"}, [
        ("stay", "sty_c_anna1", "sty_h_anna1", "link", "assigned", 9.964340867792417, 0.999, 0.5, "admission_day",
         LEVELS, [6.0, 2.5, 1.0], MODEL, SETTINGS, "run_2"),
    ]),
    ("why-linked", {"a": "dse_dora", "b": "prd_x_dora"}, [
        ("dose", "dse_dora", "prd_x_dora", "link", "assigned", 5.01495034146597, 0.97, 0.5, "admission_day",
         LEVELS, [6.0, 2.5, 1.0], sha("mod_dose"), SETTINGS, "run_1"),
    ]),
    ("why-linked", {"a": "sty_c_ben", "b": "sty_h_dora"}, []),
    ("links-of-person", {"person": "per_ben"}, [
        ("person", "prc_c_ben", "prc_h_ben", "link", "assigned", 3.523561956057014, 0.92, 0.5, "admission_day",
         LEVELS, [6.0, 2.5, 1.0], MODEL, SETTINGS, "run_1"),
        ("stay", "sty_c_ben", "sty_h_ben", "link", "assigned", 3.731803889050428, 0.93, 0.5, "admission_day",
         LEVELS, [6.0, 2.5, 1.0], MODEL, SETTINGS, "run_1"),
    ]),
    ("candidates-of-person", {"person": "per_dora"}, [
        ("dose", "dse_dora", "prd_x_dora", "link", "assigned", 5.01495034146597, 0.97),
        ("exam", "prd_x_dora", "sty_h_dora", "link", "assigned", 4.247927513443584, 0.95),
        ("dose", "dse_lost", "prd_x_dora", "possible_link", "below_threshold", -0.5849625007211561, 0.4),
        ("stay", "sty_c_cleo", "sty_h_dora", "non_link", "below_threshold", -2.0, 0.2),
    ]),
    ("files-behind-organ-dose", {"person": "per_anna", "organ": "lung"}, [
        (f"{file}.csv", sha(file), row, way, day, event, dose, mean)
        for file, row, way, day, event, dose, mean in [
            ("fil_cath", 2, "dose", date(2016, 3, 2), "dse_anna1", "est_anna1", 7.0),
            ("fil_report1", 1, "dose", date(2016, 3, 2), "dse_anna1", "est_anna1", 7.0),
            ("fil_cases2", 2, "whose dose it is", date(2016, 3, 2), "dse_anna1", "est_anna1", 7.0),
            ("fil_cath", 2, "whose dose it is", date(2016, 3, 2), "dse_anna1", "est_anna1", 7.0),
            ("fil_report2", 1, "dose", date(2018, 3, 1), "dse_anna2", "est_anna2", 3.5),
            ("fil_cases", 6, "whose dose it is", date(2018, 3, 1), "dse_anna2", "est_anna2", 3.5),
            ("fil_cases2", 2, "whose dose it is", date(2018, 3, 1), "dse_anna2", "est_anna2", 3.5),
        ]
    ]),
    ("files-behind-organ-dose", {"person": "per_ben", "organ": "lung"}, []),
    ("reach-of-file", {"file": sha("fil_report1")}, [
        ("Cohort", COHORT), ("DoseEstimate", "est_anna1"), ("Person", "per_anna"),
    ]),
    ("reach-of-file", {"file": "fil_cath"}, [
        ("Cohort", COHORT), ("DoseEstimate", "est_anna1"), ("DoseEstimate", "est_dora"), ("Person", "per_anna"),
        ("Person", "per_ben"), ("Person", "per_dora"),
    ]),
    ("reach-of-file", {"file": "fil_cases2"}, [
        ("Cohort", COHORT), ("DoseEstimate", "est_anna1"), ("DoseEstimate", "est_anna2"), ("Person", "per_anna"),
    ]),
    ("doses-using-table", {"table": "demonstration-coefficients"}, [
        ("demonstration-coefficients", "1", sha("coefficients"), *rest)
        for rest in [
            ("est_anna1", "dse_anna1", date(2016, 3, 2), "north/lab1", "per_anna"),
            ("est_anna2", "dse_anna2", date(2018, 3, 1), "north/lab1", "per_anna"),
            ("est_dora", "dse_dora", date(2022, 5, 5), "north/lab2", "per_dora"),
        ]
    ]),
    ("doses-using-table", {"table": "demonstration-coefficients", "version": "2"}, []),
    ("doses-using-calibration", {"room": "north/lab1", "valid_on": date(2018, 1, 1)}, [
        ("cal_lab1", "north/lab1", 1.1, date(2015, 1, 1), None, "est_anna1", "dse_anna1", date(2016, 3, 2), 2.0,
         "per_anna"),
        ("cal_lab1", "north/lab1", 1.1, date(2015, 1, 1), None, "est_anna2", "dse_anna2", date(2018, 3, 1), 1.0,
         "per_anna"),
    ]),
    ("doses-using-calibration", {"room": "north/lab1", "valid_on": "2014-12-31"}, []),
    ("last-run", {"run_type": "study"}, [
        ("run_2", "study", "COMPLETE", "0.1.0", 1, datetime(2026, 2, 10, 3, tzinfo=UTC), sha("{}"), sha("run_2"), "{}",
         1, 1, 1, 5, 5, 1, 2, 0),
    ]),
    ("person-records", {"person": "per_anna"}, [
        ("prc_c_anna", "claims", "claims", "female", 2014, "fil_insurants.csv", sha("fil_insurants"), 2),
        ("prc_h_anna", "hospital", "hospital", "female", 2014, "fil_cases2.csv", sha("fil_cases2"), 2),
    ]),
    ("persons-with-doses", {}, [("per_anna", 2, 1, 1, 0.9999), ("per_dora", 1, 0, 1, None)]),
    ("persons-with-doses", {"limit": "1"}, [("per_anna", 2, 1, 1, 0.9999)]),
    ("unit-doubts", {}, [
        ("north/lab1", date(2015, 6, 10), "dse_ben", None, "missing", "Gym2", ["kap_missing"]),
        ("north/lab2", date(2022, 5, 5), "dse_dora", 4.0, "stated_total", "Gym2", ["unit_inferred"]),
    ]),
    ("procedures-without-dose-event", {}, [
        ("prd_c_cleo", "1-275.1", date(2017, 1, 15), "claims", "per_cleo", "not linked to a hospital"),
    ]),
    ("procedures-without-dose-event", {"ops": "1-276"}, []),
    ("dose-events-without-stay", {}, [
        ("dse_lost", date(2019, 8, 8), "north/lab2", 3.0, 1, 0.4, "no candidate accepted"),
        ("dse_ben", date(2015, 6, 10), "north/lab1", None, 0, None, "patient known, no examination accepted"),
    ]),
    ("conflicts", {}, [("kept apart", "conflict_sex", "prc_c_emil", "prc_h_emilie", 0.8)]),
    ("stale-cohorts", {}, []),
]  # fmt: skip

# A value for every parameter a question requires.
ANY: Row = {"a": "sty_c_ben", "b": "sty_h_ben", "person": "per_anna", "organ": "lung", "file": "fil_cath",
            "table": "none", "room": "none", **TODAY}  # fmt: skip

QUESTIONS = load_questions()


def _required(question: Question) -> Row:
    return {parameter.name: ANY[parameter.name] for parameter in question.parameters if parameter.required}


def _oracle(name: str, given: Row, world: World) -> list[Row]:
    typed = {p.name: p.value(given[p.name]) for p in QUESTIONS[name].parameters if given.get(p.name) is not None}
    return ANSWERS[name](world, **typed)


@pytest.fixture
def planted(graph: Graph, world: World) -> Iterator[World]:
    """A copy of the world to plant a breach in; what was put into the graph for it is taken out again."""
    copy = World(dict(world.things), list(world.edges))
    yield copy
    move(graph, copy, world)


def test_every_question_has_an_answer_in_plain_python() -> None:
    assert set(QUESTIONS) == set(ANSWERS)


def test_every_integrity_question_has_a_planted_breach() -> None:
    must_be_empty = {name for name, question in QUESTIONS.items() if question.must_be_empty}
    assert must_be_empty - {question for question, *_ in BREACHES.values()} == {"permit-expired"}


def test_every_other_question_has_golden_rows() -> None:
    others = {name for name, question in QUESTIONS.items() if not question.must_be_empty}
    assert others == {name for name, *_ in GOLDEN}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_to_an_empty_graph_gives_no_row(engine: Graph, name: str) -> None:
    empty(engine)
    assert QUESTIONS[name].run(engine, _required(QUESTIONS[name])).rows == []


@pytest.mark.parametrize(("name", "given", "rows"), GOLDEN, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(GOLDEN)])
def test_a_question_gives_the_rows_known_by_hand(graph: Graph, name: str, given: Row, rows: list[object]) -> None:
    assert QUESTIONS[name].run(graph, given).rows == rows


@pytest.mark.parametrize(("name", "given", "rows"), GOLDEN, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(GOLDEN)])
def test_plain_python_gives_the_rows_known_by_hand(world: World, name: str, given: Row, rows: list[object]) -> None:
    columns = QUESTIONS[name].columns
    assert [tuple(row[column] for column in columns) for row in _oracle(name, given, world)] == rows


@pytest.mark.parametrize("name", [name for name, question in QUESTIONS.items() if question.must_be_empty])
def test_a_sound_study_breaks_no_law(graph: Graph, name: str) -> None:
    assert QUESTIONS[name].run(graph, _required(QUESTIONS[name])).rows == []


@pytest.mark.parametrize(("name", "given"), [(name, given) for name, given, rows in GOLDEN if rows])
def test_columns_are_those_the_header_names(graph: Graph, name: str, given: Row) -> None:
    assert QUESTIONS[name].run(graph, given).columns == QUESTIONS[name].columns


@pytest.mark.parametrize("breach", BREACHES)
def test_one_planted_breach_is_found_and_nothing_else(graph: Graph, world: World, planted: World, breach: str) -> None:
    name, plant, given, rows = BREACHES[breach]
    plant(planted)
    move(graph, world, planted)
    assert QUESTIONS[name].run(graph, given).dicts() == rows


@pytest.mark.parametrize("breach", BREACHES)
def test_plain_python_finds_the_planted_breach(world: World, breach: str) -> None:
    name, plant, given, rows = BREACHES[breach]
    copy = World(dict(world.things), list(world.edges))
    plant(copy)
    assert ANSWERS[name](copy, **given) == rows


def test_files_of_a_permit_that_ran_out_are_found(graph: Graph) -> None:
    rows = QUESTIONS["permit-expired"].run(graph, {"today": "2031-01-01"}).rows
    assert [row[2] for row in rows] == [
        "fil_cases.csv", "fil_cases2.csv", "fil_cath.csv", "fil_insurants.csv", "fil_report1.csv", "fil_report2.csv",
        "fil_stays.csv",
    ]  # fmt: skip


def test_the_last_day_of_a_permit_is_still_permitted(graph: Graph) -> None:
    assert QUESTIONS["permit-expired"].run(graph, {"today": "2030-12-31"}).rows == []


def test_a_cohort_whose_member_changed_is_stale(graph: Graph) -> None:
    graph.write("MATCH (p:Person {key: 'per_dora'}) SET p.system_to = datetime('2026-04-01T00:00:00Z')")
    rows = QUESTIONS["stale-cohorts"].run(graph).rows
    graph.write("MATCH (p:Person {key: 'per_dora'}) REMOVE p.system_to")
    assert rows == [(COHORT, "cath", 4, 1)]


@pytest.mark.parametrize("label", NODES)
def test_the_question_for_cycles_knows_the_legal_derivations(label: str) -> None:
    text = QUESTIONS["derivation-cycle"].cypher
    branch = text.split(f"MATCH (x:{label})-[:WAS_DERIVED_FROM]->(y)")[1].split("RETURN")[0]
    targets = [rule.target for rule in RULES if rule.type == "WAS_DERIVED_FROM" and rule.source == label]
    assert [part.strip("() ") for part in branch.replace("WHERE NOT", "").strip().split(" OR ") if part.strip()] == [
        f"y:{target}" for target in targets
    ]


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_scans_without_a_label(name: str) -> None:
    starts = [line.split("MATCH", 1)[1].strip() for line in QUESTIONS[name].cypher.splitlines() if "MATCH (" in line]
    bound = (
        "(f)-",
        "(x)-[:",
        "(x)<-[:",
        "(c)",
        "(p)",
        "(v)",
        "(e)",
        "(d)",
        "(r)",
        "(s)",
        "(y)-[:WAS_REVISION_OF]->(x)",
    )
    assert [start for start in starts if ":" not in start.split(")")[0] and not start.startswith(bound)] == []
