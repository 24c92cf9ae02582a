"""Organ doses: values by hand, shared and unshared errors, and what has no dose."""

from __future__ import annotations

import hashlib
import random
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from graph_schema.errors import ExitCode
from provenance.dose.calibration import Calibration
from provenance.dose.coefficients import Coefficient, CoefficientTable
from provenance.dose.derive import Derivation, derive
from provenance.dose.schema import DOSE_EVENTS, ESTIMATES
from provenance.dose.settings import ORGANS, DoseSettings, Organ
from provenance.dose.uncertainty import DoseBudgetExceeded

CERTAIN = DoseSettings(
    n_realisations=2, default_calibration_gsd=1, protocol_gsd=1, anatomy_gsd=1, event_gsd=1, age_band_gsd=1
)
SHARED_ONLY = CERTAIN.model_copy(update={"n_realisations": 300, "default_calibration_gsd": 1.3, "protocol_gsd": 1.2})
UNSHARED_ONLY = CERTAIN.model_copy(update={"n_realisations": 300, "anatomy_gsd": 1.5, "event_gsd": 1.4})


def coefficients(gsd: float = 1.0, statistic: str = "median", **more: Any) -> CoefficientTable:
    """8 mGy/(Gy cm2) below 10 kg and 2 above, for the lung; a tenth of that for all other organs."""
    rows = [
        Coefficient(organ=organ, band="weight", low=low, high=high, value=value * (1 if organ == "lung" else 0.1),
                    gsd=gsd, statistic=statistic, **more)
        for organ in ORGANS
        for low, high, value in [(0, 10, 8.0), (10, 300, 2.0)]
    ]  # fmt: skip
    return CoefficientTable(name="made", version="1", citation="none", sha256="0" * 64, rows=tuple(rows))


def events(*rows: dict[str, Any]) -> pa.Table:
    defaults = {
        "hospital": "h", "room": "h/HK1", "started_at": datetime.fromisoformat("2019-03-05T08:15"),
        "person_key": None, "weight_kg": 5.0, "sex": "female", "kap_gycm2": 2.0, "flags": [], "planes": ["single"],
    }  # fmt: skip
    filled = [{**defaults, "event_key": f"dse_{number:04}", **row} for number, row in enumerate(rows)]
    return pa.Table.from_pylist(filled, schema=DOSE_EVENTS)


def run(table: pa.Table, **more: Any) -> Derivation:
    defaults: dict[str, Any] = {"coefficients": coefficients(), "calibrations": (), "settings": CERTAIN, "seed": 1}
    return derive(table, **{**defaults, **more})


def cube(found: Derivation, settings: DoseSettings) -> npt.NDArray[np.float32]:
    """`(n_events, n_organs, n_realisations)`."""
    flat = found.realisations["realisations"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat).reshape(found.realisations.num_rows, len(settings.organs), -1)


def lung(found: Derivation, settings: DoseSettings) -> npt.NDArray[np.float32]:
    return cube(found, settings)[:, settings.organs.index("lung")]


def digest(found: Derivation) -> str:
    return hashlib.sha256(repr([t.to_pydict() for t in (found.estimates, found.realisations)]).encode()).hexdigest()


MEASURED = Calibration("h/HK1//", "h/HK1", 0.5, 1.0, None, None, "measured")


def test_without_errors_the_dose_is_kap_times_calibration_times_coefficient() -> None:
    found = run(events({"weight_kg": 5.0}, {"weight_kg": 20.0}), calibrations=(MEASURED,))
    assert [row[1] for row in found.estimates["mean_mgy"].to_pylist()] == pytest.approx([8.0, 2.0])
    assert found.estimates["organs"][0].as_py() == list(ORGANS)
    assert found.estimates.schema == ESTIMATES


def test_a_room_without_a_factor_takes_the_assumed_one_and_names_it() -> None:
    found = run(events({}))
    assert found.estimates["mean_mgy"][0].as_py()[1] == pytest.approx(2.0 * 0.6 * 8.0)
    assert [(one.calibration_id, one.source[:7]) for one in found.calibrations] == [("assumed/h/HK1", "assumed")]


def test_a_missing_kap_is_a_missing_dose_and_never_zero() -> None:
    found = run(events({"kap_gycm2": None}, {"kap_gycm2": 1.0}))
    assert found.missing.to_pylist() == [{"event_key": "dse_0000", "reason": "kap_missing"}]
    assert found.estimates["event_key"].to_pylist() == ["dse_0001"]


