"""Blocking: which pairs are compared at all, counted before the work and never twice."""

from linkage.blocking.candidates import Batch, Candidates
from linkage.blocking.plan import BudgetExceeded, Plan, RuleCount, RuleGain
from linkage.blocking.rules import BlockingRule, block_on

__all__ = [
    "Batch",
    "BlockingRule",
    "BudgetExceeded",
    "Candidates",
    "Plan",
    "RuleCount",
    "RuleGain",
    "block_on",
]
