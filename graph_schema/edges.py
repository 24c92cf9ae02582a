"""
The legal edges: one table of (type, from, to), and what each type means. Opens nothing.

Arrows point to the past, from effect to cause (PROV-DM). `HAD_SUBJECT` and `HAD_ENCOUNTER` are FHIR's
words for facts one data holder delivered together; `LEFT` and `RIGHT` name the sides of a comparison.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from graph_schema.errors import DoselinkError, ExitCode
from graph_schema.nodes import NODES

__all__ = ["RULES", "EdgeRule", "IllegalEdge", "Triple", "check_triple"]


class Triple(NamedTuple):
    """Edge type, label it starts from, label it points to."""

    type: str
    source: str
    target: str


class IllegalEdge(DoselinkError):
    """An edge that no rule allows: nothing of its commit is written."""

    exit_code = ExitCode.LEDGER


@dataclass(frozen=True, slots=True)
class EdgeRule:
    """
    One legal kind of edge.

    Attributes:
        triple: Type, source label, target label.
        prov: PROV-DM relation, or None where no claim is made.
        properties: Names and Arrow type names of the properties (`role` text, `row` integer).
    """

    triple: Triple
    prov: str | None
    properties: tuple[tuple[str, str], ...] = ()


ROLE = (("role", "string"),)
ROW = (("row", "int64"),)
REASON = (("reason", "string"),)

_GENERATED = ("SourceRecord", "PersonRecord", "DoseEvent", "CandidatePair", "LinkDecision", "Person",
              "DoseEstimate", "Cohort", "LinkageModel", "RealisationBlock")  # fmt: skip
_DERIVED = (
    ("PersonRecord", "SourceRecord"),
    ("Stay", "SourceRecord"),
    ("Procedure", "SourceRecord"),
    ("DoseEvent", "SourceRecord"),
    ("LinkDecision", "CandidatePair"),
    ("LinkDecision", "LinkageModel"),
    ("Person", "LinkDecision"),
    ("DoseEstimate", "DoseEvent"),
    ("DoseEstimate", "CoefficientTable"),
    ("DoseEstimate", "CalibrationFactor"),
    ("DoseEstimate", "LinkDecision"),
)


def _rules() -> Iterable[EdgeRule]:
    for label in _GENERATED:
        yield EdgeRule(Triple("WAS_GENERATED_BY", label, "Run"), "wasGeneratedBy")
    for source, target in _DERIVED:
        yield EdgeRule(Triple("WAS_DERIVED_FROM", source, target), "wasDerivedFrom", ROLE)
    for label in NODES:
        yield EdgeRule(Triple("WAS_REVISION_OF", label, label), "wasRevisionOf", REASON)
    yield EdgeRule(Triple("USED", "Run", "ParameterSet"), "used", ROLE)
    yield EdgeRule(Triple("WAS_INFORMED_BY", "Run", "Run"), "wasInformedBy")
    yield EdgeRule(Triple("WAS_ASSOCIATED_WITH", "Run", "Agent"), "wasAssociatedWith", ROLE)
    yield EdgeRule(Triple("UNDER_PERMIT", "SourceFile", "Permit"), None)
    yield EdgeRule(Triple("HAD_PRIMARY_SOURCE", "SourceRecord", "SourceFile"), "hadPrimarySource", ROW)
    yield EdgeRule(Triple("HAD_SUBJECT", "Stay", "PersonRecord"), None)
    yield EdgeRule(Triple("HAD_SUBJECT", "Procedure", "PersonRecord"), None)
    yield EdgeRule(Triple("HAD_SUBJECT", "DoseEvent", "PersonRecord"), None)
    yield EdgeRule(Triple("HAD_ENCOUNTER", "Procedure", "Stay"), None)
    for side in ("LEFT", "RIGHT"):
        for label in ("PersonRecord", "Stay", "Procedure", "DoseEvent"):
            yield EdgeRule(Triple(side, "CandidatePair", label), None)
    yield EdgeRule(Triple("HAD_MEMBER", "Person", "PersonRecord"), "hadMember")
    yield EdgeRule(Triple("HAD_MEMBER", "Cohort", "Person"), "hadMember")
    yield EdgeRule(Triple("STORED_IN", "DoseEstimate", "RealisationBlock"), None, ROW)


RULES: dict[Triple, EdgeRule] = {rule.triple: rule for rule in _rules()}


def check_triple(triple: Triple) -> EdgeRule:
    """
    The rule that allows this edge.

    Raises:
        IllegalEdge: If none does.
    """
    rule = RULES.get(triple)
    if rule is None:
        raise IllegalEdge(f"no rule allows ({triple.source})-[:{triple.type}]->({triple.target}): see edges.RULES")
    return rule
