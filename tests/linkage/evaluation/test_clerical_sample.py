"""Precision and recall from labels of a sample of pairs, drawn by stratum."""

import numpy as np
import pytest

from graph_schema.chance import stream
from linkage.evaluation import BadLabels, ClericalSample, Share, quality_from_sample

SIZES = (900, 200, 20_000)


def drawn(seed: int, shares: tuple[float, ...], labels: tuple[int, ...]) -> tuple[ClericalSample, float, float]:
    """Links, doubtful pairs of which half are links, and others; the sample, and the true precision and recall."""
    draw = stream("clerical-test", seed=seed)
    truth = [draw.random(n) < share for n, share in zip(SIZES, shares, strict=True)]
    links = [np.ones(900, dtype=bool), np.arange(200) < 100, np.zeros(20_000, dtype=bool)]
    picks = [draw.choice(n, label, replace=False) for n, label in zip(SIZES, labels, strict=True)]
    sample = ClericalSample(
        is_match=np.concatenate([t[pick] for t, pick in zip(truth, picks, strict=True)]),
        linked=np.concatenate([link[pick] for link, pick in zip(links, picks, strict=True)]),
        stratum=np.repeat([0, 1, 2], labels),
        n_others=np.array([0.0, 100.0, 20_000.0]),
        n_links=np.array([900.0, 100.0, 0.0]),
    )
    right = sum(int((t & link).sum()) for t, link in zip(truth, links, strict=True))
    return sample, right / 1000, right / sum(int(t.sum()) for t in truth)


@pytest.mark.parametrize("shares", [(0.99, 0.4, 0.002), (0.97, 0.5, 0.0), (1.0, 0.3, 0.01)])
def test_intervals_hold_the_truth_of_all_pairs(shares: tuple[float, ...]) -> None:
    hits = np.zeros(2)
    for seed in range(40):
        sample, precision, recall = drawn(seed, shares, (100, 100, 300))
        found = quality_from_sample(sample, blocking_loss=None, seed=seed)
        hits[0] += found.precision.low <= precision <= found.precision.high
        hits[1] += found.recall.low <= recall <= found.recall.high
    assert (hits >= 36).all()


def test_a_large_cell_without_a_match_in_the_sample_may_still_hold_many() -> None:
    sample, _, _ = drawn(1, (1.0, 0.5, 0.0), (100, 100, 50))
    found = quality_from_sample(sample, blocking_loss=None, seed=1)
    assert (found.recall.share or 0) > 0.9
    assert found.recall.low < 0.6


def test_what_blocking_loses_is_taken_off_recall() -> None:
    sample, _, _ = drawn(1, (1.0, 0.5, 0.0), (100, 100, 300))
    loss = Share(share=0.1, low=0.05, high=0.2)
    found = quality_from_sample(sample, blocking_loss=loss, seed=1)
    assert found.recall.share == pytest.approx((found.recall_of_sampled.share or 0) * 0.9)
    assert found.recall.low == pytest.approx(found.recall_of_sampled.low * 0.8)


def test_everything_labelled_leaves_no_doubt() -> None:
    sample = ClericalSample(
        is_match=np.array([True, True, False, True]),
        linked=np.array([True, True, True, False]),
        stratum=np.zeros(4, dtype=np.int64),
        n_others=np.array([1.0]),
        n_links=np.array([3.0]),
    )
    found = quality_from_sample(sample, blocking_loss=None, seed=1)
    assert (found.precision.low, found.precision.high) == pytest.approx((2 / 3, 2 / 3))
    assert (found.recall.low, found.recall.high) == pytest.approx((2 / 3, 2 / 3))


def test_equal_weights_are_a_stratum() -> None:
    sample = ClericalSample.weighted(
        np.array([True, False, True]), np.array([True, True, False]), np.array([2.0, 2.0, 10.0])
    )
    assert sample.n_links.tolist() == [4.0, 0.0]
    assert sample.n_others.tolist() == [0.0, 10.0]
    found = quality_from_sample(sample, blocking_loss=None, seed=1, strata=["sure", "rest"])
    assert (found.precision.share, found.recall.share) == (0.5, pytest.approx(2 / 12))
    assert found.cannot_say == (
        "sure: 2 of its 4 links were labelled: the interval rests on few",
        "rest: 1 of its 10 pairs that are no links were labelled: the interval rests on few",
    )


def test_no_link_labelled_leaves_precision_open() -> None:
    sample = ClericalSample(
        np.array([True]), np.array([False]), np.array([0]), n_others=np.array([5.0]), n_links=np.array([7.0])
    )
    found = quality_from_sample(sample, blocking_loss=None, seed=1)
    assert (found.precision.share, found.precision.low, found.precision.high) == (None, 0.0, 1.0)


@pytest.mark.parametrize(("sizes", "said"), [([1.0], "2 labels of 1 pairs"), ([9.0, 9.0], "both sizes")])
def test_sizes_that_cannot_be_are_refused(sizes: list[float], said: str) -> None:
    sample = ClericalSample(
        np.array([True, False]),
        np.array([True, True]),
        np.array([0, 0]),
        n_others=np.array([0.0]),
        n_links=np.array(sizes),
    )
    with pytest.raises(BadLabels, match=said):
        quality_from_sample(sample, blocking_loss=None, seed=1)


def test_weights_below_one_are_refused() -> None:
    with pytest.raises(BadLabels, match="one or more"):
        ClericalSample.weighted(np.array([True]), np.array([True]), np.array([0.5]))
