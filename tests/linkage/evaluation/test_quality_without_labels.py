"""Quality where nobody knows the truth: the intervals hold it, or the result says that it cannot."""

import numpy as np
import pyarrow as pa
import pytest

from graph_schema.chance import stream
from linkage.decision.assign import one_to_one
from linkage.evaluation import (
    BadGrouping,
    DecoyLinks,
    Grouping,
    Partners,
    QualityEstimate,
    Share,
    decoys,
    estimate_without_labels,
    found_pairs,
)
from linkage.evaluation.found import BadFinds, FoundPairs
from linkage.model.weights import prior_bits
from tests.linkage.evaluation.made import FIELDS, Made, World, candidates, make, score

SEEDS = range(12)


def found(made: Made, world: World, **more: object) -> FoundPairs:
    return found_pairs(
        made.pairs,
        n_left=world.n,
        n_right=world.n,
        partners=Partners.ONE,
        threshold=world.threshold,
        expected_below=made.expected_below,
        agrees=made.agrees,
        rules=world.rules,
        key_names=FIELDS,
        **more,  # type: ignore[arg-type]
    )


def holds(share: Share, truth: float) -> bool:
    return share.low - 1e-9 <= truth <= share.high + 1e-9


@pytest.mark.parametrize(
    "world",
    [World(), World(families=0.25), World(dirty=0.15), World(n=600)],
    ids=["independent errors", "brothers and sisters", "dirty records", "few records"],
)
def test_intervals_hold_the_truth_at_their_level(world: World) -> None:
    hits = np.zeros(4)
    widths = []
    for seed in SEEDS:
        made = make(world, seed=seed)
        quality = estimate_without_labels(found(made, world)).overall
        assert quality.precision.includes_model_error
        assert quality.blocking is not None
        true = made.true_links
        hits += [
            holds(quality.precision.share, true / made.linked.sum()),
            holds(quality.recall_of_proposed.share, true / made.proposed_matches),
            holds(quality.recall.share, true / made.n_matches),
            holds(quality.blocking.loss, 1 - made.proposed_matches / made.n_matches),
        ]
        widths.append(quality.precision.share.high - quality.precision.share.low)
    assert (hits >= 11).all()
    assert np.mean(widths) < 0.02


@pytest.mark.parametrize(
    ("world", "believed"),
    [
        (World(n=4000, shared=0.2, compared=(0, 1, 2, 5), threshold=0.3), 12),
        (World(n=4000, shared=0.5, families=0.4, compared=(1, 2, 5), threshold=0.5), 6),
        (
            World(
                n=1000,
                shared=0.3,
                families=0.6,
                compared=(0, 1, 2, 5),
                errors=(0.2, 0.05, 0.1, 0.1, 0.1, 0.05),
                threshold=0.3,
            ),
            0,
        ),
    ],
    ids=["few are shared", "families without given names", "families taken for matches"],
)
def test_precision_is_held_even_where_the_model_alone_is_wrong(world: World, believed: int) -> None:
    hits, by_model = 0, 0
    for seed in SEEDS:
        made = make(world, seed=seed)
        precision = estimate_without_labels(found(made, world)).overall.precision
        truth = made.true_links / made.linked.sum()
        hits += holds(precision.share, truth)
        by_model += holds(precision.views[0].share, truth)
    assert hits >= 11
    assert by_model <= believed


def test_where_the_comparisons_cannot_tell_matches_from_strangers_the_result_says_so() -> None:
    world = World(compared=(1, 2, 5), threshold=0.7)
    quality = estimate_without_labels(found(make(world, seed=0), world)).overall
    assert not quality.recall_of_proposed.includes_model_error
    assert quality.recall.share.share is None
    assert quality.recall.share.low == 0.0
    assert any("counted by the model alone" in said for said in quality.cannot_say)
    assert any("its errors are never seen" in said for said in quality.cannot_say)


def test_one_rule_cannot_show_what_it_loses() -> None:
    world = World(rules=((2, 3, 4),))
    quality = estimate_without_labels(found(make(world, seed=1), world)).overall
    assert quality.blocking is not None
    assert (quality.blocking.loss.low, quality.blocking.loss.high) == (0.0, 1.0)
    assert any("one blocking rule" in said for said in quality.cannot_say)


