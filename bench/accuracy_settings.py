"""Settings written by hand for the labelled sets, from what their documentation says of the columns."""

from __future__ import annotations

from linkage.blocking.rules import BlockingRule, Key
from linkage.comparison import (
    DateComparison,
    ExactComparison,
    NameComparison,
    NumberComparison,
    PrefixComparison,
    TextComparison,
)
from linkage.settings import AnyComparison, LinkSettings, LinkType

__all__ = ["hand_written"]


def _rules(*rules: tuple[str | Key, ...]) -> tuple[BlockingRule, ...]:
    return tuple(
        BlockingRule(keys=tuple(key if isinstance(key, Key) else Key(column=key) for key in rule)) for rule in rules
    )


def _name(column: str, partner: str | None = None) -> NameComparison:
    return NameComparison(name=column, column=column, swapped_with=partner, term_frequency=True)


def _exact(column: str) -> ExactComparison:
    return ExactComparison(name=column, column=column, folded=True, term_frequency=True)


_FEBRL: tuple[AnyComparison, ...] = (
    _name("given_name", "surname"),
    _name("surname", "given_name"),
    DateComparison(name="date_of_birth", column="date_of_birth"),
    TextComparison(name="soc_sec_id", column="soc_sec_id", measure="levenshtein", thresholds=(0.6, 0.8)),
    _exact("street_number"),
    TextComparison(name="address_1", column="address_1", thresholds=(0.8, 0.92), term_frequency=True),
    PrefixComparison(name="postcode", column="postcode", lengths=(2, 3), term_frequency=True),
    TextComparison(name="suburb", column="suburb", thresholds=(0.8, 0.92), term_frequency=True),
)
_FEBRL_RULES = _rules(
    ("soc_sec_id",),
    ("date_of_birth",),
    ("given_name", "surname"),
    (Key(column="given_name", right_column="surname"),),
    ("surname", "postcode"),
    ("given_name", "postcode"),
    ("street_number", "address_1"),
    ("suburb", "postcode"),
    ("address_1",),
    (Key(column="surname", transform="phonetic"), Key(column="date_of_birth", transform="year")),
)
_FAKE: tuple[AnyComparison, ...] = (
    _name("first_name", "surname"),
    _name("surname", "first_name"),
    DateComparison(name="dob", column="dob"),
    _name("city"),
    TextComparison(name="email", column="email", measure="levenshtein", thresholds=(0.6, 0.8), term_frequency=True),
)
_FAKE_RULES = _rules(
    ("email",),
    ("dob",),
    ("first_name", "surname"),
    (Key(column="first_name", right_column="surname"), Key(column="surname", right_column="first_name")),
    ("first_name", "city"),
    ("surname", "city"),
    ("first_name", Key(column="dob", transform="year")),
    ("surname", Key(column="dob", transform="year")),
    (Key(column="email", transform="first_letters", length=6),),
    (Key(column="email", transform="last_letters", length=10),),
    ("first_name", Key(column="dob", transform="month_day")),
    ("surname", Key(column="dob", transform="month_day")),
)
_PSEUDOPEOPLE: tuple[AnyComparison, ...] = (
    _name("first_name"),
    _exact("middle_initial"),
    _name("last_name"),
    DateComparison(name="date_of_birth", column="date_of_birth"),
    TextComparison(name="street_name", column="street_name", thresholds=(0.8, 0.92), term_frequency=True),
    _exact("sex"),
    _exact("race_ethnicity"),
)
_PSEUDOPEOPLE_RULES = _rules(
    ("date_of_birth",),
    ("last_name",),
    ("first_name", "middle_initial"),
    ("street_name", "sex"),
    ("first_name", Key(column="date_of_birth", transform="year")),
)

_HAND_WRITTEN: dict[str, LinkSettings] = {
    "febrl3": LinkSettings(link_type=LinkType.DEDUPE, comparisons=_FEBRL, blocking=_FEBRL_RULES, threshold=0.5),
    "febrl4": LinkSettings(comparisons=_FEBRL, blocking=_FEBRL_RULES, threshold=0.5),
    "fake_1000": LinkSettings(link_type=LinkType.DEDUPE, comparisons=_FAKE, blocking=_rules(()), threshold=0.5),
    "fake_20000": LinkSettings(link_type=LinkType.DEDUPE, comparisons=_FAKE, blocking=_FAKE_RULES, threshold=0.5),
    "rldata500": LinkSettings(
        link_type=LinkType.DEDUPE,
        comparisons=(
            _name("fname_c1"),
            _name("lname_c1"),
            NumberComparison(name="by", column="by", within=(10.0, 1.0, 0.0)),
            ExactComparison(name="bm", column="bm"),
            ExactComparison(name="bd", column="bd"),
        ),
        blocking=_rules(()),
        threshold=0.5,
    ),
    "pseudopeople_acs": LinkSettings(comparisons=_PSEUDOPEOPLE, blocking=_PSEUDOPEOPLE_RULES, threshold=0.5),
    "pseudopeople_2030": LinkSettings(comparisons=_PSEUDOPEOPLE, blocking=_PSEUDOPEOPLE_RULES, threshold=0.5),
    "mock_census": LinkSettings(
        link_type=LinkType.MANY_TO_MANY,
        comparisons=(
            _name("forename"),
            _name("last_name"),
            NumberComparison(name="year", column="year", within=(10.0, 1.0, 0.0)),
            NumberComparison(name="age", column="age", within=(10.0, 1.0, 0.0)),
            _exact("month"),
            _exact("sex"),
            _exact("relationship"),
            _exact("marstat"),
            _exact("EAid"),
            TextComparison(name="HoH", column="HoH", thresholds=(0.8, 0.92), term_frequency=True),
        ),
        blocking=_rules(()),
        threshold=0.5,
    ),
}


def hand_written(name: str) -> LinkSettings:
    """The settings of a set."""
    return _HAND_WRITTEN[name]
