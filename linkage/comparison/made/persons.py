# ruff: noqa: N802 - the functions bear the names of Splink's classes
"""Comparisons of what persons are known by: names, birth dates, addresses, mail. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from linkage import comparison_level_library as cll
from linkage.columns import Expression
from linkage.comparison.comparison import Comparison
from linkage.comparison.levels import AnyLevel, ColumnsReversedLevel
from linkage.comparison.levels.base import expression_of
from linkage.comparison.levels.moments import Metric
from linkage.comparison.made.thresholds import column_name, listed
from linkage.comparison_level_library import Column

__all__ = [
    "DateComparison",
    "DateOfBirthComparison",
    "EmailComparison",
    "ForenameSurnameComparison",
    "GermanNameComparison",
    "NameComparison",
    "PlaceComparison",
    "PostcodeComparison",
]

_SECTOR = "^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? [0-9]"
_DISTRICT = "^[A-Za-z]{1,2}[0-9][A-Za-z0-9]?"
_AREA = "^[A-Za-z]{1,2}"
_WHOLE_POSTCODE = "^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? [0-9][A-Za-z]{2}$"
_USER_NAME = "^[^@]+"
_STRONG = 0.88  # Jaro-Winkler from which Splink's names count before their sounds


def _expression(column: Column) -> Expression:
    made: Expression = expression_of(column)
    return made


def NameComparison(
    col_name: Column,
    *,
    jaro_winkler_thresholds: float | Iterable[float] = (0.92, 0.88, 0.7),
    dmeta_col_name: Column | None = None,
) -> Comparison:
    """
    A name, with Splink's levels: equal (with term frequencies), then Jaro-Winkler; see `GermanNameComparison`.

    Args:
        col_name: The column.
        jaro_winkler_thresholds: Similarities, each a level.
        dmeta_col_name: Column of arrays of phonetic codes: one in common is a level after 0.88.
    """
    thresholds = listed(jaro_winkler_thresholds)
    levels: list[AnyLevel] = [cll.JaroWinklerLevel(col_name, limit) for limit in thresholds if limit >= _STRONG]
    if dmeta_col_name is not None:
        levels.append(cll.ArrayIntersectLevel(dmeta_col_name, 1))
    levels += [cll.JaroWinklerLevel(col_name, limit) for limit in thresholds if limit < _STRONG]
    return Comparison(
        name=column_name(col_name),
        levels=(cll.NullLevel(col_name), cll.ExactMatchLevel(col_name, True), *levels, cll.ElseLevel()),
        description=f"Name: {column_name(col_name)}",
    )


def GermanNameComparison(
    col_name: Column,
    *,
    swapped_with: Column | None = None,
    jaro_winkler_thresholds: Iterable[float] = (0.92, 0.8),
    sounds_alike: bool = False,
) -> Comparison:
    """
    Given or family name in one German spelling, particles and titles off: equal, exchanged, a variant, alike.

    Umlauts in all their forms (ä, ae, a with a diaeresis, decomposed), ß and ss are equal. The level `variant` holds
    Müller/Muller, Meyer-Schulz/Meyer and a second given name on one side. A name exchanged with that of the other
    column is `swapped` in the comparisons of both. Works for other languages as well: accents are taken off.

    Args:
        col_name: The column.
        swapped_with: Column this name may be exchanged with: the family name for the given name.
        jaro_winkler_thresholds: Similarities, each a level.
        sounds_alike: Whether an equal code by Kölner Phonetik is a level below the strongest similarity.
    """
    name = _expression(col_name).then("name")
    levels: list[AnyLevel] = [cll.NullLevel(name), cll.ExactMatchLevel(name)]
    if swapped_with is not None:
        other = _expression(swapped_with).then("name")
        levels.append(ColumnsReversedLevel(column=name, other_column=other, symmetrical=True))
    levels.append(cll.NameVariantLevel(col_name))
    alike: list[AnyLevel] = [cll.JaroWinklerLevel(name, limit) for limit in jaro_winkler_thresholds]
    if sounds_alike:
        alike.insert(1, cll.SoundsAlikeLevel(col_name))
    return Comparison(
        name=column_name(col_name),
        levels=(*levels, *alike, cll.ElseLevel()),
        description=f"Name in one German spelling: {column_name(col_name)}",
    )


def ForenameSurnameComparison(
    forename_col_name: Column,
    surname_col_name: Column,
    *,
    jaro_winkler_thresholds: float | Iterable[float] = (0.92, 0.88),
    forename_surname_concat_col_name: Column | None = None,
    swapped_thresholds: Iterable[float] = (),
) -> Comparison:
    """
    Both names at once: equal, exchanged, both alike, one equal; missing only if both are.

    Args:
        forename_col_name: The given name.
        surname_col_name: The family name.
        jaro_winkler_thresholds: Similarities that both must reach.
        forename_surname_concat_col_name: Column with both, so that term frequencies of the whole name count.
        swapped_thresholds: Similarities that both must reach when exchanged: levels after the exact exchange.
    """
    given, family = _expression(forename_col_name), _expression(surname_col_name)
    both: AnyLevel = cll.And(cll.ExactMatchLevel(given), cll.ExactMatchLevel(family))
    if forename_surname_concat_col_name is not None:
        both = cll.ExactMatchLevel(forename_surname_concat_col_name, True)
    levels: list[AnyLevel] = [
        cll.And(cll.NullLevel(given), cll.NullLevel(family)),
        both,
        cll.ColumnsReversedLevel(given, family, symmetrical=True),
        *(_crossed(given, family, limit) for limit in swapped_thresholds),
        *(
            cll.And(cll.JaroWinklerLevel(given, limit), cll.JaroWinklerLevel(family, limit))
            for limit in listed(jaro_winkler_thresholds)
        ),
        cll.ExactMatchLevel(family, True),
        cll.ExactMatchLevel(given, True),
        cll.ElseLevel(),
    ]
    name = f"{column_name(forename_col_name)}_{column_name(surname_col_name)}"
    return Comparison(name=name, levels=tuple(levels), description="Given and family name together")


def _crossed(given: Expression, family: Expression, threshold: float) -> AnyLevel:
    """Each name is alike the other name of the other side."""
    one = given.model_copy(update={"right_column": family.right_column or family.column})
    two = family.model_copy(update={"right_column": given.right_column or given.column})
    crossed = cll.And(cll.JaroWinklerLevel(one, threshold), cll.JaroWinklerLevel(two, threshold))
    return crossed.configure(name=f"swapped_jaro_winkler_{threshold:.2f}")


def DateComparison(
    col_name: Column,
    *,
    within_days: Iterable[int] = (31, 366),
    keying_errors: bool = True,
    default_dates: Sequence[str] = (),
) -> Comparison:
    """
    Dates: equal; one keying error apart (a digit, two neighbours, day and month exchanged); near; else.

    Dates, timestamps and text are read; ISO and German text dates are equal where they mean the same day, and in
    damaged ones letters that stand for digits count as wrong digits. For dates that are no birth dates,
    `keying_errors=False` and small `within_days` are the usual choice.

    Args:
        col_name: The column.
        within_days: Largest differences (days), each a level.
        keying_errors: Whether a keying error is a level above nearness.
        default_dates: Month and day (MMDD) that stand for an unknown day: a level of its own in the same year.
    """
    date = _expression(col_name).then("keyed_date")
    levels: list[AnyLevel] = [cll.NullLevel(date), cll.ExactMatchLevel(date)]
    if keying_errors:
        levels.append(cll.DateKeyingErrorLevel(date))
    if default_dates:
        levels.append(cll.DefaultDateLevel(date, tuple(default_dates)))
    near = [cll.AbsoluteDateDifferenceLevel(date, threshold=days, metric="day") for days in sorted(within_days)]
    return Comparison(
        name=column_name(col_name),
        levels=(*levels, *near, cll.ElseLevel()),
        description=f"Date: {column_name(col_name)}",
    )


def DateOfBirthComparison(
    col_name: Column,
    *,
    input_is_string: bool = False,
    datetime_thresholds: float | Sequence[float] = (1, 1, 10),
    datetime_metrics: Metric | Sequence[Metric] = ("month", "year", "year"),
    datetime_format: str | None = None,
    invalid_dates_as_null: bool = True,
    swapped_day_month: bool = False,
) -> Comparison:
    """
    A birth date, with Splink's levels: equal, one edit apart, then months and years apart; see `DateComparison`.

    Args:
        col_name: The column.
        input_is_string: Whether it is text.
        datetime_thresholds: Largest differences.
        datetime_metrics: Their units.
        datetime_format: Format of text; ISO if not given.
        invalid_dates_as_null: Whether text that is no date is missing; else it may still be equal or one edit apart.
        swapped_day_month: Whether day and month exchanged is a level after one edit; Splink has none.
    """
    units: list[Metric] = [datetime_metrics] if isinstance(datetime_metrics, str) else list(datetime_metrics)
    amounts = listed(datetime_thresholds)
    if not units or len(units) != len(amounts):
        raise ValueError("datetime_thresholds and datetime_metrics: expected as many of one as of the other")
    column = _expression(col_name)
    null = column.try_parse_date(datetime_format) if input_is_string and invalid_dates_as_null else column
    levels: list[AnyLevel] = [cll.NullLevel(null), cll.ExactMatchLevel(column), cll.LevenshteinLevel(column, 1)]
    if swapped_day_month:
        parsed = column.try_parse_date(datetime_format) if datetime_format else column
        levels.append(cll.DayMonthSwappedLevel(parsed.then("keyed_date")))
    levels += [
        cll.AbsoluteDateDifferenceLevel(column, threshold=amount, metric=unit, datetime_format=datetime_format)
        for amount, unit in zip(amounts, units, strict=True)
    ]
    return Comparison(
        name=column_name(col_name),
        levels=(*levels, cll.ElseLevel()),
        description=f"Date of birth: {column_name(col_name)}",
    )


def PostcodeComparison(
    col_name: Column,
    *,
    invalid_postcodes_as_null: bool = False,
    lat_col: Column | None = None,
    long_col: Column | None = None,
    km_thresholds: float | Iterable[float] = (1, 10, 100),
) -> Comparison:
    """
    A British postcode: equal, sector, district, area, or kilometres where the places are known; see `PLZComparison`.

    Args:
        col_name: The column.
        invalid_postcodes_as_null: Whether what has not the form of one is missing.
        lat_col: Latitudes.
        long_col: Longitudes.
        km_thresholds: Largest distances (km), in place of district and area.
    """
    code = _expression(col_name)
    levels: list[AnyLevel] = [
        cll.NullLevel(code, _WHOLE_POSTCODE if invalid_postcodes_as_null else None),
        cll.ExactMatchLevel(code),
        cll.ExactMatchLevel(code.regex_extract(_SECTOR)).configure(name="sector"),
    ]
    if lat_col is not None and long_col is not None:
        levels += [cll.DistanceInKMLevel(lat_col, long_col, km) for km in listed(km_thresholds)]
    else:
        levels.append(cll.ExactMatchLevel(code.regex_extract(_DISTRICT)).configure(name="district"))
        levels.append(cll.ExactMatchLevel(code.regex_extract(_AREA)).configure(name="area"))
    return Comparison(
        name=column_name(col_name), levels=(*levels, cll.ElseLevel()), description=f"Postcode: {column_name(col_name)}"
    )


def EmailComparison(col_name: Column) -> Comparison:
    """A mail address: equal (with term frequencies), same user, alike, user alike."""
    mail = _expression(col_name)
    user = mail.regex_extract(_USER_NAME)
    levels: tuple[AnyLevel, ...] = (
        cll.NullLevel(mail),
        cll.ExactMatchLevel(mail, True),
        cll.ExactMatchLevel(user).configure(name="same_user"),
        cll.JaroWinklerLevel(mail, _STRONG),
        cll.JaroWinklerLevel(user, _STRONG).configure(name=f"user_jaro_winkler_{_STRONG}"),
        cll.ElseLevel(),
    )
    return Comparison(name=column_name(col_name), levels=levels, description=f"Email: {column_name(col_name)}")


def PlaceComparison(*columns: Column, name: str = "place") -> Comparison:
    """
    Nested places as one fact: the same village, else the same district, else the same province.

    Args:
        columns: Columns, the smallest places first.
        name: Name of the comparison.
    """
    nulls = [cll.NullLevel(column) for column in columns]
    same = [cll.ExactMatchLevel(column).configure(name=f"same_{column_name(column)}") for column in columns]
    null: AnyLevel = nulls[0] if len(nulls) == 1 else cll.And(*nulls)
    return Comparison(name=name, levels=(null, *same, cll.ElseLevel()), description="Nested places, the smallest first")