def test_without_keys_the_loss_of_blocking_is_not_guessed() -> None:
    world = World()
    made = make(world, seed=1)
    bare = found_pairs(made.pairs, n_left=world.n, n_right=world.n, partners=Partners.ONE, threshold=world.threshold)
    quality = estimate_without_labels(bare).overall
    assert quality.blocking is None
    assert (quality.recall.share.share, quality.recall.share.low) == (None, 0.0)
    assert quality.recall_of_proposed.share.low > 0.9


def test_with_many_partners_a_record_only_the_model_speaks_and_that_is_said() -> None:
    world = World()
    made = make(world, seed=1)
    bare = found_pairs(made.pairs, n_left=world.n, n_right=world.n, partners=Partners.MANY, threshold=world.threshold)
    quality = estimate_without_labels(bare).overall
    assert [seen.view for seen in quality.precision.views] == ["model"]
    assert not quality.precision.includes_model_error
    assert any("no second view" in said for said in quality.cannot_say)


def test_no_link_has_no_quality() -> None:
    world = World(n=200)
    made = make(world, seed=1)
    quality = estimate_without_labels(found(Made(**{**fields(made), "pairs": unlinked(made.pairs)}), world)).overall
    assert quality.n_links == 0
    assert quality.precision.share == Share(share=None, low=0.0, high=1.0)
    assert "there are no links" in quality.cannot_say


def fields(made: Made) -> dict[str, object]:
    return {name: getattr(made, name) for name in made.__dataclass_fields__}


def unlinked(pairs: pa.Table) -> pa.Table:
    return pairs.set_column(pairs.schema.get_field_index("judgement"), "judgement", pa.array(["non_link"] * len(pairs)))


def test_an_overconfident_model_is_contradicted_by_the_number_of_partners() -> None:
    """Strangers scored as surely as matches: a third of the left records has one of each, some only a stranger."""
    draw = stream("overconfident", seed=3)
    n, n_matched = 2000, 1000
    stranger = np.flatnonzero(draw.random(n) < 0.3)
    left = np.concatenate([np.arange(n_matched), stranger])
    right = np.concatenate([np.arange(n_matched), draw.integers(n_matched, n, len(stranger))])
    weight = draw.normal(12, 1, len(left))
    chosen = one_to_one(left, right, weight)
    pairs = pa.table(
        {
            "left_row": left,
            "right_row": right,
            "match_probability": np.full(len(left), 0.999),
            "judgement": np.where(chosen, "link", "non_link"),
        }
    )
    quality = estimate_without_labels(
        found_pairs(pairs, n_left=n, n_right=n, partners=Partners.ONE, threshold=0.9)
    ).overall
    truth = float((left == right)[chosen].mean())
    by = {seen.view: seen.share for seen in quality.precision.views}
    assert by["model"].low > truth + 0.1
    assert (by["neighbours"].share or 1.0) < 0.95
    assert quality.precision.share.share == by["neighbours"].share


@pytest.mark.parametrize("compete", [False, True], ids=["all above the threshold", "one partner each"])
def test_within_one_table_a_pair_is_a_partner_of_both_its_records(compete: bool) -> None:
    hits = 0
    for seed in SEEDS:
        draw = stream("one-table", seed=seed)
        n, n_true, n_false = 4000, 1000, 300
        ends = np.sort(draw.integers(0, n, (n_false, 2)), axis=1)
        ends = ends[ends[:, 0] < ends[:, 1]]
        left = np.concatenate([np.arange(n_true), ends[:, 0]])
        right = np.concatenate([np.arange(n_true) + n_true, ends[:, 1]])
        weight = np.where(np.arange(len(left)) < n_true, 9.0, 6.0)
        best = np.zeros(n)
        for side in (left, right):
            np.maximum.at(best, side, weight)
        chosen = (weight >= best[left]) & (weight >= best[right]) if compete else np.ones(len(left), dtype=bool)
        pairs = pa.table(
            {
                "left_row": left,
                "right_row": right,
                "match_probability": 1 / (1 + 2.0**-weight),
                "judgement": np.where(chosen, "link", "non_link"),
            }
        )
        given = found_pairs(pairs, n_left=n, partners=Partners.ONE, threshold=0.9)
        views = {seen.view: seen.share for seen in estimate_without_labels(given).overall.precision.views}
        hits += holds(views["neighbours"], n_true / chosen.sum())
    assert hits >= 10


