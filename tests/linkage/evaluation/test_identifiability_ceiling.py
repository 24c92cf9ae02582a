"""How many records the keys tell apart, and the best recall any method could reach: against brute force."""

from collections.abc import Iterator
from itertools import combinations, permutations
from math import exp, lgamma, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_schema.chance import stream
from linkage.evaluation import BadGrouping, Grouping, ceiling, ceiling_with_errors, identifiability
from linkage.evaluation.ceilings import BadKeys, cell_sizes, estimated_overlap, shared_in_cells
from linkage.evaluation.look_alikes import look_alikes, row_codes
from linkage.evaluation.partners import partner_probabilities, whole_frequencies

KEYS = np.array([[1, 5], [1, 5], [1, 6], [2, -1], [2, 7], [3, 8]])


def test_a_record_with_a_missing_key_is_alike_to_all_who_agree_on_the_rest() -> None:
    found, _ = identifiability(KEYS)
    assert (look_alikes(KEYS, KEYS) - 1).tolist() == [1, 1, 0, 1, 1, 0]
    assert found.unique.share == pytest.approx(2 / 6)
    assert found.complete.share == pytest.approx(5 / 6)
    assert found.look_alikes == pytest.approx((2 / 6, 4 / 6, 0.0, 0.0))
    assert found.mean_candidates is None


def test_candidates_are_sought_in_the_other_file() -> None:
    found, _ = identifiability(KEYS, np.array([[1, 5], [2, 9], [2, -1]]))
    assert found.without_candidate is not None
    assert found.one_candidate is not None
    assert found.without_candidate.share == pytest.approx(2 / 6)
    assert found.one_candidate.share == pytest.approx(3 / 6)
    assert found.mean_candidates == pytest.approx(5 / 6)


@given(st.lists(st.tuples(*[st.integers(-1, 2)] * 3), min_size=1, max_size=12))
def test_look_alikes_are_those_that_agree_wherever_both_have_a_key(rows: list[tuple[int, int, int]]) -> None:
    keys = np.array(rows)
    expected = [sum(all(a < 0 or b < 0 or a == b for a, b in zip(x, y, strict=True)) for y in rows) for x in rows]
    assert look_alikes(keys, keys).tolist() == expected


def test_equal_rows_have_equal_codes_however_large_the_numbers() -> None:
    left, right = np.array([[2**40, 2**41, 3], [1, 1, 1]]), np.array([[1, 1, 1], [2**40, 2**41, 3]])
    a, b = row_codes(left, right)
    assert (a.tolist(), b.tolist()) == ([1, 0], [0, 1])


def test_identifiability_by_subgroup_looks_in_the_whole_file() -> None:
    sex = Grouping.of("sex", ["f", "m", "m", "f", "m", "f"])
    _, groups = identifiability(KEYS, groupings=[sex])
    assert {group.level: group.of.unique.share for group in groups} == pytest.approx({"f": 1 / 3, "m": 1 / 3})


def test_too_many_kinds_of_missing_keys_are_refused() -> None:
    keys = np.where(np.arange(128)[:, None] >> np.arange(7) & 1, 1, -1)
    with pytest.raises(BadGrouping, match="combinations of missing keys"):
        identifiability(keys)


def matchings(left: list[int], right: list[int]) -> Iterator[frozenset[tuple[int, int]]]:
    """Every way in which records of equal keys may be the same persons."""
    for size in range(min(len(left), len(right)) + 1):
        for some in combinations(range(len(left)), size):
            for others in permutations(range(len(right)), size):
                if all(left[a] == right[b] for a, b in zip(some, others, strict=True)):
                    yield frozenset(zip(some, others, strict=True))


