"""What the stay linkage promises, on made worlds with other seeds than it was built on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from linkage.stays import StayModel, StaySettings, TooManyPairs, link_stays
from linkage.stays.quality import KEY_ERRORS
from linkage.stays.train import with_months_as_stated
from tests.linkage.stays.simulate import World
from tests.linkage.stays.worlds import delivered_by as simulate
from tests.linkage.stays.worlds import linked, links_of, without

ORDINARY = World(seed=101, n_children=6000)
POOR = World(seed=102, n_children=6000, scale=2.5, missing_claims=0.06, missing_case=0.05)
NO_HOSPITAL = World(seed=103, n_children=6000, hospital_known=False)
WRONG_SEX = World(seed=112, n_children=5000, wrong_sex=0.03)
TWINS = World(seed=104, n_children=5000, twins=0.3, twins_same_day=0.8)


@pytest.mark.parametrize(
    "world", [ORDINARY, POOR, NO_HOSPITAL, TWINS], ids=["ordinary", "poor", "no_hospital", "twins"]
)
def test_precision_and_recall_reach_what_the_project_promises(world: World) -> None:
    assert linked(world).precision >= 0.99
    assert linked(world).recall >= 0.90


@pytest.mark.parametrize(
    "world", [ORDINARY, POOR, NO_HOSPITAL, TWINS], ids=["ordinary", "poor", "no_hospital", "twins"]
)
def test_the_linkages_own_estimates_lie_within_three_points_of_the_truth(world: World) -> None:
    quality = linked(world).linkage.quality
    assert quality.precision.stated == pytest.approx(linked(world).precision, abs=0.03)
    assert quality.recall.stated == pytest.approx(linked(world).recall, abs=0.03)


def test_probabilities_are_honest() -> None:
    world = linked(POOR)
    rows = world.linkage.pairs.to_pylist()
    expected = sum(r["match_probability"] for r in rows)
    true = sum((r["left_key"], r["right_key"]) in world.delivered.true_pairs for r in rows)
    assert expected == pytest.approx(true, rel=0.02)


def test_no_twin_is_linked_with_the_sibling() -> None:
    world = linked(TWINS)
    rows = world.linkage.person_pairs.to_pylist()
    wrong = [r for r in rows if (r["left_key"], r["right_key"]) in world.delivered.siblings]
    assert [r for r in wrong if r["match_probability"] >= 0.9] == []


def test_twins_that_nothing_tells_apart_are_possible_links_and_ambiguous() -> None:
    delivered = simulate(ORDINARY)
    claims, hospital, coverage = _with_equal_twins(delivered)
    rows = link_stays(claims, hospital, coverage).person_pairs.to_pylist()
    twins = {(r["left_key"], r["right_key"]): r for r in rows if r["left_key"].startswith("prc_claims_twin")}
    assert {r["judgement"] for r in twins.values()} == {"possible_link"}
    assert {r["reason_code"] for r in twins.values()} == {"ambiguous"}
    assert [round(r["match_probability"], 2) for r in twins.values()] == [0.5, 0.5, 0.5, 0.5]


def _with_equal_twins(delivered):
    """Two children more, equal in everything, in claims and hospital."""
    one_claim = delivered.claims.slice(0, 1).to_pylist()[0]
    one_case = delivered.hospital.slice(0, 1).to_pylist()[0]
    shared = {"admitted_on": one_case["admitted_on"], "discharged_on": one_case["discharged_on"], "hospital": "north",
              "birth_year": 2016, "birth_month": None, "sex": "female", "region": "04011", "weight_g": None,
              "icd_main": "Q203", "icd": ["Q203", "Z958"], "ops": ["12730"]}  # fmt: skip
    claims = [
        {**one_claim, **shared, "stay_key": f"sty_c_twin_{i}", "person_key": f"prc_claims_twin_{i}"} for i in (1, 2)
    ]
    cases = [{**one_case, **shared, "stay_key": f"sty_twin_{i}", "person_key": f"prc_twin_{i}"} for i in (1, 2)]
    coverage = [{"person_key": f"prc_claims_twin_{i}", "start": None, "end": None} for i in (1, 2)]
    return (
        _append(delivered.claims, claims),
        _append(delivered.hospital, cases),
        _append(delivered.coverage, coverage),
    )


def _append(table: pa.Table, rows: list[dict]) -> pa.Table:
    return pa.concat_tables([table, pa.Table.from_pylist(rows, schema=table.schema)])


def test_merged_stays_are_linked_with_both_cases_and_say_so() -> None:
    world = linked(World(seed=105, n_children=6000, merged=0.9))
    merged = [r for r in world.linkage.pairs.to_pylist() if r["reason_code"] == "merged"]
    right = [r for r in merged if (r["left_key"], r["right_key"]) in world.delivered.true_pairs]
    assert len(merged) > 40
    assert len(right) / len(merged) >= 0.99


def test_merged_pairs_of_both_directions_are_found() -> None:
    world = linked(World(seed=105, n_children=6000, merged=0.9))
    true = world.delivered.true_pairs
    lefts, rights = [a for a, _ in true], [b for _, b in true]
    twice = {p for p in true if lefts.count(p[0]) > 1 or rights.count(p[1]) > 1}
    found = twice & links_of(world.linkage)
    assert len(twice) > 40
    assert len(found) / len(twice) >= 0.9


def test_two_pseudonyms_with_disjoint_coverage_may_be_one_patient() -> None:
    world = linked(World(seed=106, n_children=6000, changed_insurer=0.8))
    rows = [r for r in world.linkage.person_pairs.to_pylist() if r["judgement"] == "link"]
    patients = [r["right_key"] for r in rows]
    held_twice = {p for p in patients if patients.count(p) > 1}
    units = {p: sorted(r["left_key"] for r in rows if r["right_key"] == p) for p in held_twice}
    assert len(held_twice) > 20
    assert all(len({u.rsplit("_", 1)[0] for u in found}) == 1 for found in units.values())


def test_stay_links_stand_only_where_the_persons_are_linked() -> None:
    linkage = linked(ORDINARY).linkage
    persons = {(r["left_key"], r["right_key"]) for r in linkage.person_pairs.to_pylist() if r["judgement"] == "link"}
    rows = [r for r in linkage.pairs.to_pylist() if r["judgement"] == "link"]
    assert {(r["left_person_key"], r["right_person_key"]) for r in rows} <= persons


def test_a_stay_is_linked_once_unless_it_is_merged() -> None:
    rows = [r for r in linked(POOR).linkage.pairs.to_pylist() if r["reason_code"] == "assigned"]
    assert len({r["left_key"] for r in rows}) == len(rows)
    assert len({r["right_key"] for r in rows}) == len(rows)


def test_a_different_sex_is_a_conflict_and_no_link() -> None:
    rows = linked(WRONG_SEX).linkage.person_pairs.to_pylist()
    differing = [r for r in rows if "sex=differs" in r["levels"]]
    assert differing
    assert {r["judgement"] for r in differing} <= {"possible_link", "non_link"}
    assert {r["reason_code"] for r in differing} == {"conflict_sex"}


def test_conflicts_are_reported_by_component() -> None:
    components = linked(WRONG_SEX).linkage.conflicts
    assert any("conflict_sex" in c.kinds for c in components)
    assert all(c.left_keys and c.right_keys for c in components)


def test_every_pair_that_is_no_link_says_why() -> None:
    rows = linked(NO_HOSPITAL).linkage.pairs.to_pylist()
    reasons = {r["reason_code"] for r in rows if r["judgement"] != "link"}
    assert reasons <= {"below_threshold", "lost_assignment", "ambiguous", "person_not_linked", "outside_coverage",
                       "conflict_sex", "conflict_birth_year", "conflict_overlap"}  # fmt: skip


@pytest.mark.parametrize("world", [ORDINARY, NO_HOSPITAL], ids=["ordinary", "no hospital"])
@pytest.mark.parametrize("table", ["pairs", "person_pairs"])
def test_the_terms_of_every_pair_sum_to_the_odds_of_its_probability(world: World, table: str) -> None:
    rows = getattr(linked(world).linkage, table).to_pylist()
    assert len(rows) > 300
    for row in rows:
        assert len(row["levels"]) == len(row["level_bits"])
        assert row["match_weight"] == pytest.approx(sum(row["level_bits"]), abs=1e-4)
        if row["match_probability"] == 0:
            assert "coverage=outside" in row["levels"]
        else:
            assert 1 / (1 + 2 ** -row["match_weight"]) == pytest.approx(row["match_probability"], abs=1e-6)


def test_far_stays_count_as_lost_without_the_hospital_too() -> None:
    assert linked(NO_HOSPITAL).linkage.quality.blocking_loss > KEY_ERRORS + 0.002


def test_no_link_reads_as_evidence_against() -> None:
    rows = linked(ORDINARY).linkage.pairs.to_pylist()
    assert all(row["match_weight"] > 0 for row in rows if row["judgement"] == "link")


def test_a_level_hardly_seen_by_chance_is_no_evidence_for_a_match() -> None:
    model = linked(ORDINARY).linkage.model
    bits = {(part.name, level): np.log2(m / u) for part in model.engine_model.comparisons
            for level, m, u in zip(part.level_names, part.m, part.u, strict=True)}  # fmt: skip
    assert bits["dates", "far"] < 0
    assert bits["birth", "year_not_month"] < bits["birth", "year"] < bits["birth", "year_and_month"]


@pytest.mark.parametrize("n_stated", [0.0, 3.0, 30_000.0])
def test_how_often_months_are_stated_is_no_evidence(n_stated: float) -> None:
    m = np.array([0.01, 0.02, 0.01, 0.6, 0.36])
    u = np.array([8e4, 1e4, n_stated * 11 / 12 + 0.1, 1e4, n_stated / 12 + 0.01])
    u = u / u.sum()
    tied = with_months_as_stated(u, m)
    assert tied.sum() == pytest.approx(1)
    assert tied[:2] == pytest.approx(u[:2])
    assert (m / tied)[3] == pytest.approx(m[2:].sum() / u[2:].sum())
    assert (m / tied)[2] < (m / tied)[3] < (m / tied)[4]


def test_a_missing_hospital_is_said_loudly_with_its_cost() -> None:
    (note,) = linked(NO_HOSPITAL).linkage.notes
    assert note.startswith("WARNING: the hospital is missing on 100% of the claims stays")
    assert "Estimated cost" in note


def test_known_hospitals_give_no_warning() -> None:
    assert linked(ORDINARY).linkage.notes == ()


def test_row_order_does_not_matter() -> None:
    delivered = simulate(ORDINARY)
    rng = np.random.default_rng(7)

    def shuffled(table: pa.Table) -> pa.Table:
        return table.take(pa.array(rng.permutation(table.num_rows)))

    again = link_stays(shuffled(delivered.claims), shuffled(delivered.hospital), shuffled(delivered.coverage))
    assert again.pairs.equals(linked(ORDINARY).linkage.pairs)
    assert again.person_pairs.equals(linked(ORDINARY).linkage.person_pairs)
    assert again.model.digest == linked(ORDINARY).linkage.model.digest


def test_a_model_given_is_used_as_it_is() -> None:
    world = linked(ORDINARY)
    model = StayModel.read(world.linkage.model.canonical_json())
    again = link_stays(world.delivered.claims, world.delivered.hospital, world.delivered.coverage, model=model)
    assert again.model == world.linkage.model
    assert again.history == ()
    assert again.pairs.equals(world.linkage.pairs)


def test_a_model_given_links_another_delivery_without_training() -> None:
    other = simulate(World(seed=107, n_children=2500))
    model = linked(ORDINARY).linkage.model
    linkage = link_stays(other.claims, other.hospital, other.coverage, model=model)
    found = links_of(linkage)
    assert linkage.model.digest == model.digest
    assert len(found & other.true_pairs) / len(found) >= 0.99
    assert len(found & other.true_pairs) / len(other.true_pairs) >= 0.95


def test_empty_tables_link_nothing() -> None:
    delivered = simulate(World(seed=108, n_children=300))
    linkage = link_stays(delivered.claims.slice(0, 0), delivered.hospital.slice(0, 0), delivered.coverage.slice(0, 0))
    assert linkage.pairs.num_rows == 0
    assert linkage.person_pairs.num_rows == 0
    assert linkage.quality.precision.stated is None


def test_an_empty_side_links_nothing() -> None:
    delivered = simulate(World(seed=108, n_children=300))
    linkage = link_stays(delivered.claims, delivered.hospital.slice(0, 0), delivered.coverage)
    assert linkage.pairs.num_rows == 0


def test_one_stay_on_each_side_is_weighed_with_starting_values() -> None:
    delivered = simulate(ORDINARY)
    left, right = min(delivered.true_pairs)
    claims = delivered.claims.filter(pa.compute.equal(delivered.claims["stay_key"], left))
    hospital = delivered.hospital.filter(pa.compute.equal(delivered.hospital["stay_key"], right))
    linkage = link_stays(claims, hospital, delivered.coverage)
    assert linkage.model.n_trained == 0
    assert linkage.counts["candidate_stay_pairs"] == 1
    assert "not learned" in linkage.notes[0]


def test_cases_outside_the_coverage_are_never_linked() -> None:
    delivered = simulate(ORDINARY)
    early = pa.array([10] * delivered.coverage.num_rows, pa.int32()).cast(pa.date32())
    coverage = delivered.coverage.set_column(1, "start", early).set_column(2, "end", early)
    linkage = link_stays(delivered.claims, delivered.hospital, coverage)
    assert linkage.counts["linked_stay_pairs"] == 0
    assert set(linkage.pairs["reason_code"].to_pylist()) == {"outside_coverage"}


def test_unknown_coverage_excludes_nobody() -> None:
    delivered = simulate(ORDINARY)
    linkage = link_stays(delivered.claims, delivered.hospital, delivered.coverage.slice(0, 0))
    found = links_of(linkage)
    assert len(found & delivered.true_pairs) / len(delivered.true_pairs) >= 0.95


@pytest.mark.parametrize(
    "name", ["region", "sex", "birth_year", "birth_month", "weight_g", "icd_main", "icd", "ops", "person_key"]
)
def test_a_column_without_any_value_is_neutral(name: str) -> None:
    delivered = simulate(World(seed=109, n_children=4000))
    linkage = link_stays(without(delivered.claims, name), without(delivered.hospital, name), delivered.coverage)
    found = links_of(linkage)
    assert len(found & delivered.true_pairs) / len(found) >= 0.97
    assert len(found & delivered.true_pairs) / len(delivered.true_pairs) >= 0.75


def test_rows_without_a_key_are_counted_and_left_out() -> None:
    delivered = simulate(World(seed=110, n_children=1500))
    keys = delivered.claims["stay_key"].to_pylist()
    holed = pa.array([None if i % 10 == 0 else k for i, k in enumerate(keys)], pa.string())
    claims = delivered.claims.set_column(delivered.claims.column_names.index("stay_key"), "stay_key", holed)
    linkage = link_stays(claims, delivered.hospital, delivered.coverage)
    assert linkage.counts["claims_stays_without_key"] == len(range(0, len(keys), 10))
    assert None not in linkage.pairs["left_key"].to_pylist()


def test_a_repeated_key_is_used_once() -> None:
    delivered = simulate(World(seed=110, n_children=1500))
    linkage = link_stays(pa.concat_tables([delivered.claims, delivered.claims]), delivered.hospital, delivered.coverage)
    once = link_stays(delivered.claims, delivered.hospital, delivered.coverage)
    assert linkage.counts["claims_stays_repeated"] == delivered.claims.num_rows
    assert linkage.pairs.equals(once.pairs)


def test_missing_dates_are_near_nothing() -> None:
    delivered = simulate(World(seed=110, n_children=1500))
    dateless = without(delivered.claims, "admitted_on", "discharged_on")
    assert link_stays(dateless, delivered.hospital, delivered.coverage).pairs.num_rows == 0


def test_a_plan_over_its_budget_is_refused_before_the_work() -> None:
    delivered = simulate(World(seed=110, n_children=1500))
    with pytest.raises(TooManyPairs, match="more than max_candidate_pairs = 10"):
        link_stays(
            delivered.claims, delivered.hospital, delivered.coverage, settings=StaySettings(max_candidate_pairs=10)
        )


def test_wrong_hospital_ids_are_won_back_by_the_soft_pass() -> None:
    world = World(seed=111, n_children=6000, wrong_hospital=0.08)
    assert linked(world).recall > linked(world, StaySettings(soft_hospital=False)).recall + 0.03
    assert linked(world).precision >= 0.99


def test_quality_is_told_by_hospital_age_and_sex() -> None:
    groups = linked(ORDINARY).linkage.quality.groups
    assert {g.level for g in groups if g.group == "hospital"} == {"north", "south", "west"}
    assert {g.group for g in groups} == {"hospital", "age_group", "sex"}
    assert sum(g.n_links for g in groups if g.group == "sex") == linked(ORDINARY).linkage.quality.n_links
