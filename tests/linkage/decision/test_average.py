"""Average linkage: what links say together, whatever their order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage.decision.average import average_clusters
from linkage.decision.cluster import clusters


def of(pairs: list[tuple[int, int]], bits: list[float], n: int, **settings: float) -> list[int]:
    found = average_clusters(
        np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(bits), n_records=n, link_bits=3.0, **settings
    )
    return found.tolist()


def test_records_without_links_are_alone() -> None:
    assert of([], [], 3) == [0, 1, 2]
    assert of([(0, 1)], [2.9], 2) == [0, 1]


def test_two_records_with_a_link_are_one() -> None:
    assert of([(1, 2)], [3.0], 3) == [0, 1, 1]


def test_a_bridge_between_two_persons_is_not_crossed() -> None:
    pairs = [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5), (2, 3), (1, 3), (0, 3)]
    assert of(pairs, [9, 9, 9, 9, 9, 9, 4, -9, -9], 6) == [0, 0, 0, 3, 3, 3]


def test_a_record_with_little_in_common_with_one_of_three_still_belongs() -> None:
    assert of([(0, 1), (0, 2), (1, 2), (2, 3), (1, 3), (0, 3)], [9, 9, 9, 5, 2, -4], 4) == [0, 0, 0, 0]


def test_pairs_that_were_never_compared_count_a_little_against() -> None:
    assert of([(0, 1), (1, 2)], [9.0, 4.0], 3) == [0, 0, 0]
    assert of([(0, 1), (1, 2)], [9.0, 4.0], 3, absent_bits=-20.0) == [0, 0, 2]


def test_the_best_pair_of_clusters_is_joined_first() -> None:
    assert of([(0, 1), (1, 2), (0, 2)], [4.0, 8.0, -30.0], 3) == [0, 1, 1]


EDGES = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 8), st.floats(-15, 15)).filter(lambda e: e[0] < e[1]),
    max_size=25,
    unique_by=lambda e: (e[0], e[1]),
)


@given(EDGES, st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_the_order_or_direction_of_pairs(edges, random) -> None:
    pairs, bits = [(a, b) for a, b, _ in edges], [w for _, _, w in edges]
    turned = [(b, a, w) if random.random() < 0.5 else (a, b, w) for a, b, w in edges]
    random.shuffle(turned)
    assert of([(a, b) for a, b, _ in turned], [w for _, _, w in turned], 9) == of(pairs, bits, 9)


@given(EDGES)
def test_clusters_lie_within_the_connected_components_of_the_links(edges) -> None:
    found = of([(a, b) for a, b, _ in edges], [w for _, _, w in edges], 9)
    links = np.array([(a, b) for a, b, w in edges if w >= 3.0], dtype=np.int64).reshape(-1, 2)
    whole = clusters(links, n_records=9)
    for record, low in enumerate(found):
        assert low <= record
        assert found[low] == low
        assert whole[record] == whole[low]
