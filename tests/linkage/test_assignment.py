"""One-to-one, one-to-many, clusters, conflicts."""

from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.decision.assign import assign, best_of_right, one_to_one
from linkage.decision.cluster import clusters

PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(-3, 20).map(float), min_size=1, max_size=14
)

LINKS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15)


def brute_force(pairs: dict[tuple[int, int], float]) -> float:
    return max(
        sum(max(0.0, pairs.get((row, column), 0.0)) for row, column in enumerate(columns))
        for columns in permutations(range(5))
    )


@settings(max_examples=150, deadline=None)
@given(pairs=PAIRS, order=st.randoms(use_true_random=False))
def test_assignment_is_the_best_there_is_in_any_order(pairs: dict[tuple[int, int], float], order: object) -> None:
    items = list(pairs.items())
    order.shuffle(items)  # type: ignore[attr-defined]
    left, right = (np.array([pair[side] for pair, _ in items]) for side in (0, 1))
    bits = np.array([weight for _, weight in items])
    chosen = one_to_one(left, right, bits)
    kept = {pair for (pair, _), keep in zip(items, chosen.tolist(), strict=True) if keep}
    assert len({a for a, _ in kept}) == len(kept) == len({b for _, b in kept})
    assert all(pairs[pair] > 0 for pair in kept)
    assert sum(pairs[pair] for pair in kept) == brute_force(pairs)
    first = one_to_one(
        *(np.array([p[s] for p in sorted(pairs)]) for s in (0, 1)), np.array([pairs[p] for p in sorted(pairs)])
    )
    assert kept == {pair for pair, keep in zip(sorted(pairs), first.tolist(), strict=True) if keep}


def test_the_optimum_is_taken_where_the_best_pair_first_would_lose() -> None:
    left, right, bits = np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([10.0, 9.0, 9.0])
    assert one_to_one(left, right, bits).tolist() == [False, True, True]


def test_a_component_too_large_for_the_optimum_is_assigned_greedily_and_counted() -> None:
    left, right, bits = np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([10.0, 9.0, 9.0])
    done = assign(left, right, bits, max_cells=3)
    assert done.chosen.tolist() == [True, False, False]
    assert done.n_greedy == 1


def test_no_pairs_give_no_assignment() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert one_to_one(none, none, np.zeros(0)).tolist() == []


def test_a_right_record_has_one_left_record_and_a_left_record_may_have_several_right_ones() -> None:
    left, right = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 2])
    assert best_of_right(left, right, np.array([3.0, 5.0, 4.0, -1.0])).tolist() == [True, True, False, False]


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15),
    order=st.randoms(use_true_random=False),
)
def test_clusters_do_not_depend_on_the_order_of_decisions(pairs: list[tuple[int, int]], order: object) -> None:
    shuffled = [pair[::-1] for pair in pairs]
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    labels = clusters(np.array(pairs, dtype=np.int64).reshape(-1, 2), n_records=10)
    assert labels.tolist() == clusters(np.array(shuffled, dtype=np.int64).reshape(-1, 2), n_records=10).tolist()
    assert all(labels[a] == labels[b] for a, b in pairs)
    assert all(labels[label] == label <= record for record, label in enumerate(labels.tolist()))
