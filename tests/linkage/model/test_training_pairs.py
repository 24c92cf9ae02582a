"""Drawn pairs stand for all pairs, and a model trained on them is the model of all pairs."""

from functools import cache

import numpy as np
import pytest

from graph_schema.chance import stream
from linkage.columns import Codes
from linkage.model import EMSettings, pair_bits, posterior
from linkage.model.bootstrap import BootstrapSettings
from linkage.model.chance import agreement_by_chance
from linkage.model.patterns import count_patterns
from linkage.model.sample import NothingToDrawFrom, draw_pairs, weigh_patterns
from linkage.training import Trained, TrainingSettings, estimate_u, train
from tests.linkage.model.households import ComparedTown, Town, town

MADE = town(1500, seed=31)


@cache
def drawn_model() -> tuple[ComparedTown, Trained]:
    compared = ComparedTown(MADE)
    cap = 1 / max(compared.n_rows)
    chosen = TrainingSettings(training_pairs=300_000, random_pairs=300_000, largest_prior=cap, seed=5)
    return compared, train(compared, settings=chosen)


def test_weighted_counts_are_unbiased_for_pairs_that_agree_on_anything() -> None:
    compared = ComparedTown(MADE)
    left, right = MADE.pairs()
    every = count_patterns(MADE.gammas(left, right))
    drawn = draw_pairs(
        [part.codes for part in compared.prepared], n_records=compared.n_rows, within=False, n_draws=400_000, seed=2
    )
    counted, pairs_a_draw = weigh_patterns(compared.gammas(drawn.left, drawn.right), drawn.weight)
    held = {tuple(row): int(n) for row, n in zip(counted.gammas.tolist(), counted.counts, strict=True)}
    assert len(drawn.left) <= 400_000
    assert drawn.framed == (0, 1, 2, 4, 5)
    assert drawn.weight.sum() + drawn.n_outside == pytest.approx(len(left))
    agreeing = [2, 2, 2, 1, 2, 1]
    assert held[tuple(agreeing)] == pytest.approx(
        int(every.counts[(every.gammas == agreeing).all(axis=1)][0]), rel=0.03
    )
    family = (every.gammas[:, [1, 4, 5]] == [2, 2, 1]).all(axis=1) & (every.gammas[:, 0] == 0)
    drawn_family = (counted.gammas[:, [1, 4, 5]] == [2, 2, 1]).all(axis=1) & (counted.gammas[:, 0] == 0)
    assert counted.counts[drawn_family].sum() == pytest.approx(every.counts[family].sum(), rel=0.03)
    surname = every.gammas[:, 1] == 2
    assert counted.counts[counted.gammas[:, 1] == 2].sum() == pytest.approx(every.counts[surname].sum(), rel=0.03)
    assert pairs_a_draw.min() >= 0.1


def test_a_small_table_is_taken_whole() -> None:
    compared = ComparedTown(town(60, seed=3))
    codes = [part.codes for part in compared.prepared]
    drawn = draw_pairs(codes, n_records=compared.n_rows, within=False, n_draws=1_000_000, seed=1)
    assert len(drawn.left) == compared.n_rows[0] * compared.n_rows[1]
    assert set(drawn.weight.tolist()) == {1.0}
    assert drawn.outside([]) is None


def test_within_one_table_pairs_are_ordered_and_records_of_one_source_never_meet() -> None:
    source = np.repeat([0, 1], [len(MADE.left), len(MADE.right)]).astype(np.int64)
    compared = ComparedTown(MADE, within=True, apart=source)
    codes = [part.codes for part in compared.prepared]
    drawn = draw_pairs(codes, n_records=compared.n_rows, within=True, n_draws=200_000, seed=4, apart=source)
    assert (drawn.left < drawn.right).all()
    assert (source[drawn.left] != source[drawn.right]).all()
    matches = compared.person[drawn.left] == compared.person[drawn.right]
    assert drawn.weight[matches].sum() == pytest.approx(MADE.n_matches, rel=0.04)
    assert drawn.weight.sum() + drawn.n_outside == pytest.approx(len(MADE.left) * len(MADE.right), rel=1e-9)


def test_within_one_table_the_number_of_duplicates_is_unbiased() -> None:
    compared = ComparedTown(MADE, within=True)
    codes = [part.codes for part in compared.prepared]
    drawn = draw_pairs(codes, n_records=compared.n_rows, within=True, n_draws=200_000, seed=6)
    matches = compared.person[drawn.left] == compared.person[drawn.right]
    assert drawn.weight[matches].sum() == pytest.approx(MADE.n_matches, rel=0.04)


def test_the_same_seed_draws_the_same_pairs_and_another_one_others() -> None:
    compared = ComparedTown(MADE)
    codes = [part.codes for part in compared.prepared]
    once, again, other = (
        draw_pairs(codes, n_records=compared.n_rows, within=False, n_draws=50_000, seed=seed) for seed in (1, 1, 2)
    )
    assert once.left.tolist() == again.left.tolist()
    assert once.left.tolist() != other.left.tolist()


def test_large_tables_without_a_telling_comparison_are_refused() -> None:
    with pytest.raises(NothingToDrawFrom, match="no comparison is selective enough"):
        draw_pairs([None], n_records=(10_000, 10_000), within=False, n_draws=1_000, seed=1)


