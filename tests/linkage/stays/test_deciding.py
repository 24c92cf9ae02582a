"""Which pairs of stays are linked, by hand: what rules out a link does so whatever its probability."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa

from linkage.stays import StaySettings, link_stays
from linkage.stays.decide import Judged, decide_stays
from tests.linkage.stays.simulate import World
from tests.linkage.stays.worlds import delivered_by, linked


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


def test_a_child_that_lay_in_two_hospitals_at_once_is_not_one_child() -> None:
    world = World(seed=113, n_children=2500)
    delivered = delivered_by(world)
    sure = max(
        (row for row in linked(world).linkage.person_pairs.to_pylist() if row["judgement"] == "link"),
        key=lambda row: row["match_probability"],
    )
    claim, case = (
        next(row for row in table.to_pylist() if row["person_key"] == sure[key])
        for table, key in ((delivered.claims, "left_key"), (delivered.hospital, "right_key"))
    )
    elsewhere = next(name for name in delivered.hospital["hospital"].unique().to_pylist() if name != case["hospital"])
    day = case["admitted_on"] - timedelta(days=60)
    more_claims = {**claim, "stay_key": "sty_c_elsewhere", "hospital": elsewhere, "admitted_on": day,
                   "discharged_on": day + timedelta(days=9)}  # fmt: skip
    more_cases = {**case, "stay_key": "sty_h_across", "admitted_on": day + timedelta(days=3),
                  "discharged_on": day + timedelta(days=8)}  # fmt: skip
    found = link_stays(_with(delivered.claims, more_claims), _with(delivered.hospital, more_cases), delivered.coverage)
    (pair,) = [
        row
        for row in found.person_pairs.to_pylist()
        if (row["left_key"], row["right_key"]) == (sure["left_key"], sure["right_key"])
    ]
    assert (pair["judgement"] == "link", pair["reason_code"]) == (False, "conflict_overlap")


def _with(table: pa.Table, row: dict[str, object]) -> pa.Table:
    return pa.concat_tables([table, pa.Table.from_pylist([row], schema=table.schema)])
