"""Deliveries that repeat and correct each other, against a plain reading of the rule."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_schema.ids import Keyring
from linkage.records.settle import codes_of, commitments, settle, settle_groups

records = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 2)), max_size=25).map(sorted)


@settings(deadline=None, max_examples=300)
@given(records)
def test_settling_is_what_one_would_do_by_hand(found):
    """`found`: (file, key, content), in the order of delivery."""
    current, expected, pairs = {}, [], []
    for place, (file, key, content) in enumerate(found):
        if any(f == file and k == key for f, k, _ in found[:place]):
            expected.append("twice")
        elif key in current and found[current[key]][2] == content:
            expected.append("repeated")
        else:
            if key in current:
                expected[current[key]] = "superseded"
                pairs.append((place, current[key]))
            current[key] = place
            expected.append("used")
    files, keys, contents = (np.array([row[n] for row in found], dtype=np.int64) for n in range(3))
    settled = settle(keys, contents, files)
    masks = {
        "used": settled.used,
        "twice": settled.twice,
        "repeated": settled.repeated,
        "superseded": settled.superseded,
    }
    assert [[name for name, mask in masks.items() if mask[place]] for place in range(len(found))] == [
        [name] for name in expected
    ]
    assert sorted(map(tuple, settled.pairs.tolist())) == sorted(pairs)


def test_a_group_delivered_again_in_another_order_is_repeated():
    contents = pa.array([f"{n:032x}" for n in (10**30, 2 * 10**30, 2 * 10**30, 10**30, 5)])
    found = settle_groups(np.array([0, 0, 0, 0, 0]), contents, np.array([0, 0, 1, 1, 2]))
    assert found.repeated.tolist() == [False, False, True, True, False]
    assert found.superseded.tolist() == [True, True, False, False, False]
    assert found.used.tolist() == [False, False, False, False, True]


def test_a_commitment_depends_on_key_kind_and_every_field():
    ring, other = Keyring(bytes(32)), Keyring(bytes([1] * 32))
    columns = [pa.array(["a", "a", "ab", None]), pa.array(["b", "c", None, "ab"])]
    here = commitments("stay", columns, ring).to_pylist()
    assert len(set(here)) == 4
    assert not set(here) & set(commitments("stay", columns, other).to_pylist())
    assert not set(here) & set(commitments("case", columns, ring).to_pylist())
    assert commitments("stay", columns, ring).to_pylist() == here


def test_combinations_are_numbered_without_confusion():
    assert len(set(codes_of(pa.array(["a", "ab", "a"]), pa.array(["bc", "c", None])).tolist())) == 3
