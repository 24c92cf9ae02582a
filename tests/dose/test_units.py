"""Units: golden factors, every spelling, and no guess."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_schema.errors import ExitCode
from graph_schema.units import Quantity, UnknownUnit, base_unit, convert, known_units, unit_factor

GOLDEN = {
    Quantity.KAP: {
        "Gy.cm2": 1.0, "dGy.cm2": 0.1, "cGy.cm2": 0.01, "mGy.cm2": 0.001, "uGy.cm2": 0.000001, "Gy.m2": 10_000.0,
        "dGy.m2": 1000.0, "cGy.m2": 100.0, "mGy.m2": 10.0, "uGy.m2": 0.01, "nGy.m2": 0.00001,
    },
    Quantity.AIR_KERMA: {"mGy": 1.0, "Gy": 1000.0, "dGy": 100.0, "cGy": 10.0, "uGy": 0.001, "nGy": 0.000001},
    Quantity.DOSE_LENGTH: {"mGy.cm": 1.0, "Gy.cm": 1000.0, "cGy.cm": 10.0, "uGy.cm": 0.001, "mGy.m": 100.0},
    Quantity.TIME: {"s": 1.0, "sec": 1.0, "ms": 0.001, "us": 0.000001, "min": 60.0, "h": 3600.0},
    Quantity.AREA: {"cm2": 1.0, "mm2": 0.01, "dm2": 100.0, "m2": 10_000.0},
}  # fmt: skip


@pytest.mark.parametrize("quantity", Quantity)
def test_every_unit_that_is_taken_has_its_golden_factor(quantity: Quantity) -> None:
    assert {unit: unit_factor(unit, quantity) for unit in known_units(quantity)} == GOLDEN[quantity]


@pytest.mark.parametrize(
    "spelling", ["Gym2", "Gy.m2", "Gy*m2", "Gy·m²", "Gy m2", "Gy m^2", "Gy*m*m", " Gy.m2 ", "GY.M2", "gym2", "Gyqm"]
)
def test_all_spellings_of_gray_square_metre_are_one_unit(spelling: str) -> None:
    assert unit_factor(spelling, Quantity.KAP) == 10_000.0


@pytest.mark.parametrize("spelling", ["µGym²", "μGy·m²", "uGy.m2", "UGY*M2", "cGycm2", "cGy*cm*cm", "cGyqcm", "CGYCM2"])
def test_both_micro_signs_and_centigray_square_centimetre_are_a_hundredth(spelling: str) -> None:
    assert unit_factor(spelling, Quantity.KAP) == 0.01


@pytest.mark.parametrize("unit", ["Gy", "R.cm2", "1", "", "MGy.cm2", "Gy.cm", "mGycm", "kGym2"])
def test_what_is_no_kap_unit_is_an_error(unit: str) -> None:
    with pytest.raises(UnknownUnit) as caught:
        unit_factor(unit, Quantity.KAP)
    assert caught.value.exit_code is ExitCode.UNIT


def test_the_error_names_the_units_that_are_known() -> None:
    with pytest.raises(UnknownUnit, match=r"unknown unit 'R\.cm2' .*Gy\.cm2, dGy\.cm2, cGy\.cm2"):
        convert(1.0, "R.cm2", Quantity.KAP)


def test_the_error_does_not_repeat_what_is_too_long_to_be_a_unit() -> None:
    with pytest.raises(UnknownUnit) as caught:
        convert(1.0, "Anna Musterfrau 2011-03-04", Quantity.KAP)
    assert "Anna" not in str(caught.value)


def test_a_missing_unit_is_never_taken_for_the_base_unit() -> None:
    with pytest.raises(UnknownUnit, match="no unit"):
        convert(1.0, None, Quantity.KAP)


def test_siemens_and_canon_give_what_the_hand_calculates() -> None:
    assert convert(1.6e-05, "Gym2", Quantity.KAP) == 0.16
    assert convert(126.596, "dGy.cm2", Quantity.KAP) == 12.6596
    assert convert(0.00037, "Gy.m2", Quantity.KAP) == 3.7


@settings(deadline=None)
@given(amount=st.floats(0, 1e6), quantity=st.sampled_from(Quantity))
def test_the_base_unit_of_every_quantity_changes_nothing(amount: float, quantity: Quantity) -> None:
    assert convert(amount, base_unit(quantity), quantity) == pytest.approx(amount, rel=1e-11)


@pytest.mark.parametrize("quantity", Quantity)
def test_every_unit_that_is_named_as_known_is_known(quantity: Quantity) -> None:
    assert all(unit_factor(unit, quantity) > 0 for unit in known_units(quantity))


def test_what_is_not_spelt_like_a_unit_is_not_repeated() -> None:
    with pytest.raises(UnknownUnit, match="unknown unit of 6 characters of kerma-area product") as caught:
        unit_factor("Müller", Quantity.KAP)
    assert "Müller" not in str(caught.value)
