"""Weights of patterns: terms sum to the score, nulls are summed out, tables say what pairs say."""

import json
import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_schema.chance import stream
from linkage.model import (
    BadModel,
    ComparisonModel,
    DependentGroup,
    Model,
    ModelFacts,
    PatternWeights,
    level_bits,
    pair_bits,
)


def model_of(shape: tuple[int, ...], *, grouped: tuple[int, ...], seed: int = 1) -> Model:
    """A model with random tables; the comparisons of the group have its margins."""
    draw = stream("test-weights", seed=seed)
    names = [f"c{column}" for column in range(len(shape))]
    joint = []
    for _ in range(2):
        table = draw.random([shape[column] for column in grouped]) + 0.05
        joint.append(table / table.sum())
    parts = []
    for column, n in enumerate(shape):
        probabilities = []
        for kind in range(2):
            part = draw.random(n) + 0.05
            if column in grouped:
                axis = grouped.index(column)
                part = joint[kind].sum(axis=tuple(other for other in range(len(grouped)) if other != axis))
            probabilities.append(tuple(float(p) for p in part / part.sum()))
        levels = tuple(f"level{i}" for i in range(n))
        parts.append(ComparisonModel(name=names[column], level_names=levels, m=probabilities[0], u=probabilities[1]))
    groups = ()
    if grouped:
        m, u = (tuple(float(p) for p in table.ravel()) for table in joint)
        members = tuple(names[column] for column in grouped)
        shape_of = tuple(shape[column] for column in grouped)
        groups = (DependentGroup(name="+".join(members), comparisons=members, shape=shape_of, m=m, u=u),)
    return Model(comparisons=tuple(parts), prior=0.01, groups=groups)


MODELS = st.builds(
    lambda shape, seed: model_of(tuple(shape), grouped=(0, len(shape) - 1), seed=seed),
    st.lists(st.integers(2, 4), min_size=2, max_size=4),
    st.integers(0, 50),
)


@settings(max_examples=30, deadline=None)
@given(model=MODELS, data=st.data())
def test_terms_sum_exactly_to_the_score(model: Model, data: st.DataObject) -> None:
    row = [data.draw(st.integers(-1, len(part.level_names) - 1)) for part in model.comparisons]
    gammas = np.array([row], dtype=np.int8)
    weights = PatternWeights(model)
    terms = weights.terms(gammas)
    assert weights.names == (*(part.name for part in model.comparisons), model.groups[0].name)
    assert terms.shape == (1, len(weights.names))
    summed = 0.0
    for term in terms[0]:
        summed += float(term)
    assert summed == weights.bits(gammas)[0] == pair_bits(gammas, model)[0]


@settings(max_examples=30, deadline=None)
@given(model=MODELS, data=st.data())
def test_the_table_of_all_patterns_says_what_pairs_say_in_any_order(model: Model, data: st.DataObject) -> None:
    n_levels = [len(part.level_names) for part in model.comparisons]
    order = data.draw(st.permutations(range(len(n_levels))))
    table = PatternWeights(model).table(order)
    assert table is not None
    cells = list(product(*(range(n_levels[column] + 1) for column in order)))
    gammas = np.zeros((len(cells), len(n_levels)), dtype=np.int8)
    for row, cell in enumerate(cells):
        for axis, column in enumerate(order):
            gammas[row, column] = -1 if cell[axis] == n_levels[column] else cell[axis]
    assert table.shape == tuple(n_levels[column] + 1 for column in order)
    assert table.ravel() == pytest.approx(PatternWeights(model).bits(gammas), abs=1e-9)


