"""A summary such as a middling study gives: made by hand, used by the tests of the page and of the printed lines."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from doselink.report.distributions import organ_distribution, weight_bins
from doselink.report.summary import (
    CohortCount,
    ComparisonTable,
    DoseLinkCount,
    Doses,
    FlowStep,
    GraphFacts,
    Interval,
    LevelRow,
    Linkage,
    NamedCount,
    NextCommand,
    Quality,
    RejectCount,
    RunFacts,
    SourceCount,
    StepTime,
    Summary,
    Truth,
)

__all__ = ["sample_summary"]

_COMPARISONS = {
    "dates": [
        ("both_equal", 0.86, 0.0004),
        ("one_day_off", 0.09, 0.0011),
        ("same_week", 0.03, 0.006),
        ("else", 0.02, 0.9925),
    ],
    "hospital": [("equal", 0.985, 0.34), ("else", 0.015, 0.66)],
    "birth_year": [("equal", 0.97, 0.058), ("one_year_off", 0.02, 0.11), ("else", 0.01, 0.832)],
    "sex": [("equal", 0.995, 0.51), ("else", 0.005, 0.49)],
    "region": [("same_district", 0.91, 0.04), ("same_state", 0.05, 0.21), ("else", 0.04, 0.75)],
    "diagnoses": [
        ("main_equal", 0.71, 0.012),
        ("main_category", 0.14, 0.03),
        ("any_shared", 0.1, 0.12),
        ("none", 0.05, 0.838),
    ],
    "procedures": [("all_shared", 0.64, 0.009), ("some_shared", 0.27, 0.05), ("none", 0.09, 0.941)],
}
_ORGANS = {"active_marrow": 0.9, "lung": 6.1, "breast": 3.8, "oesophagus": 5.2, "thyroid": 0.7, "heart": 8.4}


def sample_summary(*, hospital: str = "Universitätsklinikum Großstadt") -> Summary:
    """The same summary at every call; the hospital's name may be given."""
    return Summary(
        study="Children with catheter procedures",
        run=_run(),
        sources=_sources(hospital),
        rejects=(
            RejectCount(source="claims-stays", reason="discharge before admission", n_rows=41),
            RejectCount(source="claims-stays", reason="admission date is no date", n_rows=17),
            RejectCount(source="cases-north", reason="line with 7 instead of 9 fields", n_rows=9),
            RejectCount(source="cath-north", reason="kerma-area product with unknown unit", n_rows=23),
            RejectCount(source="reports", reason="truncated DICOM file", n_rows=2),
        ),
        flow=_flow(),
        linkage=_linkage(),
        doses=_doses(),
        cohorts=(CohortCount(name="catheter under 18", n_persons=3311, n_events=4102),),
        graph=GraphFacts(
            engine="ArcadeDB 26.10.2",
            n_nodes=182_340,
            n_edges=401_228,
            seconds=11.42,
            labels=(NamedCount(name="Person", n=39_120), NamedCount(name="DoseEvent", n=4630)),
        ),
        next_commands=(
            NextCommand(command="doselink audit list", why="the questions an auditor can ask"),
            NextCommand(command="doselink status WORKSPACE", why="what is committed, what is stale"),
            NextCommand(command="doselink export links --study WORKSPACE --out links.csv", why="for the data steward"),
        ),
    )


def _run() -> RunFacts:
    names = ("read deliveries", "standardise", "link stays", "link doses", "derive organ doses", "commit", "load graph")
    seconds = (3.1, 1.4, 9.8, 2.2, 0.9, 1.7, 11.4)
    return RunFacts(
        run_id="run_0123456789abcdef01234567",
        code_version="0.1.0",
        recorded_at=datetime(2026, 1, 31, 12, 30, tzinfo=UTC),
        settings_sha256="5f" * 32,
        seed=20_260_131,
        key_fingerprint="a1b2c3d4e5f60718",
        commit_number=2,
        commit_sha256="c0" * 32,
        steps=tuple(StepTime(name=name, seconds=took) for name, took in zip(names, seconds, strict=True)),
    )


