"""Splink's JSON as data: what stands there, what Splink takes where nothing does, and weights kept in distributions."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.interchange.splink_document import (
    BadSplinkDocument,
    as_distributions,
    default_u,
    parse_document,
)
from linkage.model.sessions import default_m

HERE = Path(__file__).parent


def test_a_model_saved_by_splink_5_is_read() -> None:
    document = parse_document((HERE / "splink5_dedupe.json").read_bytes())
    assert document.link_type == "dedupe_only"
    assert [part.output_column_name for part in document.comparisons] == ["first_name_surname", "dob", "city", "email"]
    assert [level.u_probability for level in document.comparisons[2].scored] == [0.91, 0.09]
    assert document.blocking_rules_to_generate_predictions[0].blocking_rule == 'l."first_name" = r."first_name"'


def test_a_model_saved_by_splink_4_is_read() -> None:
    document = parse_document((HERE / "splink4_link.json").read_bytes())
    assert document.blocking_rules_to_generate_predictions[3].arrays_to_explode == ("codes",)
    assert document.comparisons[1].comparison_levels[1].tf_minimum_u_value == 0.15


def test_rules_may_be_bare_text_as_splink_3_wrote_them() -> None:
    text = '{"link_type": "link_only", "blocking_rules_to_generate_predictions": ["l.a = r.a"], "comparisons": [%s]}'
    levels = '{"comparison_levels": [{"sql_condition": "a_l = a_r"}, {"sql_condition": "ELSE"}]}'
    assert parse_document(text % levels).blocking_rules_to_generate_predictions[0].blocking_rule == "l.a = r.a"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "model.json: expected a JSON saved by Splink 4 or 5"),
        ("[]", "model.json, : Input should be a valid"),
        ('{"comparisons": []}', "model.json, link_type: Field required"),
    ],
)
def test_what_is_no_splink_model_is_refused_with_the_key(text: str, said: str) -> None:
    with pytest.raises(BadSplinkDocument, match=said):
        parse_document(text, where="model.json")


def test_untrained_levels_have_the_weights_that_splink_starts_from() -> None:
    assert np.log2(default_m(4) / default_u(4)).round(9).tolist() == [-5.0, -1.0, 3.0, 10.0]
    assert np.log2(default_m(2) / default_u(2)).round(9).tolist() == [-5.0, 10.0]


def test_distributions_are_left_as_they_are() -> None:
    m, u = np.array([0.1, 0.2, 0.7]), np.array([0.9, 0.09, 0.01])
    found = as_distributions(m, u)
    assert found is not None
    assert found[0].tolist() == m.tolist()
    assert found[1].tolist() == u.tolist()


@given(st.lists(st.tuples(st.floats(1e-6, 1), st.floats(1e-6, 1)), min_size=2, max_size=7))
def test_weights_outlast_the_change_into_distributions(given_pairs: list[tuple[float, float]]) -> None:
    m, u = (np.array(side) for side in zip(*given_pairs, strict=True))
    found = as_distributions(m, u)
    if found is None:
        assert (m / u).min() >= 1 or (m / u).max() <= 1
    else:
        assert math.fsum(found[0]) == pytest.approx(1, abs=1e-6)
        assert math.fsum(found[1]) == pytest.approx(1, abs=1e-6)
        assert np.log2(found[0] / found[1]) == pytest.approx(np.log2(m / u), abs=1e-12)
