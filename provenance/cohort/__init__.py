"""Cohorts: children selected by procedure, age, dates and link probability, with their lagged organ doses."""

from provenance.cohort.cohort import Cohort
from provenance.cohort.definition import CohortDefinition

__all__ = ["Cohort", "CohortDefinition"]