@pytest.mark.parametrize(("weight", "reason"), [(None, "no_weight_no_age"), (500.0, "no_band")])
def test_a_child_that_no_band_holds_has_no_dose(weight: float | None, reason: str) -> None:
    assert run(events({"weight_kg": weight})).missing["reason"].to_pylist() == [reason]


def test_a_stated_dose_of_zero_is_a_dose_of_zero() -> None:
    assert run(events({"kap_gycm2": 0.0})).estimates["mean_mgy"][0].as_py()[1] == 0.0


def test_age_stands_in_for_a_weight_that_is_unknown() -> None:
    by_age = [Coefficient(organ=organ, band="age", low=low, high=high, value=value, gsd=1, statistic="median")
              for organ in ORGANS for low, high, value in [(0, 1, 9.0), (1, 20, 3.0)]]  # fmt: skip
    table = coefficients().model_copy(update={"rows": (*coefficients().rows, *by_age)})
    found = run(events({"weight_kg": None, "birth_year": 2011}), coefficients=table, calibrations=(MEASURED,))
    assert found.estimates["mean_mgy"][0].as_py()[1] == pytest.approx(3.0)
    assert found.estimates["band"].to_pylist() == ["age 1-20 years"]


def test_the_day_of_birth_is_taken_as_the_middle_of_the_year() -> None:
    by_age = [Coefficient(organ=organ, band="age", low=low, high=high, value=value, gsd=1, statistic="median")
              for organ in ORGANS for low, high, value in [(0, 1, 9.0), (1, 20, 3.0)]]  # fmt: skip
    table = coefficients().model_copy(update={"rows": tuple(by_age)})
    days = [datetime.fromisoformat(text) for text in ("2012-06-29T12:00", "2012-07-04T12:00")]
    found = run(
        events(*({"weight_kg": None, "birth_year": 2011, "started_at": day} for day in days)), coefficients=table
    )
    assert found.estimates["band"].to_pylist() == ["age 0-1 years", "age 1-20 years"]


def test_a_dose_by_age_instead_of_weight_is_less_certain() -> None:
    by_age = [
        Coefficient(organ=organ, band="age", low=0, high=20, value=8.0, gsd=1, statistic="median") for organ in ORGANS
    ]
    table = coefficients().model_copy(update={"rows": (*coefficients().rows, *by_age)})
    settings = CERTAIN.model_copy(update={"n_realisations": 300, "age_band_gsd": 1.5})
    children = events({"weight_kg": None, "birth_year": 2011}, {"weight_kg": 5.0, "birth_year": 2011})
    spread = lung(run(children, coefficients=table, settings=settings), settings).std(axis=1)
    assert spread[0] > 1.0
    assert spread[1] == pytest.approx(0.0, abs=1e-4)


def test_what_is_not_believed_is_withheld_until_its_flag_is_taken_out_of_the_settings() -> None:
    doubted = events({"flags": ["kap_per_weight_implausible"]}, {"flags": ["plane_b_missing"]})
    found = run(doubted)
    assert found.missing.to_pylist() == [{"event_key": "dse_0000", "reason": "kap_doubtful"}]
    looked_at = run(doubted, settings=CERTAIN.model_copy(update={"withheld_flags": ()}))
    assert looked_at.estimates.num_rows == 2


def test_protocols_are_shared_within_an_era_and_not_across_eras() -> None:
    settings = CERTAIN.model_copy(update={"n_realisations": 50, "protocol_gsd": 1.4})
    days = [datetime.fromisoformat(text) for text in ("2015-01-01T08:00", "2019-12-31T08:00", "2020-01-01T08:00")]
    first, same, later = lung(run(events(*({"started_at": day} for day in days)), settings=settings), settings)
    assert np.array_equal(first, same)
    assert not np.allclose(first, later)


def test_planes_have_their_own_coefficients_where_the_table_tells_them_apart() -> None:
    rows = [Coefficient(organ=organ, band="any", plane=plane, value=value, gsd=1, statistic="median")
            for organ in ORGANS for plane, value in [("A", 1.0), ("B", 3.0), ("any", 2.0)]]  # fmt: skip
    table = coefficients().model_copy(update={"rows": tuple(rows)})
    biplane = {"kap_gycm2": 3.0, "kap_a_gycm2": 2.0, "kap_b_gycm2": 1.0}
    found = run(events(biplane, {"kap_gycm2": 3.0}), coefficients=table, calibrations=(MEASURED,))
    assert [row[0] for row in found.estimates["mean_mgy"].to_pylist()] == pytest.approx([2.5, 3.0])


