"""Clusters that break no constraint, whatever the evidence and the order it came in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.decision.cluster import clusters, clusters_at
from linkage.decision.constrained import constrained_clusters, without_ties
from linkage.decision.constraints import Constraints, ContradictoryConstraints

N = 6
CELLS = [(a, b) for a in range(N) for b in range(a + 1, N)]
EDGES = st.dictionaries(st.sampled_from(CELLS), st.floats(-3, 20).map(lambda w: round(w, 2)), min_size=1, max_size=12)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, Constraints, np.ndarray]:
    edges = draw(EDGES)
    must = draw(st.lists(st.sampled_from(CELLS), max_size=2, unique=True))
    cannot = draw(st.lists(st.sampled_from(CELLS), max_size=3, unique=True))
    alone = draw(st.lists(st.integers(-1, 2), min_size=N, max_size=N))
    together = clusters(np.array(must, dtype=np.int64).reshape(-1, 2), n_records=N)
    cannot = [(a, b) for a, b in cannot if together[a] != together[b]]
    pairs = np.array(list(edges), dtype=np.int64)
    return (
        pairs,
        np.array(list(edges.values())),
        Constraints(np.array(must), np.array(cannot), within=True),
        np.array(alone),
    )


def partitions(n: int) -> list[list[int]]:
    out = [[0]]
    for _ in range(n - 1):
        out = [[*one, part] for one in out for part in range(max(one) + 2)]
    return out


PARTITIONS = [np.array(one) for one in partitions(N)]


def admissible(label: np.ndarray, given_: Constraints, alone: np.ndarray) -> bool:
    must = clusters(given_.must, n_records=N)
    clash = (alone[:, None] == alone) & (alone[:, None] >= 0) & (must[:, None] != must)
    return (
        all(label[a] == label[b] for a, b in given_.must.tolist())
        and all(label[a] != label[b] for a, b in given_.cannot.tolist())
        and not (clash & (label[:, None] == label)).any()
    )


def kept(label: np.ndarray, pairs: np.ndarray, bits: np.ndarray) -> float:
    return float(bits[(bits >= 0) & (label[pairs[:, 0]] == label[pairs[:, 1]])].sum())


@settings(max_examples=60, deadline=None)
@given(world=worlds())
def test_small_clusters_keep_the_most_weight_any_admissible_clusters_can(
    world: tuple[np.ndarray, np.ndarray, Constraints, np.ndarray],
) -> None:
    pairs, bits, given_, alone = world
    found = constrained_clusters(pairs, bits, n_records=N, constraints=given_, alone=alone)
    best = max(kept(label, pairs, bits) for label in PARTITIONS if admissible(label, given_, alone))
    assert admissible(found.label, given_, alone)
    assert kept(found.label, pairs, bits) == pytest.approx(best, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(world=worlds(), order=st.randoms(use_true_random=False), most_exact=st.sampled_from([0, 9]))
def test_clusters_break_no_constraint_and_do_not_depend_on_order(
    world: tuple[np.ndarray, np.ndarray, Constraints, np.ndarray], order: object, most_exact: int
) -> None:
    pairs, bits, given_, alone = world
    found = constrained_clusters(pairs, bits, n_records=N, constraints=given_, alone=alone, most_exact=most_exact)
    assert admissible(found.label, given_, alone)
    shuffled = np.arange(len(pairs))
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    again = constrained_clusters(
        pairs[shuffled][:, ::-1], bits[shuffled], n_records=N, constraints=given_, alone=alone, most_exact=most_exact
    )
    assert again.label.tolist() == found.label.tolist()
    assert found.label[found.label].tolist() == found.label.tolist()
    assert (found.label <= np.arange(N)).all()


@settings(max_examples=50, deadline=None)
@given(edges=EDGES)
def test_without_constraints_clusters_are_the_connected_components(edges: dict[tuple[int, int], float]) -> None:
    pairs, bits = np.array(list(edges), dtype=np.int64), np.array(list(edges.values()))
    found = constrained_clusters(pairs, bits, n_records=N, floor_bits=2.0)
    assert found.label.tolist() == clusters(pairs[bits >= 2.0], n_records=N).tolist()
    assert (found.n_conflicts, found.cut.any()) == (0, False)


def test_a_cannot_link_holds_against_every_bridge_a_later_run_finds() -> None:
    apart = Constraints(cannot=np.array([[0, 1]]), within=True)
    pairs, bits = np.array([[0, 1], [0, 2], [1, 2], [0, 3], [1, 3]]), np.array([50.0, 40.0, 30.0, 40.0, 45.0])
    found = constrained_clusters(pairs, bits, n_records=4, constraints=apart)
    assert found.label.tolist() == [0, 1, 0, 1]
    assert found.cut.tolist() == [True, False, True, True, False]


def test_the_chain_breaks_where_it_is_weakest() -> None:
    pairs, bits = np.array([[0, 1], [1, 2], [2, 3]]), np.array([9.0, 3.0, 8.0])
    found = constrained_clusters(pairs, bits, n_records=4, alone=np.array([0, 1, 2, 0]))
    assert found.label.tolist() == [0, 0, 2, 2]
    assert found.n_conflicts == 1


def test_the_least_evidence_is_kept_where_nothing_speaks_against_it() -> None:
    pairs, bits = np.array([[0, 1], [1, 2], [2, 3]]), np.array([0.05, 5.0, 3.0])
    found = constrained_clusters(pairs, bits, n_records=4, alone=np.array([0, -1, 1, 1]))
    assert found.label.tolist() == [0, 0, 0, 3]


def test_a_large_knot_is_clustered_by_joining_and_counted() -> None:
    pairs = np.array([(a, b) for a in range(12) for b in range(a + 1, 12)])
    bits = np.where(pairs[:, 0] // 6 == pairs[:, 1] // 6, 10.0, 1.0)
    found = constrained_clusters(
        pairs, bits, n_records=12, constraints=Constraints(cannot=np.array([[0, 11]]), within=True)
    )
    assert found.label.tolist() == [0] * 6 + [6] * 6
    assert found.n_joined == 1


def test_records_that_must_be_one_stay_one_even_of_a_source_without_duplicates_and_are_counted() -> None:
    must = Constraints(must=np.array([[0, 1]]), within=True)
    found = constrained_clusters(
        np.array([[1, 2]]), np.array([5.0]), n_records=3, constraints=must, alone=np.array([0, 0, 0])
    )
    assert found.label.tolist() == [0, 0, 2]
    assert found.n_broken == 1


def test_a_must_link_joins_records_that_were_never_scored() -> None:
    must = Constraints(must=np.array([[0, 2]]), within=True)
    found = constrained_clusters(np.zeros((0, 2), dtype=np.int64), np.zeros(0), n_records=3, constraints=must)
    assert found.label.tolist() == [0, 1, 0]


def test_constraints_that_contradict_each_other_make_no_clusters() -> None:
    with pytest.raises(ContradictoryConstraints):
        Constraints(must=np.array([[0, 1], [1, 2]]), cannot=np.array([[0, 2]]), within=True)


@settings(max_examples=50, deadline=None)
@given(edges=EDGES, floors=st.lists(st.floats(-2, 20), min_size=1, max_size=4))
def test_clusters_at_several_thresholds_are_those_at_each(
    edges: dict[tuple[int, int], float], floors: list[float]
) -> None:
    pairs, bits = np.array(list(edges), dtype=np.int64), np.array(list(edges.values()))
    found = clusters_at(pairs, bits, floors=floors, n_records=N)
    each = [clusters(pairs[bits >= floor], n_records=N).tolist() for floor in floors]
    assert found.tolist() == each


def test_a_tie_between_two_records_of_a_source_without_duplicates_can_be_dropped() -> None:
    pairs, bits = np.array([[0, 1], [0, 2], [0, 3], [4, 1]]), np.array([5.0, 5.0, 5.0, 3.0])
    kept_ = without_ties(pairs, bits, alone=np.array([0, 1, 1, 2, 0]))
    assert kept_.tolist() == [False, False, True, True]
