"""Days: lags in whole years, and ages where only the year of birth is known. Opens nothing."""

from __future__ import annotations

from datetime import date

__all__ = ["years_before"]


def years_before(day: date, years: int) -> date:
    """
    The same day and month `years` earlier; 29 February becomes 28 February where there is none.

    >>> years_before(date(2020, 2, 29), 2), years_before(date(2020, 2, 29), 4)
    (datetime.date(2018, 2, 28), datetime.date(2016, 2, 29))
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
