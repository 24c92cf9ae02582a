"""Levels on text: values of rapidfuzz and DuckDB, one level a pair, and nothing lost to the bound by letters."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein, Jaro, JaroWinkler, Levenshtein

from linkage import comparison_level_library as cll
from linkage import comparison_library as cl
from linkage.columns import Columns
from linkage.columns.sql import holds
from linkage.comparison.comparison import Comparison
from linkage.comparison.similar import Texts
from tests.linkage.comparison.levels import every_pair, level

WORDS = st.lists(st.text("abcdeABZ0 -", min_size=1, max_size=9), min_size=2, max_size=7, unique=True)


def words_of(given: list[str]) -> list[str]:
    """What is left of them where surrounding blanks are off and empty ones missing."""
    return [word.strip() for word in given if word.strip()]


def crossed(words: list[str]) -> pa.Table:
    """Every word with every word."""
    pairs = [(a, b) for a in words for b in words]
    return pa.table(
        {"a": pa.array([a for a, _ in pairs], pa.string()), "b": pa.array([b for _, b in pairs], pa.string())}
    )


@pytest.mark.parametrize(
    ("comparison", "wanted"),
    [
        (cl.JaroWinklerAtThresholds("x", [0.92, 0.7]), "jaro_winkler_0.92"),  # 0.961
        (cl.JaroAtThresholds("x", [0.95, 0.9]), "jaro_0.90"),  # 0.944
        (cl.LevenshteinAtThresholds("x", [1, 2]), "levenshtein_2"),
        (cl.DamerauLevenshteinAtThresholds("x", 1), "damerau_levenshtein_1"),
        (cl.JaccardAtThresholds("x"), "jaccard_0.90"),  # the same letters
        (cl.QGramDiceAtThresholds("x", [0.6, 0.5]), "dice_0.50"),  # 4 of 7 and 7 bigrams
        (cl.TextComparison("x", [0.5], measure="levenshtein"), "levenshtein_0.50"),  # 4 of 6
        (cl.PrefixComparison("x"), "first_3"),
    ],
)
def test_a_text_reaches_the_level_of_its_likeness(comparison: Comparison, wanted: str) -> None:
    found = [level(comparison, "martha", other) for other in ("martha", "marhta", "dixon", None, " ")]
    assert found == ["exact", wanted, "else", None, None]


@settings(max_examples=20, deadline=None)
@given(words=WORDS)
@pytest.mark.parametrize(
    ("function", "measure", "comparison"),
    [
        ("jaro_winkler_similarity", JaroWinkler.similarity, cl.JaroWinklerAtThresholds("x", 0.8)),
        ("jaro_similarity", Jaro.similarity, cl.JaroAtThresholds("x", 0.8)),
        ("jaccard", None, cl.JaccardAtThresholds("x", 0.8)),
    ],
)
def test_similarities_of_ascii_text_are_those_of_duckdb_and_rapidfuzz(
    words: list[str], function: str, measure: Callable[[str, str], float] | None, comparison: Comparison
) -> None:
    words = words_of(words)
    found = every_pair(comparison, pa.table({"x": pa.array(words, pa.string())})).reshape(-1) >= 1
    assert found.tolist() == holds(crossed(words), f"{function}(a, b) >= 0.8").tolist()
    if measure is not None:
        assert found.tolist() == [measure(a, b) >= 0.8 for a in words for b in words]


@settings(max_examples=20, deadline=None)
@given(words=WORDS, edits=st.integers(1, 3))
def test_edits_are_those_of_duckdb_and_rapidfuzz(words: list[str], edits: int) -> None:
    words = words_of(words)
    table = pa.table({"x": pa.array(words, pa.string())})
    levenshtein = every_pair(cl.LevenshteinAtThresholds("x", edits), table).reshape(-1) >= 1
    assert levenshtein.tolist() == [Levenshtein.distance(a, b) <= edits for a in words for b in words]
    assert levenshtein.tolist() == holds(crossed(words), f"levenshtein(a, b) <= {edits}").tolist()
    exchanged = every_pair(cl.DamerauLevenshteinAtThresholds("x", edits), table).reshape(-1) >= 1
    assert exchanged.tolist() == [DamerauLevenshtein.distance(a, b) <= edits for a in words for b in words]
    assert exchanged.tolist() == holds(crossed(words), f"damerau_levenshtein(a, b) <= {edits}").tolist()


@settings(max_examples=150, deadline=None)
@given(
    words=st.lists(st.text("abcdeßü ", min_size=1, max_size=9), min_size=2, max_size=8, unique=True),
    cutoff=st.sampled_from([0.1, 0.3, 0.6, 0.8, 0.92, 1.0]),
)
def test_the_bound_by_letters_hides_no_pair(words: list[str], cutoff: float) -> None:
    texts = Texts.of(words)
    first, second = (grid.reshape(-1) for grid in np.meshgrid(np.arange(len(words)), np.arange(len(words))))
    for measure, scorer in (
        ("jaro", Jaro.similarity),
        ("jaro_winkler", JaroWinkler.similarity),
        ("levenshtein", Levenshtein.normalized_similarity),
    ):
        found = texts.similarity(first, second, measure=measure, cutoff=cutoff)  # type: ignore[arg-type]
        alike = [scorer(words[a], words[b]) for a, b in zip(first, second, strict=True)]
        assert found.tolist() == [value if value >= cutoff else 0.0 for value in alike]


def test_an_umlaut_is_one_character() -> None:
    assert level(cl.LevenshteinAtThresholds("x", 1), "müller", "muller") == "levenshtein_1"
    assert level(cl.JaroWinklerAtThresholds("x", 0.9), "müller", "muller") == "jaro_winkler_0.90"


def test_dice_is_of_padded_bigrams() -> None:
    near = cl.QGramDiceAtThresholds("x", [0.72, 0.5])
    assert level(near, "meier", "meyer") == "dice_0.50"  # 4 of 6 and 6 bigrams: 0.67
    assert level(near, "meier", "meiers") == "dice_0.72"  # 5 of 6 and 7: 0.77


def test_a_function_of_sql_or_python_is_asked_of_distinct_values_only() -> None:
    asked: list[tuple[str, str]] = []

    def same_length(one: str, two: str) -> int:
        asked.append((one, two))
        return abs(len(one) - len(two))

    cll.register_function("test_same_length", same_length)
    comparison = cl.CustomComparison(
        [
            cll.NullLevel("x"),
            cll.ExactMatchLevel("x"),
            cll.FunctionLevel("test_same_length", "x", threshold=1, higher_is_more_similar=False),
            cll.ElseLevel(),
        ],
        "x",
    )
    table = pa.table({"x": ["anna", "berta", "anna", "jo", None]})
    rows = np.repeat(np.arange(5), 5), np.tile(np.arange(5), 5)
    found = comparison.prepare(Columns(table)).gammas(*rows).reshape(5, 5)
    assert found[0].tolist() == [2, 1, 2, 0, -1]
    assert sorted(set(asked)) == sorted(asked)
    assert len(asked) == 6
    hamming = cl.DistanceFunctionAtThresholds("x", "hamming", [1], higher_is_more_similar=False)
    assert level(hamming, "anna", "anne") == "hamming_1"
