"""What blocking rules will cost, and what each of them is worth. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from graph_schema.errors import ExitCode, UserError

__all__ = ["BudgetExceeded", "Plan", "RuleCount", "RuleGain"]


class BudgetExceeded(UserError):
    """The rules propose more pairs than the settings allow."""

    exit_code = ExitCode.BUDGET


class RuleCount(NamedTuple):
    """
    What one rule proposes, pairs of other rules included.

    `n_pairs` counts a pair once and is exact unless `upper_bound`: then a filter, or arrays with several common
    elements, may leave fewer of the pairs that its join forms.
    """

    rule: str
    n_pairs: int
    n_blocks: int
    largest_block: int
    upper_bound: bool = False


class RuleGain(NamedTuple):
    """What one rule proposes, adds to the rules before it, and finds alone."""

    rule: str
    n_pairs: int
    n_added: int
    n_alone: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Counts of the work to come; `n_pairs` counts a pair once for every rule that proposes it."""

    rules: tuple[RuleCount, ...]
    n_possible: int

    @property
    def n_pairs(self) -> int:
        """Upper bound of the pairs to be compared."""
        return sum(rule.n_pairs for rule in self.rules)

    def check(self, *, max_pairs: int) -> None:
        """
        Refuse what is over the budget.

        Raises:
            BudgetExceeded: With the number of every rule and what to do.
        """
        if self.n_pairs <= max_pairs:
            return
        worst = max(self.rules, key=lambda rule: rule.n_pairs)
        raise BudgetExceeded(
            f"blocking proposes {self.n_pairs:,} pairs, the budget is max_pairs = {max_pairs:,}; the most expensive "
            f"rule is {worst.rule!r} with {worst.n_pairs:,} pairs (largest block {worst.largest_block:,}): "
            f"add an expression to that rule, leave it out, or raise max_pairs"
        )
