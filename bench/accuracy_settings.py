"""Settings written by hand for the labelled sets, from what their documentation says of the columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from linkage import comparison_library as cl
from linkage.blocking.rules import BlockingRule
from linkage.columns import Expression
from linkage.comparison.comparison import Comparison
from linkage.decision.cardinality import Cardinality
from linkage.linker.settings import LinkSettings, LinkType

__all__ = ["hand_written"]

_THRESHOLD = 0.5
Key = str | Expression


def _rules(*rules: tuple[Key, ...]) -> tuple[BlockingRule, ...]:
    """Rules on folded columns; an expression is taken as it is."""
    return tuple(
        BlockingRule(keys=tuple(_folded(key) if isinstance(key, str) else key for key in rule)) for rule in rules
    )


def _folded(column: str) -> Expression:
    return Expression(column=column).then("folded")


def _crossed(column: str, other: str) -> Expression:
    return Expression(column=column, right_column=other).then("folded")


def _exact(column: str) -> Comparison:
    return cl.ExactMatch(_folded(column)).configure(term_frequency_adjustments=True, name=column)


def _text(column: str) -> Comparison:
    made = cl.JaroWinklerAtThresholds(_folded(column), [0.92, 0.8])
    return made.configure(term_frequency_adjustments=True, name=column)


def _name(column: str, swapped_with: str | None = None) -> Comparison:
    made = cl.GermanNameComparison(column, swapped_with=swapped_with)
    return made.configure(term_frequency_adjustments=True)


def _born(column: str) -> Comparison:
    return cl.DateComparison(column)


def _febrl(link_type: LinkType) -> LinkSettings:
    born = Expression(column="date_of_birth")
    return LinkSettings(
        link_type=link_type,
        cardinality=Cardinality.ONE_TO_ONE if link_type is LinkType.LINK_ONLY else Cardinality.MANY_TO_MANY,
        comparisons=(
            _name("given_name", "surname"),
            _name("surname", "given_name"),
            _born("date_of_birth"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            _exact("street_number"),
            _text("address_1"),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
            _text("suburb"),
        ),
        blocking_rules_to_generate_predictions=_rules(
            ("soc_sec_id",),
            (born.then("date"),),
            ("given_name", "surname"),
            (_crossed("given_name", "surname"),),
            ("surname", "postcode"),
            ("given_name", "postcode"),
            ("street_number", "address_1"),
            ("suburb", "postcode"),
            ("address_1",),
            (Expression(column="surname").then("phonetic"), born.then("year")),
        ),
        threshold=_THRESHOLD,
    )


def _fake(rules: tuple[BlockingRule, ...]) -> LinkSettings:
    return LinkSettings(
        link_type=LinkType.DEDUPE_ONLY,
        cardinality=Cardinality.MANY_TO_MANY,
        comparisons=(
            _name("first_name", "surname"),
            _name("surname", "first_name"),
            _born("dob"),
            _text("city"),
            cl.EmailComparison("email"),
        ),
        blocking_rules_to_generate_predictions=rules,
        threshold=_THRESHOLD,
    )


def _fake_rules() -> tuple[BlockingRule, ...]:
    born, mail = Expression(column="dob"), Expression(column="email")
    return _rules(
        ("email",),
        ("dob",),
        ("first_name", "surname"),
        (_crossed("first_name", "surname"), _crossed("surname", "first_name")),
        ("first_name", "city"),
        ("surname", "city"),
        ("first_name", born.then("year")),
        ("surname", born.then("year")),
        (mail.then("first_letters", 6),),
        (mail.then("last_letters", 10),),
        ("first_name", born.then("month_day")),
        ("surname", born.then("month_day")),
    )


def _rldata500() -> LinkSettings:
    return LinkSettings(
        link_type=LinkType.DEDUPE_ONLY,
        cardinality=Cardinality.MANY_TO_MANY,
        comparisons=(
            _name("fname_c1"),
            _name("lname_c1"),
            cl.NumericDifferenceAtThresholds("by", [0, 1, 10]),
            cl.ExactMatch("bm"),
            cl.ExactMatch("bd"),
        ),
        blocking_rules_to_generate_predictions=_rules(()),
        threshold=_THRESHOLD,
    )


def _pseudopeople(cardinality: Cardinality) -> LinkSettings:
    born = Expression(column="date_of_birth")
    return LinkSettings(
        cardinality=cardinality,
        comparisons=(
            _name("first_name"),
            _exact("middle_initial"),
            _name("last_name"),
            _born("date_of_birth"),
            _text("street_name"),
            _exact("sex"),
            _exact("race_ethnicity"),
        ),
        blocking_rules_to_generate_predictions=_rules(
            (born.then("date"),),
            ("last_name",),
            ("first_name", "middle_initial"),
            ("street_name", "sex"),
            ("first_name", born.then("year")),
        ),
        threshold=_THRESHOLD,
    )


def _mock_census() -> LinkSettings:
    return LinkSettings(
        cardinality=Cardinality.MANY_TO_MANY,
        comparisons=(
            _name("forename"),
            _name("last_name"),
            cl.NumericDifferenceAtThresholds("year", [0, 1, 10]),
            cl.NumericDifferenceAtThresholds("age", [0, 1, 10]),
            _exact("month"),
            _exact("sex"),
            _exact("relationship"),
            _exact("marstat"),
            _exact("EAid"),
            _text("HoH"),
        ),
        blocking_rules_to_generate_predictions=_rules(()),
        threshold=_THRESHOLD,
    )


def _made_persons() -> LinkSettings:
    return LinkSettings(
        cardinality=Cardinality.ONE_TO_ONE,
        comparisons=(
            _name("given_name", "surname"),
            _name("surname", "given_name"),
            _born("birth_date"),
            cl.ExactMatch("sex"),
            _text("street"),
            cl.PLZComparison("plz"),
        ),
        blocking_rules_to_generate_predictions=_rules(
            (Expression(column="birth_date").then("date"),), ("plz",), ("surname",), ("given_name", "sex")
        ),
        threshold=_THRESHOLD,
    )


_HAND_WRITTEN: Mapping[str, Callable[[], LinkSettings]] = {
    "febrl3": lambda: _febrl(LinkType.DEDUPE_ONLY),
    "febrl4": lambda: _febrl(LinkType.LINK_ONLY),
    "fake_1000": lambda: _fake(_rules(())),
    "fake_20000": lambda: _fake(_fake_rules()),
    "rldata500": _rldata500,
    "pseudopeople_acs": lambda: _pseudopeople(Cardinality.read("many_to_one")),
    "pseudopeople_2030": lambda: _pseudopeople(Cardinality.ONE_TO_ONE),
    "mock_census": _mock_census,
    "made_persons": _made_persons,
}


def hand_written(name: str) -> LinkSettings:
    """The settings of a set."""
    return _HAND_WRITTEN[name]()