def test_chance_agreement_between_sources_leaves_each_source_out() -> None:
    values = np.array([0, 0, 1, 0, 1, -1], dtype=np.int32)
    codes = Codes(values, values, ("a", "b"))
    apart = np.array([0, 0, 0, 1, 1, 1])
    assert agreement_by_chance(codes, within=True, apart=apart) == pytest.approx(3 / 6)
    assert agreement_by_chance(codes, within=True, apart=np.zeros(6, dtype=np.int64)) is None


def test_u_of_random_pairs_is_exact_for_equal_values_and_keeps_what_is_known() -> None:
    compared = ComparedTown(MADE)
    u = estimate_u(compared, n_pairs=100_000, seed=1, fixed_u={"sex": np.array([0.4, 0.6])})
    left, right = MADE.pairs()
    gammas = MADE.gammas(left, right)[:, 2]
    assert u[2][2] == pytest.approx((gammas == 2).sum() / (gammas >= 0).sum())
    assert u[3].tolist() == [0.4, 0.6]
    assert all(part.sum() == pytest.approx(1.0) for part in u)


def test_a_model_trained_on_drawn_pairs_links_families_right() -> None:
    _, trained = drawn_model()
    left, right = MADE.pairs()
    patterns = count_patterns(MADE.gammas(left, right))
    true = np.bincount(patterns.index[MADE.is_match(left, right)], minlength=len(patterns.counts))

    def f1(model: object) -> float:
        taken = posterior(pair_bits(patterns.gammas, model), model.prior) >= 0.5  # type: ignore[attr-defined, arg-type]
        return float(2 * true[taken].sum() / (patterns.counts[taken].sum() + true.sum()))

    assert trained.n_drawn <= 300_000
    assert trained.model.prior * len(left) == pytest.approx(MADE.n_matches, rel=0.05)
    assert f1(trained.model) > 0.96
    assert f1(trained.model) - f1(trained.found.independent.model) > 0.03


def test_intervals_hold_the_estimates_and_repeat_themselves() -> None:
    compared, trained = drawn_model()
    few = BootstrapSettings(n_draws=20)
    intervals = trained.intervals(compared, few)
    assert (
        intervals.prior.low < MADE.n_matches / (compared.n_rows[0] * compared.n_rows[1]) < intervals.prior.high * 1.05
    )
    assert intervals.prior.high / intervals.prior.low < 1.3
    assert intervals.draws.shape == (20, 1 + 2 * 16)
    exact = next(part for part in intervals.m if (part.comparison, part.level) == ("given", "exact"))
    assert exact.low <= exact.estimate + 0.01
    assert exact.high >= exact.estimate - 0.01
    assert exact.high - exact.low < 0.1
    assert len(intervals.table()) == 33
    assert np.array_equal(intervals.draws, trained.intervals(compared, few).draws)


def test_a_known_prior_and_known_m_are_kept() -> None:
    compared = ComparedTown(town(150, seed=8))
    em = EMSettings(prior_start=0.003, fix_prior=True)
    chosen = TrainingSettings(em=em, training_pairs=100_000, random_pairs=10_000)
    trained = train(
        compared, settings=chosen, fixed_m={"sex": np.array([0.1, 0.9])}, fixed_u={"sex": np.array([0.5, 0.5])}
    )
    assert trained.model.prior == 0.003
    assert trained.model.comparisons[3].m == (0.1, 0.9)
    assert trained.model.comparisons[3].u == pytest.approx((0.5, 0.5))


def test_frames_draw_from_missing_values_nothing() -> None:
    draw = stream("test-missing", seed=1)
    values = draw.integers(-1, 500, 2_000).astype(np.int32)
    codes = Codes(values, values[::-1].copy(), tuple(map(str, range(500))))
    drawn = draw_pairs([codes], n_records=(2_000, 2_000), within=False, n_draws=5_000, seed=1)
    assert (values[drawn.left] >= 0).all()
    assert (values[drawn.left] == values[::-1][drawn.right]).all()


def test_of_large_tables_some_rows_stand_for_all() -> None:
    draw = stream("test-large", seed=1)
    n = 300_000
    person, order = np.arange(n), draw.permutation(n)
    family = draw.integers(0, 100_000, n)
    columns = [(person, person[order]), (family, family[order])]
    codes = [
        Codes(a.astype(np.int32), b.astype(np.int32), tuple(map(str, range(int(a.max()) + 1)))) for a, b in columns
    ]
    drawn = draw_pairs(codes, n_records=(n, n), within=False, n_draws=200_000, seed=1)
    assert len(np.unique(drawn.left)) <= 200_000
    same = person[drawn.left] == person[order][drawn.right]
    assert drawn.weight[same].sum() == pytest.approx(n, rel=0.03)
    relatives = family[drawn.left] == family[order][drawn.right]
    sizes = np.bincount(family).astype(np.float64)
    assert drawn.weight[relatives].sum() == pytest.approx((sizes**2).sum(), rel=0.03)
    assert drawn.weight.sum() + drawn.n_outside == pytest.approx(n * n)


def test_tables_that_share_families_but_no_person_are_not_trusted() -> None:
    made = town(600, seed=7)
    even, odd = made.left_person % 2 == 0, made.right_person % 2 == 1
    parted = Town(made.left[even], made.right[odd], made.left_person[even], made.right_person[odd])
    for held, doubted in ((parted, True), (made, False)):
        compared = ComparedTown(held)
        trained = train(compared, settings=TrainingSettings(largest_prior=1 / max(compared.n_rows), seed=5))
        assert any("share a record with another" in said for said in trained.fit.warnings) is doubted