def exact(left: list[int], right: list[int], *, shape: float, odds: float) -> tuple[np.ndarray, float]:
    """Posterior probability of every pair, and expected matches, by enumerating all matchings."""
    pair, total, matched = np.zeros((len(left), len(right))), 0.0, 0.0
    for matching in matchings(left, right):
        logs = len(matching) * log(odds)
        for cell in set(left) | set(right):
            inside = sum(left[a] == cell for a, _ in matching)
            logs += lgamma(shape + left.count(cell) + right.count(cell) - inside)
        weight = exp(logs)
        total += weight
        matched += weight * len(matching)
        for a, b in matching:
            pair[a, b] += weight
    return pair / total, matched / total


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=4),
    st.lists(st.integers(0, 2), min_size=1, max_size=4),
    st.sampled_from([0.2, 1.0, 5.0]),
    st.sampled_from([0.3, 2.0, 20.0]),
)
def test_shared_persons_of_a_cell_are_those_of_all_matchings(
    left: list[int], right: list[int], shape: float, odds: float
) -> None:
    pair, matched = exact(left, right, shape=shape, odds=odds)
    a, b = (np.bincount(side, minlength=3) for side in (left, right))
    found = shared_in_cells(a, b, n_shared=matched, shape=shape)
    for cell in range(3):
        mine = np.ix_([x == cell for x in left], [x == cell for x in right])
        assert found[cell] == pytest.approx(pair[mine].sum(), abs=1e-6)


def best_by_enumeration(pair: np.ndarray, matched: float, precision: float) -> float:
    """Highest expected recall of any set of one-to-one links whose expected precision suffices."""
    n_left, n_right = pair.shape
    best = 0.0
    for size in range(1, min(n_left, n_right) + 1):
        for some in combinations(range(n_left), size):
            for others in permutations(range(n_right), size):
                right = sum(pair[a, b] for a, b in zip(some, others, strict=True))
                if right >= precision * size - 1e-9:
                    best = max(best, right)
    return best / matched


