"""The front door: two tables or one, proposed or given settings, models used again, real test sets."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import linkage.comparison_library as cl
from linkage import Linker, LinkSettings, block_on
from linkage.blocking import BudgetExceeded
from linkage.evaluation import score_links
from linkage.linker.linkage import Linkage
from linkage.linker.settings import BadSettings
from linkage.model import BadModel
from linkage.model.weights import prior_bits
from linkage.proposal.propose import propose
from linkage.tables import read_table
from tests.linkage.people import people, with_relatives

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
shared_data = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the public test data are not beside the checkout"),
]


def rows(linkage: Linkage) -> np.ndarray:
    links = linkage.links
    return np.stack([links.column("left_row").to_numpy(), links.column("right_row").to_numpy()], axis=1)


@pytest.fixture(scope="module")
def made() -> tuple[pa.Table, pa.Table, np.ndarray]:
    return people(3_000)


@pytest.fixture(scope="module")
def linked(made: tuple[pa.Table, pa.Table, np.ndarray]) -> Linkage:
    left, right, _ = made
    return Linker([left, right], propose(left, right)).link()


def test_made_people_are_found_without_any_truth(made: tuple[pa.Table, pa.Table, np.ndarray], linked: Linkage) -> None:
    scores = score_links(rows(linked), made[2])
    assert scores.precision >= 0.99
    assert scores.recall >= 0.97
    assert linked.decisions.decided.expected_precision == pytest.approx(scores.precision, abs=0.03)


def test_a_pair_carries_what_its_decision_was_made_on(linked: Linkage) -> None:
    weights = [name for name in linked.pairs.column_names if name.startswith("mw_")]
    threshold = 0.5
    for pair in linked.pairs.slice(0, 50).to_pylist():
        summed = sum(pair[name] for name in weights) + prior_bits(linked.model.prior)
        assert pair["match_weight"] == pytest.approx(summed)
        assert pair["judgement"] in {"link", "possible_link", "non_link"}
        assert pair["reason_code"] in {"assigned", "below_threshold", "lost_assignment"}
        assert (pair["judgement"] == "link") is (
            pair["match_probability"] >= threshold and pair["reason_code"] == "assigned"
        )
        assert 0 <= pair["probability_assigned"] <= 1


def test_a_record_is_linked_once_when_partners_are_one_to_one(linked: Linkage) -> None:
    pairs = rows(linked)
    assert len(np.unique(pairs[:, 0])) == len(np.unique(pairs[:, 1])) == len(pairs)


def test_equal_inputs_give_an_equal_model_and_equal_pairs(
    made: tuple[pa.Table, pa.Table, np.ndarray], linked: Linkage
) -> None:
    left, right, _ = made
    again = Linker([left, right], propose(left, right)).link()
    assert again.model.canonical_json() == linked.model.canonical_json()
    assert again.pairs.equals(linked.pairs)


def test_a_given_model_is_used_as_it_is(made: tuple[pa.Table, pa.Table, np.ndarray], linked: Linkage) -> None:
    left, right, _ = made
    second = Linker([left, right.slice(0, 500)], propose(left, right), model=linked.model).link()
    assert second.model == linked.model
    assert second.trained is None
    assert second.links.num_rows > 300


def test_a_model_of_other_comparisons_is_refused(linked: Linkage) -> None:
    table = pa.table({"x": ["a", "b", "c"]})
    one = LinkSettings(comparisons=[cl.ExactMatch("x")], blocking_rules_to_generate_predictions=[block_on("x")])
    with pytest.raises(BadModel, match="expected the comparisons x"):
        Linker([table, table], one, model=linked.model)


def test_too_many_pairs_are_refused_before_any_is_compared(made: tuple[pa.Table, pa.Table, np.ndarray]) -> None:
    left, right, _ = made
    settings = LinkSettings(
        comparisons=[cl.ExactMatch("given")],
        blocking_rules_to_generate_predictions=[block_on("given")],
        max_pairs=1_000,
    )
    compared: list[int] = []
    linker = Linker([left, right], settings)
    with pytest.raises(BudgetExceeded, match="max_pairs = 1,000"):
        linker.link(on_pairs=compared.append)
    assert compared == []


def test_duplicates_of_one_table_become_groups() -> None:
    left, right, true = people(800, shared=0.2)
    both = pa.concat_tables([left, right]).drop(["id"])
    found = Linker(both, propose(both)).link()
    scores = score_links(rows(found), true + np.array([0, 800]))
    assert scores.recall >= 0.95
    assert scores.precision >= 0.95
    assert found.clusters is not None
    pairs = rows(found)
    assert np.array_equal(found.clusters.label[pairs[:, 0]], found.clusters.label[pairs[:, 1]])


def test_a_left_record_may_have_several_right_ones_when_asked() -> None:
    left, right, true = people(1_000)
    twice = pa.concat_tables([right, right])
    settings = propose(left, twice, cardinality="one_to_many")
    pairs = rows(Linker([left, twice], settings).link())
    assert len(np.unique(pairs[:, 1])) == len(pairs)
    assert np.mean(np.bincount(pairs[:, 0])[np.unique(pairs[:, 0])] == 2) >= 0.99
    assert len(pairs) > 1.8 * len(true)


def test_a_rare_name_weighs_more_than_a_common_one() -> None:
    left, _, _ = people(2_000)
    rare = pa.array(["Zwiebelfisch" if i < 6 else v for i, v in enumerate(left["family"].to_pylist())])
    left = left.set_column(left.column_names.index("family"), "family", rare)
    linkage = Linker([left, left], propose(left, left)).link()
    own = linkage.pairs.filter(pc.equal(linkage.pairs["left_row"], linkage.pairs["right_row"]))
    bits = {pair["left_row"]: pair["mw_family"] + pair["mw_tf_adj_family"] for pair in own.to_pylist()}
    common = np.median([weight for row, weight in bits.items() if row >= 6])
    assert all(bits[row] > common + 1 for row in range(6))


def test_a_prior_from_rules_is_kept_by_the_training(made: tuple[pa.Table, pa.Table, np.ndarray]) -> None:
    left, right, _ = made
    linker = Linker([left, right], propose(left, right))
    known = linker.training.estimate_probability_two_random_records_match([block_on("given", "family", "born")], 0.5)
    assert linker.training.train().model.prior == pytest.approx(known)


def test_brothers_and_sisters_are_not_taken_for_the_child() -> None:
    left, right, true = people(3_000)
    family = with_relatives(left, right, share=0.4)
    linkage = Linker([left, family], propose(left, family)).link()
    scores = score_links(rows(linkage), true)
    assert scores.n_wrong <= 0.01 * linkage.links.num_rows
    assert scores.recall >= 0.95
    assert linkage.model.prior * linkage.plan.n_possible == pytest.approx(len(true), rel=0.05)


def test_settings_are_one_json_that_reads_back(made: tuple[pa.Table, pa.Table, np.ndarray]) -> None:
    settings = propose(made[0], made[1])
    assert LinkSettings.read(settings.model_dump_json()) == settings
    assert LinkSettings.read(settings.canonical_json()).digest == settings.digest


def test_wrong_settings_name_the_key() -> None:
    with pytest.raises(BadSettings, match=r"link settings, blockign: no such key; expected one of .*blocking_rules_to"):
        LinkSettings.read(
            '{"comparisons":[{"name":"x","levels":[{"kind":"exact","column":"x"},{"kind":"else"}]}],'
            '"blocking_rules_to_generate_predictions":[{"keys":[]}],"blockign":[]}'
        )


def febrl4() -> tuple[pa.Table, pa.Table]:
    return tuple(read_table(SHARED / "febrl" / name).table for name in ("dataset4a.csv", "dataset4b.csv"))  # type: ignore[return-value]


class TestRealSets:
    pytestmark = shared_data

    def test_febrl_4_is_linked_nearly_whole_without_a_wrong_pair(self) -> None:
        left, right = febrl4()
        linkage = Linker([left, right], propose(left, right)).link()
        a, b = ([name.split("-")[1] for name in table["rec_id"].to_pylist()] for table in (left, right))
        right_ones = sum(a[i] == b[j] for i, j in rows(linkage).tolist())
        assert right_ones >= 4_990
        assert linkage.links.num_rows - right_ones <= 10

    def test_rldata500_gives_its_duplicates(self) -> None:
        table = read_table(SHARED / "rldata" / "RLdata500.csv").table
        identity = table["identity"].to_pylist()
        linkage = Linker(table.drop(["identity"]), propose(table.drop(["identity"]))).link()
        right_ones = sum(identity[i] == identity[j] for i, j in rows(linkage).tolist())
        assert right_ones >= 48
        assert linkage.links.num_rows - right_ones <= 2

    def test_febrl_3_gives_its_duplicates_as_groups(self) -> None:
        table = read_table(SHARED / "febrl" / "dataset3.csv").table
        person = np.array([int(name.split("-")[1]) for name in table["rec_id"].to_pylist()])
        linkage = Linker(table, propose(table)).link()
        assert linkage.clusters is not None
        together = Counter(zip(linkage.clusters.label.tolist(), person.tolist(), strict=True))
        right_ones = sum(n * (n - 1) // 2 for n in together.values())
        grouped = sum(n * (n - 1) // 2 for n in Counter(linkage.clusters.label.tolist()).values())
        assert right_ones >= 6_500
        assert grouped - right_ones <= 10
