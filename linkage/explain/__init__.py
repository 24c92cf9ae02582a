"""
Why a pair has its score and was linked, and why another was not: as data, and as lines for a terminal.

`charts.waterfall_chart` draws an `Explanation`. Nothing here opens anything; no value is told unless asked for.
"""

from linkage.explain.absent import Absence, Gate, KeyGap, RuleGap, explain_absent
from linkage.explain.change import Raise, SmallestChange, smallest_change
from linkage.explain.facts import (
    AbsentFacts,
    ConstraintFact,
    KeyState,
    PairFacts,
    RecordState,
    ReviewFact,
    RuleState,
    key_state,
)
from linkage.explain.pair import explain
from linkage.explain.steps import Explanation, Rival, Step, StepKind
from linkage.explain.text import absence_text, explanation_text

__all__ = [
    "Absence",
    "AbsentFacts",
    "ConstraintFact",
    "Explanation",
    "Gate",
    "KeyGap",
    "KeyState",
    "PairFacts",
    "Raise",
    "RecordState",
    "ReviewFact",
    "Rival",
    "RuleGap",
    "RuleState",
    "SmallestChange",
    "Step",
    "StepKind",
    "absence_text",
    "explain",
    "explain_absent",
    "explanation_text",
    "key_state",
    "smallest_change",
]