def test_subgroups_have_their_own_intervals_that_hold_their_truth() -> None:
    world = World(n=4000, families=0.2)
    hits, n = np.zeros(2), 0
    for seed in range(6):
        made = make(world, seed=seed)
        hospital = Grouping.of("hospital", [f"h{code}" for code in made.hospital])
        estimate = estimate_without_labels(found(made, world), groupings=[hospital])
        assert [group.level for group in estimate.groups] == ["h0", "h1"]
        for code, group in enumerate(estimate.groups):
            mine = made.hospital[made.pairs["left_row"].to_numpy()] == code
            right = int((made.linked & made.is_match & mine).sum())
            matches = int((made.partner[made.hospital == code] >= 0).sum())
            hits += [
                holds(group.quality.precision.share, right / int((made.linked & mine).sum())),
                holds(group.quality.recall.share, right / matches),
            ]
            n += 1
        assert sum(group.quality.n_links for group in estimate.groups) == estimate.overall.n_links
    assert (hits >= n - 1).all()


def test_a_grouping_known_on_the_right_alone_divides_the_right_records() -> None:
    world = World(n=600)
    made = make(world, seed=2)
    insurer = Grouping.of("insurer", None, ["x", "y"] * 300)
    estimate = estimate_without_labels(found(made, world), groupings=[insurer])
    assert [group.quality.n_records for group in estimate.groups] == [300, 300]
    assert sum(group.quality.n_links for group in estimate.groups) == estimate.overall.n_links


def test_a_grouping_of_other_records_is_refused_before_any_work() -> None:
    world = World(n=200)
    given = found(make(world, seed=2), world)
    with pytest.raises(BadGrouping, match="200 left records"):
        estimate_without_labels(given, groupings=[Grouping.of("sex", ["f"])])


def test_links_to_decoys_are_as_many_as_links_to_strangers() -> None:
    """Shuffled given names and birth dates against kept surname and postcode: decoys compete as strangers do."""
    world = World(n=2000, errors=(0.3, 0.3, 0.2, 0.2, 0.2, 0.3), threshold=0.3, compared=(0, 1, 2, 5))
    hits = 0
    for seed in range(6):
        made = make(world, seed=seed)
        table = pa.table({name: made.right[:, column] for column, name in enumerate(FIELDS)})
        rows = []
        for number in range(4):
            false, _ = decoys(table, together=[[name] for name in FIELDS], number=number, seed=seed)
            rows.append(decoy_links(made, np.stack([false[name].to_numpy() for name in FIELDS], axis=1), world))
        estimate = estimate_without_labels(found(made, world), decoys=DecoyLinks(np.concatenate(rows), 4))
        by = {seen.view: seen.share for seen in estimate.overall.precision.views}
        truth = made.true_links / made.linked.sum()
        hits += holds(by["decoys"], truth)
        assert estimate.n_decoy_sets == 4
        assert holds(estimate.overall.precision.share, truth)
    assert hits >= 5


def decoy_links(made: Made, false: np.ndarray, world: World) -> np.ndarray:
    """Left rows linked to a decoy when the decoys compete with the right records."""
    right = np.concatenate([made.right, false])
    rows = candidates(made.left, right, world.rules)
    weight = score(made.model, made.left, right, rows, world)
    kept = weight >= prior_bits(world.threshold)
    chosen = one_to_one(rows[0][kept], rows[1][kept], weight[kept] - prior_bits(world.threshold) + 1e-9)
    return rows[0][kept][chosen & (rows[1][kept] >= len(made.right))]


def test_the_estimate_is_json_and_the_same_every_time() -> None:
    world = World(n=600)
    given = found(make(world, seed=2), world)
    once, again = estimate_without_labels(given), estimate_without_labels(given)
    assert once.model_dump_json() == again.model_dump_json()
    assert QualityEstimate.model_validate_json(once.model_dump_json()) == once
    assert [said.split(":")[0] for said in once.assumptions] == ["model", "neighbours", "histories"]


def test_pairs_without_a_column_are_refused() -> None:
    pairs = pa.table({"left_row": [0], "right_row": [0], "match_probability": [0.5]})
    with pytest.raises(BadFinds, match="judgement"):
        found_pairs(pairs, n_left=1, n_right=1, partners=Partners.ONE, threshold=0.5)
