"""Dose events, organ doses with their uncertainty, lineage, audit and the cohort API."""