def test_what_the_planes_leave_of_the_total_counts_by_the_row_for_any_plane() -> None:
    rows = [Coefficient(organ=organ, band="any", plane=plane, value=value, gsd=1, statistic="median")
            for organ in ORGANS for plane, value in [("A", 1.0), ("B", 3.0), ("any", 2.0)]]  # fmt: skip
    table = coefficients().model_copy(update={"rows": tuple(rows)})
    found = run(events({"kap_gycm2": 3.0, "kap_a_gycm2": 2.0}), coefficients=table, calibrations=(MEASURED,))
    assert found.estimates["mean_mgy"][0].as_py()[0] == pytest.approx((2.0 * 1.0 + 1.0 * 2.0) * 0.5)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    table = events({}, {"weight_kg": 20.0})
    settings = DoseSettings(n_realisations=50)
    assert digest(run(table, settings=settings)) == digest(run(table, settings=settings))
    assert digest(run(table, settings=settings)) != digest(run(table, settings=settings, seed=2))


def test_the_order_of_events_changes_no_byte() -> None:
    rows = [{"event_key": f"dse_{n}", "kap_gycm2": 1.0 + n, "person_key": f"prc_{n % 3}"} for n in range(12)]
    shuffled = random.Random(4).sample(rows, len(rows))
    settings = DoseSettings(n_realisations=40)
    assert digest(run(events(*rows), settings=settings)) == digest(run(events(*shuffled), settings=settings))


def test_another_event_in_the_cohort_does_not_move_the_doses_of_the_others() -> None:
    settings = DoseSettings(n_realisations=40)
    alone, more = run(events({}), settings=settings), run(events({}, {"room": "h/HK2"}), settings=settings)
    assert np.array_equal(cube(alone, settings)[0], cube(more, settings)[0])


def test_more_realisations_keep_the_first_ones() -> None:
    few, many = DoseSettings(n_realisations=20), DoseSettings(n_realisations=30)
    assert np.array_equal(
        cube(run(events({}), settings=few), few), cube(run(events({}), settings=many), many)[:, :, :20]
    )


def test_one_realisation_is_the_same_shared_draw_for_everybody_in_a_room() -> None:
    found = lung(run(events({"kap_gycm2": 1.0}, {"kap_gycm2": 4.0}), settings=SHARED_ONLY), SHARED_ONLY)
    assert found[1] / found[0] == pytest.approx(4.0, rel=1e-5)


def test_two_rooms_have_calibration_draws_of_their_own() -> None:
    settings = CERTAIN.model_copy(update={"n_realisations": 300, "default_calibration_gsd": 1.3})
    found = np.log(lung(run(events({}, {"room": "h/HK2"}), settings=settings), settings))
    assert abs(np.corrcoef(found)[0, 1]) < 0.2


def test_a_persons_anatomy_is_shared_by_the_persons_events_only() -> None:
    settings = CERTAIN.model_copy(update={"n_realisations": 300, "anatomy_gsd": 1.5})
    rows = [{"person_key": "prc_1"}, {"person_key": "prc_1"}, {"person_key": "prc_2"}]
    found = np.corrcoef(np.log(lung(run(events(*rows), settings=settings), settings)))
    assert found[0, 1] == pytest.approx(1.0, abs=1e-6)
    assert abs(found[0, 2]) < 0.2


def test_shared_error_dominates_the_spread_of_the_cohorts_median() -> None:
    rows = [{"event_key": f"dse_{n:04}", "person_key": f"prc_{n}", "room": f"h/R{n % 5}"} for n in range(400)]

    def spread_of_median(settings: DoseSettings) -> float:
        medians = np.median(lung(run(events(*rows), settings=settings), settings), axis=0)
        return float(medians.std() / medians.mean())

    assert spread_of_median(SHARED_ONLY) > 0.12
    assert spread_of_median(UNSHARED_ONLY) < 0.06


