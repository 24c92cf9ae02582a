"""The smallest change of levels that would have linked a pair: fewest comparisons, then least bits; exact."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.explain import PairFacts, smallest_change
from linkage.model import ComparisonModel, Model
from linkage.model.model import DependentGroup
from linkage.model.weights import PatternWeights

NAMES = ("a", "b", "c", "d")
N_LEVELS = (3, 2, 4, 3)
shares = st.integers(1, 60)


def distribution(parts: list[int]) -> tuple[float, ...]:
    return tuple(part / sum(parts) for part in parts)


@st.composite
def models(draw: st.DrawFn) -> Model:
    parts = [
        ComparisonModel(
            name=name,
            level_names=tuple(f"level {i}" for i in range(n)),
            m=distribution(draw(st.lists(shares, min_size=n, max_size=n))),
            u=distribution(draw(st.lists(shares, min_size=n, max_size=n))),
        )
        for name, n in zip(NAMES, N_LEVELS, strict=True)
    ]
    cells = st.lists(shares, min_size=6, max_size=6)
    group = DependentGroup(
        name="a & b",
        comparisons=("a", "b"),
        shape=(3, 2),
        m=distribution(draw(cells)),
        u=distribution(draw(cells)),
    )
    return Model(comparisons=tuple(parts), prior=0.01, groups=(group,) if draw(st.booleans()) else ())


gammas_drawn = st.tuples(*[st.integers(-1, n - 1) for n in N_LEVELS])
terms_drawn = st.one_of(st.just(()), st.tuples(*[st.integers(-3, 3).map(float)] * 4))


def every_change(pair: PairFacts, model: Model) -> list[tuple[int, float]]:
    """How many comparisons each set of raised levels takes, and what it gains."""
    weights = PatternWeights(model)
    terms = pair.term_bits or (0.0,) * 4

    def weight(levels: tuple[int, ...]) -> float:
        kept = sum(bits for bits, old, new in zip(terms, pair.gammas, levels, strict=True) if old == new)
        return float(weights.bits(np.array([levels], dtype=np.int8))[0]) + kept

    start = weight(tuple(pair.gammas))
    ranges = [range(gamma, n) for gamma, n in zip(pair.gammas, N_LEVELS, strict=True)]
    return [
        (sum(new != old for new, old in zip(levels, pair.gammas, strict=True)), weight(levels) - start)
        for levels in product(*ranges)
    ]


@given(model=models(), gammas=gammas_drawn, term_bits=terms_drawn, needed=st.floats(0.01, 20))
def test_the_search_finds_what_trying_everything_finds(
    model: Model, gammas: tuple[int, ...], term_bits: tuple[float, ...], needed: float
) -> None:
    pair = PairFacts("L", "R", gammas, term_bits=term_bits)
    enough = [(n, gain) for n, gain in every_change(pair, model) if gain >= needed - 1e-9]
    found = smallest_change(pair, model=model, needed_bits=needed)
    if not enough:
        assert found is None
    else:
        assert found is not None
        fewest, least = min(enough)
        assert len(found.raises) == fewest
        assert found.gained_bits == pytest.approx(least, abs=1e-6)


@given(model=models(), gammas=gammas_drawn, needed=st.floats(0.01, 12))
def test_the_change_it_names_gains_what_it_says(model: Model, gammas: tuple[int, ...], needed: float) -> None:
    found = smallest_change(PairFacts("L", "R", gammas), model=model, needed_bits=needed)
    if found is not None:
        raised = list(gammas)
        for part in found.raises:
            column = NAMES.index(part.comparison)
            assert part.level == ("null" if gammas[column] < 0 else f"level {gammas[column]}")
            raised[column] = int(part.raised_to.removeprefix("level "))
        weights = PatternWeights(model).bits(np.array([gammas, raised], dtype=np.int8))
        assert float(weights[1] - weights[0]) == pytest.approx(found.gained_bits, abs=1e-9)
        assert found.gained_bits >= needed - 1e-6


def test_one_large_raise_goes_before_two_small_ones_and_the_least_of_those() -> None:
    def part(name: str, weight: int) -> ComparisonModel:
        u = 2.0**-weight
        return ComparisonModel(name=name, level_names=("else", "exact"), m=(0.5, 0.5), u=(1 - u / 2, u / 2))

    model = Model(comparisons=(part("small", 2), part("large", 9), part("middle", 5)), prior=0.01)
    found = smallest_change(PairFacts("L", "R", (-1, -1, -1)), model=model, needed_bits=4.0)
    assert found is not None
    assert [raised.comparison for raised in found.raises] == ["middle"]


def test_nothing_needed_is_nothing_changed() -> None:
    part = ComparisonModel(name="a", level_names=("else", "exact"), m=(0.5, 0.5), u=(0.9, 0.1))
    found = smallest_change(PairFacts("L", "R", (0,)), model=Model(comparisons=(part,), prior=0.01), needed_bits=-1.0)
    assert found is not None
    assert found.raises == ()


def test_many_comparisons_are_searched_at_once() -> None:
    draw = np.random.Generator(np.random.PCG64(5))
    parts = []
    for number in range(24):
        m, u = (np.sort(draw.dirichlet(np.ones(8))) + 1e-3 for _ in range(2))
        levels = tuple(f"level {i}" for i in range(8))
        u = u[::-1]
        parts.append(ComparisonModel(name=f"c{number}", level_names=levels, m=tuple(m / m.sum()), u=tuple(u / u.sum())))
    model = Model(comparisons=tuple(parts), prior=1e-6)
    found = smallest_change(PairFacts("L", "R", (0,) * 24), model=model, needed_bits=60.0)
    assert found is not None
    assert 60.0 <= found.gained_bits < 60.01
