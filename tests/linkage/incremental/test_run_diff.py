"""For every link of only one run the thing that turned it: data, model, settings, competition or a person."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pytest

from linkage.decision.cardinality import Cardinality
from linkage.decision.constraints import Constraints
from linkage.decision.decide import decide
from linkage.incremental.diff import RunDiff, diff_runs
from linkage.incremental.kept import Run, RunsNotComparable
from linkage.model.model import ComparisonModel, Model
from linkage.model.weights import PatternWeights, posterior, prior_bits
from tests.linkage.incremental.standin import People, facts

LEFT: People = {"1": ("anna", "bonn"), "2": ("berta", "bonn")}
RIGHT: People = {"a": ("anna", "bonn"), "b": ("berta", "aachen")}


def model(*, name_m: float = 0.95, prior: float = 0.25) -> Model:
    return Model(
        comparisons=(
            ComparisonModel(name="name", level_names=("else", "exact"), m=(1 - name_m, name_m), u=(0.99, 0.01)),
            ComparisonModel(name="town", level_names=("else", "exact"), m=(0.2, 0.8), u=(0.8, 0.2)),
        ),
        prior=prior,
    )


@dataclass(frozen=True)
class World:
    """What a run is made of."""

    left: People
    right: People
    model: Model
    threshold: float = 0.9
    possible: float = 0.05
    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    rules: tuple[str, ...] = ("everybody",)
    constraints: Constraints | None = None
    term_bits: float = 0.0
    proposed: tuple[tuple[str, str], ...] | None = None

    def run(self) -> Run:
        cells = [(i, j) for i in range(len(self.left)) for j in range(len(self.right))]
        if self.proposed is not None:
            ids = (list(self.left), list(self.right))
            cells = [(i, j) for i, j in cells if (ids[0][i], ids[1][j]) in self.proposed]
        left, right = (np.array([cell[side] for cell in cells], dtype=np.int64) for side in (0, 1))
        who = (list(self.left.values()), list(self.right.values()))
        gammas = np.array([[who[0][i][k] == who[1][j][k] for k in range(2)] for i, j in cells], dtype=np.int8).reshape(
            -1, 2
        )
        terms = np.where(gammas[:, 0] == 1, self.term_bits, 0.0)
        weight = PatternWeights(self.model).bits(gammas) + prior_bits(self.model.prior) + terms
        must = np.zeros(len(cells), dtype=bool)
        if self.constraints is not None:
            must = self.constraints.judge(left, right).verdict != 0
        kept = must | (posterior(weight, 0.5) >= self.possible)
        left, right, gammas, terms, weight = left[kept], right[kept], gammas[kept], terms[kept], weight[kept]
        decided = decide(
            Scored(left, right, weight), cardinality=self.cardinality, threshold=self.threshold,
            possible=self.possible, constraints=self.constraints,
        )  # fmt: skip
        pairs = pa.table(
            {
                "source_dataset_l": pa.array(["l"] * len(left), pa.string()),
                "unique_id_l": pa.array([list(self.left)[i] for i in left], pa.string()),
                "source_dataset_r": pa.array(["r"] * len(left), pa.string()),
                "unique_id_r": pa.array([list(self.right)[j] for j in right], pa.string()),
                "match_weight": weight,
                "gamma_name": gammas[:, 0],
                "gamma_town": gammas[:, 1],
                "mw_tf_adj_name": terms,
                "judgement": decided.judgement.cast(pa.string()),
                "reason_code": decided.reason.cast(pa.string()),
            }
        )
        records = pa.concat_tables([facts(self.left, "l"), facts(self.right, "r")])
        return Run(
            pairs=pairs, records=records, model=self.model, threshold=self.threshold, possible=self.possible,
            cardinality=self.cardinality, rules=self.rules,
        )  # fmt: skip


@dataclass(frozen=True)
class Scored:
    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray


WORLD = World(LEFT, RIGHT, model())


def diff(after: World, before: World = WORLD) -> RunDiff:
    return diff_runs(before.run(), after.run())


def told(found: RunDiff) -> list[tuple[str, str, str, str, str]]:
    return [
        (row["unique_id_l"], row["unique_id_r"], row["change"], row["cause"], row["detail"])
        for row in found.links.to_pylist()
    ]


def test_two_equal_runs_differ_in_nothing() -> None:
    found = diff(WORLD)
    assert (found.links.num_rows, found.n_same) == (0, 1)
    assert WORLD.run().pairs.column("judgement").to_pylist() == ["link", "non_link", "possible_link"]


def test_a_record_that_is_no_longer_delivered_takes_its_link_along() -> None:
    found = diff(replace(WORLD, right={"b": RIGHT["b"]}))
    assert told(found) == [("1", "a", "lost", "data", "record_removed")]


def test_a_new_record_brings_its_link() -> None:
    found = diff(replace(WORLD, left=LEFT | {"3": ("clara", "ulm")}, right=RIGHT | {"c": ("clara", "ulm")}))
    assert told(found) == [("3", "c", "gained", "data", "record_added")]


def test_a_corrected_record_gains_a_link() -> None:
    found = diff(replace(WORLD, right=RIGHT | {"b": ("berta", "bonn")}))
    assert told(found) == [("2", "b", "gained", "data", "record_changed")]
    (row,) = found.links.to_pylist()
    assert row["weight_after"] - row["weight_before"] == pytest.approx(4.0)


def test_a_record_changed_beyond_recognition_loses_the_pair_itself() -> None:
    found = diff(replace(WORLD, right=RIGHT | {"a": ("zoe", "ulm")}))
    assert told(found) == [("1", "a", "lost", "data", "record_changed")]
    assert found.links.column("weight_after").to_pylist() == [None]


def test_values_that_have_become_frequent_weigh_less() -> None:
    found = diff(replace(WORLD, term_bits=-4.0))
    assert told(found) == [("1", "a", "lost", "data", "term_frequencies")]


def test_what_dropped_a_pair_without_a_change_of_its_records_is_the_frequency_of_its_values() -> None:
    found = diff(replace(WORLD, right={"a": RIGHT["a"]}, term_bits=-12.0))
    assert told(found) == [("1", "a", "lost", "data", "term_frequencies")]
    assert found.links.column("weight_after").to_pylist() == [None]


def test_another_model_is_named_with_what_of_it_counts() -> None:
    assert told(diff(replace(WORLD, model=model(name_m=0.05)))) == [("1", "a", "lost", "model", "weights")]
    assert told(diff(replace(WORLD, model=model(prior=0.01)))) == [("1", "a", "lost", "model", "prior")]


def test_another_model_that_drops_the_pair_altogether_is_still_the_model() -> None:
    found = diff(replace(WORLD, model=model(name_m=0.0001, prior=0.1)))
    assert told(found) == [("1", "a", "lost", "model", "weights")]


def test_a_run_makes_of_its_own_levels_and_adjustments_what_they_weighed() -> None:
    run = replace(WORLD, term_bits=2.5).run()
    assert run.term_bits.tolist() == [2.5, 0.0, 2.5]
    assert run.reweighed(run.gammas, run.term_bits).tolist() == pytest.approx(run.weight.tolist())
    other = run.reweighed(run.gammas, run.term_bits, prior=0.5)
    assert (other - run.weight).tolist() == pytest.approx([-prior_bits(0.25)] * 3)


def test_another_threshold_is_a_setting() -> None:
    assert told(diff(replace(WORLD, threshold=0.8))) == [("2", "b", "gained", "settings", "threshold")]
    assert told(diff(replace(WORLD, threshold=0.9999))) == [("1", "a", "lost", "settings", "threshold")]


def test_a_pair_no_rule_proposes_any_more_is_lost_to_the_rules() -> None:
    found = diff(replace(WORLD, rules=("same town",), proposed=()))
    assert told(found) == [("1", "a", "lost", "settings", "rules")]


def test_a_new_record_that_fits_better_is_competition_and_is_named() -> None:
    world = replace(WORLD, right={"a": ("anna", "bonn")}, model=model(prior=0.7), left={"1": ("anna", "ulm")})
    found = diff(replace(world, left=world.left | {"9": ("anna", "bonn")}), world)
    assert told(found) == [
        ("1", "a", "lost", "competition", "rival_added"),
        ("9", "a", "gained", "data", "record_added"),
    ]
    lost = found.links.to_pylist()[0]
    assert (lost["rival_unique_id_l"], lost["rival_unique_id_r"]) == ("9", "a")


def test_a_rival_that_changed_or_left_is_competition_too() -> None:
    world = replace(
        WORLD, right={"a": ("anna", "bonn")}, left={"1": ("anna", "ulm"), "9": ("anna", "bonn")}, model=model(prior=0.7)
    )
    changed = diff(replace(world, left=world.left | {"9": ("zoe", "jena")}), world)
    assert ("1", "a", "gained", "competition", "rival_changed") in told(changed)
    left = diff(replace(world, left={"1": ("anna", "ulm")}), world)
    assert ("1", "a", "gained", "competition", "rival_removed") in told(left)


def test_a_person_comes_before_everything() -> None:
    cannot = Constraints(cannot=np.array([[0, 0]]))
    found = diff(replace(WORLD, constraints=cannot, threshold=0.99, right=RIGHT | {"a": ("anna", "ulm")}))
    assert told(found) == [("1", "a", "lost", "person", "constraint_cannot")]
    assert found.links.column("also").to_pylist() == [["data", "settings"]]


def test_a_withdrawn_must_link_is_a_persons_doing() -> None:
    must = replace(WORLD, constraints=Constraints(must=np.array([[1, 0]])))
    found = diff(WORLD, must)
    assert ("2", "a", "lost", "person", "withdrawn") in told(found)


def test_a_link_that_a_must_link_pushed_out_was_lost_to_a_person() -> None:
    found = diff(replace(WORLD, constraints=Constraints(must=np.array([[1, 0]]))))
    assert told(found) == [
        ("1", "a", "lost", "person", "rival"),
        ("2", "a", "gained", "person", "constraint_must"),
    ]


def test_another_cardinality_is_a_setting() -> None:
    twins = World({"1": ("anna", "bonn")}, {"a": ("anna", "bonn"), "b": ("anna", "bonn")}, model())
    found = diff(replace(twins, cardinality=Cardinality.ONE_TO_MANY), twins)
    assert told(found) == [("1", "b", "gained", "settings", "cardinality")]


def test_causes_are_counted() -> None:
    found = diff(replace(WORLD, threshold=0.8, right={"b": RIGHT["b"]}))
    assert found.counts == {
        ("gained", "settings", "threshold"): 1,
        ("lost", "data", "record_removed"): 1,
    }


def test_the_order_of_the_records_is_no_change() -> None:
    found = diff(replace(WORLD, left=dict(reversed(LEFT.items())), right=dict(reversed(RIGHT.items()))))
    assert (found.links.num_rows, found.n_same) == (0, 1)


def test_a_run_kept_without_its_levels_is_refused() -> None:
    run = WORLD.run()
    with pytest.raises(RunsNotComparable, match="gamma_town"):
        replace(run, pairs=run.pairs.drop(["gamma_town"]))


def test_runs_without_any_pair_differ_in_nothing() -> None:
    none = replace(WORLD, proposed=())
    assert diff(none, none).links.num_rows == 0
