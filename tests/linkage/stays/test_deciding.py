"""Which pairs of stays are linked, by hand: what rules out a link does so whatever its probability."""

from __future__ import annotations

import numpy as np

from linkage.stays import StaySettings
from linkage.stays.decide import Judged, decide_stays


def judged(**changed: list[object]) -> Judged:
    """Two sure pairs of four different stays whose persons are linked, and what is changed of that."""
    given: dict[str, list[object]] = {
        "left": [0, 1], "right": [0, 1], "holds": [True, True], "why": ["assigned", "assigned"],
        "outside": [False, False], "merged": [False, False], "bits": [20.0, 30.0],
    }  # fmt: skip
    given |= changed
    return decide_stays(
        np.array([0.999, 0.999]),
        (np.array(given["left"], dtype=np.int64), np.array(given["right"], dtype=np.int64)),
        person=(np.array(given["holds"], dtype=bool), np.array(given["why"], dtype=object)),
        given_person=np.array([0.999, 0.999]),
        merged=np.array(given["merged"], dtype=bool),
        outside=np.array(given["outside"], dtype=bool),
        bits=np.array(given["bits"], dtype=np.float64),
        settings=StaySettings(),
    )


def told(found: Judged) -> list[tuple[str, str]]:
    return list(zip(found.judgement.tolist(), found.reason.tolist(), strict=True))


def test_sure_pairs_of_linked_persons_are_linked() -> None:
    assert told(judged()) == [("link", "assigned"), ("link", "assigned")]


def test_a_case_outside_the_units_coverage_is_not_linked() -> None:
    assert told(judged(outside=[True, False])) == [("non_link", "outside_coverage"), ("link", "assigned")]


def test_persons_that_contradict_each_other_keep_their_stays_apart() -> None:
    found = judged(why=["conflict_sex", "assigned"])
    assert found.linked.tolist() == [False, True]
    assert found.reason[0] == "conflict_sex"


def test_stays_of_persons_that_are_not_linked_are_not_linked() -> None:
    found = judged(holds=[False, True])
    assert found.linked.tolist() == [False, True]
    assert found.reason[0] == "person_not_linked"


def test_one_case_goes_to_the_claims_stay_with_more_evidence() -> None:
    found = judged(right=[0, 0])
    assert found.linked.tolist() == [False, True]
    assert found.reason[0] == "lost_assignment"


def test_the_parts_of_a_merged_stay_may_share_it() -> None:
    assert told(judged(left=[0, 0], merged=[True, True])) == [("link", "merged"), ("link", "merged")]
