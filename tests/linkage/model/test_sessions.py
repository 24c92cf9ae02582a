"""EM on one blocking rule's pairs, as Splink trains; the expected numbers are Splink 5.0.0's."""

import numpy as np
import pytest

from linkage.arrays import FloatArray
from linkage.model.patterns import PatternCounts
from linkage.model.sessions import (
    Session,
    SessionSettings,
    combined,
    default_m,
    default_u,
    run_session,
    trainable,
)

NAMED = [
    ("given", ("else", "near", "exact")),
    ("surname", ("else", "near", "exact")),
    ("city", ("else", "exact")),
    ("year", ("else", "exact")),
]
U = [np.array([0.85, 0.05, 0.1]), np.array([0.8, 0.04, 0.16]), np.array([0.66, 0.34]), np.array([0.974, 0.026])]
PRIOR = 250 / (650 * 649 / 2)
LONG = SessionSettings(max_iterations=200, em_convergence=1e-9)

# fmt: off
ON_SURNAME = [  # given, city, year, pairs
    (0, -1, 0, 623), (0, -1, 1, 15), (0, 0, 0, 18100), (0, 0, 1, 409), (0, 1, 0, 9092), (0, 1, 1, 247), (1, -1, 0, 7),
    (1, 0, 0, 266), (1, 0, 1, 20), (1, 1, 0, 131), (1, 1, 1, 34), (2, -1, 0, 70), (2, -1, 1, 11), (2, 0, 0, 2120),
    (2, 0, 1, 83), (2, 1, 0, 1138), (2, 1, 1, 171),
]
ON_YEAR = [  # given, surname, city, pairs
    (0, 0, -1, 124), (0, 0, 0, 2509), (0, 0, 1, 1248), (0, 1, -1, 2), (0, 1, 0, 40), (0, 1, 1, 23), (0, 2, -1, 15),
    (0, 2, 0, 409), (0, 2, 1, 247), (1, 0, 0, 47), (1, 0, 1, 9), (1, 1, 0, 3), (1, 1, 1, 5), (1, 2, 0, 20),
    (1, 2, 1, 34), (2, 0, -1, 7), (2, 0, 0, 295), (2, 0, 1, 160), (2, 1, -1, 1), (2, 1, 0, 6), (2, 1, 1, 20),
    (2, 2, -1, 11), (2, 2, 0, 83), (2, 2, 1, 171),
]
# fmt: on


def table(rows: list[tuple[int, int, int, int]], columns: tuple[int, int, int], rest: tuple[int, int]) -> PatternCounts:
    gammas = np.full((len(rows), 4), -1, dtype=np.int8)
    for row, values in enumerate(rows):
        gammas[row, list(columns)] = values[:3]
    gammas[:, rest[0]] = rest[1]
    return PatternCounts(gammas, np.array([row[3] for row in rows]), np.zeros(0, np.int64))


def both() -> tuple[Session, Session]:
    m = [default_m(len(levels)) for _, levels in NAMED]
    first = run_session(
        table(ON_SURNAME, (0, 2, 3), (1, 2)),
        rule="surname",
        trained=(0, 2, 3),
        guaranteed=((1, 2),),
        m=m,
        u=U,
        prior=PRIOR,
        settings=LONG,
    )
    m = [first.m[0], m[1], first.m[1], first.m[2]]
    second = run_session(
        table(ON_YEAR, (0, 1, 2), (3, 1)),
        rule="year",
        trained=(0, 1, 2),
        guaranteed=((3, 1),),
        m=m,
        u=U,
        prior=PRIOR,
        settings=LONG,
    )
    return first, second


def close(got: FloatArray, expected: list[float]) -> bool:
    return bool(np.abs(got - np.array(expected)).max() <= 1e-6)


def test_equal_pairs_u_and_start_give_splinks_m_and_prior() -> None:
    first, second = both()
    assert first.prior == pytest.approx(0.006392891970974954, abs=1e-6)
    assert close(first.m[0], [0.025708169861599635, 0.09949676229621833, 0.874795067842182])
    assert close(first.m[1], [0.15278790325005764, 0.8472120967499424])
    assert close(first.m[2], [0.016109685737219572, 0.9838903142627805])
    assert second.prior == pytest.approx(0.03959169351438924, abs=1e-6)
    assert close(second.m[0], [7.5203091343794e-05, 0.09941967776604038, 0.9005051191426158])
    assert close(second.m[1], [0.027986182196985586, 0.06810389259985677, 0.9039099252031576])
    assert close(second.m[2], [0.13429967689822178, 0.8657003231017781])


