"""Why two records are not linked: the first gate, in order, and what would have opened it."""

from dataclasses import replace

import pytest

from linkage.explain import (
    Absence,
    AbsentFacts,
    ConstraintFact,
    Gate,
    PairFacts,
    RecordState,
    ReviewFact,
    Rival,
    RuleState,
    absence_text,
    explain_absent,
    key_state,
)
from tests.linkage.explain.test_explain_pair import ALONE, MODEL

LEFT, RIGHT = RecordState("L1", "claims"), RecordState("R1", "hospital")
BLOCKED = RuleState("surname", (key_state("surname", "meyer", "meyer"),))
FAR = RuleState(
    "surname & year(born)", (key_state("surname", "meyer", "mayr"), key_state("year(born)", "2001", "2011"))
)
NEAR = RuleState(
    "phonetic(surname) & born",
    (key_state("phonetic(surname)", "67", "67"), key_state("born", "2001-01-01", "2001-01-10")),
)
UNKNOWN = RuleState("postcode", (key_state("postcode", None, "16816"),))
GOOD = PairFacts("L1", "R1", (2, 1, 1), match_key="surname", judgement="non_link", reason="lost_assignment")
LINKED = Rival(left_id="L1", right_id="R9", match_weight=11.0, judgement="link")
OTHER = Rival(left_id="L7", right_id="R1", match_weight=9.0, judgement="link")
PASSED = Rival(left_id="L8", right_id="R1", match_weight=12.0, judgement="non_link")
SAID = ConstraintFact("Dr. Otto", "2026-03-01 10:00", "twins")


def absent(facts: AbsentFacts, *, show_values: bool = False) -> Absence:
    return explain_absent(facts, model=ALONE, threshold=0.9, possible=0.1, show_values=show_values)


def test_gates_are_found_in_their_order() -> None:
    """From a pair with everything against it, one thing after the other is put right."""
    facts = AbsentFacts(
        left=replace(LEFT, delivered=False),
        right=replace(RIGHT, rejected="no date of birth"),
        rules=(FAR,),
        pair=PairFacts("L1", "R1", (0, 0, 0)),
        apart="both are of claims",
        constraint=SAID,
        review=ReviewFact("reviewer 2", "2026-03-02", "no match"),
    )
    found = []
    steps = (
        {"left": LEFT},
        {"right": RIGHT},
        {"apart": None},
        {"rules": (BLOCKED,)},
        {"pair": PairFacts("L1", "R1", (2, 1, -1), judgement="possible_link")},
        {"pair": replace(GOOD, rivals=(LINKED,))},
        {"pair": replace(GOOD, reason="constraint_cannot")},
        {"constraint": None, "pair": replace(GOOD, reason="reviewer")},
        {"review": None, "pair": replace(GOOD, judgement="link", reason="assigned")},
    )
    for step in ({}, *steps):
        facts = replace(facts, **step)
        found.append(absent(facts).gate.value)
    assert found == [
        "not_delivered",
        "rejected",
        "apart",
        "not_co_blocked",
        "below_possible",
        "below_threshold",
        "lost_assignment",
        "constraint",
        "reviewer",
        "linked",
    ]


def test_later_gates_are_told_as_well() -> None:
    told = absent(AbsentFacts(LEFT, RIGHT, rules=(FAR,), pair=PairFacts("L1", "R1", (0, 0, 0)), constraint=SAID))
    assert told.gate is Gate.NOT_CO_BLOCKED
    assert told.further_gates == (Gate.BELOW_POSSIBLE, Gate.CONSTRAINT)


def test_a_record_that_was_not_delivered_needs_no_levels() -> None:
    told = absent(AbsentFacts(LEFT, replace(RIGHT, delivered=False)))
    assert told.reason == "R1 of hospital is not among its records"
    assert (told.explanation, told.change) == (None, None)


def test_a_rejected_record_says_why() -> None:
    told = absent(AbsentFacts(replace(LEFT, rejected="row 7: born, expected a date"), RIGHT))
    assert told.reason == "L1 of claims was rejected: row 7: born, expected a date"