def test_correlation_of_two_doses_is_the_shared_part_of_their_variance() -> None:
    settings = DoseSettings(
        n_realisations=4000, default_calibration_gsd=1.3, protocol_gsd=1.2, anatomy_gsd=1.2, event_gsd=1.15,
    )  # fmt: skip
    rows = [{"person_key": "prc_1"}, {"person_key": "prc_2"}]
    found = np.log(lung(run(events(*rows), settings=settings, coefficients=coefficients(1.25)), settings))
    shared = sum(np.log(g) ** 2 for g in (1.3, 1.2, 1.25))
    unshared = sum(np.log(g) ** 2 for g in (1.2, 1.15))
    assert np.corrcoef(found)[0, 1] == pytest.approx(shared / (shared + unshared), abs=0.04)


@pytest.mark.parametrize(("statistic", "expected"), [("mean", 1.0), ("median", 1.151)])
def test_a_table_of_means_keeps_its_mean_and_one_of_medians_its_median(statistic: str, expected: float) -> None:
    settings = CERTAIN.model_copy(update={"n_realisations": 5000})
    rows = [{"person_key": f"prc_{n}", "event_key": f"dse_{n:03}"} for n in range(3)]
    table = coefficients(1.7, statistic)
    found = lung(run(events(*rows), settings=settings, coefficients=table, calibrations=(MEASURED,)), settings)
    # exp(s^2 / 2) of GSD 1.7 is 1.151
    assert found.mean() / 8.0 == pytest.approx(expected, rel=0.03)


def test_organs_err_together_as_far_as_they_are_correlated() -> None:
    settings = CERTAIN.model_copy(update={"n_realisations": 3000, "organ_correlation": 0.8})
    found = np.log(cube(run(events({}), settings=settings, coefficients=coefficients(1.3)), settings)[0])
    assert np.corrcoef(found)[0, 1] == pytest.approx(0.8, abs=0.03)


def test_leaving_an_organ_out_does_not_move_the_others() -> None:
    every = DoseSettings(n_realisations=20)
    organs: tuple[Organ, ...] = ("lung",)
    one = every.model_copy(update={"organs": organs})
    table = coefficients(1.3)
    assert np.array_equal(
        lung(run(events({}), settings=every, coefficients=table), every),
        lung(run(events({}), settings=one, coefficients=table), one),
    )


def test_a_changed_calibration_factor_moves_exactly_its_room_and_period() -> None:
    rows = [{"room": "h/HK1"}, {"room": "h/HK2"}, {"started_at": datetime.fromisoformat("2021-01-01T08:00")}]
    until_2020 = Calibration("c", "h/HK1", 0.8, 1.1, None, datetime.fromisoformat("2020-01-01").date(), "measured")
    changed = Calibration("c", "h/HK1", 0.9, 1.1, None, datetime.fromisoformat("2020-01-01").date(), "measured")
    before = run(events(*rows), calibrations=(until_2020,)).estimates
    after = run(events(*rows), calibrations=(changed,)).estimates
    moved = [one != other for one, other in zip(before["mean_mgy"], after["mean_mgy"], strict=True)]
    keys = [one != other for one, other in zip(before["derivation_key"], after["derivation_key"], strict=True)]
    assert (moved, keys) == ([True, False, False], [True, False, False])


def test_estimates_are_the_statistics_of_their_row_of_the_block() -> None:
    settings = DoseSettings(n_realisations=200)
    found = run(events({}, {"kap_gycm2": None}, {"kap_gycm2": 3.0}), settings=settings)
    for row in found.estimates.to_pylist():
        assert found.realisations["event_key"][row["block_row"]].as_py() == row["event_key"]
        draws = cube(found, settings)[row["block_row"]].astype(np.float64)
        assert row["mean_mgy"] == pytest.approx(draws.mean(axis=1).tolist())
        assert row["sd_mgy"] == pytest.approx(draws.std(axis=1, ddof=1).tolist())
        assert row["p975_mgy"] == pytest.approx(np.percentile(draws, 97.5, axis=1).tolist())


def test_a_plan_over_the_memory_budget_is_refused_with_its_numbers() -> None:
    settings = DoseSettings(n_realisations=5000, memory_budget_mb=1)
    with pytest.raises(DoseBudgetExceeded, match=r"20 dose events x 6 organs x 5000 .* need 2 MB, .* 1 MB") as caught:
        run(events(*[{} for _ in range(20)]), settings=settings)
    assert caught.value.exit_code is ExitCode.BUDGET


def test_no_events_give_empty_tables() -> None:
    found = run(events())
    assert (found.estimates.num_rows, found.realisations.num_rows, found.missing.num_rows) == (0, 0, 0)


def test_the_global_random_generator_is_not_moved() -> None:
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    run(events({}), settings=DoseSettings(n_realisations=10))
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
