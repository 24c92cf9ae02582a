"""Decisions: which of the scored pairs become links, and which records are one thing."""