def test_the_nearest_rule_comes_first_and_says_by_how_little() -> None:
    told = absent(AbsentFacts(LEFT, RIGHT, rules=(FAR, UNKNOWN, NEAR), pair=PairFacts("L1", "R1", (1, 1, 0))))
    assert [rule.rule for rule in told.rules] == ["phonetic(surname) & born", "postcode", "surname & year(born)"]
    assert told.reason == (
        "no blocking rule proposes it; the nearest is phonetic(surname) & born (born differs by 1 character)"
    )
    assert [(gap.expression, gap.n_edits) for gap in told.rules[2].gaps] == [("surname", 2), ("year(born)", 1)]


def test_a_condition_that_does_not_hold_keeps_a_rule_from_proposing() -> None:
    rule = RuleState("surname", BLOCKED.keys, condition="l.year < r.year", condition_holds=False)
    told = absent(AbsentFacts(LEFT, RIGHT, rules=(rule,), pair=PairFacts("L1", "R1", (2, 1, 1))))
    assert told.gate is Gate.NOT_CO_BLOCKED
    assert told.rules[0].condition == "l.year < r.year"
    assert told.further_gates == ()


def test_a_pair_that_was_proposed_was_compared_whatever_its_keys_say() -> None:
    told = absent(AbsentFacts(LEFT, RIGHT, rules=(FAR,), pair=PairFacts("L1", "R1", (0, 0, 0), match_key="old rule")))
    assert told.gate is Gate.BELOW_POSSIBLE


def test_a_pair_that_would_have_scored_high_says_so() -> None:
    told = absent(AbsentFacts(LEFT, RIGHT, rules=(NEAR,), pair=PairFacts("L1", "R1", (2, 1, 1))))
    assert told.explanation is not None
    assert told.explanation.match_weight > told.explanation.threshold_bits
    assert told.change is not None
    assert told.change.raises == ()
    assert "the score alone would have been enough" in absence_text(told)
    assert "had it been compared:" in absence_text(told)


def test_a_lost_assignment_names_who_took_the_record() -> None:
    told = absent(AbsentFacts(LEFT, RIGHT, rules=(BLOCKED,), pair=replace(GOOD, rivals=(PASSED, LINKED))))
    assert told.lost_to == (LINKED,)
    assert told.explanation is not None
    assert told.margin_bits == pytest.approx(11.0 - told.explanation.match_weight)
    assert "L1 with R9" in told.reason


def test_two_links_that_would_have_to_yield_are_weighed_together() -> None:
    told = absent(AbsentFacts(LEFT, RIGHT, pair=replace(GOOD, rivals=(LINKED, OTHER))))
    assert told.explanation is not None
    floor = told.explanation.possible_bits
    assert told.margin_bits == pytest.approx((11.0 - floor) + (9.0 - floor) - (told.explanation.match_weight - floor))


def test_the_margin_of_the_decision_goes_before_our_own() -> None:
    told = absent(AbsentFacts(LEFT, RIGHT, pair=replace(GOOD, rivals=(LINKED, OTHER), margin_bits=0.5)))
    assert told.margin_bits == 0.5


def test_what_would_have_won_the_record_outweighs_its_rival() -> None:
    pair = replace(GOOD, gammas=(1, 1, 1), rivals=(replace_weight(LINKED, 4.0),))
    told = absent(AbsentFacts(LEFT, RIGHT, pair=pair))
    assert told.explanation is not None
    assert told.change is not None
    assert [(part.comparison, part.raised_to) for part in told.change.raises] == [("surname", "exact")]
    assert told.explanation.match_weight + told.change.gained_bits > 4.0


def replace_weight(rival: Rival, weight: float) -> Rival:
    return rival.model_copy(update={"match_weight": weight})


def test_a_constraint_says_by_whom_when_and_why() -> None:
    facts = AbsentFacts(LEFT, RIGHT, pair=replace(GOOD, reason="constraint_cannot"), constraint=SAID)
    told = absent(facts)
    assert told.reason == "Dr. Otto said on 2026-03-01 10:00 that they must not be linked: twins"
    through = absent(replace(facts, constraint=replace(SAID, between=("L1", "R5"))))
    assert (
        through.reason == "Dr. Otto said on 2026-03-01 10:00 that they must not be linked, by way of L1 and R5: twins"
    )


