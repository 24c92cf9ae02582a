"""German names, numbers and keys: reference vectors, and what counts as equal, as missing and as alike."""

import unicodedata

import pytest

from linkage import comparison_library as cl
from linkage.columns import Expression
from linkage.columns.german import ags, ik, kvnr, plz
from linkage.columns.phonetic import cologne
from tests.linkage.comparison.levels import level, level_of_rows


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Müller", "657"),
        ("Mueller", "657"),
        ("Schmidt", "862"),
        ("Zimmermann", "86766"),
        ("Christopher", "478237"),
        ("Müller-Lüdenscheidt", "65752682"),
        ("Wikipedia", "3412"),
        ("Breschnew", "17863"),
    ],
)
def test_names_have_their_codes_by_cologne_phonetics(name: str, code: str) -> None:
    assert cologne(name) == code


@pytest.mark.parametrize("spelling", ["Müller", "MUELLER", unicodedata.normalize("NFD", "Müller"), "Mu\u00a8ller"])
def test_an_umlaut_is_equal_in_every_spelling(spelling: str) -> None:
    assert level(cl.GermanNameComparison("x"), spelling, "müller") == "exact"


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ("Strauß", "STRAUSS", "exact"),
        ("von der Heide", "Heide", "exact"),
        ("Dr. Schulz", "schulz", "exact"),
        ("Müller", "Muller", "variant"),
        ("Schmitt", "Schmit", "variant"),
        ("Meyer-Schulz", "Meyer", "variant"),
        ("Schulz-Meyer", "Meyer Schulz", "variant"),
        ("Anna Maria", "Anna", "variant"),
        ("Li Anna", "Anna", "else"),
        ("Schneider", "Schnieder", "jaro_winkler_0.92"),
        ("Hansen", "Jansen", "jaro_winkler_0.80"),
        ("Hansen", "Öztürk", "else"),
        ("Hansen", None, None),
        ("Hansen", "  ", None),
    ],
)
def test_a_name_reaches_the_level_of_its_spelling(a: str, b: str | None, wanted: str | None) -> None:
    assert level(cl.GermanNameComparison("x"), a, b) == wanted


def test_names_that_sound_alike_can_be_a_level() -> None:
    comparison = cl.GermanNameComparison("x", sounds_alike=True)
    assert comparison.level_names == (
        "else",
        "jaro_winkler_0.80",
        "sounds_alike",
        "jaro_winkler_0.92",
        "variant",
        "exact",
    )
    assert level(comparison, "Maier", "Meyer") == "sounds_alike"


def test_exchanged_given_and_family_names_are_seen_in_the_comparisons_of_both() -> None:
    one, two = {"given": "Peter", "family": "Hansen"}, {"given": "Hänsen", "family": "Peter"}
    swapped = {"given": "Hansen", "family": "Peter"}
    assert level_of_rows(cl.GermanNameComparison("given", swapped_with="family"), one, swapped) == "swapped"
    assert level_of_rows(cl.GermanNameComparison("family", swapped_with="given"), one, swapped) == "swapped"
    assert level_of_rows(cl.GermanNameComparison("given", swapped_with="family"), one, two) == "else"


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("A123456780", "A123456780"),
        ("A000500015", "A000500015"),
        ("a 12345678 0", "A123456780"),
        ("A123456789", ""),
        ("A123456780" + "109519005" + "4", "A123456780"),
        ("12345", ""),
    ],
)
def test_insurance_numbers_that_fail_their_check_digit_are_missing(number: str, read: str) -> None:
    assert kvnr(number) == read


def test_institution_numbers_that_fail_their_check_digit_are_missing() -> None:
    assert [ik(number) for number in ("260326822", "260 326 822", "260326823", "26032682")] == [
        "260326822",
        "260326822",
        "",
        "",
    ]


def test_a_number_with_a_wrong_check_digit_says_nothing_about_a_pair() -> None:
    assert level(cl.KVNRComparison("x"), "A123456780", "A123456789") is None
    assert level(cl.KVNRComparison("x"), "A123456780", "A000500015") == "else"
    assert level(cl.IKComparison("x"), "260326822", "260326822") == "exact"


def test_postcodes_and_municipalities_are_compared_by_region_and_keep_their_leading_zero() -> None:
    assert [plz(text) for text in ("01067", "1067", "D-01067", "London", "123")] == ["01067", "01067", "01067", "", ""]
    assert [ags(text) for text in ("08111000", "8111000", "08 1 11", "17000000", "x")] == [
        "08111000",
        "08111000",
        "08111",
        "",
        "",
    ]
    postcode = cl.PLZComparison("x")
    assert [level(postcode, "01067", other) for other in ("1067", "01069", "01968", "10670", "?")] == [
        "exact",
        "first_3",
        "first_2",
        "else",
        None,
    ]
    assert [level(cl.AGSComparison("x"), "08111000", other) for other in ("08111", "08211000", "09111000")] == [
        "first_5",
        "first_2",
        "else",
    ]


def test_a_british_postcode_has_the_levels_of_splink() -> None:
    postcode = cl.PostcodeComparison("x")
    assert postcode.level_names == ("else", "area", "district", "sector", "exact")
    others = ("SW1A 1AA", "SW1A 1BB", "SW1A 2AA", "SW2 1AA", "N1 1AA")
    assert [level(postcode, "SW1A 1AA", other) for other in others] == [
        "exact",
        "sector",
        "district",
        "area",
        "else",
    ]
    assert level(cl.PostcodeComparison("x", invalid_postcodes_as_null=True), "SW1A 1AA", "SW1A") is None


def test_the_new_transforms_can_be_blocked_on() -> None:
    assert Expression(column="surname").then("name").text == "name(surname)"
