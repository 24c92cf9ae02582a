"""Explanations of pairs there and not there; constraints on pairs nobody proposed; runs that build on each other."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from graph_schema.errors import UserError
from linkage import Linker
from linkage.decision.constraints import Constraint, ConstraintKind, RecordName
from linkage.explain.absent import Gate
from linkage.linker.decisions import Decisions
from linkage.linker.explaining import NeverPaired, RecordNotFound
from linkage.linker.settings import BadSettings
from tests.linkage.linker.small import model, rivals, settings, tables, trained


def said(kind: ConstraintKind, left: str, right: str, *, reviewed: bool = False) -> Constraint:
    return Constraint(
        kind=kind,
        left=RecordName(source="left", id=left),
        right=RecordName(source="right", id=right),
        author="reviewer 1",
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
        reason="letters were compared",
        reviewed=reviewed,
    )


@pytest.fixture(scope="module")
def decided() -> Decisions:
    return rivals().clustering.decide(rivals().inference.predict(0.01))


def first(decided: Decisions, **wanted: str) -> dict[str, str]:
    found = [row for row in decided.table.to_pylist() if all(row[name] == value for name, value in wanted.items())]
    return found[0]


def strangers(decided: Decisions) -> tuple[str, str]:
    """Two records that no rule proposes."""
    left, right = (table.to_pylist() for table in tables())
    return next(
        (a["id"], b["id"])
        for a in left
        for b in right
        if a["family"] != b["family"] and a["born"] != b["born"] and a["given"] != b["given"]
    )


def test_an_explanation_sums_to_the_score(decided: Decisions) -> None:
    for row in decided.table.slice(0, 20).to_pylist():
        told = rivals().explain(row["unique_id_l"], row["unique_id_r"], decisions=decided)
        assert told.match_weight == pytest.approx(row["match_weight"])
        assert sum(step.bits for step in told.steps) == pytest.approx(row["match_weight"])
        assert told.judgement == row["judgement"]
    with pytest.raises(RecordNotFound, match="no record 'Z9'"):
        rivals().explain("A1", "Z9")


def test_every_gate_is_told(decided: Decisions) -> None:
    linker = rivals()

    def gate(left: str, right: str, by: Decisions = decided) -> Gate:
        return linker.explain_absent(left, right, decisions=by).gate

    link = first(decided, judgement="link")
    lost = first(decided, reason_code="lost_assignment")
    assert gate("A1", "Z9") is Gate.NOT_DELIVERED
    assert gate(*strangers(decided)) is Gate.NOT_CO_BLOCKED
    assert gate(link["unique_id_l"], link["unique_id_r"]) is Gate.LINKED
    assert gate(lost["unique_id_l"], lost["unique_id_r"]) in {Gate.LOST_ASSIGNMENT, Gate.BELOW_THRESHOLD}
    every = linker.clustering.decide(linker.inference.predict())
    weak = min(every.table.to_pylist(), key=lambda row: row["match_weight"])
    assert gate(weak["unique_id_l"], weak["unique_id_r"], every) is Gate.BELOW_POSSIBLE
    strict = linker.clustering.decide(decided.predictions, threshold_match_probability=1 - 1e-12)
    assert gate(link["unique_id_l"], link["unique_id_r"], strict) is Gate.BELOW_THRESHOLD
    for reviewed, wanted in ((False, Gate.CONSTRAINT), (True, Gate.REVIEWER)):
        word = said(ConstraintKind.CANNOT, link["unique_id_l"], link["unique_id_r"], reviewed=reviewed)
        kept = linker.clustering.decide(decided.predictions, constraints=[word])
        assert gate(link["unique_id_l"], link["unique_id_r"], kept) is wanted


def test_records_of_one_table_are_apart() -> None:
    left, right = tables()
    linker = Linker({"a": left, "b": right, "c": left.slice(0, 9)}, settings(), model=model())
    assert linker.explain_absent("a:A1", "a:A2").gate is Gate.APART
    of_two = rivals()
    name = of_two.inputs.names[0]
    told = of_two.explain_absent(f"{name}:A1", f"{name}:A2")
    assert (told.gate, told.explanation) == (Gate.APART, None)
    assert told.reason == f"the two are never paired: both are of {name}"
    assert of_two.explain_absent(f"{name}:A1", f"{name}:A1").reason.endswith("they are one record")
    with pytest.raises(NeverPaired, match="expected a record of each table"):
        of_two.explain(f"{name}:A1", f"{name}:A2")


def test_a_lost_pair_is_told_its_margin(decided: Decisions) -> None:
    for row in decided.table.to_pylist():
        if row["reason_code"] == "lost_assignment" and row["margin_bits"] is not None:
            told = rivals().explain_absent(row["unique_id_l"], row["unique_id_r"], decisions=decided)
            assert told.margin_bits == pytest.approx(row["margin_bits"])
            return
    pytest.fail("no pair lost its assignment")


def test_a_pair_that_must_be_linked_is_weighed_and_linked_though_nobody_proposed_it(decided: Decisions) -> None:
    left, right = strangers(decided)
    held = rivals().clustering.decide(decided.predictions, constraints=[said(ConstraintKind.MUST, left, right)])
    assert len(held) == len(decided) + 1
    (row,) = [r for r in held.table.to_pylist() if (r["unique_id_l"], r["unique_id_r"]) == (left, right)]
    assert (row["judgement"], row["reason_code"], row["match_key"]) == ("link", "constraint_must", None)
    assert row["match_weight"] < 0
    assert len(held.decided.missing_must) == 0


def test_an_update_equals_scoring_everything(decided: Decisions) -> None:
    linker = trained()
    before = linker.incremental.keep(linker.clustering.decide(linker.inference.predict(linker.settings.possible)))
    left, right = tables()
    born = right["born"].to_pylist()
    born[3] = born[5]
    changed = right.set_column(right.column_names.index("born"), "born", pa.array(born))
    after = Linker([left, changed], settings(), model=model())
    after.register_frequencies("family", linker.frequencies()["family"])
    columns = ["unique_id_l", "unique_id_r", "match_weight", "gamma_born", "match_key"]
    whole = after.inference.predict(after.settings.possible).table.select(columns).to_pylist()
    some = after.incremental.update(before).table.select(columns).to_pylist()
    assert [row | {"match_weight": pytest.approx(row["match_weight"])} for row in whole] == some


def test_labels_samples_clusters_and_decoys_measure_the_linkage() -> None:
    linker = trained()
    decided = linker.clustering.decide(linker.inference.predict(0.01))
    evaluation = linker.evaluation
    for shown in ("threshold_selection", "roc", "precision_recall", "accuracy", "table"):
        found = evaluation.accuracy_analysis_from_labels_column("person", output_type=shown)  # type: ignore[arg-type]
        assert found is not None
    overall = evaluation.accuracy(evaluation.labelled_by_column("person", decided)).overall
    assert overall.precision.share == pytest.approx(1, abs=0.04)
    scores, groups = evaluation.cluster_scores(linker.clustering.clusters_of(decided), "person", by=["given"])
    assert scores.b_cubed.f1 is not None
    assert scores.b_cubed.f1 > 0.95
    assert sum(part.scores.n_records for part in groups) == scores.n_records == 300
    estimate = evaluation.estimate_without_labels(decided, n_decoy_sets=1)
    assert estimate.n_decoy_sets == 1
    assert "decoys" in {seen.view for seen in estimate.overall.precision.views}
    links = decided.links.select(["unique_id_l", "unique_id_r"])
    labels = links.append_column("clerical_match_score", pa.array([1.0] * len(links)))
    sample = labels.append_column("sample_weight", pa.array([1.0] * len(links)))
    assert evaluation.quality_from_sample(sample, decided).precision.share == 1.0
    with pytest.raises(UserError, match="sample_weight"):
        evaluation.quality_from_sample(labels, decided)


def test_three_tables_leave_out_true_pairs_that_may_never_meet() -> None:
    left, right = tables()
    linker = Linker({"a": left, "b": right, "c": left.slice(0, 20)}, settings(), model=model())
    held = linker.evaluation.labelled_by_column("person")
    inputs = linker.inputs
    assert (inputs.codes[held.left] != inputs.codes[held.right]).all()
    decisions = linker.clustering.decide(linker.inference.predict(0.1))
    views = {seen.view for seen in linker.evaluation.estimate_without_labels(decisions).overall.precision.views}
    assert "neighbours" not in views
    with pytest.raises(BadSettings, match="expected two tables"):
        linker.evaluation.estimate_without_labels(decisions, n_decoy_sets=1)