def test_a_reviewer_says_when_and_what() -> None:
    review = ReviewFact("reviewer 2", "2026-03-02", "no match", "other middle name")
    told = absent(AbsentFacts(LEFT, RIGHT, pair=replace(GOOD, reason="reviewer"), review=review))
    assert told.reason == "reviewer 2 judged it no match on 2026-03-02: other middle name"


def test_a_reason_that_is_no_gate_is_passed_on() -> None:
    told = absent(AbsentFacts(LEFT, RIGHT, pair=replace(GOOD, reason="unheard_of")))
    assert (told.gate, told.reason) == (Gate.OTHER, "none of the known gates; the decision says unheard_of")


def test_without_levels_and_without_a_gate_there_is_nothing_to_say() -> None:
    with pytest.raises(ValueError, match="expected the levels of the pair"):
        absent(AbsentFacts(LEFT, RIGHT, rules=(BLOCKED,)))


def test_no_value_is_told_unless_asked_for() -> None:
    rule = RuleState("surname", (key_state("surname", "Zzone", "Zztwo"),))
    pair = PairFacts("L1", "R1", (1, 1, 0), left_values=("Zzone", "a", "b"), right_values=("Zztwo", "a", "c"))
    facts = AbsentFacts(LEFT, RIGHT, rules=(rule,), pair=pair)
    hidden, shown = absent(facts), absent(facts, show_values=True)
    assert "Zz" not in hidden.model_dump_json() + absence_text(hidden)
    assert "surname differs by 3 characters (Zzone | Zztwo)" in absence_text(shown)


@pytest.mark.parametrize(
    ("left", "right", "equal", "missing", "n_edits"),
    [
        ("a", "a", True, "", 0),
        ("meyer", "myeer", False, "", 1),
        (None, "a", False, "left", None),
        ("a", "", False, "right", None),
        (None, None, False, "both", None),
        (("q21", "i10"), ("e11", "i10"), True, "", 0),
        (("q21",), (), False, "right", None),
    ],
)
def test_keys_are_compared_by_their_fewest_edits(
    left: str | tuple[str, ...] | None,
    right: str | tuple[str, ...] | None,
    equal: bool,
    missing: str,
    n_edits: int | None,
) -> None:
    state = key_state("key", left, right)
    assert (state.equal, state.missing, state.n_edits) == (equal, missing, n_edits)


def test_the_terminal_tells_gate_rules_waterfall_and_change() -> None:
    pair = PairFacts("L1", "R1", (1, -1, 0))
    lines = absence_text(absent(AbsentFacts(LEFT, RIGHT, rules=(FAR, NEAR), pair=pair))).splitlines()
    assert lines[:3] == [
        "L1 and R1: not co-blocked",
        "  no blocking rule proposes it; the nearest is phonetic(surname) & born (born differs by 1 character)",
        "  and further: below possible",
    ]
    assert "    phonetic(surname) & born: born differs by 1 character (1 of 2 equal)" in lines
    assert lines[-3:] == [
        "    surname: similar -> exact",
        "    street: null -> exact",
        "    born: else -> exact",
    ]


def test_where_nothing_would_have_been_enough_it_is_said() -> None:
    rare = ALONE.model_copy(update={"prior": 1e-9})
    facts = AbsentFacts(LEFT, RIGHT, pair=PairFacts("L1", "R1", (0, 0, 0)))
    told = explain_absent(facts, model=rare, threshold=0.9, possible=0.1)
    assert told.change is None
    assert "no change of levels would have been enough" in absence_text(told)


def test_an_absence_is_read_again_from_its_json() -> None:
    facts = AbsentFacts(LEFT, RIGHT, rules=(FAR, NEAR), pair=replace(GOOD, match_key=None, rivals=(LINKED,)))
    told = explain_absent(facts, model=MODEL, threshold=0.9, possible=0.1)
    assert Absence.model_validate_json(told.model_dump_json()) == told