def _sources(hospital: str) -> tuple[SourceCount, ...]:
    rows = (
        ("claims-persons", "insurants", None, 1, 40_000, 40_000, 0, 0),
        ("claims-stays", "stays", None, 1, 61_240, 61_182, 58, 0),
        ("cases-north", "FALL", hospital, 2, 5_204, 5_195, 9, 0),
        ("cath-north", "cath_lab", hospital, 1, 2_871, 2_848, 23, 0),
        ("reports", "rdsr", hospital, 1_930, 1_930, 1_871, 2, 57),
    )
    names = ("name", "kind", "hospital", "n_files", "n_rows", "n_used", "n_rejected", "n_left_alone")
    return tuple(SourceCount(**dict(zip(names, row, strict=True))) for row in rows)


def _flow() -> tuple[FlowStep, ...]:
    return (
        FlowStep(name="Delivered", n=111_245, unit="rows"),
        FlowStep(name="Usable", n=111_096, unit="rows", n_lost=92, why_lost="rejected, for the reasons below"),
        FlowStep(name="Hospital cases", n=5_195, unit="cases"),
        FlowStep(
            name="Linked to a claims stay",
            n=4_871,
            unit="cases",
            n_lost=324,
            why_lost="no claims stay at or above the threshold",
        ),
        FlowStep(name="Children linked", n=3_702, unit="persons"),
        FlowStep(
            name="Dose events of linked children",
            n=4_290,
            unit="events",
            n_lost=340,
            why_lost="of children without a link",
        ),
        FlowStep(name="In a cohort", n=3_311, unit="persons", n_lost=391, why_lost="18 or older, or without a dose"),
    )


def _linkage() -> Linkage:
    draws = np.random.Generator(np.random.PCG64(7))
    others, same = draws.normal(-9, 4, 180_000), draws.normal(19, 4, 5_100)
    bits = np.concatenate([others, same])
    probability = 1 / (1 + 2.0 ** -(bits - 9))
    is_link = (probability >= 0.95) & (draws.random(bits.size) < 0.98)
    return Linkage(
        n_claims_stays=61_182,
        n_hospital_stays=5_195,
        n_candidate_pairs=bits.size,
        n_links=4_871,
        n_possible=112,
        n_children=39_120,
        n_linked_children=3_702,
        n_conflicts=14,
        threshold_bits=13.2,
        threshold_probability=0.95,
        estimated=Quality(
            precision=Interval(estimate=0.9931, low=0.9902, high=0.9958),
            recall=Interval(estimate=0.9312, low=0.9204, high=0.9411),
        ),
        truth=Truth(n_true=5_196, n_right=4_832, n_wrong=39),
        weights=weight_bins(bits, is_link=is_link, is_possible=(probability >= 0.5) & ~is_link),
        comparisons=tuple(
            ComparisonTable(
                name=name,
                levels=tuple(LevelRow(name=level, m=m, u=u, bits=float(np.log2(m / u))) for level, m, u in levels),
            )
            for name, levels in _COMPARISONS.items()
        ),
    )


def _doses() -> Doses:
    draws = np.random.Generator(np.random.PCG64(8))
    spread = draws.lognormal(0, 0.9, 4_600)
    return Doses(
        n_events=4_630,
        n_events_of_linked_children=4_290,
        n_estimates=27_600,
        n_missing_kap=30,
        n_realisations=200,
        coefficient_table="demonstration coefficients 1",
        is_demonstration=True,
        links=(
            DoseLinkCount(way="accession number", n_events=3_010),
            DoseLinkCount(way="study UID", n_events=422),
            DoseLinkCount(way="room, time and weight", n_events=1_001),
            DoseLinkCount(way="none", n_events=197),
        ),
        flags=(
            NamedCount(name="kap_unit_corrected", n=211),
            NamedCount(name="plane_b_missing", n=38),
            NamedCount(name="cumulative_report", n=64),
        ),
        organs=tuple(
            organ_distribution(organ, scale * spread, gsd=np.full(spread.size, 1.62))
            for organ, scale in _ORGANS.items()
        ),
    )
