"""Splink models in and out: the same pairs, the same levels, the same weights as Splink itself gave them."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from linkage import Linker, LinkSettings, block_on
from linkage import comparison_level_library as cll
from linkage import comparison_library as cl
from linkage.comparison.levels import CustomLevel, ExactMatchLevel, SimilarityLevel, TimeDifferenceLevel
from linkage.interchange.splink import from_splink, to_splink_text
from linkage.interchange.splink_document import BadSplinkDocument
from linkage.model import DependentGroup
from tests.linkage.interchange.splink_answers import (
    BLOCKED_4,
    BLOCKED_5,
    LEVELS_AND_BITS_4,
    LEVELS_AND_BITS_5,
    children,
    people,
)

HERE = Path(__file__).parent
SPLINK_5, SPLINK_4 = HERE / "splink5_dedupe.json", HERE / "splink4_link.json"


def document(path: Path, **changes: Any) -> dict[str, Any]:
    return {**json.loads(path.read_text(encoding="utf-8")), **changes}


def all_pairs(path: Path) -> dict[str, Any]:
    return document(path, blocking_rules_to_generate_predictions=["1 = 1"])


def predictions(linker: Linker) -> dict[tuple[Any, Any], dict[str, Any]]:
    rows = linker.inference.predict().table.to_pylist()
    return {(row["unique_id_l"], row["unique_id_r"]): row for row in rows}


@pytest.mark.parametrize(
    ("path", "tables", "answers"),
    [(SPLINK_5, people(), LEVELS_AND_BITS_5), (SPLINK_4, list(children()), LEVELS_AND_BITS_4)],
    ids=["splink 5", "splink 4"],
)
def test_every_pair_has_the_levels_and_the_weight_that_splink_gave(
    path: Path, tables: pa.Table, answers: dict[tuple[Any, Any], tuple[tuple[int, ...], float]]
) -> None:
    linker = Linker(tables, all_pairs(path))
    found = predictions(linker)
    gammas = [f"gamma_{part.name}" for part in linker.settings.comparisons]
    assert len(found) == len(answers)
    for (left, right), (levels, bits) in answers.items():
        row = found[str(left), str(right)]
        assert tuple(row[name] for name in gammas) == levels
        assert row["match_weight"] == pytest.approx(bits, abs=1e-9)


@pytest.mark.parametrize(
    ("path", "tables", "blocked"),
    [(SPLINK_5, people(), BLOCKED_5), (SPLINK_4, list(children()), BLOCKED_4)],
    ids=["splink 5", "splink 4"],
)
def test_its_rules_propose_the_pairs_that_splink_blocked(
    path: Path, tables: pa.Table, blocked: list[tuple[Any, Any, int]]
) -> None:
    linker = Linker(tables, path)
    names = [rule.name for rule in linker.settings.blocking_rules_to_generate_predictions]
    found = {(*pair, names.index(row["match_key"])) for pair, row in predictions(linker).items()}
    assert found == {(str(left), str(right), key) for left, right, key in blocked}


@pytest.mark.parametrize(("one", "other"), [("schulte", "schmitz"), ("lia", "linavictoria"), ("vogt", "vosteger")])
def test_a_similarity_of_exactly_the_threshold_reaches_it_as_in_splink(one: str, other: str) -> None:
    levels = [f"jaro_winkler_similarity(city_l, city_r) >= {limit}" for limit in (0.8000001, 0.8)]
    given = document(SPLINK_5, blocking_rules_to_generate_predictions=["1 = 1"])
    given["comparisons"] = [
        {"output_column_name": "city", "comparison_levels": [{"sql_condition": sql} for sql in (*levels, "ELSE")]}
    ]
    linker = Linker(pa.table({"unique_id": [1, 2], "city": [one, other]}), given)
    gammas = linker.engine.gammas(np.array([0]), np.array([1]))
    assert gammas.tolist() == [[1]]


def test_what_is_known_becomes_levels_of_this_engine() -> None:
    settings, _ = from_splink(document(SPLINK_5))
    dob = settings.comparisons[1]
    kinds = [type(level) for level in dob.levels]
    assert kinds[1:4] == [ExactMatchLevel, SimilarityLevel, TimeDifferenceLevel]
    assert dob.level_labels[3] == "Abs date difference <= 1 month"
    assert settings.comparisons[2].levels[1].tf_adjustment_column is not None
    assert not any(isinstance(level, CustomLevel) for part in settings.comparisons for level in part.levels)


def test_what_splink_users_set_is_kept() -> None:
    settings, model = from_splink(document(SPLINK_4))
    assert settings.link_type == "link_only"
    assert settings.probability_two_random_records_match == 0.08
    assert settings.unique_id_column_name == "unique_id"
    assert str(settings.cardinality) == "many_to_many"
    assert settings.blocking_rules_to_generate_predictions[3].explode == ("codes",)
    assert model is not None
    assert model.comparisons[1].m == (0.06, 0.1, 0.08, 0.06, 0.7)


@pytest.mark.parametrize("path", [SPLINK_5, SPLINK_4], ids=["splink 5", "splink 4"])
def test_what_was_read_is_written_and_read_again(path: Path) -> None:
    settings, model = from_splink(document(path))
    assert model is not None
    again, same = from_splink(to_splink_text(settings, model))
    assert same is not None
    assert again.model_dump() == settings.model_dump()
    assert [part.u for part in same.comparisons] == [part.u for part in model.comparisons]


def test_own_settings_are_written_in_splinks_words() -> None:
    settings = LinkSettings(
        comparisons=(
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("given", [1]),
        ),
        blocking_rules_to_generate_predictions=(block_on("city", "substr(given, 1, 2)"),),
    )
    told = json.loads(to_splink_text(settings))
    assert told["link_type"] == "link_only"
    assert [level["sql_condition"] for level in told["comparisons"][1]["comparison_levels"]] == [
        '"given_l" IS NULL OR "given_r" IS NULL',
        '"given_l" = "given_r"',
        'levenshtein("given_l", "given_r") <= 1',
        "ELSE",
    ]
    assert told["comparisons"][0]["comparison_levels"][1]["tf_adjustment_column"] == "city"
    assert told["blocking_rules_to_generate_predictions"] == [
        {
            "blocking_rule": '(l."city" = r."city") AND (SUBSTRING(l.given, 1, 2) = SUBSTRING(r.given, 1, 2))',
            "sql_dialect": "duckdb",
        }
    ]


def test_a_condition_of_no_known_shape_stays_sql() -> None:
    given = with_level(document(SPLINK_5), 2, "hamming(city_l, city_r) <= 1 and length(city_l) = length(city_r)")
    settings, _ = from_splink(given)
    assert isinstance(settings.comparisons[2].levels[1], CustomLevel)
    level = json.loads(to_splink_text(settings))["comparisons"][2]["comparison_levels"][1]
    assert level["sql_condition"].startswith('HAMMING("city_l"') or level["sql_condition"].startswith("HAMMING(city_l")


def test_settings_without_m_and_u_bring_no_model() -> None:
    assert from_splink(untrained(document(SPLINK_5)))[1] is None


def test_untrained_levels_weigh_what_splink_starts_from_and_are_named() -> None:
    given = untrained(document(SPLINK_5), only=2)
    _, model = from_splink(given)
    assert model is not None
    city = model.comparisons[2]
    assert np.log2(np.array(city.m) / np.array(city.u)).round(9).tolist() == [-5.0, 10.0]
    assert model.facts is not None
    assert any(warning.startswith("city: m and u of some levels are not trained") for warning in model.facts.warnings)


def test_fixed_probabilities_stay_fixed() -> None:
    given = document(SPLINK_5)
    level = given["comparisons"][2]["comparison_levels"][1]
    given["comparisons"][2]["comparison_levels"][1] = {**level, "fix_m_probability": True, "m_probability": 0.72}
    made = from_splink(given)[0].comparisons[2].levels[1]
    assert (made.fix_m_probability, made.m_probability) == (True, 0.72)


def test_a_comparison_without_else_is_refused_by_name() -> None:
    given = document(SPLINK_5)
    del given["comparisons"][2]["comparison_levels"][-1]
    with pytest.raises(BadSplinkDocument, match=r"comparison 'city': .*else level"):
        from_splink(given)


def test_a_rule_in_another_dialect_is_refused() -> None:
    rules = [{"blocking_rule": "l.city = r.city", "sql_dialect": "spark"}]
    with pytest.raises(BadSplinkDocument, match="expected one in duckdb SQL"):
        from_splink(document(SPLINK_5, blocking_rules_to_generate_predictions=rules))


def test_a_level_without_words_in_splink_is_refused_by_name() -> None:
    settings = LinkSettings(
        comparisons=(cl.ExactMatch("city"), cl.DateOfBirthComparison("born")),
        blocking_rules_to_generate_predictions=("city",),
    )
    variant = cll.NameVariantLevel("city")
    city = settings.comparisons[0]
    changed = city.model_copy(update={"levels": (*city.levels[:-1], variant, city.levels[-1])})
    with pytest.raises(BadSplinkDocument, match=r"comparison 'city', level 'variant': .*'name_variant'"):
        to_splink_text(settings.model_copy(update={"comparisons": (changed,)}))


def test_dependent_comparisons_cannot_be_told_to_splink() -> None:
    settings, model = from_splink(document(SPLINK_5))
    assert model is not None
    quarter = (0.25, 0.25, 0.25, 0.25)
    two = [part.model_copy(update={"name": name}) for name, part in zip("ab", [model.comparisons[2]] * 2, strict=True)]
    group = DependentGroup(name="a + b", comparisons=("a", "b"), shape=(2, 2), m=quarter, u=quarter)
    grouped = model.model_copy(update={"comparisons": tuple(two), "groups": (group,)})
    with pytest.raises(BadSplinkDocument, match="no interactions"):
        to_splink_text(settings, grouped)


def with_level(given: dict[str, Any], comparison: int, sql: str) -> dict[str, Any]:
    changed = copy.deepcopy(given)
    changed["comparisons"][comparison]["comparison_levels"][1] = {"sql_condition": sql}
    return changed


def untrained(given: dict[str, Any], *, only: int | None = None) -> dict[str, Any]:
    changed = copy.deepcopy(given)
    for place, comparison in enumerate(changed["comparisons"]):
        for level in comparison["comparison_levels"]:
            if only in {None, place}:
                level.pop("m_probability", None)
                level.pop("u_probability", None)
    return changed
