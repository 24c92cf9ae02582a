"""The summary of a run from what it computed. Opens nothing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from doselink import __version__
from doselink.compute.steps import Computed
from doselink.report.summary import (
    CohortCount,
    Doses,
    FlowStep,
    Interval,
    Linkage,
    NextCommand,
    Quality,
    RepairCount,
    RunFacts,
    Summary,
)
from doselink.run.summarise import (
    comparison_tables,
    dose_links,
    flag_counts,
    organ_distributions,
    truth_of,
    weight_bins,
)
from doselink.study import Study
from doselink.tables import rows_of
from graph_schema.ledger import Ledger
from linkage.evaluation.unlabelled import Estimate
from provenance.dose.control import room_notes

__all__ = ["counts_of", "summary_of", "with_cohorts"]

_NEXT = (
    NextCommand(command="doselink status WORKSPACE", why="what is committed, what is stale, where the graph stands"),
    NextCommand(
        command="doselink audit run last-run --param run_type=study --study WORKSPACE",
        why="what this run did, asked of the graph",
    ),
    NextCommand(command="doselink audit list", why="all questions the graph answers"),
)


def counts_of(computed: Computed) -> dict[str, int]:
    """The counts the Run node keeps."""
    accounts = [*computed.delivered.intake.counts, *computed.delivered.doses.counts]
    return {
        "rows_delivered": sum(count.n_rows for count in accounts),
        "rows_used": sum(count.n_used for count in accounts),
        "rows_rejected": sum(count.n_rejected for count in accounts),
        "rows_left_alone": sum(count.n_left_alone for count in accounts),
        **computed.stays.counts,
        **{f"doses_{name}": n for name, n in computed.doses.counts.items()},
        "dose_events": computed.delivered.events.num_rows,
        "dose_estimates": computed.derivation.estimates.num_rows,
        "dose_missing": computed.derivation.missing.num_rows,
    }


def summary_of(
    study: Study,
    computed: Computed,
    *,
    run_id: str,
    now: datetime,
    key_fingerprint: str,
    truth: set[tuple[str, str]] | None,
) -> Summary:
    """
    All a run has to say before its commit; graph, cohorts and times are added when they are known.

    Args:
        study: The study.
        computed: What was computed.
        run_id: The Run node.
        now: The run's moment.
        key_fingerprint: Says which study key it was.
        truth: True pairs of stay keys, where they are known.
    """
    delivered = computed.delivered
    return Summary(
        study=study.study,
        run=RunFacts(
            run_id=run_id,
            code_version=__version__,
            recorded_at=now,
            settings_sha256=study.digest,
            seed=study.seed,
            key_fingerprint=key_fingerprint,
        ),
        sources=(*delivered.intake.counts, *delivered.doses.counts),
        rejects=(*delivered.intake.reject_counts(), *delivered.doses.reject_counts()),
        repairs=_repairs(computed),
        flow=_flow(computed),
        linkage=_linkage(study, computed, truth),
        doses=_doses(study, computed),
        next_commands=_NEXT,
    )


def _linkage(study: Study, computed: Computed, truth: set[tuple[str, str]] | None) -> Linkage:
    stays = computed.stays
    return Linkage(
        n_claims_stays=stays.counts["claims_stays"],
        n_hospital_stays=stays.counts["hospital_stays"],
        n_candidate_pairs=stays.counts["candidate_stay_pairs"],
        n_links=stays.counts["linked_stay_pairs"],
        n_possible=stays.counts["possible_stay_pairs"],
        n_children=_n_children(computed),
        n_linked_children=len(_linked_patients(computed)),
        n_conflicts=len(stays.conflicts),
        threshold_probability=study.linkage.stays.accept_probability,
        estimated=_estimated(stays.quality.precision, stays.quality.recall),
        truth=None if truth is None else truth_of(stays.pairs, truth),
        weights=weight_bins(stays.pairs),
        comparisons=comparison_tables(stays.model.engine_model),
        notes=stays.notes,
    )


def _estimated(precision: Estimate, recall: Estimate) -> Quality | None:
    intervals = [_interval(estimate) for estimate in (precision, recall)]
    if intervals[0] is None or intervals[1] is None:
        return None
    return Quality(precision=intervals[0], recall=intervals[1])


def _interval(estimate: Estimate) -> Interval | None:
    if estimate.stated is None or estimate.low is None or estimate.high is None:
        return None
    return Interval(estimate=estimate.stated, low=estimate.low, high=estimate.high)


def _linked_patients(computed: Computed) -> set[str]:
    """Hospital patients that are linked to a claims pseudonym."""
    pairs = computed.stays.person_pairs
    linked = pairs.filter(pc.equal(pairs.column("judgement"), "link"))
    return set(linked.column("right_key").to_pylist())


def _n_children(computed: Computed) -> int:
    return len(set(computed.delivered.hospital_persons.column("person_key").to_pylist()))


def _doses(study: Study, computed: Computed) -> Doses | None:
    events, estimates = computed.delivered.events, computed.derivation.estimates
    if events.num_rows == 0:
        return None
    reasons = Counter(computed.derivation.missing.column("reason").to_pylist())
    return Doses(
        n_events=events.num_rows,
        n_events_of_linked_children=_n_events_of_linked(computed),
        n_estimates=estimates.num_rows * len(study.dose.organs),
        n_missing_kap=reasons["kap_missing"],
        n_without_band=reasons["no_band"] + reasons["no_weight_no_age"],
        n_withheld=reasons["kap_doubtful"],
        n_realisations=study.dose.n_realisations,
        coefficient_table=f"{computed.coefficients.name}, {computed.coefficients.version}",
        is_demonstration=computed.coefficients.is_demonstration,
        links=dose_links(events.column("event_key").to_pylist(), computed.doses.pairs),
        notes=(*computed.doses.notes, *room_notes(events, study.dose.limits)),
        flags=flag_counts(events.column("flags").to_pylist()),
        organs=organ_distributions(estimates),
    )


def _n_events_of_linked(computed: Computed) -> int:
    patients = _linked_patients(computed)
    owner = dict(rows_of(computed.delivered.hospital_stays, "stay_key", "person_key"))
    stays = computed.doses.chains.column("stay_key").to_pylist()
    return sum(owner.get(stay) in patients for stay in stays)


def _flow(computed: Computed) -> tuple[FlowStep, ...]:
    counts = counts_of(computed)
    delivered = computed.delivered
    cases = delivered.hospital_stays.num_rows
    linked_cases = len(set(_links(computed.stays.pairs).column("right_key").to_pylist()))
    dosed = computed.derivation.estimates.num_rows
    n_events = delivered.events.num_rows
    owned = _n_events_of_linked(computed)
    return (
        FlowStep(name="delivered", n=counts["rows_delivered"], unit="rows and reports"),
        FlowStep(
            name="used",
            n=counts["rows_used"],
            unit="rows and reports",
            n_lost=counts["rows_rejected"] + counts["rows_left_alone"],
            why_lost=f"{counts['rows_rejected']:,} rejected, {counts['rows_left_alone']:,} repeats, corrected versions "
            "and files that are no dose reports",
        ),
        FlowStep(name="hospital cases", n=cases, unit="cases"),
        FlowStep(
            name="cases linked to a claims stay",
            n=linked_cases,
            unit="cases",
            n_lost=cases - linked_cases,
            why_lost="insured elsewhere, not found, or not certain enough",
        ),
        FlowStep(name="children known to both sides", n=len(_linked_patients(computed)), unit="patient numbers"),
        FlowStep(name="dose events", n=n_events, unit="dose events"),
        FlowStep(
            name="with organ doses",
            n=dosed,
            unit="dose events",
            n_lost=n_events - dosed,
            why_lost="no kerma-area product, one that is not believed, or neither weight nor age: missing, not zero",
        ),
        FlowStep(
            name="dose events of children known to both sides",
            n=owned,
            unit="dose events",
            n_lost=n_events - owned,
            why_lost="child not in the claims, or no stay found for the examination",
        ),
    )


def _repairs(computed: Computed) -> tuple[RepairCount, ...]:
    """What the readers put right or found odd and used all the same, and why files were left alone."""
    return tuple(
        RepairCount(source=source, what=what, n=n)
        for source, notes in (*computed.delivered.intake.notes.items(), *computed.delivered.doses.notes.items())
        for what, n in notes.items()
        if n
    )


def _links(pairs: pa.Table) -> pa.Table:
    return pairs.filter(pc.equal(pairs.column("judgement"), "link"))


def with_cohorts(summary: Summary, ledger: Ledger) -> Summary:
    """The summary with the cohorts that the ledger holds now."""
    cohorts = ledger.current("Cohort", ["name", "n_persons"]).to_pylist()
    counts = tuple(
        CohortCount(name=row["name"], n_persons=row["n_persons"])
        for row in sorted(cohorts, key=lambda row: row["name"])
    )
    return summary.model_copy(update={"cohorts": counts})
