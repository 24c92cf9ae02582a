"""What each blocking rule proposes, adds to those before it, and finds alone. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import altair as alt

from linkage.charts.chart import Chart, inline
from linkage.charts.style import DARK, NEUTRAL, rows_axis, titled
from linkage.charts.words import labels

__all__ = ["RuleCounts", "RuleYield", "blocking_rules_chart"]

_KINDS = ("proposed by no other rule", "added to the rules above", "already proposed by them")
_COLOURS = (NEUTRAL, "#8fb0d0", "#dde4ec")


class RuleCounts(Protocol):
    """What the chart needs of a rule."""

    @property
    def rule(self) -> str:
        """As the settings have it."""
        ...

    @property
    def n_pairs(self) -> int:
        """Pairs that the rule proposes."""
        ...

    @property
    def n_added(self) -> int | None:
        """Of them those that no earlier rule proposes; None where this was not counted."""
        ...

    @property
    def n_alone(self) -> int | None:
        """Of them those that no other rule proposes; None where this was not counted."""
        ...


@dataclass(frozen=True, slots=True)
class RuleYield:
    """
    What the chart needs of a rule, where nobody counted what it adds; `blocking.plan.RuleGain` fits as well.

    Attributes:
        rule: As the settings have it.
        n_pairs: Pairs that the rule proposes.
        n_added: Of them those that no earlier rule proposes; None where this was not counted.
        n_alone: Of them those that no other rule proposes; None where this was not counted.
    """

    rule: str
    n_pairs: int
    n_added: int | None = None
    n_alone: int | None = None


def blocking_rules_chart(
    rules: Sequence[RuleCounts], *, n_possible: int | None = None, remove_sensitive_data: bool = True
) -> Chart:
    """
    Pairs by rule, in the order in which the rules are asked; the line is their running total.

    Args:
        rules: In the order of the settings.
        n_possible: All pairs of the tables, for the share that is compared.
        remove_sensitive_data: Leave out values that the SQL of a rule quotes.
    """
    names = labels(
        [f"{number}. {rule.rule}" for number, rule in enumerate(rules, 1)], remove_sensitive_data=remove_sensitive_data
    )
    base = alt.Chart(cast("Any", inline(_bars(rules, names)))).encode(y=rows_axis("rule", names))
    bars = base.mark_bar(size=15).encode(
        x=alt.X("from:Q", title="pairs, summed up over the rules", axis=alt.Axis(format="~s", tickCount=6)),
        x2="to:Q",
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=list(_KINDS), range=list(_COLOURS)),
            legend=alt.Legend(orient="top"),
        ),
        tooltip=["rule:N", "kind:N", alt.Tooltip("n:Q", format=",")],
    )
    text = alt.Chart(cast("Any", inline(_texts(rules, names)))).encode(y=rows_axis("rule", names))
    words = text.mark_text(align="left", dx=5, color=DARK).encode(x="end:Q", text="told:N")
    total = sum(_added(rule) for rule in rules)
    share = f", {100 * total / n_possible:.3g} % of all {n_possible:,}" if n_possible else ""
    drawn = alt.layer(bars, words).properties(
        width=480,
        height=22 * max(len(rules), 1),
        title=titled("Pairs by blocking rule", f"{total:,} pairs, each counted once{share}"),
    )
    return Chart(drawn, title="Pairs by blocking rule")


def _added(rule: RuleCounts) -> int:
    return rule.n_pairs if rule.n_added is None else rule.n_added


def _bars(rules: Sequence[RuleCounts], names: Sequence[str]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    start = 0
    for rule, name in zip(rules, names, strict=True):
        added, alone = _added(rule), rule.n_alone or 0
        repeated = rule.n_pairs - added
        parts = (
            (_KINDS[0], start, start + alone, alone),
            (_KINDS[1], start + alone, start + added, added - alone),
            (_KINDS[2], max(start - repeated, 0), start, repeated),
        )
        rows += [{"rule": name, "kind": kind, "from": low, "to": high, "n": n} for kind, low, high, n in parts if n]
        start += added
    return rows


def _texts(rules: Sequence[RuleCounts], names: Sequence[str]) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    end = 0
    for rule, name in zip(rules, names, strict=True):
        end += _added(rule)
        told = f"+{_added(rule):,} of {rule.n_pairs:,}"
        alone = "" if rule.n_alone is None else f"; alone {rule.n_alone:,}"
        out.append({"rule": name, "end": end, "told": told + alone})
    return out
