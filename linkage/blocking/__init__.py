"""Blocking: which pairs are compared at all, counted before the work and never twice."""

from linkage.blocking.candidates import BudgetExceeded, Candidates, Plan
from linkage.blocking.phonetic import cologne
from linkage.blocking.rules import BlockingRule, Key

__all__ = ["BlockingRule", "BudgetExceeded", "Candidates", "Key", "Plan", "cologne"]
