"""`linker.blocking_analysis`: what the rules propose and cost, before anything is compared. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from linkage.blocking.candidates import Plan
from linkage.blocking.rules import BlockingRule, block_on
from linkage.charts.blocking import RuleYield, blocking_rules_chart
from linkage.charts.chart import Chart
from linkage.linker.result import Result

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["BlockingAnalysis"]


class BlockingAnalysis:
    """Counts of a linker's blocking rules, or of others on its tables."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

    def count_comparisons_from_blocking_rules(
        self, blocking_rules: Sequence[BlockingRule | str] | None = None
    ) -> Result:
        """
        One row a rule: blocking_rule, comparison_count, n_blocks, largest_block.

        Exact, by counting keys; no pair is formed.
        """
        plan = self._plan(blocking_rules)
        rows = [
            {
                "blocking_rule": rule.rule,
                "comparison_count": rule.n_pairs,
                "n_blocks": rule.n_blocks,
                "largest_block": rule.largest_block,
            }
            for rule in plan.rules
        ]
        return Result(pa.Table.from_pylist(rows))

    def chart_comparisons_from_blocking_rules(
        self, blocking_rules: Sequence[BlockingRule | str] | None = None
    ) -> Chart:
        """What each rule proposes, what it adds to those before it, and what it alone proposes. Forms the pairs."""
        linker = self._linker
        rules = _rules(blocking_rules) or linker.settings.blocking_rules_to_generate_predictions
        linker.engine.plan(rules)
        gains = linker.engine.candidates_of(rules).gains()
        return blocking_rules_chart(
            [RuleYield(g.rule, n_pairs=g.n_pairs, n_added=g.n_added, n_alone=g.n_alone) for g in gains],
            n_possible=linker.engine.n_possible,
        )

    def n_largest_blocks(self, blocking_rule: BlockingRule | str, *, n_largest: int = 5) -> Result:
        """
        The largest blocks of a rule: count_l, count_r, block_count. The keys' values are not told.

        Args:
            blocking_rule: The rule.
            n_largest: How many.
        """
        (rule,) = _rules([blocking_rule]) or ()
        rows = self._linker.engine.candidates_of([rule]).largest_blocks(n_largest)
        return Result(pa.Table.from_pylist([{"count_l": a, "count_r": b, "block_count": n} for a, b, n in rows]))

    def _plan(self, rules: Sequence[BlockingRule | str] | None) -> Plan:
        engine = self._linker.engine
        held = _rules(rules)
        return (engine.candidates if held is None else engine.candidates_of(held)).plan()


def _rules(given: Sequence[BlockingRule | str] | None) -> tuple[BlockingRule, ...] | None:
    return None if given is None else tuple(block_on(rule) if isinstance(rule, str) else rule for rule in given)
