"""What blocking loses, from which keys agree in the matches that were found."""

import numpy as np
import pytest

from graph_schema.chance import stream
from linkage.evaluation import blocking_loss
from linkage.evaluation.capture import BadHistories
from linkage.evaluation.histories import count_histories, key_agreement
from linkage.evaluation.neighbours import fit_neighbours

RULES = [(0, 1), (2,), (1, 3)]
RATES = np.array([0.06, 0.05, 0.08, 0.1])


def matches(n: int, seed: int, *, dirty: float = 0.0, follows: float = 0.0) -> np.ndarray:
    """Key agreement of matches; dirty ones err four times as often; key 1 follows key 0's errors."""
    draw = stream("histories", seed=seed)
    more = np.where(draw.random(n) < dirty, 4.0, 1.0)
    wrong = draw.random((n, 4)) < np.minimum(RATES * more[:, None], 0.9)
    wrong[:, 1] |= wrong[:, 0] & (draw.random(n) < follows)
    return ~wrong


@pytest.mark.parametrize(
    ("dirty", "follows"), [(0.0, 0.0), (0.15, 0.0), (0.0, 0.5)], ids=["independent", "dirty records", "one key follows"]
)
@pytest.mark.parametrize("n", [600, 4000])
def test_the_interval_holds_the_share_that_no_rule_proposes(n: int, dirty: float, follows: float) -> None:
    hits = 0
    for seed in range(20):
        agrees = matches(n, seed, dirty=dirty, follows=follows)
        seen = np.stack([agrees[:, rule].all(axis=1) for rule in map(list, RULES)]).any(axis=0)
        found = blocking_loss(agrees[seen], np.ones(int(seen.sum())), rules=RULES)
        hits += found.loss.low <= 1 - seen.mean() <= found.loss.high
        assert found.dependence_tested
        assert found.loss.high < 0.2
    assert hits >= 18


def test_two_rules_are_classic_capture_and_recapture_with_room_for_dependence() -> None:
    """90 found by both, 10 by the first alone, 20 by the second alone: 10 x 20 / 90 are seen by neither."""
    agrees = np.repeat([[True, True], [True, False], [False, True]], [90, 10, 20], axis=0)
    found = blocking_loss(agrees, np.ones(120))
    assert found.n_lost.number == pytest.approx(10 * 20 / 90, rel=1e-3)
    assert found.alone == (10.0, 20.0)
    assert not found.dependence_tested
    assert any("odds ratio of 5" in said for said in found.cannot_say)


def test_a_key_that_every_rule_needs_makes_the_loss_unknowable() -> None:
    agrees = matches(2000, 1)
    found = blocking_loss(agrees, np.ones(2000), rules=[(0, 1), (0, 2)], names=["sex", "born", "plz", "city"])
    assert (found.loss.share, found.loss.low, found.loss.high) == (None, 0.0, 1.0)
    assert found.cannot_say == (
        "every rule needs sex: matches where it differs are never seen, their share may be anything",
    )


def test_few_matches_show_nothing() -> None:
    found = blocking_loss(np.ones((5, 3), dtype=bool), np.ones(5))
    assert (found.loss.low, found.loss.high) == (0.0, 1.0)
    assert any("fewer than 20" in said for said in found.cannot_say)


def test_pairs_that_are_hardly_matches_hardly_count() -> None:
    agrees = np.concatenate([matches(3000, 2), np.tile([True, True, False, False], (4000, 1))])
    probability = np.r_[np.ones(3000), np.full(4000, 0.001)]
    seen = np.stack([agrees[:, list(rule)].all(axis=1) for rule in RULES]).any(axis=0)
    clean = blocking_loss(agrees[:3000][seen[:3000]], np.ones(int(seen[:3000].sum())), rules=RULES)
    found = blocking_loss(agrees[seen], probability[seen], rules=RULES)
    assert found.loss.low <= (clean.loss.share or 0) <= found.loss.high


def test_a_key_made_of_another_leaves_out_what_cannot_be() -> None:
    draw = stream("nested", seed=1)
    year = draw.random(4000) > 0.05
    born = year & (draw.random(4000) > 0.05)
    name = draw.random(4000) > 0.08
    kinds = count_histories(np.stack([born, year, name], axis=1), np.ones(4000), [(0,), (1, 2)])
    assert not ((kinds.apart[:, 0] == 0) & (kinds.apart[:, 1] == 1)).any()


def test_of_more_than_ten_keys_the_rules_are_the_lists() -> None:
    draw = stream("many-keys", seed=1)
    agrees = draw.random((4000, 12)) > 0.02
    rules = [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)]
    seen = np.stack([agrees[:, list(rule)].all(axis=1) for rule in rules]).any(axis=0)
    found = blocking_loss(agrees[seen], np.ones(int(seen.sum())), rules=rules)
    assert found.n_lists == 3
    assert found.loss.low <= 1 - seen.mean() <= found.loss.high


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadHistories, match="one probability"):
        blocking_loss(np.ones((5, 3), dtype=bool), np.ones(4))


def test_missing_keys_never_agree() -> None:
    left, right = np.array([[1, -1], [2, 3]]), np.array([[1, -1], [5, 3]])
    assert key_agreement(left, right, np.array([0, 1]), np.array([0, 1])).tolist() == [[True, False], [False, True]]


@pytest.mark.parametrize(
    ("share", "mean", "shape"), [(0.7, 0.01, None), (0.7, 0.3, 1.0), (0.95, 0.05, None), (0.5, 1.0, None)]
)
def test_the_number_of_partners_tells_true_from_false_ones(share: float, mean: float, shape: float | None) -> None:
    hits = np.zeros(2)
    for seed in range(20):
        draw = stream("partners", seed=seed)
        rate = np.full(2000, mean) if shape is None else draw.gamma(shape, mean / shape, 2000)
        fit = fit_neighbours(draw.poisson(rate) + (draw.random(2000) < share))
        for place, (values, truth) in enumerate([(fit.partnered, share), (fit.false_mean, mean)]):
            _, low, high = fit.bounds(values)
            hits[place] += low <= truth <= high
    assert (hits >= 17).all()


def test_nobody_counted_tells_nothing() -> None:
    _, low, high = fit_neighbours(np.zeros(0, dtype=np.int64)).bounds(np.array([0.0, 0.0, 1.0]))
    assert (low, high) == (0.0, 1.0)