def test_several_sessions_make_splinks_model_and_the_prior_is_deduced() -> None:
    model, doubts = combined(
        both(),
        comparisons=NAMED,
        m=[default_m(len(levels)) for _, levels in NAMED],
        u=U,
        prior=PRIOR,
        deduce_prior=True,
    )
    assert model.prior == pytest.approx(0.0011123349595996911, abs=1e-8)
    assert close(np.array(model.comparisons[0].m), [0.012891686476471714, 0.09945822003112936, 0.8876500934923989])
    assert close(np.array(model.comparisons[1].m), [0.027986182196985586, 0.06810389259985677, 0.9039099252031576])
    assert close(np.array(model.comparisons[2].m), [0.1435437900741397, 0.8564562099258602])
    assert doubts == ("comparison 'given', level 'else': sessions differ in m by over 4 bits",)


def test_a_session_that_ran_out_of_iterations_does_not_claim_to_have_converged() -> None:
    first, _ = both()
    assert len(first.history) == 200
    assert not first.converged
    assert any("did not converge in 200 iterations" in text for text in first.warnings)
    likelihoods = [step.log_likelihood for step in first.history]
    assert likelihoods == sorted(likelihoods)


def test_what_a_rule_uses_is_not_trained_and_agreement_on_all_its_columns_is_taken_before_parts() -> None:
    columns = [frozenset({"first"}), frozenset({"last"}), frozenset({"first", "last"}), frozenset({"dob"})]
    free, held = trainable(
        frozenset({"first", "last"}), columns=columns, exact_columns=columns, level_counts=[3, 3, 4, 2]
    )
    assert free == (3,)
    assert held == ((2, 3),)


def test_what_no_session_trained_keeps_its_start_and_is_named() -> None:
    first, _ = both()
    model, doubts = combined(
        [first], comparisons=NAMED, m=[default_m(3), default_m(3), default_m(2), default_m(2)], u=U, prior=0.01
    )
    assert model.prior == 0.01
    assert model.comparisons[1].m == pytest.approx((0.025, 0.025, 0.95))
    assert "comparison 'surname': no session trained its m, the starting values stand" in doubts


def test_fixed_m_and_prior_stay_and_u_can_be_trained() -> None:
    chosen = SessionSettings(
        fix_m_probabilities=True,
        fix_u_probabilities=False,
        fix_probability_two_random_records_match=True,
        max_iterations=100,
    )
    session = run_session(
        table(ON_SURNAME, (0, 2, 3), (1, 2)),
        rule="surname",
        trained=(0, 2, 3),
        guaranteed=((1, 2),),
        m=[default_m(3), default_m(3), default_m(2), default_m(2)],
        u=U,
        prior=PRIOR,
        settings=chosen,
    )
    assert session.prior == pytest.approx(0.006996509110191337)
    assert session.m[0].tolist() == default_m(3).tolist()
    assert session.u[0][2] == pytest.approx(0.1, abs=0.02)
    assert session.u_is_trained
    assert not session.m_is_trained


def test_first_values_are_splinks() -> None:
    assert default_m(3).tolist() == pytest.approx([0.025, 0.025, 0.95])
    assert (default_m(3) / default_u(3))[2] / (default_m(3) / default_u(3))[0] == pytest.approx(2.0**15)
    assert np.diff(np.log2(default_m(4) / default_u(4))).tolist() == pytest.approx([4.0, 4.0, 7.0])
    assert np.diff(np.log2(default_m(2) / default_u(2))).tolist() == pytest.approx([15.0])


def test_a_rule_without_matches_is_doubted() -> None:
    lonely = PatternCounts(np.array([[0, 0, 0, 0]], dtype=np.int8), np.array([5000]), np.zeros(0, np.int64))
    m = [default_m(3), default_m(3), default_m(2), default_m(2)]
    session = run_session(lonely, rule="city", trained=(0, 1, 3), guaranteed=(), m=m, u=U, prior=0.001)
    assert any("only about 0 matches" in text for text in session.warnings)