def test_a_group_weighs_by_its_joint_tables_and_nulls_are_summed_out() -> None:
    model = model_of((2, 3, 2), grouped=(0, 1))
    m, u = model.groups[0].tables()
    third = level_bits(model)[2]
    gammas = np.array([[1, 2, 0], [1, -1, 0], [-1, -1, 1], [-1, -1, -1]], dtype=np.int8)
    expected = [
        math.log2(m[1, 2] / u[1, 2]) + third[0],
        math.log2(m[1].sum() / u[1].sum()) + third[0],
        third[1],
        0.0,
    ]
    assert PatternWeights(model).bits(gammas).tolist() == pytest.approx(expected)
    assert PatternWeights(model).terms(gammas)[1:, 3].tolist() == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_without_groups_the_weights_are_the_sum_of_the_levels() -> None:
    model = model_of((2, 3), grouped=())
    bits = level_bits(model)
    assert pair_bits(np.array([[1, 2], [-1, 0]], dtype=np.int8), model).tolist() == pytest.approx(
        [bits[0][1] + bits[1][2], bits[1][0]]
    )
    assert PatternWeights(model).names == ("c0", "c1")


def test_a_table_that_would_be_too_large_is_none() -> None:
    assert PatternWeights(model_of((4,) * 10, grouped=())).table() is None


def test_a_rare_value_shared_by_a_family_is_hardly_agreement_by_chance() -> None:
    joint_u = np.array([[0.9, 0.04], [0.04, 0.02]])
    parts = tuple(
        ComparisonModel(name=name, level_names=("else", "exact"), m=(0.1, 0.9), u=(0.94, 0.06)) for name in ("s", "a")
    )
    group = DependentGroup(
        name="s+a",
        comparisons=("s", "a"),
        shape=(2, 2),
        m=(0.05, 0.05, 0.05, 0.85),
        u=tuple(joint_u.ravel().tolist()),
    )
    weights = PatternWeights(Model(comparisons=parts, prior=0.01, groups=(group,)))
    gammas = np.array([[1, 1], [1, 0], [1, -1]], dtype=np.int8)
    assert weights.by_chance(gammas, 0).tolist() == pytest.approx([0.06 * 0.06 / 0.02, 1.0, 1.0])
    alone = PatternWeights(Model(comparisons=parts, prior=0.01))
    assert alone.by_chance(gammas, 0).tolist() == [1.0, 1.0, 1.0]


def test_no_pairs_weigh_nothing() -> None:
    weights = PatternWeights(model_of((2, 3), grouped=(0, 1)))
    none = np.zeros((0, 2), dtype=np.int8)
    assert weights.bits(none).tolist() == []
    assert weights.terms(none).shape == (0, 3)


OLD = '{"comparisons":[{"level_names":["else","exact"],"m":[0.1,0.9],"name":"a","u":[0.8,0.2]}],"prior":0.1}'


def test_an_old_model_file_is_read_and_keeps_its_bytes() -> None:
    model = Model.read(OLD)
    assert model.groups == ()
    assert model.facts is None
    assert model.canonical_json().decode() == OLD


def test_facts_and_groups_survive_the_file() -> None:
    facts = ModelFacts(data={"left": "ab"}, thresholds={"link": 0.9}, trained_by="A. Person", converged=True)
    model = model_of((2, 3), grouped=(0, 1)).model_copy(update={"facts": facts})
    again = Model.read(model.canonical_json())
    assert again.facts == facts
    assert again == model
    assert again.digest == model.digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"comparisons": ("c0", "c9")}, "expected names of comparisons of this model"),
        ({"shape": (3, 2)}, "expected the number of levels of its comparisons"),
        ({"m": (0.5,) * 6}, "expected m above 0 with sum 1"),
        ({"m": (0.5, 0.5)}, "expected 6 cells of m, got 2"),
    ],
)
def test_a_group_that_does_not_fit_is_refused(change: dict[str, object], said: str) -> None:
    held = model_of((2, 3), grouped=(0, 1)).model_dump(mode="json")
    held["groups"][0].update(change)
    with pytest.raises(BadModel, match=said):
        Model.read(json.dumps(held))


def test_a_comparison_belongs_to_one_group_at_most() -> None:
    held = model_of((2, 3), grouped=(0, 1)).model_dump(mode="json")
    held["groups"].append(dict(held["groups"][0], name="again"))
    with pytest.raises(BadModel, match="at most one group"):
        Model.read(json.dumps(held))