@pytest.mark.parametrize("precision", [0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize(
    ("left", "right"), [([0, 0, 1, 2], [0, 1, 1, 2]), ([0, 0, 0, 1], [0, 0, 1, 1]), ([0, 1, 2, 3], [0, 1, 2, 2])]
)
def test_no_set_of_links_beats_the_ceiling_and_the_ceiling_is_nearly_reached(
    left: list[int], right: list[int], precision: float
) -> None:
    a, b = np.array(left)[:, None], np.array(right)[:, None]
    shared = 2.0
    found = ceiling(a, b, precisions=[precision], n_shared=shared)
    counts = np.bincount(left, minlength=4), np.bincount(right, minlength=4)
    expected = shared_in_cells(*counts, n_shared=shared, shape=found.shape)
    pair = np.where(a == b.T, (expected / np.maximum(counts[0] * counts[1], 1))[a], 0.0)
    reached = best_by_enumeration(pair, shared, precision)
    ceiled = found.reachable[0].recall
    assert ceiled is not None
    assert reached <= ceiled + 1e-9  # a fraction of a link is what the ceiling has more
    assert ceiled - reached < 1 / shared


@pytest.mark.parametrize(
    ("left", "right", "precision"), [([0, 0, 1, 2], [0, 1, 1, 2], 0.5), ([0, 0, 0, 1], [0, 0, 1, 1], 0.3)]
)
def test_the_ceiling_takes_links_until_the_precision_is_just_kept(
    left: list[int], right: list[int], precision: float
) -> None:
    found = ceiling(np.array(left)[:, None], np.array(right)[:, None], precisions=[precision], n_shared=2.0)
    (reached,) = found.reachable
    assert reached.recall is not None
    assert 1.0 < reached.n_links < found.linking_all.n_links
    assert 2.0 * reached.recall / reached.n_links == pytest.approx(precision)


def people(
    n: int, shared: int, sizes: tuple[int, ...], seed: int
) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    draw = stream("ceiling", seed=seed)
    everyone = np.stack([draw.integers(0, size, 2 * n - shared) for size in sizes], axis=1)
    return everyone[:n], everyone[n - shared :].copy(), draw


@pytest.mark.parametrize("sizes", [(20, 2, 12, 4), (40, 2, 60, 20)])
def test_linking_at_random_within_cells_reaches_the_ceiling_and_no_more(sizes: tuple[int, ...]) -> None:
    n, shared = 3000, 1800
    left, right, draw = people(n, shared, sizes, 1)
    found = ceiling(left, right, n_shared=shared)
    a, b = row_codes(left, right)
    right_links = n_links = 0
    for cell in np.unique(a):
        mine, theirs = (draw.permutation(np.flatnonzero(side == cell)) for side in (a, b))
        both = min(len(mine), len(theirs))
        n_links += both
        right_links += int((mine[:both] - (n - shared) == theirs[:both]).sum())
    assert found.linking_all.n_links == n_links
    assert found.linking_all.recall == pytest.approx(right_links / shared, abs=0.03)
    assert found.linking_all.precision == pytest.approx(right_links / n_links, abs=0.03)


def test_the_overlap_shows_in_equal_keys_beyond_chance() -> None:
    left, right, _ = people(4000, 2500, (40, 2, 60, 20), 2)
    found = ceiling(left, right)
    assert found.overlap_estimated
    assert found.n_shared == pytest.approx(2500, rel=0.05)
    assert estimated_overlap(np.array([3]), np.array([4])) == 0.0


def test_a_required_precision_costs_recall_and_never_gains_any() -> None:
    left, right, _ = people(3000, 1800, (20, 2, 12, 40), 3)
    recalls = [one.recall or 0.0 for one in ceiling(left, right, precisions=[0.5, 0.8, 0.9, 0.99]).reachable]
    assert recalls == sorted(recalls, reverse=True)
    assert recalls[0] > recalls[-1]


def test_subgroups_of_the_ceiling_make_up_the_whole() -> None:
    left, right, draw = people(2000, 1200, (20, 2, 30, 20), 4)
    sex = Grouping.of("sex", np.where(draw.random(2000) < 0.3, "f", "m"))
    found = ceiling(left, right, precisions=[0.8], groupings=[sex])
    assert sum(group.reachable[0].n_links for group in found.groups) == pytest.approx(found.reachable[0].n_links)


def test_keys_that_name_a_person_leave_no_ceiling() -> None:
    keys = np.arange(100)[:, None]
    found = ceiling(keys, keys[:60], n_shared=60)
    assert [one.recall for one in found.reachable] == [1.0] * 4


def test_an_empty_file_has_nothing_to_reach() -> None:
    found = ceiling(np.zeros((0, 2), dtype=np.int64), np.array([[1, 2]]))
    assert (found.n_shared, found.reachable[0].recall) == (0.0, None)


def test_the_shape_of_cells_is_found_again() -> None:
    draw = stream("cells", seed=1)
    shape, mean = cell_sizes(draw.poisson(draw.gamma(0.5, 2 / 0.5, 20_000)))
    assert shape == pytest.approx(0.5, rel=0.25)
    assert mean == pytest.approx(2, rel=0.15)


def brute_force(left: np.ndarray, right: np.ndarray, rates: np.ndarray, shared: float) -> np.ndarray:
    """The same chances, pair by pair."""
    margins = [np.bincount(right[right[:, k] >= 0, k]) / (right[:, k] >= 0).sum() for k in range(right.shape[1])]
    whole, seen = np.ones(len(right)), np.ones(len(right))
    for kind in np.unique(right >= 0, axis=0):
        rows = np.flatnonzero(((right >= 0) == kind).all(axis=1))
        keys, of, n = np.unique(right[rows], axis=0, return_inverse=True, return_counts=True)
        given = np.stack([np.where(keys[:, k] >= 0, margins[k][keys[:, k]], 1.0) for k in range(len(kind))], axis=1)
        once, again = whole_frequencies(keys, n.astype(float), given)
        whole[rows], seen[rows] = once[of.reshape(-1)], again[of.reshape(-1)]
    out = []
    for row in left:
        odds = []
        for j, other in enumerate(right):
            chance = 1.0
            for k, rate in enumerate(rates):
                if other[k] >= 0:
                    margin = margins[k][other[k]]
                    chance *= margin if row[k] < 0 else (1 - rate) * (row[k] == other[k]) + rate * margin
            odds.append(chance / (seen[j] if (row == other).all() and (row >= 0).all() else whole[j]))
        alone = len(right) * (1 - shared / len(left)) / (shared / len(left))
        out.append(max(odds) / (alone + sum(odds)))
    return np.array(out)


def test_look_ups_over_sets_of_agreeing_keys_give_what_pair_by_pair_gives() -> None:
    left, right, draw = people(25, 15, (3, 2, 4), 5)
    left[draw.random(left.shape) < 0.1] = -1
    right[draw.random(right.shape) < 0.1] = -1
    rates = np.array([0.1, 0.05, 0.2])
    found = partner_probabilities(left, right, rows=np.arange(25), error_rates=rates, n_shared=15)
    assert found == pytest.approx(brute_force(left, right, rates, 15))


@pytest.mark.parametrize("rates", [(0.0, 0.0, 0.0, 0.0), (0.05, 0.01, 0.1, 0.05)])
def test_a_judge_who_knows_everything_but_the_truth_reaches_the_ceiling_of_erring_keys(
    rates: tuple[float, ...],
) -> None:
    n, shared, sizes = 1500, 900, (40, 2, 60, 10)
    left, right, draw = people(n, shared, sizes, 6)
    for key, rate in enumerate(rates):
        wrong = draw.random(n) < rate
        right[wrong, key] = draw.integers(0, sizes[key], int(wrong.sum()))
    found = ceiling_with_errors(left, right, error_rates=rates, precisions=[0.8, 0.9], n_shared=shared, seed=1)
    sure, ok = np.zeros(n), np.zeros(n, dtype=bool)
    for row in range(n):
        equal = right == left[row]
        odds = np.prod(
            [(1 - e) * equal[:, k] * s + e for k, (e, s) in enumerate(zip(rates, sizes, strict=True))], axis=0
        )
        j = int(draw.choice(np.flatnonzero(odds >= odds.max() * (1 - 1e-9))))
        sure[row], ok[row] = odds[j] / (n * (n - shared) / shared + odds.sum()), j == row - (n - shared)
    right_links = np.cumsum(ok[np.argsort(-sure)])
    for one in found.reachable:
        enough = np.flatnonzero(right_links >= one.precision * np.arange(1, n + 1))
        assert one.recall.share == pytest.approx(right_links[enough[-1]] / shared, abs=0.04)


def test_errors_cost_recall_and_the_overlap_is_seen_through_them() -> None:
    left, right, draw = people(3000, 1800, (40, 2, 60, 20), 7)
    wrong = draw.random(3000) < 0.2
    right[wrong, 2] = draw.integers(0, 60, int(wrong.sum()))
    sex = Grouping.of("sex", ["f", "m"] * 1500)
    erring = ceiling_with_errors(left, right, error_rates=(0, 0, 0.2, 0), seed=1, groupings=[sex])
    assert erring.n_shared == pytest.approx(1800, rel=0.06)
    assert (erring.reachable[0].recall.share or 0) < 0.9
    assert [group.level for group in erring.groups] == ["f", "m"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda k: ceiling(k, k[:, :1]), "the same keys in both files"),
        (lambda k: ceiling(k, k, precisions=[0.0]), "above 0"),
        (lambda k: ceiling(k, k, n_shared=99), "0 to 6"),
        (lambda k: ceiling_with_errors(k, k, error_rates=[0.1], seed=1), "one a key"),
    ],
)
def test_keys_that_do_not_fit_are_refused(call: object, said: str) -> None:
    keys = np.array([[1, 5], [1, 5], [1, 6], [2, 1], [2, 7], [3, 8]])
    with pytest.raises(BadKeys, match=said):
        call(keys)  # type: ignore[operator]
