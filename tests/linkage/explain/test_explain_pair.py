"""Why a pair has its score: every part is told, and the parts are the score."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.explain import Explanation, PairFacts, Rival, StepKind, explain, explanation_text
from linkage.model import ComparisonModel, Model
from linkage.model.model import DependentGroup
from linkage.model.weights import PatternWeights, prior_bits

SURNAME = ComparisonModel(
    name="surname", level_names=("else", "similar", "exact"), m=(0.05, 0.15, 0.8), u=(0.9, 0.075, 0.025)
)
STREET = ComparisonModel(name="street", level_names=("else", "exact"), m=(0.25, 0.75), u=(0.9375, 0.0625))
BORN = ComparisonModel(name="born", level_names=("else", "exact"), m=(0.125, 0.875), u=(0.984375, 0.015625))
FAMILY = DependentGroup(
    name="surname & street",
    comparisons=("surname", "street"),
    shape=(3, 2),
    m=(0.03, 0.02, 0.05, 0.1, 0.2, 0.6),
    u=(0.88, 0.02, 0.05, 0.025, 0.01, 0.015),
)
MODEL = Model(comparisons=(SURNAME, STREET, BORN), prior=1 / 1025, groups=(FAMILY,))
ALONE = Model(comparisons=(SURNAME, STREET, BORN), prior=1 / 1025)
RIVAL = Rival(left_id="L1", right_id="R9", match_weight=7.5, judgement="link")


def explained(pair: PairFacts, *, model: Model = ALONE, show_values: bool = False) -> Explanation:
    return explain(pair, model=model, threshold=0.9, possible=0.1, show_values=show_values)


def test_every_part_is_told_in_order() -> None:
    told = explained(PairFacts("L1", "R1", (2, -1, 0), term_bits=(1.5, 0.0, 0.0)))
    assert [(step.kind.value, step.name, step.level, round(step.bits, 3)) for step in told.steps] == [
        ("prior", "prior", None, -10.0),
        ("comparison", "surname", "exact", 5.0),
        ("term_frequency", "surname", None, 1.5),
        ("comparison", "street", "null", 0.0),
        ("comparison", "born", "else", -2.977),
    ]
    assert told.match_weight == pytest.approx(-6.477, abs=1e-3)
    assert told.match_probability == pytest.approx(1 / (1 + 2**6.477), rel=1e-3)


def test_comparisons_that_depend_on_each_other_have_a_step_together() -> None:
    told = explained(PairFacts("L1", "R1", (2, 1, 1)), model=MODEL)
    last = told.steps[-1]
    assert (last.kind, last.name) == (StepKind.INTERACTION, "surname & street")
    assert last.bits == pytest.approx(math.log2(0.6 / 0.015) - math.log2(0.8 / 0.025) - math.log2(0.75 / 0.0625))


@given(
    gammas=st.tuples(st.integers(-1, 2), st.integers(-1, 1), st.integers(-1, 1)),
    term_bits=st.tuples(*[st.floats(-8, 8)] * 3),
    grouped=st.booleans(),
)
def test_the_steps_sum_to_the_score(
    gammas: tuple[int, int, int], term_bits: tuple[float, float, float], grouped: bool
) -> None:
    model = MODEL if grouped else ALONE
    told = explained(PairFacts("L1", "R1", gammas, term_bits=term_bits), model=model)
    weighed = PatternWeights(model).bits(np.array([gammas], dtype=np.int8))[0]
    assert told.total_bits == told.match_weight
    assert told.match_weight == pytest.approx(float(weighed) + sum(term_bits) + prior_bits(model.prior), abs=1e-9)


def test_a_recorded_score_is_kept_where_it_differs_by_rounding() -> None:
    weight = explained(PairFacts("L1", "R1", (2, 1, 1))).match_weight
    recorded = math.nextafter(weight, math.inf)
    assert explained(PairFacts("L1", "R1", (2, 1, 1), match_weight=recorded)).match_weight == recorded


def test_a_recorded_score_that_is_another_is_refused() -> None:
    with pytest.raises(ValueError, match="the steps sum to"):
        explained(PairFacts("L1", "R1", (2, 1, 1), match_weight=3.0))


def test_levels_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="of 3 comparisons"):
        explained(PairFacts("L1", "R1", (2, 1)))


def test_no_value_is_told_unless_asked_for() -> None:
    pair = PairFacts(
        "L1", "R1", (2, 1, -1), left_values=("Zzname", "Zzstreet", None), right_values=("Zzname", None, "Zz")
    )
    assert "Zz" not in explained(pair).model_dump_json()
    assert "Zz" not in explanation_text(explained(pair))
    text = explanation_text(explained(pair, show_values=True))
    assert "surname: exact (Zzname | Zzname)" in text
    assert "born: null (missing | Zz)" in text


def test_rivals_come_heaviest_first_and_the_lead_is_over_the_heaviest() -> None:
    lesser = Rival(left_id="L2", right_id="R1", match_weight=-3.0, judgement="non_link")
    told = explained(PairFacts("L1", "R1", (2, 1, 1), rivals=(lesser, RIVAL)))
    assert told.rivals == (RIVAL, lesser)
    assert told.lead_bits == pytest.approx(told.match_weight - 7.5)
    assert explained(PairFacts("L1", "R1", (2, 1, 1))).lead_bits is None


def test_the_terminal_shows_steps_sums_and_the_decision() -> None:
    pair = PairFacts(
        "L1",
        "R1",
        (2, 1, 0),
        term_bits=(-1.0, 0.0, 0.0),
        match_key="surname & year(born)",
        judgement="possible_link",
        reason="below_threshold",
        probability_assigned=0.25,
        near_tie=True,
        margin_bits=1.25,
        rivals=(RIVAL,),
    )
    assert explanation_text(explained(pair)).splitlines() == [
        "L1 and R1",
        "score -5.39 bits, probability 0.0232558; a link needs 3.17 bits",
        "",
        "                                       bits      sum",
        "prior                                -10.00   -10.00  ----------------------------------",
        "surname: exact                        +5.00    -5.00  +++++++++++++++++",
        "surname: how frequent the value is    -1.00    -6.00                ---",
        "street: exact                         +3.58    -2.42                ++++++++++++",
        "born: else                            -2.98    -5.39                  ----------",
        "score                                          -5.39",
        "",
        "decided: possible link, below threshold",
        "proposed by: surname & year(born)",
        "probability over all admissible assignments: 0.25",
        "near-tie: another assignment is about as good",
        "rivals for one of the two records:",
        "  L1 and R9: 7.50 bits, link",
        "  lead over the heaviest: -12.89 bits",
        "the best assignment beats the best that decides it otherwise by 1.25 bits",
    ]


def test_an_explanation_is_read_again_from_its_json() -> None:
    told = explained(PairFacts("L1", "R1", (2, 1, 0), rivals=(RIVAL,)), model=MODEL)
    assert Explanation.model_validate_json(told.model_dump_json()) == told
